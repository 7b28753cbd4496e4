r"""Notebooks, pages in HTML, documents without TeX, and front matter."""

from __future__ import annotations

import json

import pytest

from gradsheet.diagnostics import Source
from gradsheet.manuscripts import Formula, Prose, load_yaml, read_manuscript
from gradsheet.manuscripts.plain import is_formula_line


def notebook(*cells: tuple[str, str]) -> str:
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": kind, "source": text} for kind, text in cells]})


def test_a_notebook_is_read_from_its_markdown_cells():
    text = notebook(("markdown", "# One\n$x$"), ("code", "y = '$z$'"), ("markdown", "$$\nw\n$$"), ("raw", "$v$"))
    page = read_manuscript(text, kind="notebook")
    assert [(f.number, f.latex, tuple(f.place)) for f in page.formulas] == [(1, "x", (2, 1, 1)), (2, "w", (1, 1, 3))]
    assert page.source.text == "# One\n$x$\n\n$$\nw\n$$\n\n"
    for formula in page.formulas:
        assert page.source.text[formula.start :].startswith(formula.text)


def test_lists_of_lines_macros_and_front_matter_go_through_a_notebook():
    cells = [
        {"cell_type": "raw", "source": "---\nsheet: a.sheet\n---\n"},
        {"cell_type": "markdown", "source": ["$\\newcommand{\\R}", "{\\mathbb{R}}$\n", "a"]},
        {"cell_type": "markdown", "source": "open $$ only"},
        {"cell_type": "markdown", "source": "$\\R$ $$z$$"},
    ]
    page = read_manuscript(json.dumps({"cells": cells}), kind="notebook")
    assert page.front == {"sheet": "a.sheet"}
    assert [f.text for f in page.formulas] == ["", r"\mathbb{R}", "z"]
    assert [p.code for p in page.problems] == ["GS701"]


def test_a_notebook_without_tex_is_read_for_plain_formulas():
    page = read_manuscript(notebook(("markdown", "so\n\ndL/dW = δ xᵀ"), ("code", "z = 1")), kind="notebook")
    assert [(f.latex, f.spelling, f.place.line) for f in page.formulas] == [("dL/dW = δ xᵀ", "plain", 3)]


@pytest.mark.parametrize("text", ['{"cells": [', "[]", "3", '{"cells": 3}', "[" * 100_000, '{"a": ' * 50_000, ""])
def test_a_notebook_that_is_none_is_said(text: str):
    page = read_manuscript(text, kind="notebook")
    assert page.pieces == ()
    assert [p.code for p in page.problems] == ["GS701"]


KATEX = (
    '<span class="katex-display"><span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi>'
    '<annotation encoding="application/x-tex">x &gt; 0</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true">x</span></span></span>'
)

PAGES = [
    (r"<p>As \(x\) and \[y = 1\]</p>", [("x", False), ("y = 1", True)]),
    ("<p>$x$ costs $5 and $$y$$</p>", [("x", False), ("y", True)]),
    (r"\begin{align}a &amp;= b\end{align}", [(r"\begin{align}a &= b\end{align}", True)]),
    (r"<p>\(a &lt; b\), \(c < d\), \(e &#62; f\)</p>", [("a < b", False), ("c < d", False), ("e > f", False)]),
    (
        '<math display="block"><mi>x</mi><annotation encoding="application/x-tex">x_1</annotation></math>',
        [("x_1", True)],
    ),
    (
        KATEX + " \\(y\\)",
        [("x > 0", True), ("y", False)],
    ),
    ('<script type="math/tex; mode=display">a < b</script>', [("a < b", True)]),
    ('<script type="math/tex">a</script><script>b = "$c$"</script>', [("a", False)]),
    (r'<span class="math inline">\(x\)</span><span class="math display">\[y\]</span>', [("x", False), ("y", True)]),
    ('<span class="math inline">x^2</span>', [("x^2", False)]),
    ('<math alttext="\\frac{1}{2}"><mn>1</mn></math>', [(r"\frac{1}{2}", False)]),
    ("<pre>$x$</pre><code>$y$</code><style>$z$</style><!-- $u$ --><b>$v$</b>", [("v", False)]),
    ("<p>open \\(x</p><p>y\\) \\(z\\)</p>", [("z", False)]),
    ("<p>a<br>\\(x\\)<br/>b", [("x", False)]),
    ("<p>if a<b and &#x then \\(x\\) <a \\(y\\)", [("x", False), ("y", False)]),
]


