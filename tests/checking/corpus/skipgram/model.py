"""Skip-gram, both losses: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "Jn"
d, n, K, o = 3, 4, 2, 1
HELPERS = {"d": d, "n": n, "K": K, "o": o, "others": [0, 2, 3]}
SYMBOLS = {
    r"\frac{\partial J}{\partial v_c}": 'J("J1","v")',
    r"\frac{\partial J}{\partial u_w}": 'J("J1","U")[:,w]',
    r"\frac{\partial J}{\partial u_o}": 'J("J1","U")[:,o]',
    r"\frac{\partial J}{\partial U}": 'J("J1","U")',
    r"\frac{\partial J_{neg}}{\partial v_c}": "d_v",
    r"\frac{\partial J_{neg}}{\partial u_o}": "d_uo",
    r"\frac{\partial J_{neg}}{\partial u_k}": "d_Un[:,k]",
    r"\hat{y}_w": "yh[w]",
    r"\hat{y}_o": "yh[o]",
    r"\hat{y}": "yh",
    "v_c": "v",
    "u_w": "U[:,w]",
    "u_x": "U[:,x]",
    "u_k": "Un[:,k]",
    "u_o": ("U[:,o]", "uo"),
    "y_w": "y[w]",
    "y": "y",
    "U": "U",
    r"\sigma": "sg",
    r"\exp": "exp",
    r"\log": "log",
}


def network(q):
    U, v = q.normal("U", d, n), q.normal("v", d)
    uo, Un = q.normal("uo", d), q.normal("Un", d, K)
    y = q("y", np.eye(n)[o])
    e = np.exp(U.T @ v)
    yh = q("yh", e / e.sum())
    q("J1", -np.sum(y * np.log(yh)))
    q("Jn", np.log1p(np.exp(-uo @ v)) + np.sum(np.log1p(np.exp(Un.T @ v))))
