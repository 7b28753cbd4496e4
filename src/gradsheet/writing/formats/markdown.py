r"""A document as Markdown: with mathematics as GitHub renders it, or as notebooks do.

GitHub reads Markdown before mathematics, so that in `$…$` and `$$…$$` underscores, backslashes and brackets can be
taken for Markdown's own. It leaves ```math fences and $`…`$ alone, and these are what is written for it; notebooks,
which know neither, get dollars. GitHub refuses `\operatorname`; `\mathop{\mathrm{…}}` sets the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, assert_never

from gradsheet.typesetting import latex_of
from gradsheet.writing.documents.model import (
    Block,
    Display,
    Displays,
    Document,
    Formula,
    Paragraph,
    Picture,
    Step,
    Steps,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.typesetting import Box
    from gradsheet.writing.documents.model import Words

Flavour = Literal["github", "notebook"]

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&])")
_LINE_START = re.compile(r"^(\s*)([-+]|\d+[.)])(?=\s)")
_GLUED = re.compile(r"[\w\-]$")


def markdown(document: Document, flavour: Flavour = "github") -> str:
    """The whole document."""
    writer = _Writer(flavour)
    parts = [f"# {writer.said(document.heading)}"] if document.heading else []
    parts += [writer.said(document.lead)] if document.lead else []
    for section in document.sections:
        body = [part for block in section.blocks for part in writer.block(block)]
        if not body:
            continue
        if section.is_brief:
            parts.extend([f"**{words(section.title)}.** {body[0]}", *body[1:]])
        else:
            parts.extend([*([f"## {words(section.title)}"] if section.title else []), *body])
    return "\n\n".join(parts) + "\n"


def words(text: str) -> str:
    r"""A text whose signs Markdown leaves alone.

    >>> print(words("50 % of x_1 * y_1 & [a] <b>"))
    50 % of x\_1 \* y\_1 \& \[a\] \<b\>
    """
    escaped = _SPECIAL.sub(r"\\\1", text)
    return _LINE_START.sub(lambda m: f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", escaped)


class _Writer:
    """Writes blocks in one flavour."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour = flavour

    def block(self, block: Block) -> Iterator[str]:
        """Paragraphs, to be kept apart by blank lines."""
        match block:
            case Paragraph(said):
                yield self.said(said)
            case Displays(items):
                for item in items:
                    yield from (self.shown(s) for s in item.body)
            case Steps(items):
                for step in items:
                    yield from self.step(step)
            case Table(head, rows):
                yield self.table(head, rows)
            case Picture():
                pass  # Markdown has no place for a drawing in the text
            case _:
                assert_never(block)

    def step(self, step: Step) -> Iterator[str]:
        """Equations, then the sentence with the shape, then the small steps folded away."""
        where = step.space[0] if len(step.space) == 1 and not step.equations.is_closed else ""
        behind = rf" \quad \in {self.formula(where.box)}" if isinstance(where, Formula) else ""
        yield self.shown(step.equations, behind + (rf" \tag{{{step.number}}}" if step.number else ""))
        yield from map(self.shown, step.more)
        about = [self.said(step.reason)] if step.reason else []
        about += [f"(in {self.said(step.space)})"] if step.space and not behind else []
        if about:
            yield " ".join(about)
        if step.small:
            yield f"<details{' open' if step.opened else ''}>\n<summary>Small steps</summary>"
            for small in step.small:
                yield self.shown(small.display)
                yield self.said(small.reason)
            yield "</details>"

    def shown(self, shown: Display | Paragraph, behind: str = "") -> str:
        """A display with what stands behind it, or words in its place."""
        if isinstance(shown, Paragraph):
            return self.said(shown.words)
        formula = self.formula(shown.box) + behind
        return f"```math\n{formula}\n```" if self.flavour == "github" else f"$$\n{formula}\n$$"

    def table(self, head: tuple[Words, ...], rows: tuple[tuple[Words, ...], ...]) -> str:
        """Rows of cells."""
        lines = [head, *rows]
        texts = ["| " + " | ".join(self.said(cell) for cell in line) + " |" for line in lines]
        return "\n".join([texts[0], "|" + " ---: |" * len(head), *texts[1:]])

    # ------------------------------------------------------------ words

    def said(self, parts: Words) -> str:
        """Words and formulas in a line."""
        out = ""
        for part in parts:
            if isinstance(part, Formula):
                out += ("&#8203;" if _GLUED.search(out) else "") + self.inline(part)
            else:
                out += words(part)
        return out

    def inline(self, formula: Formula) -> str:
        """A formula within a line."""
        text = self.formula(formula.box).replace("\n", " ")
        return f"$`{text}`$" if self.flavour == "github" else f"${text}$"

    def formula(self, box: Box) -> str:
        """A formula as LaTeX; whoever reads Markdown sets any letter."""
        return self.safe(latex_of(box, letters="unicode"))

    def safe(self, text: str) -> str:
        r"""LaTeX that GitHub takes.

        >>> _Writer("github").safe(r"\operatorname{softmax}(z) + \operatorname*{mean}_{i} x")
        '\\mathop{\\mathrm{softmax}}(z) + \\mathop{\\mathrm{mean}}\\limits_{i} x'
        """
        if self.flavour != "github":
            return text
        text = re.sub(r"\\operatorname\*\{([^{}]*)\}(?=_)", r"\\mathop{\\mathrm{\1}}\\limits", text)
        return re.sub(r"\\operatorname\*?\{([^{}]*)\}", r"\\mathop{\\mathrm{\1}}", text)
