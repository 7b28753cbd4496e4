"""u used twice ↦ u₁ = u, u₂ = u: a name for each use, so that every edge of a graph has a value and a gradient.

∂L/∂u₁ is what one use contributes, and ∂L/∂u = ∂L/∂u₁ + ∂L/∂u₂. The equations with these names are derived, computed
and verified as a sheet is: no edge has a number that the rules did not give.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from gradsheet.derivation import Pass, derive
from gradsheet.diagnostics import CheckError, SheetError
from gradsheet.evaluation import Inputs, UndecidedError, UndefinedValueError
from gradsheet.expressions import Access, Affine, Configurations, Index, OverData, Symbol, replace_symbols, walk
from gradsheet.numerics.balls import current_precision, working_precision
from gradsheet.records import dataclass
from gradsheet.sheet import Equation
from gradsheet.solution.gates import Gate, Wire, gates, rank_zero, renaming, whole
from gradsheet.solution.numbers import domain_of, evaluate_step
from gradsheet.verification import verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.derivation import Adjoint, Derivation
    from gradsheet.evaluation.named import Values
    from gradsheet.expressions import Expr
    from gradsheet.sheet import Sheet
    from gradsheet.solution.model import Solution

MOST_EQUATIONS = 200
"""Sheets with more equations are drawn with the gradients that they have already."""
_PRECISIONS = (128, 256, 512, 1024, 2048)


@dataclass(slots=True)
class Wiring:
    """The uses of a sheet's symbols, each with its gradient."""

    gates: list[Gate]
    derivation: Derivation
    values: dict[Symbol, Values] = field(default_factory=dict)
    """Empty where the sheet has no values."""

    @property
    def wires(self) -> list[Wire]:
        return [wire for gate in self.gates for wire in gate.inputs]

    def adjoint(self, symbol: Symbol) -> Adjoint | None:
        """The derivative by a symbol or by one use of it: of what is asked, or of the loss of one row of the data."""
        targets = self.derivation.targets
        found = [a for a in self.derivation.adjoints if a.wrt == (symbol,)]
        return next((a for a in found if a.of not in targets), found[0] if found else None)

    def gradient(self, symbol: Symbol) -> Any:
        """The value of that derivative; None where it has none."""
        found = self.adjoint(symbol)
        return self.values.get(found.symbol) if found is not None else None


def is_circuit(solution: Solution) -> bool:
    """Every definition is a scalar, and at least one is a formula of scalars."""
    sheet = solution.sheet
    if sheet.functions or solution.row_count or any(e.symbol.axes for e in sheet.equations):
        return False
    if any(isinstance(n, OverData) for e in sheet.equations for n in walk(e.body)):
        return False
    return any(rank_zero(e.body) for e in sheet.equations)


def wiring(solution: Solution, *, circuit: bool = False, members: bool = False) -> Wiring | None:
    """The sheet of a solution with a name for each use; with `circuit`, scalar formulas fall apart into operations.

    With `members`, each member of a family has a use of its own: W in h[t] = tanh(W h[t−1]) is W₁, W₂, … over t.
    None where the uses cannot be told apart: functions and sums over configurations, derivatives as terms, a branch
    that has a value only where it is taken, and sheets of more than `MOST_EQUATIONS` equations.
    """
    sheet = solution.sheet
    if sheet.functions or len(sheet.equations) > MOST_EQUATIONS or not solution.derivation.targets:
        return None
    if any(isinstance(n, Configurations) for e in sheet.equations for n in walk(e.body)):
        return None
    if any(s.adjoint_of for e in sheet.equations for s in e.body.symbols):
        return None
    parts = _parts(sheet, circuit=circuit)
    if len(parts) > MOST_EQUATIONS:
        return None
    variables = _variables(solution, everything=circuit)
    wired = _sheet(solution, parts, variables, members=members)
    try:
        return _solved(solution, wired, parts, variables)
    except (SheetError, UndefinedValueError, UndecidedError):
        return None


def _variables(solution: Solution, *, everything: bool) -> tuple[Symbol, ...]:
    """What is differentiated by: the parameters, or all real inputs."""
    if not everything:
        return tuple(solution.derivation.gradients)
    used = {s for e in solution.sheet.equations for s in e.body.symbols}
    return tuple(s for s in solution.sheet.inputs if s.domain.kind == "real" and s in used)


def _parts(sheet: Sheet, *, circuit: bool) -> list[Gate]:
    """The right-hand sides, as gates or whole. A mean over data keeps the name of the loss of one example."""
    found: list[Gate] = []
    for equation in sheet.equations:
        if any(isinstance(n, OverData) for n in walk(equation.body)):
            found.append(Gate(equation.symbol, equation.body, [], equation))
        else:
            found.extend(gates(equation) if circuit else [whole(equation)])
    return found


