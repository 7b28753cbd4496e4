"""Softmax regression over a batch: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "L"
N, d, K = 4, 3, 2
HELPERS = {"N": N, "d": d, "K": K}
SYMBOLS = {
    r"\frac{\partial \mathcal{L}}{\partial S_{nk}}": "d_Z[n,k]",
    r"\frac{\partial \mathcal{L}}{\partial S}": "d_Z",
    r"\frac{\partial \mathcal{L}}{\partial W_{ik}}": "d_W[i,k]",
    r"\frac{\partial \mathcal{L}}{\partial W}": "d_W",
    r"\frac{\partial \mathcal{L}}{\partial b}": "d_b",
    r"\frac{\partial \mathcal{J}}{\partial W}": 'J("A","W")',
    r"\frac{\partial \mathcal{J}}{\partial b}": 'J("A","b")',
    r"\hat{Y}_{nk}": "P[n,k]",
    r"\hat{Y}_{n}": "P[n]",
    r"\hat{Y}": "P",
    "Y_{nk}": "Y[n,k]",
    "Y_{nl}": "Y[n,l]",
    "Y_{n}": "Y[n]",
    "S_{nk}": "Z[n,k]",
    "S_{nj}": "Z[n,j]",
    "X_{ni}": "X[n,i]",
    r"\lambda": "lam",
    "X": "X",
    "Y": "Y",
    "W": "W",
    "G": "d_Z",
}


def network(q):
    X, W, b = q.normal("X", N, d), q.normal("W", d, K), q.normal("b", K)
    Y = q("Y", np.eye(K)[q.random.integers(0, K, N)])
    lam = q.positive("lam")
    Z = q("Z", X @ W + b)
    e = np.exp(Z)
    P = q("P", e / e.sum(axis=1, keepdims=True))
    L = q("L", -np.sum(Y * np.log(P)) / N)
    q("A", L + lam / 2 * np.sum(W**2))
