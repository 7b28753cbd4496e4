"""One hidden layer with rows: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "E"
SYMBOLS = {
    r"\frac{\partial E}{\partial V_{ij}}": "d_V[i,j]",
    r"\frac{\partial E}{\partial V}": "d_V",
    r"\frac{\partial E}{\partial W}": "d_W",
    r"\frac{\partial E}{\partial b}": "d_b",
    r"\frac{\partial E}{\partial c}": "d_c",
    r"\frac{\partial E}{\partial h}": "d_h",
    r"\frac{\partial E}{\partial x}": "d_x",
    r"\frac{\partial E}{\partial o}": "d_o",
    r"\frac{\partial E}{\partial a}": "d_a",
    r"\delta_o": "d_o",
    r"\delta_a": "d_a",
    "x": "x",
    "h": "h",
    "o": "o",
    "t": "t",
    "a": "a",
    "b": "b",
    "c": "c",
    "V": "V",
    "W": "W",
}


def network(q):
    x, t = q.normal("x", 1, 4), q.normal("t", 1, 2)
    W, b = q.normal("W", 4, 3), q.normal("b", 1, 3)
    V, c = q.normal("V", 3, 2), q.normal("c", 1, 2)
    a = q("a", x @ W + b)
    h = q("h", np.tanh(a))
    o = q("o", h @ V + c)
    q("E", 0.5 * np.sum((o - t) ** 2))
