"""A document as one HTML file that needs nothing else: MathML, one embedded font, one style sheet, a little script.

Everything works without the script; it switches between light and dark, opens all small steps at once, and lets
formulas that are wider than the screen be scrolled by keyboard.
"""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, assert_never

from gradsheet.typesetting import font_face, mathml_of
from gradsheet.writing.documents.model import (
    Block,
    Display,
    Displays,
    Document,
    Formula,
    Paragraph,
    Picture,
    Section,
    Step,
    Steps,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradsheet.writing.documents.model import Words

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; font-src data:; img-src data:"
"""Nothing is loaded from anywhere, and the browser sees to it."""


def page(document: Document) -> str:
    """The whole file."""
    title = escape(document.title)
    style = font_face() + "\n" + _resource("page.css")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="gradsheet">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{_header(document)}
<main>
{"".join(_section(section) for section in document.sections)}</main>
<script>
{_resource("page.js")}</script>
</body>
</html>
"""


def fragment(document: Document) -> str:
    """The same for a notebook: no page around it, and a style that stays inside."""
    title = f"<h1>{said(document.heading)}</h1>\n" if document.heading else ""
    lead = f'<p class="lead">{said(document.lead)}</p>\n' if document.lead else ""
    body = "".join(_section(section) for section in document.sections)
    style = font_face() + "\n" + _resource("notebook.css")
    return f'<div class="gradsheet"><style>\n{style}</style>\n{title}{lead}{body}</div>'


@cache
def _resource(name: str) -> str:
    return (files("gradsheet.writing.formats") / name).read_text(encoding="utf-8")


def _header(document: Document) -> str:
    """The title, what it says in more words, and the way to each section."""
    lead = f'<p class="lead">{said(document.lead)}</p>\n' if document.lead else ""
    places = [(s.key, escape(s.title.partition(",")[0])) for s in document.sections if not s.is_brief]
    links = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title in places)
    looks = '<button type="button" id="looks" hidden aria-label="Switch between light and dark">◐</button>'
    return (
        f"<header>\n{looks}\n<h1>{said(document.heading)}</h1>\n{lead}"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n</header>'
    )


def _section(section: Section) -> str:
    blocks = "\n".join(part for block in section.blocks for part in _block(block))
    brief = ' class="brief"' if section.is_brief else ""
    tools = ""
    if any(step.small for block in section.blocks if isinstance(block, Steps) for step in block.items):
        tools = '\n<button type="button" class="all" hidden>Open all small steps</button>'
    if not section.title:
        return f"<section>\n{blocks}\n</section>\n"
    heading = f'<h2 id="{section.key}-title">{escape(section.title)}</h2>'
    return (
        f'<section id="{section.key}"{brief} aria-labelledby="{section.key}-title">\n'
        f'<div class="heading">{heading}{tools}</div>\n{blocks}\n</section>\n'
    )


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(words):
            yield f"<p>{said(words)}</p>"
        case Displays(items):
            yield '<div class="given">'
            for item in items:
                yield f"<div{_id(item.anchor)}>{_shown_all(item.body)}</div>"
            yield "</div>"
        case Steps(items):
            yield f'<ol class="steps" start="{items[0].number}">'
            yield from map(_step, items)
            yield "</ol>"
        case Table(head, rows):
            first = "".join(f'<th scope="col">{said(cell)}</th>' for cell in head)
            others = "".join("<tr>" + "".join(f"<td>{said(cell)}</td>" for cell in line) + "</tr>" for line in rows)
            yield f'<div class="wide"><table><thead><tr>{first}</tr></thead><tbody>{others}</tbody></table></div>'
        case Picture(svg, text):
            yield f'<figure class="wide" aria-label="{escape(text)}">{svg}</figure>'
        case _:
            assert_never(block)


def _step(step: Step) -> str:
    """One step: its number, its equations, why, and the small steps folded away."""
    number = f"{step.number or ''}"
    if step.anchor and step.number:
        number = f'<a href="#{step.anchor}" aria-label="Step {step.number}">{step.number}</a>'
    why = f'<p class="why">{said(step.reason)}</p>' if step.reason else ""
    space = f'<span class="space">{said(step.space)}</span>' if step.space else ""
    inside = f'<div class="inside">{_shown_all((step.equations, *step.more))}{why}{_small(step)}</div>'
    return f'<li{_id(step.anchor)}><span class="number">{number}</span>{inside}{space}</li>\n'


def _small(step: Step) -> str:
    if not step.small:
        return ""
    count = len(step.small)
    steps = "".join(f'<li>{_shown(s.display)}<p class="why">{said(s.reason)}</p></li>' for s in step.small)
    label = "1 small step" if count == 1 else f"{count} small steps"
    return f"<details{' open' if step.opened else ''}><summary>{label}</summary><ol>{steps}</ol></details>"


def _shown_all(body: Iterable[Display | Paragraph]) -> str:
    return "".join(map(_shown, body))


def _shown(shown: Display | Paragraph) -> str:
    """A display in a box that scrolls by itself where it is wider than the screen."""
    if isinstance(shown, Paragraph):
        return f"<p>{said(shown.words)}</p>"
    if shown.head is not None and shown.tail is not None:
        parts = (mathml_of(part, display=True) for part in (shown.head, shown.tail))
        return f'<div class="equation">{"".join(f"<div class=formula>{part}</div>" for part in parts)}</div>'
    return f'<div class="formula">{mathml_of(shown.box, display=True, alttext=shown.text)}</div>'


def said(words: Words) -> str:
    """Words and formulas in a line; a formula and the comma behind it stay together."""
    out = ""
    for at, part in enumerate(words):
        if not isinstance(part, Formula):
            out += escape(part)[_held(part) if at and isinstance(words[at - 1], Formula) else 0 :]
            continue
        behind = words[at + 1] if at + 1 < len(words) else ""
        sign = behind[: _held(behind)] if isinstance(behind, str) else ""
        out += f'<span class="together">{_inline(part)}{sign}</span>' if sign else _inline(part)
    return out


def _held(text: str) -> int:
    """How many letters of a text must not begin a line."""
    return 1 if text[:1] in set(".,;:!?)") else 0


def _inline(formula: Formula) -> str:
    return mathml_of(formula.box, alttext=formula.text)


def _id(anchor: str) -> str:
    return f' id="{anchor}"' if anchor else ""
