"""Sheets and values from files, standard input and options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from gradsheet.diagnostics import Diagnostics, SheetError, Source, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.sheet import Sheet

STDIN = "-"
_EXAMPLE = 'a JSON object such as {"x": [1, 0.5]}'
_LARGEST_VALUES = 1 << 30


def load(path: str) -> Sheet:
    """The sheet in a file, or on standard input for `-`."""
    from gradsheet.sheet import load_sheet  # noqa: PLC0415 - brings NumPy
    from gradsheet.syntax import read_source  # noqa: PLC0415 - not for --help
    from gradsheet.syntax.reading import LARGEST  # noqa: PLC0415 - not for --help

    name = "<stdin>" if path == STDIN else path
    source = read_source(read_bytes(path, LARGEST + 1), name)
    return load_sheet(source)


def read_bytes(path: str, most: int) -> bytes:
    """At most so many bytes of a file; of standard input for `-`."""
    if path == STDIN:
        return sys.stdin.buffer.read(most)
    try:
        with Path(path).open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        suggestion = next((f"did you mean {p}?" for p in _near(path)), None)
        refuse("GS001", "there is no such file", path, suggestion)
    except IsADirectoryError:
        refuse("GS001", "this is a folder, not a file", path)
    except PermissionError:
        refuse("GS001", "the file may not be read", path)
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        refuse("GS001", f"the file cannot be read: {reason}", path)


def _near(path: str) -> Iterable[Path]:
    """Files that differ by their ending."""
    try:
        return [p for p in (Path(f"{path}.sheet"), Path(path).with_suffix(".sheet")) if p.is_file()]
    except (OSError, ValueError):
        return []


def gather(files: Iterable[str], settings: Iterable[str]) -> dict[str, Any]:
    """Values by name from files, then from NAME=VALUE options; what comes later wins."""
    values: dict[str, Any] = {}
    for path in files:
        values.update(_values_in(path))
    for setting in settings:
        name, sign, text = setting.partition("=")
        if not sign or not name.strip() or not text.strip():
            refuse("GS601", f"--set takes NAME=VALUE, not '{setting}'", suggestion="for example --set 'x=[1, 0.5]'")
        values[name.strip()] = _literal(name.strip(), text.strip())
    return _joined(values)


def _values_in(path: str) -> dict[str, Any]:
    data = read_bytes(path, _LARGEST_VALUES)
    if path.lower().endswith(".npz") or data.startswith(b"PK\x03\x04"):
        return _archive(data, path)
    return _json(data, path)


def _literal(name: str, text: str) -> Any:
    """A value as a line of `given` has it."""
    from gradsheet.evaluation.literals import read_literal  # noqa: PLC0415 - brings NumPy
    from gradsheet.syntax import parse_expression  # noqa: PLC0415 - not for --help

    source = Source(text, f"--set {name}")
    node = parse_expression(source, Diagnostics(source))
    return _plain(read_literal(node, source))


def _plain(value: Any) -> Any:
    """Arrays of exact numbers as nested lists."""
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _json(data: bytes, path: str) -> dict[str, Any]:
    """A JSON object; decimals are exact: 0.1 is 1/10."""
    import json  # noqa: PLC0415 - for files of values only
    from fractions import Fraction  # noqa: PLC0415 - for files of values only

    def decimal(text: str) -> Fraction:
        _, _, exponent = text.lower().partition("e")
        if len(exponent) > 5 or len(text) > 5000:
            message = f"the number {text[:20]}… is out of range"
            raise ValueError(message)
        return Fraction(text)

    def constant(text: str) -> NoReturn:
        message = f"{text} is not a finite number"
        raise ValueError(message)

    def whole(text: str) -> int:
        return int(decimal(text))

    try:
        values = json.loads(data, parse_float=decimal, parse_constant=constant, parse_int=whole)
    except (ValueError, RecursionError) as problem:
        what = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        refuse("GS406", f"the values cannot be read: {what}", path, _EXAMPLE)
    if not isinstance(values, dict):
        refuse("GS406", "the values cannot be read: a JSON object is expected", path, _EXAMPLE)
    return values


def _archive(data: bytes, path: str) -> dict[str, Any]:
    """The arrays of an .npz archive."""
    import io  # noqa: PLC0415 - for archives only
    import zipfile  # noqa: PLC0415 - for archives only

    import numpy as np  # noqa: PLC0415 - for archives only

    values: dict[str, Any] = {}
    if not data.startswith(b"PK"):
        refuse("GS406", "this is no .npz archive", path)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            for name in archive.files:
                array = archive[name]
                if array.dtype.kind not in "fiub":
                    refuse("GS406", f"'{name}' holds {array.dtype}, not numbers", path)
                if not np.isfinite(array).all():
                    refuse("GS406", f"'{name}' holds a number that is not finite", path)
                values[name] = array if array.ndim else array.item()
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as problem:
        if isinstance(problem, SheetError):
            raise
        refuse("GS406", f"the archive cannot be read: {problem}", path)
    return values


def _joined(values: dict[str, Any]) -> dict[str, Any]:
    """`W[1]`, `W[2]` as the members of one list."""
    whole: dict[str, Any] = {}
    parts: dict[str, dict[int, Any]] = {}
    for key, value in values.items():
        name, bracket, rest = key.partition("[")
        place = rest.removesuffix("]").strip()
        if bracket and rest.endswith("]") and place.lstrip("-").isdigit():
            parts.setdefault(name.strip(), {})[int(place)] = value
        else:
            whole[key] = value
    for name, members in parts.items():
        places = sorted(members)
        if places != list(range(places[0], places[0] + len(places))):
            refuse("GS401", f"some members of '{name}' have no value", suggestion=f"give all of {name}, in order")
        whole[name] = [members[p] for p in places]
    return whole
