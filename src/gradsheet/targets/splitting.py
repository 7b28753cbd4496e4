"""Forward and backward pass of one program as two: what the second needs of the first is kept between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.programs.model import assigns
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Statement
    from gradsheet.targets.functions import Group
    from gradsheet.targets.plan import Plan


@dataclass(frozen=True, slots=True)
class Split:
    """The statements of both passes; `saved` are the arrays that the backward pass is handed."""

    forward: tuple[Statement, ...]
    backward: tuple[Statement, ...]
    given: tuple[Symbol, ...]
    saved: tuple[Symbol, ...]
    cotangents: tuple[Symbol, ...]
    results: tuple[Symbol, ...]


def split(plan: Plan, outputs: list[Group]) -> Split:
    """The two passes behind outputs and gradients."""
    workshop = plan.workshop
    first = [s for g in outputs for s in g.symbols]
    results = [s for _, g in plan.gradients for s in g.symbols]
    forward = workshop.needed(first, ())
    # Numbers of Python are worked out again: they are no arrays that could be kept.
    printer = workshop.printer(first)
    printer.block(forward)
    there = {a.target for a in assigns(forward)} - printer.numbers
    backward = workshop.needed(results, there)
    given = [s for g in plan.arguments for s in g.symbols]
    cotangents = [s for g in plan.cotangents for s in g.symbols]
    read = workshop.reads(backward, results) | _shapes(plan, backward)
    # What has no derivative is handed on too: its place in the answer is filled after its kind.
    derived = {s for a, _ in plan.gradients for s in a.symbols}
    idle = {s for g in plan.arguments for s in g.symbols[:1] if g.symbols[0] not in derived and not g.members}
    keep = idle if plan.dialect.name == "jax" else set()
    made = list(dict.fromkeys(a.target for a in assigns(forward)))
    saved = [s for s in (*given, *made) if s in read or s in keep or s in given[:1]]
    return Split(
        forward, backward, tuple(given), tuple(s for s in saved if s not in cotangents), tuple(cotangents),
        tuple(results),
    )  # fmt: skip


def used(symbols: tuple[Symbol, ...], plan: Plan, lines: list[str]) -> list[Symbol]:
    """Those of some arrays whose names occur in lines."""
    text = re.sub(r'"[^"]*"', "", "\n".join(lines))  # the letters of an einsum are no names
    return [s for s in symbols if re.search(rf"\b{re.escape(plan.workshop.names.of[s])}\b", text)]


def _shapes(plan: Plan, backward: tuple[Statement, ...]) -> set[Symbol]:
    """Arguments that say a size which nothing else that is kept says."""
    printer = plan.workshop.printer(())
    printer.block(backward)
    text = "\n".join(printer.lines)
    found: set[Symbol] = set()
    given = [s for g in plan.arguments for s in g.symbols]
    for size, name in plan.workshop.sizes.items():
        if name in text:
            holder = next((s for s in given if any(a.high.coefficient(size) for a in s.axes)), None)
            if holder is not None:
                found.add(holder)
    return found


__all__ = ["Split", "split", "used"]
