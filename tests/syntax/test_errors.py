"""What goes wrong says what, where, and what to write instead."""

from __future__ import annotations

import pytest

from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.syntax import parse_document, read_source
from gradsheet.syntax.statements import MOST_ERRORS
from syntax.trees import problems

ROWS = [
    # text, code, place of the caret (line, column), words of the message, words of the way out
    ("y = a ? b", "GS101", (1, 7), "unexpected character '?'", None),
    ("y = a ? $ & b", "GS101", (1, 7), "unexpected character '?'", None),
    ("y = a – b", "GS101", (1, 7), "unexpected character", "minus sign"),
    ("y = ∇L", "GS108", (1, 5), "∇", "∂L/∂W"),
    ("y = A @ B", "GS108", (1, 7), "`@`", "A B"),
    ("y = x**2", "GS108", (1, 6), "`**`", "x^2"),
    ("y = x ∀ i", "GS108", (1, 7), "∀", "for"),
    ("y = \\sigma(x)", "GS108", (1, 5), "backslash", "lambda"),
    ("y = 1…n", "GS108", (1, 6), "…", "1..n"),
    ("y = 1½", "GS102", (1, 6), "ambiguous", "1 + ½"),
    ("y = 1e5000", "GS105", (1, 5), "exponent", "4000"),
    ("y = 1e99999999999999999999", "GS105", (1, 5), "exponent", "4000"),
    ("y = " + "9" * 5001, "GS105", (1, 5), "5001 digits", "5000"),
    ("y = (a + b", "GS103", (1, 5), "`(` is not closed", "`)`"),
    ("y = a + b)", "GS103", (1, 10), "`)` closes nothing", None),
    ("y = (a + b]", "GS103", (1, 11), "`]` closes nothing", None),
    ("y = f([a)", "GS103", (1, 7), "`[` is not closed", "`]`"),
    ("y = a +", "GS102", (1, 8), "end of line", "an expression"),
    ("y = a + * b", "GS102", (1, 9), "unexpected `*`", "an expression"),
    ("y = a if b", "GS102", (1, 11), "end of line", "else"),
    ("y = |a", "GS102", (1, 7), "end of line", "`|`"),
    ("y = e^*", "GS102", (1, 7), "unexpected `*`", "an exponent"),
    ("y = ()", "GS102", (1, 6), "unexpected `)`", "an expression"),
    ("y = a; b = 2", "GS102", (1, 6), "`;`", "one statement on each line"),
    ("y = a b = 2", "GS102", (1, 5), "two `=`", "its own line"),
    ("y == a", "GS102", (1, 3), "`==` compares", "`=`"),
    ("y = [1 0]", "GS102", (1, 6), "two numbers", "[1, 0]"),
    ("y = [1 -1]", "GS102", (1, 6), "two numbers", "commas"),
    ("y = 2 [1, 0]", "GS102", (1, 7), "a list cannot follow", "2 * [1, 0]"),
    ("y = x[z > 0]", "GS102", (1, 7), "a condition cannot be an index", "space"),
    ("y = [1:2]", "GS102", (1, 6), "a slice", None),
    ("y = x[1; 2]", "GS102", (1, 5), "`;` inside an index", "commas"),
    ("y = W_{ij}", "GS102", (1, 6), "square brackets", "W[i]"),
    ("y = a^b'", "GS102", (1, 8), "prime", "(a^b)'"),
    ("y = e^-x'", "GS102", (1, 9), "prime", "brackets"),
    ("y = ‖x‖_", "GS102", (1, 9), "end of line", "‖x‖_1"),
    ("y = sum[i]", "GS102", (1, 5), "nothing follows", "an expression"),
    ("mean[l] = x", "GS102", (1, 1), "nothing follows", "a family cannot be called mean"),
    ("y = sum[1] x", "GS102", (1, 9), "number `1`", "the name of an index"),
    ("y = ∑ x", "GS102", (1, 7), "name `x`", "∑[i]"),
    ("y = Σ_{i=1} x", "GS102", (1, 13), "name `x`", "Σ_{i=1}^{N}"),
    ("y = sum[i in {0,1}] x", "GS102", (1, 14), "set of values", "{0,1}^n"),
    ("y = ∂/∂W L", "GS108", (1, 6), "operator", "∂L/∂W"),
    ("y = d/dx f", "GS108", (1, 5), "operator", "df/dx"),
    ("y = |x|_2", "GS102", (1, 8), "a subscript belongs to a norm", "‖x‖_1"),
    ("y = 1. x", "GS101", (1, 6), "a point without digits", "1.0"),
    ("y = ∂L", "GS102", (1, 7), "end of line", "`/∂`"),
    ("y = ∂²L/∂w", "GS102", (1, 5), "order 2 by 1 variable", "∂²L/∂w²"),
    ("y = ∂L/∂(W x)", "GS102", (1, 9), "unexpected `(`", "z = W x"),
    ("y = x + ℝ", "GS102", (1, 9), "ℝ is a set", "an expression"),
    ("x ∈ ℕ", "GS108", (1, 5), "natural numbers", "1..n"),
    ("x ∈ ℤ^n", "GS108", (1, 5), "integers", "a range"),
    ("x ∈ Real", "GS102", (1, 5), "not a set", "ℝ"),
    ("x ∈ one_hot(3)", "GS102", (1, 5), "not a set", "onehot(n)"),
    ("x ∈", "GS102", (1, 4), "end of line", "a set"),
    ("x ∈ ℝ diagonal", "GS102", (1, 7), "name `diagonal`", "symmetric"),
    ("x ∈ ℝ symetric", "GS102", (1, 7), "name `symetric`", "symmetric"),
    ("x ∈ ℝ^(4 y", "GS103", (1, 7), "`(` is not closed", None),
    ("f : ℝ → x", "GS102", (1, 9), "name `x`", "f : ℝ → ℝ"),
    ("paramters W1, b1", "GS102", (1, 1), "unknown statement `paramters`", "parameters"),
    ("params W1", "GS102", (1, 1), "unknown statement `params`", "parameters"),
    ("minimze L", "GS102", (1, 1), "unknown statement `minimze`", "minimize"),
    ("fro i in 1..N\n  z[i] = 1", "GS102", (1, 1), "unknown statement `fro`", "for"),
    ("givn x = 1", "GS102", (1, 1), "unknown statement `givn`", "given"),
    ("L", "GS102", (1, 1), "neither declares nor defines", "`=`"),
    ("2 x = 3", "GS102", (1, 1), "starts with one name", "a name"),
    ("|x| ∈ ℝ", "GS102", (1, 1), "starts with names", "a name"),
    ("a, b = 2", "GS102", (1, 6), "several names", "one equation for each name"),
    ("∂L/∂w = 2", "GS102", (1, 1), "a derivative follows from the equations", None),
    ("w ← 2", "GS102", (1, 3), "`update` block", "`=`"),
    ("a > 0 = b", "GS102", (1, 7), "unexpected `=`", "≤"),
    ("for i in 1..N", "GS102", (1, 1), "`for` has no body", "an indented line"),
    ("given\nx = 1", "GS102", (1, 1), "`given` has no body", "an indented line"),
    ("update", "GS102", (1, 1), "`update` has no body", "an indented line"),
    ("for i\n  z = 1", "GS102", (1, 6), "end of line", "i in 1..n"),
    ("for i in N\n  z = 1", "GS102", (1, 10), "a range has two ends", "i in 1..n"),
    ("z = x for i", "GS102", (1, 12), "end of line", "i in 1..n"),
    ("update\n  w -= 1", "GS108", (2, 5), "`-=`", "w ← w - …"),
    ("update\n  w", "GS102", (2, 4), "end of line", "`←`"),
    ("given x", "GS102", (1, 8), "end of line", "`=` and a value"),
    ("parameters W[l]", "GS102", (1, 13), "without its index", "W"),
    ("sizes n = 3", "GS102", (1, 9), "a size is only named", "given n"),
    ("sizes n[3]", "GS102", (1, 7), "one range", "n[0..D]"),
    ("minimize L by", "GS102", (1, 14), "end of line", "sgd"),
    ("minimize L by sgd(0.1)", "GS102", (1, 19), "number `0.1`", "η = 0.1"),
    ("minimize L by sgd(η 0.1)", "GS102", (1, 21), "number `0.1`", "sgd(η = 0.1)"),
    ("a = 1\n  b = 2", "GS107", (2, 3), "unexpected indentation", "`for`"),
    ("for i in 1..2\n    a = 1\n  b = 2", "GS107", (3, 3), "like no line above", "a line above"),
]


