"""What a program has to compute: the equations behind the wanted values, the update among them, and its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.expressions import (
    Access,
    Affine,
    Call,
    Expr,
    Index,
    Lambda,
    Role,
    Symbol,
    Unspecified,
    number,
    replace_symbols,
    walk,
)
from gradsheet.programs.forms import added, atoms_of, multiplied
from gradsheet.programs.model import Argument, Assign, Part, Program, Result
from gradsheet.records import dataclass
from gradsheet.solution import rate_tensor
from gradsheet.syntax import canonical_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.derivation import Derivation
    from gradsheet.sheet import Sheet

Wanted = Literal["value", "gradient", "update", "pullback"]
WANTED: tuple[Wanted, ...] = ("value", "gradient", "update", "pullback")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A program in the sheet's own terms, and which of its arrays are joined over the rows of the data.

    `averaged` are those of an objective; `pulled` are derivatives of a pullback by its inputs: for an input that all
    rows share, they are added up.
    """

    program: Program
    averaged: frozenset[Symbol]
    pulled: dict[Symbol, Symbol]


@dataclass(frozen=True, slots=True)
class Rule:
    """target[pattern] ← value: one line of an update."""

    symbol: Symbol
    pattern: tuple[Affine, ...]
    value: Lambda


def gather(derivation: Derivation, wanted: Sequence[str], rules: Sequence[Rule] | None = None) -> Gathered:
    """The assignments that the wanted values need, in the order of the derivation.

    Each of `wanted` is "value" (the objective), "gradient" (its derivatives by the parameters), "update" (the
    parameters after one step), "pullback" (the outputs and the derivatives by the inputs), or the name of something
    that the sheet defines or derives. Raises `SheetError` where a sheet has no such thing.
    """
    collector = _Collector(derivation, rules)
    for name in wanted:
        collector.want(name)
    return collector.gathered()


class _Collector:
    def __init__(self, derivation: Derivation, rules: Sequence[Rule] | None) -> None:
        self.derivation, self.sheet = derivation, derivation.sheet
        own = [Rule(r.symbol, r.pattern, r.value) for r in self.sheet.updates]
        self.rules = own if rules is None else list(rules)
        self.results: list[Result] = []
        self.updates: list[Assign] = []
        self.averaged: set[Symbol] = set()
        self.pulled: dict[Symbol, Symbol] = {}

    def want(self, name: str) -> None:
        match name:
            case "value":
                self._value()
            case "gradient":
                self._gradient()
            case "update":
                self._update()
            case "pullback":
                self._pullback()
            case _:
                symbol = self._named(name)
                self._result(symbol, symbol.name)

    def gathered(self) -> Gathered:
        graph = self.derivation.graph
        needed = graph.needed_for(*(r.symbol for r in self.results), *(s for u in self.updates for s in u.body.symbols))
        statements = [
            Assign(e.symbol, e.pattern, e.free, graph.body(e)) for e in graph.equations if e.symbol in needed
        ] + self.updates
        _specified(self.sheet, statements)
        updated = {r.symbol for r in self.rules}
        arguments = _arguments(self.sheet, self.derivation, statements, updated)
        program = Program(tuple(arguments), tuple(statements), tuple(self.results))
        return Gathered(program, frozenset(self.averaged), self.pulled)

    # ------------------------------------------------------------ what is wanted

    def _result(self, symbol: Symbol, name: str) -> None:
        if all(r.symbol is not symbol for r in self.results):
            self.results.append(Result(symbol, name))

    def _fail(self, message: str, suggestion: str | None = None) -> SheetError:
        return SheetError((Diagnostic("GS801", message, None, self.sheet.source, None, suggestion),))

    def _value(self) -> None:
        if self.sheet.objective is None:
            raise self._fail("the sheet states no objective", "add `minimize L` (or `maximize`)")
        self._result(self.sheet.objective.symbol, self.sheet.objective.symbol.name)
        self.averaged.add(self.sheet.objective.symbol)

    def _gradient(self) -> None:
        if not self.derivation.gradients or self.derivation.cotangents:
            hint = "ask for the pullback" if self.derivation.cotangents else "add `minimize L` and `parameters …`"
            raise self._fail("the sheet has no objective with parameters", hint)
        for adjoint in self.derivation.gradients.values():
            self._result(adjoint.symbol, adjoint.symbol.name)
            self.averaged.add(adjoint.symbol)

    def _pullback(self) -> None:
        if not self.derivation.cotangents:
            raise self._fail("the sheet states no pullback", "add `pullback y`")
        for symbol in self.derivation.cotangents:
            self._result(symbol, symbol.name)
        for variable, adjoint in self.derivation.gradients.items():
            self._result(adjoint.symbol, adjoint.symbol.name)
            self.pulled[adjoint.symbol] = variable

    def _named(self, name: str) -> Symbol:
        """A symbol by the name it has in the sheet, or in the derivation; dL/dW is ∂L/∂W."""
        wanted = {canonical_key(name), canonical_key(_derivative_name(name))}
        for symbol in [*self.derivation.graph.clauses, *self.sheet.inputs]:
            if canonical_key(symbol.name) in wanted:
                return symbol
        raise self._fail(f"nothing is called '{name}' in the sheet or its derivation")

    # ------------------------------------------------------------ updates

    def _update(self) -> None:
        sheet = self.sheet
        if self.rules:
            self._rules()
        elif sheet.rate is not None and sheet.objective is not None:
            self._descent()
        else:
            hint = "minimize … by sgd(η = 0.1), or an `update` block"
            raise self._fail("the sheet states no update", hint)

    def _rules(self) -> None:
        """`target ← value` line by line: a later line sees what the earlier ones assigned."""
        current: dict[Symbol, Symbol] = {}
        for rule in self.rules:
            new = _after(rule.symbol)
            body = _renamed(rule.value.body, current)
            held = current.get(rule.symbol, rule.symbol)
            new_values = set(current.values())
            self.averaged |= {s for s in body.symbols if s.role is not Role.INPUT and s not in new_values}
            if not _covers(rule.pattern, rule.symbol):
                self.updates.append(_copy(held, new))
            self.updates.append(Assign(new, rule.pattern, rule.value.indices, body))
            current[rule.symbol] = new
        self.results.extend(Result(new, old.name, old) for old, new in current.items())

    def _descent(self) -> None:
        """W ← w − η ∂L/∂w for every parameter; up the gradient where the objective is maximised."""
        sheet = self.sheet
        assert sheet.objective is not None
        rate = rate_tensor(sheet).body
        sign = number(1 if sheet.objective.sense == "maximize" else -1)
        for parameter, adjoint in self.derivation.gradients.items():
            new = _after(parameter)
            free, at = fresh_axes(parameter)
            step = multiplied((sign, rate, Access(adjoint.symbol, at)))
            self.updates.append(Assign(new, at, free, added((Access(parameter, at), step))))
            self.results.append(Result(new, parameter.name, parameter))
            self.averaged.add(adjoint.symbol)


