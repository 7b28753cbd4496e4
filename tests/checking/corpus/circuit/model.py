"""A neuron as a circuit, and a second one: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "f"
SYMBOLS = {
    r"\frac{\partial g}{\partial a}": 'J("g","a")',
    r"\frac{\partial g}{\partial b}": 'J("g","b")',
    r"\frac{\partial g}{\partial x}": 'J("g","x")',
    r"\frac{\partial g}{\partial y}": 'J("g","y")',
    r"\frac{\partial g}{\partial z}": 'J("g","z")',
    "dw_0": "d_w0",
    "dw_1": "d_w1",
    "dw_2": "d_w2",
    "dx_0": "d_x0",
    "dx_1": "d_x1",
    "dv": "d_v",
    "du": "d_u",
    "ds": "d_s",
    "dp": "d_p",
    "dr": "d_r",
    "w_0": "w0",
    "w_1": "w1",
    "w_2": "w2",
    "x_0": "x0",
    "x_1": "x1",
    "p": "p",
    "r": "r",
    "u": "u",
    "f": "f",
    "v": "v",
}


def network(q):
    w0, x0, w1, x1, w2 = q("w0", 2), q("x0", -1), q("w1", -3), q("x1", -2), q("w2", -3)
    p, r = q("p", w0 * x0), q("r", w1 * x1)
    s = q("s", p + r + w2)
    u = q("u", np.exp(-s))
    v = q("v", 1 + u)
    q("f", 1 / v)
    x, y, z = q("x", 1), q("y", 2), q("z", 0)
    a, b = q("a", x + y), q("b", np.maximum(y, z))
    q("g", a * b)
