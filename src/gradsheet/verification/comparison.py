"""Both sides of a check at one point: Taylor coefficients of the target, and adjoints times pushes."""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb

from gradsheet.derivation import Pass
from gradsheet.evaluation import JetDomain
from gradsheet.expressions import ZERO_EXPR, Role
from gradsheet.numerics.jets import Jet
from gradsheet.records import dataclass

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence

    from gradsheet.derivation import Adjoint, Derivation
    from gradsheet.evaluation import Inputs
    from gradsheet.expressions import Symbol

FIRST_ORDER = "directional derivatives by Taylor series in ball arithmetic"
SECOND_ORDER = "second-order Taylor series in ball arithmetic"
SUMS = "sums over configurations term by term in ball arithmetic"
_SHARED_BITS = 60
_MOST_DIGITS = 30


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: which adjoints, where, and how closely both sides agreed."""

    of: str
    wrt: tuple[str, ...]
    where: str
    method: str
    digits: int
    passed: bool
    difference: str = ""


@dataclass(slots=True)
class Trial:
    """One point at which adjoints are checked; a method gives None where the balls are too wide to tell."""

    derivation: Derivation
    root: Symbol
    """What is differentiated in the end: L, also for ∂²L/∂w²."""
    inputs: Inputs
    functions: Mapping[str, Any]
    rng: random.Random
    where: str
    moving: set[Adjoint] = field(default_factory=set)
    """Adjoints that were not zero here: a zero adjoint tells nothing."""

    def compare(self, of: Symbol, adjoints: Sequence[Adjoint]) -> list[Check] | None:
        """All adjoints of one target, by their order."""
        if adjoints[0].order == 1:
            return self.first_order(adjoints)
        # The derivative before, itself verified, is pushed; inputs alone are also checked against the target's series.
        inputs_only = adjoints[0].order == 2 and not self.root.axes
        direct = [a for a in adjoints if inputs_only and all(s.role is Role.INPUT for s in a.wrt)]
        staged = [a for a in adjoints if a not in direct]
        checks: list[Check] = []
        if staged:
            inner = Trial(self.derivation, of, self.inputs, self.functions, self.rng, self.where, self.moving)
            found = inner.first_order(staged)
            if found is None:
                return None
            checks.extend(found)
        for adjoint in direct:
            check = self.second_order(adjoint)
            if check is None:
                return None
            checks.append(check)
        return checks

    # ------------------------------------------------------------ evaluation

    def run(self, moves: Mapping[Symbol, Any], order: int, adjoints: Sequence[Symbol] = ()) -> dict[Symbol, Any]:
        """Values as jets with every moved symbol pushed; adjoints are computed along where they are asked for."""
        graph = self.derivation.graph
        targets = self.derivation.targets if self.derivation.cotangents else ()
        wanted = graph.needed_for(self.root, *adjoints, *targets)
        equations = [e for e in graph.equations if e.symbol in wanted]
        pushes = {s: _as_jets(d, order) for s, d in moves.items()}
        return Pass(graph, equations, self.inputs.data, self.functions, pushes).run(JetDomain(order), self.inputs)

    def upstream(self, values: Mapping[Symbol, Any]) -> list[tuple[Symbol, Any]]:
        """What the target is contracted with: upstream gradients, 1 for a scalar, random weights for a vector."""
        if self.derivation.cotangents:
            bars = self.derivation.cotangents.items()
            return [(s, _map(lambda jet: jet.value, values[bar])) for s, bar in bars]
        if not self.root.axes:
            return [(self.root, np.asarray(arb(1), dtype=object))]
        return [(self.root, self.direction(self.root, values[self.root]))]

    @staticmethod
    def slope(jets: Mapping[Symbol, Any], upstream: Sequence[tuple[Symbol, Any]]) -> arb:
        """The first Taylor coefficient of the contracted target."""
        total = arb(0)
        for symbol, weights in upstream:
            for weight, jet in _pairs(weights, jets[symbol]):
                total += weight * jet.derivative
        return total

    def direction(self, symbol: Symbol, values: Any) -> Any:
        """A random direction of the shape of a value; symmetric for a symmetric variable."""
        if isinstance(values, dict):
            return {k: self.direction(symbol, v) for k, v in values.items()}
        result = np.empty(np.shape(values), dtype=object)
        for place in np.ndindex(result.shape):
            result[place] = arb(self.rng.randint(-999, 999)) / 1000
        if symbol.symmetric and result.ndim == 2:
            for i in range(result.shape[0]):
                for j in range(i):
                    result[i, j] = result[j, i]
        return result

    # ------------------------------------------------------------ first order

    def first_order(self, adjoints: Sequence[Adjoint]) -> list[Check] | None:
        """Σ over all adjoints of ⟨adjoint, push⟩ against the target's first coefficient."""
        plain = self.run({}, 0, [s for a in adjoints for s in (a.symbol, a.wrt[-1])])
        moves: dict[Symbol, Any] = {}
        adjoints = [a for a in adjoints if a.wrt[-1] in plain or a.equation.body is not ZERO_EXPR]
        if not adjoints:
            return []  # nothing is computed from these variables, and their adjoints are 0
        for adjoint in adjoints:
            variable = adjoint.wrt[-1]
            if _is_moving(plain[adjoint.symbol]):
                self.moving.add(adjoint)
            moves[variable] = _within(self.direction(variable, plain[variable]), plain[adjoint.symbol], adjoint)
        upstream = self.upstream(plain)
        parts = {a: self.pairing(plain[a.symbol], moves[a.wrt[-1]], upstream, a) for a in adjoints}
        left = self.slope(self.run(moves, 1), upstream)
        right = sum(parts.values(), arb(0))
        verdict = agreement(left - right, abs(left) + abs(right) + 1)
        if verdict is None:
            return None
        names = tuple(a.wrt[-1].name for a in adjoints)
        of = adjoints[0].of.name
        passed, digits = verdict
        if passed:
            return [Check(of, names, self.where, FIRST_ORDER, digits, passed=True)]
        return self.culprits(adjoints, moves, parts, upstream)

    def culprits(
        self,
        adjoints: Sequence[Adjoint],
        moves: Mapping[Symbol, Any],
        parts: Mapping[Adjoint, arb],
        upstream: Sequence[tuple[Symbol, Any]],
    ) -> list[Check]:
        """Different for certain: which adjoints, moving one symbol at a time."""
        checks = []
        of = adjoints[0].of.name
        for adjoint in adjoints:
            variable = adjoint.wrt[-1]
            alone = self.slope(self.run({variable: moves[variable]}, 1), upstream)
            gap, scale = alone - parts[adjoint], abs(alone) + abs(parts[adjoint]) + 1
            passed = bool(gap.contains(0))
            text = "" if passed else f"series {float(alone.mid()):.6g}, rules {float(parts[adjoint].mid()):.6g}"
            digits = _digits(gap, scale) if passed else 0
            checks.append(Check(of, (variable.name,), self.where, FIRST_ORDER, digits, passed, text))
        if all(c.passed for c in checks):
            names = tuple(a.wrt[-1].name for a in adjoints)
            checks.append(Check(of, names, self.where, FIRST_ORDER, 0, passed=False, difference="all together"))
        return checks

    def pairing(self, gradient: Any, push: Any, upstream: Sequence[tuple[Symbol, Any]], adjoint: Adjoint) -> arb:
        """⟨gradient, push⟩; a Jacobian is contracted with the weights of its outputs first."""
        total = arb(0)
        if isinstance(gradient, dict):
            return sum((self.pairing(g, push[k], upstream, adjoint) for k, g in gradient.items()), total)
        values = np.asarray(gradient, dtype=object)
        outputs = values.ndim - adjoint.wrt[-1].rank
        if outputs > 0:
            weights = upstream[0][1].reshape(-1)
            for weight, row in zip(weights, values.reshape(weights.size, -1), strict=True):
                for move, entry in _pairs(push, row):
                    total += weight * entry.value * move
            return total
        start = _offset(adjoint)
        moved = np.asarray(push, dtype=object)
        if moved.shape != values.shape:
            moved = moved[start : start + values.shape[0]]
        for move, entry in _pairs(moved, values):
            total += entry.value * move
        return total

    # ------------------------------------------------------------ second order

    def second_order(self, adjoint: Adjoint) -> Check | None:
        """dᵀ (∂²L/∂w∂v) e from the second coefficients of L along d, along e, and along both."""
        first, second = adjoint.wrt
        plain = self.run({}, 0, [adjoint.symbol])
        if _is_moving(plain[adjoint.symbol]):
            self.moving.add(adjoint)
        d, e = self.direction(first, plain[first]), self.direction(second, plain[second])
        both = {first: np.asarray(d + e, dtype=object)} if first is second else {first: d, second: e}
        left = self.curvature(both) - self.curvature({first: d}) - self.curvature({second: e})
        matrix = np.asarray(plain[adjoint.symbol], dtype=object).reshape(d.size, e.size)
        right = arb(0)
        for x, row in zip(d.reshape(-1), matrix, strict=True):
            for y, entry in zip(e.reshape(-1), row, strict=True):
                right += x * entry.value * y
        verdict = agreement(left - right, abs(left) + abs(right) + 1)
        if verdict is None:
            return None
        passed, digits = verdict
        text = "" if passed else f"series {float(left.mid()):.6g}, rules {float(right.mid()):.6g}"
        return Check(self.root.name, (first.name, second.name), self.where, SECOND_ORDER, digits, passed, text)

    def curvature(self, moves: Mapping[Symbol, Any]) -> arb:
        """The second Taylor coefficient of the target."""
        coefficient: arb = np.asarray(self.run(moves, 2)[self.root], dtype=object).reshape(-1)[0].coefficient(2)
        return coefficient


