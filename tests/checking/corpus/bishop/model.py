"""One pattern, tanh units, linear outputs: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "E"
D_, H, K = 2, 4, 3
HELPERS = {"D_": D_, "H": H, "K": K, "hh": np.tanh, "hp": lambda a: 1 - np.tanh(a) ** 2}
SYMBOLS = {
    r"\frac{\partial E_n}{\partial w^{(1)}_{ji}}": "d_w1[j,i]",
    r"\frac{\partial E_n}{\partial w^{(2)}_{kj}}": "d_w2[k,j]",
    r"\frac{\partial E_n}{\partial y_k}": "d_y[k]",
    r"\frac{\partial E_n}{\partial a_j}": "d_a[j]",
    r"\frac{\partial y_k}{\partial a_j}": 'J("y","a")[k,j]',
    r"\frac{\partial a_j}{\partial x_i}": 'J("a","x")[j,i]',
    "w^{(1)}_{ji}": "w1[j,i]",
    "w^{(2)}_{kj}": "w2[k,j]",
    "J_{ki}": 'J("y","x")[k,i]',
    r"\delta_k": "d_y[k]",
    r"\delta_j": "d_a[j]",
    "h'(a_j)": "hp(a[j])",
    "z_{j'}": "z[l]",
    "z_j": "z[j]",
    "y_k": "y[k]",
    "t_k": "t[k]",
    "x_i": "x[i]",
}


def network(q):
    x, t = q.normal("x", D_), q.normal("t", K)
    w1, w2 = q.normal("w1", H, D_), q.normal("w2", K, H)
    a = q("a", w1 @ x)
    z = q("z", np.tanh(a))
    y = q("y", w2 @ z)
    q("E", 0.5 * np.sum((y - t) ** 2))
