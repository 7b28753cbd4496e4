"""A trained model: a sheet with sizes and parameters. What it predicts, how good it is, how it is kept in a file."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.derivation import derive
from gradsheet.diagnostics import Diagnostic, SheetError, Source, refuse
from gradsheet.evaluation.sizes import Sizes
from gradsheet.files import write_file
from gradsheet.sheet import load_sheet
from gradsheet.syntax import canonical_key
from gradsheet.training import checkpoints
from gradsheet.training.checkpoints import Checkpoint
from gradsheet.training.data import read, read_mapping
from gradsheet.training.data.faults import listed
from gradsheet.training.measuring import Evaluator, Measure
from gradsheet.training.problem import Setting
from gradsheet.training.recipe import Recipe
from gradsheet.training.trainer import Standing
from gradsheet.training.whole import first_extent, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

    from numpy.typing import NDArray

    from gradsheet.expressions import Symbol
    from gradsheet.training.data import Dataset
    from gradsheet.training.measuring import Score
    from gradsheet.training.trainer import Trainer

Arrays = dict[str, "NDArray[Any]"]
_CONSTANT, _LAST, _STATE = "constant:", "last:", "state:"


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a model says of rows: `values` has a row for each, `labels` the class where the target has classes."""

    name: str
    values: NDArray[Any]
    target: str | None = None
    labels: NDArray[Any] | None = None
    classes: tuple[int | str, ...] = ()


@dataclass(eq=False, repr=False)
class Model:
    """A sheet with every size and every parameter a number."""

    setting: Setting
    parameters: Arrays
    recipe: Recipe
    history: list[dict[str, Any]] = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Which columns the symbols were, where it was said: new data are read alike unless they have other names."""
    _evaluators: dict[str, Evaluator] = field(default_factory=dict, init=False, repr=False)
    """What was compiled to predict, to be used again."""

    def __repr__(self) -> str:
        name = self.setting.sheet.source.name
        arrays = ", ".join(" ".join([n, "×".join(map(str, a.shape))]).strip() for n, a in self.parameters.items())
        count = len(self.history)
        return f"<Model of {name} after {count} epoch{'' if count == 1 else 's'}: {arrays}>"

    # ------------------------------------------------------------ use

    def predict(
        self, sources: Any, mapping: Mapping[str, str] | None = None, *, what: str | None = None
    ) -> Predictions:
        """ŷ for every row of some data, or the definition that `what` names; targets may be missing."""
        setting = self.setting
        found = setting.prediction if what is None else self._definition(what)
        if found is None:
            message = "nothing in the sheet is a prediction: a definition before what it is compared with comes in"
            hint = "name what you want: --what z (in Python what='z'), or give the answer an equation of its own"
            raise SheetError((Diagnostic("GS834", message, None, setting.sheet.source, None, hint),))
        if setting.whole and first_extent(found) != setting.rows:
            message = f"{found.name} has no row for each row of the data"
            raise SheetError((Diagnostic("GS834", message, None, setting.sheet.source),))
        evaluator = self._evaluators.get(found.name)
        if evaluator is None:
            evaluator = self._evaluators[found.name] = Evaluator(setting, (found.name,), self.recipe.precision)
        held = self._read(sources, mapping, evaluator.data)
        rows = np.arange(held.rows, dtype=np.int64)
        parts = [part[found.name] for _, part in evaluator.over(self.parameters, held.arrays, rows)]
        values = np.concatenate(parts)
        target = setting.target if found is setting.prediction else None
        name = None if target is None else target.name
        counted = target is not None and target.domain.kind == "index" and target.rank < found.rank
        if target is None or not (counted or target.domain.kind == "onehot"):
            return Predictions(found.name, values, name)
        first = setting.sizes.evaluate(target.domain.bounds[0]) or 0 if counted and target.domain.bounds else 0
        classes = tuple(setting.classes.get(target.name, range(first, first + values.shape[-1])))
        labels = np.asarray(classes)[values.argmax(axis=-1)]
        return Predictions(found.name, values, name, labels, classes)

    def _definition(self, name: str) -> Symbol:
        """What a sheet defines, by name."""
        defined = dict.fromkeys(e.symbol for e in self.setting.sheet.equations)
        for symbol in defined:
            if canonical_key(symbol.name) == canonical_key(name):
                return symbol
        message = f"the sheet defines no '{name}'; there is {listed(s.name for s in defined)}"
        raise SheetError((Diagnostic("GS834", message, None, self.setting.sheet.source),))

    def score(self, sources: Any, mapping: Mapping[str, str] | None = None) -> Score:
        """Loss, and accuracy or R², over every row of some data."""
        held = self._read(sources, mapping, self.setting.data)
        rows = np.arange(held.rows, dtype=np.int64)
        return Measure(self.setting, self.recipe.precision, held.rows)(self.parameters, held.arrays, rows)

    def _read(self, sources: Any, mapping: Mapping[str, str] | None, names: tuple[str, ...]) -> Dataset:
        if not names:
            message = "what is asked for depends on no data"
            raise SheetError((Diagnostic("GS834", message, None, self.setting.sheet.source),))
        needs, classes = self.setting.needs(names), self.setting.classes
        asked = {canonical_key(n) for n in names}
        own = {n: text for n, text in self.mapping.items() if canonical_key(n) in asked}
        if mapping or not own:
            return read(sources, needs, mapping, classes=classes)
        try:
            return read(sources, needs, own, classes=classes)
        except SheetError as problem:
            with contextlib.suppress(SheetError):
                return read(sources, needs, classes=classes)
            raise problem from None

    # ------------------------------------------------------------ files

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write the model to a file: safetensors, with the sheet in its header."""
        write_file(str(path), self._packed(), force=force)

    def _packed(self) -> bytes:
        held = _written(self.setting, self.recipe, self.parameters, Standing(history=self.history))
        sources = {"mapping": [f"{symbol}={text}" for symbol, text in self.mapping.items()]}
        return checkpoints.packed(replace(held, notes={**held.notes, "sources": sources}))

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        """A pickle holds what a file would."""
        return _unpacked, (self._packed(),)


