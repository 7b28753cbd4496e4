"""A document as Typst, which sets it as PDF without a TeX system."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gradsheet.typesetting import typst_of
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
from gradsheet.writing.formats.escaping import typst_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.writing.documents.model import Words

BESIDE = 20.0
"""Em up to which a formula has its reason beside it."""
_MOST_TOGETHER = 3
"""Further displays of a step up to which it stays on one page."""
_PREAMBLE = """#set document(title: {title}, date: none)
#set page(paper: "a4", margin: (x: 25mm, y: 24mm), numbering: "1")
#set text(font: "New Computer Modern", size: 10.5pt, lang: "en")
#set par(leading: 0.62em, justify: false)
#show heading: set text(weight: "bold")
#show heading.where(level: 1): it => block(below: 0.9em, text(size: 17pt, it.body))
#show heading.where(level: 3): it => block(above: 1.6em, below: 0.9em, sticky: true, text(size: 10.5pt, it.body))
#show heading.where(level: 2): it => block(above: 2em, below: 1em, sticky: true, text(size: 13pt, it.body))
#show math.equation: set text(font: "New Computer Modern Math")
#show math.equation.where(block: true): set align(left)
#set math.mat(row-gap: 0.25em, column-gap: 0.6em)
#let fitted(body) = layout(size => {{
  let wanted = measure(body).width
  if wanted > size.width {{ scale(size.width / wanted * 100%, origin: left + top, reflow: true, body) }} else {{ body }}
}})
#let given(..values) = par(leading: 1.1em, values.pos().map(v => box(baseline: 0pt, v)).join(h(2em, weak: true) + [ ]))
#let numbered(number, space, body) = grid(
  columns: (1fr, auto, 2em), column-gutter: 1em, align: (left + horizon, right + horizon, right + horizon),
  fitted(body), text(fill: luma(90), space), text(fill: luma(90))[(#number)],
)
#let beside(formula, reason) = block(breakable: false, above: 0.9em, grid(
  columns: (1fr, 36%), column-gutter: 1em, align: (left + horizon, left + horizon),
  fitted(formula), text(fill: luma(60), size: 8.5pt, reason),
))
#let below(formula, reason) = block(breakable: false, above: 0.9em)[
  #fitted(formula) #v(-0.5em) #text(fill: luma(60), size: 8.5pt, reason)
]
#let why(body) = block(above: 0.7em, below: 1.4em, text(size: 9.5pt, fill: luma(60), body))
"""


def typst_document(document: Document) -> str:
    """The whole document."""
    title = typst_words(document.title)
    parts = [_PREAMBLE.format(title=title.removeprefix("#").removesuffix(";")), f"= {said(document.heading)}"]
    if document.lead:
        parts.append(f"#emph[{said(document.lead)}]")
    for section in document.sections:
        body = [part for block in section.blocks for part in _block(block)]
        if not body:
            continue
        if section.is_brief:
            parts.extend([f"*{typst_words(section.title)}.* {body[0]}", *body[1:]])
        else:
            parts.extend([f"== {typst_words(section.title)}", *body])
    if document.has_small_steps:
        parts.extend(_appendix(document))
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield said(words)
        case Displays(items):
            shown = [s for item in items for s in item.body]
            yield "#given(" + ", ".join(f"[{_shown_in_line(s)}]" for s in shown) + ")"
        case Steps(items):
            for step in items:
                yield _step(step)
        case Table(head, rows):
            cells = ", ".join(f"[{said(cell)}]" for line in (head, *rows) for cell in line)
            sides = ", ".join(["right"] * len(head))
            yield f"#table(columns: {len(head)}, stroke: none, align: ({sides}), {cells})"
        case Picture():
            pass
        case _:
            assert_never(block)


def _step(step: Step) -> str:
    """Equations with their shape and number, then the sentence in small type."""
    parts = [f"#numbered({step.number})[{said(step.space)}][{_shown(step.equations)}]"]
    parts += [f"#fitted[{_shown(shown)}]" for shown in step.more]
    parts += [f"#why[{said(step.reason)}]"] if step.reason else []
    whole = "\n".join(parts)
    return whole if len(step.more) > _MOST_TOGETHER else f"#block(breakable: false)[\n{whole}\n]"


def _shown(shown: Display | Paragraph) -> str:
    return said(shown.words) if isinstance(shown, Paragraph) else f"$ {typst_of(shown.box)} $"


def _shown_in_line(shown: Display | Paragraph) -> str:
    return said(shown.words) if isinstance(shown, Paragraph) else f"$display({typst_of(shown.box)})$"


def _appendix(document: Document) -> Iterator[str]:
    """Every step once more, rule by rule."""
    yield "#pagebreak(weak: true)\n== Small steps"
    yield "#set text(size: 9.5pt)"
    for section in document.sections:
        for block in section.blocks:
            for step in block.items if isinstance(block, Steps) else ():
                if step.small:
                    yield f"=== Step {step.number}\n" + "\n".join(map(_small, step.small))


def _small(small: SmallStep) -> str:
    place = "beside" if small.display.width < BESIDE else "below"
    return f"#{place}[{_shown(small.display)}][{said(small.reason)}]"


def said(words: Words) -> str:
    """Words and formulas in a line."""
    return "".join(_inline(part) if isinstance(part, Formula) else typst_words(part) for part in words)


def _inline(formula: Formula) -> str:
    return f"${typst_of(formula.box)}$"
