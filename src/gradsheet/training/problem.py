"""A sheet meets its data: which symbols take the axis of the rows, what is constant, how long every axis is."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.derivation import derive
from gradsheet.diagnostics import CheckError, Diagnostic, SheetError, refuse
from gradsheet.evaluation import Float64, ValueReader
from gradsheet.evaluation.sizes import SizeConflictError, Sizes
from gradsheet.expressions import Affine, Size
from gradsheet.native.runtime import name_of
from gradsheet.programs.gathering import gather
from gradsheet.programs.lowering import Request, inside_means, lower
from gradsheet.solution.solve import rate_of
from gradsheet.syntax.names import canonical_key
from gradsheet.targets.plan import has_means
from gradsheet.targets.predicting import compared_with, predicted
from gradsheet.training.data import Dataset, Need, needs_of, read
from gradsheet.training.data.faults import listed
from gradsheet.training.optimisers import own_rules, rules_of
from gradsheet.training.whole import first_extent, free_sizes, rows_of, sizes_at, whole_needs
from gradsheet.verification import verified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gradsheet.derivation import Derivation
    from gradsheet.evaluation import Inputs
    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Part
    from gradsheet.sheet import Sheet
    from gradsheet.training.optimisers import Method, Rules
    from gradsheet.training.recipe import Recipe

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the numbers come from: data with a row for each example, and values that are the same for all."""

    data: Any
    mapping: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    """Labels of a model that is there."""
    validation: Any = None
    """Data of their own to validate by."""
    start: Mapping[str, Any] = field(default_factory=dict)
    """Parameters to begin with: sizes that nothing else says are theirs."""


