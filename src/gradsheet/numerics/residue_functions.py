"""exp, log, √ and the rest of the table modulo a prime, with what they have in common written into their values.

e^Σ q m is the product of (e^m)^q over monomials m, each an indeterminate of its own; log of a product is the sum of the
logarithms of its factors; exp and log undo each other; √ is the root that is itself a square; sin² + cos² = 1. Every
other function is an indeterminate for each argument, with the right derivative. Values that are equal are so whatever
the indeterminates are; values that differ prove nothing, where indeterminates hang together in ways unknown here.

    >>> f = Functions(seed=1)
    >>> x, y = f.indeterminate("x"), f.indeterminate("y")
    >>> (f.table["exp"](x * 2 - y) * f.table["exp"](y) - f.table["exp"](x) ** 2).is_zero
    True
    >>> (f.table["log"](f.table["exp"](x) / y) - (x - f.table["log"](y))).is_zero
    True
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from gradsheet.numerics.composites import composites
from gradsheet.numerics.residues import PRIME, Residue

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_PARTS: Final = 5040
"""e^m is the 5040th power of an indeterminate, so that its roots up to the tenth are there."""
_LARGEST_FACTORED: Final = 10**6


class Functions:
    """The functions at one random point; an indeterminate has the same value wherever it is met."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._known: dict[Hashable, int] = {}
        self._arguments: dict[int, int] = {}
        """Of what a residue is the logarithm."""
        self.lacks_root = False
        """Whether a root was asked for that is not there: at half of all points it is."""
        basic: dict[str, Callable[..., Residue]] = {
            "exp": self.exp,
            "log": self.log,
            "sqrt": self.sqrt,
            "pow": self.power,
            "log1p": lambda x: self.log(x + 1),
            "expm1": lambda x: self.exp(x) - 1,
            "tanh": self._tanh,
            "sigmoid": lambda x: 1 / (self.exp(-x) + 1),
            "softplus": lambda x: self.log(self.exp(x) + 1),
            "sinh": lambda x: (self.exp(x) - self.exp(-x)) / 2,
            "cosh": lambda x: (self.exp(x) + self.exp(-x)) / 2,
            "arsinh": lambda x: self.log(x + self.sqrt(x * x + 1)),
            "sin": lambda x: self._on_circle(x)[0],
            "cos": lambda x: self._on_circle(x)[1],
            "tan": lambda x: self.table["sin"](x) / self.table["cos"](x),
            "arctan": lambda x: self._odd("arctan", x, lambda x: 1 / (x * x + 1)),
            "arcsin": lambda x: self._odd("arcsin", x, lambda x: 1 / self.sqrt(1 - x * x)),
            "arccos": lambda x: self.constant("π", x.order) / 2 - self.table["arcsin"](x),
            "erf": lambda x: self._odd("erf", x, lambda x: self.exp(-x * x) * 2 / self._root_of_pi(x.order)),
            "normal_cdf": lambda x: (
                self.table["erf"](x / self.sqrt(Residue.number(2, x.order))) / 2 + Fraction(1, 2)
            ),
            "lgamma": lambda x: self.opaque("lgamma", x),
            "digamma": lambda x: self.opaque("lgamma", x, 1),
            "step": self._step,
            "sign": lambda x: self._step(x) * 2 - 1,
            "abs": lambda x: x * (self._step(x) * 2 - 1),
            "relu": lambda x: x * self._step(x),
            "max": lambda x, y: y + (x - y) * self._step(x - y),
            "min": lambda x, y: x - (x - y) * self._step(x - y),
        }
        self.table = {**basic, **composites(basic, lambda x, n: Residue.number(n, x.order))}
        """By name; a kink is a step, which is an indeterminate for each argument."""

    def indeterminate(self, key: Hashable, order: int = 0) -> Residue:
        """A number about which nothing is supposed; a square, so that it has a root."""
        return Residue([self._drawn(key), *[0] * order], order)

    def constant(self, name: str, order: int) -> Residue:
        """π, e; ∞ is no residue."""
        match name:
            case "π":
                return self.indeterminate("π", order)
            case "e":
                return self.exp(Residue.number(1, order))
            case _:
                return Residue.undecided(order)

    def _drawn(self, key: Hashable) -> int:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._random.randrange(2, PRIME) ** 2 % PRIME
        return found

    # ----------------------------------------------------- exponentials and roots

    def exp(self, x: Residue) -> Residue:
        """e^x: y' = x' y."""
        if x.is_undecided:
            return x
        start = 1
        for monomial, count in x.combination.items():
            part = self._power_of_e(monomial, count)
            if part is None:
                return x.as_undecided()
            start = start * part % PRIME
        result = [start]
        for k in range(1, x.order + 1):
            total = sum(j * x.coefficients[j] * result[k - j] for j in range(1, k + 1))
            result.append(total * pow(k, -1, PRIME) % PRIME)
        return Residue(result, x.order, ("exp", x))

    def _power_of_e(self, monomial: int, count: int | Fraction) -> int | None:
        """e^(q m); None for the root of what is no square."""
        inside = self._arguments.get(monomial)
        if inside is not None and count.denominator in {1, 2}:
            base = inside if count.denominator == 1 else self._root(inside)
            return None if base is None else pow(base, count.numerator, PRIME)
        parts = count * _PARTS
        if inside is not None or parts.denominator != 1:
            return self._drawn(("exp", monomial, count))
        return pow(self._drawn(("exp", monomial)), parts.numerator, PRIME)

    def log(self, x: Residue) -> Residue:
        """`log x`: y' = x' / x."""
        if x.is_undecided or not x.coefficients[0]:
            return x.as_undecided()
        total = Residue.number(0)
        for factor, count in _factors(x).items():
            total = total + (factor.cut(0) if isinstance(factor, Residue) else self._logarithm(factor)) * count
        if not x.order:
            return total
        return _integrated(x, total, x.cut(x.order - 1))

    def _logarithm(self, factor: int) -> Residue:
        if factor == 1:
            return Residue.number(0)
        drawn = self._drawn(("log", factor))
        self._arguments[drawn] = factor
        return Residue([drawn], 0)

    def sqrt(self, x: Residue) -> Residue:
        """√x: y' = x' / 2y; undecided where x is no square modulo the prime: at another point it may be."""
        root = self._root(x.coefficients[0]) if x.coefficients else None
        if not root:
            return x.as_undecided()
        start = Residue([root], 0, ("root", x))
        return _integrated(x, start, self.sqrt(x.cut(x.order - 1)) * 2) if x.order else start

    def _root(self, value: int) -> int | None:
        """The root of a square that is a square itself; None for what is no square."""
        root = pow(value, (PRIME + 1) // 4, PRIME)
        if root * root % PRIME == value:
            return root
        self.lacks_root = True
        return None

    def power(self, x: Residue, y: Residue) -> Residue:
        """xʸ: by multiplication where y is a whole number, by roots where it is half of one, else e^(y log x)."""
        count = None if any(y.coefficients[1:]) else y.rational
        if count is not None and count.denominator == 1 and abs(count) <= 10**6:
            return x ** count.numerator
        if count is not None and count.denominator == 2 and abs(count) <= 10**6:
            return self.sqrt(x) ** count.numerator
        return self.exp(y * self.log(x))

    def _tanh(self, x: Residue) -> Residue:
        square = self.exp(x * 2)
        return (square - 1) / (square + 1)

    def _root_of_pi(self, order: int) -> Residue:
        return self.sqrt(self.constant("π", order))

    # ------------------------------------------------------------- all others

    def opaque(self, name: Hashable, x: Residue, times: int = 0) -> Residue:
        """f⁽ⁿ⁾(x) of a function of which nothing is known but its derivative f⁽ⁿ⁺¹⁾."""
        if x.is_undecided:
            return x
        start = Residue([self._drawn((name, times, x.coefficients[0]))], 0)
        return _integrated_by(x, start, self.opaque(name, x.cut(x.order - 1), times + 1)) if x.order else start

    def _odd(self, name: str, x: Residue, derivative: Callable[[Residue], Residue]) -> Residue:
        """f(−x) = −f(x)."""
        if x.is_undecided:
            return x
        at = x.coefficients[0]
        start = Residue([self._drawn((name, min(at, PRIME - at))) if at else 0], 0)
        start = start if at <= PRIME - at else -start
        return _integrated_by(x, start, derivative(x.cut(x.order - 1))) if x.order else start

    def _on_circle(self, x: Residue) -> tuple[Residue, Residue]:
        """`sin x`, `cos x`: a point of the circle by its slope from (−1, 0)."""
        if x.is_undecided:
            return x, x
        at = x.coefficients[0]
        slope = Residue([self._drawn(("circle", min(at, PRIME - at))) if at else 0], 0)
        slope = slope if at <= PRIME - at else -slope
        sine, cosine = slope * 2 / (slope * slope + 1), (1 - slope * slope) / (slope * slope + 1)
        if not x.order:
            return sine, cosine
        inner = self._on_circle(x.cut(x.order - 1))
        return _integrated_by(x, sine, inner[1]), _integrated_by(x, cosine, -inner[0])

    def _step(self, x: Residue) -> Residue:
        """[x > 0], which is 1 − [−x > 0] and does not move; on the kink undecided."""
        if x.is_undecided or not x.coefficients[0]:
            return x.as_undecided()
        if isinstance(x.made, Fraction):
            return Residue.number(int(x.made > 0), x.order)
        at = x.coefficients[0]
        found = self.indeterminate(("step", min(at, PRIME - at)), x.order)
        return found if at <= PRIME - at else 1 - found


def _integrated(x: Residue, start: Residue, below: Residue) -> Residue:
    """The series y with y₀ and y' = x' / g."""
    return _integrated_by(x, start, 1 / below)


def _integrated_by(x: Residue, start: Residue, slope: Residue) -> Residue:
    """The series y with y₀ and y' = x' g."""
    if start.is_undecided or slope.is_undecided:
        return x.as_undecided()
    result = [start.coefficients[0]]
    for k in range(1, x.order + 1):
        total = sum(j * x.coefficients[j] * slope.coefficients[k - j] for j in range(1, k + 1))
        result.append(total * pow(k, -1, PRIME) % PRIME)
    return Residue(result, x.order, ("still", start))


def _factors(x: Residue) -> dict[Any, Fraction]:
    """A number as a product: exponents, as residues, and everything else by value; each with its power."""
    found: dict[Any, Fraction] = {}
    waiting: list[tuple[Residue, Fraction]] = [(x, Fraction(1))]
    while waiting:
        part, count = waiting.pop()
        match part.made:
            case Fraction() as exact:
                for factor, times in _prime_factors(exact).items():
                    found[factor] = found.get(factor, Fraction(0)) + times * count
            case ("still", inner):
                waiting.append((inner, count))
            case ("*", a, b):
                waiting += [(a, count), (b, count)]
            case ("/", a, b):
                waiting += [(a, count), (b, -count)]
            case ("root", inner):
                waiting.append((inner, count / 2))
            case ("exp", exponent):
                found[exponent] = found.get(exponent, Fraction(0)) + count
            case _:
                value = part.coefficients[0]
                found[value] = found.get(value, Fraction(0)) + count
    return found


def _prime_factors(exact: Fraction) -> dict[int, int]:
    """A rational number as a product of primes, −1 among them; what is large stays whole."""
    found: dict[int, int] = {PRIME - 1: 1} if exact < 0 else {}
    for rest, sign in ((abs(exact.numerator), 1), (exact.denominator, -1)):
        factor = 2
        while factor * factor <= rest <= _LARGEST_FACTORED:
            while rest % factor == 0:
                found[factor] = found.get(factor, 0) + sign
                rest //= factor  # noqa: PLW2901 - what is left of it
            factor += 1
        if rest > 1:
            found[rest % PRIME] = found.get(rest % PRIME, 0) + sign
    return found


__all__ = ["Functions"]