def _is_moving(values: Any) -> bool:
    """Whether some entry is certainly not zero."""
    if isinstance(values, dict):
        return any(_is_moving(v) for v in values.values())
    return any(jet.value != 0 for jet in np.asarray(values, dtype=object).reshape(-1))


def agreement(gap: arb, scale: arb) -> tuple[bool, int] | None:
    """Whether a gap is 0, and to how many digits; None where the ball is too wide to tell."""
    if not gap.is_finite() or (gap.contains(0) and not _tight(gap, scale)):
        return None
    passed = bool(gap.contains(0))
    return passed, _digits(gap, scale) if passed else 0


def _tight(gap: arb, scale: arb) -> bool:
    """Whether a ball around 0 is small enough to count as agreement."""
    return bool(gap.rad() <= scale.mid() * arb(2) ** -_SHARED_BITS)


def _digits(gap: arb, scale: arb) -> int:
    ratio = float(gap.rad() / scale.mid())
    return _MOST_DIGITS if ratio == 0 else max(0, min(_MOST_DIGITS, int(-math.log10(ratio))))


def _pairs(a: Any, b: Any) -> Iterator[tuple[Any, Any]]:
    return zip(np.asarray(a, dtype=object).reshape(-1), np.asarray(b, dtype=object).reshape(-1), strict=True)


