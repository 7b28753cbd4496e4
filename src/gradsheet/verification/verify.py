"""⟨∂L/∂s, d⟩ summed over all symbols s against the Taylor coefficient of L along random directions, in ball arithmetic.

Every adjoint of a target is checked by one pass: each parameter moves along a random direction, each intermediate is
pushed by a random amount after it is computed, and the first Taylor coefficient of the target must equal the sum of the
adjoints times those pushes. The series come from power-series arithmetic, which knows no derivative rule. Second
derivatives are checked by the mixed second coefficient. Sizes at the generic points are small and tell the axes apart.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb

from gradsheet.derivation import Pass, needed_inputs
from gradsheet.evaluation import Evaluator, Float64, Inputs, JetDomain, UndecidedError, UndefinedValueError
from gradsheet.expressions import Call, OverData, Role, Symbol, Unspecified, walk
from gradsheet.numerics.balls import working_precision
from gradsheet.verification.sampling import NoPointError, draw_inputs, unspecified_functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Adjoint, Derivation

_PRECISIONS = (128, 320, 1024)
_STYLES = 9
_TOLERANCE = 60  # bits that the two sides must share
_FLOAT_STEP = 1e-6
_FLOAT_TOLERANCE = 1e-5


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
class Verification:
    """All checks of a derivation; `problems` says what could not be checked, and why."""

    checks: list[Check] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Every check held, and there was at least one at a generic point."""
        return bool(self.checks) and all(c.passed for c in self.checks) and not self.problems

    def failures(self) -> list[Check]:
        return [c for c in self.checks if not c.passed]

    def summary(self) -> str:
        """One line for people."""
        if not self.checks:
            return "not verified: " + "; ".join(self.problems)
        names = {f"{c.of}/{w}" for c in self.checks for w in c.wrt}
        digits = min(c.digits for c in self.checks)
        places = list(dict.fromkeys(c.where for c in self.checks))
        methods = list(dict.fromkeys(c.method for c in self.checks))
        text = f"{len(names)} derivatives agree with {' and '.join(methods)} to at least {digits} digits, {' and '.join(places)}"
        return text + ("; " + "; ".join(self.problems) if self.problems else "")


def verify(
    derivation: Derivation, inputs: Inputs | None = None, kind: str = "symbolic", *, points: int = 2, seed: int = 1
) -> Verification:
    """Check every adjoint at generic points, and at the given values where there are some."""
    result = Verification()
    groups = _groups(derivation)
    if len(derivation.graph.equations) > 4000:
        points = 1
    for of, adjoints in groups:
        for point in range(points):
            _generic(derivation, of, adjoints, random.Random(1000 * seed + point), result)
        if inputs is not None and inputs.given:
            if kind == "float64":
                _at_floats(derivation, of, adjoints, inputs, result)
            else:
                _at_values(derivation, of, adjoints, inputs, result)
    return result


def _groups(derivation: Derivation) -> list[tuple[Symbol, list[Adjoint]]]:
    """Adjoints by what is differentiated: one pass checks a whole group."""
    groups: dict[Symbol, list[Adjoint]] = {}
    for adjoint in derivation.adjoints:
        groups.setdefault(adjoint.of, []).append(adjoint)
    return list(groups.items())


def _rows(derivation: Derivation, of: Symbol) -> dict[Symbol, int]:
    """For an objective with a mean over data: the symbols that get rows of their own at generic points."""
    graph = derivation.graph
    terms = [n for e in graph.clauses.get(of, ()) for n in walk(graph.body(e)) if isinstance(n, OverData)]
    if not terms:
        return {}
    used: set[Symbol] = set()
    for node in terms:
        used |= graph.needed_for(*node.symbols)
    outside: set[Symbol] = set()
    for equation in graph.clauses[of]:
        covered = {s for n in walk(graph.body(equation)) if isinstance(n, OverData) for s in n.symbols}
        for symbol in graph.body(equation).symbols - covered:
            outside |= graph.needed_for(symbol)
    data = [
        s for s in used
        if s.role is Role.INPUT and s not in derivation.sheet.parameters and s not in outside and s not in graph.clauses
    ]  # fmt: skip
    return dict.fromkeys(data, 3)


def _unspecified(derivation: Derivation) -> set[str]:
    return {
        n.function.name
        for e in derivation.graph.equations
        for n in walk(derivation.graph.body(e))
        if isinstance(n, Call) and isinstance(n.function, Unspecified)
    }


