"""From a sheet to its derivation: objectives, pullbacks, data terms, second derivatives, derivatives as terms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from gradsheet.calculus import Differentiator, Log, Simplifier, steps
from gradsheet.derivation.accumulate import Accumulator
from gradsheet.derivation.graph import Graph
from gradsheet.derivation.model import Adjoint, Derivation
from gradsheet.derivation.partition import partition
from gradsheet.derivation.sentences import headline
from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.evaluation import CyclicDefinitionError, Program
from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    Expr,
    Multiply,
    OverData,
    Role,
    Symbol,
    paused_collection,
    transform,
    walk,
)
from gradsheet.sheet import Equation
from gradsheet.syntax import canonical_key, tree
from gradsheet.syntax.traversal import children

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.calculus.configurations import Distribution
    from gradsheet.diagnostics import Span
    from gradsheet.expressions import AnyNode
    from gradsheet.sheet import FunctionDefinition, Sheet


def derive(sheet: Sheet, of: Symbol | None = None, wrt: Sequence[Symbol] | None = None) -> Derivation:
    """∂of/∂wrt for every parameter and every intermediate; by default what the sheet asks for.

    A sheet that asks for nothing has no adjoints but those that it names itself. Raises `SheetError` where there is
    nothing to differentiate, where definitions need each other, or where an operation has no rule.
    """
    try:
        with paused_collection():
            result = _Deriver(sheet).derive(of, tuple(wrt) if wrt is not None else None)
            Program(result.graph.equations, result.graph.unfolded)
    except CyclicDefinitionError as problem:
        names = ", ".join(s.name for s in problem.symbols)
        raise SheetError((Diagnostic(
            "GS204", f"the definitions of {names} need each other", _use_within(sheet, problem), sheet.source,
            suggestion="a recursion moves along an index, as in h[t] = f(h[t-1]), one way only",
        ),)) from None  # fmt: skip
    return result


def _with_totals(adjoint: Adjoint, totals: dict[OverData, Symbol]) -> Adjoint:
    """The means that stood as symbols of their own while the objective was differentiated, as means again."""
    nodes = {total: node for node, total in totals.items()}

    def back(node: AnyNode) -> AnyNode:
        return nodes[node.symbol] if isinstance(node, Access) and node.symbol in nodes else node

    old = adjoint.equation
    equation = Equation(old.symbol, old.pattern, old.free, transform(old.body, back), None, old.facts)
    return replace(adjoint, equation=equation)


def _use_within(sheet: Sheet, problem: CyclicDefinitionError) -> Span | None:
    """Where one of the definitions that need each other uses another."""
    keys = {canonical_key(s.name) for s in problem.symbols}
    for symbol in problem.symbols:
        for equation in sheet.equations_of(symbol):
            stack: list[tree.Node] = [equation.syntax.value] if equation.syntax is not None else []
            while stack:
                node = stack.pop()
                if isinstance(node, tree.Name) and node.key in keys:
                    return node.span
                stack.extend(reversed(list(children(node))))
    return problem.symbols[0].span


class _Deriver:
    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.partition = partition(sheet)
        self.graph = Graph((), self.partition.functions, self.partition.distributions)
        self.registry = dict(sheet.derivatives)
        """The symbol of every derivative; the sheet itself is left as it is."""
        self.done: set[Symbol] = set()
        self.extra: list[Adjoint] = []
        for equation in self.partition.equations:
            for symbol in sorted(equation.body.symbols, key=lambda s: s.serial):
                self._materialise(symbol)
            self.graph.append(equation)

    @property
    def _context(self) -> tuple[dict[Symbol, FunctionDefinition], list[Distribution]]:
        return self.partition.functions, self.partition.distributions

    def derive(self, of: Symbol | None, wrt: tuple[Symbol, ...] | None) -> Derivation:
        sheet = self.sheet
        variables = wrt if wrt is not None else sheet.parameters
        if of is None and sheet.objective is None and sheet.pullbacks:
            return self._pullback(variables)
        target = of or (sheet.objective.symbol if sheet.objective else None)
        if target is None:
            if wrt is None and not sheet.parameters:
                result = Derivation(sheet, self.graph, self.partition, (), list(self.extra))
                self._updates(result)
                return result
            span = next((s.span for s in sheet.document.statements if isinstance(s, tree.Parameters)), None)
            raise SheetError((Diagnostic(
                "GS210", "the sheet states nothing to differentiate", span, sheet.source,
                suggestion="add `minimize L` (or `maximize`, or `pullback y`)",
            ),))  # fmt: skip
        if not variables:
            span = sheet.objective.syntax.span if sheet.objective else None
            raise SheetError((Diagnostic(
                "GS210", "the sheet names no parameters", span, sheet.source,
                suggestion="add a line such as: parameters " + (", ".join(s.name for s in sheet.inputs[:3]) or "w"),
            ),))  # fmt: skip
        result = Derivation(sheet, self.graph, self.partition, (target,), list(self.extra))
        data = self._data_terms(target)
        if data:
            self._with_data(result, target, variables, data)
        else:
            self._plain(result, target, variables)
        self._updates(result)
        return result

    # ------------------------------------------------------------ plain objectives

    def _plain(self, result: Derivation, target: Symbol, variables: tuple[Symbol, ...]) -> None:
        accumulator = Accumulator(self.graph, self.sheet.row_sums, self.registry)
        adjoints = accumulator.run(target, variables)
        self._record(result, adjoints)
        for adjoint in adjoints:
            if adjoint.wrt[-1] in variables:
                result.gradients[adjoint.wrt[-1]] = adjoint

    def _record(self, result: Derivation, adjoints: Sequence[Adjoint]) -> None:
        for adjoint in adjoints:
            if adjoint.symbol in self.done:
                continue
            self.done.add(adjoint.symbol)
            self.graph.append(adjoint.equation)
            result.adjoints.append(adjoint)

    def _pullback(self, variables: tuple[Symbol, ...]) -> Derivation:
        sheet = self.sheet
        if not variables:
            variables = tuple(s for s in sheet.inputs if s.domain.kind == "real")
        cotangents = {}
        for symbol in sheet.pullbacks:
            used = any(symbol in self.graph.needed_for(other) for other in sheet.pullbacks if other is not symbol)
            mark = "₀" if used else ""  # the upstream gradient of a result that other results use too
            name = f"{symbol.name[0]}̄{symbol.name[1:]}{mark}"
            bar = Symbol(name, symbol.axes, Role.COTANGENT, symbol.leading, symbol.row)
            cotangents[symbol] = bar
        result = Derivation(sheet, self.graph, self.partition, sheet.pullbacks, list(self.extra), cotangents=cotangents)
        adjoints = Accumulator(self.graph, sheet.row_sums, {}, cotangents).pull_back(variables)
        self._record(result, adjoints)
        for adjoint in adjoints:
            if adjoint.wrt[-1] in variables:
                result.gradients[adjoint.wrt[-1]] = adjoint
        return result

    # ------------------------------------------------------------ means and sums over data

    def _data_terms(self, target: Symbol) -> list[OverData]:
        found: list[OverData] = []
        for equation in self.graph.clauses.get(target, ()):
            found.extend(n for n in walk(self.graph.body(equation)) if isinstance(n, OverData))
        return found

    def _with_data(
        self, result: Derivation, target: Symbol, variables: tuple[Symbol, ...], data: list[OverData]
    ) -> None:
        """The loss of one example is derived by itself; the objective joins it with what is counted once."""
        (equation,) = self.graph.clauses[target]
        losses: dict[OverData, Symbol] = {}
        for node in data:
            losses[node] = self._example_loss(node)
        for loss in dict.fromkeys(losses.values()):
            accumulator = Accumulator(self.graph, self.sheet.row_sums, self.registry)
            self._record(result, accumulator.run(loss, variables))
        totals = {node: Symbol(f"{node.kind} {losses[node].name}", (), Role.LOCAL) for node in data}
        body = transform(self.graph.body(equation), lambda n: Access(totals[n], ()) if n in totals else n)
        stand_in = Equation(target, equation.pattern, equation.free, body, equation.syntax)
        outer = Graph([e for e in self.graph.equations if e.symbol is not target], *self._context)
        outer.append(stand_in)
        accumulator = Accumulator(outer, self.sheet.row_sums, self.registry)
        for adjoint in accumulator.run(target, variables):
            if adjoint.wrt[-1] not in variables:
                self._record(result, [_with_totals(adjoint, totals)])
                continue
            joined = _with_totals(self._joined(adjoint, body, losses, totals), totals)
            self._record(result, [joined])
            result.gradients[adjoint.wrt[-1]] = joined

    def _joined(
        self, adjoint: Adjoint, body: Expr, losses: dict[OverData, Symbol], totals: dict[OverData, Symbol]
    ) -> Adjoint:
        wrt = adjoint.wrt[-1]
        log = Log(list(adjoint.log.entries))
        parts: list[Expr] = []
        at = tuple(Affine.atom(i) for i in adjoint.equation.free)
        for node, total in totals.items():
            weight = Differentiator(total, (), self.graph.functions, log).derivative(body)
            example = self.registry[losses[node], (wrt,)]
            if not self._reaches(losses[node], wrt):
                continue
            parts.append(Multiply((weight, OverData(node.kind, Access(example, at)))))
        before: Expr = Add((*parts, adjoint.equation.body))
        after = Simplifier(self.sheet.row_sums, log).simplify(before)
        log.add(steps.DATA, before, after)
        equation = Equation(adjoint.symbol, adjoint.equation.pattern, adjoint.equation.free, after, None)
        uses = tuple(dict.fromkeys(losses.values()))
        return Adjoint(adjoint.of, adjoint.wrt, equation, steps.DATA.sentence, uses, log.conditions, log)

    def _reaches(self, target: Symbol, source: Symbol) -> bool:
        return target in self.graph.depends_on((source,))

    def _example_loss(self, node: OverData) -> Symbol:
        if isinstance(node.body, Access) and not node.body.at:
            return node.body.symbol
        taken = {s.name for s in self.sheet.symbols.values()}
        name = next(n for n in ("ℓ", "loss", "example_loss", "ℓ_example") if n not in taken)
        symbol = Symbol(name, (), Role.DEFINITION)
        self.graph.append(Equation(symbol, (), (), node.body, None))
        return symbol

    # ------------------------------------------------------------ derivatives as terms, second derivatives

    def _materialise(self, symbol: Symbol) -> None:
        """A derivative that stands in an equation becomes equations itself, before that equation."""
        if symbol.adjoint_of is None or symbol in self.done:
            return
        of, by = symbol.adjoint_of
        self.extra.extend(self._higher(of, by))

    def _higher(self, of: Symbol, by: tuple[Symbol, ...]) -> list[Adjoint]:
        """∂of/∂by…, one variable after the other; each stage is differentiated as an equation."""
        found: list[Adjoint] = []
        current = of
        for depth in range(1, len(by) + 1):
            identity = (of, by[:depth])
            known = self.registry.get(identity)
            if known is None or known not in self.done:
                accumulator = Accumulator(self.graph, self.sheet.row_sums, self.registry)
                variable = by[depth - 1]
                if variable is current:
                    raise SheetError(
                        (
                            Diagnostic(
                                "GS214", f"the derivative of {variable.name} by itself is 1", None, self.sheet.source
                            ),
                        )
                    )
                if depth > 1 and self._joins_rows(current):
                    self._refuse_second_of_mean(of, by)
                for adjoint in accumulator.run(current, (variable,)):
                    if adjoint.symbol in self.done:
                        continue
                    self.done.add(adjoint.symbol)
                    self.graph.append(adjoint.equation)
                    found.append(adjoint)
            current = self.registry[identity]
        return found

    def _joins_rows(self, symbol: Symbol) -> bool:
        """Whether a mean or a sum over the data stands behind a symbol."""
        return any(self._data_terms(s) for s in self.graph.needed_for(symbol))

    def _refuse_second_of_mean(self, of: Symbol, by: tuple[Symbol, ...]) -> NoReturn:
        names = " and ".join(dict.fromkeys(s.name for s in by))
        message = f"a second derivative by {names} is not derived for {of.name}, which joins the rows of the data"
        hint = "that of one example's loss, ∂²L/∂w², is averaged over the rows; add what stands outside the mean: + λ I"
        span = next((e.syntax.span for e in self.sheet.equations if e.symbol is of and e.syntax is not None), None)
        raise SheetError((Diagnostic("GS501", message, span, self.sheet.source, suggestion=hint),))

    def _updates(self, result: Derivation) -> None:
        """Derivatives that updates name beyond the gradients: Hessians, Jacobians."""
        for rule in self.sheet.updates:
            for symbol in sorted(rule.value.symbols, key=lambda s: s.serial):
                if symbol.adjoint_of is not None and symbol not in self.done:
                    of, by = symbol.adjoint_of
                    result.adjoints.extend(self._higher(of, by))


__all__ = ["Derivation", "derive", "headline"]
