"""Update rules: each is what a sheet's `update` block could say, for every parameter of the sheet.

A rule is a list of assignments `target ← value`, in order; later lines see what earlier ones assigned, and every
derivative is the one before the block. State, such as a momentum, has the shape of its parameter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from gradsheet.expressions import Access, Affine, Expr, Index, Lambda, Number, Power, Reduce, Role, Symbol, number
from gradsheet.operations import T, call
from gradsheet.programs.gathering import Rule, fresh_axes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradsheet.derivation import Derivation

Method = Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
METHODS: tuple[Method, ...] = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")


@dataclass(frozen=True, slots=True)
class Settings:
    """How far a step goes; the rate itself is handed in with every step, so that a schedule may change it."""

    method: Method = "sgd"
    momentum: Fraction = Fraction(9, 10)
    decay_first: Fraction = Fraction(9, 10)
    decay_second: Fraction = Fraction(999, 1000)
    smallest: Fraction = Fraction(1, 10**8)
    """What keeps a quotient by a root from being one by 0."""
    weight_decay: Fraction = Fraction(0)
    """λ: added to a gradient as λ w; by AdamW taken from the parameter itself."""
    clip: Fraction | None = None
    """The longest that all gradients together may be; longer ones are made as long."""


@dataclass(slots=True)
class Rules:
    """The assignments of a step, and the symbols that they bring."""

    rate: Symbol
    """The learning rate, an input."""
    loss: Symbol
    """A state to which each step adds its loss."""
    rules: list[Rule] = field(default_factory=list)
    states: list[Symbol] = field(default_factory=list)
    """Everything that is carried from step to step beside the parameters; all of it begins at 0."""


def rules_of(derivation: Derivation, settings: Settings) -> Rules:
    """The rule of a method for all parameters of a derivation."""
    rate = Symbol("learning rate", (), Role.INPUT)
    loss = Symbol("sum of losses", (), Role.INPUT)
    found = Rules(rate, loss, states=[loss])
    (target,) = derivation.targets
    found.rules.append(_scalar(loss, T(Access(loss, ())) + T(Access(target, ()))))
    writer = _Writer(derivation, settings, found)
    for parameter, adjoint in derivation.gradients.items():
        writer.add(parameter, adjoint.symbol)
    return found


def own_rules(derivation: Derivation) -> Rules:
    """The sheet's own update, with the sum of losses beside it."""
    rate = Symbol("learning rate", (), Role.INPUT)
    loss = Symbol("sum of losses", (), Role.INPUT)
    found = Rules(rate, loss, states=[loss])
    (target,) = derivation.targets
    found.rules.append(_scalar(loss, T(Access(loss, ())) + T(Access(target, ()))))
    found.rules += [Rule(r.symbol, r.pattern, r.value) for r in derivation.sheet.updates]
    kept = {r.symbol for r in derivation.sheet.updates} - set(derivation.sheet.parameters)
    found.states += sorted(kept, key=lambda s: s.serial)
    return found


def _scalar(symbol: Symbol, value: T) -> Rule:
    return Rule(symbol, (), Lambda((), value.expr))


