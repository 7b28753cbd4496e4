"""A convolution with ReLU: NumPy, for the ledger. Positions count from 0 here."""

import numpy as np

OBJECTIVE = "L"
T, R1, C, M = 5, 2, 2, 3
P = T - R1 + 1
HELPERS = {"T": T, "R1": R1, "C": C, "M": M, "P": P}
SYMBOLS = {
    r"\frac{\partial L}{\partial a_{m,t}}": "d_a[m,t]",
    r"\frac{\partial L}{\partial z_{m,t}}": "d_z[m,t]",
    r"\frac{\partial L}{\partial b_m}": "d_b[m]",
    r"\frac{\partial L}{\partial w_{m,c,s}}": "d_w[m,c,s]",
    r"\frac{\partial L}{\partial x_{c,\tau}}": "d_x[c,t]",
    r"\mathbb{1}[z_{m,t} > 0]": "(z[m,t]>0)",
    "g_{m,t}": "d_z[m,t]",
    "a_{m,t}": "a[m,t]",
    "y_{m,t}": "y[m,t]",
    "z_{m,t}": "z[m,t]",
    "x_{c,t+s}": "x[c,t+s]",
    "w_{m,c,s}": "w[m,c,s]",
}


def network(q):
    x, w, b = q.normal("x", C, T), q.normal("w", M, C, R1), q.normal("b", M)
    y = q.normal("y", M, P)
    z = np.zeros((M, P))
    for t in range(P):
        z[:, t] = b + np.tensordot(w, x[:, t : t + R1], axes=2)
    z = q("z", z)
    a = q("a", np.maximum(z, 0))
    q("q", a.mean(axis=1))
    q("L", 0.5 * np.sum((a - y) ** 2))
