"""Two layers with examples in columns: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "Jc"
n, m, h = 2, 4, 3
HELPERS = {"m": m}
SYMBOLS = {
    "dZ^{[2](i)}": "d_Z2[:,i]",
    "dZ^{[1](i)}": "d_Z1[:,i]",
    "dZ^{[2]}": "d_Z2",
    "dZ^{[1]}": "d_Z1",
    "dA^{[2]}": "d_A2",
    "dA^{[1]}": "d_A1",
    "dW^{[2]}": "d_W2",
    "dW^{[1]}": "d_W1",
    "db^{[2]}": "d_b2",
    "db^{[1]}": "d_b1",
    "dX": "d_X",
    "A^{[2]}": "A2",
    "A^{[1]}": "A1",
    "A^{[1] T}": "A1.T",
    "W^{[2] T}": "W2.T",
    "W^{[1] T}": "W1.T",
    "W^{[2]}": "W2",
    "W^{[1]}": "W1",
    "Y": "Y",
    "X": "X",
}


def sg(z):
    return 1 / (1 + np.exp(-z))


def network(q):
    X, Y = q.normal("X", n, m), q("Y", q.random.integers(0, 2, (1, m)))
    W1, b1, W2, b2 = q.normal("W1", h, n), q.normal("b1", h), q.normal("W2", 1, h), q.normal("b2", 1)
    Z1 = q("Z1", W1 @ X + b1[:, None])
    A1 = q("A1", np.tanh(Z1))
    Z2 = q("Z2", W2 @ A1 + b2[:, None])
    A2 = q("A2", sg(Z2))
    q("Jc", -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m)
