r"""A sheet with LaTeX between dollar signs is the sheet that it would be in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import gradsheet as gs
from engine.running import read as read_sheet
from fences import ROOT
from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.sheet.known import function_names
from gradsheet.syntax import parse_document, tree
from gradsheet.syntax.plain_sheet import plain_document
from gradsheet.syntax.traversal import rewritten
from gradsheet.syntax.written_names import written
from syntax.latex_sheets import latex_sheet
from syntax.meanings import meaning

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = (ROOT / "examples", ROOT / "tests" / "sheets", ROOT.parent / "shared" / "sheets")
CORPUS = [path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.sheet"))]

PAIRS = [
    (r"$x \in \mathbb{R}^{3}, \quad W_1 \in \mathbb{R}^{2 \times 3}$", "x ∈ ℝ^3, W1 ∈ ℝ^(2×3)"),
    (r"$\hat{y}, \lambda_1 \in \mathbb{R}$ positive", "ŷ, λ1 ∈ ℝ positive"),
    (r"$y \in \{0, 1\}^{n}$, $p \in (0, 1)^n$", "y ∈ {0,1}^n, p ∈ (0,1)^n"),
    (r"$y \in \text{onehot}(K)^N$", "y ∈ onehot(K)^N"),
    (r"$g : \mathbb{R} \to \mathbb{R}$", "g : ℝ → ℝ"),
    ("$x_{in} = 1$\n$y = 2 x_{in}$", "x_in = 1\ny = 2 x_in"),
    ("W1 ∈ ℝ\n$y = W_1 + 1$", "W1 ∈ ℝ\ny = W1 + 1"),
    ("W_1 ∈ ℝ\n$y = W_1 + 1$", "W_1 ∈ ℝ\ny = W_1 + 1"),
    ("yhat ∈ ℝ\n$L = \\hat{y}^2$", "yhat ∈ ℝ\nL = yhat²"),
    ("x ∈ ℝ^2\n$y = x_1 + x_{2}$", "x ∈ ℝ^2\ny = x[1] + x[2]"),
    ("X ∈ ℝ^(2×2)\n$Z_{ij} = X_{ij}^2$", "X ∈ ℝ^(2×2)\nZ[i,j] = X[i,j]²"),
    ("for l in 1..2\n  $h_l = h_{l-1}^2$\n$h_0 = 1$", "for l in 1..2\n  h[l] = h[l-1]²\nh[0] = 1"),
    ("for $l$ in 1..2\n  $W^{(l)} \\in \\mathbb{R}$", "for l in 1..2\n  W[l] ∈ ℝ"),
    ("$W^{(1)} \\in \\mathbb{R}^2$\n$z^{(1)} = W^{(1)} + 1$", "W1 ∈ ℝ^2\nz1 = W1 + 1"),
    ("$W_x, W_h \\in \\mathbb{R}$\n$y = W_x + W_h$", "W_x, W_h ∈ ℝ\ny = W_x + W_h"),
    (r"$f_1(x) = x^2$", "f1(x) = x²"),
    (r"$E(v, h) = -b^\top v - v^\top W h$", "E(v, h) = -bᵀ v - vᵀ W h"),
    (r"$y_t = w_t x_{t - 1}, \quad \text{for } t = 2, \dots, T$", "y[t] = w[t] x[t-1] for t in 2..T"),
    ("$$\n  a = 1 \\\\\n  b = 2\n    + a\n$$", "a = 1\nb = 2 + a"),
    ("\\[\n\\begin{aligned}\n a &= 1 \\\\ b &= 2 \\\\ &\\quad + a\n\\end{aligned}\n\\]", "a = 1\nb = 2 + a"),
    (r"minimize $\frac{1}{2} L + \lambda R$ by sgd($\eta$ = 0.1)", "minimize 1/2 L + λ R by sgd(η = 0.1)"),
    (r"$\text{parameters } W_1, b_1$", "parameters W1, b1"),
    ("update\n  $w \\leftarrow w - \\eta \\frac{\\partial L}{\\partial w}$", "update\n  w ← w - η ∂L/∂w"),
    ("given $x = \\begin{bmatrix} 1 \\\\ 0 \\end{bmatrix}$, y = 2", "given x = [1; 0], y = 2"),
    ("for $t$ in $1, \\dots, T$\n  $\\mathbf{h}_t = 2 \\mathbf{h}_{t-1}$", "for t in 1..T\n  h[t] = 2 h[t-1]"),
    ("$\\mathbf{x} = 1$\n$x = \\mathbf{x} + 1$", "𝐱 = 1\nx = 𝐱 + 1"),
]


def document(text: str) -> tree.Document:
    source = Source(text)
    diagnostics = Diagnostics(source)
    found = parse_document(source, diagnostics)
    diagnostics.raise_errors()
    return found


@pytest.mark.parametrize(("text", "plain"), PAIRS, ids=[pair[1] for pair in PAIRS])
def test_it_is_the_plain_sheet(text: str, plain: str):
    assert plain_document(document(text)) == plain_document(document(plain))


def spelled(found: tree.Document) -> Any:
    """What a sheet means, where what paper has alike is one: yhat is ŷ, the values [[1], [0]] are [1; 0]."""

    def change(node: tree.Node) -> tree.Node:
        match node:
            case tree.Name(key=key):
                base, below = written(key)
                one = f"{base}_{below}" if below else base
                return tree.Name(one, one)
            case tree.Given(values=values):
                return tree.Given(tuple((name, rewritten(value, flat)) for name, value in values))
            case _:
                return node

    def flat(node: tree.Node) -> tree.Node:
        match node:
            case tree.Array(rows=(items,)) if all(isinstance(i, tree.Array) and len(i.rows) == 1 for i in items):
                return tree.Array(tuple(item.rows[0] for item in items if isinstance(item, tree.Array)))
            case tree.Array(rows=rows) if len(rows) > 1 and all(
                len(row) == 1 and isinstance(row[0], tree.Array) and len(row[0].rows) == 1 for row in rows
            ):
                return flat(tree.Array((tuple(row[0] for row in rows),)))
            case _:
                return node

    return tuple(map(meaning, rewritten(found, change).statements))


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_sheet_of_the_corpus_is_itself_in_latex(path: Path):
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    plain = document(text)
    sheet = read_sheet(text)
    names = frozenset(symbol.name for symbol in sheet.symbols.values())
    page = latex_sheet(plain, names, function_names(sheet))
    again = document(page)
    assert len(again.statements) == len(plain.statements), page
    for mine, theirs in zip(spelled(again), spelled(plain), strict=True):
        assert mine == theirs, page


def test_it_is_solved_like_the_plain_sheet():
    plain = "x ∈ ℝ^2, W1 ∈ ℝ^(2×2)\nz1 = tanh(W1 x)\nL = ‖z1‖²\nparameters W1\nminimize L\n"
    page = latex_sheet(document(plain), frozenset({"x", "W1", "z1", "L"}))
    assert "$" in page
    assert str(gs.loads(page).derive()) == str(gs.loads(plain).derive())


WRONG = [
    ("x ∈ ℝ\n$y = x + $\n", "GS102", (2, 9), "end of line"),
    ("x ∈ ℝ\n$y = x + 1\nz = x\n", "GS103", (2, 1), "`$` is not closed"),
    ("x ∈ ℝ\n$y = \\frac{x}{2$\n", "GS103", (2, 14), "not closed"),
    ("x ∈ ℝ\n$y = q_1 x$\n", "GS201", (2, 6), "q1"),
    ("x ∈ ℝ\ny = \\lambda x\n", "GS108", (2, 5), "dollar signs"),
    ("x ∈ ℝ\n$y = \\nabla x$\n", "GS108", (2, 6), "∇"),
    ("x ∈ ℝ\n$y = x^{(2)}$\n", "GS109", (2, 6), "no member"),
    ("x ∈ ℝ\n$$\ny = x \\\\\nz = x +\n$$\n", "GS102", (4, 8), "end of line"),
]


@pytest.mark.parametrize(("text", "code", "place", "phrase"), WRONG, ids=[row[0] for row in WRONG])
def test_a_mistake_is_said_where_it_stands(text: str, code: str, place: tuple[int, int], phrase: str):
    with pytest.raises(SheetError) as caught:
        gs.loads(text)
    (found,) = caught.value.diagnostics
    assert found.source is not None
    assert (found.code, found.source.position(found.span.start)) == (code, place), found
    assert phrase in f"{found.message} {found.expected} {found.suggestion}", found


def test_one_broken_formula_leaves_the_others():
    with pytest.raises(SheetError) as caught:
        gs.loads("x ∈ ℝ\n$y = x \\foo$\n$z = 2 q$\n")
    assert [found.code for found in caught.value.diagnostics] == ["GS108", "GS201"]
