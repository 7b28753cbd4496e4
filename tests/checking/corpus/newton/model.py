"""Logistic regression: NumPy, for the ledger. g is the gradient itself, for second derivatives."""

import numpy as np

OBJECTIVE = "L"
N, d = 4, 3
HELPERS = {"N": N, "d": d}
SYMBOLS = {
    r"\frac{\partial L}{\partial w}": "d_w",
    r"\frac{\partial p_n}{\partial w}": 'J("p","w")[n]',
    r"\frac{\partial^2 L}{\partial w \, \partial w^\top}": 'J("g","w")',
    r"\frac{\partial^2 L}{\partial w_i \, \partial w_j}": 'J("g","w")[i,j]',
    r"\lambda": "lam",
    "X_{ni}": "X[n,i]",
    "X_{nj}": "X[n,j]",
    "p_n": "p[n]",
    "y_n": "y[n]",
    "x_n": "X[n]",
    "X": "X",
    "R": "R",
    "p": "p",
    "y": "y",
    "z": "zz",
    "w": "w",
}


def network(q):
    X, w, lam = q.normal("X", N, d), q.normal("w", d), q.positive("lam")
    y = q("y", q.random.integers(0, 2, N))
    p = q("p", 1 / (1 + np.exp(-X @ w)))
    q("L", -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) + lam / 2 * w @ w)
    R = q("R", np.diag(p * (1 - p)))
    q("g", X.T @ (p - y) + lam * w)
    q("zz", X @ w - np.linalg.inv(R) @ (p - y))
