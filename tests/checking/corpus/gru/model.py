"""One step of a gated recurrent unit: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "E"
d, m = 2, 3
SYMBOLS = {rf"\frac{{\partial E}}{{\partial \mathbf{{{k}}}}}": f"d_{k}" for k in "hzckrxWU"}
SYMBOLS |= {rf"\frac{{\partial E}}{{\partial \mathbf{{{k}}}_{s}}}": f"d_{k}{s}" for k in "WU" for s in "zr"}
SYMBOLS |= {rf"\mathbf{{{k}}}_{s}": f"{k}{s}" for k in "WU" for s in "zr"}
SYMBOLS |= {rf"\mathbf{{{k}}}": k for k in "hzckrxvWU"}
SYMBOLS |= {
    r"\frac{\partial E}{\partial \mathbf{h}'}": "d_hp",
    r"\mathbf{h}'": "hp",
    r"\boldsymbol{\gamma}": "gam",
    r"\boldsymbol{\zeta}": "zet",
    r"\boldsymbol{\rho}": "rho",
}


def sg(z):
    return 1 / (1 + np.exp(-z))


def network(q):
    x, hp, v = q.normal("x", d), q.normal("hp", m), q.normal("v", m)
    Wz, Wr, W = q.normal("Wz", m, d), q.normal("Wr", m, d), q.normal("W", m, d)
    Uz, Ur, U = q.normal("Uz", m, m), q.normal("Ur", m, m), q.normal("U", m, m)
    z = q("z", sg(Wz @ x + Uz @ hp))
    r = q("r", sg(Wr @ x + Ur @ hp))
    k = q("k", r * hp)
    c = q("c", np.tanh(W @ x + U @ k))
    h = q("h", (1 - z) * hp + z * c)
    q("E", v @ h)
    gam = q("gam", v * z * (1 - c**2))
    q("zet", v * (c - hp) * z * (1 - z))
    q("rho", (U.T @ gam) * hp * r * (1 - r))