def load_model(path: str | PathLike[str]) -> Model:
    """The model in a file, or in the folder of a run."""
    place = Path(path)
    if place.is_dir():
        held, remarks = checkpoints.load(place)
    else:
        try:
            data = place.read_bytes()
        except OSError as problem:
            refuse("GS001", f"the model cannot be read: {problem.strerror or problem}", str(path))
        held, remarks = checkpoints.unpacked(data, str(path)), ()
    return _model(held, str(path), remarks)


def _unpacked(data: bytes) -> Model:
    return _model(checkpoints.unpacked(data, "<pickle>"), "<pickle>")


def _model(held: Checkpoint, name: str, remarks: tuple[str, ...] = ()) -> Model:
    parameters = {n: a for n, a in held.arrays.items() if ":" not in n}
    with reading(name):
        recipe = Recipe.read(held.notes["recipe"])
        history = list(held.notes["standing"]["history"])
        mapping = read_mapping((held.notes.get("sources") or {}).get("mapping") or ())
    setting = setting_of(held, name)
    _check_arrays(setting.arrays("parameter"), parameters, name)
    _check_arrays(setting.arrays("constant"), setting.constants, name)
    return Model(setting, parameters, recipe, history, remarks, mapping)


# ---------------------------------------------------------------- checkpoints


def _written(setting: Setting, recipe: Recipe, parameters: Arrays, standing: Standing) -> Checkpoint:
    sheet = setting.sheet
    names = {size: name for name, size in sheet.sizes.items()}
    notes = {
        "sheet": {"name": sheet.source.name, "text": sheet.source.text},
        "recipe": recipe.written(),
        "sizes": {names[s]: n for s, n in setting.sizes.values.items() if s in names and s not in setting.free},
        "families": {f: list(m.items()) for f, m in setting.sizes.families.items()},
        "data": list(setting.data),
        "classes": {n: list(c) for n, c in setting.classes.items()},
        "standing": asdict(standing),
    }
    constants = {_CONSTANT + n: np.asarray(a) for n, a in setting.constants.items()}
    return Checkpoint({**parameters, **constants}, notes)


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Notes that are not those of a run are said to be so, whoever wrote them."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        refuse("GS833", "what is written of the run in this checkpoint cannot be understood", name)


