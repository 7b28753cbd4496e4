"""What training is asked for, beside the sheet and the data: all that decides the numbers, and can be written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.diagnostics import refuse
from gradsheet.training.optimisers import METHODS, Method, Settings
from gradsheet.training.schedules import SHAPES, Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.native.runtime import Precision
    from gradsheet.programs.rows import Weight

_RATES: dict[Method, float] = {
    "sgd": 0.1, "momentum": 0.01, "nesterov": 0.01, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001,
}  # fmt: skip
"""Where nothing is said: what each method is usually begun with."""
_MOST_THREADS = 1024


@dataclass(frozen=True, slots=True)
class Recipe:
    """How often, how far, over which rows. Two runs of one recipe on the same data give the same numbers."""

    epochs: int = 10
    batch: int = 32
    """Rows of a step; 0 stands for all of them."""
    rate: float | None = None
    """η; None: as the sheet says it, else what the method usually begins with."""
    method: Method | Literal["sheet"] | None = None
    """None: the sheet's own `update`, if it has one, else `sgd`."""
    momentum: Fraction = Fraction(9, 10)
    weight_decay: Fraction = Fraction(0)
    clip: Fraction | None = None
    schedule: Schedule = field(default_factory=Schedule)
    reduction: Weight = "mean"
    validation: float = 0.0
    """The share of the rows that is kept for validation."""
    stratify: str | None = None
    patience: int | None = None
    """Epochs without a better validation after which training ends, and the best parameters are taken."""
    seed: int = 0
    shuffle: bool = True
    precision: Precision = "float64"
    threads: int = 1
    whole: bool = False
    """The data fill the sheet's own arrays, whose first axis is that of the rows; an epoch is one step."""
    begin: tuple[str, ...] = ()
    """Rules by which parameters begin: `W ~ he`."""

    def __post_init__(self) -> None:
        _insist(self.epochs >= 0, f"the number of epochs is not negative, as {self.epochs} is")
        _insist(self.batch >= 0, f"a batch has 1 row or more, not {self.batch}", "--batch all takes all rows")
        _insist(self.rate is None or 0 <= self.rate < float("inf"), f"a rate is finite and not negative: {self.rate}")
        _insist(self.method in {None, "sheet", *METHODS}, f"there is no method '{self.method}'",
                "there is " + ", ".join(METHODS) + ", and sheet for the sheet's own update")  # fmt: skip
        _insist(0 <= self.momentum < 1, f"a momentum lies between 0 and 1, not {float(self.momentum):g}")
        _insist(self.weight_decay >= 0, f"a weight decay is not negative, as {float(self.weight_decay):g} is")
        _insist(self.clip is None or self.clip > 0, "gradients are clipped to a length above 0")
        _insist(self.schedule.shape in SHAPES, f"there is no schedule '{self.schedule.shape}'",
                "there is " + ", ".join(SHAPES))  # fmt: skip
        _insist(self.schedule.every > 0 and self.schedule.warmup >= 0 and 0 < self.schedule.factor < float("inf"),
                "a schedule counts epochs from 1, and its factor is above 0 and finite")  # fmt: skip
        _insist(self.reduction in {"mean", "sum"}, f"the losses of a batch have a mean or a sum, no '{self.reduction}'")
        _insist(0 <= self.validation < 1, f"the share for validation is below 1, not {self.validation:g}")
        _insist(self.patience is None or self.patience > 0, "patience is 1 epoch or more")
        _insist(self.precision in {"float32", "float64"}, f"there is no precision '{self.precision}'",
                "float64 or float32")  # fmt: skip
        _insist(1 <= self.threads <= _MOST_THREADS, f"there are 1 to {_MOST_THREADS} threads, not {self.threads}")
        _insist(self.seed >= 0, "a seed is a whole number from 0 on")

    def settings(self, method: Method) -> Settings:
        """The numbers of the update rule."""
        return Settings(method, momentum=self.momentum, weight_decay=self.weight_decay, clip=self.clip)

    def usual_rate(self, method: Method) -> float:
        """What a method usually begins with."""
        return _RATES[method]

    # ------------------------------------------------------------ in files

    def written(self) -> dict[str, Any]:
        """The recipe as JSON has it; numbers that are exact are fractions in words."""
        return {k: _plain(v) for k, v in asdict(self).items()}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Recipe:
        """The recipe that was written.

        >>> Recipe.read(Recipe(batch=1, clip=Fraction(1, 2)).written()) == Recipe(batch=1, clip=Fraction(1, 2))
        True
        """
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in written.items() if k in known}
        for name in ("momentum", "weight_decay", "clip"):
            if values.get(name) is not None:
                values[name] = Fraction(values[name])
        values["schedule"] = Schedule(**values["schedule"])
        values["begin"] = tuple(values["begin"])
        return cls(**values)

    def differences(self, other: Recipe) -> list[str]:
        """What two recipes decide differently, in words; the number of epochs only where the rate depends on it."""
        mine, others = self.written(), other.written()
        free = {"patience"} if self.schedule.ends else {"patience", "epochs"}
        return [f"{k} {_said(others[k])} → {_said(mine[k])}" for k in mine if k not in free and mine[k] != others[k]]


def _said(value: Any) -> Any:
    return "not said" if value is None else value


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _insist(holds: bool, message: str, suggestion: str | None = None) -> None:  # noqa: FBT001 - a condition
    if not holds:
        refuse("GS601", message, suggestion=suggestion)


__all__ = ["Recipe"]
