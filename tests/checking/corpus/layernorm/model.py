"""Layer normalisation of one vector: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "l"
n = 4
HELPERS = {"n": n}
SYMBOLS = {
    r"\frac{\partial \ell}{\partial y_i}": "d_y[i]",
    r"\frac{\partial \ell}{\partial g_i}": "d_g[i]",
    r"\frac{\partial \ell}{\partial b_i}": "d_b[i]",
    r"\frac{\partial \ell}{\partial \xhat_i}": "d_xh[i]",
    r"\frac{\partial \ell}{\partial x_j}": "d_x[j]",
    r"\frac{\partial \ell}{\partial x}": "d_x",
    r"\frac{\partial \mu}{\partial x_j}": 'J("mu","x")[j]',
    r"\frac{\partial s}{\partial x_j}": 'J("s","x")[j]',
    r"\frac{\partial \xhat_i}{\partial x_j}": 'J("xh","x")[i,j]',
    r"\frac{\partial r}{\partial x_j}": 'J("r","x")[j]',
    r"\frac{\partial z_i}{\partial x_j}": 'J("z","x")[i,j]',
    "c_i": "d_xh[i]",
    "c_j": "d_xh[j]",
    "e_i": "(y-t)[i]",
    r"\xhat_i": "xh[i]",
    r"\xhat_j": "xh[j]",
    r"\xhat": "xh",
    r"\mu": "mu",
    "g_i": "g[i]",
    "x_i": "x[i]",
    "x_j": "x[j]",
    "z_i": "z[i]",
    "z_j": "z[j]",
    "n": "n",
    "s": "s",
    "r": "r",
}


def network(q):
    x, g, b, t = q.normal("x", n), q.normal("g", n), q.normal("b", n), q.normal("t", n)
    eps = q.positive("eps")
    mu = q("mu", np.mean(x))
    s = q("s", np.sqrt(np.mean((x - mu) ** 2) + eps))
    xh = q("xh", (x - mu) / s)
    y = q("y", g * xh + b)
    r = q("r", np.sqrt(np.mean(x**2) + eps))
    q("z", x / r)
    q("l", 0.5 * np.sum((y - t) ** 2))
