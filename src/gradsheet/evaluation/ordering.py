"""Equations in the order in which they can be computed: what needs each other together, with the way it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Expr, Index, Symbol, walk
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.sheet import Equation


class CyclicDefinitionError(Exception):
    """Equations that need each other without an index that moves."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        super().__init__(", ".join(s.name for s in symbols))
        self.symbols = tuple(symbols)


@dataclass(frozen=True, slots=True)
class Stage:
    """Equations computed together: one symbol at once, or a recursion along leading axes with a direction each."""

    equations: tuple[Equation, ...]
    recursive: bool
    directions: tuple[int, ...] = ()


def stages(equations: list[Equation], bodies: Mapping[Equation, Expr]) -> list[Stage]:
    """Strongly connected symbols together, in an order in which everything needed comes first."""
    clauses: dict[Symbol, list[Equation]] = {}
    for equation in equations:
        clauses.setdefault(equation.symbol, []).append(equation)
    needs = {s: {u for e in es for u in bodies[e].symbols if u in clauses} for s, es in clauses.items()}
    stages = []
    for component in components(list(clauses), needs):
        members = set(component)
        own = [e for e in equations if e.symbol in members] if len(members) > 1 else clauses[component[0]]
        recursive = len(component) > 1 or component[0] in needs[component[0]]
        if not recursive:
            stages.append(Stage(tuple(own), recursive=False))
            continue
        stages.append(_recursive_stage(own, members, bodies))
    return stages


def _recursive_stage(equations: list[Equation], members: set[Symbol], bodies: Mapping[Equation, Expr]) -> Stage:
    """A recursion along its family indices; if those do not order it, along more of its leading axes."""
    most = min(len(e.symbol.axes) for e in equations)
    least = min(most, max((e.symbol.leading for e in equations), default=0) or 1)
    problem = CyclicDefinitionError(list(dict.fromkeys(e.symbol for e in equations)))
    for depth in range(least, most + 1):
        try:
            directions = _directions(equations, members, bodies, depth)
            ordered = _within_step(equations, members, bodies, depth)
        except CyclicDefinitionError as found:
            problem = found
            continue
        return Stage(tuple(ordered), recursive=True, directions=directions)
    raise problem


def components(nodes: list[Symbol], needs: Mapping[Symbol, set[Symbol]]) -> list[list[Symbol]]:
    """Tarjan's strongly connected components, without recursion; each after all that it needs."""
    number: dict[Symbol, int] = {}
    low: dict[Symbol, int] = {}
    stack: list[Symbol] = []
    on_stack: set[Symbol] = set()
    result: list[list[Symbol]] = []
    position = {s: k for k, s in enumerate(nodes)}
    for root in nodes:
        if root in number:
            continue
        work: list[tuple[Symbol, list[Symbol]]] = [(root, sorted(needs[root], key=position.__getitem__))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            if rest:
                following = rest.pop(0)
                if following not in number:
                    number[following] = low[following] = len(number)
                    stack.append(following)
                    on_stack.add(following)
                    work.append((following, sorted(needs[following], key=position.__getitem__)))
                elif following in on_stack:
                    low[node] = min(low[node], number[following])
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
            if low[node] == number[node]:
                component = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    component.append(member)
                    if member is node:
                        break
                component.sort(key=position.__getitem__)
                result.append(component)
    return result


def _offsets(
    equation: Equation, members: set[Symbol], bodies: Mapping[Equation, Expr], depth: int
) -> list[tuple[Symbol, tuple[int, ...] | None]]:
    """How far each use of a member stands from the step of its equation; None where that is no fixed distance."""
    result: list[tuple[Symbol, tuple[int, ...] | None]] = []
    for node in walk(bodies[equation]):
        if isinstance(node, Access) and node.symbol in members:
            gaps = [a - p for a, p in zip(node.at[:depth], equation.pattern[:depth], strict=True)]
            known = all(g.is_constant for g in gaps)
            result.append((node.symbol, tuple(g.constant for g in gaps) if known else None))
    return result


def _directions(
    equations: Sequence[Equation], members: set[Symbol], bodies: Mapping[Equation, Expr], depth: int
) -> tuple[int, ...]:
    """For each leading axis whether it runs up (1) or down (−1)."""
    symbols = [e.symbol for e in equations]
    if depth == 0:
        raise CyclicDefinitionError(list(dict.fromkeys(symbols)))
    offsets = []
    for equation in equations:
        if not any(isinstance(p.single, Index) for p in equation.pattern[:depth]):
            continue
        for _, offset in _offsets(equation, members, bodies, depth):
            if offset is None:
                raise CyclicDefinitionError(list(dict.fromkeys(symbols)))
            offsets.append(offset)
    directions = []
    pending = offsets
    for axis in range(depth):
        signs = {(o[axis] > 0) - (o[axis] < 0) for o in pending} - {0}
        if len(signs) > 1:
            raise CyclicDefinitionError(list(dict.fromkeys(symbols)))
        directions.append(-signs.pop() if signs else 1)
        pending = [o for o in pending if o[axis] == 0]
    return tuple(directions)


def _within_step(
    equations: Sequence[Equation], members: set[Symbol], bodies: Mapping[Equation, Expr], depth: int
) -> list[Equation]:
    """Equations of one step, each after those of the same step that it uses."""
    same: dict[Symbol, set[Symbol]] = {s: set() for s in members}
    for equation in equations:
        for symbol, offset in _offsets(equation, members, bodies, depth):
            if offset is not None and not any(offset):
                same[equation.symbol].add(symbol)
    order = [s for component in components(sorted(members, key=lambda s: s.serial), same) for s in component]
    for component in components(sorted(members, key=lambda s: s.serial), same):
        if len(component) > 1 or component[0] in same[component[0]]:
            raise CyclicDefinitionError(component)
    rank = {s: k for k, s in enumerate(order)}
    return sorted(equations, key=lambda e: rank[e.symbol])


__all__ = ["CyclicDefinitionError", "Stage", "components", "stages"]
