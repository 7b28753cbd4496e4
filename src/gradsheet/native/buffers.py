"""Memory planned ahead: which arrays are handed in, which share a stretch of the workspace, which change in place."""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Affine, ArrayCall, Symbol
from gradsheet.native.places import shape
from gradsheet.programs.inlining import uses
from gradsheet.programs.model import Assign, Loop, Program, Result, Statement, assigns
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LINE = 64
"""Bytes that every array of the workspace begins at a multiple of: one line of the cache."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each array of a program lies.

    `given` are arrays that the caller hands in, in order; `inside` are offsets into the workspace, counted in numbers;
    `same` are arrays that take the place of another: a parameter after its update.
    """

    program: Program
    given: tuple[Symbol, ...]
    inside: dict[Symbol, int]
    same: dict[Symbol, Symbol]
    size: int
    written: frozenset[Symbol] = field(default_factory=frozenset)
    """Those of `given` that the program writes to."""
    variables: frozenset[Symbol] = field(default_factory=frozenset)
    """Single numbers that need no memory."""


def plan(program: Program, bytes_each: int, *, apart: bool = False) -> Plan:
    """The program in an order that lets parameters change in place, and the places of its arrays.

    With `apart`, each array has a place of its own: threads that are at different statements share memory otherwise.
    """
    program = _updates_last(program)
    same = _in_place(program)
    if waiting := [r for r in _waiting(program, same) if r.updates in program.inputs]:
        program = _copied_last(program, waiting)
        same = _in_place(program)
    arguments = [a.symbol for a in program.arguments]
    results = [r.symbol for r in program.results if r.symbol not in same and r.symbol not in arguments]
    given = tuple(dict.fromkeys((*arguments, *results)))
    inside, size = workspace(program, set(given) | set(same), max(1, LINE // bytes_each), apart=apart)
    written = frozenset(same.values()) | frozenset(results)
    return Plan(program, given, inside, same, size, written)


def plan_loops(program: Program, returned: Symbol | None = None) -> Plan:
    """The same for plain loops, which have variables for single numbers, and need no lines of the cache.

    Every new value ends up in the place of the old one; `returned` is handed back by value, and has no place.
    """
    program = _updates_last(replace(program, results=tuple(r for r in program.results if r.symbol is not returned)))
    same = _in_place(program)
    for result in _waiting(program, same):
        assert result.updates is not None
        at = tuple(Affine.atom(i) for i in result.symbol.axes)
        copy = Assign(result.updates, at, result.symbol.axes, Access(result.symbol, at))
        program = program.with_statements([*program.statements, copy])
    arguments = [a.symbol for a in program.arguments]
    results = [r.symbol for r in program.results if r.updates is None and r.symbol not in arguments]
    given = tuple(dict.fromkeys((*arguments, *results)))
    variables = _variables(program, set(given) | set(same))
    inside, size = workspace(program, set(given) | set(same) | variables, 1)
    written = {r.updates for r in program.results if r.updates is not None} | set(results)
    return Plan(program, given, inside, same, size, frozenset(written), frozenset(variables))


def _variables(program: Program, elsewhere: set[Symbol]) -> set[Symbol]:
    """Single numbers that are computed once, outside of loops."""
    count = Counter(a.target for a in program.assigns)
    return {
        s.target for s in program.statements
        if isinstance(s, Assign) and not s.target.rank and s.target not in elsewhere and count[s.target] == 1
        and not isinstance(s.body, ArrayCall)
    }  # fmt: skip


def _updates_last(program: Program) -> Program:
    """Assignments of new parameters after everything else: only they may write where others read."""
    late = {r.symbol for r in program.results if r.updates is not None}
    needed = {u.access.symbol for a in program.assigns if a.target not in late for u in uses(a)}
    movable = late - needed
    first = [s for s in program.statements if isinstance(s, Loop) or s.target not in movable]
    last = [s for s in program.statements if isinstance(s, Assign) and s.target in movable]
    return program.with_statements([*first, *last])


def _in_place(program: Program) -> dict[Symbol, Symbol]:
    """New values that may take the place of the old: nothing reads those any more, but for the same component."""
    found: dict[Symbol, Symbol] = {}
    listed = list(program.statements)
    for result in program.results:
        if result.updates is None or result.updates in found.values() or result.updates not in program.inputs:
            continue  # what is assigned before it is ever read has no old value to take the place of
        position = next((k for k, s in enumerate(listed) if isinstance(s, Assign) and s.target is result.symbol), None)
        if position is None:
            continue
        statement = listed[position]
        assert isinstance(statement, Assign)
        if sum(a.target is result.symbol for a in program.assigns) > 1 or not statement.whole:
            continue
        own = [u for u in uses(statement) if u.access.symbol is result.updates]
        apart = all(u.access.at == statement.pattern and set(u.indices) == set(statement.free) for u in own)
        later = {u.access.symbol for s in listed[position + 1 :] for a in assigns([s]) for u in uses(a)}
        if apart and result.updates not in later:
            found[result.symbol] = result.updates
    return found


def _waiting(program: Program, same: Mapping[Symbol, Symbol]) -> list[Result]:
    """New values that cannot be made in the place of the old: u⁺ where v⁺ still reads u, and u⁺ reads v."""
    return [r for r in program.results if r.updates is not None and r.symbol not in same]


def _copied_last(program: Program, waiting: Sequence[Result]) -> Program:
    """The program that makes some new values elsewhere, and puts them in their places when everything is done."""
    statements, replaced = list(program.statements), {}
    for result in waiting:
        axes = result.symbol.axes
        last, at = Symbol(result.symbol.name, axes, result.symbol.role), tuple(Affine.atom(i) for i in axes)
        statements.append(Assign(last, at, axes, Access(result.symbol, at)))
        replaced[result] = replace(result, symbol=last)
    results = tuple(replaced.get(r, r) for r in program.results)
    return replace(program, statements=tuple(statements), results=results)


def workspace(
    program: Program, elsewhere: set[Symbol], step: int, *, apart: bool = False
) -> tuple[dict[Symbol, int], int]:
    """Offsets for what is only needed for a while: an array takes the first gap among those that live beside it."""
    lives: dict[Symbol, list[int]] = {}
    for k, statement in enumerate(program.statements):
        for symbol in _touched(statement):
            if symbol not in elsewhere:
                lives.setdefault(symbol, [k, k])[1] = k
    if apart:
        lives = {symbol: [0, len(program.statements)] for symbol in lives}
    placed: list[tuple[int, int, int, int]] = []
    offsets: dict[Symbol, int] = {}
    order = sorted(lives, key=lambda s: (-prod(shape(s)), lives[s]))
    for symbol in order:
        first, last = lives[symbol]
        count = -(-max(1, prod(shape(symbol))) // step) * step
        beside = sorted((o, o + n) for o, n, a, b in placed if a <= last and first <= b)
        at = 0
        for low, high in beside:
            if at + count <= low:
                break
            at = max(at, high)
        placed.append((at, count, first, last))
        offsets[symbol] = at
    return offsets, max((o + n for o, n, _, _ in placed), default=0)


def _touched(statement: Statement) -> Sequence[Symbol]:
    found: list[Symbol] = []
    for assign in assigns([statement]):
        found.append(assign.target)
        found.extend(u.access.symbol for u in uses(assign))
    return found


__all__ = ["LINE", "Plan", "plan", "plan_loops", "workspace"]