class _Writer:
    """Writes the lines of one method, parameter by parameter."""

    def __init__(self, derivation: Derivation, settings: Settings, found: Rules) -> None:
        self.settings, self.found = settings, found
        objective = derivation.sheet.objective
        self.rises = objective is not None and objective.sense == "maximize"
        self.scale = self._clipped(derivation) if settings.clip is not None else None
        self.count = self._counted() if settings.method in {"adam", "adamw"} else None

    def add(self, parameter: Symbol, adjoint: Symbol) -> None:
        lines: dict[Method, Callable[[Symbol, Symbol], None]] = {
            "sgd": self._sgd, "momentum": self._momentum, "nesterov": self._nesterov, "rmsprop": self._rmsprop,
            "adam": self._adam, "adamw": self._adam,
        }  # fmt: skip
        lines[self.settings.method](parameter, adjoint)

    # ------------------------------------------------------------ parts

    def _state(self, name: str, parameter: Symbol) -> Symbol:
        """A state of the shape of a parameter."""
        state = Symbol(f"{parameter.name}.{name}", parameter.axes, Role.INPUT, parameter.leading)
        self.found.states.append(state)
        return state

    def _assign(self, symbol: Symbol, value: Callable[[tuple[Affine, ...]], T]) -> None:
        free, at = fresh_axes(symbol)
        self.found.rules.append(Rule(symbol, at, Lambda(free, value(at).expr)))

    def _gradient(self, parameter: Symbol, adjoint: Symbol, at: tuple[Affine, ...]) -> T:
        """The derivative of what is minimised, clipped, with the decay of the weights."""
        gradient = T(Access(adjoint, at))
        if self.rises:
            gradient = -gradient
        if self.scale is not None:
            gradient = T(Access(self.scale, ())) * gradient
        if self.settings.weight_decay and self.settings.method != "adamw":
            gradient = gradient + _exact(self.settings.weight_decay) * T(Access(parameter, at))
        return gradient

    @property
    def _rate(self) -> T:
        return T(Access(self.found.rate, ()))

    def _clipped(self, derivation: Derivation) -> Symbol:
        """min(1, c/‖g‖) over all gradients together."""
        clip = self.settings.clip
        assert clip is not None
        total: T | None = None
        for adjoint in derivation.gradients.values():
            free, at = fresh_axes(adjoint.symbol)
            square: Expr = (T(Access(adjoint.symbol, at)) ** 2).expr
            for index in reversed(free):
                square = Reduce("sum", index, square)
            total = T(square) if total is None else total + T(square)
        assert total is not None
        scale = Symbol("scale of the gradients", (), Role.INPUT)
        self.found.states.append(scale)
        length = call("max", call("sqrt", total), _exact(self.settings.smallest))
        self.found.rules.append(_scalar(scale, call("min", T(number(1)), _exact(clip) / length)))
        return scale

    def _counted(self) -> Symbol:
        """The number of steps, this one included."""
        count = Symbol("steps", (), Role.INPUT)
        self.found.states.append(count)
        self.found.rules.append(_scalar(count, T(Access(count, ())) + T(number(1))))
        return count

    # ------------------------------------------------------------ methods

    def _sgd(self, parameter: Symbol, adjoint: Symbol) -> None:
        """W ← w − η g."""
        self._assign(
            parameter, lambda at: T(Access(parameter, at)) - self._rate * self._gradient(parameter, adjoint, at)
        )

    def _momentum(self, parameter: Symbol, adjoint: Symbol) -> None:
        """V ← μ v + g, w ← w − η v (Polyak 1964)."""
        speed = self._state("momentum", parameter)
        keep = _exact(self.settings.momentum)
        self._assign(speed, lambda at: keep * T(Access(speed, at)) + self._gradient(parameter, adjoint, at))
        self._assign(parameter, lambda at: T(Access(parameter, at)) - self._rate * T(Access(speed, at)))

    def _nesterov(self, parameter: Symbol, adjoint: Symbol) -> None:
        """V ← μ v + g, w ← w − η (g + μ v) (Nesterov 1983, as Sutskever et al. 2013 write it)."""
        speed = self._state("momentum", parameter)
        keep = _exact(self.settings.momentum)
        self._assign(speed, lambda at: keep * T(Access(speed, at)) + self._gradient(parameter, adjoint, at))
        self._assign(
            parameter,
            lambda at: T(Access(parameter, at))
            - self._rate * (self._gradient(parameter, adjoint, at) + keep * T(Access(speed, at))),
        )

    def _rmsprop(self, parameter: Symbol, adjoint: Symbol) -> None:
        """S ← ρ s + (1 − ρ) g², w ← w − η g/(√s + ε) (Tieleman & Hinton 2012)."""
        square = self._state("square", parameter)
        keep = self.settings.momentum
        self._assign(
            square,
            lambda at: _exact(keep) * T(Access(square, at))
            + _exact(1 - keep) * self._gradient(parameter, adjoint, at) ** 2,
        )
        self._assign(
            parameter,
            lambda at: T(Access(parameter, at))
            - self._rate * self._gradient(parameter, adjoint, at)
            / (call("sqrt", T(Access(square, at))) + _exact(self.settings.smallest)),
        )  # fmt: skip

    def _adam(self, parameter: Symbol, adjoint: Symbol) -> None:
        """M ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − η m̂/(√v̂ + ε) (Kingma & Ba 2015).

        By AdamW, η λ w is taken from the parameter beside (Loshchilov & Hutter 2019).
        """
        settings = self.settings
        mean, square = self._state("mean", parameter), self._state("square", parameter)
        first, second = settings.decay_first, settings.decay_second
        assert self.count is not None
        count = T(Access(self.count, ()))
        self._assign(
            mean,
            lambda at: _exact(first) * T(Access(mean, at))
            + _exact(1 - first) * self._gradient(parameter, adjoint, at),
        )
        self._assign(
            square,
            lambda at: _exact(second) * T(Access(square, at))
            + _exact(1 - second) * self._gradient(parameter, adjoint, at) ** 2,
        )
        decay = _exact(settings.weight_decay) if settings.method == "adamw" and settings.weight_decay else None

        def moved(at: tuple[Affine, ...]) -> T:
            own = T(Access(parameter, at))
            step = (T(Access(mean, at)) / (1 - _power(first, count))) / (
                call("sqrt", T(Access(square, at)) / (1 - _power(second, count))) + _exact(settings.smallest)
            )
            return own - self._rate * (step if decay is None else step + decay * own)

        self._assign(parameter, moved)


def _exact(value: Fraction) -> T:
    return T(Number(value))


def _power(base: Fraction, exponent: T) -> T:
    return T(Power(number(base), exponent.expr))


def describe(rules: Rules) -> Iterator[tuple[Symbol, Sequence[Index], Expr]]:
    """Each line as target, indices and value, to be written."""
    for rule in rules.rules:
        yield rule.symbol, rule.value.indices, rule.value.body


__all__ = ["METHODS", "Method", "Rules", "Settings", "describe", "own_rules", "rules_of"]
