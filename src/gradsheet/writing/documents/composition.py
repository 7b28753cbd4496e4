"""A report as a document: which sections there are, what each step shows, and in which words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.numerics.summaries import write_entry
from gradsheet.syntax import tree
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.documents.declared import declarations
from gradsheet.writing.documents.model import (
    Block,
    Displays,
    Document,
    Formula,
    Given,
    Paragraph,
    Picture,
    Section,
    Table,
)
from gradsheet.writing.documents.prose import capital, pieces
from gradsheet.writing.documents.stepper import Stepper
from gradsheet.writing.documents.typist import Typist
from gradsheet.writing.documents.valued import Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.writing.report import Report

MOST_STEPS = 60
"""Steps whose objectives are all listed; of more, every tenth, hundredth, … is, and this is said."""
MOST_LOOKED_INTO = 400
"""Derivatives up to which the small steps are written out."""
_TITLE = "Worked solution"
_SHORTEST_TITLE = 16
"""A title of fewer letters says too little to be cut off at its colon."""


def compose(
    report: Report, style: NumberStyle | None = None, *, small_steps: bool = True, picture: str | None = None
) -> Document:
    """The document of a report; `picture` is the drawing of its network, for formats that show one."""
    return _Composer(report, style or NumberStyle(), small_steps=small_steps).document(picture)


def title_and_lead(text: str) -> tuple[str, str]:
    """A title and what follows it, from the comment at the head of a sheet.

    >>> title_and_lead("Logistic regression over N rows, and a Newton step: second derivatives and a linear solve.")
    ('Logistic regression over N rows, and a Newton step', 'Second derivatives and a linear solve.')
    >>> title_and_lead("No loss: the backward pass of a layer."), title_and_lead("")
    (('No loss: the backward pass of a layer', ''), ('Worked solution', ''))
    """
    for cut in re.finditer(r"(?<=[^\W\d_])[.:;](?=\s|$)", text):
        title, rest = text[: cut.start()].strip(), text[cut.end() :].strip()
        if len(title) >= _SHORTEST_TITLE or cut[0] == "." or not rest:
            return capital(title), capital(rest)
    return (capital(text.rstrip(".")) if text else _TITLE), ""


class _Composer:
    """Puts the sections together."""

    def __init__(self, report: Report, style: NumberStyle, *, small_steps: bool) -> None:
        self.report = report
        self.solution = report.solution
        self.style = style
        self.typist = Typist(self.solution.sheet)
        self.sizes = self.solution.inputs.sizes if self.solution.inputs is not None else None
        self.stepper = Stepper(self.typist, Values(self.typist, style, self.sizes))
        self.stepper.small_steps = small_steps and len(report.backward) <= MOST_LOOKED_INTO
        self.stepper.opened = not report.forward
        self.left_out = small_steps and not self.stepper.small_steps

    def document(self, picture: str | None) -> Document:
        """Everything in the order of a written solution."""
        report = self.report
        title, lead = title_and_lead(report.title)
        parts: list[tuple[str, str, Iterable[Block]]] = [
            ("to-find", "To find", self.sentences([report.task])),
            ("setting", "Setting", self.setting()),
            ("conventions", "Conventions", self.conventions()),
            ("given", "Given", self.given()),
            ("network", "Network", [Picture(picture, report.task)] if picture else []),
            ("forward", "Forward pass", self.stepper.steps(report.forward)),
            ("sums", "Sums over configurations", self.stepper.steps(report.sums)),
            ("local", "Local Jacobians", self.stepper.steps(report.local)),
            ("backward", "Backward pass", self.backward()),
            ("update", self.update_title(), self.stepper.steps(report.update)),
            ("objective", "Objective", self.objective()),
            ("verified", "Verified", self.verified()),
        ]
        sections = [Section(key, name, found) for key, name, blocks in parts if (found := tuple(blocks))]
        heading, more = (self.typist.words(pieces(text, self.typist.names)) for text in (title, lead))
        return Document(title, heading, more, tuple(sections))

    # ------------------------------------------------------------ sections

    def sentences(self, texts: Sequence[str]) -> list[Block]:
        """Texts as the sentences of one paragraph."""
        kept: list[str | Formula] = []
        for text in filter(None, texts):
            kept.extend(((" ",) if kept else ()) + self.typist.said(text))
        return [Paragraph(tuple(kept))] if kept else []

    def setting(self) -> list[Block]:
        """What the sheet declares: x ∈ ℝ⁴, W₁ ∈ ℝ^(4×4)."""
        found = declarations(self.solution.sheet.document, self.typist)
        return [Paragraph(found)] if found else []

    def conventions(self) -> list[Block]:
        """The conventions in force, and how numbers are written."""
        texts = [*map(self.convention, self.report.conventions), *self.report.notes]
        digits = self.style.digits
        if self.solution.kind == "float64":
            texts.append(f"numbers are double-precision floats, rounded to {digits} decimals")
        elif self.solution.has_values:
            texts.append(f"values behind ≈ are rounded to {digits} places, each digit right; values behind = are exact")
        return self.sentences(texts)

    def convention(self, text: str) -> str:
        """A convention that is a bare formula, in words."""
        first = pieces(text, self.typist.names)[0]
        return f"by convention {text}" if isinstance(first, tree.Comparison) and "=" in first.relations else text

    def given(self) -> list[Block]:
        """The given values, without explanations."""
        values = Values(self.typist, replace(self.style, decimals=True), self.sizes, computed=False)
        items = [Given(self.stepper.anchor(item), tuple(values.of(item))) for item in self.report.given]
        return [Displays(tuple(items))] if items else []

    def backward(self) -> list[Block]:
        """The derivatives; where their small steps are too many to be written out, this is said."""
        found = self.stepper.steps(self.report.backward)
        if self.left_out:
            count = len(self.report.backward)
            said = f"The small steps of {count:,} derivatives are left out; --steps-of NAME shows those of one."
            found.insert(0, Paragraph((said,)))
        return found

    def update_title(self) -> str:
        """Says after how many steps the values are those shown."""
        steps = len(self.solution.states) - 1
        if steps <= 0:
            return "Update"
        return "Update, with the values after it" if steps == 1 else f"Update, with the values after {steps:,} steps"

    def objective(self) -> list[Block]:
        """The objective before and after the step, or a table for many steps."""
        values = self.report.objectives
        if len(values) < 2:
            return []
        name = self.solution.derivation.targets[0].name
        target = self.typist.formula(tree.Name(name, name))
        if len(values) == 2:
            before, after = (write_entry(v, self.style.digits).decimal for v in values)
            return [Paragraph(("The step takes ", target, f" from {before} to {after}."))]
        stride = 1
        while len(values) / stride > MOST_STEPS and not self.style.full:
            stride *= 10
        kept = sorted({*range(0, len(values), stride), len(values) - 1})
        rows = tuple(((f"{k:,}",), (write_entry(values[k], self.style.digits).decimal,)) for k in kept)
        found: list[Block] = [Table((("Step",), (target,)), rows)]
        if stride > 1:
            found.append(Paragraph((f"Of {len(values) - 1:,} steps every {stride:,}th and the last are shown.",)))
        return found

    def verified(self) -> list[Block]:
        """How the gradients were verified."""
        verification = self.solution.verification
        return self.sentences([verification.summary()]) if verification is not None else []
