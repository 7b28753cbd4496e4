"""Training from Python: a sheet and data in, a model out that predicts, scores, and is kept in a file."""

from __future__ import annotations

import contextlib
import os
import signal
import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradsheet.training.data import read_mapping
from gradsheet.training.folders import folder_of
from gradsheet.training.measuring import Score
from gradsheet.training.model import Model, Predictions, load_model, model_of
from gradsheet.training.problem import Sources, pose
from gradsheet.training.recipe import Recipe
from gradsheet.training.running import Keeping, carry_out, stopping
from gradsheet.training.schedules import Schedule
from gradsheet.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from gradsheet.sheet import Sheet
    from gradsheet.training.folders import RunFolder

_FRACTIONS = {"momentum", "weight_decay", "clip"}
_SHARE = "validation"


def recipe_of(**chosen: Any) -> Recipe:
    """A recipe from the words of Python; numbers that an update holds are exact."""
    values = dict(chosen)
    for name in _FRACTIONS & values.keys():
        if values[name] is not None:
            values[name] = Fraction(str(values[name]))
    if isinstance(values.get("schedule"), str):
        values["schedule"] = Schedule(values["schedule"])
    if "begin" in values:
        begin = values["begin"]
        values["begin"] = (begin,) if isinstance(begin, str) else tuple(begin)
    if values.get("batch") == "all":
        values["batch"] = 0
    if "dtype" in values:
        values["precision"] = values.pop("dtype")
    return Recipe(**values)


def trained(  # noqa: PLR0913 - each is a choice of its own
    sheet: Sheet, data: Any, recipe: Recipe, *, validation: Any = None, mapping: Mapping[str, str] | Iterable[str] = (),
    values: Mapping[str, Any] | None = None, start: Mapping[str, Any] | None = None,
    folder: str | PathLike[str] | None = None, resume: bool = False, force: bool = False,
) -> Model:  # fmt: skip
    """The model that a sheet becomes on data."""
    columns = mapping if isinstance(mapping, dict) else read_mapping(mapping)
    share = isinstance(validation, (int, float)) and not isinstance(validation, bool)
    if share:
        recipe = replace(recipe, validation=float(validation))
    sources = Sources(data, columns, values or {}, validation=None if share else validation, start=start or {})
    with contextlib.ExitStack() as stack:
        held: RunFolder | None = None
        if folder is not None:
            held = stack.enter_context(folder_of(str(folder), resume=resume, force=force))
            held.sources = _told(data, columns, sources.validation)
        trainer = Trainer(pose(sheet, sources, recipe), recipe)
        if held is not None and resume:
            checkpoint, remarks = held.load()
            _warn(remarks)
            held.check_sheet(sheet, checkpoint)
            held.resume(trainer, checkpoint)
        else:
            trainer.begin(start)
            if held is not None and force:
                held.clear()
        if held is None:
            carry_out(trainer)
            return model_of(trainer, columns)
        with stopping(signal.SIGINT) as stopped:
            end = carry_out(trainer, Keeping(held), stopped=lambda: bool(stopped))
        _warn(held.troubles)
        if end == "interrupted":  # it is saved, and whoever called has to know
            raise KeyboardInterrupt
        return model_of(trainer, columns)


def _warn(remarks: Iterable[str]) -> None:
    for remark in remarks:
        warnings.warn(remark, RuntimeWarning, stacklevel=4)


def _told(data: Any, columns: Mapping[str, str], validation: Any) -> dict[str, Any]:
    """Where the data come from, for a run that goes on: files alone can be found again."""
    sources = data if isinstance(data, (list, tuple)) else [data]
    if not all(isinstance(s, (str, os.PathLike)) for s in [*sources, *([] if validation is None else [validation])]):
        return {}
    return {
        "data": [str(Path(s).absolute()) for s in sources],
        "mapping": [f"{symbol}={text}" for symbol, text in columns.items()],
        "validation": None if validation is None else str(Path(validation).absolute()),
    }


__all__ = ["Model", "Predictions", "Score", "load_model", "recipe_of", "trained"]
