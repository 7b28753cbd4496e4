"""One evaluation of a graph: once what needs no data, then the rows of the data one by one, then what joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.evaluation import Evaluator, Program
from gradsheet.evaluation.named import fold
from gradsheet.expressions import OverData, Symbol, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gradsheet.derivation.graph import Graph
    from gradsheet.evaluation import Domain, Inputs
    from gradsheet.evaluation.named import Values
    from gradsheet.sheet import Equation


class Pass:
    """Evaluates the equations of a graph, once and for each row of the data."""

    def __init__(
        self,
        graph: Graph,
        equations: Iterable[Equation],
        data: Iterable[Symbol],
        unspecified: Mapping[str, Any] | None = None,
        pushes: Mapping[Symbol, Any] | None = None,
    ) -> None:
        self.graph = graph
        self.unspecified = unspecified
        self.pushes = dict(pushes or {})
        chosen = list(equations)
        over: dict[Equation, list[OverData]] = {}
        for equation in chosen:
            found = [n for n in walk(graph.body(equation)) if isinstance(n, OverData)]
            if found:
                over[equation] = found
        self.terms = list(dict.fromkeys(n for nodes in over.values() for n in nodes))
        bodies = graph.unfolded
        users: dict[Symbol, set[Symbol]] = {}
        for equation in chosen:
            for symbol in bodies[equation].symbols:
                users.setdefault(symbol, set()).add(equation.symbol)
        by_row = _reached(users, data) - set(data)
        late = _reached(users, {e.symbol for e in over})
        once = [e for e in chosen if e.symbol not in by_row and e.symbol not in late]
        rows = [e for e in chosen if e.symbol in by_row and e.symbol not in late]
        last = [e for e in chosen if e.symbol in late]
        self.once, self.rows, self.last = Program(once, bodies), Program(rows, bodies), Program(last, bodies)
        self.row_symbols = frozenset(e.symbol for e in rows)

    def run(
        self, domain: Domain, inputs: Inputs, values: Mapping[Symbol, Values] | None = None
    ) -> dict[Symbol, Values]:
        """Values of everything; what depends on data carries the row axis first if there is one."""
        base = dict(inputs.arrays(domain))
        base.update(values or {})
        for symbol, push in self.pushes.items():
            if symbol in base:
                base[symbol] = pushed(base[symbol], push)
        evaluator = Evaluator(domain, inputs.sizes.values, inputs.sizes.families, base, self.unspecified)
        evaluator.pushes = self.pushes
        self.once.run(evaluator)
        if not (self.terms or inputs.rows):
            self.rows.run(evaluator)
            self.last.run(evaluator)
            return evaluator.values
        collected: list[dict[Symbol, Values]] = []
        totals: dict[OverData, Any] = {}
        count = max(1, inputs.rows)
        for row in range(count):
            arrays = inputs.arrays(domain, row)
            current = dict(evaluator.values)
            current.update({s: a for s, a in arrays.items() if s in inputs.data})
            inner = Evaluator(domain, inputs.sizes.values, inputs.sizes.families, current, self.unspecified)
            inner.pushes = self.pushes
            self.rows.run(inner)
            inner.forget()
            for node in self.terms:
                part = inner.evaluate(node.body)
                known = totals.get(node)
                totals[node] = part if known is None else fold(np.add, [known, part])
            collected.append({s: inner.values[s] for s in self.row_symbols})
        for node, total in totals.items():
            if node.kind == "mean":
                total.data = total.data / domain.number(count)
        evaluator.over_data = totals
        self.last.run(evaluator)
        for symbol in self.row_symbols:
            members = [c[symbol] for c in collected]
            if inputs.rows:
                evaluator.values[symbol] = _stacked(members)
            else:
                evaluator.values[symbol] = members[0]
        if inputs.rows:
            for symbol in inputs.data:
                evaluator.values[symbol] = _stacked([inputs.arrays(domain, r)[symbol] for r in range(count)])
        return evaluator.values


def _reached(users: Mapping[Symbol, set[Symbol]], sources: Iterable[Symbol]) -> set[Symbol]:
    """Everything computed from some symbols, themselves included."""
    found = set(sources)
    stack = list(found)
    while stack:
        new = users.get(stack.pop(), set()) - found
        found |= new
        stack.extend(new)
    return found


def _stacked(members: list[Any]) -> Any:
    if isinstance(members[0], dict):
        return {k: _stacked([m[k] for m in members]) for k in members[0]}
    return np.stack([np.asarray(m) for m in members])


def pushed(values: Any, push: Any) -> Any:
    """Values moved by a push, member by member for a family."""
    if isinstance(values, dict):
        return {k: v + push[k] if k in push else v for k, v in values.items()}
    return np.asarray(values + push, dtype=object)


def needed_inputs(graph: Graph, equations: Iterable[Equation]) -> set[Symbol]:
    """Symbols that equations use and none computes."""
    chosen = list(equations)
    computed = {e.symbol for e in chosen}
    used: set[Symbol] = set()
    for equation in chosen:
        used |= {s for s in graph.body(equation).symbols if not s.parameters}
    return used - computed
