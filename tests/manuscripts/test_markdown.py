r"""What Markdown holds: formulas in every spelling, with their places; money, code and words left alone."""

from __future__ import annotations

import pytest

from gradsheet.manuscripts import Formula, Manuscript, Prose, read_manuscript


def latex(text: str) -> list[str]:
    return [formula.latex for formula in read_manuscript(text).formulas]


def stands_there(page: Manuscript) -> None:
    """Every formula that nothing was put into stands in the source where it says."""
    for formula in page.formulas:
        if formula.offsets is None:
            at = formula.start
            assert page.source.text[at : at + len(formula.text)] == formula.text
            assert formula.text.strip() == formula.latex
        else:
            assert len(formula.offsets) == len(formula.text) + 1
            assert list(formula.offsets) == sorted(formula.offsets) or formula.text != formula.latex


SPELLINGS = [
    ("$x$", ["x"], False),
    ("the rate $\\eta = 0.1$.", [r"\eta = 0.1"], False),
    ("$$x = y$$", ["x = y"], True),
    ("so $$x = y$$ holds", ["x = y"], True),
    ("$$\nx\n= y\n$$", ["x\n= y"], True),
    ("$$\nx\n\n= y\n$$", ["x\n\n= y"], True),
    (r"\(x\)", ["x"], False),
    (r"\[x = y\]", ["x = y"], True),
    ("\\[\nx = y\n\\]", ["x = y"], True),
    (r"\\(x\\)", ["x"], False),
    (r"\\[x = y\\]", ["x = y"], True),
    ("$`x_1`$", ["x_1"], False),
    ("```math\nx = y\n```", ["x = y"], True),
    ("~~~ math\nx = y\n~~~", ["x = y"], True),
    ("- step\n  ```math\n  x = y\n  ```", ["x = y"], True),
    (r"\begin{align} a &= b \\ c &= d \end{align}", [r"\begin{align} a &= b \\ c &= d \end{align}"], True),
    (r"\begin{eqnarray*} a &=& b \end{eqnarray*}", [r"\begin{eqnarray*} a &=& b \end{eqnarray*}"], True),
    (r"\begin{aligned} a &= b \end{aligned}", [r"\begin{aligned} a &= b \end{aligned}"], True),
    (r"\begin{equation} a = b \end{equation}", ["a = b"], True),
    (r"\begin{math} a = b \end{math}", ["a = b"], False),
    (r"$$\begin{align} a &= b \end{align}$$", [r"\begin{align} a &= b \end{align}"], True),
    ("> $$\n> x = y\n> $$", ["x = y"], True),
    ("| a | $x_1$ |\n|---|---|", ["x_1"], False),
    ("# On $x$", ["x"], False),
    ("    $$x = y$$", ["x = y"], True),
    (r"$\text{if $u$ holds, } v$", [r"\text{if $u$ holds, } v"], False),
    (r"$$a \text{ for \$5} \\$$", [r"a \text{ for \$5} \\"], True),
    ("$a < b$ and $c &lt; d$", ["a < b", "c < d"], False),
]


@pytest.mark.parametrize(("text", "formulas", "display"), SPELLINGS, ids=[row[0] for row in SPELLINGS])
def test_a_formula_is_found(text: str, formulas: list[str], display: bool):  # noqa: FBT001 - a column of the table
    page = read_manuscript(text)
    assert [f.latex for f in page.formulas] == formulas
    assert {f.display for f in page.formulas} == {display}
    assert page.problems == ()
    stands_there(page)


MONEY = [
    ("It costs $5 and $10.", []),
    ("It costs $5, not $x$.", ["x"]),
    ("5$ and 10$ and 15$", []),
    ("5$, 10$, 15$", []),
    ("US$5 or US$6", []),
    ("He paid $20 for a book and got 5$ back.", []),
    (r"\$5 and \$x$", []),
    ("between $5 and 10$ or so", []),
    ("- $5 for a\n- $10 for b", []),
    ("$ x_1 $ of $ n $ and $5", ["x_1", "n"]),
    ("one $ x$ with a blank", ["x"]),
    ("cash $A or $B", []),
    ("a $0.1$ and a $3$", ["0.1", "3"]),
    ("$1, 2, 3$", ["1, 2, 3"]),
    ("for $n$-by-$m$ matrices", ["n", "m"]),
    ("a 2$\\times$2 matrix", [r"\times"]),
    ("$$$ is money", []),
    ("$\n\nx$", []),
    ("the function$f$is", ["f"]),
    ("$x = 5$ costs $5", ["x = 5"]),
]


