"""A contrastive loss: NumPy, for the ledger. G holds the negatives in its rows."""

import numpy as np

OBJECTIVE = "L"
M = 3
HELPERS = {"M": M}
SYMBOLS = {rf"\frac{{\partial L}}{{\partial {k}}}": f"d_{k}" for k in "suvfgABx"}
SYMBOLS |= {
    r"\frac{\partial L}{\partial s_m}": "d_sm[m]",
    r"\frac{\partial L}{\partial \tau}": "d_tau",
    r"\frac{\partial u}{\partial f}": 'J("u","f")',
    r"\tau": "tau",
    r"\pi_m": "pim[m]",
    r"\pi": "pi",
    "s_m": "sm[m]",
    "g_m": "G[m]",
    "u": "u",
    "v": "v",
    "f": "f",
    "g": "g",
    "s": "s",
    "x": "x",
    "y": "y",
    "A": "A",
}


def network(q):
    x, y, tau = q.normal("x", 2), q.normal("y", 4), q.positive("tau")
    A, B, G = q.normal("A", 3, 2), q.normal("B", 3, 4), q.normal("G", M, 3)
    f, g = q("f", A @ x), q("g", B @ y)
    u, v = q("u", f / np.sqrt(f @ f)), q("v", g / np.sqrt(g @ g))
    s, sm = q("s", u @ v / tau), q("sm", G @ u / tau)
    Z = q("Z", np.exp(s) + np.sum(np.exp(sm)))
    q("pi", np.exp(s) / Z)
    q("pim", np.exp(sm) / Z)
    q("L", -s + np.log(np.exp(s) + np.sum(np.exp(sm))))