def setting_of(checkpoint: Checkpoint, name: str) -> Setting:
    """The sheet of a checkpoint, with its sizes and constants."""
    notes = checkpoint.notes
    with reading(name):
        source = Source(str(notes["sheet"]["text"]), str(notes["sheet"]["name"]))
    sheet = load_sheet(source)
    sizes = Sizes()
    with reading(name):
        for size, number in notes["sizes"].items():
            sizes.set(sheet.sizes[size], int(number), "the model")
        sizes.families.update({f: {int(k): int(n) for k, n in m} for f, m in notes["families"].items()})
        classes = {n: tuple(c) for n, c in notes["classes"].items()}
        setting = Setting(sheet, derive(sheet), sizes, {}, tuple(notes["data"]), classes)
        inputs = {s.name for s in sheet.inputs}
        if not inputs.issuperset(setting.data):
            raise ValueError
        if notes["recipe"].get("whole"):
            rows = rows_of(setting.symbols(setting.data))
            setting = replace(setting, rows=rows)
    constants = {n.removeprefix(_CONSTANT): a for n, a in checkpoint.arrays.items() if n.startswith(_CONSTANT)}
    if sheet.objective is None or not setting.data:
        refuse("GS833", "the sheet in this checkpoint is trained on no data", name)
    return replace(setting, constants=constants)


def _check_arrays(wanted: Mapping[str, tuple[int | None, ...]], held: Mapping[str, NDArray[Any]], name: str) -> None:
    """Refuse arrays that are not those of the sheet."""
    for array, shape in wanted.items():
        if array not in held:
            message = f"the checkpoint has no '{array}', which its sheet needs"
        elif held[array].shape != shape:
            shapes = ["×".join(map(str, s)) or "a number" for s in (held[array].shape, shape)]
            message = f"'{array}' is {shapes[0]} in the checkpoint, and {shapes[1]} in its sheet"
        else:
            continue
        refuse("GS833", message, name)


def model_of(trainer: Trainer, mapping: Mapping[str, str] | None = None) -> Model:
    """What a run has learned so far."""
    problem = trainer.problem
    parameters = {n: a.copy() for n, a in trainer.chosen.items()}
    setting = Setting(
        problem.sheet, problem.derivation, problem.sizes, problem.constants, problem.data, problem.classes, problem.rows
    )
    return Model(setting, parameters, trainer.recipe, list(trainer.standing.history), mapping=dict(mapping or {}))


def checkpoint_of(trainer: Trainer, **notes: Any) -> Checkpoint:
    """All that a run needs to go on: the model, and beside it what is carried from step to step."""
    held = _written(trainer.problem, trainer.recipe, trainer.chosen, trainer.standing)
    parameters = trainer.parameters
    last = {_LAST + n: a for n, a in parameters.items()} if trainer.best else {}
    states = {_STATE + n: a for n, a in trainer.arrays.items() if n not in parameters}
    return Checkpoint({**held.arrays, **last, **states}, {**held.notes, **notes})


def restore(trainer: Trainer, checkpoint: Checkpoint, name: str) -> None:
    """Put a run where a checkpoint has it."""
    arrays = checkpoint.arrays
    own = trainer.parameters
    last = any(n.startswith(_LAST) for n in arrays)
    keys = {n: n if n in own and not last else (_LAST if n in own else _STATE) + n for n in trainer.arrays}
    _check_arrays({keys[n]: a.shape for n, a in trainer.arrays.items()}, arrays, name)
    with reading(name):
        trainer.standing = _standing(checkpoint.notes["standing"], trainer.steps)
    for array, value in trainer.arrays.items():
        value[...] = arrays[keys[array]]
    if trainer.recipe.patience is None:
        return
    if last:
        _check_arrays({n: a.shape for n, a in own.items()}, arrays, name)
        trainer.best = {n: arrays[n].copy() for n in own}
    else:
        trainer.standing.best = None  # nobody has kept the parameters of that epoch


def _standing(written: Mapping[str, Any], steps: int) -> Standing:
    """How far a run had come whose epochs have so many steps; raises what `reading` catches."""
    found = Standing(**{**written, "ended": ""})
    for value in (found.epoch, found.step, found.rows):
        if not isinstance(value, int) or value < 0:
            raise ValueError
    if found.step >= steps or len(found.history) != found.epoch:
        raise ValueError
    if found.best is not None and not 0 < int(found.best) <= found.epoch:
        raise ValueError
    found.loss = float(found.loss)
    return found


__all__ = ["Model", "Predictions", "checkpoint_of", "load_model", "model_of", "reading", "restore", "setting_of"]
