r"""LaTeX documents and macros: what they hold, what they stand for, and where every character comes from."""

from __future__ import annotations

import pytest

from gradsheet.manuscripts import Formula, Prose, read_manuscript

PAPER = r"""\documentclass{article}
\usepackage{amsmath} % $no$
\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\DeclareMathOperator{\softmax}{softmax}
\title{$not$}
\begin{document}
\section{On $x$}
By the chain rule, % $not$ this
$\pd{L}{w} = 2$, 50\% sure, \$3 and \(y\).
\begin{itemize}
\item first $a$
\item[(b)] \sout{$c = d$} then $e$
\end{itemize}
\begin{align*}
 a &= b % because of this
 \\ &= c \label{eq:x}
\end{align*}
\begin{verbatim}
$not$
\end{verbatim}
\verb|$not$| and
\begin{equation}\label{y}
\softmax(z) \tag{3}
\end{equation}
\input{appendix}
\end{document}
$not$
"""


def test_a_paper_is_read():
    page = read_manuscript(PAPER, kind="latex")
    assert [(f.place.line, f.display, f.struck, f.latex) for f in page.formulas] == [
        (7, False, False, "x"),
        (9, False, False, r"\pd{L}{w} = 2"),
        (9, False, False, "y"),
        (11, False, False, "a"),
        (12, False, True, "c = d"),
        (12, False, False, "e"),
        (14, True, False, "\\begin{align*}\n a &= b \\\\ &= c \\label{eq:x}\n\\end{align*}"),
        (22, True, False, "\\label{y}\n\\softmax(z) \\tag{3}"),
    ]
    assert page.formulas[1].text == r"\frac{\partial L}{\partial w} = 2"
    assert page.problems == ()
    assert [r.message for r in page.remarks] == [r"\input{appendix} is not followed: what that file holds was not read"]
    headings = [p.text for p in page.pieces if isinstance(p, Prose) and p.kind == "heading" and p.text]
    assert headings == ["On "]


def test_comments_keep_places():
    page = read_manuscript("$a % one\n + b % two\n = c$", kind="latex")
    (formula,) = page.formulas
    assert formula.text == "a + b = c"
    text = page.source.text
    assert [text[formula.origin(at)] for at, sign in enumerate(formula.text) if sign in "abc"] == ["a", "b", "c"]
    assert formula.origin(len(formula.text)) == text.rindex("$")


def test_a_percent_sign_behind_two_backslashes_is_a_comment():
    (formula,) = read_manuscript("$a \\\\% x\nb \\% c$", kind="latex").formulas
    assert formula.text == r"a \\b \% c"


MACROS = [
    (r"\newcommand{\R}{\mathbb{R}}", r"x \in \R^n", r"x \in \mathbb{R}^n"),
    (r"\newcommand\R{\mathbb{R}}", r"\R x", r"\mathbb{R} x"),
    (r"\newcommand*{\v}[1]{\mathbf{#1}}", r"\v{x} + \v y", r"\mathbf{x} + \mathbf{y}"),
    (r"\def\d#1#2{\frac{#1}{#2}}", r"\d LW", r"\frac{L}{W}"),
    (r"\newcommand{\g}[2][L]{\nabla_{#2} #1}", r"\g{w} + \g[J]{v}", r"\nabla_{w} L + \nabla_{v} J"),
    (r"\DeclareMathOperator{\relu}{ReLU}", r"\relu(x)", r"\operatorname{ReLU}(x)"),
    (r"\DeclareMathOperator*{\am}{arg\,min}", r"\am_x", r"\operatorname*{arg\,min}_x"),
    (r"\DeclarePairedDelimiter{\norm}{\lVert}{\rVert}", r"\norm*{x}", r"\left\lVert x \right\rVert"),
    (r"\newcommand{\a}{\b}\newcommand{\b}{c}", r"\a", "c"),
    (r"\newcommand{\a}{1}\renewcommand{\a}{2}", r"\a", "2"),
    (r"\providecommand{\a}{1}\providecommand{\a}{2}", r"\a", "1"),
    (r"\let\ol\overline \renewcommand{\overline}[1]{\ol{#1}}", r"\overline{x}", r"\overline{x}"),
    (r"\newcommand{\v}[1]{\mathbf{#1}}", r"\v{\v{x}}", r"\mathbf{\mathbf{x}}"),
    (r"\newcommand{\p}{\partial}", r"\p L", r"\partial L"),
    (r"\newcommand{\p}{\partial}\newcommand{\q}[1]{\p#1}", r"\q L", r"\partial L"),
    (r"\newcommand{\x}[1]{#1 ##a #0}", r"\x y", "y #a #0"),
    (r"\newcommand{\x}{\ensuremath{x}\xspace}", r"\x y", "x y"),
]