@pytest.mark.parametrize(("text", "formulas"), PAGES, ids=[row[0][:40] for row in PAGES])
def test_a_page_in_html_is_read(text: str, formulas: list[tuple[str, bool]]):
    page = read_manuscript(text, kind="html")
    assert [(f.latex, f.display) for f in page.formulas] == formulas
    assert page.problems == ()
    for formula in page.formulas:
        for at, sign in enumerate(formula.text):
            origin = page.source.text[formula.origin(at)]
            assert origin in (sign, "&", "<")


def test_words_of_a_page_come_in_blocks():
    page = read_manuscript(r"<h2>One</h2><p>So <em>that</em> \(x\)</p><ul><li>a</li><li><s>\(y\)</s></ul>", kind="html")
    said = [(p.kind, p.text) for p in page.pieces if isinstance(p, Prose) and p.text]
    assert said == [("heading", "One"), ("text", "So that "), ("item", "a")]
    assert [(f.latex, f.struck, f.place.column) for f in page.formulas] == [("x", False, 33), ("y", True, 63)]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("<math><mi>x</mi></math>", "MathML without TeX"),
        ('<span class="math inline"><em>x</em></span>', "set in HTML"),
        ("<p><math><mi>x</mi>", "not closed"),
    ],
)
def test_a_formula_without_its_tex_is_said(text: str, phrase: str):
    page = read_manuscript("<p>\n" + text, kind="html")
    assert page.formulas == []
    assert [(p.code, p.to_json()["line"]) for p in page.problems] == [("GS701", 2)]
    assert phrase in page.problems[0].message


def test_a_page_without_tex_is_read_for_plain_formulas():
    text = "<p>The loss</p><p>L = ½ (y − t)²</p><pre>z = W x\nh = tanh(z)</pre><p>is L = 3.</p>"
    page = read_manuscript(text, kind="html")
    assert [f.latex for f in page.formulas] == ["L = ½ (y − t)²", "z = W x", "h = tanh(z)"]


LINES = [
    ("dL/dW = δ xᵀ", True),
    ("z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾", True),
    ("∂L/∂z_i = p_i − y_i   (softmax)", True),
    ("∂L/∂z_i = p_i − y_i, where p = softmax(z)", True),
    ("W ← W − η ∂L/∂W", True),
    ("w ← w − 0.1·8 = 0.2 (check!)", True),
    ("z = 0.5·2 + 1 = 2 and h = relu(z) = 2", True),
    ("we know z = 2 and h = 3", False),
    ("loss = -sum(y * log(p))", True),
    ("= (y − t) z₃", True),
    ("h[t] = tanh(W h[t-1] + U x[t])", True),
    ("x ∈ ℝ^n", True),
    ("so z = W x + b follows", False),
    ("The loss is L = 3.", False),
    ("we set x = 1 and go on", False),
    ("Which is E = m c²?", False),
    ("======", False),
    ("a -> b", False),
    ("W x + b", False),
    ("<b>bold</b>", False),
    ("", False),
]


@pytest.mark.parametrize(("line", "formula"), LINES, ids=[row[0] for row in LINES])
def test_a_line_is_a_formula_or_prose(line: str, formula: bool):  # noqa: FBT001 - a column of the table
    assert is_formula_line(line) == formula


PLAIN = """Question 1

Forward pass: z = W x + b
so z = W x + b follows, and we are done.

    δ = p - y
    then ∂L/∂W = δ xᵀ

```
h = tanh(z)
  = 3
words only
W x + b
# a comment with a = b
```
```python
x = 1
```
- dL/db = δ
* **L = 2 \\* x**

Title = 3
=========

> q = r
1. s = t
"""


