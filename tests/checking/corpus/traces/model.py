"""Objectives of matrices: NumPy, for the ledger. Q is the page's S."""

import numpy as np

OBJECTIVE = "f"
SYMBOLS = {
    r"\frac{\partial f}{\partial X}": "d_X",
    r"\frac{\partial f}{\partial A}": "d_A",
    r"\frac{\partial f}{\partial B}": "d_B",
    r"\frac{\partial g}{\partial X}": 'J("g","X")',
    r"\frac{\partial q}{\partial u}": 'J("q","u")',
    r"\frac{\partial q}{\partial S}": 'J("q","Q")',
    r"\frac{\partial \ell}{\partial M}": 'J("ell","M")',
    r"\frac{\partial \ell}{\partial S}": 'J("ell","Q")',
    r"\frac{\partial h}{\partial M}": 'J("h","M")',
    r"\frac{\partial h}{\partial a}": 'J("h","a")',
    r"\frac{\partial h}{\partial S}": 'J("h","Q")',
    r"\frac{\partial F}{\partial U}": 'J("F","U")',
    r"\frac{\partial F}{\partial V}": 'J("F","V")',
    r"\mathrm{d}X": "dX",
    r"\lambda": "lam",
    "M^{-1}": "inv(M)",
    "A": "A",
    "B": "B",
    "X": "X",
    "R": "R",
    "S": "Q",
    "U": "U",
    "V": "V",
    "C": "C",
    "E": "E",
    "M": "M",
}


def network(q):
    A, X, B = q.normal("A", 4, 3), q.normal("X", 3, 2), q.normal("B", 4, 2)
    q.normal("dX", 3, 2)
    lam = q.positive("lam")
    Q, u, a = q.normal("Q", 3, 3), q.normal("u", 3), q.normal("a", 3)
    U, V, C, D = q.normal("U", 2, 3), q.normal("V", 3, 4), q.normal("C", 4, 5), q.normal("D", 2, 5)
    R = q("R", A @ X - B)
    f = q("f", 0.5 * np.sum(R * R))
    q("g", f + lam / 2 * np.sum(X * X))
    q("q", u @ Q @ u)
    M = q("M", Q @ Q.T + np.eye(3))
    q("ell", np.log(np.linalg.det(M)))
    q("h", a @ np.linalg.inv(M) @ a)
    E = q("E", U @ V @ C - D)
    q("F", 0.5 * np.sum(E * E))
