"""Rayleigh quotient and its kin: NumPy, for the ledger. gLam and gV are gradients."""

import numpy as np

OBJECTIVE = "rho"
N, d = 4, 3
HELPERS = {"N": N, "d": d}
SYMBOLS = {
    r"\frac{\partial a}{\partial w}": 'J("a","w")',
    r"\frac{\partial b}{\partial w}": 'J("b","w")',
    r"\frac{\partial \rho}{\partial w}": "d_w",
    r"\frac{\partial \Lambda}{\partial w}": 'J("Lam","w")',
    r"\frac{\partial \Lambda}{\partial \lambda}": 'J("Lam","lam")',
    r"\frac{\partial^2 \Lambda}{\partial w \, \partial w\T}": 'J("gLam","w")',
    r"\frac{\partial Z}{\partial t}": 'J("Z","t")',
    r"\frac{\partial V}{\partial \alpha}": 'J("V","al")',
    r"\frac{\partial^2 V}{\partial \alpha \, \partial \alpha\T}": 'J("gV","al")',
    r"\rho": "rho",
    r"\lambda": "lam",
    r"\gamma": "gam",
    r"\alpha": "al",
    "C": "C",
    "K": "K",
    "X": "X",
    "D": "D_",
    "w": "w",
    "a": "a",
    "b": "b",
    "t": "t",
    "y": "y",
}


def network(q):
    X = q.normal("X", N, d)
    w, lam, gam = q.normal("w", d), q.normal("lam"), q.positive("gam")
    t, y, al = q.normal("t", N), q.normal("y", N), q.normal("al", N)
    C = q("C", X.T @ X / N)
    a = q("a", w @ C @ w)
    b = q("b", w @ w)
    q("rho", a / b)
    q("Lam", w @ C @ w - lam * (w @ w - 1))
    q("gLam", 2 * C @ w - 2 * lam * w)
    D = q("D_", X - np.outer(t, w))
    q("Z", np.sum(D**2) / (2 * N))
    K = q("K", X @ X.T)
    q("V", 0.5 * np.sum((y - K @ al) ** 2) + gam / 2 * al @ K @ al)
    q("gV", K @ ((K + gam * np.eye(N)) @ al - y))