def _generic(
    derivation: Derivation, of: Symbol, adjoints: list[Adjoint], rng: random.Random, result: Verification
) -> None:
    equations = derivation.graph.equations
    needed = needed_inputs(derivation.graph, equations) | set(derivation.cotangents.values())
    functions = unspecified_functions(_unspecified(derivation), rng)
    rows = _rows(derivation, of)
    reason = "no generic point was found"
    for style in range(_STYLES):
        state = rng.getstate()
        for bits in _PRECISIONS:
            rng.setstate(state)
            try:
                with working_precision(bits):
                    inputs = draw_inputs(derivation, needed, rng, style, rows)
                    checks = _compare(derivation, of, adjoints, inputs, functions, rng, "at generic points")
            except NoPointError:
                reason = "no sizes were found for a generic point"
                break
            except UndecidedError:
                reason = "the generic points sit on a kink"
                continue
            except UndefinedValueError as problem:
                reason = f"{problem.equation.symbol.name} is undefined at the generic points: {problem.reason}"
                break
            except ArithmeticError as problem:
                reason = str(problem)
                break
            if checks is not None:
                result.checks.extend(checks)
                return
            reason = "the balls grow too wide"
    names = ", ".join(a.symbol.name for a in adjoints[:3]) + (" …" if len(adjoints) > 3 else "")
    result.problems.append(f"{names}: {reason}")


def _at_values(
    derivation: Derivation, of: Symbol, adjoints: list[Adjoint], inputs: Inputs, result: Verification
) -> None:
    rng = random.Random(7)
    for bits in _PRECISIONS:
        try:
            with working_precision(bits):
                checks = _compare(derivation, of, adjoints, inputs, {}, rng, "at the given values")
        except (UndecidedError, UndefinedValueError):
            continue  # on a kink both one-sided derivatives are accepted; the generic points have decided
        except ArithmeticError:
            return
        if checks is not None:
            result.checks.extend(checks)
            return


# ---------------------------------------------------------------- balls


def _compare(
    derivation: Derivation, of: Symbol, adjoints: list[Adjoint], inputs: Inputs, functions: dict[str, Any],
    rng: random.Random, where: str,
) -> list[Check] | None:  # fmt: skip
    """Both sides in ball arithmetic; None where the balls are too wide to tell."""
    root = of.adjoint_of[0] if of.adjoint_of else of
    if inputs.rows and not _rows(derivation, root):
        inputs = inputs.one_row()
    depth = adjoints[0].order
    if depth == 1:
        return _first_order(derivation, root, adjoints, inputs, functions, rng, where)
    if depth == 2 and not root.axes:
        checks: list[Check] = []
        steps = [a for a in adjoints if a.wrt[-1].role is not Role.INPUT]
        if steps:
            found = _by_first(derivation, of, steps, inputs, functions, rng, where)
            if found is None:
                return None
            checks.extend(found)
        for adjoint in adjoints:
            if adjoint in steps:
                continue
            part = _second_order(derivation, root, adjoint, inputs, functions, rng, where)
            if part is None:
                return None
            checks.extend(part)
        return checks
    return _by_first(derivation, of, adjoints, inputs, functions, rng, where)


def _by_first(
    derivation: Derivation, of: Symbol, adjoints: list[Adjoint], inputs: Inputs, functions: dict[str, Any],
    rng: random.Random, where: str,
) -> list[Check] | None:  # fmt: skip
    """Higher orders: the derivative before, itself verified, is moved along a direction."""
    return _first_order(derivation, of, adjoints, inputs, functions, rng, where)


def _directions(symbol: Symbol, values: Any, rng: random.Random) -> Any:
    """A random direction of the shape of a value; symmetric for a symmetric variable."""
    if isinstance(values, dict):
        return {k: _directions(symbol, v, rng) for k, v in values.items()}
    result = np.empty(np.shape(values), dtype=object)
    for place in np.ndindex(np.shape(values)):
        result[place] = arb(rng.randint(-999, 999)) / 1000
    if symbol.symmetric and result.ndim == 2:
        for i in range(result.shape[0]):
            for j in range(i):
                result[i, j] = result[j, i]
    return result


