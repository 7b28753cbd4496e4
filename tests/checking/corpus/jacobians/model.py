"""Two layers with ReLU: NumPy, for the ledger. Rows and columns are both vectors here."""

import numpy as np

OBJECTIVE = "L"
SYMBOLS = {rf"\frac{{\partial L}}{{\partial {k}}}": f"d_{k}" for k in "vruxt"}
SYMBOLS |= {
    r"\frac{\partial L}{\partial e}": 'J("L","e")',
    r"\frac{\partial e}{\partial v}": 'J("e","v")',
    r"\frac{\partial e}{\partial t}": 'J("e","t")',
    r"\frac{\partial v}{\partial r}": 'J("v","r")',
    r"\frac{\partial r}{\partial u}": 'J("r","u")',
    r"\frac{\partial u}{\partial x}": 'J("u","x")',
    r"\frac{\partial v}{\partial x}": 'J("v","x")',
    r"\frac{\partial e}{\partial x}": 'J("e","x")',
    r"\frac{\partial L}{\partial b_2}": "d_b2",
    r"\frac{\partial L}{\partial b_1}": "d_b1",
    r"\frac{\partial L}{\partial W_{2,kj}}": "d_W2[k,j]",
    "e^T": "e",
    "W_2": "W2",
    "W_1": "W1",
    "M": "M",
    "e_k": "e[k]",
    "r_j": "r[j]",
}


def network(q):
    x, t = q.normal("x", 3), q.normal("t", 2)
    W1, b1, W2, b2 = q.normal("W1", 4, 3), q.normal("b1", 4), q.normal("W2", 2, 4), q.normal("b2", 2)
    u = q("u", W1 @ x + b1)
    q("M", np.diag(1.0 * (u > 0)))
    r = q("r", np.maximum(u, 0))
    v = q("v", W2 @ r + b2)
    e = q("e", v - t)
    q("L", e @ e)