def _map(function: Any, values: Any) -> Any:
    result = np.empty(np.shape(values), dtype=object)
    source = np.asarray(values, dtype=object)
    for place in np.ndindex(result.shape):
        result[place] = function(source[place])
    return result


def _as_jets(push: Any, order: int) -> Any:
    if isinstance(push, dict):
        return {k: _as_jets(v, order) for k, v in push.items()}
    return _map(lambda d: Jet.variable(0, d, order), push)


def _offset(adjoint: Adjoint) -> int:
    """How far the first member that has an adjoint stands from the first member of its family."""
    variable = adjoint.wrt[-1]
    if not variable.leading:
        return 0
    axes = adjoint.symbol.axes[len(adjoint.symbol.axes) - variable.rank :]
    gap = axes[0].low - variable.axes[0].low
    return gap.constant if gap.is_constant else 0


def _within(push: Any, gradient: Any, adjoint: Adjoint) -> Any:
    """A push that leaves alone the members of a family for which there is no adjoint."""
    if isinstance(push, dict):
        still = {k: _map(lambda _: arb(0), v) for k, v in push.items()}
        return {k: v if k in gradient else still[k] for k, v in push.items()}
    if not adjoint.wrt[-1].leading or np.ndim(gradient) != np.ndim(push) or np.shape(gradient) == np.shape(push):
        return push
    start = _offset(adjoint)
    moved = np.arange(np.shape(push)[0])
    for k in moved[(moved < start) | (moved >= start + np.shape(gradient)[0])]:
        push[k] = _map(lambda _: arb(0), push[k]) if np.ndim(push) > 1 else arb(0)
    return push
