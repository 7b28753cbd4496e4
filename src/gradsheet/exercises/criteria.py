"""What "pleasant by hand" means, as a table: each criterion with its sentence and its check on a candidate's values.

The order is that of importance. Where no draw meets all of them, the last ones are given up first, and that is said.
Measures are relative to the author's own exercise: what was large, flat or irrational there may be so in a variant.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from gradsheet.exercises.numerals import length
from gradsheet.exercises.outcome import Outcome, fractions, joined
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Symbol

NEAR = 0.05
"""Closer than this to a kink is near it; smaller than this in size is about zero."""
MOST_DIGITS = 4
SMALLEST, LARGEST = 1e-3, 100.0
LIMITS: dict[str, float] = {
    "tanh": 2, "softsign": 4, "erf": 1.5, "normal_cdf": 2, "arctan": 3,
    "sigmoid": 3, "log_sigmoid": 3, "softplus": 3, "gelu": 2.5, "silu": 3, "mish": 3,
    "exp": 3, "expm1": 3, "sinh": 2, "cosh": 2,
}  # fmt: skip
"""How far from 0 the argument of a saturating (or fast growing) function may lie."""
_FLAT = ("tanh", "sigmoid", "erf", "normal_cdf", "softsign", "arctan")
_WIDEST_ROW = 4.0
"""How far the entries of a softmax may lie apart: the smallest probability stays above about 1/100."""
_AT_ONE = frozenset({"hard_tanh"})


@dataclass(slots=True)
class Context:
    """What a candidate is measured against."""

    derivation: Derivation
    base: Outcome | None
    """The author's own numbers; None where the sheet has none."""
    active: frozenset[str]
    """Functions with a kink whose argument depends on a parameter."""
    compares: bool
    kinks: bool = False
    """A value on a kink is wanted."""
    seen: set[tuple[float, ...]] = field(default_factory=set)
    """The answers of the author's sheet and of earlier variants."""
    answers: tuple[Symbol, ...] = ()
    """What is asked for: gradients, else derivatives, else definitions."""
    lively: tuple[Symbol, ...] = ()
    """Those of them that are not to be zero throughout."""
    shown: tuple[Symbol, ...] = ()
    """All that is computed."""
    exact: frozenset[Symbol] = frozenset()
    """What is rational throughout in the author's solution."""
    digits: int = MOST_DIGITS
    smallest: float = SMALLEST
    largest: float = LARGEST

    @classmethod
    def of(cls, derivation: Derivation, base: Outcome | None, active: frozenset[str], *, compares: bool) -> Context:
        """Measures from the author's own numbers."""
        gradients = tuple(a.symbol for a in derivation.gradients.values())
        adjoints = tuple(a.symbol for a in derivation.adjoints)
        defined = tuple(dict.fromkeys(e.symbol for e in derivation.partition.equations))
        context = cls(derivation, base, active, compares)
        context.answers = context.lively = gradients or adjoints or defined
        context.shown = tuple(dict.fromkeys((*defined, *adjoints)))
        if base is None:
            return context
        context.seen.add(signature(base, context.answers))
        rational = {s: base.fractions(s) for s in context.shown}
        context.exact = frozenset(s for s, row in rational.items() if row and None not in row)
        context.digits = max(MOST_DIGITS, 1 + _longest(base, context.shown))
        sizes = np.abs(joined(base.numbers(s) for s in context.shown))
        if sizes.size:
            context.largest = max(LARGEST, 2 * float(sizes.max()))
        slopes = _slopes(base, context)
        if slopes.size:
            context.smallest = min(SMALLEST, float(slopes.min()) / 2)
        return context


@dataclass(frozen=True, slots=True)
class Criterion:
    """`holds` says whether a candidate meets it; `missed` says in words that a variant does not."""

    name: str
    sentence: str
    missed: str
    holds: Callable[[Outcome, Context], bool]


def _answers_are_new(outcome: Outcome, context: Context) -> bool:
    return signature(outcome, context.answers) not in context.seen


def _gradients_tell_something(outcome: Outcome, context: Context) -> bool:
    return all(bool(np.any(outcome.numbers(s) != 0)) for s in context.lively)


def _kinks_are_far(outcome: Outcome, context: Context) -> bool:
    distance = _distance_to_kinks(outcome, context)
    if context.kinks:
        return distance == 0
    return distance >= NEAR


def _in_range(outcome: Outcome, _context: Context) -> bool:
    seen = outcome.seen
    for name, most in LIMITS.items():
        row = seen.of((name,))
        if row.size and float(np.abs(row).max()) > most:
            return False
    for row in seen.rows:
        known = row[~np.isnan(row)]
        if known.size and float(np.ptp(known)) > _WIDEST_ROW:
            return False
    return True


def _not_flat(outcome: Outcome, context: Context) -> bool:
    if context.base is not None and _is_flat(context.base):
        return True
    return not _is_flat(outcome)


def _exact_stays_exact(outcome: Outcome, context: Context) -> bool:
    return all(None not in outcome.fractions(s) for s in context.exact)


def _units_differ(outcome: Outcome, context: Context) -> bool:
    arguments = outcome.seen.of(("relu",))
    if arguments.size and not np.any(arguments > 0):
        return False
    if context.base is None or arguments.size < 2:
        return True
    before = context.base.seen.of(("relu",))
    return not (np.any(before > 0) and np.any(before < 0)) or bool(np.any(arguments < 0))


