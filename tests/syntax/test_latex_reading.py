r"""LaTeX is read as the plain spelling of the same formula, `\frac{1}{2} x` as 1/2 x, or refused; never guessed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawing import THOROUGH, examples
from gradsheet.diagnostics import CODES, Diagnostics, SheetError, Source
from gradsheet.sheet.known import LANGUAGE
from gradsheet.syntax.plain import plain
from gradsheet.syntax.reading import parse_latex_equation, parse_latex_expression
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import Expression, Lowered
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.syntax.written_names import Known
from gradsheet.typesetting import latex
from syntax import formulas
from syntax.meanings import meaning

FAMILY = Known(2, family=True)
FUNCTION = Known(0, function=True)
NAMES = LANGUAGE.within(
    {
        **dict.fromkeys("a b c n L T".split(), Known(0)),
        **dict.fromkeys("x y z v w δ ŷ w_out Δw".split(), Known(1)),
        **dict.fromkeys("A B S W W1".split(), Known(2)),
        "h": FAMILY,
        "U": Known(3, family=True),
        "λ_1": Known(0),
        "loss": Known(0),
        "f": FUNCTION,
        "f3": FUNCTION,
    }
)


def read(text: str) -> Expression:
    source = Source(text)
    return parse_latex_expression(source, Diagnostics(source), NAMES)


ROWS = [
    # fractions, powers, roots
    (r"\frac{1}{2} x", "1/2 x"),
    (r"\frac12 x", "1/2 x"),
    (r"\frac{a}{b} c", "a/b c"),
    (r"c \frac{a}{b}", "c (a/b)"),
    (r"\dfrac{a + b}{\sqrt{c}}", "(a + b) / (sqrt(c))"),
    (r"x^2", "x²"),
    (r"x^{2}_i", "x[i]²"),
    (r"x_i^2", "x[i]²"),
    (r"e^{-\frac{1}{2} a^2}", "e^(-1/2 a²)"),
    (r"a^{1/2}", "a^(1/2)"),
    (r"\sqrt{x + 1}^{2}", "sqrt(x + 1)²"),
    (r"\sqrt[3]{a}", "(a)^(1 / (3))"),
    (r"{x_i}^2", "x[i]²"),
    (r"{a}{b}", "a b"),
    ("½ x² + x₁", "½ x² + x[1]"),
    # transposes and primes
    (r"A^{\top} B", "Aᵀ B"),
    (r"A^T B", "A^T B"),
    (r"A^{\mathsf{T}} B", "Aᵀ B"),
    (r"A^{-\top}", "A⁻¹ᵀ"),
    (r"\left(\frac{\partial L}{\partial x}\right)^\top", "(∂L/∂x)ᵀ"),
    (r"\sigma'(z)", "σ'(z)"),
    (r"f'_3(x)", "f3' (x)"),
    (r"f^{(4)}(x)", "f'''' (x)"),
    # names, and what stands below and above them
    (r"W_1 x", "W1 x"),
    (r"W_{1}x", "W1 x"),
    (r"[W_1]_{i,j}", "W1[i,j]"),
    (r"W_{i,j}", "W[i,j]"),
    (r"W_{ij}", "W[i,j]"),
    (r"W_{12}", "W[1,2]"),
    (r"x_1", "x[1]"),
    (r"x_{i+1}", "x[i+1]"),
    (r"x_{2i}", "x[2 i]"),
    (r"A_{:,i}", "A[:,i]"),
    (r"x[i]", "x[i]"),
    (r"h^{(l)}", "h[l]"),
    (r"h^{[l-1]}", "h[l-1]"),
    (r"h_l", "h[l]"),
    (r"h^{(l)2}", "h[l]²"),
    (r"h^{(l)\top}", "h[l]ᵀ"),
    (r"U^{(2)T} x", "U[2]^T x"),
    (r"h_i^{(l)}", "h[l][i]"),
    (r"\hat y - y", "ŷ - y"),
    (r"\hat{y}_i", "ŷ[i]"),
    (r"\mathbf{x}^\top \boldsymbol{w}", "xᵀ w"),
    (r"\lambda_1", "λ_1"),
    (r"\Delta w", "Δw"),
    (r"{\Delta w}_{i}", "Δw[i]"),
    (r"\mathrm{loss}", "loss"),
    (r"w_{out}", "w_out"),
    (r"\mathbf{w}_{\text{out}}", "w_out"),
    (r"\mathcal{L} + \mathbf{z}", "L + z"),
    # functions
    (r"\log x_i", "log x[i]"),
    (r"\log\frac{a}{b}", "log(a/b)"),
    (r"\log_2 a", "log2 a"),
    (r"\tanh^2(z)", "tanh²(z)"),
    (r"\sigma(z)_i", "σ(z)[i]"),
    (r"\operatorname{softmax}(z)", "softmax(z)"),
    (r"softmax(z)", "softmax(z)"),
    (r"\max\{0, x\}", "max(0, x)"),
    (r"\exp\left[-\frac{a}{2}\right]", "exp(-a/2)"),
    (r"f[x]", "f (x)"),
    (r"\langle x, y \rangle", "dot (x, y)"),
    (r"p(x_{i} = 1 \mid v)", "p (x[i] = 1 | v)"),
    # brackets
    (r"\left[ a - b \right] c", "(a - b) c"),
    (r"a [x > 0]", "a [x > 0]"),
    (r"\mathbb{1}_{x > 0} a", "[x > 0] a"),
    (r"\mathbb{I}\{x > 0\}", "[x > 0]"),
    (r"[a, b]", "[a, b]"),
    (r"\bigl(a + b\bigr) c", "(a + b) c"),
    (r"\|x - y\|_2^2", "‖x - y‖₂²"),
    (r"\left\| W_1 \right\|_F", "‖W1‖_F"),
    (r"\left| \frac{a}{b} \right|", "|a/b|"),
    (r"\lVert x \lVert y \rVert \rVert", "‖x (‖y‖)‖"),
    # sums
    (r"\sum_i x_i y_i", "sum[i] x[i] y[i]"),
    (r"\sum\limits_{i=1}^n x_i", "sum[i in 1..n] x[i]"),
    (r"\sum^{n}_{i=1} x_i", "sum[i in 1..n] x[i]"),
    (r"\sum_{ij} A_{ij}", "sum[i, j] A[i,j]"),
    (r"\sum_{i \in \{1, \dots, n\}} x_i", "sum[i in 1..n] x[i]"),
    (r"\sum_{i=1,\dots,n} x_i", "sum[i in 1..n] x[i]"),
    (r"\max_{j} S_{i,j}", "max[j] S[i,j]"),
    (r"\operatorname{softmax}_{j}(S_{i,j})", "softmax[j](S[i,j])"),
    (r"\operatorname{lse}_k(z_k)", "logsumexp[k](z[k])"),
    # signs
    (r"x \circ y \oslash z", "x ⊙ y ⊘ z"),
    (r"x \cdot y + 2 \times 3", "x · y + 2 × 3"),
    (r"a = b \leq c < 3", "a = b ≤ c < 3"),
    (r"a \neq b \text{ and } \lnot (b > c)", "a ≠ b and not (b > c)"),
    (r"i \in \{1, 2, \dots, n\}", "i ∈ 1..n"),
    # derivatives
    (r"\frac{\partial L}{\partial W_1}", "∂L/∂W1"),
    (r"\frac{\partial L}{\partial [W_1]_{i,j}}", "∂L/∂W1[i,j]"),
    (r"\frac{\partial L}{\partial h^{(l)}}", "∂L/∂h[l]"),
    (r"\frac{\partial^2 L}{\partial a^2}", "∂²L/∂a²"),
    (r"\frac{\partial^{2} L}{\partial w_i \partial w_j}", "∂²L/∂w[i]∂w[j]"),
    (r"\frac{dL}{da}", "dL/da"),
    (r"\frac{\mathrm{d}L}{\mathrm{d}W_1}", "∂L/∂W1"),
    (r"\frac{\partial}{\partial a} (a^2 + b) + c", "∂(a² + b)/∂a + c"),
    (r"\partial^2 L / \partial a^2", "∂²L/∂a²"),
    # rows
    (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "[1, 2; 3, 4]"),
    (r"\begin{pmatrix} a \\ b \end{pmatrix}", "[a; b]"),
    (r"\begin{bmatrix} 1 & 2 \end{bmatrix}", "[[1, 2]]"),
    (r"\left(\begin{array}{cc} 1 & 0 \\ 0 & 1 \\[2pt] \end{array}\right) x", "([1, 0; 0, 1]) x"),
    (r"\begin{cases} a & \text{if } b > 0 \\ c & \text{otherwise} \end{cases}", "a if b > 0 else c"),
    (r"\begin{cases} a, & b > 0, \\ c, & b < 0, \\ 0 & \text{else} \end{cases}", "a if b > 0 else c if b < 0 else 0"),
    (r"\begin{cases} 1 & \text{if $a > 0$ and } b = 1, c = 2 \\ 0 & \text{oth.} \end{cases}",
     "1 if (a > 0 and b = 1) and c = 2 else 0"),
    (r"\left\{ \begin{array}{ll} a & b = 1 \\ c & \text{otherwise} \end{array} \right.", "a if b = 1 else c"),
    (r"\begin{aligned} &a + b \\ &+ c \end{aligned}", "a + b + c"),
    # what only moves ink
    (r"\underbrace{W_1 x}_{n \times 1} + b", "W1 x + b"),
    (r"\underbrace{A x}_{\text{error signal}}", "A x"),
    (r"\color{red} a + \textcolor{blue}{b} \hspace{1em} c", "a + b c"),
    (r"a \quad b \, c \! {} ~ b % a remark", "a b c b"),
    ("$a$", "a"),
    (r"\[ a \]", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_it_is_the_plain_formula(text: str, expected: str):
    assert plain(read(text)) == expected


REFUSED = [
    ("x_10", "GS109", 2, "sets 1 alone"),
    ("1e-3", "GS109", 0, "two readings"),
    (r"{a + b}^2", "GS109", 0, "braces do not show"),
    (r"W^{(2)}", "GS109", 0, "no member of a family"),
    (r"\nabla L", "GS108", 0, "∇"),
    (r"\foo x", "GS108", 0, r"\foo"),
    (r"\newcommand{\x}{y}", "GS108", 0, "macros"),
    (r"x + \dots + y", "GS108", 4, "dots"),
    (r"\sum_{i \neq j} x_i", "GS108", 8, "condition"),
    (r"\begin{foo} a \end{foo}", "GS108", 0, "foo"),
    (r"\begin{vmatrix} a \end{vmatrix}", "GS108", 0, "bars"),
    (r"5\%", "GS108", 1, "percent"),
    (r"x^*", "GS108", 2, "star"),
    (r"\hat{xy}", "GS108", 0, "more than one letter"),
    (r"\frac{a}", "GS102", 8, "without its argument"),
    (r"x^{a}^{b}", "GS102", 5, "two superscripts"),
    (r"x_i_j", "GS102", 3, "two subscripts"),
    (r"^2", "GS102", 0, "nothing stands before"),
    (r"a & b", "GS102", 2, "&"),
    (r"a \\ b", "GS102", 2, "end of line"),
    (r"x \approx y", "GS102", 2, "≈"),
    (r"\begin{bmatrix} 1 & \\ 2 & 3 \end{bmatrix}", "GS102", 20, "empty"),
    (r"\begin{cases} a & b > 0 \end{cases}", "GS102", 0, "otherwise"),
    (r"\frac{\partial L}{\partial a \partial b}", "GS102", 0, "order 1 by 2"),
    (r"\frac{\partial L}{W}", "GS102", 18, "∂"),
    (r"( a + b", "GS103", 0, "not closed"),
    (r"a + b)", "GS103", 5, "closes nothing"),
    (r"\left( a \right]", "GS103", 0, "stands where"),
    (r"\frac{a}{", "GS103", 8, "not closed"),
    (r"\begin{bmatrix} 1 & 2", "GS103", 0, "not closed"),
    (r"\begin{bmatrix} 1 \end{pmatrix}", "GS103", 18, "ends with"),
    (r"$a", "GS103", 0, "not closed"),
    ("x!", "GS101", 1, "!"),
    ("7" * 6000, "GS105", 0, "6000 digits"),
]


@pytest.mark.parametrize(("text", "code", "place", "phrase"), REFUSED, ids=[row[0][:30] for row in REFUSED])
def test_it_is_refused_where_it_stands(text: str, code: str, place: int, phrase: str):
    with pytest.raises(SheetError) as caught:
        read(text)
    (found,) = caught.value.diagnostics
    assert (found.code, found.span.start) == (code, place), found
    assert phrase in f"{found.message} {found.expected}", found
    assert str(found.suggestion or found.expected), found


def test_a_name_beside_an_array_of_the_same_letter_is_said():
    source = Source("W_1 x")
    diagnostics = Diagnostics(source)
    parse_latex_expression(source, diagnostics, NAMES)
    assert "[W]_{1}" in diagnostics.remarks[0].message


def test_two_names_that_paper_has_alike_are_refused():
    source = Source("x_1")
    names = NAMES.within({"x1": Known(0), "x₁": Known(0)})
    with pytest.raises(SheetError, match="'x1' and 'x₁'"):
        parse_latex_expression(source, Diagnostics(source), names)
    exact = Source(r"\mathrm{x1}")
    assert plain(parse_latex_expression(exact, Diagnostics(exact), names)) == "x1"


def test_without_names_what_stands_below_waits():
    source = Source(r"W_{1} x")
    tree = parse_latex_expression(source, Diagnostics(source))
    waiting = next(node for node in walk(tree) if isinstance(node, Lowered))
    assert source.text[waiting.span.start : waiting.span.end] == "W_{1}"


def test_every_node_knows_its_place():
    text = r"\frac{\partial L}{\partial W_1} = \hat{y}_{i}^{2} + \sqrt{x}"
    tree = read(text)
    places = {plain(node): text[node.span.start : node.span.end] for node in walk(tree) if isinstance(node, Expression)}
    assert places["∂L/∂W1"] == r"\frac{\partial L}{\partial W_1}"
    assert places["ŷ[i]²"] == r"\hat{y}_{i}^{2}"
    assert places["ŷ"] == r"\hat{y}"
    assert places["W1"] == "W_1"


def test_an_equation_comes_with_its_ranges():
    ranges = r"\qquad \text{for } l = 1, \dots, n, \quad i = 1, 2, \quad m = 3"
    source = Source(r"\frac{\partial L}{\partial h_{l}} = U_{l}^{\top} x " + ranges)
    found = parse_latex_equation(source, Diagnostics(source), NAMES)
    assert (plain(found.left), plain(found.right)) == ("∂L/∂h[l]", "U[l]ᵀ x")
    assert [(r.name.key, plain(r.domain)) for r in found.ranges] == [("l", "1..n"), ("i", "1..2"), ("m", "3..3")]


# ---------------------------------------------------------------- what is printed is read

_many = settings(deadline=None, derandomize=not THOROUGH, suppress_health_check=list(HealthCheck))
_KNOWN = dict.fromkeys([*formulas.KEYS, *"ijktlncm"], Known()) | {"f": FUNCTION}
PRINTED = LANGUAGE.within(_KNOWN)
ARE_FUNCTIONS = FUNCTIONS | {*formulas.FUNCTIONS}


@settings(_many, max_examples=examples(300, 20_000))
@given(formulas.formulas())
def test_a_printed_formula_means_what_it_meant(tree: Expression):
    text = latex(tree, functions=ARE_FUNCTIONS, names=formulas.KEYS)
    source = Source(text)
    again = parse_latex_expression(source, Diagnostics(source), PRINTED)
    assert meaning(again, ARE_FUNCTIONS) == meaning(tree, ARE_FUNCTIONS), f"{plain(tree)}\n{text}\n{plain(again)}"


# ---------------------------------------------------------------- limits

MANY = 10_000
DEEP = {
    "braces": "{" * MANY + "x" + "}" * MANY,
    "open braces": "{" * MANY,
    "brackets": r"\left(" * MANY + "x" + r"\right)" * MANY,
    "fractions": r"\frac{" * MANY + "x" + "}{2}" * MANY,
    "superscripts": "x^{" * MANY + "x" + "}" * MANY,
    "bare superscripts": "x^" * MANY + "x",
    "subscripts": "x_{" * MANY + "i" + "}" * MANY,
    "roots": r"\sqrt" * MANY + "x",
    "accents": r"\hat{" * MANY + "x" + "}" * MANY,
    "norms": r"\lVert " * MANY + "x" + r"\rVert" * MANY,
    "matrices": r"\begin{bmatrix}" * MANY + "x" + r"\end{bmatrix}" * MANY,
    "cases": r"\begin{cases} x & x > 0 \\ " * MANY,
    "sums": r"\sum_i " * MANY + "x",
    "minus signs": "-" * MANY + "x",
    "entries": "x" + "[1]" * MANY,
    "operators": r"\frac{\partial}{\partial x}" * MANY + "x",
    "words": r"\text{$" * MANY,
    "sizes": r"\left" * MANY + "( x )",
    "faces": r"\mathbf" * MANY + "x",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_nesting_is_one_clear_diagnostic(text: str):
    with pytest.raises(SheetError) as caught:
        read(text)
    codes = {found.code for found in caught.value.diagnostics}
    assert codes <= {"GS104", "GS103", "GS102", "GS108"}, codes
    assert len(caught.value.diagnostics) == 1


LONG = {
    "terms": " + ".join(["x_1"] * MANY),
    "factors": r" \cdot ".join([r"\frac{a}{b}"] * 2000),
    "a matrix": r"\begin{bmatrix}" + r" \\ ".join(["1 & 2"] * MANY) + r"\end{bmatrix}",
    "white space": "x" + r"\quad " * MANY,
    "remarks": "x" + "% nothing\n" * MANY,
    "letters": "x" * MANY,
    "digits": "x + " + "7" * 4999,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_long_formulas_are_read(text: str):
    read(text)


PIECES = (
    r"\frac { } { } ^ _ x W_1 \hat \mathbf \mathrm{ab} \left( \right) \left. \right. [ ] ( ) | \| \lVert \rVert \sum "
    r"_{i} _{i=1} ^{n} \partial L d \begin{bmatrix} \end{bmatrix} \begin{cases} \end{cases} & \\ \text{if } \text{ "
    r"\sqrt \log \underbrace \dots , ; : = \in < \leq \to + - \cdot / ' \prime \top 1 .5 e \% % $ $$ \( \) \{ \} ~ "
    r"\, \foo ² ₁ ŷ \\[2pt]"
).split(" ")


@settings(_many, max_examples=examples(400, 20_000))
@given(st.lists(st.sampled_from([*PIECES, " "]), max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str):
    source = Source(text)
    for names in (None, NAMES):
        try:
            tree = parse_latex_expression(source, Diagnostics(source), names)
        except SheetError as problem:
            for found in problem.diagnostics:
                assert found.code in CODES
                assert found.span is not None
                assert 0 <= found.span.start <= found.span.end <= len(text), (text, found)
        else:
            assert plain(tree)
