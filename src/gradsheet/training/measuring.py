"""How well parameters fit rows: predictions, and what they are worth beside the targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.expressions import Access, Call, walk
from gradsheet.native.runtime import compile_program, name_of
from gradsheet.targets.plan import has_means

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from gradsheet.expressions import Symbol
    from gradsheet.native.runtime import Precision, Runnable
    from gradsheet.training.problem import Setting

Arrays = dict[str, "NDArray[Any]"]
_SQUASHING = {"sigmoid", "log_sigmoid", "softplus", "exp"}
_AT_ONCE = 1024
"""Rows of one call. Fewer rows are filled up with the last one."""


class Evaluator:
    """Values of a sheet for each row: `names` are definitions, or the objective."""

    def __init__(self, setting: Setting, names: tuple[str, ...], precision: Precision, rows: int = _AT_ONCE) -> None:
        self.setting, self.names, self.precision = setting, names, precision
        behind = setting.derivation.graph.needed_for(*setting.symbols(names))
        self.data = tuple(s.name for s in setting.symbols(setting.data) if s in behind)
        """The inputs with rows that the values depend on."""
        self._rests: dict[int, Runnable] = {}
        if not setting.whole:
            self._runnable = self._compiled(max(1, min(rows, _AT_ONCE)))

    def _compiled(self, rows: int) -> Runnable:
        request = self.setting.request(self.names, rows)
        if not self.setting.whole:
            request = replace(request, data=self.data)
        return compile_program(self.setting.derivation, request, self.precision, seldom=True)

    @property
    def by_row(self) -> bool:
        """Whether each row has values of its own; a mean that the sheet itself takes is one number for all of them."""
        if self.setting.whole:
            return False
        lengths = [self._runnable.shape(r.symbol) for r in self._runnable.program.results]
        return all(shape[:1] == (self._runnable.rows,) for shape in lengths)

    def over(
        self, parameters: Mapping[str, NDArray[Any]], data: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], Arrays]]:
        """The values for some rows, block by block; of a whole data set, all at once."""
        if self.setting.whole:
            yield rows, self._run(self._rest(len(rows)), parameters, data, rows)
            return
        block = self._runnable.rows
        for start in range(0, len(rows), block):
            chosen = rows[start : start + block]
            runnable = self._runnable
            padded = chosen
            if len(chosen) < block:
                if self.by_row:
                    padded = np.concatenate([chosen, np.full(block - len(chosen), chosen[-1])])
                else:
                    runnable = self._rest(len(chosen))
            found = self._run(runnable, parameters, data, padded)
            yield chosen, {n: a[: len(chosen)] if self.by_row else a for n, a in found.items()}

    def _run(
        self, runnable: Runnable, parameters: Mapping[str, NDArray[Any]], data: Mapping[str, NDArray[Any]],
        rows: NDArray[np.int64],
    ) -> Arrays:  # fmt: skip
        types = {name_of(a): np.int64 if a.symbol.is_integer else self.precision for a in runnable.arguments}
        taken = {n: np.asarray(data[n][rows], dtype=types[n]) for n in self.data if n in types}
        given = {**parameters, **self.setting.constants, **taken}
        found = runnable.run({a.symbol: given[name_of(a)] for a in runnable.arguments}, {})
        return dict(zip(self.names, (found[r.symbol] for r in runnable.program.results), strict=True))

    def _rest(self, rows: int) -> Runnable:
        if rows not in self._rests:
            self._rests[rows] = self._compiled(rows)
        return self._rests[rows]


@dataclass(frozen=True, slots=True)
class Score:
    """What some rows are worth: the mean of the objective, and accuracy or R² where there is something to compare."""

    loss: float
    accuracy: float | None = None
    r2: float | None = None
    rows: int = 0

    def written(self) -> dict[str, float | None]:
        """The numbers that there are; None for one that is not finite."""
        numbers = {"loss": self.loss, "accuracy": self.accuracy, "r2": self.r2}
        return {k: v if np.isfinite(v) else None for k, v in numbers.items() if v is not None}


class Measure:
    """Loss and metrics over rows.

    accuracy = share of rows with the right class; R² = 1 − Σ(y − ŷ)²/Σ(y − ȳ)², over all components together.
    """

    def __init__(self, setting: Setting, precision: Precision, rows: int = _AT_ONCE) -> None:
        objective = setting.sheet.objective
        assert objective is not None
        self.objective = objective.symbol.name
        self.target, self.prediction = setting.target, setting.prediction
        self.kind = self._kind()
        bounds = None if self.target is None else self.target.domain.bounds
        self.first = 0 if bounds is None else setting.sizes.evaluate(bounds[0]) or 0
        """The number of the first class."""
        self.threshold = 0.0 if self.prediction is not None and is_score(setting, self.prediction) else 0.5
        names: tuple[str, ...] = (self.objective,)
        self._values: Evaluator | None = None
        if self.kind is not None and self.prediction is not None:
            if setting.whole or has_means(setting.derivation):  # the objective is one number, the predictions are not
                self._values = Evaluator(setting, (self.prediction.name,), precision, rows)
            else:
                names = (self.objective, self.prediction.name)
        self._loss = Evaluator(setting, names, precision, rows)

    def _kind(self) -> str | None:
        """What predictions are measured by: classes, their numbers, signs, thresholds, values."""
        if self.target is None or self.prediction is None:
            return None
        domain = self.target.domain
        match domain.kind:
            case "onehot":
                return "classes"
            case "index":
                return "numbers of classes" if self.prediction.rank > self.target.rank else None
            case "finite":
                values = {float(v) for v in domain.values}
                return "signs" if values == {-1.0, 1.0} else "halves" if values == {0.0, 1.0} else None
            case "real":
                return "values"
        return None

    def __call__(
        self, parameters: Mapping[str, NDArray[Any]], data: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]
    ) -> Score:
        """The score of parameters on some rows of the data."""
        loss, right = 0.0, 0.0
        spread = _Spread()
        for chosen, found in self._loss.over(parameters, data, rows):
            values = found[self.objective]
            loss += float(values.sum()) if self._loss.by_row else float(values) * len(chosen)
            if self.kind is not None and self._values is None:
                right += self._compare(found, data, chosen, spread)
        if self._values is not None:
            for chosen, found in self._values.over(parameters, data, rows):
                right += self._compare(found, data, chosen, spread)
        count = len(rows)
        accuracy = None if self.kind in {None, "values"} else right / count
        return Score(loss / count, accuracy, spread.r2 if self.kind == "values" else None, count)

    def _compare(
        self, found: Arrays, data: Mapping[str, NDArray[Any]], chosen: NDArray[np.int64], spread: _Spread
    ) -> float:
        """How many rows are right: of several targets in one row, each counts for its share of it."""
        assert self.prediction is not None
        assert self.target is not None
        said, true = found[self.prediction.name], np.asarray(data[self.target.name][chosen])
        match self.kind:
            case "classes":
                right = said.argmax(axis=-1) == true.argmax(axis=-1)
            case "numbers of classes":
                right = said.argmax(axis=-1) == true - self.first
            case "signs":
                right = (said > 0) == (true > 0)
            case "halves":
                right = (said > self.threshold) == (true > 0.5)
            case _:
                spread.add(said.astype(np.float64), true.astype(np.float64))
                return 0
        return float(right.reshape(len(chosen), -1).mean(axis=1).sum())


def is_score(setting: Setting, symbol: Symbol) -> bool:
    """Whether a prediction becomes a probability only in what follows it: log(1 + eˢ), σ(s)."""
    for equation in setting.derivation.graph.equations:
        for node in walk(setting.derivation.graph.body(equation)):
            if isinstance(node, Call) and node.function in _SQUASHING:
                reads = {n.symbol for a in node.arguments for n in walk(a) if isinstance(n, Access)}
                if symbol in reads:
                    return True
    return False


class _Spread:
    """Sums for R², column by column."""

    def __init__(self) -> None:
        self.count = 0
        self.apart = 0.0
        self.mean: NDArray[np.float64] = np.zeros(0)
        self.square: NDArray[np.float64] = np.zeros(0)

    def add(self, said: NDArray[np.float64], true: NDArray[np.float64]) -> None:
        said, true = said.reshape(len(said), -1), true.reshape(len(true), -1)
        self.apart += float(((said - true) ** 2).sum())
        mean = true.mean(axis=0)
        square = ((true - mean) ** 2).sum(axis=0)
        if not self.count:
            self.count, self.mean, self.square = len(true), mean, square
            return
        total = self.count + len(true)  # Chan, Golub and LeVeque (1983), equation 2.1
        between = mean - self.mean
        self.square = self.square + square + between**2 * (self.count * len(true) / total)
        self.mean = self.mean + between * (len(true) / total)
        self.count = total

    @property
    def r2(self) -> float | None:
        total = float(self.square.sum()) if self.count else 0.0
        return 1.0 - self.apart / total if total else None


__all__ = ["Evaluator", "Measure", "Score", "is_score"]
