"""A program for several threads: each assignment in shares of one index, with a meeting where shares depend on others.

Every thread carries out the same statements, each on its own share. What is computed row by row of the data needs no
meeting: a row is read by the thread that wrote it. Before a sum over all rows, and before a parameter changes that
others may still read, the threads wait for each other. Small assignments are left to the first thread.
"""

from __future__ import annotations

from dataclasses import field, replace
from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import Affine, ArrayCall, Index, Reduce, substitute, walk
from gradsheet.native.places import extent, has_fixed_range, whole
from gradsheet.programs.inlining import uses
from gradsheet.programs.model import Assign, Loop, assigns
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import Symbol
    from gradsheet.native.buffers import Plan
    from gradsheet.programs.model import Program, Statement

_LEAST_WORK = 4096
"""Operations below which an assignment is quicker done by one thread than shared."""
_GRAIN = 8
"""Shares begin at multiples of so many, where there are enough."""


class Meeting:
    """A place where every thread waits for all others."""

    __slots__ = ()


MEETING = Meeting()
Shared = list["Statement | Meeting"]


@dataclass(slots=True)
class _State:
    """What was written since the threads last met, in shares of which axis, and what was read."""

    written: dict[Symbol, int | None] = field(default_factory=dict)
    read: set[Symbol] = field(default_factory=set)

    def met(self) -> None:
        self.written.clear()
        self.read.clear()


def shares(plan: Plan, threads: int) -> list[Shared]:
    """The statements of each thread, with the meetings at the same places; the last ends a step."""
    program = plan.program
    rows = _row_axis(program)
    made: list[Shared] = [[] for _ in range(threads)]
    state = _State()
    for statement in program.statements:
        axis = _shared_axis(statement, rows)
        if _must_meet(statement, axis, state, plan):
            for own in made:
                own.append(MEETING)
            state.met()
        for thread, own in enumerate(made):
            part = _share(statement, axis, thread, threads)
            if part is not None:
                own.append(part)
        for assign in assigns([statement]):
            target = plan.same.get(assign.target, assign.target)
            state.written[target] = _place_of(assign, axis)
            state.read |= {plan.same.get(u.access.symbol, u.access.symbol) for u in uses(assign)}
    for own in made:
        own.append(MEETING)
    return made


def _row_axis(program: Program) -> tuple[Affine, Affine] | None:
    return None if program.rows is None else (program.rows.low, program.rows.high)


def _shared_axis(statement: Statement, rows: tuple[Affine, Affine] | None) -> Index | None:
    """The index whose values are shared out: the row of the data where there is one, else the first that is long."""
    if isinstance(statement, Loop) or not statement.whole or isinstance(statement.body, ArrayCall):
        return None
    if _work(statement) < _LEAST_WORK or not statement.free:
        return None
    first = statement.free[0]
    if rows is not None and first.range == rows:
        return first if extent(first) > 1 else None
    return first if extent(first) >= 2 * _GRAIN else None


def _work(statement: Assign) -> int:
    total = prod(extent(i) for i in statement.free)
    longest = 1
    for node in walk(statement.body):
        if isinstance(node, Reduce) and has_fixed_range(node.index):
            longest = max(longest, extent(node.index))
    return total * longest


def _must_meet(statement: Statement, axis: Index | None, state: _State, plan: Plan) -> bool:
    """Whether something is read that another thread wrote, or written that another thread may read."""
    for assign in assigns([statement]):
        target = plan.same.get(assign.target, assign.target)
        if target in state.read or (target in state.written and state.written[target] != _place_of(assign, axis)):
            return True
        for use in uses(assign):
            symbol = plan.same.get(use.access.symbol, use.access.symbol)
            if symbol not in state.written:
                continue
            place = state.written[symbol]
            own = axis is not None and place is not None and use.access.at[place].single is axis
            alone = axis is None and place is None
            if not (own or alone):
                return True
    return False


def _place_of(assign: Assign, axis: Index | None) -> int | None:
    """Along which axis of the target the shares lie; None where the first thread writes all of it."""
    if axis is None:
        return None
    return next((k for k, p in enumerate(assign.pattern) if p.single is axis), None)


def _share(statement: Statement, axis: Index | None, thread: int, threads: int) -> Statement | None:
    """One thread's part of a statement."""
    if axis is None:
        return statement if thread == 0 else None
    assert isinstance(statement, Assign)
    low, count = whole(axis.low), extent(axis)
    grain = _GRAIN if count >= _GRAIN * threads else 1
    cuts = [low + min(count, -(-count * k // (threads * grain)) * grain) for k in range(threads + 1)]
    start, stop = cuts[thread], cuts[thread + 1]
    if start >= stop:
        return None
    own = Index(axis.name, Affine(start), Affine(stop - 1))
    mapping = {axis: Affine.atom(own)}
    return replace(
        statement,
        pattern=tuple(p.substitute(mapping) for p in statement.pattern),
        free=tuple(own if i is axis else i for i in statement.free),
        body=substitute(statement.body, mapping),
    )


def count_meetings(parts: Sequence[Shared]) -> int:
    """How often the threads meet in a step."""
    return sum(isinstance(s, Meeting) for s in parts[0])


__all__ = ["MEETING", "Meeting", "Shared", "count_meetings", "shares"]
