"""What the tests of exercises share: sheets, candidates, facts about a variant that its search does not compute."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fences import ROOT
from gradsheet.exercises import Exercises, Setter, Wishes, set_exercises
from gradsheet.exercises.numerals import rational
from gradsheet.exercises.places import Draw
from gradsheet.sheet import load_sheet
from gradsheet.syntax import read_source

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.exercises import Variant
    from gradsheet.exercises.outcome import Outcome
    from gradsheet.sheet import Sheet

FOLDERS = (ROOT / "examples", ROOT / "tests" / "sheets")
ALL = sorted(p for folder in FOLDERS for p in folder.glob("*.sheet"))


def has_values(path: Path) -> bool:
    """Whether a sheet gives numbers, and not only sizes."""
    text = path.read_bytes().decode("utf-8-sig")
    return bool(re.search(r"^given", text, flags=re.MULTILINE)) and path.stem != "widths"


WITH_VALUES = [p for p in ALL if has_values(p)]
UNSPECIFIED = {"many-layers", "delta", "unspecified-activation", "depth-unspecified"}
WITHOUT_VALUES = [p for p in ALL if not has_values(p) and p.stem not in UNSPECIFIED]


def sheet_of(source: Path | str) -> Sheet:
    if isinstance(source, str):
        return load_sheet(read_source(source, "<sheet>"))
    return load_sheet(read_source(source.read_bytes(), source.name))


@cache
def exercises(path: Path, count: int = 4, seed: int = 1) -> Exercises:
    return set_exercises(sheet_of(path), count, seed)


def candidate(setter: Setter, **values: Any) -> Outcome:
    """A candidate with numbers of the test's own; places that are not named keep the author's."""
    numbers = []
    for place in setter.places:
        stated = values.pop(place.name, None)
        if stated is None:
            stated = [rational(leaf) for leaf in place.leaves]
        numbers.append(tuple(Fraction(str(v)) for v in np.ravel(stated)))
    assert not values, f"no places: {values}"
    return setter._run(Draw(setter.places, tuple(numbers)).sheet(setter.sheet))


def value_of(variant: Variant, name: str, step: int = 0) -> np.ndarray:
    """A value of a solved variant, as float64."""
    state = variant.solution.states[step]
    held = next(v for s, v in state.values.items() if s.name == name)
    parts = held.values() if isinstance(held, dict) else [held]
    return np.concatenate([np.asarray(p).astype(float).reshape(-1) for p in parts])


def gradients(variant: Variant) -> dict[str, np.ndarray]:
    """∂L/∂θ of a solved variant by the names of the parameters."""
    derivation = variant.solution.derivation
    return {s.name: value_of(variant, a.symbol.name) for s, a in derivation.gradients.items()}


__all__ = [
    "ALL", "UNSPECIFIED", "WITHOUT_VALUES", "WITH_VALUES", "Wishes", "candidate", "exercises", "gradients", "sheet_of",
    "value_of",
]  # fmt: skip