@pytest.mark.parametrize(("text", "code", "place", "message", "way_out"), ROWS, ids=[row[0][:40] for row in ROWS])
def test_one_mistake_gives_one_diagnostic(text, code, place, message, way_out):
    source = Source(text)
    diagnostics = Diagnostics(source)
    parse_document(source, diagnostics)
    assert len(diagnostics.errors) == 1, [d.message for d in diagnostics.errors]
    (problem,) = diagnostics.errors
    assert problem.code == code
    assert problem.span is not None
    assert source.position(problem.span.start) == place
    assert message in problem.message
    if way_out is not None:
        assert way_out in f"{problem.expected} {problem.suggestion}"


def test_independent_mistakes_are_reported_together_and_the_rest_is_read():
    text = "a = (1\nb = 2 +* 3\nc = 4\nfor i in 1..3\n  d[i] = )\n  e[i] = 1\nfor i im 3\n  f[i] = ?\ng = 5\n"
    source = Source(text)
    diagnostics = Diagnostics(source)
    document = parse_document(source, diagnostics)
    assert [source.position(d.span.start)[0] for d in diagnostics.errors if d.span] == [1, 2, 5, 7, 8]
    assert len(document.statements) == 3


def test_an_unclosed_bracket_does_not_swallow_the_statements_below():
    found = problems("y = f(x\nz = g(y)\nw = h)\n")
    assert [code for code, _ in found] == ["GS103", "GS103"]


def test_at_most_twenty_mistakes_are_shown():
    assert len(problems("x = 1 +\n" * 100)) == MOST_ERRORS
    assert len(problems("x = ?\n" * 100)) == MOST_ERRORS


def test_an_operator_at_the_end_of_a_line_does_not_swallow_the_next_statement():
    assert problems("a = 1 +\nb = 2\nparameters a\n") == [("GS102", "unexpected end of line")]
    assert problems("a = 1 +\nparameters a\n") == [("GS102", "unexpected end of line")]


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (b"a = \xff", "GS002", "byte 4 is not UTF-8"),
        (b"\xff\xfea\x00", "GS002", "UTF-16"),
        ("a = \ud800", "GS002", "surrogate"),
        (b"a\x00", "GS001", "NUL"),
        (b"#" * (8 * 1024 * 1024 + 1), "GS003", "too many"),
        ("é" * (4 * 1024 * 1024 + 1), "GS003", "too many"),
    ],
    ids=["not UTF-8", "UTF-16", "surrogate", "NUL", "too large", "too large in UTF-8"],
)
def test_bytes_that_are_no_sheet(data, code, message):
    with pytest.raises(SheetError) as caught:
        read_source(data, "a.sheet")
    assert caught.value.diagnostics[0].code == code
    assert message in str(caught.value)
