"""One candidate, computed: its values before and after the step, and what its functions were applied to.

The numbers are the certified ones that a solution shows (float64 where a sheet is too large for them); the arguments of
functions and the sides of comparisons are recorded while they are computed, wherever in a right-hand side they stand.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradsheet.derivation import Pass
from gradsheet.evaluation import CertifiedDomain, Float64, UndecidedError, UndefinedValueError, ValueReader
from gradsheet.expressions import OverData, Relation, walk
from gradsheet.expressions.nodes import Call, Piecewise, Reduce
from gradsheet.numerics.certified import Certified
from gradsheet.operations import ELEMENTWISE
from gradsheet.records import dataclass
from gradsheet.solution.numbers import evaluate_step, updated
from gradsheet.solution.solve import rate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from fractions import Fraction

    from numpy.typing import NDArray

    from gradsheet.derivation import Derivation
    from gradsheet.evaluation import Domain, Inputs
    from gradsheet.expressions import AnyNode, Symbol
    from gradsheet.sheet import Sheet

Kind = Literal["balls", "closed forms", "floats"]
_ORDERED = frozenset("<≤>≥")
_ZERO = 1e-25
"""A ball around 0 is no larger than this at the precision of the search."""


@dataclass(slots=True)
class Seen:
    """Arguments by function, differences of what is compared, spreads of what a softmax takes."""

    arguments: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    gaps: list[NDArray[np.float64]] = field(default_factory=list)
    rows: list[NDArray[np.float64]] = field(default_factory=list)

    def of(self, names: Iterable[str]) -> NDArray[np.float64]:
        """All arguments of some functions."""
        return joined(a for name in names for a in self.arguments.get(name, ()))


class _Watch:
    """Records what functions and comparisons are applied to."""

    seen: Seen

    def elementwise(self, name: str, *arguments: Any) -> Any:
        """Remember the arguments; of two-sided functions, their difference; max(0, x) is relu(x)."""
        sides = [floats(a) for a in arguments]
        self.remember(name, sides[0])
        if name in {"max", "min"}:
            self.remember("max−", sides[0] - sides[1])
            for one, other in (sides, sides[::-1]):
                if name == "max" and not np.any(one) and not np.any(np.isnan(one)):
                    self.remember("relu", other)
        return super().elementwise(name, *arguments)  # type: ignore[misc]

    def remember(self, name: str, argument: NDArray[np.float64]) -> None:
        """Note an argument of a function."""
        self.seen.arguments.setdefault(name, []).append(argument)

    def compare(self, sign: str, a: Any, b: Any) -> Any:
        """Remember the gap between the sides of an inequality."""
        if sign in _ORDERED:
            self.seen.gaps.append((floats(a) - floats(b)).reshape(-1))
        return super().compare(sign, a, b)  # type: ignore[misc]

    def array(self, name: str, argument: Any) -> Any:
        """Remember how far the entries of a softmax lie apart."""
        if name in {"softmax", "logsumexp"}:
            values = floats(argument)
            self.seen.rows.extend(values.reshape(-1, values.shape[-1]))
        return super().array(name, argument)  # type: ignore[misc]


class _WatchedCertified(_Watch, CertifiedDomain):
    def __init__(self) -> None:
        self.seen = Seen()


class _WatchedBalls(_WatchedCertified):
    """Rational while it can be, then balls: closed forms, which take longer, are for the final solution."""

    def elementwise(self, name: str, *arguments: Any) -> Any:
        return _balls(super().elementwise(name, *arguments))

    def array(self, name: str, argument: Any) -> Any:
        return _balls(super().array(name, argument))

    def power(self, base: Any, exponent: Any) -> Any:
        return _balls(super().power(base, exponent))


class _WatchedFloats(_Watch, Float64):
    def __init__(self) -> None:
        self.seen = Seen()


@dataclass(slots=True)
class Outcome:
    """What one candidate gives; `reason` says why there is nothing where something is undefined."""

    values: dict[Symbol, Any] = field(default_factory=dict)
    changed: dict[Symbol, Any] = field(default_factory=dict)
    """The parameters after the step."""
    before: float | None = None
    after: float | None = None
    seen: Seen = field(default_factory=Seen)
    reason: str | None = None

    @property
    def work(self) -> int:
        """How many arguments of functions were evaluated."""
        return sum(a.size for rows in self.seen.arguments.values() for a in rows)

    def numbers(self, symbol: Symbol) -> NDArray[np.float64]:
        """All entries of a value, those of all members of a family."""
        return floats(self.values.get(symbol))

    def fractions(self, symbol: Symbol) -> list[Fraction | None]:
        """The same as exact rationals, None for what is none."""
        return fractions(self.values.get(symbol))


class Laboratory:
    """Computes candidates of one derivation."""

    def __init__(self, derivation: Derivation, inputs: Inputs, kind: Kind) -> None:
        self.derivation = derivation
        graph = derivation.graph
        watched: dict[Kind, Callable[[], _WatchedCertified | _WatchedFloats]] = {
            "balls": _WatchedBalls, "closed forms": _WatchedCertified, "floats": _WatchedFloats,
        }  # fmt: skip
        self.watched = watched[kind]
        self.plain: Domain = Float64() if kind == "floats" else CertifiedDomain()
        self.takes_data = takes_data(derivation)
        self.whole = Pass(graph, graph.equations, inputs.data)
        wanted = graph.needed_for(*derivation.targets)
        self.forward = Pass(graph, [e for e in graph.equations if e.symbol in wanted], inputs.data)
        self.kinked = _kinked(derivation)
        self.compares = _compares(derivation)

    def run(self, sheet: Sheet) -> Outcome:
        """Values, update and the objective after it, for a sheet with these equations and other numbers."""
        derivation = self.derivation
        reader = ValueReader(sheet, takes_data=self.takes_data, cotangents=list(derivation.cotangents.values()))
        inputs = reader.read()
        domain = self.watched()
        outcome = Outcome(seen=domain.seen)
        try:
            state = evaluate_step(derivation, self.whole, domain, inputs, {})
            outcome.values = state.values
            outcome.before = _number(state.objective)
            rate = rate_of(sheet, inputs, self.plain) if sheet.rate is not None else None
            outcome.changed = updated(derivation, self.plain, inputs, state, rate)
            if outcome.changed and outcome.before is not None:
                moved = evaluate_step(derivation, self.forward, self.plain, inputs, outcome.changed)
                outcome.after = _number(moved.objective)
        except UndefinedValueError as problem:
            outcome.reason = f"{problem.equation.symbol.name} is undefined"
        except UndecidedError:
            outcome.reason = "a comparison cannot be decided"
        return outcome


def takes_data(derivation: Derivation) -> bool:
    """Whether the objective is a mean or a sum over rows of data."""
    return any(isinstance(n, OverData) for e in derivation.graph.equations for n in walk(e.body))


def _kinked(derivation: Derivation) -> frozenset[str]:
    """Functions with a kink whose argument depends on a parameter."""
    return frozenset(
        node.function
        for node in _active(derivation)
        if isinstance(node, Call) and isinstance(node.function, str) and ELEMENTWISE[node.function].kink
    ) | frozenset("max−" for node in _active(derivation) if _is_maximum(node))


def _is_maximum(node: AnyNode) -> bool:
    return (isinstance(node, Call) and node.function in {"max", "min"}) or (
        isinstance(node, Reduce) and node.kind in {"max", "min"}
    )


def _compares(derivation: Derivation) -> bool:
    """Whether a choice hangs on something that depends on a parameter."""
    return any(
        isinstance(node, Piecewise) and any(isinstance(n, Relation) for n in walk(node.condition))
        for node in _active(derivation)
    )


def _active(derivation: Derivation) -> list[AnyNode]:
    """Nodes of the sheet's own equations whose choices or arguments depend on a parameter."""
    graph = derivation.graph
    moving = graph.depends_on(derivation.sheet.parameters)
    found: list[AnyNode] = []
    for equation in derivation.partition.equations:
        for node in walk(graph.body(equation)):
            symbols = node.condition.symbols if isinstance(node, Piecewise) else node.symbols
            if symbols & moving:
                found.append(node)
    return found


