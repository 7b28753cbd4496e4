r"""A document as LaTeX: an article that pdflatex, xelatex, lualatex and tectonic take as it stands.

Everything but letters that LaTeX has no command for is ASCII. Displays that are wider than the line are scaled down to
it; the small steps stand in an appendix, each with the number of its step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gradsheet.typesetting import latex_of
from gradsheet.writing.documents.model import (
    Block,
    Display,
    Displays,
    Document,
    Formula,
    Paragraph,
    Picture,
    SmallStep,
    Step,
    Steps,
    Table,
)
from gradsheet.writing.formats.escaping import latex_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.writing.documents.model import Words

MEASURE = 37.0
"""Em that the text of a page is wide: 16 cm at 11 points."""

BESIDE = 20.0
"""Em up to which a formula has its reason beside it."""

_PREAMBLE = r"""\documentclass[11pt,fleqn]{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[utf8]{inputenc}
  \usepackage[T1]{fontenc}
\fi
\ifLuaTeX % without the package for its own fonts it falls back to those that lack quotation marks
  \IfFileExists{luaotfload.sty}{}{\usepackage[T1]{fontenc}}
\fi
\usepackage{lmodern}
\usepackage{textcomp}
\usepackage{amsmath,amssymb}
\usepackage{graphicx}
\usepackage[a4paper,margin=2.5cm]{geometry}
\usepackage[hidelinks]{hyperref}
\hypersetup{pdftitle={PLAIN TITLE}}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5\baselineskip plus 1pt}
\setlength{\mathindent}{0pt}
\allowdisplaybreaks
\raggedbottom
\raggedright
\renewcommand{\arraystretch}{1.05}
% A letter without a command: itself where the font has it, else its place in Unicode.
\ifPDFTeX
  \newcommand{\anyletter}[2]{\texttt{U+#1}}
\else
  \newcommand{\anyletter}[2]{\iffontchar\font"#1 #2\else\texttt{U+#1}\fi}
\fi
% A display that is never wider than the line.
\newcommand{\fitted}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{$\displaystyle #1$}}
% A step: a display that begins a paragraph, without the empty line that comes before such a display; then the reason.
\newcommand{\step}{\par\vspace{-0.9\baselineskip}}
\newcommand{\why}[1]{{\small #1\par}}
% A small step: a formula with its reason beside it, or below it where the formula is long.
\newcommand{\beside}[2]{\par\noindent
  \makebox[0.6\linewidth][l]{#1}\hfill\parbox{0.38\linewidth}{\raggedright\footnotesize #2}\par}
\newcommand{\below}[2]{\par\noindent #1\par\nopagebreak{\footnotesize #2\par}}
\begin{document}
\abovedisplayskip=0.7\baselineskip plus 3pt
\belowdisplayskip=0.25\baselineskip plus 2pt
\postdisplaypenalty=10000
\lineskip=6pt
\lineskiplimit=4pt
"""


def latex_document(document: Document) -> str:
    """The whole document."""
    parts = [_PREAMBLE.replace("PLAIN TITLE", _plain(document.title))]
    parts.append(rf"{{\LARGE\bfseries\raggedright {said(document.heading)}\par}}")
    if document.lead:
        parts.append(rf"{{\itshape {said(document.lead)}\par}}")
    for section in document.sections:
        body = [part for block in section.blocks for part in _block(block)]
        if not body:
            continue
        if section.is_brief:
            parts.extend([rf"\textbf{{{latex_words(section.title)}.}} {body[0]}", *body[1:]])
        else:
            parts.extend([rf"\section*{{{latex_words(section.title)}}}", *body])
    if document.has_small_steps:
        parts.extend(_appendix(document))
    parts.append(r"\end{document}")
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield said(words)
        case Displays(items):
            paragraph: list[str] = []
            for item in items:
                paragraph.extend(_shown_in_line(shown) for shown in item.body)
            yield "\\qquad\n".join(paragraph)
        case Steps(items):
            yield "\n".join(map(_step, items))
        case Table(head, rows):
            lines = [head, *rows]
            body = " \\\\\n".join(" & ".join(map(said, line)) for line in lines)
            yield f"\\begin{{tabular}}{{{'r' * len(head)}}}\n{body}\n\\end{{tabular}}"
        case Picture():
            pass
        case _:
            assert_never(block)


def _step(step: Step) -> str:
    """Equations with their shape and number, then the sentence in small type."""
    where = f"{said(step.space)}\\quad " if step.space else ""
    parts = [_shown(step.equations, f"{where}({step.number})"), *map(_shown, step.more)]
    about = said(step.reason)
    return "\\step\n" + "\n".join(parts) + (f"\n\\why{{{about}}}" if about else "")


def _shown(shown: Display | Paragraph, label: str = "") -> str:
    """A display; one that may be too wide is fitted into the line."""
    if isinstance(shown, Paragraph):
        return said(shown.words)
    body = latex_of(shown.box)
    if shown.width > MEASURE - 3:
        body = f"\\fitted{{{body}}}"
    tag = rf"\tag*{{{label}}}" if label else ""
    return f"\\begin{{equation*}}\n{body} {tag}\n\\end{{equation*}}"


def _shown_in_line(shown: Display | Paragraph) -> str:
    """A display as one of several in a paragraph."""
    if isinstance(shown, Paragraph):
        return said(shown.words)
    body = latex_of(shown.box)
    return f"\\fitted{{{body}}}" if shown.width > MEASURE else rf"$\displaystyle {body}$"


def _appendix(document: Document) -> Iterator[str]:
    """Every step once more, rule by rule."""
    yield r"\section*{Small steps}" + "\n" + r"\small\setlength{\parskip}{0.35\baselineskip plus 1pt}"
    for section in document.sections:
        for block in section.blocks:
            for step in block.items if isinstance(block, Steps) else ():
                if step.small:
                    yield rf"\subsubsection*{{Step {step.number}}}" + "\n" + "\n".join(map(_small, step.small))


def _small(small: SmallStep) -> str:
    place = "beside" if small.display.width < BESIDE else "below"
    return f"\\{place}{{{_shown_in_line(small.display)}}}{{{said(small.reason)}}}"


def said(words: Words) -> str:
    """Words and formulas in a line."""
    return "".join(_inline(part) if isinstance(part, Formula) else latex_words(part) for part in words)


def _inline(formula: Formula) -> str:
    return f"${latex_of(formula.box)}$"


def _plain(text: str) -> str:
    """A text for the data of a PDF file."""
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c in " .,:;-+()/"))
