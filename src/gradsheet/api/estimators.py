"""Sheets as estimators of scikit-learn: fitted, searched over, cross-validated and pickled like any other."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from gradsheet.api.sheets import Sheet, load, loads
from gradsheet.api.trained import recipe_of, trained
from gradsheet.derivation import derive
from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.syntax import canonical_key
from gradsheet.targets.predicting import predicted
from gradsheet.training.measuring import is_score

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as problem:  # pragma: no cover - tried in a process of its own
    _lacking = str(problem)

    class BaseEstimator:  # type: ignore[no-redef]
        """Stands in for scikit-learn's, and says what is missing."""

        def __new__(cls, *_arguments: Any, **_named: Any) -> NoReturn:
            message = f"estimators need scikit-learn 1.6 or later: {_lacking}"
            raise SheetError((Diagnostic("GS840", message, suggestion='pip install "gradsheet[sklearn]"'),))

    class ClassifierMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    class RegressorMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""

    def available_if(_check: Any) -> Any:
        """As scikit-learn's, for methods that nobody reaches."""
        return lambda method: method


if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Symbol
    from gradsheet.training.model import Model

_SOFTMAX = """\
x ∈ ℝ^n, y ∈ onehot(k)
W ∈ ℝ^(k×n), b ∈ ℝ^k
p = softmax(W x + b)
L = -sum[j] y[j] log p[j]
parameters W, b
minimize L
"""
_LINEAR = """\
x, w ∈ ℝ^n, y, b ∈ ℝ
ŷ = wᵀ x + b
L = 1/2 (ŷ - y)²
parameters w, b
minimize L
"""
_FLOATS = (np.float64, np.float32)
_TRIED = 100
_TOLERANCE = 1e-6
_FAR = 1e3
"""Rows so many times as long tell a probability, which stays in [0, 1], from a number that happens to lie there."""