@pytest.mark.parametrize(("text", "formulas"), MONEY, ids=[row[0] for row in MONEY])
def test_money_is_no_formula(text: str, formulas: list[str]):
    assert latex(text) == formulas


LEFT_ALONE = [
    "`$x$` in code",
    "``a ` $x$`` in code",
    "```\n$x$\n```\nand $y$",
    "```python\nf'$x$'\n```\nand $y$",
    "<!-- $x$ -->",
    "<!-- $x$\n\n$z$ -->\nand $y$",
    r"see \[1\] and \[2, 3\]",
    r"so \(see below\) it is",
    r"\[x\] a task that is done",
    "<pre>$x$</pre>",
    r"\begin{center} words \end{center}",
    "$$$$",
    "$ $",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_formula_is_left_alone(text: str):
    assert latex(text) in ([], ["y"])


def test_places_are_those_of_the_opening_delimiter():
    page = read_manuscript("a\n\n  $x$ and\n\n```math\ny\n```\n\n$$\nz\n$$\n~~$w$~~")
    assert [tuple(f.place) for f in page.formulas] == [(3, 3, 0), (5, 1, 0), (9, 1, 0), (12, 3, 0)]
    assert [f.number for f in page.formulas] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("~~$x$~~ $y$", [True, False]),
        ("~~$$x$$~~", [True]),
        ("~~$$\nx\n$$~~\n\n$y$", [True, False]),
        ("~~so $x$ and\n$y$~~ then $z$", [True, True, False]),
        ("a ~~ b $x$\n\n~~$y$~~", [False, True]),
        ("~~\n\n$$x$$\n\n~~\n\n$y$", [True, False]),
        ("<del>$x$</del> $y$", [True, False]),
        ("~~~\n$x$\n~~~\n\n$y$", [False]),
    ],
)
def test_struck_formulas_are_marked(text: str, struck: list[bool]):
    assert [f.struck for f in read_manuscript(text).formulas] == struck


def test_words_come_in_blocks():
    page = read_manuscript("# One\n\nFor $l=3$: it is\nso.\n\n- item $x$\n- $y$\n1. one\n\nTwo\n===\n\n$$z$$\n\nend")
    blocks = [
        (piece.latex, "") if isinstance(piece, Formula) else (piece.text.strip(), piece.kind + "." * piece.breaks)
        for piece in page.pieces
    ]
    assert blocks == [
        ("One", "heading."),
        ("For", "text"),
        ("l=3", ""),
        (": it is\nso.", "text."),
        ("item", "item"),
        ("x", ""),
        ("", "item."),
        ("", "item"),
        ("y", ""),
        ("", "item."),
        ("1. one", "item."),
        ("Two", "heading."),
        ("z", ""),
        ("", "text."),
        ("end", "text."),
    ]


def test_words_and_formulas_keep_their_order_and_lose_nothing():
    text = "We have $a$ and **bold** words, then $b$.\nA second line."
    page = read_manuscript(text)
    joined = "".join(p.text if isinstance(p, Prose) else f"${p.text}$" for p in page.pieces)
    assert joined == text


def test_a_fence_of_tex_is_said_to_be_no_formula():
    page = read_manuscript("$x$\n\n```latex\ny\n```\n")
    assert len(page.formulas) == 1
    assert "marked latex" in page.remarks[0].message


def test_a_display_without_an_end_is_said_and_swallows_nothing():
    page = read_manuscript("$$ x = y\n\nso $z$ and\n\n$$w$$\n")
    assert [f.latex for f in page.formulas] == ["z", "w"]
    assert [(p.code, p.to_json()["line"]) for p in page.problems] == [("GS701", 1)]


def test_escaped_brackets_take_their_content_back_from_markdown():
    page = read_manuscript(r"\\[ \begin{aligned} x\_1 &= \\{ 1 \\} \\\\ y &= \\| z \\| \\ \end{aligned} \\]")
    (formula,) = page.formulas
    assert formula.text == r" \begin{aligned} x_1 &= \{ 1 \} \\ y &= \| z \| \\ \end{aligned} "
    assert page.source.text[formula.origin(formula.text.index("y"))] == "y"


def test_a_line_in_unicode_beside_tex_is_said_to_be_left_out():
    page = read_manuscript("$x$\n\n∂L/∂W = δ xᵀ\n")
    assert len(page.formulas) == 1
    assert "line 3" in page.remarks[0].message
