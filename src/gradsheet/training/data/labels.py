"""Class labels as one-hot rows: whole numbers that count from 0 or from 1, or words in their sorted order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.training.data.faults import counted, listed, near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gradsheet.training.data.where import Origin

Classes = tuple[int, ...] | tuple[str, ...]
_WHOLE = re.compile(r"[-+]?\d+(\.0*)?")


def one_hot(
    labels: NDArray[Any], origin: Origin, known: Sequence[int | str] | None, remarks: list[str]
) -> tuple[NDArray[np.uint8], Classes]:
    """Rows with a single 1, and the label of each class in order. `known` are the classes of a model that is there."""
    labels = np.asarray(labels).reshape(-1)
    if labels.dtype.kind in "US":
        words = labels.astype(str)
        if known is None or all(isinstance(k, int) for k in known):
            distinct = np.unique(words)
            if all(_WHOLE.fullmatch(str(w)) for w in distinct):
                return _of_numbers(words.astype(np.float64), origin, known, remarks)
        return _of_words(words, origin, known, remarks)
    if labels.dtype.kind not in "iubf":
        origin.refuse("GS813", f"{origin.name} holds {labels.dtype}: labels are whole numbers or words")
    if known is not None and not all(isinstance(k, int) for k in known):
        return _of_words(labels.astype(str), origin, known, remarks)
    return _of_numbers(labels.astype(np.float64), origin, known, remarks)


def _of_words(
    words: NDArray[Any], origin: Origin, known: Sequence[int | str] | None, remarks: list[str]
) -> tuple[NDArray[np.uint8], Classes]:
    width, name = origin.need.width, origin.need.name
    distinct = np.unique(words)
    classes = tuple(map(str, distinct)) if known is None else tuple(map(str, known))
    if width is not None and len(classes) > width:
        origin.refuse(
            "GS819", f"{origin.name} has {counted(len(classes), 'class').replace('classs', 'classes')}, "
            f"and {origin.need}: {listed(classes)}", "correct the labels, or the sheet's number of classes",
        )  # fmt: skip
    if width is not None and len(classes) < width:
        remarks.append(f"{name}: {len(classes)} of {width} classes occur in the data: {listed(classes)}")
    order = {label: k for k, label in enumerate(classes)}
    places = np.array([order.get(str(w), -1) for w in distinct], dtype=np.int64)[np.searchsorted(distinct, words)]
    if (places < 0).any():
        row = int(np.argmax(places < 0))
        close = near(str(words[row]), classes)
        hint = f"did you mean '{close}'? " if close else ""
        origin.refuse(
            "GS819", f"{origin.at(row)}: '{words[row]}' is none of the classes of {name}",
            f"{hint}there is {listed(classes)}",
        )  # fmt: skip
    if known is None:
        remarks.append(f"{name}: the classes in order are {listed(classes)}")
    return _rows(places, width or len(classes)), classes


def _of_numbers(
    numbers: NDArray[np.float64], origin: Origin, known: Sequence[int | str] | None, remarks: list[str]
) -> tuple[NDArray[np.uint8], Classes]:
    need = origin.need
    odd = ~np.isfinite(numbers) | (numbers != np.floor(numbers))
    if odd.any():
        row = int(np.argmax(odd))
        origin.refuse("GS819", f"{origin.at(row)}: {numbers[row]:g} is no label of a class of {need}",
                      "labels are whole numbers or words")  # fmt: skip
    first = int(known[0]) if known else _first(numbers, origin, remarks)
    width = need.width if need.width is not None else (len(known) if known else int(numbers.max()) - first + 1)
    places = numbers - first
    wrong = (places < 0) | (places >= width)
    if wrong.any():
        row = int(np.argmax(wrong))
        origin.refuse(
            "GS819", f"{origin.at(row)}: the label {numbers[row]:g} is out of range: {need} has the classes "
            f"{first}..{first + width - 1}", "labels count from 0 or from 1; correct the label, or the sheet",
        )  # fmt: skip
    return _rows(places.astype(np.int64), width), tuple(range(first, first + width))


def _first(numbers: NDArray[np.float64], origin: Origin, remarks: list[str]) -> int:
    """Where labels begin to count: at 0 where a 0 is among them, at 1 where the last class is."""
    need = origin.need
    if (numbers == 0).any():
        return 0
    if need.width is not None and not (numbers == need.width).any() and need.first in {0, 1}:
        remarks.append(f"{need.name}: neither label 0 nor {need.width} occurs; labels are taken to count "
                       f"from {need.first}, as the sheet does")  # fmt: skip
        return need.first
    return 1


def _rows(places: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    found = np.zeros((len(places), width), dtype=np.uint8)
    found[np.arange(len(places)), places] = 1
    return found


__all__ = ["Classes", "one_hot"]