def _sheet(solution: Solution, parts: list[Gate], variables: tuple[Symbol, ...], *, members: bool) -> Sheet:
    """The same sheet with an equation for each gate, and one for each use that is not the only one."""
    sheet = solution.sheet
    uses = Counter(wire.source for part in parts for wire in part.inputs)
    uses.update(s for part in parts if not part.inputs for s in part.body.symbols)
    active = set(variables)
    for part in parts:
        if any(wire.source in active for wire in part.inputs) or part.body.symbols & active:
            active.add(part.output)
    active |= solution.derivation.graph.depends_on(variables)
    equations: list[Equation] = []
    row_sums = dict(sheet.row_sums)
    for part in parts:
        plain: dict[Symbol, Callable[[tuple[Affine, ...]], Expr]] = {}
        for wire in part.inputs:
            source = wire.source
            lead = _lead(part) if members and not source.leading and source in active else ()
            if lead and not source.symmetric:
                old, wire.symbol = wire.symbol, _with_lead(wire.symbol, lead)
                plain[old] = _led(wire.symbol, lead)
                equations.append(_copy(wire))
                continue
            if uses[source] == 1 or source not in active or source.symmetric or _may_have_gaps(source, sheet):
                plain[wire.symbol] = renaming(source)
                wire.symbol, wire.shared = source, uses[source] > 1
                continue
            equations.append(_copy(wire))
            if source in row_sums:
                row_sums[wire.symbol] = row_sums[source]
        part.body = replace_symbols(part.body, plain)
        equations.append(_equation(part))
    return replace(sheet, equations=equations, row_sums=row_sums, updates=(), rate=None, derivatives={})


def _may_have_gaps(source: Symbol, sheet: Sheet) -> bool:
    """h[0,t], h[l,0] and h[l,t] leave h[0,0] without a value: such a family cannot be copied as a whole."""
    return source.leading > 1 and len(sheet.equations_of(source)) > 1


def _lead(part: Gate) -> tuple[Index, ...]:
    """The t of h[t] = tanh(W h[t−1]): the indices of the family that an equation defines."""
    own = part.equation
    if own is None:
        return ()
    leading = [p.single for p in own.pattern[: own.symbol.leading]]
    return tuple(i for i in leading if isinstance(i, Index))


def _with_lead(symbol: Symbol, lead: tuple[Index, ...]) -> Symbol:
    """The same name with one copy for each member: W[t]."""
    axes = (*(index.fresh() for index in lead), *symbol.axes)
    return Symbol(symbol.name, axes, symbol.role, len(lead), symbol.row, symbol.domain)


def _led(symbol: Symbol, lead: tuple[Index, ...]) -> Callable[[tuple[Affine, ...]], Expr]:
    own = tuple(Affine.atom(index) for index in lead)
    return lambda at: Access(symbol, (*own, *at))


def _copy(wire: Wire) -> Equation:
    """wire[i, j] = source[i, j]; with members, wire[t, i, j] = source[i, j]."""
    at = tuple(Affine.atom(index) for index in wire.symbol.axes)
    own = at[len(at) - wire.source.rank :]
    return Equation(wire.symbol, at, wire.symbol.axes, Access(wire.source, own), None)


def _equation(part: Gate) -> Equation:
    own = part.equation
    if own is None:
        return Equation(part.output, (), (), part.body, None)
    return Equation(own.symbol, own.pattern, own.free, part.body, own.syntax, own.facts)


def _solved(solution: Solution, sheet: Sheet, parts: list[Gate], variables: tuple[Symbol, ...]) -> Wiring | None:
    """Derived, computed and verified like any sheet; None where the verification could not be done."""
    old = solution.derivation
    of = None if old.cotangents else old.targets[0]
    derivation = derive(sheet, of, variables)
    inputs = _inputs(solution, derivation)
    wired = Wiring(parts, derivation)
    if solution.has_values and inputs is not None:
        wired.values = _values(derivation, inputs, solution.kind)
    checked = verified(derivation, inputs if solution.has_values else None, solution.kind)
    if checked.failures():
        raise CheckError("the gradient of one use of a symbol failed its verification, and is not shown")
    return wired if checked.passed else None


def _inputs(solution: Solution, derivation: Derivation) -> Inputs | None:
    """The same values; upstream gradients under their new names."""
    inputs = solution.inputs
    if inputs is None or not derivation.cotangents:
        return inputs
    renamed = {solution.derivation.cotangents[s]: new for s, new in derivation.cotangents.items()}
    values = {renamed.get(s, s): v for s, v in inputs.values.items()}
    given = frozenset(renamed.get(s, s) for s in inputs.given)
    data = frozenset(renamed.get(s, s) for s in inputs.data)
    return Inputs(inputs.sizes, values, data, inputs.rows, given, inputs.has_floats)


def _values(derivation: Derivation, inputs: Inputs, kind: str) -> dict[Symbol, Values]:
    """The numbers, with as many bits as the comparisons in them need."""
    the_pass = Pass(derivation.graph, derivation.graph.equations, inputs.data)
    start = current_precision()
    more = [b for b in _PRECISIONS if b > start] if kind == "certified" else []
    for bits in [start, *more]:
        try:
            with working_precision(bits):
                return evaluate_step(derivation, the_pass, domain_of(kind), inputs, {}).values
        except UndecidedError:
            continue
    raise UndecidedError
