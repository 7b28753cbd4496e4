"""A restricted Boltzmann machine, added up state by state: NumPy, for the ledger."""

from itertools import product

import numpy as np

OBJECTIVE = "F"
n, m = 3, 2
VS = [np.array(s) for s in product((0, 1), repeat=n)]
HS = [np.array(s) for s in product((0, 1), repeat=m)]
HELPERS = {"n": n, "m": m, "VS": VS, "HS": HS}
SYMBOLS = {
    r"\frac{\partial F}{\partial a_i}": "d_a[i]",
    r"\frac{\partial F}{\partial c_j}": "d_c[j]",
    r"\frac{\partial F}{\partial W_{ij}}": "d_W[i,j]",
    r"\frac{\partial F}{\partial W}": "d_W",
    "v_i": "v[i]",
    "v'_i": "u[i]",
    "x_j": "x[j]",
    "c_j": "c[j]",
    "W_{ij}": "W[i,j]",
    r"\sigma": "sg",
    "W": "W",
    "a": "a",
    "c": "c",
    "v": "v",
}


def network(q):
    a, c, W = q.normal("a", n), q.normal("c", m), q.normal("W", n, m)
    v = q("v", [1, 0, 1])

    def energy(u, h):
        return -a @ u - c @ h - u @ W @ h

    q.functions["En"] = energy
    q("h", [1, 0])
    x = q("x", c + W.T @ v)
    q("ph", [sum(np.exp(-energy(v, h)) * h[j] for h in HS) / sum(np.exp(-energy(v, h)) for h in HS) for j in range(m)])
    F = q("F", -a @ v - np.sum(np.log1p(np.exp(x))))
    Z = q("Z", sum(np.exp(-energy(u, h)) for u in VS for h in HS))
    q.functions["pv"] = lambda u: sum(np.exp(-energy(u, h)) for h in HS) / Z
    q("lZ", np.log(Z))
    q("lp", -F - np.log(Z))