class _Moved:
    """Pushes along directions, as jets, for inputs and for computed symbols."""

    def __init__(self, order: int) -> None:
        self.order = order
        self.pushes: dict[Symbol, Any] = {}

    def jet(self, direction: Any) -> Any:
        from gradsheet.numerics.jets import Jet  # noqa: PLC0415

        if isinstance(direction, dict):
            return {k: self.jet(v) for k, v in direction.items()}
        result = np.empty(np.shape(direction), dtype=object)
        for place in np.ndindex(np.shape(direction)):
            result[place] = Jet.variable(0, direction[place], self.order)
        return result


def _run(
    derivation: Derivation, root: Symbol, inputs: Inputs, functions: dict[str, Any], moves: dict[Symbol, Any], order: int,
    *, with_adjoints: Sequence[Symbol] = (),
) -> dict[Symbol, Any]:  # fmt: skip
    """Values as jets with every moved symbol pushed; adjoints are computed along where they are asked for."""
    graph = derivation.graph
    targets = derivation.targets if derivation.cotangents else ()
    wanted = graph.needed_for(root, *with_adjoints, *targets)
    equations = [e for e in graph.equations if e.symbol in wanted]
    moved = _Moved(order)
    pushes = {s: moved.jet(d) for s, d in moves.items()}
    the_pass = Pass(graph, equations, inputs.data, functions, pushes)
    return the_pass.run(JetDomain(order), inputs)


def _first_order(
    derivation: Derivation, root: Symbol, adjoints: list[Adjoint], inputs: Inputs, functions: dict[str, Any],
    rng: random.Random, where: str,
) -> list[Check] | None:  # fmt: skip
    symbols = [a.symbol for a in adjoints]
    plain = _run(derivation, root, inputs, functions, {}, 0, with_adjoints=symbols)
    moves: dict[Symbol, Any] = {}
    for adjoint in adjoints:
        variable = adjoint.wrt[-1]
        gradient = plain[adjoint.symbol]
        own = plain[variable]
        moves[variable] = _within(_directions(variable, own, rng), gradient, variable, adjoint, root)
    jets = _run(derivation, root, inputs, functions, moves, 1)
    left, upstream = _target(derivation, root, jets, plain, rng)
    contributions = {a: _pairing(plain[a.symbol], moves[a.wrt[-1]], upstream, root) for a in adjoints}
    right = arb(0)
    for value in contributions.values():
        right += value
    return _verdict(derivation, root, adjoints, inputs, functions, moves, contributions, left, right, upstream, where)


def _within(direction: Any, gradient: Any, variable: Symbol, adjoint: Adjoint, root: Symbol) -> Any:
    """A direction that moves only the members of a family for which there is an adjoint."""
    del root
    if isinstance(direction, dict):
        assert isinstance(gradient, dict)
        return {k: v if k in gradient else np.full(np.shape(v), arb(0), dtype=object) for k, v in direction.items()}
    if not variable.leading or np.shape(gradient) == np.shape(direction):
        return direction
    return _restricted(direction, variable, adjoint, gradient)


def _restricted(direction: Any, variable: Symbol, adjoint: Adjoint, gradient: Any) -> Any:
    axes = adjoint.symbol.axes[len(adjoint.symbol.axes) - variable.rank :]
    low = axes[0].low - variable.axes[0].low
    if np.ndim(gradient) != np.ndim(direction) or not low.is_constant:
        return direction
    start = low.constant
    stop = start + np.shape(gradient)[0]
    for k in range(np.shape(direction)[0]):
        if not start <= k < stop:
            direction[k] = np.full(np.shape(direction)[1:], arb(0), dtype=object) if np.ndim(direction) > 1 else arb(0)
    return direction


def _target(
    derivation: Derivation, root: Symbol, jets: dict[Symbol, Any], plain: dict[Symbol, Any], rng: random.Random
) -> tuple[arb, Any]:
    """The first Taylor coefficient of the target, contracted with a random upstream gradient if it is no scalar."""
    if derivation.cotangents:
        total = arb(0)
        for symbol, bar in derivation.cotangents.items():
            weights = np.asarray(plain[bar], dtype=object).reshape(-1)
            for weight, jet in zip(weights, np.asarray(jets[symbol], dtype=object).reshape(-1), strict=True):
                total += weight.value * jet.derivative
        return total, None
    value = jets[root]
    flat = np.asarray(value, dtype=object).reshape(-1)
    if not root.axes:
        return flat[0].derivative, None
    upstream = np.empty(np.shape(value), dtype=object)
    total = arb(0)
    for place in np.ndindex(np.shape(value)):
        upstream[place] = arb(rng.randint(-999, 999)) / 1000
        total += upstream[place] * value[place].derivative
    return total, upstream