class _SheetEstimator(BaseEstimator):  # type: ignore[misc]
    """What both estimators share: the parameters, the way of X and y to the symbols of a sheet."""

    _usual = _LINEAR

    def __init__(  # noqa: PLR0913 - scikit-learn wants each as a parameter of its own
        self,
        sheet: str | os.PathLike[str] | Sheet | None = None,
        *,
        data: str | None = None,
        target: str | None = None,
        values: Mapping[str, Any] | None = None,
        epochs: int = 10,
        batch: int | str = 32,
        rate: float | None = None,
        method: str | None = None,
        momentum: float = 0.9,
        weight_decay: float = 0,
        clip: float | None = None,
        schedule: Any = "constant",
        validation: float = 0,
        patience: int | None = None,
        begin: str | Sequence[str] = (),
        whole: bool = False,
        dtype: str = "float64",
        threads: int = 1,
        random_state: Any = None,
    ) -> None:
        self.sheet = sheet
        self.data = data
        self.target = target
        self.values = values
        self.epochs = epochs
        self.batch = batch
        self.rate = rate
        self.method = method
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.clip = clip
        self.schedule = schedule
        self.validation = validation
        self.patience = patience
        self.begin = begin
        self.whole = whole
        self.dtype = dtype
        self.threads = threads
        self.random_state = random_state

    # ------------------------------------------------------------ the sheet

    def _read(self) -> Sheet:
        """The sheet: from a text, which has more than one line, from a file, or as it is."""
        given = self.sheet
        if isinstance(given, Sheet):
            return given
        if given is None:
            return _sheet_of(self._usual)
        return _sheet_of(given) if isinstance(given, str) and "\n" in given else load(given)

    def _roles(self, sheet: Sheet) -> tuple[Symbol, Symbol]:
        """Which inputs X and y are: what the prediction depends on, and what it is compared with."""
        model = sheet.inner
        if model.objective is None or not model.parameters:
            _refuse(sheet, "the sheet states nothing to fit", "add `parameters W, b` and `minimize L`")
        derivation = _derived(sheet)
        known = {canonical_key(g.key) for g in model.given} | {canonical_key(n) for n in self.values or {}}
        needed = derivation.graph.needed_for(model.objective.symbol)
        asked = [
            s for s in model.inputs
            if s in needed and s not in model.parameters
            and (canonical_key(s.name) not in known or s.name in {self.data, self.target})
        ]  # fmt: skip
        prediction = predicted(derivation, asked)
        if prediction is None:
            _refuse(sheet, "nothing in the sheet is a prediction",
                    "a definition before what it is compared with comes in: p = softmax(W x + b)")  # fmt: skip
        behind = derivation.graph.needed_for(prediction)
        return (
            _one(sheet, "data", self.data, [s for s in asked if s in behind], lambda s: s.rank > 0),
            _one(sheet, "target", self.target, [s for s in asked if s not in behind],
                 lambda s: s.rank == prediction.rank),
        )  # fmt: skip

    def _target(self) -> Symbol | None:
        """The symbol that y is; None where the sheet cannot be used, which `fit` says."""
        try:
            return self._roles(self._read())[1]
        except SheetError:
            return None

    def _rank(self, symbol: Symbol) -> int:
        """The axes of an example; where the sheet states all rows, the first axis is theirs."""
        return symbol.rank - bool(self.whole)

    # ------------------------------------------------------------ fitting

    def _train(self, X: Any, y: Any, **recipe: Any) -> None:
        """`model_`, for a `y` that has the form of its symbol."""
        sheet = self._read()
        data, target = self._roles(sheet)
        chosen = recipe_of(
            epochs=self.epochs, batch=self.batch, rate=self.rate, method=self.method, momentum=self.momentum,
            weight_decay=self.weight_decay, clip=self.clip, schedule=self.schedule, patience=self.patience,
            begin=self.begin, whole=self.whole, dtype=self.dtype, threads=self.threads, seed=self._seed(), **recipe,
        )  # fmt: skip
        self._data = data.name
        held = {data.name: X, target.name: y}
        self.model_: Model = trained(sheet.inner, held, chosen, validation=self.validation, values=self.values)
        self.n_iter_ = len(self.model_.history)

    def _seed(self) -> int:
        """A whole number is the seed itself, as for `gradsheet train --seed`."""
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _values(self, X: Any) -> NDArray[Any]:
        """The prediction of the sheet for each row."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=_FLOATS)
        return np.asarray(self.model_.predict({self._data: rows}).values)


class SheetClassifier(ClassifierMixin, _SheetEstimator):  # type: ignore[misc]
    r"""argmax p(x; θ), where a sheet says what p is and what is minimised.

    `sheet` is a text, a path or a `gs.Sheet`, by default softmax regression. Its target is `y ∈ onehot(k)`, or for two
    classes `y ∈ {0,1}` or `y ∈ {-1,1}`; sizes that it leaves open follow from the data. X goes to the array that the
    prediction depends on, y to what it is compared with; `data` and `target` name them where there are several, and
    `values` has sizes and constants. Labels may be anything that sorts. The recipe has the parameters and defaults of
    `Sheet.train`; rows for validation are taken from each class in proportion.

    After `fit`: `classes_`, `model_` (a `gs.Model`), `n_iter_`, `n_features_in_`, `feature_names_in_`. `predict_proba`
    is there where the prediction is a probability. Needs scikit-learn (`pip install "gradsheet[sklearn]"`). Raises
    `SheetError`, a `ValueError`, for a sheet that states no such thing, and for data that do not fit.

    >>> from gradsheet import SheetClassifier
    >>> X = [[0.0, 0.1], [0.2, 0.9], [1.0, 0.2], [0.9, 1.1]]
    >>> sheet = (
    ...     "x, w ∈ ℝ^n, y ∈ {0,1}, b, s ∈ ℝ\ns = wᵀ x + b\nL = log(1 + exp(s)) - y s\n"
    ...     "parameters w, b\nminimize L"
    ... )
    >>> model = SheetClassifier(sheet, epochs=100, batch="all", rate=1.0).fit(X, ["low", "low", "up", "up"])
    >>> model.predict([[0.1, 0.5], [1.0, 0.5]]).tolist(), model.n_features_in_
    (['low', 'up'], 2)
    """

    _usual = _SOFTMAX

    def fit(self, X: Any, y: Any) -> Self:
        """Train the sheet on rows X with labels y."""
        X, y = validate_data(self, X, y, dtype=_FLOATS)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        sheet = self._read()
        self._kind = self._kind_of(sheet, self._roles(sheet)[1])
        if len(self.classes_) < 2:
            _refuse(sheet, f"y has only 1 class: {self.classes_[0]}", "give rows of two classes or more")
        if self._kind != "onehot" and len(self.classes_) > 2:
            message = f"Only binary classification is supported. The target takes two values, y {len(self.classes_)}"
            _refuse(sheet, message, "declare the target as onehot(k)")
        form = 2 * codes - 1 if self._kind == "signs" else codes
        self._train(X, form, **({"stratify": self._roles(sheet)[1].name} if self.validation else {}))
        self._probable = self._gives_probabilities(X[:_TRIED])
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row."""
        values = self._values(X)
        if self._kind == "onehot":
            return np.asarray(self.classes_[self._known(values).argmax(axis=1)])
        return np.asarray(self.classes_[(values > self._threshold()).astype(np.int64)])

    @available_if(lambda self: self._may_be_probable())  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[Any]:
        """A row of probabilities for each row, in the order of `classes_`.

        Where the sheet has more classes than the data had, those of the data are given their sum.
        """
        values = self._values(X)
        if self._kind != "onehot":
            return np.stack([1 - values, values], axis=1)
        known = self._known(values)
        return known if known.shape == values.shape else known / known.sum(axis=1, keepdims=True)

    def _known(self, values: NDArray[Any]) -> NDArray[Any]:
        """The columns of classes that were in the data."""
        return values[:, : len(self.classes_)]

    def _threshold(self) -> float:
        """Where the second of two classes begins: at 1/2 for probabilities, at 0 for scores."""
        setting = self.model_.setting
        prediction = setting.prediction
        scores = self._kind == "signs" or (prediction is not None and is_score(setting, prediction))
        return 0.0 if scores else 0.5

    def _kind_of(self, sheet: Sheet, target: Symbol) -> str:
        """How classes are written: rows with a single 1, zeros and ones, signs."""
        if target.domain.kind == "onehot":
            return "onehot"
        values = self._values_in(target)
        if values not in ({0.0, 1.0}, {-1.0, 1.0}):
            _refuse(sheet, f"{target.name} is no class", "declare it as onehot(k), as {0,1} or as {-1,1}")
        return "halves" if 0.0 in values else "signs"

    def _values_in(self, target: Symbol) -> set[float]:
        """The values that a single number may take; empty for a target of any other kind."""
        single = target.domain.kind == "finite" and not self._rank(target)
        return {float(v) for v in target.domain.values} if single else set()

    def _may_be_probable(self) -> bool:
        """Before it is fitted, whatever is no sign may be a probability."""
        if hasattr(self, "model_"):
            return self._probable
        target = self._target()
        return target is None or -1.0 not in self._values_in(target)

    def _gives_probabilities(self, rows: NDArray[Any]) -> bool:
        """Whether predictions are probabilities, also far from the data."""
        if self._kind == "signs":
            return False
        for stretch in (1.0, _FAR, -_FAR):
            try:
                values = np.asarray(self.model_.predict({self._data: rows * stretch}).values)
            except SheetError:  # rows that are no real numbers have no far ones
                continue
            values = values.reshape(len(values), -1)
            values = values[np.isfinite(values).all(axis=1)]
            if (values < 0).any() or (values > 1 + _TOLERANCE).any():
                return False
            if self._kind == "onehot" and (np.abs(values.sum(axis=1) - 1) > _TOLERANCE).any():
                return False
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        target = self._target()
        tags.classifier_tags.multi_class = target is None or target.domain.kind == "onehot"
        return tags


