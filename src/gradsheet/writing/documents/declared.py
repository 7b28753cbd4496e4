"""x ∈ ℝ⁴, W₁ ∈ ℝ^(4×4), f : ℝ → ℝ: what a sheet declares, as one sentence of formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax import tree
from gradsheet.syntax.plain_sheet import plain_document
from gradsheet.typesetting import ranges_box, set_box
from gradsheet.typesetting.boxes import COMMA, Sign, joined, relation, row
from gradsheet.writing.documents.model import Formula

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.writing.documents.model import Words
    from gradsheet.writing.documents.typist import Typist


def declarations(document: tree.Document, typist: Typist) -> Words:
    """Every declaration and assumption of a sheet, in the author's order; nothing where there is none."""
    out: list[str | Formula] = []
    for clause in _clauses(document.statements, (), typist):
        out.extend((", ", *clause) if out else clause)
    return (*out, ".") if out else ()


def _clauses(
    statements: Iterable[tree.Statement], ranges: Sequence[tree.BoundIndex], typist: Typist
) -> Iterable[Words]:
    for statement in statements:
        match statement:
            case tree.Declaration(attributes=attributes):
                said: Words = (_declaration(statement, typist),)
                said = (*said, *(f" {a}" for a in attributes))
                yield (*said, " for ", _ranges(ranges, typist)) if ranges else said
            case tree.Assumption(condition=condition):
                yield (typist.formula(condition),)
            case tree.Family(indices=indices, body=body):
                yield from _clauses(body, (*ranges, *indices), typist)
            case _:
                pass


def _declaration(statement: tree.Declaration, typist: Typist) -> Formula:
    names = joined([typist.box(name) for name in statement.names], COMMA)
    sign = Sign(":", "relation") if isinstance(statement.set, tree.Maps) else relation("∈")
    bare = tree.Declaration(statement.names, statement.set)
    box = row(names, sign, set_box(statement.set, functions=typist.functions))
    return Formula(box, plain_document(tree.Document((bare,))).strip())


def _ranges(ranges: Sequence[tree.BoundIndex], typist: Typist) -> Formula:
    text = ", ".join(b.name.text if b.domain is None else f"{b.name.text} in {typist.plain(b.domain)}" for b in ranges)
    return Formula(ranges_box(ranges, functions=typist.functions), text)
