"""Sigmoid layers with cross-entropy: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "C"


def sg(z):
    return 1 / (1 + np.exp(-z))


HELPERS = {"sp": lambda z: sg(z) * (1 - sg(z))}
SYMBOLS = {
    r"\frac{\partial C}{\partial w^3}": "d_w3",
    r"\frac{\partial C}{\partial w^2}": "d_w2",
    r"\frac{\partial C}{\partial b^3}": "d_b3",
    r"\frac{\partial C}{\partial b^2}": "d_b2",
    r"\frac{\partial C}{\partial x}": "d_x",
    r"\frac{\partial C}{\partial b^l}": "d_b2",
    r"\frac{\partial C}{\partial w^l}": "d_w2",
    r"\frac{\partial C}{\partial a_j^L}": "d_a3[j]",
    r"\frac{\partial Q}{\partial z^3}": 'J("Q","z3")',
    r"\frac{\partial Q}{\partial w^3}": 'J("Q","w3")',
    r"\nabla_a C": "d_a3",
    r"\delta^L": "d_z3",
    r"\delta^{l+1}": "d_z3",
    r"\delta^3": "d_z3",
    r"\delta^2": "d_z2",
    r"\delta^l": "d_z2",
    r"\sigma'": "sp",
    "(w^{l+1})": "w3",
    "(w^3)": "w3",
    "(w^2)": "w2",
    "(a^2)": "a2",
    "(a^{l-1})": "a1",
    "a_j^L": "a3[j]",
    "z_j^L": "z3[j]",
    "y_j": "y[j]",
    "z^L": "z3",
    "z^3": "z3",
    "z^l": "z2",
    "a^L": "a3",
    "a^3": "a3",
    "a^2": "a2",
    "y": "y",
    "x": "x",
}


def network(q):
    x, y = q.normal("x", 4), q("y", q.random.integers(0, 2, 2))
    w2, b2 = q.normal("w2", 3, 4), q.normal("b2", 3)
    w3, b3 = q.normal("w3", 2, 3), q.normal("b3", 2)
    a1 = q("a1", x)
    z2 = q("z2", w2 @ a1 + b2)
    a2 = q("a2", sg(z2))
    z3 = q("z3", w3 @ a2 + b3)
    a3 = q("a3", sg(z3))
    q("C", -np.sum(y * np.log(a3) + (1 - y) * np.log(1 - a3)))
    q("Q", 0.5 * np.sum((a3 - y) ** 2))
