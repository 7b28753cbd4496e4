"""Regression, factorisation, quadratic forms, determinants, inverses."""

from __future__ import annotations

from oracles.oracle import Oracle, bits, half_square, index, positive, real, regular, symmetric


def linear_regression(v, xp):
    rows = len(v.y)
    return sum((v.X[i] @ v.w + v.b - v.y[i]) ** 2 for i in range(rows)) / (2 * rows)


def least_squares(v, xp):
    return half_square(v.X @ v.w - v.y, xp)


def ridge_mean(v, xp):
    rows = len(v.y)
    losses = [(v.w @ v.x[i] + v.b - v.y[i]) ** 2 for i in range(rows)]
    return sum(losses) / rows + v["λ"] * xp.sum(v.w**2)


def weighted(v, xp):
    return sum(v.s[i] * (v.y[i] - v.X[i] @ v.w) ** 2 for i in range(len(v.y))) / 2


def factorisation(v, xp):
    total = v["λ"] / 2 * (xp.sum(v.U**2) + xp.sum(v.V**2))
    for i in range(v.R.shape[0]):
        for j in range(v.R.shape[1]):
            total = total + (v.R[i, j] - v.U[i] @ v.V[j]) ** 2 / 2
    return total


def factorisation_masked(v, xp):
    total = 0
    for i in range(v.R.shape[0]):
        for j in range(v.R.shape[1]):
            total = total + v.M[i, j] * (v.R[i, j] - v.U[i] @ v.V[j]) ** 2 / 2
    return total


def ratings(v, xp):
    total = v["λ"] / 2 * (xp.sum(v.P**2) + xp.sum(v.Q**2))
    for s in range(len(v.r)):
        u, i = v.u[s] - 1, v.i[s] - 1
        total = total + (v.r[s] - v["μ"] - v.bu[u] - v.bi[i] - v.P[u] @ v.Q[i]) ** 2 / 2
    return total


def elastic_net(v, xp):
    fit = xp.sum((v.X @ v.w - v.y) ** 2) / (2 * len(v.y))
    return fit + v["α"] * (v["ρ"] * xp.sum(abs(v.w)) + (1 - v["ρ"]) / 2 * xp.sum(v.w**2))


def lasso(v, xp):
    return half_square(v.X @ v.w - v.y, xp) + v.lam * xp.sum(abs(v.w))


def polynomial(v, xp):
    total = 0
    for i in range(len(v.x)):
        f = sum(v.a[k] * v.x[i] ** k for k in range(len(v.a)))
        total = total + (f - v.y[i]) ** 2
    return total / len(v.x)


def rbf_network(v, xp):
    total = 0
    for i in range(len(v.y)):
        f = 0
        for k in range(len(v.w)):
            f = f + v.w[k] * xp.exp(-xp.sum((v.X[i] - v.C[k]) ** 2) / (2 * v.s[k] ** 2))
        total = total + (f - v.y[i]) ** 2 / 2
    return total


def bilinear(v, xp):
    return (v.x @ v.A @ v.y + v.u @ v.x + v.v @ v.y - v.t) ** 2


def quadratic_form(v, xp):
    return v.x @ v.A @ v.x / 2 - v.b @ v.x + v.c


def pca(v, xp):
    k = v.W.shape[1]
    return xp.trace(v.W.T @ v.S @ v.W) - v["λ"] / 4 * xp.sum((v.W.T @ v.W - xp.eye(k)) ** 2)


def precision_matrix(v, xp):
    return xp.trace(v.P @ v.C) - xp.log(xp.linalg.det(v.P))


def determinant(v, xp):
    return xp.linalg.det(v.A) + xp.log(xp.linalg.det(v.A.T @ v.A)) / 2


def linear_solve(v, xp):
    return half_square(xp.linalg.solve(v.A, v.b) - v.y, xp)


def linear_solve_penalised(v, xp):
    inverse = xp.linalg.inv(v.A)
    return half_square(inverse @ v.b - v.y, xp) + xp.sum(inverse**2) / 10


def frobenius(v, xp):
    return half_square(v.A @ v.X - v.B, xp) + xp.sqrt(xp.sum(v.A**2)) / 10


def matrix_power(v, xp):
    return xp.trace(v.A @ v.A @ v.A) - 2 * xp.trace(v.A @ v.A)


def norms(v, xp):
    r = v.A @ v.x - v.b
    return xp.sqrt(xp.sum(r**2)) + xp.sum(abs(r)) / 2 + xp.max(abs(r)) / 3


def scaling(v, xp):
    total = 0
    for i in range(len(v.X)):
        for j in range(len(v.X)):
            total = total + (xp.sum((v.X[i] - v.X[j]) ** 2) - v.T[i, j]) ** 2 / 4
    return total


def rotation(v, xp):
    c, s = xp.cos(v["θ"]), xp.sin(v["θ"])
    first = c * v.x[0] - s * v.x[1] - v.y[0]
    second = s * v.x[0] + c * v.x[1] - v.y[1]
    return (first**2 + second**2) / 2


