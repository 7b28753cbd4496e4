"""Three questions of an exam: NumPy, for the ledger. dd, B, hs, xs and ys are the page's d, A, h_t, x_t and y."""

import numpy as np

OBJECTIVE = "L"
n = 4
HELPERS = {"n": n}
SYMBOLS = {rf"\frac{{\partial L}}{{\partial {k}}}": f"d_{k}" for k in "vhbW"}
SYMBOLS |= {
    r"\frac{\partial L}{\partial \hat y}": "d_yh",
    r"\frac{\partial L}{\partial W_{ij}}": "d_W[i,j]",
    r"\frac{\partial f}{\partial w}": 'J("f","w")',
    r"\frac{\partial \pi_i}{\partial w}": 'J("pi","w")[i]',
    r"\hat y": "yh",
    r"\pi_i": "pi[i]",
    r"\pi_j": "pi[j]",
    r"\pi": "pi",
    "a_i": "B[i]",
    "a_j": "B[j]",
    "h_3": "hs[3]",
    "h_2": "hs[2]",
    "h_1": "hs[1]",
    "h_t": "hs[t]",
    "v_i": "v[i]",
    "h_i": "h[i]",
    "x_j": "x[j]",
    "h": "h",
    "v": "v",
    "x": "x",
    "u": "u",
    "y": ("y", "ys"),
}


def network(q):
    x, y = q.normal("x", 2), q.normal("y")
    W, b, v, d = q.normal("W", 3, 2), q.normal("b", 3), q.normal("v", 3), q.normal("dd")
    h = q("h", 1 / (1 + np.exp(-(W @ x + b))))
    yh = q("yh", v @ h + d)
    q("L", (yh - y) ** 2)
    q("A", abs(yh - y))
    B, w = q.normal("B", n, 3), q.normal("w", 3)
    e = np.exp(B @ w)
    q("f", np.log(e.sum()))
    pi = q("pi", e / e.sum())
    q("gf", B.T @ pi)
    u, ys = q.normal("u"), q.normal("ys")
    state = q.normal("hs[0]")
    for t in (1, 2, 3):
        state = q(f"hs[{t}]", np.tanh(u * state + q.normal(f"xs[{t}]")))
    q("E", 0.5 * (state - ys) ** 2)
