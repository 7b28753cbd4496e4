"""Arrays brought into the form that a sheet needs, and every entry held against its set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.training.data.labels import one_hot
from gradsheet.training.data.where import Origin, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from gradsheet.training.data.labels import Classes

_SUM_TOLERANCE = 1e-6


def fitted(
    raw: NDArray[Any], origin: Origin, known: Sequence[int | str] | None, remarks: list[str]
) -> tuple[NDArray[Any], Classes | None]:
    """The array of a symbol, rows first, and the labels of its classes where it was made of labels."""
    need = origin.need
    if raw.ndim == 0:
        origin.refuse("GS815", f"{origin.name} is a single number; {need} takes a row for each example")
    if not len(raw):
        origin.refuse("GS817", f"{origin.name} has no rows")
    if need.domain.kind == "onehot" and _are_labels(raw, need.width):
        array, classes = one_hot(raw, origin, known, remarks)
        return array, classes
    if raw.dtype.kind not in "fiub":
        words = raw.dtype.kind in "US"
        what = f"'{np.ravel(raw[0])[0]}' is no number" if words else f"it holds {raw.dtype}, not numbers"
        origin.refuse("GS813", f"{origin.at(0)}: {what}; {need}", "words are labels where the sheet says onehot")
    array = _shaped(raw, origin, remarks)
    _check(array, origin)
    if need.domain.kind == "index" and array.dtype.kind not in "iu":
        array = array.astype(np.int64)
    return array, None


def _are_labels(raw: NDArray[Any], width: int | None) -> bool:
    if raw.dtype.kind in "US":
        return True
    return width != 1 and (raw.ndim == 1 or (raw.ndim == 2 and raw.shape[1] == 1))


# ------------------------------------------------------------ shapes


def _shaped(raw: NDArray[Any], origin: Origin, remarks: list[str]) -> NDArray[Any]:
    """Axes of length 1 come and go, images are laid flat or set up, in the order of their rows; nothing else."""
    need, shape = origin.need, raw.shape[1:]
    if len(shape) == len(need.shape) and all(w in {None, s} for w, s in zip(need.shape, shape, strict=True)):
        return raw
    wanted = _solved(need.shape, int(np.prod(shape, dtype=np.int64)))
    alike = wanted is not None and _squeezed(wanted) == _squeezed(shape)
    flat = wanted is not None and (len(_squeezed(wanted)) <= 1 or len(_squeezed(shape)) <= 1)
    if wanted is None or not (alike or flat):
        text = "×".join(map(str, shape)) or "a single number"
        origin.refuse(
            "GS815", f"{origin.name}: a row is {text}, and {need}",
            "shape the rows as the sheet does, or choose other columns: --map NAME=FIRST:LAST",
        )  # fmt: skip
    if not alike:
        old, new = "×".join(map(str, shape)), "×".join(map(str, wanted)) or "a number"
        remarks.append(f"{need.name}: rows of {origin.name}, {old}, are taken as {new}, in the order of their entries")
    elif len(shape) or origin.fields[0]:
        remarks.append(f"{need.name}: axes of length 1 of {origin.name} are left out or put in")
    return raw.reshape(len(raw), *wanted)


def _solved(shape: tuple[int | None, ...], size: int) -> tuple[int, ...] | None:
    """The shape with this many entries; one length may be unknown."""
    known = int(np.prod([s for s in shape if s is not None], dtype=np.int64))
    unknown = sum(s is None for s in shape)
    if not unknown:
        return tuple(s for s in shape if s is not None) if known == size else None
    if unknown > 1 or not known or size % known:
        return None
    return tuple(size // known if s is None else s for s in shape)


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(s for s in shape if s != 1)


# ------------------------------------------------------------ sets


def _check(array: NDArray[Any], origin: Origin) -> None:
    if array.dtype.kind == "f":
        _reject(array, origin, lambda part: ~np.isfinite(part), "{value} is no finite number",
                "correct it, or leave the row out; nothing is filled in unasked")  # fmt: skip
    domain, need = origin.need.domain, origin.need
    match domain.kind:
        case "finite":
            allowed = np.array([float(v) for v in domain.values])
            _reject(array, origin, lambda part: ~np.isin(part, allowed), "{value} is outside its set")
        case "onehot":
            _reject(array, origin, lambda part: ~np.isin(part, (0, 1)), "{value} is outside its set, 0 or 1")
            _reject_rows(array, origin, lambda part: part.sum(axis=-1) != 1, "a one-hot row has a single 1")
        case "simplex":
            _reject(array, origin, lambda part: part < 0, "{value} is outside its set, ≥ 0")
            _reject_rows(
                array, origin, lambda part: np.abs(part.sum(axis=-1, dtype=np.float64) - 1) > _SUM_TOLERANCE,
                "a row of a simplex sums to 1",
            )  # fmt: skip
        case "index":
            if array.dtype.kind == "f":
                _reject(array, origin, lambda part: part != np.floor(part), "{value} is no whole number")
            low, high = need.bounds
            if low is not None:
                _reject(array, origin, lambda part: part < low, f"{{value}} is below {low}", _counting(low))
            if high is not None:
                _reject(array, origin, lambda part: part > high, f"{{value}} is above {high}", _counting(low))
        case _:
            _check_interval(array, origin)


def _counting(low: int | None) -> str | None:
    return None if low is None else f"the sheet counts from {low}"


def _check_interval(array: NDArray[Any], origin: Origin) -> None:
    domain = origin.need.domain
    if domain.low is not None:
        low = float(domain.low)
        sign = ">" if domain.low_open else "≥"
        below = np.less_equal if domain.low_open else np.less
        _reject(array, origin, lambda part: below(part, low), f"{{value}} is outside its set, {sign} {domain.low}")
    if domain.high is not None:
        high = float(domain.high)
        sign = "<" if domain.high_open else "≤"
        above = np.greater_equal if domain.high_open else np.greater
        _reject(array, origin, lambda part: above(part, high), f"{{value}} is outside its set, {sign} {domain.high}")


def _reject(
    array: NDArray[Any], origin: Origin, wrong: Callable[[NDArray[Any]], NDArray[Any]], what: str,
    suggestion: str | None = None,
) -> None:  # fmt: skip
    for start, part in chunks(array):
        found = wrong(part)
        if found.any():
            row, entry = divmod(int(np.argmax(found)), part.shape[1])
            value = f"{part[row, entry]:g}"
            place = origin.at(start + row, entry, part.shape[1])
            origin.refuse("GS818", f"{place}: {what.format(value=value)}; {origin.need}", suggestion)


def _reject_rows(
    array: NDArray[Any], origin: Origin, wrong: Callable[[NDArray[Any]], NDArray[Any]], what: str
) -> None:
    for start, part in chunks(array):
        found = wrong(part.reshape(len(part), -1, array.shape[-1])).any(axis=-1)
        if found.any():
            row = int(np.argmax(found))
            numbers = ", ".join(f"{v:g}" for v in part[row][:8])
            origin.refuse("GS818", f"{origin.at(start + row)}: {what}, this is {numbers}; {origin.need}")


__all__ = ["fitted"]
