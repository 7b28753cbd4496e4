"""Chains from short pages by a splitter of a few lines, so that what builds on chains is tested on its own."""

from __future__ import annotations

import re

from gradsheet.checking.reading.model import Chain, Condition, Side
from gradsheet.diagnostics import Diagnostics, SheetError, Source, Span
from gradsheet.manuscripts import Formula, Place
from gradsheet.syntax import parse_expression, parse_latex_expression

_SIGNS = re.compile(r":=|\\in\b|\\approx|\\leftarrow|[=:∈←]")
_RELATIONS = {r"\in": "∈", r"\approx": "≈", r"\leftarrow": "←"}


def tree_of(text: str):
    source = Source(text)
    try:
        latex = any(sign in text for sign in "\\{^_")
        return (parse_latex_expression if latex else parse_expression)(source, Diagnostics(source))
    except SheetError:
        return None


def pieces(text: str) -> tuple[list[str], list[str]]:
    """Sides and the relations between them; what stands in braces is not looked into."""
    sides, relations, depth, begin, at = [], [], 0, 0, 0
    while at < len(text):
        depth += (text[at] in "{[(") - (text[at] in "}])")
        found = _SIGNS.match(text, at) if depth == 0 else None
        if found:
            sides.append(text[begin:at])
            relations.append(_RELATIONS.get(found[0], found[0]))
            begin = at = found.end()
        else:
            at += 1
    return [*sides, text[begin:]], relations


def page(text: str) -> list[Chain]:
    r"""One chain for each line; `## …` begins a question; `; for …` behind a formula is a condition.

    >>> [len(chain.sides) for chain in page("z = W x = 3\n## b\ny = z")]
    [3, 2]
    """
    chains, question, number = [], 0, 0
    for row, line in enumerate(text.strip().split("\n"), 1):
        if not line.strip():
            continue
        if line.startswith("##"):
            question += 1
            continue
        number += 1
        body, _, condition = line.strip().partition("; for ")
        formula = Formula(number, display=True, spelling="latex", latex=body, text=body, start=0, place=Place(row, 1))
        parts, relations = pieces(body)
        sides, at = [], 0
        for part in parts:
            at = body.index(part, at)
            tree = tree_of(part.strip()) if part.strip() else None
            kind = "empty" if not part.strip() else "unreadable" if tree is None else "expression"
            sides.append(Side(kind, part.strip(), Span(at, at + len(part)), formula, tree))
        conditions = (Condition("for", condition, ()),) if condition else ()
        chains.append(
            Chain(tuple(sides), tuple(relations), (formula,) * len(relations), conditions=conditions, question=question)
        )
    return chains
