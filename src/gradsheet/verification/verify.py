"""⟨∂L/∂s, d⟩ summed over all symbols s against the Taylor coefficient of L along random directions, in ball arithmetic.

Every adjoint of a target is checked by one pass: each parameter moves along a random direction, each intermediate is
pushed by a random amount after it is computed, and the first Taylor coefficient of the target must equal the sum of the
adjoints times those pushes. The series come from power-series arithmetic, which knows no derivative rule. Second
derivatives are checked by the mixed second coefficient. Sizes at the generic points are small and tell the axes apart.
"""

from __future__ import annotations

import random
from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.derivation import needed_inputs
from gradsheet.evaluation import Inputs, UndecidedError, UndefinedValueError
from gradsheet.expressions import ZERO_EXPR, Call, OverData, Role, Symbol, Unspecified, walk
from gradsheet.numerics.balls import working_precision
from gradsheet.records import dataclass
from gradsheet.verification.comparison import SECOND_ORDER, SUMS, Check, Trial
from gradsheet.verification.floats import central_differences
from gradsheet.verification.sampling import (
    MOST_WORK,
    NoPointError,
    TooMuchError,
    draw_inputs,
    unspecified_functions,
    work_of,
)
from gradsheet.verification.sums import check_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Adjoint, Derivation

_PRECISIONS = (128, 320, 1024)
_STYLES = 9
_MANY_EQUATIONS = 4000
_ROWS = 3
_MOST_ROWS = 24
_MORE_POINTS = 10


@dataclass(slots=True)
class Verification:
    """All checks of a derivation; `problems` says what could not be checked, and why."""

    checks: list[Check] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unmoved: list[str] = field(default_factory=list)
    """Adjoints that were zero at every generic point."""
    expected: int = 0
    """How many adjoints there are to verify."""

    @property
    def passed(self) -> bool:
        """Every check held, and if there are adjoints there was a check."""
        return all(c.passed for c in self.checks) and not self.problems and bool(self.checks or not self.expected)

    def failures(self) -> list[Check]:
        """The checks that did not hold."""
        return [c for c in self.checks if not c.passed]

    def summary(self) -> str:
        """One line for people."""
        if not self.checks:
            return "not verified: " + "; ".join(self.problems) if self.problems else "nothing to verify"
        derived = [c for c in self.checks if c.method != SUMS]
        first = {(c.of, w) for c in derived if c.method != SECOND_ORDER for w in c.wrt}
        count = len(first) + len({(c.of, c.wrt) for c in derived if c.method == SECOND_ORDER})
        verb = "derivative agrees" if count == 1 else "derivatives agree"
        sums = [c for c in self.checks if c.method == SUMS]
        noun = "statement about sums agrees" if len(sums) == 1 else "statements about sums agree"
        parts = [f"{count} {verb} {_agreement(derived)}"] if derived else []
        parts += [f"{len(sums)} {noun} {_agreement(sums)}"] if sums else []
        text = "; ".join(parts)
        if self.unmoved:
            text += f"; zero at every point that was tried: {', '.join(self.unmoved)}"
        return text + ("; " + "; ".join(self.problems) if self.problems else "")


def _agreement(checks: list[Check]) -> str:
    """With what, how closely and where."""
    methods = " and ".join(dict.fromkeys(c.method for c in checks))
    places = " and ".join(dict.fromkeys(c.where for c in checks))
    return f"with {methods} to at least {min(c.digits for c in checks)} digits, {places}"


def verify(
    derivation: Derivation, inputs: Inputs | None = None, kind: str = "symbolic", *, points: int = 2, seed: int = 1
) -> Verification:
    """Check every adjoint at generic points, and at the given values where there are some."""
    result = Verification(expected=len(derivation.adjoints))
    groups: dict[Symbol, list[Adjoint]] = {}
    for adjoint in derivation.adjoints:
        groups.setdefault(adjoint.of, []).append(adjoint)
    if len(derivation.graph.equations) > _MANY_EQUATIONS:
        points = 1
    for of, adjoints in groups.items():
        still = {a for a in adjoints if a.equation.body is not ZERO_EXPR}
        for point in range(points + (_MORE_POINTS if len(derivation.graph.equations) <= _MANY_EQUATIONS else 1)):
            if point >= points and not still:
                break
            rng = random.Random(1000 * seed + point)
            moving = _at_generic_point(derivation, of, adjoints, rng, point, result)
            if moving is None:
                break
            still -= moving
        if still:
            # Zero at every point: the rule may be right, but nothing has shown it.
            result.unmoved.extend(sorted(a.symbol.name for a in still))
        if inputs is not None and inputs.given:
            _at_given_values(derivation, of, adjoints, inputs, kind, result)
    checks, problem = check_sums(derivation, seed)
    result.checks.extend(checks)
    if problem:
        result.problems.append(f"sums over configurations: {problem}")
    return result