def _derivative_name(name: str) -> str:
    """∂L/∂W for dL/dW."""
    above, slash, below = name.partition("/")
    if slash and above.startswith("d") and below.startswith("d"):
        return f"∂{above[1:]}/∂{below[1:]}"
    return name


def _after(symbol: Symbol) -> Symbol:
    """The symbol of a parameter's value after the step."""
    return Symbol(f"{symbol.name}⁺", symbol.axes, Role.DEFINITION, symbol.leading, domain=symbol.domain)


def fresh_axes(symbol: Symbol) -> tuple[tuple[Index, ...], tuple[Affine, ...]]:
    """Indices over the axes of a symbol, and the places they stand for."""
    mapping: dict[object, Affine] = {}
    free: list[Index] = []
    for axis in symbol.axes:
        new = Index(axis.name, axis.low.substitute(mapping), axis.high.substitute(mapping))
        mapping[axis] = Affine.atom(new)
        free.append(new)
    return tuple(free), atoms_of(free)


def _copy(source: Symbol, target: Symbol) -> Assign:
    free, at = fresh_axes(source)
    return Assign(target, at, free, Access(source, at))


def _covers(pattern: tuple[Affine, ...], symbol: Symbol) -> bool:
    """Whether a rule assigns every component."""
    mapping = dict(zip(symbol.axes, pattern, strict=True))
    return all(
        isinstance(p.single, Index)
        and p.single.range == (a.low.substitute(mapping), a.high.substitute(mapping))
        for p, a in zip(pattern, symbol.axes, strict=True)
    )


def _renamed(body: Expr, current: Mapping[Symbol, Symbol]) -> Expr:
    def component(new: Symbol) -> object:
        return lambda at: Access(new, at)

    result: Expr = replace_symbols(body, {old: component(new) for old, new in current.items()})  # type: ignore[misc]
    return result


def _specified(sheet: Sheet, statements: Iterable[Assign]) -> None:
    """Refuse functions that are left open: they have no numbers."""
    for statement in statements:
        for node in walk(statement.body):
            if isinstance(node, Call) and isinstance(node.function, Unspecified):
                message = f"'{node.function.name}' is not specified, so there is nothing to compute"
                hint = f"define it: {node.function.name}(z) = tanh(z)"
                raise SheetError((Diagnostic("GS801", message, node.function.span, sheet.source, None, hint),))


# ---------------------------------------------------------------- arguments


def _arguments(
    sheet: Sheet, derivation: Derivation, statements: Iterable[Assign], updated: set[Symbol]
) -> list[Argument]:
    """Everything that is used and not computed: parameters first, then data and constants as they are declared."""
    listed = list(statements)
    computed = {s.target for s in listed}
    bound = {n.variable for s in listed for n in walk(s.body) if hasattr(n, "variable")}
    used = {s for a in listed for s in _used(a)} - computed - bound
    cotangents = set(derivation.cotangents.values())

    def part(symbol: Symbol) -> Part:
        if symbol in cotangents:
            return "cotangent"
        return "parameter" if symbol in sheet.parameters or symbol in updated else "constant"

    order = sorted(used, key=lambda s: (part(s) == "cotangent", part(s) != "parameter", s.serial))
    return [Argument(s, s.name, part(s)) for s in order]


def _used(assign: Assign) -> set[Symbol]:
    found = {s for s in assign.body.symbols if not s.parameters}
    for place in assign.pattern:
        found |= {a.symbol for a in place.atoms() if isinstance(a, Access)}
    return found


__all__ = ["WANTED", "Gathered", "Rule", "Wanted", "fresh_axes", "gather"]
