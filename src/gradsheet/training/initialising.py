"""Where parameters begin: at values of a file, by a rule that was named, as the sheet gives, or by a stated default.

A rule is written like `W ~ normal(0, 1/√n)` or `W1, W2 ~ he`; its numbers may use the sheet's sizes, and `fan_in` and
`fan_out`: how many numbers of what comes in one number of what goes out hangs on, and the other way round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import refuse
from gradsheet.native.runtime import name_of
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.plain_sheet import plain_statement
from gradsheet.training.data import open_table
from gradsheet.training.data.faults import listed, near
from gradsheet.training.data.tables import ArrayTable, Budget
from gradsheet.training.draws import orthonormal_rows, standard_normal, standard_uniform, stream
from gradsheet.training.rules import RULES, InitialRule, read_rule
from gradsheet.training.uses import Use, Uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from numpy.typing import NDArray

    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Argument
    from gradsheet.sheet import Sheet

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter, or one member of a family of parameters whose shapes differ, as a compiled program takes it."""

    name: str
    symbol: Symbol
    shape: tuple[int, ...]
    member: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """The first value of a parameter, in float64, and where it comes from."""

    slot: Slot
    value: Floats
    origin: str

    def __str__(self) -> str:
        return f"{self.slot.name}: {self.origin}"


def slots_of(sheet: Sheet, arguments: Iterable[Argument]) -> tuple[Slot, ...]:
    """The parameters of a sheet among the arguments of a program."""
    parameters = {s.name: s for s in sheet.parameters}
    found = []
    for argument in arguments:
        if argument.part == "parameter" and argument.name in parameters:
            shape = tuple(i.high.constant - i.low.constant + 1 for i in argument.symbol.axes)
            found.append(Slot(name_of(argument), parameters[argument.name], shape, argument.member))
    return tuple(found)


def rules_in(sheet: Sheet) -> list[str]:
    """The rules that a sheet itself has, as its author wrote them; those in LaTeX in plain text."""
    found = []
    for statement in sheet.initialisations:
        written = sheet.source.text[statement.span.start : statement.span.end]
        found.append(plain_statement(statement) if "\\" in written or "$" in written else written)
    return found


def values_in(path: str | PathLike[str]) -> dict[str, NDArray[Any]]:
    """All arrays of an NPZ, NPY or safetensors file."""
    table = open_table(path)
    if not isinstance(table, ArrayTable):
        refuse("GS822", "values of parameters are read from .npz, .npy and .safetensors", table.name)
    return {n: np.asarray(table.array(n, Budget())) for n in table.names}


