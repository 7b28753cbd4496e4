"""A residual block with the page's numbers: NumPy, for the ledger."""

import numpy as np

OBJECTIVE = "L"
SYMBOLS = {rf"\frac{{\partial L}}{{\partial {k}}}": f"d_{k}" for k in "rVqpUx"}
SYMBOLS |= {k: k for k in "UVxcpqr"}


def network(q):
    x, c = q("x", [2, 3, 1]), q("c", [1, -1, 2])
    U = q("U", [[1, 0, 0], [0, -1, 0], [0, 0, 2]])
    V = q("V", [[0, 1, 1], [1, 0, 0], [2, 0, 1]])
    p = q("p", U @ x)
    a = q("q", np.maximum(p, 0))
    r = q("r", V @ a + x)
    q("L", c @ r)
