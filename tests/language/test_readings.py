"""How the open points of the language are read: each by the value that it gives, not only by being accepted.

A row is a point, a sheet, and the values it must have: exact ones as text, since a reading is never a matter of
rounding. Rows that must be refused name the code; remarks are checked where a reading was chosen for the author.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import gradsheet as gs


def plain(value: Any) -> Any:
    """Fractions as numbers that are easy to write, lists inside."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, Fraction) and value.denominator == 1:
        return int(value)
    return value


READINGS: list[tuple[str, str, dict[str, Any]]] = [
    # ------------------------------------------------------------ precedence
    ("1/2 x is half of x", "x ∈ ℝ\ny = 1/2 x\ngiven x = 6", {"y": 3}),
    ("a/b c is (a/b) c", "a, b, c ∈ ℝ\ny = a/b c\ngiven a = 6, b = 2, c = 5", {"y": 15}),
    ("a/(b c) is what it says", "a, b, c ∈ ℝ\ny = a/(b c)\ngiven a = 6, b = 2, c = 3", {"y": 1}),
    ("x²/2 s² is (x²/2) s²", "x, s ∈ ℝ\ny = x²/2 s²\ngiven x = 2, s = 3", {"y": 18}),
    ("a power binds before a minus", "x ∈ ℝ\ny = -x²\nz = 2 x^2\ngiven x = 3", {"y": -9, "z": 18}),
    ("a power of a power, to the right", "x ∈ ℝ\ny = x^2^3\ngiven x = 2", {"y": 256}),
    ("a negative exponent", "x ∈ ℝ\ny = x^-1\nz = x⁻²\ngiven x = 2", {"y": Fraction(1, 2), "z": Fraction(1, 4)}),
    ("minus binds like plus", "a, b, c ∈ ℝ\ny = a - b - c\nz = a - b c\ngiven a = 10, b = 3, c = 2", {"y": 5, "z": 4}),
    ("a product with a minus in brackets", "a, b ∈ ℝ\ny = a (-b)\ngiven a = 2, b = 3", {"y": -6}),
    ("comparisons after sums", "x ∈ ℝ\ny = 1 if x + 1 > 2 else 0\ngiven x = 2", {"y": 1}),
    ("choices nest to the right",
     "x ∈ ℝ\ny = 0 if x < 0 else x if x < 1 else 1\ngiven x = 1/2", {"y": Fraction(1, 2)}),
    ("a choice reaches over the whole sum", "x ∈ ℝ\ny = 1 + x if x > 0 else 5\ngiven x = -1", {"y": 5}),
    ("⊙ from left to right with products",
     "W ∈ ℝ^(2×2), x, g ∈ ℝ^2\ny = W x ⊙ g\ngiven W = [1, 2; 3, 4], x = [1, 1], g = [2, 3]", {"y": [6, 21]}),
    ("decimals are exact", "x ∈ ℝ\ny = 0.1 x + .2 + 1e-1\ngiven x = 1", {"y": Fraction(2, 5)}),
    # ------------------------------------------------------------ sums
    ("a sum reaches over the product to its right, / included",
     "x, z ∈ ℝ^2, c ∈ ℝ\ny = sum[i] x[i] z[i] / c + 1\ngiven x = [1, 2], z = [3, 4], c = 2", {"y": Fraction(13, 2)}),
    ("a sum stops at a minus",
     "x ∈ ℝ^2, c ∈ ℝ\ny = sum[i] x[i] - c\ngiven x = [1, 2], c = 1", {"y": 2}),
    ("a sum in brackets goes on",
     "x ∈ ℝ^2, c ∈ ℝ\ny = sum[i] (x[i] - c)\ngiven x = [1, 2], c = 1", {"y": 1}),
    ("a sum after a factor", "x ∈ ℝ^2\ny = 2 sum[i] x[i]\ngiven x = [1, 2]", {"y": 6}),
    ("a stated range", "x ∈ ℝ^4\ny = sum[i in 2..3] x[i]\ngiven x = [1, 2, 4, 8]", {"y": 6}),
    ("Σ with limits below and above", "x ∈ ℝ^3\ny = Σ_{i=1}^{2} x[i]\ngiven x = [1, 2, 4]", {"y": 3}),
    ("Σ_i and Σᵢ", "x ∈ ℝ^3\ny = Σ_i x[i]\nz = Σᵢ x[i]\ngiven x = [1, 2, 4]", {"y": 7, "z": 7}),
    ("two indices at once", "A ∈ ℝ^(2×2)\ny = sum[i,j] A[i,j]\ngiven A = [1, 2; 3, 4]", {"y": 10}),
    ("prod, max, min and mean over an index",
     "x ∈ ℝ^3\np = prod[i] x[i]\na = max[i] x[i]\nb = min[i] x[i]\nm = mean[i] x[i]\ngiven x = [1, 2, 6]",
     {"p": 12, "a": 6, "b": 1, "m": 3}),
    ("over a finite set", "v ∈ {0,1}^2, b ∈ ℝ^2\nZ = sum[v] b' v\ngiven b = [1, 10]", {"Z": 22}),
    ("the name of a finite set's variable may be an index elsewhere",
     "v ∈ {0,1}^2\nn = sum[v] 1\nx ∈ ℝ^3\ny = sum[i] x[i]\ngiven x = 1", {"n": 4, "y": 3}),
    ("a summed index runs where every access is inside",
     "x ∈ ℝ^(1..4), w ∈ ℝ^(0..1)\ny[t] = sum[s] w[s] x[t-s] for t in 1..4\ngiven x = [1, 2, 3, 4], w = [1, 10]",
     {"y": [1, 12, 23, 34]}),
    ("an index counts as a number", "a ∈ ℝ^(-2..2)\ny = sum[k] k a[k]\ngiven a = [1, 2, 3, 4, 5]", {"y": 10}),
    # ------------------------------------------------------------ functions
    ("2 log s[k]", "s ∈ ℝ^2\ny = sum[k] 2 log s[k]\ngiven s = [1, 2]", {"y": "2 log(2)"}),
    ("log p(x)", "x ∈ ℝ\np(x) = x²\ny = log p(x)\ngiven x = 2", {"y": "2 log(2)"}),
    ("a function takes one operand with its power", "x ∈ ℝ\ny = exp x² - exp(x²)\ngiven x = 2", {"y": 0}),
    ("a power after a call belongs to the call", "x ∈ ℝ\ny = log(x)² - (log x)²\ngiven x = 2", {"y": 0}),
    ("f² of a function", "x ∈ ℝ\ny = tanh²(x) - tanh(x)²\ngiven x = 1/3", {"y": 0}),
    ("a prime after a function is its derivative", "x ∈ ℝ\ny = tanh'(x) - (1 - tanh(x)²)\ngiven x = 1", {"y": 0}),
    ("a prime after a name is a transpose", "x ∈ ℝ^2\ny = x' x\ngiven x = [3, 4]", {"y": 25}),
    ("a (b) is a product if a is no function", "a, b ∈ ℝ\ny = a (b + 1)\ngiven a = 2, b = 3", {"y": 8}),
    ("e^… is the exponential", "x ∈ ℝ\ny = e^x\nz = e^(2 x) / exp(x)\ngiven x = 1", {"y": "e", "z": "e"}),
    ("e may be somebody's name", "e ∈ ℝ\ny = e^2\ngiven e = 3", {"y": 9}),
    ("log is natural, log2 and log10 are not", "x ∈ ℝ\ny = log2(x) + log10(x/8 100)\ngiven x = 8", {"y": 5}),
    ("closed values stay closed", "x ∈ ℝ\ny = σ(x)\nz = log(1 + exp(x))\ngiven x = 0",
     {"y": Fraction(1, 2), "z": "log(2)"}),
    ("gelu is exact, with erf", "x ∈ ℝ\ny = gelu(x) - x/2 (1 + erf(x/sqrt(2)))\ngiven x = 3/2", {"y": 0}),
    ("max and min of numbers and of entries",
     "x ∈ ℝ^3\na = max(x)\nb = min(0, x[3])\nr = max(0, x)\ngiven x = [1, -2, -3]", {"a": 1, "b": -3, "r": [1, 0, 0]}),
    ("two at once, entry by entry", "x, y ∈ ℝ^2\nz = max(x, y)\ngiven x = [1, 4], y = [2, 3]", {"z": [2, 4]}),
    ("mean, var, sum of a vector", "x ∈ ℝ^4\nm = mean(x)\nv = var(x)\ns = sum(x)\ngiven x = [1, 2, 3, 6]",
     {"m": 3, "v": Fraction(7, 2), "s": 12}),
    ("a function of its own arguments hides the sheet's names",
     "x, y ∈ ℝ\nf(x) = x + y\nz = f(10)\ngiven x = 1, y = 2", {"z": 12}),
    ("softmax over a named axis", "S ∈ ℝ^(2×2)\nA[i,j] = softmax[i](S[i,j])\ngiven S = [0, 1; 0, 1]",
     {"A": [[Fraction(1, 2), Fraction(1, 2)], [Fraction(1, 2), Fraction(1, 2)]]}),
    ("logsumexp over an index", "z ∈ ℝ^3\ny = logsumexp[k](z[k])\ngiven z = 0", {"y": "log(3)"}),
    # ------------------------------------------------------------ vectors and matrices
    ("scalars go with anything", "x ∈ ℝ^2, a ∈ ℝ\ny = 1 - x\nz = a + x\ngiven x = [1, 2], a = 3",
     {"y": [0, -1], "z": [4, 5]}),
    ("h² of a vector is entry by entry", "h ∈ ℝ^3\ny = h²\nz = 2^h\ngiven h = [1, 2, 3]",
     {"y": [1, 4, 9], "z": [2, 4, 8]}),
    ("A² of a matrix is the matrix power", "A ∈ ℝ^(2×2)\nB = A²\ngiven A = [1, 1; 0, 1]", {"B": [[1, 2], [0, 1]]}),
    ("A⁻¹ is the inverse", "A ∈ ℝ^(2×2)\nB = A⁻¹\nC = A^-1 - inv(A)\ngiven A = [2, 1; 1, 1]",
     {"B": [[1, -1], [-1, 2]], "C": [[0, 0], [0, 0]]}),
    ("^T is a transpose", "A ∈ ℝ^(2×2), x ∈ ℝ^2\ny = x^T A^T\ngiven A = [1, 2; 3, 4], x = [1, 0]", {"y": [1, 3]}),
    ("^T is a transpose where T is a size, and a power of a scalar",
     "x ∈ ℝ^T, a ∈ ℝ\ny = x^T x\nz = a^T\ngiven x = [1, 2, 3], a = 2", {"y": 14, "z": 8}),
    ("x yᵀ is the outer product", "x, y ∈ ℝ^2\nA = x y'\ngiven x = [1, 2], y = [3, 4]", {"A": [[3, 4], [6, 8]]}),
    ("a · b of two vectors is their inner product", "x, y ∈ ℝ^2\ns = x · y\ngiven x = [1, 2], y = [3, 4]", {"s": 11}),
    ("‖W‖ of a matrix is the Frobenius norm", "W ∈ ℝ^(2×2)\ny = ‖W‖²\nz = ‖W‖_F\ngiven W = [1, 2; 2, 4]",
     {"y": 25, "z": 5}),
    ("‖x‖₁ and ‖x‖_∞", "x ∈ ℝ^2\ny = ‖x‖₁\nz = ‖x‖_∞\ngiven x = [3, -4]", {"y": 7, "z": 4}),
    ("|s| of a scalar, |v| of a vector, abs(v)",
     "s ∈ ℝ, v ∈ ℝ^2\na = |s|\nb = |v|\nc = abs(v)\ngiven s = -2, v = [3, -4]", {"a": 2, "b": 5, "c": [3, 4]}),
    ("bars beside bars are two absolute values", "x, y ∈ ℝ\nz = |x||y| + |x - |y||\ngiven x = 2, y = -3", {"z": 7}),
    ("trace, determinants, inverse",
     ("A ∈ ℝ^(2×2)\na = tr(A) + trace(A)\nb = det(A)\nc = logdet(A) - log det(A)\nd = tr(inv(A))\n"
     "given A = [2, 1; 1, 2]"),
     {"a": 8, "b": 3, "c": 0, "d": Fraction(4, 3)}),
    ("diag both ways", "v ∈ ℝ^2, A ∈ ℝ^(2×2)\nD = diag(v)\nd = diag(A)\ngiven v = [1, 2], A = [1, 2; 3, 4]",
     {"D": [[1, 0], [0, 2]], "d": [1, 4]}),
    ("I takes its size from where it stands", "A ∈ ℝ^(2×2)\nB = A + 2 I\ngiven A = 1", {"B": [[3, 1], [1, 3]]}),
    ("rows, columns, parts",
     "X ∈ ℝ^(3×2)\na = X[1]\nb = X[:,2]\nc = X[2..3,1]\ngiven X = [1, 2; 3, 4; 5, 6]",
     {"a": [1, 2], "b": [2, 4, 6], "c": [3, 5]}),
    ("stacking", "x, y ∈ ℝ^2\nz = [x; y]\ngiven x = [1, 2], y = [3, 4]", {"z": [1, 2, 3, 4]}),
    ("a bracket of a comparison is 1 or 0", "x ∈ ℝ^3\ny = [x > 0]\ngiven x = [1, 0, -1]", {"y": [1, 0, 0]}),
    ("masks compare indices", "A ∈ ℝ^(2×2)\nB[i,j] = A[i,j] if j ≤ i else 0\ngiven A = 1", {"B": [[1, 0], [1, 1]]}),
    # ------------------------------------------------------------ sets and sizes
    ("a row of a size-1 axis is a scalar where scalars meet it",
     "W ∈ ℝ^(1×3), x ∈ ℝ^3, b ∈ ℝ\ny = W x + b\ngiven W = [1, 2, 3], x = 1, b = 1", {"y": 7}),
    ("sizes are numbers", "x ∈ ℝ^n\ny = 1/n sum[i] x[i]\ngiven x = [2, 4]", {"y": 3}),
    ("a size may be given", "x ∈ ℝ^n\ny = sum(x)\ngiven n = 3, x = 2", {"y": 6}),
    ("an axis may begin anywhere", "a ∈ ℝ^(-1..1)\ny = a[-1] + a[1]\ngiven a = [1, 2, 4]", {"y": 5}),
    ("ranges may be expressions in sizes",
     ("x ∈ ℝ^(0..T), w ∈ ℝ^(0..R), y ∈ ℝ^(0..T-R)\nz[t] = sum[s] w[s] x[t+s] - y[t] for t in 0..T-R\n"
     "given x = [1, 2, 3, 4], w = [1, -1], y = 0"), {"z": [-1, -1, -1]}),
    ("rows of labels", "Y ∈ onehot(3)^2\nc = sum[i,k] k Y[i,k]\ngiven Y = [1, 0, 0; 0, 0, 1]", {"c": 4}),
    ("a matrix of bits", "V ∈ {0,1}^(N×n), w ∈ ℝ^n\ny = V w\ngiven V = [1, 0; 1, 1], w = [1, 2]", {"y": [1, 3]}),
    ("an index that is given", "z ∈ ℝ^3, c ∈ 1..3\ny = z[c]\ngiven z = [5, 6, 7], c = 2", {"y": 6}),
    ("nested lists for more than two axes", ("A ∈ ℝ^(2×2×2)\ny = sum[i,j] A[i,j,2]\n"
     "given A = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]"), {"y": 20}),
    ("symmetric", "S ∈ ℝ^(2×2) symmetric, x ∈ ℝ^2\ny = x' S x\ngiven S = [1, 2; 2, 1], x = [1, 3]", {"y": 22}),
    # ------------------------------------------------------------ names
    ("i, o, f and E are anybody's names", "i, o, f ∈ ℝ\nE = i + o f\ngiven i = 1, o = 2, f = 3", {"E": 7}),
    ("R is a name outside of sets", "R ∈ ℝ^2\ny = R' R\ngiven R = [1, 2]", {"y": 5}),
    ("x is a name outside of sizes", "x in R^(2 x 2)\ny = sum(x)\ngiven x = 1", {"y": 4}),
    ("composed and decomposed letters are one name", "y\u0302 ∈ ℝ\nz = \u0177²\ngiven \u0177 = 3", {"z": 9}),
    ("Greek words are Greek letters", "eta, λ ∈ ℝ\ny = η + lambda\ngiven eta = 1, lambda = 2", {"y": 3}),
    ("x1 and x₁ are two", "x1, x₁ ∈ ℝ\ny = x1 - x₁\ngiven x1 = 5, x₁ = 3", {"y": 2}),
    ("σ may be a deviation", "σ ∈ ℝ\ny = 2 σ²\ngiven σ = 3", {"y": 18}),
    # ------------------------------------------------------------ keyboard
    ("ASCII all the way",
     ("x in R^2, W in R^(2 x 2), s in R\ny = W' x .* x\nz = ||x||^2 + sqrt(s) + sum[i] x[i]\n"
     "a = 1 if s >= 4 and s != 5 else 0\ngiven x = [1, 2], W = [1, 2; 3, 4], s = 4"),
     {"y": [7, 20], "z": 10, "a": 1}),
    ("divisions entry by entry", "x, y ∈ ℝ^2\nz = x ⊘ y\nw = x / y\nv = x ./ y\ngiven x = [1, 2], y = [4, 4]",
     {name: [Fraction(1, 4), Fraction(1, 2)] for name in "zwv"}),
    # ------------------------------------------------------------ families and indexed definitions
    ("an indexed definition", "X ∈ ℝ^(2×3), w ∈ ℝ^3\nZ[i,j] = X[i,j] w[j]\ngiven X = 1, w = [1, 2, 3]",
     {"Z": [[1, 2, 3], [1, 2, 3]]}),
    ("a family by rows", ("X ∈ ℝ^(2×2), w ∈ ℝ^2\nfor i in 1..2\n  s[i] = w' X[i]\ny = sum[i] s[i]\n"
     "given X = [1, 2; 3, 4], w = 1"), {"s": [3, 7], "y": 10}),
    ("a recursion with its base", "a ∈ ℝ\nh[0] = 1\nfor t in 1..3\n  h[t] = a h[t-1]\ny = h[3]\ngiven a = 2", {"y": 8}),
    ("a recursion that comes from behind",
     "b ∈ ℝ\ng[4] = 1\nfor t in 1..3\n  g[t] = b g[t+1]\ny = g[1]\ngiven b = 2", {"y": 8}),
    # ------------------------------------------------------------ derivatives as terms
    ("a derivative is a value", "x ∈ ℝ\ny = x³\ng = ∂y/∂x\nk = ∂²y/∂x²\ngiven x = 2", {"g": 12, "k": 12}),
    ("dL/dW is ∂L/∂W", "x ∈ ℝ\ny = x³\ng = dy/dx\nk = d2y/dx2\ngiven x = 2", {"g": 12, "k": 12}),
    ("declared names win over derivatives", "dy, dx ∈ ℝ\ng = dy/dx\ngiven dy = 6, dx = 2", {"g": 3}),
    ("a Jacobian has outputs × inputs", "x ∈ ℝ^2\ny = x²\nJ = ∂y/∂x\ngiven x = [1, 2]", {"J": [[2, 0], [0, 4]]}),
    # ------------------------------------------------------------ layout
    ("lines inside brackets go on", "x ∈ ℝ\ny = (x\n  + 1\n  )²\ngiven x = 2", {"y": 9}),
    ("comments, blank lines, spaces", "# a sheet\n\nx ∈ ℝ   # a number\n\n\ny = 2 x  # twice\n\ngiven x = 2\n",
     {"y": 4}),
    ("trailing commas", "x ∈ ℝ^3,\n  w ∈ ℝ^3\ny = x' w\ngiven\n  x = [1, 2, 3,],\n  w = 1,\n", {"y": 6}),
    ("tabs", "x ∈ ℝ\nh[0] = x\nfor t in 1..2\n\th[t] = 2 h[t-1]\ny = h[2]\ngiven\n\tx = 3\n", {"y": 12}),
    ("a byte-order mark and Windows line ends", "\ufeffx ∈ ℝ\r\ny = x + 1\r\ngiven x = 1\r\n", {"y": 2}),
    ("a line that ends in an operator goes on", "x ∈ ℝ\ny = x +\n  1\ngiven x = 1", {"y": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in READINGS], ids=[row[0] for row in READINGS])
def test_it_is_read_so(text: str, expected: dict[str, Any]):
    solution = gs.loads(text).solve()
    assert {name: plain(solution.exact(name)) for name in expected} == expected


GRADIENTS: list[tuple[str, str, dict[str, Any]]] = [
    ("the gradient of a symmetric matrix is its symmetric part",
     ("S ∈ ℝ^(2×2) symmetric, x, y ∈ ℝ^2\nL = x' S y\nparameters S\nminimize L\n"
     "given S = [1, 2; 2, 1], x = [1, 0], y = [0, 1]"), {"S": [[0, Fraction(1, 2)], [Fraction(1, 2), 0]]}),
    ("relu'(0) = 0", "x ∈ ℝ^3\nL = sum(relu(x))\nparameters x\nminimize L\ngiven x = [-1, 0, 1]", {"x": [0, 0, 1]}),
    ("max(0, x) likewise", "x ∈ ℝ^3\nL = sum(max(0, x))\nparameters x\nminimize L\ngiven x = [-1, 0, 1]",
     {"x": [0, 0, 1]}),
    ("|x|' at 0 is 0", "x ∈ ℝ\nL = |x|\nparameters x\nminimize L\ngiven x = 0", {"x": 0}),
    ("a choice is differentiated on the side where the value is",
     "x ∈ ℝ\nL = x² if x < 1 else 2 x - 1\nparameters x\nminimize L\ngiven x = 3", {"x": 2}),
    ("a shared parameter sums its uses", "v ∈ ℝ\na = 2 v\nb = v²\nL = a b\nparameters v\nminimize L\ngiven v = 3",
     {"v": 54}),
    ("a gradient has the shape of its parameter",
     ("W ∈ ℝ^(1×3), x ∈ ℝ^3, t ∈ ℝ\ny = W x\nL = (y - t)²\nparameters W\nminimize L\n"
     "given W = [1, 2, 3], x = 1, t = 1"), {"W": [[10, 10, 10]]}),
    ("a mean over data is a mean; a term without data counts once",
     ("x, w ∈ ℝ^2, y, λ ∈ ℝ\nL = 1/2 (w' x - y)²\nparameters w\nminimize mean L + λ/2 ‖w‖²\n"
     "given w = [1, 1], λ = 3, x = [1, 0; 0, 1; 1, 1], y = [1, 2, 5]"), {"w": [2, Fraction(5, 3)]}),
    ("a sum over data is a sum",
     ("x, w ∈ ℝ^2, y, λ ∈ ℝ\nL = 1/2 (w' x - y)²\nparameters w\nminimize sum L + λ/2 ‖w‖²\n"
     "given w = [1, 1], λ = 3, x = [1, 0; 0, 1; 1, 1], y = [1, 2, 5]"), {"w": [0, -1]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in GRADIENTS], ids=[row[0] for row in GRADIENTS])
def test_it_is_differentiated_so(text: str, expected: dict[str, Any]):
    solution = gs.loads(text).solve()
    objective = gs.loads(text)._sheet.objective
    assert objective is not None
    found = {name: plain(solution.exact(f"∂{objective.symbol.name}/∂{name}")) for name in expected}
    assert found == expected
    assert solution.verified


REFUSED: list[tuple[str, str, str, str]] = [
    ("log 2 x has two readings", "x ∈ ℝ\ny = log 2 x", "GS106", "log(2) x or log(2 x)?"),
    ("* between two vectors", "x, y ∈ ℝ^3\nz = x * y", "GS302", "⊙"),
    ("two vectors side by side", "x, y ∈ ℝ^3\nz = x y", "GS302", "x' y"),
    ("softmax of a matrix needs its axis", "S ∈ ℝ^(n×n)\nA = softmax(S)", "GS303", "softmax[j](S[i,j])"),
    ("axes that start apart", "a ∈ ℝ^(0..6), b ∈ ℝ^(1..7)\ny = a + b", "GS305", "shift"),
    ("nothing is broadcast but scalars", "A ∈ ℝ^(2×3), b ∈ ℝ^3\nC = A + b", "GS301", ""),
    ("two ranges for one index", "x ∈ ℝ^3, y ∈ ℝ^4\nz = sum[i] x[i] y[i]", "GS301", ""),
    ("an index that stands nowhere bare", "x ∈ ℝ^3\nz = sum[i] x[2 i]", "GS207", "i in 1..N"),
    ("a constant index outside", "x ∈ ℝ^3\ny = x[4]", "GS206", ""),
    ("a free index outside", "x ∈ ℝ^3\ny[i] = x[i+1] for i in 1..3", "GS206", ""),
    ("bars around a matrix", "A ∈ ℝ^(2×2)\ny = |A|", "GS301", "det(A), ‖A‖, or abs(A)?"),
    ("a power of an oblong matrix", "A ∈ ℝ^(2×3)\nB = A²", "GS301", "A ⊙ A"),
    ("the spectral norm", "A ∈ ℝ^(2×2)\ny = ‖A‖₂", "GS108", "Frobenius"),
    ("** for powers", "x ∈ ℝ\ny = x**2", "GS108", "x^2"),
    ("∇", "x ∈ ℝ\ny = x²\ng = ∇y", "GS108", "∂L/∂W"),
    ("@", "A ∈ ℝ^(2×2)\ny = A @ A", "GS108", "side by side"),
    ("a subscript in letters", "w, x ∈ ℝ^3\ny = Σᵢ wᵢ xᵢ", "GS102", "[i]"),
    ("a prime after an exponent", "a, b ∈ ℝ\ny = a^b'", "GS102", "(a^b)' or a^(b')"),
    ("a subscript in braces", "W ∈ ℝ^(2×2)\ny = W_{11}", "GS102", "W[i]"),
    ("an operator by ∂", "x ∈ ℝ\ny = x²\ng = ∂/∂x y", "GS108", "∂L/∂W"),
    ("two equations on a line", "x ∈ ℝ\ny = x = 2", "GS102", "its own line"),
    ("an augmented assignment", "w ∈ ℝ\nL = w²\nparameters w\nminimize L\nupdate\n  w -= 1", "GS108", "w ← w - …"),
    ("a matrix norm with an index", "A ∈ ℝ^(2×2)\ny = ‖A‖₁", "GS108", "sum(abs(A))"),
    ("an inverse function", "x ∈ ℝ\ny = tanh⁻¹(x)", "GS108", "1/f(x)"),
    ("the whole numbers", "x ∈ ℤ", "GS108", "-5..5"),
    ("two objectives", "x ∈ ℝ\ny = x²\nparameters x\nminimize y\nmaximize y", "GS203", "minimize L1 + λ L2"),
    ("a vector as objective", "x ∈ ℝ^3\ny = x²\nparameters x\nminimize y", "GS211", "pullback y"),
    ("a parameter of separate values", "v ∈ {0,1}^3\ny = sum(v)\nparameters v\nminimize y", "GS213", ""),
    ("a computed parameter", "x ∈ ℝ\ny = x²\nparameters y\nminimize y", "GS213", ""),
    ("numbers side by side in a list", "x ∈ ℝ^2\ny = sum(x)\ngiven x = [1 2]", "GS102", ""),
]


@pytest.mark.parametrize(("text", "code", "way_out"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_it_is_refused_with_a_way_out(text: str, code: str, way_out: str):
    with pytest.raises(gs.SheetError) as caught:
        gs.loads(text)
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert way_out in str(caught.value)


VALUES_REFUSED: list[tuple[str, str, str, str]] = [
    ("a size in conflict names both places",
     "x, y ∈ ℝ^n\nz = x' y\ngiven\n  x = [1, 2]\n  y = [1, 2, 3]", "GS404", "line 4"),
    ("a size that is given, and another", "x ∈ ℝ^n\nz = x' x\ngiven n = 3, x = [1, 2]", "GS404", "3"),
    ("some values, not all that are needed", "x, y ∈ ℝ\nz = x y\ngiven x = 1", "GS401", "y"),
    ("a wrong shape", "x ∈ ℝ^3\nz = sum(x)\ngiven x = [1, 2]", "GS402", "x"),
    ("outside its set", "y ∈ onehot(3)\nz = y[1]\ngiven y = [1, 1, 0]", "GS403", "one-hot"),
    ("not positive", "κ ∈ ℝ, κ > 0\nz = log κ\ngiven κ = 0", "GS403", "κ"),
    ("a division by zero", "x ∈ ℝ\nz = 1/x\ngiven x = 0", "GS405", "z"),
    ("the logarithm of a negative number", "x ∈ ℝ\nz = log x\ngiven x = -1", "GS405", "z"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "said"), [r[1:] for r in VALUES_REFUSED], ids=[r[0] for r in VALUES_REFUSED])
def test_values_are_refused_with_a_reason(text: str, code: str, said: str):
    with pytest.raises(gs.SheetError) as caught:
        gs.loads(text).solve()
    assert [d.code for d in caught.value.diagnostics] == [code]
    assert said in str(caught.value)


REMARKS: list[tuple[str, str, str]] = [
    ("a name follows a denominator", "a, b, c ∈ ℝ\ny = a/b c", "b"),
    ("a name follows a number below the line", "x, s ∈ ℝ\ny = x²/2 s²", "/ 2 s²"),
    ("a built-in name of one's own", "σ ∈ ℝ\ny = σ²", "σ"),
    ("e of one's own", "e ∈ ℝ\ny = e²", "e"),
    ("a single entry as a scalar", "W ∈ ℝ^(1×3), x ∈ ℝ^3, b ∈ ℝ\ny = W x + b", "scalar"),
    ("T as a size beside ^T", "x ∈ ℝ^T\ny = x^T x", "transpose"),
    ("bars around a vector", "v ∈ ℝ^2\ny = |v|", "length"),
    ("x1 beside x₁", "x1, x₁ ∈ ℝ\ny = x1 x₁", "x₁"),
    ("leaky ReLU without its slope", "x ∈ ℝ\ny = leaky_relu(x)", "0.01"),
]


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in REMARKS], ids=[row[0] for row in REMARKS])
def test_a_reading_that_was_chosen_is_said(text: str, said: str):
    assert any(said in remark for remark in gs.loads(text).remarks)


def test_nothing_is_said_where_nothing_was_chosen():
    assert gs.loads("x ∈ ℝ^3, W ∈ ℝ^(2×3)\ny = 1/2 ‖W x‖²\nz = (x' x)/2\n").remarks == ()