def beginnings(
    sheet: Sheet,
    slots: Sequence[Slot],
    sizes: Sizes,
    rules: Sequence[str] = (),
    *,
    values: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> tuple[Beginning, ...]:
    """The first value of each parameter.

    A value in `values` (a file) wins over a rule, a rule over what the sheet gives, and where nothing is said: zeros
    for what is added, ones for what scales, He's normal distribution for weights before a rectifier, Glorot's uniform
    one for others. Of rules for one parameter the last wins.
    """
    return _Initialiser(sheet, slots, sizes, seed).all(rules, values or {}, given or {})


class _Initialiser:
    def __init__(self, sheet: Sheet, slots: Sequence[Slot], sizes: Sizes, seed: int) -> None:
        self.sheet, self.slots, self.sizes, self.seed = sheet, slots, sizes, seed
        self.uses = Uses(sheet)

    def all(
        self, rules: Sequence[str], values: Mapping[str, Any], given: Mapping[str, Any]
    ) -> tuple[Beginning, ...]:
        read = [read_rule(text, self.sheet) for text in rules]
        for rule in read:
            self._check_target(rule)
        self._check_names(values)
        return tuple(self._one(slot, read, values, given) for slot in self.slots)

    def _one(
        self, slot: Slot, rules: Sequence[InitialRule], values: Mapping[str, Any], given: Mapping[str, Any]
    ) -> Beginning:
        held = _value_of(slot, values)
        if held is not None:
            return Beginning(slot, self._fitting(slot, held), "from the values handed in")
        rule = next((r for r in reversed(rules) if r.covers(slot.symbol.name, slot.member)), None)
        if rule is None:
            held = _value_of(slot, given)
            if held is not None:
                return Beginning(slot, self._fitting(slot, held), "given in the sheet")
            rule = self._default(slot)
            return Beginning(slot, self._drawn(slot, rule), f"{rule.text} ({self._reason(slot)})")
        return Beginning(slot, self._drawn(slot, rule), rule.text)

    # ------------------------------------------------------------ what was said

    def _check_target(self, rule: InitialRule) -> None:
        for name, member in rule.targets:
            key = canonical_key(name)
            of_name = [s for s in self.slots if canonical_key(s.symbol.name) == key]
            if not of_name:
                known = [s.name for s in self.sheet.parameters]
                close = near(name, known)
                hint = f"did you mean '{close}'? " if close else ""
                rule.refuse("GS822", f"'{name}' is no parameter", f"{hint}the parameters are {listed(known)}")
            if member is not None and all(s.member != member for s in of_name):
                hint = f"there is {listed(s.name for s in of_name)}"
                rule.refuse("GS822", f"{name} has no member {','.join(map(str, member))} of its own", hint)

    def _check_names(self, values: Mapping[str, Any]) -> None:
        known = [n for s in self.slots for n in (s.name, s.symbol.name)]
        keys = {canonical_key(n) for n in known}
        strange = [n for n in values if canonical_key(n) not in keys]
        if strange:
            close = near(strange[0], known)
            hint = f"did you mean '{close}'? " if close else ""
            refuse("GS822", f"a value is handed in for '{strange[0]}', which is no parameter",
                   suggestion=f"{hint}the parameters are {listed(s.name for s in self.slots)}")  # fmt: skip

    def _fitting(self, slot: Slot, held: Any) -> Floats:
        try:
            value = np.asarray(held, dtype=np.float64)
        except (TypeError, ValueError):
            refuse("GS822", f"the value of {slot.name} is no array of numbers")
        if value.ndim == 0 or value.size == math.prod(slot.shape) == 1:
            value = np.full(slot.shape, value.reshape(()))
        if value.shape != slot.shape:
            have, want = ("×".join(map(str, s)) or "a number" for s in (value.shape, slot.shape))
            refuse("GS822", f"the value of {slot.name} is {have}, and the sheet needs {want}")
        if not np.isfinite(value).all():
            place = tuple(int(k) + 1 for k in np.argwhere(~np.isfinite(value))[0])
            refuse("GS822", f"the value of {slot.name} is not finite, in entry {','.join(map(str, place)) or 'one'}")
        return value

    # ------------------------------------------------------------ defaults

    def _default(self, slot: Slot) -> InitialRule:
        use = self.uses.of(slot.symbol)
        domain = slot.symbol.domain
        zero_outside = (domain.low is not None and (domain.low > 0 or (domain.low == 0 and domain.low_open))) or (
            domain.high is not None and (domain.high < 0 or (domain.high == 0 and domain.high_open))
        )
        if use.manner == "added" and not slot.symbol.symmetric:
            return read_rule(f"{slot.name} ~ {'ones' if zero_outside else 'zeros'}", self.sheet)
        lengths = self._own_shape(slot)
        if self._wants_identity(slot, use):
            return read_rule(f"{slot.name} ~ identity", self.sheet)
        if use.manner in {"scaled", "inverted"} and (zero_outside or sum(n > 1 for n in lengths) < 2):
            return read_rule(f"{slot.name} ~ ones", self.sheet)
        return read_rule(f"{slot.name} ~ {'he_normal' if use.rectified else 'glorot_uniform'}", self.sheet)

    def _wants_identity(self, slot: Slot, use: Use) -> bool:
        """Whether a matrix is to be symmetric, or to have an inverse."""
        lengths = self._own_shape(slot)
        square = len(lengths) == 2 and lengths[0] == lengths[1]
        return square and (slot.symbol.symmetric or use.manner == "inverted")

    def _reason(self, slot: Slot) -> str:
        use = self.uses.of(slot.symbol)
        if self._wants_identity(slot, use):
            return "it is symmetric" if slot.symbol.symmetric else "its inverse or determinant is taken"
        if use.manner == "added":
            return "it is added"
        lengths = self._own_shape(slot)
        if use.manner in {"scaled", "inverted"} and sum(n > 1 for n in lengths) < 2:
            return "it scales"
        come, go = _fans(use, lengths)
        after = "before a rectifier" if use.rectified else "before no rectifier"
        return f"{after}, fan-in {come:g}, fan-out {go:g}"

    # ------------------------------------------------------------ rules

    def _own_shape(self, slot: Slot) -> tuple[int, ...]:
        """The shape of one member."""
        leading = slot.symbol.leading - (0 if slot.member is None else len(slot.member))
        return slot.shape[max(0, leading) :]

    def _drawn(self, slot: Slot, rule: InitialRule) -> Floats:
        own = self._own_shape(slot)
        shared = slot.shape[: len(slot.shape) - len(own)]
        if not shared:
            return self._member(slot, rule, own, slot.member or ())
        lows = [self.sizes.evaluate(a.low) or 0 for a in slot.symbol.axes[: len(shared)]]
        found = np.empty(slot.shape)
        for place in np.ndindex(shared):
            found[place] = self._member(slot, rule, own, tuple(low + k for low, k in zip(lows, place, strict=True)))
        return found

    def _member(self, slot: Slot, rule: InitialRule, own: tuple[int, ...], member: tuple[int, ...]) -> Floats:
        come, go = _fans(self.uses.of(slot.symbol), own)
        name = slot.symbol.name + (f"[{','.join(map(str, member))}]" if member else "")
        numbers = rule.numbers(self.sizes, member, come, go)
        return _array(rule, numbers, own, (come, go), stream(self.seed, canonical_key(name)))


def _value_of(slot: Slot, values: Mapping[str, Any]) -> Any:
    for name, value in values.items():
        if canonical_key(name) == canonical_key(slot.name):
            return value
        if slot.member is not None and canonical_key(name) == canonical_key(slot.symbol.name):
            return value.get(slot.member) if isinstance(value, dict) else None
    return None


def _fans(use: Use, shape: tuple[int, ...]) -> tuple[float, float]:
    """How many numbers come in and go out; a tap counts for both, an axis that is looked up for none."""
    parts = use.parts
    if not shape:
        return float(use.terms), 1.0
    if {*parts} == {"out"} and len(parts) > 1:
        parts = (*parts[:-1], "in")
    come = math.prod(n for n, part in zip(shape, parts, strict=True) if part in {"in", "tap"})
    go = math.prod(n for n, part in zip(shape, parts, strict=True) if part in {"out", "tap"})
    return float(max(1, come)), float(max(1, go))


def _array(
    rule: InitialRule, numbers: Sequence[float], shape: tuple[int, ...], fans: tuple[float, float],
    bits: np.random.PCG64,
) -> Floats:  # fmt: skip
    come, go = fans
    match rule.kind, numbers:
        case "zeros", ():
            return np.zeros(shape)
        case "identity", ():
            if len(shape) != 2:
                rule.refuse("GS822", "an identity is a matrix, and this parameter is none", listed(RULES))
            return np.eye(*shape)
        case "ones", ():
            return np.ones(shape)
        case "constant", (value,):
            return np.full(shape, value)
        case "normal", (mean, deviation):
            return mean + deviation * standard_normal(bits, shape)
        case "uniform", (low, high):
            return low + (high - low) * standard_uniform(bits, shape)
        case "orthogonal", numbers:
            return (numbers[0] if numbers else 1.0) * _orthogonal(rule, shape, bits)
        case _:
            family, _, form = rule.kind.partition("_")
            variance = {"glorot": 2 / (come + go), "he": 2 / come, "lecun": 1 / come}[family]
            if form == "normal":
                return math.sqrt(variance) * standard_normal(bits, shape)
            return math.sqrt(3 * variance) * (2.0 * standard_uniform(bits, shape) - 1.0)


def _orthogonal(rule: InitialRule, shape: tuple[int, ...], bits: np.random.PCG64) -> Floats:
    """Orthonormal rows or columns, whichever are fewer (Saxe, McClelland & Ganguli 2014); later axes lie flat."""
    if len(shape) < 2:
        rule.refuse("GS822", "an orthogonal matrix has two axes or more, and this parameter has not",
                    "another rule: " + listed(RULES))  # fmt: skip
    rows, columns = shape[0], math.prod(shape[1:])
    drawn = standard_normal(bits, (min(rows, columns), max(rows, columns)))
    found = orthonormal_rows(drawn)
    return np.ascontiguousarray(found if rows <= columns else found.T).reshape(shape)


__all__ = ["Beginning", "Slot", "beginnings", "rules_in", "slots_of", "values_in"]
