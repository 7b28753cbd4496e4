"""Two sigmoid units and one sigmoid output with the page's numbers: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "E"
SYMBOLS = {
    r"\frac{\partial E}{\partial \hat y}": "d_yh",
    r"\frac{\partial E}{\partial z_2}": "d_z2",
    r"\frac{\partial E}{\partial z_1}": "d_z1",
    r"\frac{\partial E}{\partial w_2}": "d_w2",
    r"\frac{\partial E}{\partial b_2}": "d_b2",
    r"\frac{\partial E}{\partial W_1}": "d_W1",
    r"\frac{\partial E}{\partial h}": "d_h",
    r"\delta_2": "d_z2",
    r"\delta_1": "d_z1",
    r"\hat y": "yh",
    "w_2": "w2",
    "z_1": "z1",
    "b_1": "b1",
    "h": "h",
    "x": "x",
    "t": "t",
}


def sg(z):
    return 1 / (1 + np.exp(-z))


def network(q):
    x, t = q("x", [0.5, -1]), q("t", 1)
    W1, b1 = q("W1", [[0.4, -0.2], [0.3, 0.8]]), q("b1", [0.1, 0])
    w2, b2 = q("w2", [0.6, -0.5]), q("b2", 0.2)
    z1 = q("z1", W1 @ x + b1)
    h = q("h", sg(z1))
    z2 = q("z2", w2 @ h + b2)
    yh = q("yh", sg(z2))
    q("E", 0.5 * (yh - t) ** 2)