@pytest.mark.parametrize(("definition", "written", "meant"), MACROS, ids=[row[0] for row in MACROS])
@pytest.mark.parametrize("kind", ["latex", "markdown"])
def test_macros_are_put_in(definition: str, written: str, meant: str, kind: str):
    text = f"{definition}\n\n${written}$\n" if kind == "latex" else f"${definition}$\n\nthen ${written}$\n"
    page = read_manuscript(text, kind=kind)
    formula = page.formulas[-1]
    assert " ".join(formula.text.split()) == meant
    assert formula.latex == written
    assert page.problems == ()


def test_expanded_characters_know_where_they_come_from():
    text = r"$\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}$ $a \pd{L}{w} b$"
    formula = read_manuscript(text).formulas[-1]
    origin = {sign: text[formula.origin(formula.text.index(sign))] for sign in "Lb"}
    assert origin == {"L": "L", "b": "b"}
    assert formula.origin(formula.text.index(r"\frac")) == text.rindex(r"\pd")


DOUBLING = "".join(rf"\newcommand{{\{chr(c)}}}{{\{chr(c + 1)}\{chr(c + 1)}}}" for c in range(ord("a"), ord("t")))

REFUSED = [
    (r"\newcommand{\a}{\a}", r"\a", "comes back to itself"),
    (r"\newcommand{\a}{\b \b}\newcommand{\b}{\a}", r"\a", "comes back to itself"),
    (r"\newcommand{\a}[2]{#1 #2}", r"\a x", "too few arguments"),
    (r"\newcommand{\a}[1]{#2}", r"\a x", "argument #2"),
    (DOUBLING + r"\newcommand{\t}{xxxxxxxx}", r"\a", "more than 200,000"),
]


@pytest.mark.parametrize(("definition", "written", "phrase"), REFUSED, ids=[row[2] for row in REFUSED])
def test_macros_without_an_end_are_refused_and_the_formula_kept(definition: str, written: str, phrase: str):
    page = read_manuscript(f"{definition}\n\nSo ${written}$ and $z$.", kind="latex")
    first, second = page.formulas
    assert first.text == written
    assert first.problem is not None
    assert first.problem.code == "GS703"
    assert phrase in first.problem.message
    assert first.problem in page.problems
    assert (second.text, second.problem) == ("z", None)


def test_a_macro_with_signs_between_its_arguments_is_refused():
    page = read_manuscript(r"\def\a(#1){#1} $x$", kind="latex")
    assert [(p.code, p.to_json()["column"]) for p in page.problems] == [("GS703", 1)]
    assert [f.text for f in page.formulas] == ["x"]


def test_a_macro_is_known_from_where_it_is_defined_on():
    page = read_manuscript(r"$\R$ $\newcommand{\R}{R}$ $\R$")
    assert [f.text for f in page.formulas if isinstance(f, Formula)] == [r"\R", "", "R"]


@pytest.mark.parametrize("environment", "align align* gather multline eqnarray flalign split".split())
def test_environments_stay_in_the_text(environment: str):
    text = rf"\begin{{{environment}}} a &= b \end{{{environment}}}"
    (formula,) = read_manuscript(text, kind="latex").formulas
    assert (formula.text, formula.display, formula.start) == (text, True, 0)


@pytest.mark.parametrize("environment", "equation equation* displaymath dmath".split())
def test_environments_of_one_formula_are_delimiters(environment: str):
    (formula,) = read_manuscript(rf"\begin{{{environment}}}a = b\end{{{environment}}}", kind="latex").formulas
    assert (formula.text, formula.display, formula.place.column) == ("a = b", True, 1)


def test_a_formula_without_an_end_is_said():
    page = read_manuscript("\\begin{align} a &= b\n\n$x$", kind="latex")
    assert [f.latex for f in page.formulas] == ["x"]
    assert [p.code for p in page.problems] == ["GS701"]
