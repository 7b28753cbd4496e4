"""Matrix factorisation over observed entries: NumPy, for the ledger. gP is the gradient by P."""

import numpy as np

OBJECTIVE = "F"
U, I, K = 3, 4, 2  # noqa: E741 - the page's letter
HELPERS = {"U": U, "I": I, "K": K}
SYMBOLS = {
    r"\frac{\partial F}{\partial \hat{R}_{ui}}": "d_Rh[u,i]",
    r"\frac{\partial F}{\partial P_{uk}}": "d_P[u,k]",
    r"\frac{\partial F}{\partial Q_{ik}}": "d_Q[i,k]",
    r"\frac{\partial F}{\partial P}": "d_P",
    r"\frac{\partial F}{\partial Q}": "d_Q",
    r"\frac{\partial F}{\partial b_u}": "d_b[u]",
    r"\frac{\partial F}{\partial c_i}": "d_c[i]",
    r"\frac{\partial F}{\partial \mu}": "d_mu",
    r"\frac{\partial^2 F}{\partial P_{uk} \, \partial P_{ul}}": 'J("gP","P")[u,k,u,l]',
    r"\frac{\partial G}{\partial \hat{R}_{ui}}": 'J("G","Rh")[u,i]',
    r"\hat{R}_{ui}": "Rh[u,i]",
    r"\lambda": "lam",
    "R_{ui}": "R[u,i]",
    "M_{ui}": "M[u,i]",
    "E_{ui}": "E[u,i]",
    "P_{uk}": "P[u,k]",
    "Q_{ik}": "Q[i,k]",
    "Q_{il}": "Q[i,l]",
    "E": "E",
    "P": "P",
    "Q": "Q",
}


def network(q):
    R, M = q.normal("R", U, I), q("M", q.random.integers(0, 2, (U, I)))
    M[0, 0] = M[1, 2] = M[2, 1] = 1
    P, Q, b, c = q.normal("P", U, K), q.normal("Q", I, K), q.normal("b", U), q.normal("c", I)
    mu, lam = q.normal("mu"), q.positive("lam")
    Rh = q("Rh", mu + b[:, None] + c + P @ Q.T)
    E = q("E", M * (R - Rh))
    q("gP", -E @ Q + lam * P)
    q("F", 0.5 * np.sum(M * (R - Rh) ** 2) + lam / 2 * (np.sum(P**2) + np.sum(Q**2)))
    q("G", np.sum(M * np.log1p(np.exp(-R * Rh))))
