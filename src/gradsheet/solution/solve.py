"""Derive, evaluate, verify: one sheet from equations to numbers that can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.derivation import Pass, derive, needed_inputs
from gradsheet.diagnostics import CheckError, Diagnostic, Diagnostics, SheetError
from gradsheet.evaluation import (
    MOST_FLOATS,
    Evaluator,
    TooManyConfigurationsError,
    UndecidedError,
    UndefinedValueError,
    ValueReader,
)
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import Access, Call, Configurations, Index, OverData, Role, Symbol, Unspecified, walk
from gradsheet.numerics.balls import current_precision, working_precision
from gradsheet.operations import ELEMENTWISE
from gradsheet.sheet.expressions import ExpressionReader
from gradsheet.sheet.scope import Scope
from gradsheet.sheet.sizes import SizeTable
from gradsheet.sheet.tensors import Tensor, Unreadable
from gradsheet.solution.model import Solution, State
from gradsheet.solution.numbers import domain_of, evaluate_step, updated
from gradsheet.verification import Check, verified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.derivation import Derivation
    from gradsheet.evaluation import Domain, Inputs
    from gradsheet.sheet import Equation, Sheet

PRECISIONS = (128, 256, 512, 1024, 2048)
MOST_EXACT_ENTRIES = 20_000
MOST_EXACT_WORK = 400_000


def solve(
    sheet: Sheet,
    values: Mapping[str, Any] | None = None,
    *,
    kind: str | None = None,
    steps: int | None = None,
    check: bool = True,
    derivation: Derivation | None = None,
    origin: str = "the values passed in",
) -> Solution:
    """Everything about a sheet: adjoints, numbers for each step, verification.

    `kind` is "certified" or "float64"; by default certified, and float64 where there is too much of it. Raises
    `SheetError` for values that are missing, of the wrong shape, outside their sets, or where something is undefined.
    """
    derivation = derivation or derive(sheet)
    solution = Solution(sheet, derivation, "symbolic")
    solution.remarks = [r.message for r in sheet.remarks]
    takes_data = _takes_data(derivation)
    reader = ValueReader(sheet, takes_data=takes_data, cotangents=list(derivation.cotangents.values()))
    inputs = reader.read(values, origin)
    solution.inputs = inputs
    _require(solution, inputs, kind)
    if inputs.given and not _unspecified(derivation):
        _numbers(solution, inputs, kind, steps)
    elif inputs.given:
        names = ", ".join(sorted(_unspecified(derivation)))
        solution.remarks.append(f"{names} is not specified, so there are no numbers")
    solution.conventions = conventions(solution)
    if check:
        solution.verification = verified(derivation, inputs if solution.has_values else None, solution.kind)
        failures = solution.verification.failures()
        if failures:
            raise CheckError(_report(solution, failures))
    return solution


def _what(check: Check) -> str:
    return f"∂{check.of}/∂{', '.join(check.wrt)}" if check.wrt else f"{check.of}, a statement about sums,"


def _report(solution: Solution, failures: list[Check]) -> str:
    """What an internal error says: never the gradient, but all that is needed to find the fault."""
    lines = ["a derived gradient failed its verification, and is not shown; this is a fault of gradsheet"]
    lines.extend(f"  {_what(c)} {c.where}: {c.difference}" for c in failures)
    lines.append("the sheet:")
    lines.extend("  " + line for line in solution.sheet.source.text.splitlines()[:60])
    return "\n".join(lines)


def _takes_data(derivation: Derivation) -> bool:
    return any(isinstance(n, OverData) for e in derivation.graph.equations for n in walk(e.body))


def _unspecified(derivation: Derivation) -> set[str]:
    return {
        n.function.name
        for e in derivation.graph.equations
        for n in walk(derivation.graph.body(e))
        if isinstance(n, Call) and isinstance(n.function, Unspecified)
    }


def required_inputs(derivation: Derivation) -> set[Symbol]:
    """What must have a value: inputs of the equations, of the derivatives, and of the update."""
    sheet = derivation.sheet
    needed = needed_inputs(derivation.graph, derivation.graph.equations)
    for rule in sheet.updates:
        needed |= {s for s in rule.value.symbols if s.role is Role.INPUT} | {rule.symbol}
    if sheet.rate is not None:
        needed |= rate_symbols(sheet) | set(sheet.parameters)
    return {s for s in needed if s.role is not Role.LOCAL or s in sheet.symbols.values()}


def _require(solution: Solution, inputs: Inputs, kind: str | None) -> None:
    """Values for nothing, or for everything that is needed."""
    sheet = solution.sheet
    needed = required_inputs(solution.derivation)
    missing = sorted((s for s in needed if s not in inputs.given), key=lambda s: s.serial)
    for symbol in [s for s in inputs.given if _has_gaps(inputs.values.get(s))]:
        _fail(sheet, "GS401", f"some members of '{symbol.name}' have no value", symbol)
    if not missing:
        return
    if not inputs.given:
        if kind is None:
            return
        asked = "--float" if kind == "float64" else "--exact"
        _fail(
            sheet,
            "GS401",
            f"numbers are asked for ({asked}), and no values are given",
            missing[0],
            "add a `given` block, or --given values.json",
        )
    if not (inputs.given & needed):
        return
    names = ", ".join(s.name for s in missing)
    _fail(sheet, "GS401", f"values are given, but not for {names}", missing[0], f"given {missing[0].name} = …")


def _fail(sheet: Sheet, code: str, message: str, symbol: Symbol | None = None, suggestion: str | None = None) -> None:
    span = symbol.span if symbol is not None else None
    raise SheetError((Diagnostic(code, message, span, sheet.source, None, suggestion),))


# ---------------------------------------------------------------- numbers


def _numbers(solution: Solution, inputs: Inputs, kind: str | None, steps: int | None) -> None:
    sheet = solution.sheet
    chosen = kind or _kind(solution, inputs)
    has_update = bool(sheet.updates or sheet.rate)
    count = (steps if steps is not None else 1) if has_update else 0
    if steps is not None and steps > 0 and not has_update:
        _fail(sheet, "GS601", "--steps needs an update rule", None, "minimize … by sgd(η = 0.1), or an `update` block")
    start = current_precision()
    exact = [b for b in PRECISIONS if b > start]
    precisions = [max(PRECISIONS[0], start), *exact] if chosen == "certified" else [53]
    for bits in precisions:
        try:
            with working_precision(bits):
                _run(solution, inputs, chosen, count)
        except UndecidedError:
            continue
        except UndefinedValueError as problem:
            raise SheetError((_undefined(sheet, problem),)) from None
        except TooManyConfigurationsError as problem:
            fits = chosen == "certified" and problem.count <= MOST_FLOATS
            advice = "--float adds up more of them" if fits else "give smaller sizes, or leave out the values"
            _fail(sheet, "GS408", str(problem), None, advice)
        else:
            return
    _fail(
        sheet,
        "GS407",
        f"a comparison cannot be decided at {precisions[-1]} bits: two sides are equal to that precision",
        None,
        "--float, or other values",
    )


def _run(solution: Solution, inputs: Inputs, kind: str, count: int) -> None:
    sheet, derivation = solution.sheet, solution.derivation
    domain = domain_of(kind)
    the_pass = Pass(derivation.graph, derivation.graph.equations, inputs.data)
    solution.kind = kind
    solution.row_symbols = the_pass.row_symbols | inputs.data if inputs.rows else frozenset()
    solution.row_count = inputs.rows
    states: list[State] = []
    values: dict[Symbol, Any] = {}
    rate = None
    if sheet.rate is not None:
        rate = rate_of(sheet, inputs, domain)
    solution.rate = rate
    for _ in range(count + 1):
        state = evaluate_step(derivation, the_pass, domain, inputs, values)
        states.append(state)
        if len(states) <= count:
            values.update(updated(derivation, domain, inputs, state, rate))
    solution.states = states


def rate_tensor(sheet: Sheet) -> Tensor:
    """The learning rate of `by sgd(…)`, which may use declared names."""
    assert sheet.rate is not None
    diagnostics = Diagnostics(sheet.source)
    try:
        value = ExpressionReader(sheet, diagnostics, SizeTable()).read(sheet.rate.value, Scope())
    except Unreadable:
        raise SheetError(tuple(diagnostics.errors)) from None
    if value.rank:
        raise SheetError(
            (Diagnostic("GS301", "the learning rate must be a scalar", sheet.rate.value.span, sheet.source),)
        )
    return value


def _has_gaps(value: Any) -> bool:
    """Whether entries are missing, where only some members were given."""
    return isinstance(value, np.ndarray) and value.dtype == object and any(v is None for v in value.reshape(-1))


def rate_symbols(sheet: Sheet) -> set[Symbol]:
    """What the learning rate is computed from."""
    return set(rate_tensor(sheet).body.symbols)


def rate_of(sheet: Sheet, inputs: Inputs, domain: Domain) -> Any:
    """The learning rate as a number."""
    body = rate_tensor(sheet).body
    evaluator = Evaluator(domain, inputs.sizes.values, inputs.sizes.families, inputs.arrays(domain))
    result = evaluator.evaluate(body).data
    return result[()] if isinstance(result, np.ndarray) else result


def _kind(solution: Solution, inputs: Inputs) -> str:
    """Certified numbers while there are few; float64, said so, where exact arithmetic would take long."""
    entries = 0
    for value in inputs.values.values():
        entries += sum(v.size for v in value.values()) if isinstance(value, dict) else value.size
    work = entries
    evaluator = Evaluator(
        domain_of("float64"), inputs.sizes.values, inputs.sizes.families, inputs.arrays(domain_of("float64"))
    )
    for equation in solution.derivation.graph.equations:
        work += _work(equation, solution, evaluator) * max(1, inputs.rows)
        if work > MOST_EXACT_WORK:
            break
    if entries > MOST_EXACT_ENTRIES or work > MOST_EXACT_WORK:
        solution.remarks.append("float64 is used: there is too much to compute for certified digits (--exact insists)")
        return "float64"
    return "certified"


def _work(equation: Equation, solution: Solution, evaluator: Evaluator) -> int:
    """Roughly how many products an equation takes: its entries times the longest sum and the most states in it."""
    total = 1
    try:
        if symbol_depth(equation.symbol):
            return 1000
        for index in equation.free:
            total *= max(1, len(evaluator.extent(index)))
        longest = states = 1
        for node in walk(solution.derivation.graph.body(equation)):
            over = getattr(node, "index", None)
            if isinstance(over, Index):
                longest = max(longest, len(evaluator.extent(over)))
            elif isinstance(node, Configurations):
                states = max(states, evaluator.factor(node.variable).count)
    except (KeyError, AssertionError):
        return total
    return total * longest * states


def _undefined(sheet: Sheet, problem: UndefinedValueError) -> Diagnostic:
    equation = problem.equation
    place = f"[{', '.join(map(str, problem.place))}]" if problem.place else ""
    span = equation.syntax.value.span if equation.syntax is not None else None
    if span is None and equation.symbol.adjoint_of is not None:
        # A derivative stands on no line of the sheet: the variable it is taken by does.
        span = equation.symbol.adjoint_of[1][-1].span
    return Diagnostic(
        "GS405", f"{equation.symbol.name}{place} is undefined at the given values: {problem.reason}", span, sheet.source
    )


# ---------------------------------------------------------------- conventions


GRADIENTS = "a gradient has the shape of its variable; vectors are columns"


def conventions(solution: Solution) -> list[str]:
    """What the sheet leaves to convention: layout of gradients, kinks, vectors, data."""
    found = [GRADIENTS]
    kinks: dict[str, str] = {}
    for equation in solution.derivation.partition.equations:
        for node in walk(solution.derivation.graph.body(equation)):
            if isinstance(node, Call) and isinstance(node.function, str):
                record = ELEMENTWISE[node.function]
                if record.kink:
                    kinks[record.name] = record.kink
    at_kink = _on_kinks(solution) if kinks and solution.has_values else []
    found.extend(kinks.values())
    found.extend(at_kink)
    if _takes_data(solution.derivation):
        rows = solution.row_count
        takes = ", ".join(sorted(s.name for s in (solution.inputs.data if solution.inputs else ())))
        text = (
            f"{takes} take the data axis ({rows} rows)"
            if takes
            else "L is stated for one example; values with one more axis are rows of data"
        )
        found.append(text + "; terms without data are counted once")
    objective = solution.sheet.objective
    if objective is not None and objective.sense == "maximize" and (solution.sheet.rate is not None):
        found.append("maximize: the step goes up the gradient")
    return found


def _on_kinks(solution: Solution) -> list[str]:
    """Places where a value sits on a kink, so that the convention decides the gradient."""
    result = []
    state = solution.states[0]
    inputs = solution.inputs
    if inputs is None or inputs.rows:
        return []
    domain = domain_of(solution.kind)
    for equation in solution.derivation.partition.equations:
        if symbol_depth(equation.symbol):
            continue
        for node in walk(solution.derivation.graph.body(equation)):
            if not (isinstance(node, Call) and isinstance(node.function, str) and ELEMENTWISE[node.function].kink):
                continue
            if not set(node.free) <= set(equation.free) or not all(
                isinstance(a, (Access, Call)) or True for a in node.arguments
            ):
                continue
            evaluator = Evaluator(domain, inputs.sizes.values, inputs.sizes.families, state.values)
            try:
                first = evaluator.evaluate(node.arguments[0])
                gap = first
                if node.function in {"max", "min"}:
                    second = evaluator.evaluate(node.arguments[1])
                    _axes, parts = evaluator.aligned([first, second])
                    zero = domain.compare("=", *parts)
                else:
                    zero = domain.compare("=", gap.data, domain.number(0))
            except (UndecidedError, KeyError, AssertionError):
                continue
            count = int(np.sum(zero))
            if count:
                entries = "a value sits" if count == 1 else f"{count} values sit"
                result.append(f"in {equation.symbol.name} {entries} on the kink: {ELEMENTWISE[node.function].kink}")
    return list(dict.fromkeys(result))
