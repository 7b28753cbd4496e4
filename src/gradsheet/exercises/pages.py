"""Two files from one set of exercises, in any format: the questions, and their worked solutions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from gradsheet.exercises.questions import (
    heading,
    kinks,
    question,
    question_section,
    solution_section,
    task,
    told,
)
from gradsheet.records import dataclass
from gradsheet.writing.documents.composition import compose
from gradsheet.writing.documents.model import Document, Paragraph, Section
from gradsheet.writing.documents.prose import pieces
from gradsheet.writing.documents.typist import Typist
from gradsheet.writing.formats import html
from gradsheet.writing.formats.latex import latex_document
from gradsheet.writing.formats.markdown import markdown
from gradsheet.writing.formats.pdf import pdf
from gradsheet.writing.layout import wrap_words
from gradsheet.writing.report import report
from gradsheet.writing.terminal import Terminal, plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.exercises.model import Exercises
    from gradsheet.writing.arrays import NumberStyle
    from gradsheet.writing.documents.model import Block
    from gradsheet.writing.layout import Styled

Kind = Literal["questions", "solutions"]
_UNBROKEN = "\u00a0"
ENDINGS: Final = {"markdown": "md", "text": "txt", "latex": "tex", "html": "html", "pdf": "pdf"}
"""The formats, with the endings of their files."""


@dataclass(frozen=True, slots=True)
class Pages:
    """How the two files are written."""

    exercises: Exercises
    title: str
    style: NumberStyle
    width: int = 100

    def written(self, kind: Kind, form: str) -> bytes:
        """One of the two files in a format."""
        if form == "text":
            return (self.questions_text() if kind == "questions" else self.solutions_text()).encode()
        document = self.questions() if kind == "questions" else self.solutions()
        match form:
            case "markdown":
                return markdown(document).encode()
            case "latex":
                return latex_document(document).encode()
            case "html":
                return html.page(document).encode()
            case "pdf":
                return pdf(document)
            case _:
                raise AssertionError(form)

    # ------------------------------------------------------------ documents

    def questions(self) -> Document:
        """The questions, one section each."""
        sections = tuple(question_section(v, self.style) for v in self.exercises.variants)
        return self.document(self.title, sections)

    def solutions(self) -> Document:
        """The solutions, one section each; before them what holds for all of them."""
        variants = self.exercises.variants
        shared = [c for c in variants[0].solution.conventions if all(c in v.solution.conventions for v in variants)]
        first = replace(variants[0].solution, conventions=shared)
        found = compose(report(first), self.style, small_steps=False)
        conventions = next((s for s in found.sections if s.key == "conventions"), None)
        sections = [conventions] if conventions is not None else []
        typist = Typist(self.exercises.sheet)
        remarks: list[Block] = [Paragraph(typist.said(remark)) for remark in self.exercises.remarks]
        if remarks:
            sections.append(Section("remarks", "Remarks", tuple(remarks)))
        sections += [solution_section(v, self.style, shared) for v in variants]
        return self.document(f"{self.title}: solutions", sections)

    def document(self, title: str, sections: Sequence[Section]) -> Document:
        """Sections under a title, in which names of the sheet are formulas."""
        typist = Typist(self.exercises.sheet)
        return Document(title, typist.words(pieces(title, typist.names)), (), tuple(sections))

    # ------------------------------------------------------------ plain text

    def questions_text(self) -> str:
        """The questions as plain text."""
        lines: list[Styled] = self.wrapped(self.title)
        for variant in self.exercises.variants:
            terminal = Terminal(question(variant), self.width, self.style)
            asked, writer = terminal.report, terminal.writer
            given = [row for item in asked.given for row in writer.values(item)]
            lines += [[], [], [(heading(variant), "title")]]
            lines += terminal.section("System", terminal.table(writer.rows(asked.forward)))
            lines += terminal.section("Update", terminal.table(writer.rows(asked.update)))
            lines += terminal.section("Given", terminal.table(given, replace(self.style, decimals=True)))
            lines += terminal.section("To find", terminal.sentences([told(task(variant), _UNBROKEN), *kinks(variant)]))
        return plain_text(lines).replace(_UNBROKEN, " ")

    def solutions_text(self) -> str:
        """The solutions as plain text; what was given up stands with each."""
        lines: list[Styled] = self.wrapped(f"{self.title}: solutions")
        for remark in self.exercises.remarks:
            lines += self.wrapped(f"Remark: {remark}.")
        for variant in self.exercises.variants:
            result = replace(report(variant.solution), title=heading(variant))
            lines += [[], [], *Terminal(result, self.width, self.style).lines()]
            for missed in variant.missed:
                lines += [[], *self.wrapped(f"In this variant {missed}.")]
        return plain_text(lines)

    def wrapped(self, text: str) -> list[Styled]:
        """A paragraph, line by line."""
        return [[(line, "")] for line in wrap_words(text, self.width)]