def test_a_document_without_tex_is_read_by_lines():
    page = read_manuscript(PLAIN)
    assert [(f.place.line, f.place.column, f.text) for f in page.formulas] == [
        (3, 15, "z = W x + b"),
        (6, 5, "δ = p - y"),
        (7, 10, "∂L/∂W = δ xᵀ"),
        (10, 1, "h = tanh(z)"),
        (11, 3, "= 3"),
        (13, 1, "W x + b"),
        (19, 3, "dL/db = δ"),
        (20, 5, "L = 2 * x"),
        (22, 1, "Title = 3"),
        (25, 3, "q = r"),
        (26, 4, "s = t"),
    ]
    assert {(f.spelling, f.display) for f in page.formulas} == {("plain", True)}
    label = page.pieces[page.pieces.index(page.formulas[0]) - 1]
    assert isinstance(label, Prose)
    assert label.text == "Forward pass: "


def test_a_word_before_a_formula_is_no_part_of_it_unless_a_sentence_goes_on():
    page = read_manuscript("We choose W = 2 here\nand b = 1\nfor the layer.\n\nSo y = 3\nwhere b = 1\n")
    assert [(f.latex, f.place.line, f.place.column) for f in page.formulas] == [("y = 3", 5, 4), ("b = 1", 6, 7)]


def test_a_text_is_read_for_tex_first():
    assert [f.spelling for f in read_manuscript("$x$\n\ny = z\n", kind="text").formulas] == ["latex"]
    assert [f.spelling for f in read_manuscript("y = z\n", kind="text").formulas] == ["plain"]


def test_bare_commands_in_a_document_without_delimiters_are_latex():
    (formula,) = read_manuscript("\\frac{\\partial L}{\\partial w} = 2 x\n").formulas
    assert (formula.spelling, formula.display) == ("latex", True)


# ------------------------------------------------------------ front matter


def test_front_matter_is_plain_data():
    block = "sheet: mlp.sheet\ngiven: {x: [1, 0.5, 1e-3], n: 010}\non: no\nday: 2024-01-01\n"
    page = read_manuscript(f"\n---\n{block}---\n$x$")
    assert page.front == {
        "sheet": "mlp.sheet",
        "given": {"x": [1, 0.5, 0.001], "n": 10},
        "on": "no",
        "day": "2024-01-01",
    }
    assert page.front_line == 3
    assert [(f.latex, f.place.line) for f in page.formulas] == [("x", 8)]


@pytest.mark.parametrize(
    ("body", "line", "phrase"),
    [
        ("a: 1\nb: [1,", 4, "expected"),
        ("a: &x 1\nb: *x", 2, "anchors"),
        ("a: 1\na: 2", 3, "twice"),
        ("a: !!python/object:os.system x", 2, "tags"),
        ("a: !!binary aGk=", 2, "tags"),
        ("a: " + "[" * 100, 2, "levels deep"),
        ("? [a]\n: b", 2, "no word"),
        ("a: " + "x" * 300_000, 2, "262,144"),
        ("a: \x01", 2, ""),
    ],
)
def test_broken_front_matter_is_said_and_the_rest_is_read(body: str, line: int, phrase: str):
    page = read_manuscript(f"---\n{body}\n---\n$x$\n")
    assert page.front == {}
    if body.startswith("?"):
        return  # no key at the head: words between two rules
    (problem,) = page.problems
    assert (problem.code, problem.to_json()["line"]) == ("GS702", line)
    assert phrase in problem.message
    assert [f.latex for f in page.formulas] == ["x"]


def test_words_between_two_rules_are_no_front_matter():
    page = read_manuscript("---\n\nSome words.\n\n---\n\n$x$\n")
    assert (page.front, page.problems) == ({}, ())
    assert [f.latex for f in page.formulas] == ["x"]
    assert "Some words." in "".join(p.text for p in page.pieces if isinstance(p, Prose))


def test_yaml_with_aliases_grows_into_nothing():
    bomb = "a: &a [x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    data, problem = load_yaml(bomb, Source(bomb))
    assert data is None
    assert problem is not None


def test_pieces_of_every_format_are_in_order_and_numbered():
    pages = {"markdown": "a $x$ b $$y$$", "html": "<p>a \\(x\\) b</p>$$y$$", "latex": "a $x$ b \\[y\\]"}
    for kind, text in pages.items():
        page = read_manuscript(text, kind=kind)
        assert [f.number for f in page.formulas] == [1, 2]
        assert [tuple(p.place) for p in page.pieces] == sorted(tuple(p.place) for p in page.pieces)
        assert isinstance(page.pieces[1], Formula)