def _pairing(gradient: Any, direction: Any, upstream: Any, root: Symbol) -> arb:
    """⟨gradient, direction⟩; a Jacobian is contracted with the upstream gradient first."""
    del root
    total = arb(0)
    if isinstance(gradient, dict):
        for member, array in gradient.items():
            total += _pairing(array, direction[member], None, None)  # type: ignore[arg-type]
        return total
    values = np.asarray(gradient, dtype=object)
    if upstream is not None:
        flat = values.reshape(upstream.size, -1)
        moves = np.asarray(direction, dtype=object).reshape(-1)
        for weight, row in zip(upstream.reshape(-1), flat, strict=True):
            for entry, move in zip(row, moves, strict=True):
                total += weight * entry.value * move
        return total
    moved = np.asarray(direction, dtype=object)
    if moved.shape != values.shape:
        start = next((k for k in range(moved.shape[0]) if any(m != 0 for m in np.ravel(moved[k]))), 0)
        moved = moved[start : start + values.shape[0]]
    for entry, move in zip(values.reshape(-1), moved.reshape(-1), strict=True):
        total += entry.value * move
    return total


def _verdict(
    derivation: Derivation, root: Symbol, adjoints: list[Adjoint], inputs: Inputs, functions: dict[str, Any],
    moves: dict[Symbol, Any], contributions: dict[Adjoint, arb], left: arb, right: arb, upstream: Any, where: str,
) -> list[Check] | None:  # fmt: skip
    names = tuple(a.wrt[-1].name for a in adjoints)
    difference = left - right
    scale = abs(left) + abs(right) + arb(1)
    of = adjoints[0].of.name
    if not difference.is_finite():
        return None
    if difference.contains(0):
        if difference.rad() > scale.mid() * arb(2) ** -_TOLERANCE:
            return None
        digits = _digits(difference, scale)
        return [
            Check(of, names, where, "directional derivatives by Taylor series in ball arithmetic", digits, passed=True)
        ]
    # Different for certain: find out which, moving one symbol at a time.
    checks = []
    for adjoint in adjoints:
        variable = adjoint.wrt[-1]
        jets = _run(derivation, root, inputs, functions, {variable: moves[variable]}, 1)
        if derivation.cotangents or upstream is None:
            alone, _ = _target(
                derivation,
                root,
                jets,
                _run(derivation, root, inputs, functions, {}, 0, with_adjoints=[]) | dict(_bars(derivation, inputs)),
                random.Random(0),
            )
        else:
            alone = arb(0)
            for weight, jet in zip(upstream.reshape(-1), np.asarray(jets[root], dtype=object).reshape(-1), strict=True):
                alone += weight * jet.derivative
        gap = alone - contributions[adjoint]
        passed = bool(gap.contains(0))
        text = "" if passed else f"series {float(alone.mid()):.6g}, rules {float(contributions[adjoint].mid()):.6g}"
        checks.append(
            Check(
                of,
                (variable.name,),
                where,
                "directional derivatives by Taylor series in ball arithmetic",
                _digits(gap, scale) if passed else 0,
                passed,
                text,
            )
        )
    if all(c.passed for c in checks):
        checks.append(
            Check(
                of,
                names,
                where,
                "directional derivatives by Taylor series in ball arithmetic",
                0,
                passed=False,
                difference="all together",
            )
        )
    return checks


def _bars(derivation: Derivation, inputs: Inputs) -> dict[Symbol, Any]:
    arrays = inputs.arrays(JetDomain(0))
    return {bar: arrays[bar] for bar in derivation.cotangents.values() if bar in arrays}


def _digits(difference: arb, scale: arb) -> int:
    ratio = difference.rad() / scale.mid()
    if ratio.is_zero():
        return 30
    import math  # noqa: PLC0415

    value = float(ratio)
    return 30 if value == 0 else max(0, min(30, int(-math.log10(value))))