def _sizes_are_plain(outcome: Outcome, context: Context) -> bool:
    for symbol in context.shown:
        row = np.abs(np.ravel(outcome.numbers(symbol)))
        if row.size and float(np.nanmax(row, initial=0)) > context.largest:
            return False
    slopes = _slopes(outcome, context)
    return not slopes.size or float(slopes.min()) >= context.smallest


def _objective_improves(outcome: Outcome, context: Context) -> bool:
    base = context.base
    if outcome.after is None or outcome.before is None:
        return True
    objective = context.derivation.sheet.objective
    up = objective is not None and objective.sense == "maximize"
    if base is not None and base.after is not None and base.before is not None and (base.after > base.before) != up:
        return True  # the author's own step does not improve it either
    return outcome.after > outcome.before if up else outcome.after < outcome.before


def _digits_are_few(outcome: Outcome, context: Context) -> bool:
    return _longest(outcome, context.shown) <= context.digits


CRITERIA: tuple[Criterion, ...] = (
    Criterion("answers", "the gradients are not the author's, and no two variants share theirs",
        "its gradients are those of another variant or of the original", _answers_are_new),
    Criterion("gradients", "no gradient is zero throughout, unless the author's is for every choice of values",
        "a gradient is zero throughout", _gradients_tell_something),
    Criterion("kinks", f"no argument of relu, |x|, max or a choice lies within {NEAR} of its kink (with --kinks, one "
        "lies on it)", "a value lies on a kink or near it", _kinks_are_far),
    Criterion("range", "arguments stay where functions bend and do not saturate: |z| ≤ 2 for tanh, ≤ 3 for σ and exp; "
        "the entries of a softmax lie at most 4 apart", "a function is saturated", _in_range),
    Criterion("flat", "arguments of tanh, σ and their like are not all about 0, unless the author's are",
        "all arguments of tanh or σ are about 0", _not_flat),
    Criterion("exact", "what is a rational number in the author's solution is one in the variant",
        "what is a rational number in the original is none here", _exact_stays_exact),
    Criterion("units", "some ReLU unit is on; and one is off, if one of the author's is",
        "all ReLU units are on, or all are off", _units_differ),
    Criterion("sizes", f"no number exceeds {LARGEST:.0f}, or twice the author's largest; no entry of a gradient other "
        f"than 0 is below {SMALLEST}, or half the author's smallest",
        "some numbers are very large or very small", _sizes_are_plain),
    Criterion("step", "the step improves the objective, if the author's does",
        "the step does not improve the objective", _objective_improves),
    Criterion("digits", f"rational values take at most {MOST_DIGITS} digits, or one more than the author's",
        "some exact values have many digits", _digits_are_few),
)  # fmt: skip
"""In order of importance: the last are given up first."""


def failures(outcome: Outcome, context: Context) -> frozenset[str]:
    """The criteria that a candidate misses."""
    return frozenset(c.name for c in CRITERIA if not c.holds(outcome, context))


def penalty(missed: frozenset[str], *, kinks: bool = False) -> tuple[bool, ...]:
    """Orders candidates: one that misses only a later criterion comes first; where kinks are wanted, they come first.

    >>> penalty(frozenset({"digits"})) < penalty(frozenset({"kinks"}))
    True
    """
    return (kinks and "kinks" in missed, *(c.name in missed for c in CRITERIA))


def score(outcome: Outcome, context: Context) -> float:
    """How much there is to write, and how little there is to see: the smaller the better."""
    lengths = [length(f) for s in context.shown for f in outcome.fractions(s) if f is not None]
    slopes = joined(outcome.numbers(s) for s in context.answers)
    zeros = float(np.mean(slopes == 0)) if slopes.size else 0.0
    return (float(np.mean(lengths)) if lengths else 0.0) + 2 * zeros


# ---------------------------------------------------------------- measures


def signature(outcome: Outcome, symbols: Sequence[Symbol]) -> tuple[float, ...]:
    """Values to nine digits: what two solutions are compared by."""
    return tuple(float(f"{v:.9g}") + 0.0 for s in symbols for v in np.ravel(outcome.numbers(s)))


def _distance_to_kinks(outcome: Outcome, context: Context) -> float:
    """The smallest distance of anything from its kink; infinite where there is none."""
    seen = outcome.seen
    rows = [np.abs(seen.of((name,))) for name in sorted(context.active - _AT_ONE - {"max", "min"})]
    rows += [np.abs(np.abs(seen.of((name,))) - 1) for name in sorted(context.active & _AT_ONE)]
    if context.compares:
        rows += [np.abs(g[~np.isnan(g)]) for g in seen.gaps]
    return min((float(r.min()) for r in rows if r.size), default=float("inf"))


def _is_flat(outcome: Outcome) -> bool:
    row = outcome.seen.of(_FLAT)
    return bool(row.size) and float(np.abs(row).max()) < NEAR


def _slopes(outcome: Outcome, context: Context) -> NDArray[np.float64]:
    """Sizes of the entries of gradients that are not zero."""
    row: NDArray[np.float64] = np.abs(joined(outcome.numbers(s) for s in context.answers))
    return row[row > 0]


def _longest(outcome: Outcome, symbols: Sequence[Symbol]) -> int:
    """The digits of the longest rational value, those after the step included."""
    rows = [outcome.fractions(s) for s in symbols] + [fractions(v) for v in outcome.changed.values()]
    return max((length(f) for row in rows for f in row if isinstance(f, Fraction)), default=0)


__all__ = ["CRITERIA", "Context", "Criterion", "failures", "penalty", "score", "signature"]