def gaussian_process(v, xp):
    rows = range(len(v.y))
    kernel = xp.stack(
        [
            xp.stack([v.v**2 * xp.exp(-xp.sum((v.X[i] - v.X[j]) ** 2) / (2 * v["ℓ"] ** 2)) for j in rows])
            for i in rows
        ]
    ) + v.s**2 * xp.eye(len(v.y))
    return v.y @ xp.linalg.solve(kernel, v.y) / 2 + xp.log(xp.linalg.det(kernel)) / 2


def rosenbrock(v, xp):
    return sum(100 * (v.x[i + 1] - v.x[i] ** 2) ** 2 + (1 - v.x[i]) ** 2 for i in range(len(v.x) - 1))


def weight_norm(v, xp):
    w = v.g * v.v / xp.sqrt(xp.sum(v.v**2))
    return (w @ v.x - v.y) ** 2 / 2


ROWS = {"X": real(5, 3), "y": real(5), "w": real(3)}
FACTORS = {"R": real(4, 3), "U": real(4, 2), "V": real(3, 2)}
RATINGS = {
    "u": index(4, 5), "i": index(3, 5), "r": real(5), "P": real(4, 2), "Q": real(3, 2), "bu": real(4), "bi": real(3),
    "μ": real(), "λ": positive(),
}  # fmt: skip

LINEAR = (
    Oracle("linear-regression", {**ROWS, "b": real()}, ("w", "b"), linear_regression),
    Oracle("least-squares-newton", ROWS, ("w",), least_squares),
    Oracle("ridge-mean", {"x": real(5, 3), "y": real(5), "w": real(3), "b": real(), "λ": positive()}, ("w", "b"),
        ridge_mean, data=("x", "y")),
    Oracle("weighted-least-squares", {**ROWS, "s": positive(5)}, ("w",), weighted),
    Oracle("weighted-least-squares-ascii", {**ROWS, "s": positive(5)}, ("w",), weighted),
    Oracle("matrix-factorisation", {**FACTORS, "λ": positive()}, ("U", "V"), factorisation),
    Oracle("matrix-factorisation-masked", {**FACTORS, "M": bits(4, 3)}, ("U", "V"), factorisation_masked),
    Oracle("ratings-with-biases", RATINGS, ("P", "Q", "bu", "bi"), ratings),
    Oracle("elastic-net", {**ROWS, "α": positive(), "ρ": real(low=0.2, high=0.8)}, ("w",), elastic_net),
    Oracle("lasso-ascii", {**ROWS, "lam": positive()}, ("w",), lasso),
    Oracle("polynomial", {"x": real(5), "y": real(5), "a": real(4)}, ("a",), polynomial),
    Oracle("rbf-network", {"X": real(4, 2), "y": real(4), "C": real(3, 2), "s": positive(3), "w": real(3)},
        ("C", "s", "w"), rbf_network),
    Oracle("bilinear", {"x": real(3), "u": real(3), "y": real(2), "v": real(2), "A": real(3, 2), "t": real()},
        ("A", "u", "v"), bilinear),
    Oracle("quadratic-form", {"A": symmetric(3), "x": real(3), "b": real(3), "c": real()}, ("x", "A"), quadratic_form),
    Oracle("pca", {"S": symmetric(4), "W": real(4, 2), "λ": positive()}, ("W",), pca),
    Oracle("precision-matrix", {"P": symmetric(3), "C": symmetric(3)}, ("P",), precision_matrix),
    Oracle("determinant", {"A": regular(3)}, ("A",), determinant),
    Oracle("linear-solve", {"A": regular(3), "b": real(3), "y": real(3)}, ("A", "b"), linear_solve),
    Oracle("linear-solve-ascii", {"A": regular(3), "b": real(3), "y": real(3)}, ("A", "b"), linear_solve_penalised),
    Oracle("frobenius", {"A": real(2, 3), "X": real(3, 4), "B": real(2, 4)}, ("A",), frobenius),
    Oracle("matrix-power", {"A": real(3, 3)}, ("A",), matrix_power),
    Oracle("norms", {"A": real(4, 3), "x": real(3), "b": real(4)}, ("x",), norms),
    Oracle("multidimensional-scaling", {"X": real(4, 2), "T": positive(4, 4)}, ("X",), scaling),
    Oracle("rotation", {"θ": real(), "x": real(2), "y": real(2)}, ("θ",), rotation),
    Oracle("gaussian-process", {"X": real(3, 2), "y": real(3), "ℓ": positive(), "s": positive(), "v": positive()},
        ("ℓ", "s", "v"), gaussian_process),
    Oracle("rosenbrock", {"x": real(4)}, ("x",), rosenbrock),
    Oracle("weight-norm", {"v": positive(3), "x": real(3), "g": real(), "y": real()}, ("v", "g"), weight_norm),
)  # fmt: skip