# ---------------------------------------------------------------- numbers


def _balls(values: Any) -> Any:
    """Closed forms as balls; rational numbers, and what has no value, as they are."""
    if not isinstance(values, np.ndarray):
        return _ball(values)
    result = np.empty(values.shape, dtype=object)
    for place in np.ndindex(values.shape):
        result[place] = _ball(values[place])
    return result


def _ball(value: Any) -> Any:
    plain = not isinstance(value, Certified) or value.fraction is not None or value.is_undefined or value.infinite
    return value if plain else Certified(value.to_ball())


def floats(values: Any) -> NDArray[np.float64]:
    """Values as float64; what has no value, or is infinite, is nan."""
    if isinstance(values, dict):
        return joined(floats(v) for v in values.values())
    if values is None:
        return np.empty(0)
    array = np.asarray(values)
    if array.dtype != object:
        return np.where(np.isfinite(array), array, np.nan).astype(np.float64)
    flat = [_float(v) for v in array.reshape(-1)]
    return np.array(flat, dtype=np.float64).reshape(array.shape)


def _float(value: Any) -> float:
    if isinstance(value, Certified) and (value.is_undefined or value.infinite or value.is_undecided):
        return float("nan")
    number = float(value)
    return 0.0 if abs(number) < _ZERO else number


def fractions(values: Any) -> list[Fraction | None]:
    """The entries of a value as exact rationals."""
    if isinstance(values, dict):
        return [f for v in values.values() for f in fractions(v)]
    if values is None:
        return []
    return [v.fraction if isinstance(v, Certified) else None for v in np.asarray(values, dtype=object).reshape(-1)]


def joined(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    """All numbers in one row, without those that are nan."""
    rows = [np.asarray(p, dtype=np.float64).reshape(-1) for p in parts]
    row = np.concatenate(rows) if rows else np.empty(0)
    return row[~np.isnan(row)]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
