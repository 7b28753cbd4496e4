"""One head of self-attention: NumPy, for the ledger. Z is the page's S, Dr its D."""

import numpy as np

OBJECTIVE = "l"
n, m, d, p = 3, 4, 2, 5
HELPERS = {"n": n, "d": d, "p": p}
SYMBOLS = {
    r"\frac{\partial P_{ij}}{\partial S_{ik}}": 'J("P","Z")[i,j,i,k]',
    "dS_{ik}": "d_Z[i,k]",
    "dS_{ij}": "d_Z[i,j]",
    "dP_{ij}": "d_P[i,j]",
    "dP_{ik}": "d_P[i,k]",
    "dO_{ik}": "d_O[i,k]",
    "dW_Q": "d_WQ",
    "dW_K": "d_WK",
    "dW_V": "d_WV",
    "dO": "d_O",
    "dP": "d_P",
    "dS": "d_Z",
    "dQ": "d_Q",
    "dK": "d_K",
    "dV": "d_V",
    "dX": "d_X",
    "P_{ij}": "P[i,j]",
    "P_{ik}": "P[i,k]",
    "O_{ik}": "O[i,k]",
    "V_{jk}": "V[j,k]",
    "D_i": "Dr[i]",
    "W_Q": "WQ",
    "W_K": "WK",
    "W_V": "WV",
    "O": "O",
    "T": "T",
    "P": "P",
    "V": "V",
    "K": "K",
    "Q": "Q",
    "X": "X",
}


def network(q):
    X, T = q.normal("X", n, m), q.normal("T", n, p)
    WQ, WK, WV = q.normal("WQ", m, d), q.normal("WK", m, d), q.normal("WV", m, p)
    Q, K, V = q("Q", X @ WQ), q("K", X @ WK), q("V", X @ WV)
    Z = q("Z", Q @ K.T / np.sqrt(d))
    e = np.exp(Z)
    P = q("P", e / e.sum(axis=1, keepdims=True))
    O = q("O", P @ V)  # noqa: E741 - the page's letter
    q("Dr", np.sum(O * (O - T), axis=1))
    q("l", 0.5 * np.sum((O - T) ** 2))
