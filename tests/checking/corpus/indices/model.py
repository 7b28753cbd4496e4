"""Two layers in components: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "E"
N, I, H, K = 3, 2, 4, 2  # noqa: E741 - the letter of the page
HELPERS = {"N": N, "I": I, "H": H, "K": K}
SYMBOLS = {
    r"\pd{E}{v_{kj}}": "d_v[k,j]",
    r"\pd{E}{w_{ji}}": "d_w[j,i]",
    r"\pd{E}{s_{nk}}": "d_s[n,k]",
    r"\pd{E}{u_{nj}}": "d_u[n,j]",
    r"\pd{E}{x_{ni}}": "d_x[n,i]",
    r"\pd{s_{nk}}{g_{nj}}": 'J("s","g")[n,k,n,j]',
    r"\pd{s_{nk}}{v_{kj}}": 'J("s","v")[n,k,k,j]',
    r"\pd{g_{nj}}{u_{nj}}": 'J("g","u")[n,j,n,j]',
    r"\pd{u_{nj}}{w_{ji}}": 'J("u","w")[n,j,j,i]',
    r"\pd{u_{nj}}{x_{ni}}": 'J("u","x")[n,j,n,i]',
    r"\pd{s_{nk}}{x_{ni}}": 'J("s","x")[n,k,n,i]',
    r"\pd{R}{v_{kj}}": 'J("R","v")[k,j]',
    r"\epsilon_{nk}": "(s-y)[n,k]",
    r"\eta_{nj}": "d_u[n,j]",
    r"\lambda": "lam",
    "u_{nj}": "u[n,j]",
    "g_{nj}": "g[n,j]",
    "s_{nk}": "s[n,k]",
    "y_{nk}": "y[n,k]",
    "x_{ni}": "x[n,i]",
    "v_{kj}": "v[k,j]",
    "w_{ji}": "w[j,i]",
}


def network(q):
    x, y = q.normal("x", N, I), q.normal("y", N, K)
    w, v = q.normal("w", H, I), q.normal("v", K, H)
    lam = q.positive("lam")
    u = q("u", x @ w.T)
    g = q("g", np.tanh(u))
    s = q("s", g @ v.T)
    q("R", lam / 2 * np.sum(v**2))
    q("E", 0.5 * np.sum((s - y) ** 2))