@dataclass(frozen=True, eq=False)
class Setting:
    """A sheet with every size a number: what a program of it needs, whichever data come."""

    sheet: Sheet
    derivation: Derivation
    sizes: Sizes
    constants: Mapping[str, NDArray[Any]]
    """Inputs that are the same for all rows."""
    data: tuple[str, ...]
    """Inputs with a row for each example, in the order of the sheet."""
    classes: Mapping[str, Sequence[int | str]] = field(default_factory=dict)
    """The labels of symbols whose rows were made of labels."""
    rows: Affine | None = None
    """Where the sheet states the whole data set: the length of its axis of the rows."""

    @property
    def whole(self) -> bool:
        """Whether the data fill the sheet's own arrays, all rows at once."""
        return self.rows is not None

    @property
    def free(self) -> frozenset[Size]:
        """Sizes that only data have, and no model."""
        return frozenset() if self.rows is None else free_sizes(self.sheet, self.rows)

    def sizes_at(self, count: int) -> Sizes:
        """The sizes for data of so many rows."""
        return self.sizes if self.rows is None else sizes_at(self.sizes, self.free, self.rows, count)

    @property
    def prediction(self) -> Symbol | None:
        """What the model says of an example: ŷ, of a loss of ŷ and y."""
        return predicted(self.derivation, self.symbols(self.data))

    @property
    def target(self) -> Symbol | None:
        """What the prediction is compared with: the one input with rows that it does not depend on, of its shape.

        Of a prediction that has an entry for each class, it may also be a class by its number.
        """
        found = self.prediction
        if found is None:
            return None
        others = compared_with(self.derivation, found, self.symbols(self.data))
        fitting = [s for s in others if self.shape(s) == self.shape(found)] or [
            s for s in others if self._is_number_of_class(s, found)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _is_number_of_class(self, target: Symbol, prediction: Symbol) -> bool:
        """Whether a target, y ∈ 1..K, counts the entries of the last axis of a prediction."""
        bounds = target.domain.bounds
        if target.domain.kind != "index" or bounds is None or prediction.rank != target.rank + 1:
            return False
        last = prediction.axes[-1]
        ends = [[self.sizes.evaluate(e) for e in range_] for range_ in (bounds, last.range)]
        return ends[0] == ends[1] and self.shape(target) == self.shape(prediction)[:-1]

    def symbols(self, names: Sequence[str]) -> list[Symbol]:
        """Symbols of the sheet by name."""
        known = {s.name: s for s in self.sheet.symbols.values()}
        return [known[n] for n in names]

    def shape(self, symbol: Symbol) -> tuple[int | None, ...]:
        """The shape for one example."""
        return tuple(self.sizes.evaluate(a.high - a.low + 1) for a in symbol.axes)

    def arrays(self, part: Part) -> dict[str, tuple[int, ...]]:
        """The shapes of parameters, or of constants, by name: what the objective needs of them."""
        rows = 1 if self.rows is None else self.sizes.evaluate(self.rows) or 1
        program = lower(self.derivation, self.request(("value",), rows), after="settle")
        return {
            name_of(a): tuple(i.high.constant - i.low.constant + 1 for i in a.symbol.axes)
            for a in program.arguments
            if a.part == part and a.name not in self.data
        }

    def needs(self, names: Sequence[str] | None = None) -> tuple[Need, ...]:
        """What is asked of data."""
        symbols = self.symbols(self.data if names is None else names)
        return whole_needs(symbols, self.sizes) if self.whole else needs_of(symbols, self.sizes)

    def request(self, wanted: tuple[str, ...], rows: int, weight: Any = "mean") -> Request:
        """The program over so many rows."""
        if self.whole:
            sizes = self.sizes_at(rows)
            return Request(wanted, sizes.values, sizes.families)
        return Request(wanted, self.sizes.values, self.sizes.families, rows, self.data, weight)


@dataclass(frozen=True, eq=False)
class Problem(Setting):
    """A setting with the rows to learn from."""

    dataset: Dataset = field(kw_only=True)
    rules: Rules = field(kw_only=True)
    rate: float = field(kw_only=True)
    method: str = field(kw_only=True)
    validation: Dataset | None = field(kw_only=True)
    given: Mapping[str, Any] = field(kw_only=True)
    """Values of the sheet, or handed in: where parameters and states begin."""


def pose(sheet: Sheet, sources: Sources, recipe: Recipe) -> Problem:
    """The problem that a sheet and data state together.

    An input has a row for each example if the data have it; else it is a constant, with the value that was handed in
    or that the sheet gives. Raises `SheetError` where something lacks or does not fit.
    """
    derivation = _derived(sheet)
    known = _given(derivation, sources.values)
    method = recipe.method or ("sheet" if sheet.updates else "sgd")
    rules = _rules(derivation, recipe, method)
    inputs = _inputs(derivation, rules)
    dataset, rows = _read(derivation, inputs, known, sources, whole=recipe.whole)
    setting, values = _settled(derivation, inputs, dataset, sources, rows)
    _take_sizes(setting, sources.start)
    _insist_on_sizes(setting)
    checked = None
    if sources.validation is not None:
        checked = read(sources.validation, setting.needs(), sources.mapping, classes=setting.classes)
    return Problem(
        setting.sheet, setting.derivation, setting.sizes, setting.constants, setting.data, dataset.classes,
        setting.rows, dataset=dataset, rules=rules, rate=_rate(sheet, values, recipe, method), method=method,
        validation=checked, given={s.name: v for s, v in values.values.items() if s.name not in dataset.arrays},
    )  # fmt: skip


def _derived(sheet: Sheet) -> Derivation:
    """The derivation, once its derivatives are verified."""
    if sheet.objective is None:
        _fail(sheet, "the sheet states nothing to minimise", "add `minimize L` (or `maximize`)")
    if not sheet.parameters:
        _fail(sheet, "the sheet has no parameters to train", "add `parameters W, b`")
    derivation = derive(sheet)
    checks = verified(derivation, None, "symbolic")
    if checks.failures():
        raise CheckError(checks.summary())
    return derivation


def _fail(sheet: Sheet, message: str, suggestion: str | None = None) -> None:
    raise SheetError((Diagnostic("GS801", message, None, sheet.source, None, suggestion),))


def _rules(derivation: Derivation, recipe: Recipe, method: Method | str) -> Rules:
    if method != "sheet":
        return rules_of(derivation, recipe.settings(method))  # type: ignore[arg-type]
    if not derivation.sheet.updates:
        _fail(derivation.sheet, "the sheet has no `update` of its own", "--method sgd, or another")
    return own_rules(derivation)


def _inputs(derivation: Derivation, rules: Rules) -> list[Symbol]:
    """Everything that training is handed, in the order of the sheet: neither parameters nor state."""
    program = gather(derivation, ("update",), rules.rules).program
    brought = {rules.rate, rules.loss, *rules.states}
    return [a.symbol for a in program.arguments if a.part == "constant" and a.symbol not in brought]


# ---------------------------------------------------------------- data


def _given(derivation: Derivation, values: Mapping[str, Any]) -> Inputs:
    """Values and sizes that are known without data."""
    return ValueReader(derivation.sheet, takes_data=True).read(dict(values), "the values handed in")


def _read(
    derivation: Derivation, inputs: Sequence[Symbol], known: Inputs, sources: Sources, *, whole: bool
) -> tuple[Dataset, Affine | None]:
    """The data, and where they fill the sheet's own arrays, the length of the axis of their rows."""
    sizes = _own_sizes(derivation.sheet, known, sources)
    if whole:
        return _read_whole(derivation, inputs, known, sources, sizes)
    own = _with_rows(derivation, inputs)
    symbols = [s for s in inputs if own is None or s in own]
    try:
        return _taken(symbols, needs_of(symbols, sizes), known, sources), None
    except SheetError as problem:
        if own is None and any(d.code in {"GS815", "GS816"} for d in problem.diagnostics):
            _suggest_whole(problem, derivation, inputs, known, sources)
        raise


def _read_whole(
    derivation: Derivation, inputs: Sequence[Symbol], known: Inputs, sources: Sources, sizes: Sizes
) -> tuple[Dataset, Affine]:
    if has_means(derivation):
        refuse("GS601", "the sheet takes the mean over its rows itself: --whole is for sheets that state all of them")
    rows = rows_of(s for s in inputs if s not in known.given) or rows_of(inputs)
    symbols = [s for s in inputs if first_extent(s) == rows]
    if rows is None or not symbols:
        refuse("GS812", "no input of the sheet has an axis that the rows could be", suggestion="X ∈ ℝ^(N×d), y ∈ ℝ^N")
    needs = whole_needs(symbols, sizes)
    return _taken(symbols, needs, known, sources), rows


def _taken(symbols: Sequence[Symbol], needs: Sequence[Need], known: Inputs, sources: Sources) -> Dataset:
    optional = frozenset(s.name for s in symbols if s in known.given)
    found = read(sources.data, needs, sources.mapping, classes=sources.classes, optional=optional)
    if not found.arrays:
        refuse("GS812", f"nothing of the data is used: the sheet takes {listed(s.name for s in symbols)}",
               suggestion="name the columns like the symbols, or say which they are: --map x=FIRST:LAST")  # fmt: skip
    return found


def _suggest_whole(
    problem: SheetError, derivation: Derivation, inputs: Sequence[Symbol], known: Inputs, sources: Sources
) -> None:
    """Raise the same error with another suggestion, where the data would fill the sheet's own arrays."""
    try:
        _read(derivation, inputs, known, sources, whole=True)
    except SheetError:
        return
    hint = "the sheet states all rows itself, and the data would fill its arrays: --whole (in Python whole=True)"
    raise SheetError(tuple(replace(d, suggestion=hint) for d in problem.diagnostics)) from None


def _with_rows(derivation: Derivation, inputs: Sequence[Symbol]) -> set[Symbol] | None:
    """Where the sheet itself averages over the data: what stands inside; None: it states one example."""
    if not has_means(derivation):
        return None
    inside = inside_means(gather(derivation, ("value",)).program)
    return {s for s in inputs if s in inside}


def _own_sizes(sheet: Sheet, known: Inputs, sources: Sources) -> Sizes:
    """Sizes that the sheet or a person states; not those of example values, which data may replace."""
    found = Sizes()
    asked = {canonical_key(n) for n in sources.values}
    stated = {canonical_key(g.key) for g in sheet.given}
    for key, size in sheet.sizes.items():
        if (canonical_key(key) in asked | stated or _of_parameters(sheet, size)) and size in known.sizes.values:
            found.set(size, known.sizes.values[size], "the sheet")
    found.families.update(known.sizes.families)
    return found


def _of_parameters(sheet: Sheet, size: Any) -> bool:
    """Whether a given parameter has this size."""
    given = {canonical_key(g.key) for g in sheet.given}
    return any(
        canonical_key(p.name) in given and any(size in {a for a, _ in (i.high - i.low).terms} for i in p.axes)
        for p in sheet.parameters
    )


def _settled(
    derivation: Derivation, inputs: Sequence[Symbol], dataset: Dataset, sources: Sources, rows: Affine | None
) -> tuple[Setting, Inputs]:
    """Sizes from the shapes of a row, or of all of them; constants from what is given."""
    first = {n: np.asarray(a[0] if rows is None else a) for n, a in dataset.arrays.items()}
    reader = ValueReader(derivation.sheet, takes_data=False)
    values = reader.read({**sources.values, **first}, "the data")
    constants: Arrays = {}
    lacking = []
    for symbol in inputs:
        if symbol.name in dataset.arrays:
            continue
        if symbol not in values.values:
            lacking.append(symbol.name)
            continue
        constants[symbol.name] = np.asarray(values.values[symbol], dtype=float)
    if lacking:
        verb = "has" if len(lacking) == 1 else "have"
        refuse("GS812", f"{listed(lacking)} {verb} no value, neither in the data nor in the sheet", suggestion=
               f"name a column '{lacking[0]}', or give its value: --set {lacking[0]}=…")  # fmt: skip
    data = tuple(s.name for s in inputs if s.name in dataset.arrays)
    return Setting(derivation.sheet, derivation, values.sizes, constants, data, dataset.classes, rows), values


def _take_sizes(setting: Setting, start: Mapping[str, Any]) -> None:
    """Sizes that only the parameters to begin with say; what does not fit is refused where parameters begin."""
    for symbol in setting.sheet.parameters:
        if symbol.name not in start:
            continue
        shape = np.shape(start[symbol.name])
        if len(shape) != symbol.rank:
            continue
        for axis, length in zip(symbol.axes, shape, strict=True):
            with contextlib.suppress(SizeConflictError):
                setting.sizes.solve(axis.high - axis.low + 1, length, f"the shape of {symbol.name}")


def _insist_on_sizes(setting: Setting) -> None:
    """Refuse what would have to be compiled for sizes that nobody has said."""
    ends = [end for s in setting.sheet.parameters for axis in s.axes for end in axis.range]
    sizes = {a: None for end in ends for a in end.atoms() if isinstance(a, Size) and a.literal is None}
    lacking = [a.name for a in sizes if setting.sizes.evaluate(Affine.atom(a)) is None]
    if not lacking:
        return
    verb = "is" if len(lacking) == 1 else "are"
    refuse("GS802", f"how large {listed(lacking)} {verb} follows from nothing that is known", suggestion=
           f"--set {lacking[0]}=8 (in Python values={{'{lacking[0]}': 8}}), or parameters to begin with")  # fmt: skip


# ---------------------------------------------------------------- rate


def _rate(sheet: Sheet, values: Inputs, recipe: Recipe, method: str) -> float:
    """What was asked for, else what the sheet says, else what the method usually begins with."""
    if recipe.rate is not None:
        return recipe.rate
    if method == "sheet":
        return 0.0
    if sheet.rate is not None and method == "sgd":
        return float(np.asarray(rate_of(sheet, values, Float64())))
    return recipe.usual_rate(method)  # type: ignore[arg-type]


__all__ = ["Problem", "Setting", "Sources", "pose"]
