"""∂L/∂h[j] = Σᵢ W[i,j] ∂L/∂z[i]: one component on paper, every sum written, every index with a letter."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.calculus.regions import regions
from gradsheet.calculus.terms import conjuncts, is_index_condition
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Affine,
    Index,
    Junction,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    substitute,
)
from gradsheet.syntax import tree
from gradsheet.writing.contractions import Contraction
from gradsheet.writing.equations import Line, ranges_of
from gradsheet.writing.naming import number_tree
from gradsheet.writing.recognition import is_safe, without_sign
from gradsheet.writing.trees import call, is_call, negate, power, product, whole
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.expressions import ArrayCall, Condition, Expr
    from gradsheet.sheet import Equation
    from gradsheet.writing.naming import Names
    from gradsheet.writing.notations.letters import Letters
    from gradsheet.writing.trees import Sign, Tree
    from gradsheet.writing.views import Axes


def index_lines(equation: Equation, letters: Letters) -> tuple[Line, ...]:
    """An equation in components, one line for each region of a family."""
    lines = []
    for free, pattern, body in map(_without_single, regions(equation)):
        names = letters.names((equation.symbol, pattern), free, body)
        left = names.component(equation.symbol, [names.affine(p) for p in pattern])
        lines.append(Line(left, component(body, names), ranges_of(free, names)))
    return tuple(lines)


def _without_single(
    region: tuple[tuple[Index, ...], tuple[Affine, ...], Expr],
) -> tuple[tuple[Index, ...], tuple[Affine, ...], Expr]:
    """An index that runs over one place alone is that place: W[i,1]."""
    free, pattern, body = region
    mapping = {i: i.low for i in free if i.low == i.high}
    kept = tuple(i for i in free if i not in mapping)
    return kept, tuple(p.substitute(mapping) for p in pattern), substitute(body, mapping)


def component(body: Expr, names: Names) -> Tree:
    """One component on paper, with every Σ."""
    written = IndexView(names).tensor((), body)
    if written is None:
        raise AssertionError(body)
    return written


class IndexView(View):
    """Writes components: no product of matrices is looked for, and every sum keeps its Σ."""

    in_product = False
    """What is written stands beside numbers, with which those inside it would run together."""

    def tensor(self, axes: Axes, body: Expr) -> Tree | None:
        """A component; whole arrays, the arguments of functions, as they are written elsewhere."""
        return View(self.names).tensor(axes, body) if axes else super().tensor(axes, body)

    def reduce(self, axes: Axes, body: Reduce) -> Tree | None:
        """Σ with its indices over the product of the factors."""
        if body.kind != "sum":
            return super().reduce(axes, body)
        sums: list[Index] = []
        guards: list[Condition] = []
        inner: Expr = body
        while True:
            if isinstance(inner, Reduce) and inner.kind == "sum":
                sums.append(inner.index)
                inner = inner.body
            elif isinstance(inner, Piecewise) and inner.otherwise is ZERO_EXPR and is_index_condition(inner.condition):
                guards.extend(conjuncts(inner.condition))
                inner = inner.then
            else:
                break
        factors = _factors(inner)
        numbers = [f for f in factors if _rational(f) is not None]
        if numbers and len(numbers) < len(factors) and not self.in_product:  # Σ a/2 is 1/2 Σ a
            rest = _summed(sums, guards, Multiply(tuple(f for f in factors if f not in numbers)))
            return self.multiplied((), (*numbers, rest))
        return Contraction(self._apart(), (), tuple(sums), factors, tuple(guards)).with_sigma(sums)

    def _apart(self) -> IndexView:
        return type(self)(self.names)

    def multiplied(self, axes: Axes, factors: Sequence[Expr]) -> Tree | None:
        """Numbers, scalars and denominators before a sum: λ/2 Σ, 1/(2 σ²) Σ."""
        negative, rest = without_sign(factors)
        core = next((f for f in reversed(rest) if isinstance(f, Reduce) and f.kind == "sum"), None)
        if axes or core is None or any(isinstance(f, Piecewise) for f in rest):
            return super().multiplied(axes, factors)
        above: list[Expr] = []
        below: list[Expr] = []
        coefficient = Fraction(1)
        for factor in rest:
            value = _rational(factor)
            if value is not None:
                coefficient *= value
            elif isinstance(factor, Power) and isinstance(factor.exponent, Number) and factor.exponent.value < 0:
                exponent = -factor.exponent.value
                below.append(factor.base if exponent == 1 else Power(factor.base, Number(exponent)))
            elif factor is not core:
                above.append(factor)
        if coefficient.numerator != 1:
            above.insert(0, Number(Fraction(coefficient.numerator)))
        if coefficient.denominator != 1:
            below.insert(0, Number(Fraction(coefficient.denominator)))
        beside = self._apart()
        beside.in_product = any(f is not core for f in rest)
        parts = [[beside.tensor((), f) for f in side] for side in (above, below, [core])]
        if any(p is None for side in parts for p in side):
            return None
        front, under, last = ([p for p in side if p is not None] for side in parts)
        over = [p for p in front if not isinstance(p, tree.Binder)]
        sums = [p for p in front if isinstance(p, tree.Binder)]
        written = _quotient(over, under, [*sums, *last])
        return negate(written) if negative else written

    def piecewise(self, axes: Axes, body: Piecewise) -> Tree | None:
        """[i = j] as a factor, where the other factors have a value everywhere."""
        brackets = tuple(Piecewise(c, ONE_EXPR, ZERO_EXPR) for c in conjuncts(body.condition))
        chosen = body.otherwise is ZERO_EXPR and is_index_condition(body.condition) and is_safe(body.then)
        if axes or not chosen or (body.then is ONE_EXPR and len(brackets) == 1):
            return super().piecewise(axes, body)
        return self.multiplied((), (*(f for f in _factors(body.then) if f is not ONE_EXPR), *brackets))

    def power(self, axes: Axes, base: Expr, exponent: Expr) -> Tree | None:
        """√ of a sum of squares is no norm here."""
        if not (isinstance(exponent, Number) and exponent.value.denominator == 2 and exponent.value > 0):
            return super().power(axes, base, exponent)
        inner = self.tensor(axes, base)
        if inner is None:
            return None
        if exponent.value.numerator == 1:
            return call("sqrt", inner)
        return power(inner, tree.Group((number_tree(exponent.value),)))

    def array_call(self, axes: Axes, body: ArrayCall) -> Tree | None:
        """softmax[j](S[i,j]) rather than (softmax(S[i]))[j]."""
        (place,) = body.at if len(body.at) == 1 else (Affine(),)
        if len(body.argument.indices) == 1 and (not body.at or _runs_along(place, body.argument.indices[0])):
            written = self._array_by_index(axes, body)
            if written is not None:
                return written
        return super().array_call(axes, body)


def _runs_along(place: Affine, index: Index) -> bool:
    return isinstance(place.single, Index) and place.single.range == index.range


def _rational(factor: Expr) -> Fraction | None:
    """2, and 1/2 however it is held."""
    if isinstance(factor, Number):
        return factor.value
    if isinstance(factor, Power) and isinstance(factor.base, Number) and factor.base.value:
        return 1 / factor.base.value if factor.exponent == Number(Fraction(-1)) else None
    return None


def _factors(body: Expr) -> tuple[Expr, ...]:
    if not isinstance(body, Multiply):
        return (body,)
    return tuple(f for factor in body.factors for f in _factors(factor))


def _summed(sums: Sequence[Index], guards: Sequence[Condition], body: Expr) -> Expr:
    if guards:
        body = Piecewise(guards[0] if len(guards) == 1 else Junction("and", tuple(guards)), body, ZERO_EXPR)
    for index in reversed(sums):
        body = Reduce("sum", index, body)
    return body


def _quotient(over: Sequence[Tree], under: Sequence[Tree], sums: Sequence[Tree]) -> Tree:
    """λ/2 a Σ, 1/(2 σ²) Σ; what is no plain coefficient stands below the sum: (Σ a b)/‖c‖."""
    if under and not all(map(_is_plain, under)):
        return product([("", p) for p in _fraction([*over, *(tree.Group((s,)) for s in sums)], under)])
    plain = [p for p in over if _is_plain(p)] if under else []
    others = [p for p in over if all(p is not q for q in plain)]
    return product([("", p) for p in (*_fraction(plain, under), *others, *sums)])


def _is_plain(item: Tree) -> bool:
    """2, λ, σ², √c: what stands as a coefficient before a sum."""
    match item:
        case tree.Num() | tree.Name():
            return True
        case tree.Power(base=base):
            return _is_plain(base)
        case tree.Product(factors=(_, tree.Factor(item=tree.Group(items=(argument,))))) if is_call(item):
            return _is_plain(argument)
        case _:
            return False


def _fraction(over: Sequence[Tree], under: Sequence[Tree]) -> list[Tree]:
    """A b/(c d), or nothing where nothing is to be written."""
    if not under:
        return list(over)
    items: list[tuple[Sign, Tree]] = [("", part) for part in (over or [whole(1)])]
    below = under[0] if len(under) == 1 else tree.Group((product([("", part) for part in under]),))
    return [product([*items, ("/", below)])]