class SheetRegressor(RegressorMixin, _SheetEstimator):  # type: ignore[misc]
    r"""ŷ(x; θ), where a sheet says what ŷ is and what is minimised.

    `sheet` is a text, a path or a `gs.Sheet`, by default linear regression by least squares. Its target is a number
    or a vector, such as `y ∈ ℝ`; all else is as for `SheetClassifier`.

    >>> from gradsheet import SheetRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> model = SheetRegressor(epochs=500, batch="all", rate=0.1).fit(X, y)
    >>> model.predict([[10.0]]).round(3).tolist(), round(model.score(X, y), 6)
    ([21.0], 1.0)
    """

    _usual = _LINEAR

    def fit(self, X: Any, y: Any) -> Self:
        """Train the sheet on rows X with targets y."""
        target = self._target()
        several = target is not None and self._rank(target) > 0
        X, y = validate_data(self, X, y, dtype=_FLOATS, y_numeric=True, multi_output=several)
        if target is not None and target.domain.kind == "onehot":
            _refuse(self._read(), f"{target.name} is a class", "use SheetClassifier, or declare it in ℝ")
        self._flat = np.ndim(y) == 1
        self._train(X, y)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """ŷ for each row; as many axes as y had."""
        values = self._values(X)
        return values.reshape(len(values)) if self._flat else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        target = self._target()
        tags.target_tags.multi_output = target is not None and self._rank(target) > 0
        return tags


# ---------------------------------------------------------------- sheets


@lru_cache(maxsize=16)
def _sheet_of(text: str) -> Sheet:
    return loads(text)


@lru_cache(maxsize=16)
def _derived(sheet: Sheet) -> Derivation:
    return derive(sheet.inner)


def _one(
    sheet: Sheet, role: str, wanted: str | None, found: Sequence[Symbol], usual: Callable[[Symbol], bool]
) -> Symbol:
    """The symbol that was named, else the only one there is, or the only usual one."""
    if wanted is not None:
        named = [s for s in found if canonical_key(s.name) == canonical_key(wanted)]
        if not named:
            _refuse(sheet, f"'{wanted}' cannot be the {role}", _choices(found))
        return named[0]
    chosen = found if len(found) == 1 else [s for s in found if usual(s)]
    if len(chosen) != 1:
        _refuse(sheet, f"the sheet does not say by itself which input is the {role}",
                f"{_choices(found)}: {role}=…, and values={{…}} for constants")  # fmt: skip
    return chosen[0]


def _choices(found: Sequence[Symbol]) -> str:
    return "there is " + (", ".join(s.name for s in found) or "none")


def _refuse(sheet: Sheet, message: str, suggestion: str) -> NoReturn:
    raise SheetError((Diagnostic("GS841", message, None, sheet.inner.source, suggestion=suggestion),))


__all__ = ["SheetClassifier", "SheetRegressor"]
