"""A point for the test of an export: small sizes, values in their sets, and the numbers that have to come out."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.programs.lowering import Request, lower
from gradsheet.programs.reference import evaluate
from gradsheet.records import dataclass
from gradsheet.verification.sampling import NoPointError, draw_sizes, draw_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.evaluation import Sizes
    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Program
    from gradsheet.targets.functions import Group
    from gradsheet.targets.plan import Plan

ROWS = 3
_TRIES = 24
_NUDGE = 1e-9
_LARGEST = 1e4
"""Beyond it, a point is close to one where something is undefined."""
Key = tuple[str, tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class Point:
    """Values of arguments, and of results, by the names of their groups; families as lists."""

    arguments: dict[str, Any]
    results: dict[str, Any]


def draw_point(plan: Plan) -> Point:
    """A point at which everything is defined, with the reference's numbers. Raises `SheetError` if none is found."""
    for attempt in range(_TRIES):
        rng = random.Random(attempt)
        try:
            sizes = _sizes(plan, rng)
            found = _at(plan, sizes, rng, attempt)
        except NoPointError:
            continue
        if found is not None:
            return found
    message = "no point was found at which everything is defined, so there is nothing to test the export with"
    raise SheetError((Diagnostic("GS801", message, None, plan.sheet.source),))


def _sizes(plan: Plan, rng: random.Random) -> Sizes:
    """Small sizes, but those that are numbers already."""
    sizes = draw_sizes(plan.derivation, rng)
    sizes.values.update({s: s.literal for s in sizes.values if s.literal is not None})
    sizes.values.update(plan.request.sizes)
    sizes.families.update({f: dict(members) for f, members in plan.request.families.items()})
    return sizes


def _at(plan: Plan, sizes: Sizes, rng: random.Random, style: int) -> Point | None:
    data = [g.written for g in plan.workshop.inputs if g.part == "data"]
    rows = ROWS if isinstance(plan.rows, str) else plan.rows
    request = Request(plan.request.wanted, sizes.values, sizes.families, rows, tuple(data) or plan.request.data)
    program = lower(plan.derivation, request)
    wanted = {a.name for a in plan.program.arguments}
    symbols = [s for s in (*plan.sheet.symbols.values(), *plan.derivation.cotangents.values()) if s.name in wanted]
    taken = [s for s in symbols if s.name in data]
    drawn = draw_values(symbols, sizes, rng, style % 3, dict.fromkeys(taken, rows or ROWS))
    values = _by_member(drawn)
    results = _computed(program, values, 0.0)
    moved = _computed(program, values, _NUDGE)
    # Close to where something is undefined, as at a singular matrix, numbers of two libraries differ.
    if not all(np.all(np.abs(v) < _LARGEST) and np.allclose(v, moved[k], 1e-5, 1e-5) for k, v in results.items()):
        return None
    return Point(
        {g.name: _group(g, plan.program, values) for g in plan.workshop.inputs},
        {g.name: _result(g, plan.program, results) for g in plan.workshop.results},
    )


def _computed(program: Program, values: Mapping[Key, Any], nudge: float) -> dict[Any, Any]:
    """The reference's results, at a point or beside it."""
    given = {
        a.symbol: values[a.name, a.member] * (1 if a.symbol.is_integer else 1 + nudge)
        for a in program.arguments if a.part != "table"
    }  # fmt: skip
    with np.errstate(all="ignore"):
        held = evaluate(program, given)
    return {(r.name, r.updates is not None, r.member): held[r.symbol] for r in program.results}


def _by_member(drawn: Mapping[Symbol, Any]) -> dict[Key, Any]:
    values: dict[Key, Any] = {}
    for symbol, value in drawn.items():
        if isinstance(value, dict):
            values |= {(symbol.name, member): _floats(v, symbol) for member, v in value.items()}
        else:
            values[symbol.name, None] = _floats(value, symbol)
    return values


def _floats(value: Any, symbol: Symbol) -> Any:
    if symbol.is_integer:
        return np.vectorize(lambda v: int(float(v)), otypes=[np.int64])(value)
    made = np.round(np.vectorize(float, otypes=[float])(value), 4)
    return (made + np.swapaxes(made, -1, -2)) / 2 if symbol.symmetric else made


def _group(group: Group, program: Program, values: Mapping[Key, Any]) -> Any:
    members = {a.symbol: a.member for a in program.arguments}
    held = [values[group.written, members[s]] for s in group.symbols]
    return held if group.members else held[0]


def _result(group: Group, program: Program, results: Mapping[Any, Any]) -> Any:
    members = {r.symbol: r.member for r in program.results}
    held = [results[group.written, group.part == "update", members[s]] for s in group.symbols]
    return held if group.members else held[0]


__all__ = ["ROWS", "Point", "draw_point"]
