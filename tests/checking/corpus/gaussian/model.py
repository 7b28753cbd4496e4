"""The normal distribution: NumPy, for the ledger. gm and gv are first derivatives, for the second."""

import numpy as np

OBJECTIVE = "l"
N = 4
HELPERS = {"N": N}
SYMBOLS = {
    r"\frac{\partial \ell}{\partial \mu}": "d_mu",
    r"\frac{\partial \ell}{\partial v}": "d_v",
    r"\frac{\partial^2 \ell}{\partial \mu^2}": 'J("gm","mu")',
    r"\frac{\partial^2 \ell}{\partial \mu \, \partial v}": 'J("gm","v")',
    r"\frac{\partial^2 \ell}{\partial v^2}": 'J("gv","v")',
    r"\frac{\partial G}{\partial a}": 'J("G","a")',
    r"\frac{\partial G}{\partial c}": 'J("G","c")',
    r"\frac{\partial G}{\partial v}": 'J("G","v")',
    r"\mu": "mu",
    r"\tau": "tau",
    r"\pi": "np.pi",
    r"\ell": "l",
    "x_n": "x[n]",
    "r_n": "r[n]",
    "z_n": "z[n]",
    "v": "v",
    "N": "N",
}


def network(q):
    x, z = q.normal("x", N), q.normal("z", N)
    mu, a, c, v = q.normal("mu"), q.normal("a"), q.normal("c"), q.positive("v")
    q("tau", 1 / v)
    e = x - mu
    q("l", -N / 2 * np.log(2 * np.pi * v) - np.sum(e**2) / (2 * v))
    q("gm", np.sum(e) / v)
    q("gv", -N / (2 * v) + np.sum(e**2) / (2 * v**2))
    r = q("r", x - (a * z + c))
    q("G", -N / 2 * np.log(v) - np.sum(r**2) / (2 * v))