def _root(of: Symbol) -> Symbol:
    return of.adjoint_of[0] if of.adjoint_of else of


def data_rows(derivation: Derivation, of: Symbol) -> dict[Symbol, int]:
    """For an objective with a mean over data: the symbols that get rows of their own at generic points."""
    graph = derivation.graph
    clauses = graph.clauses.get(of, ())
    terms = [n for e in clauses for n in walk(graph.body(e)) if isinstance(n, OverData)]
    if not terms:
        return {}
    inside = graph.needed_for(*{s for n in terms for s in n.symbols})
    covered = {s for n in terms for s in n.symbols}
    outside = graph.needed_for(*{s for e in clauses for s in graph.body(e).symbols - covered})
    parameters = set(derivation.sheet.parameters)
    free = [s for s in inside if s.role is Role.INPUT and s not in parameters and s not in outside]
    return dict.fromkeys(free, _ROWS)


def _unspecified(derivation: Derivation) -> set[str]:
    return {
        n.function.name
        for e in derivation.graph.equations
        for n in walk(derivation.graph.body(e))
        if isinstance(n, Call) and isinstance(n.function, Unspecified)
    }


def _at_generic_point(
    derivation: Derivation,
    of: Symbol,
    adjoints: Sequence[Adjoint],
    rng: random.Random,
    first_style: int,
    result: Verification,
) -> set[Adjoint] | None:
    """One generic point; the adjoints that were not zero there, or None where no point was found."""
    needed = needed_inputs(derivation.graph, derivation.graph.equations) | set(derivation.cotangents.values())
    functions = unspecified_functions(_unspecified(derivation), rng)
    rows = data_rows(derivation, of)
    reason = "no generic point was found"
    for style in range(first_style, first_style + _STYLES):
        state = rng.getstate()
        for bits in _PRECISIONS:
            rng.setstate(state)
            try:
                with working_precision(bits):
                    inputs = draw_inputs(derivation, needed, rng, style, rows)
                    if work_of(derivation, inputs.sizes) > MOST_WORK:
                        raise TooMuchError  # noqa: TRY301 - said like every other reason for no point
                    trial = Trial(derivation, _root(of), inputs, functions, rng, "at generic points")
                    checks = trial.compare(of, adjoints)
            except NoPointError:
                reason = "no sizes were found for a generic point"
                break
            except TooMuchError as problem:
                result.problems.append(str(problem))
                return None
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
                return trial.moving
            reason = "the balls grow too wide"
    names = ", ".join(a.symbol.name for a in adjoints[:3]) + (" …" if len(adjoints) > 3 else "")
    result.problems.append(f"{names}: {reason}")
    return None


def _at_given_values(
    derivation: Derivation, of: Symbol, adjoints: Sequence[Adjoint], inputs: Inputs, kind: str, result: Verification
) -> None:
    if inputs.rows and not data_rows(derivation, _root(of)):
        inputs = inputs.one_row()
    inputs = inputs.first_rows(_MOST_ROWS)
    if kind == "float64":
        check = central_differences(derivation, of, adjoints, inputs)
        if check is not None:
            result.checks.append(check)
        return
    for bits in _PRECISIONS:
        trial = Trial(derivation, _root(of), inputs, {}, random.Random(7), "at the given values")
        try:
            with working_precision(bits):
                checks = trial.compare(of, adjoints)
        except (UndecidedError, UndefinedValueError):
            continue  # on a kink both one-sided derivatives are accepted; the generic points have decided
        except ArithmeticError:
            return
        if checks is not None:
            result.checks.extend(checks)
            return
