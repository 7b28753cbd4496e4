"""Softmax with a temperature, and hinge losses: NumPy, for the ledger. q_ are the targets, yy the label."""

import numpy as np

OBJECTIVE = "C"
K, n = 4, 3
HELPERS = {"K": K}
SYMBOLS = {
    r"\frac{\partial p_i}{\partial z_i}": 'J("p","z")[i,i]',
    r"\frac{\partial p_i}{\partial z_j}": 'J("p","z")[i,j]',
    r"\frac{\partial p}{\partial z}": 'J("p","z")',
    r"\frac{\partial C}{\partial p_i}": "d_p[i]",
    r"\frac{\partial C}{\partial z_j}": "d_z[j]",
    r"\frac{\partial C}{\partial \tau}": "d_tau",
    r"\nabla_z C": "d_z",
    r"\frac{\partial H}{\partial p_i}": 'J("H","p")[i]',
    r"\frac{\partial H}{\partial z_j}": 'J("H","z")[j]',
    r"\frac{\partial \ell}{\partial w}": 'J("hl","w")',
    r"\frac{\partial \ell}{\partial b}": 'J("hl","b")',
    r"\frac{\partial m}{\partial w}": 'J("m2","w")',
    r"\tau": "tau",
    r"\lambda": "lam",
    "p_i": "p[i]",
    "p_j": "p[j]",
    "q_i": "q_[i]",
    "q_j": "q_[j]",
    "z_j": "z[j]",
    "p": "p",
    "q": "q_",
    "H": "H",
    "y": "yy",
    "s": "s",
    "x": "x",
    "w": "w",
}


def network(q):
    z, tau = q.normal("z", K), q.positive("tau")
    q_ = q("q_", q.random.dirichlet(np.ones(K)))
    e = np.exp(z / tau)
    p = q("p", e / e.sum())
    q("C", -np.sum(q_ * np.log(p)))
    q("H", -np.sum(p * np.log(p)))
    w, x, lam = q.normal("w", n), q.normal("x", n), q.positive("lam")
    yy = q("yy", 1.0)
    b = q("b", -2.0 if abs(w @ x) < 2 else -10.0)  # inside the margin
    s = q("s", w @ x + b)
    q("hl", max(0.0, 1 - yy * s) + lam / 2 * w @ w)
    q("m2", max(0.0, 1 - yy * s) ** 2)
