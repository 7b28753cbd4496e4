"""One step of an LSTM: NumPy, for the ledger. hp and cp are the state and the cell before."""

import numpy as np

OBJECTIVE = "E"
d, m = 2, 3
SYMBOLS = {rf"\frac{{\partial E}}{{\partial {k}_{s}}}": f"d_{k}{s}" for k in "aWUb" for s in "ifog"}
SYMBOLS |= {rf"\frac{{\partial E}}{{\partial {k}_t}}": f"d_{k}" for k in "hcifogx"}
SYMBOLS |= {rf"{k}_t": k for k in "hcifogx"}
SYMBOLS |= {rf"{k}_{s}": f"{k}{s}" for k in "WU" for s in "ifog"}
SYMBOLS |= {
    r"\frac{\partial E}{\partial h_{t-1}}": "d_hp",
    r"\frac{\partial E}{\partial c_{t-1}}": "d_cp",
    r"\bar h": "d_h",
    r"\bar c": "d_c",
    "h_{t-1}": "hp",
    "c_{t-1}": "cp",
    r"\tanh": "tanh",
}


def sg(z):
    return 1 / (1 + np.exp(-z))


def network(q):
    x, hp, cp, y = q.normal("x", d), q.normal("hp", m), q.normal("cp", m), q.normal("y", m)
    a = {}
    for k in "ifog":
        W, U, b = q.normal("W" + k, m, d), q.normal("U" + k, m, m), q.normal("b" + k, m)
        a[k] = q("a" + k, W @ x + U @ hp + b)
    i, f, o, g = q("i", sg(a["i"])), q("f", sg(a["f"])), q("o", sg(a["o"])), q("g", np.tanh(a["g"]))
    c = q("c", f * cp + i * g)
    h = q("h", o * np.tanh(c))
    q("E", 0.5 * np.sum((h - y) ** 2))