def _second_order(
    derivation: Derivation, root: Symbol, adjoint: Adjoint, inputs: Inputs, functions: dict[str, Any],
    rng: random.Random, where: str,
) -> list[Check] | None:  # fmt: skip
    """dᵀ (∂²L/∂w∂v) e from the second coefficients along d, e and d + e."""
    first, second = adjoint.wrt
    if first.adjoint_of is not None or second.adjoint_of is not None:
        return []
    plain = _run(derivation, root, inputs, functions, {}, 0, with_adjoints=[adjoint.symbol])
    d = _directions(first, plain[first], rng)
    e = _directions(second, plain[second], rng)

    def coefficient(moves: dict[Symbol, Any]) -> arb:
        jets = _run(derivation, root, inputs, functions, moves, 2)
        return np.asarray(jets[root], dtype=object).reshape(-1)[0].coefficient(2)

    if isinstance(d, dict) or isinstance(e, dict):
        return []
    together = {first: np.asarray(d + e, dtype=object)} if first is second else {first: d, second: e}
    left = coefficient(together) - coefficient({first: d}) - coefficient({second: e})
    matrix = np.asarray(plain[adjoint.symbol], dtype=object).reshape(d.size, e.size)
    right = arb(0)
    for x, row in zip(d.reshape(-1), matrix, strict=True):
        for y, entry in zip(e.reshape(-1), row, strict=True):
            right += x * entry.value * y
    difference = left - right
    scale = abs(left) + abs(right) + arb(1)
    if not difference.is_finite() or (
        difference.contains(0) and difference.rad() > scale.mid() * arb(2) ** -_TOLERANCE
    ):
        return None
    passed = bool(difference.contains(0))
    text = "" if passed else f"series {float(left.mid()):.6g}, rules {float(right.mid()):.6g}"
    digits = _digits(difference, scale) if passed else 0
    name = f"{first.name}, {second.name}"
    return [Check(root.name, (name,), where, "second-order Taylor series in ball arithmetic", digits, passed, text)]


# ---------------------------------------------------------------- floats


def _at_floats(
    derivation: Derivation, of: Symbol, adjoints: list[Adjoint], inputs: Inputs, result: Verification
) -> None:
    """Central differences along a random direction, at the real sizes."""
    if of.adjoint_of is not None or of.axes or derivation.cotangents:
        return
    parameters = [a for a in adjoints if a.wrt[-1] in derivation.sheet.parameters or a.wrt[-1].role is Role.INPUT]
    if not parameters:
        return
    if inputs.rows and not _rows(derivation, of):
        inputs = inputs.one_row()
    generator = np.random.default_rng(0)
    domain = Float64()
    graph = derivation.graph
    equations = [e for e in graph.equations if e.symbol in graph.needed_for(of)]
    forward = Pass(graph, equations, inputs.data, {}, {})
    wanted = graph.needed_for(*(a.symbol for a in parameters))
    everything = Pass(graph, [e for e in graph.equations if e.symbol in wanted], inputs.data, {}, {})
    values = everything.run(domain, inputs)
    base = inputs.arrays(domain)
    moves: dict[Symbol, Any] = {}
    slope = 0.0
    for adjoint in parameters:
        variable = adjoint.wrt[-1]
        held = base[variable]
        if isinstance(held, dict):
            return
        direction = generator.standard_normal(np.shape(held))
        if variable.symmetric:
            direction = (direction + direction.T) / 2
        moves[variable] = direction
        slope += float(np.sum(np.asarray(values[adjoint.symbol], dtype=float) * direction))
    best = np.inf
    for step in (1e-3, 1e-4, 1e-5, _FLOAT_STEP):
        ends = []
        for sign in (1, -1):
            shifted = {s: base[s] + sign * step * m for s, m in moves.items()}
            ends.append(float(np.asarray(forward.run(domain, inputs, shifted)[of])))
        difference = (ends[0] - ends[1]) / (2 * step)
        best = min(best, abs(difference - slope) / (abs(difference) + abs(slope) + 1e-12))
    passed = bool(best < _FLOAT_TOLERANCE)
    names = tuple(a.wrt[-1].name for a in parameters)
    digits = int(min(15, max(0, -np.log10(best + 1e-16))))
    result.checks.append(
        Check(
            of.name,
            names,
            "at the given values",
            "central differences in float64",
            digits,
            passed,
            "" if passed else f"relative gap {best:.2g}",
        )
    )


__all__ = ["Check", "Evaluator", "Verification", "verify"]
