"""f(x) = y: what a rule for a function of a closed constant is, and how a function is read off its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.numerics.closed import Closed, function_value
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Rule:
    """A proved equation; `apply` gives its right-hand side, or None where the left-hand side does not fit."""

    name: str
    statement: str
    apply: Callable[[Closed], Closed | None]


@dataclass(frozen=True, slots=True)
class ClosedFunction:
    """A function given by its limits at −∞ and ∞ and by rules; the first that fits decides, else it stands as f(x)."""

    name: str
    limits: tuple[Closed | str, Closed | str]
    rules: tuple[Rule, ...]

    def __call__(self, x: Closed) -> Closed:
        if x.is_undefined:
            return x
        if x.infinite:
            limit = self.limits[x.infinite > 0]
            return Closed.undefined(limit) if isinstance(limit, str) else limit
        for rule in self.rules:
            y = rule.apply(x)
            if y is not None:
                return y
        return function_value(self.name, x)


def at(argument: Closed | int, value: Closed) -> Callable[[Closed], Closed | None]:
    """The rule's body for f(a) = v."""
    point = Closed.of(argument)
    return lambda x: value if x == point else None


def undefined_below_zero(what: str, *, at_zero: bool) -> Callable[[Closed], Closed | None]:
    """The rule's body for a function without a value on x < 0, or on x ≤ 0."""

    def apply(x: Closed) -> Closed | None:
        sign = x.proved_sign()
        return Closed.undefined(f"{what} of {x.name}") if sign < 0 or (sign == 0 and at_zero) else None

    return apply


def odd(name: str, function: Callable[[Closed], Closed]) -> Rule:
    """f(−x) = −f(x): arguments are kept positive."""

    def apply(x: Closed) -> Closed | None:
        return -function(-x) if x.proved_sign() < 0 else None

    return Rule(f"{name}_is_odd", f"{name}(−x) = −{name}(x)", apply)


def even(name: str, function: Callable[[Closed], Closed]) -> Rule:
    """f(−x) = f(x): arguments are kept positive."""

    def apply(x: Closed) -> Closed | None:
        return function(-x) if x.proved_sign() < 0 else None

    return Rule(f"{name}_is_even", f"{name}(−x) = {name}(x)", apply)
