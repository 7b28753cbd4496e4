"""Poisson regression: NumPy, for the ledger. gw and gb are the gradients by w and b."""

import numpy as np

OBJECTIVE = "F"
N, d = 4, 3
HELPERS = {"N": N, "d": d}
SYMBOLS = {
    "∂F/∂λ_n": "d_lam[n]",
    "∂λ_n/∂s_n": 'J("lam","s")[n,n]',
    "∂s_n/∂w_i": 'J("s","w")[n,i]',
    "∂F/∂s_n": "d_s[n]",
    "∂F/∂w_i": "d_w[i]",
    "∂F/∂w": "d_w",
    "∂F/∂b": "d_b",
    "∂²F/∂w_i∂w_j": 'J("gw","w")[i,j]',
    "∂²F/∂w_i∂b": 'J("gw","b")[i]',
    "∂²F/∂b²": 'J("gb","b")',
    "∂G/∂s_n": 'J("G","s")[n]',
    "∂G/∂w_i": 'J("G","w")[i]',
    "∂G/∂t_n": 'J("G","t")[n]',
    "∂Q/∂s_n": 'J("Q","s")[n]',
    "X_ni": "X[n,i]",
    "X_nj": "X[n,j]",
    "y_n": "y[n]",
    "λ_n": "lam[n]",
    "t_n": "t[n]",
    "s_n": "s[n]",
    "X": "X",
    "λ": "lam",
    "y": "y",
}


def network(q):
    X, w, b = q.normal("X", N, d), q.normal("w", d), q.normal("b")
    y, t = q.positive("y", N), q.positive("t", N)
    s = q("s", X @ w + b)
    lam = q("lam", np.exp(s))
    q("F", np.sum(lam - y * np.log(lam)))
    q("gw", X.T @ (lam - y))
    q("gb", np.sum(lam - y))
    q("G", np.sum(t * lam - y * np.log(t * lam)))
    q("Q", 0.5 * np.sum((lam - y) ** 2))
