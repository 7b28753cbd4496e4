"""Which fields of a source are a symbol: by its name, by numbered columns (x1, x_1, x[1]), or by a mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.diagnostics import refuse
from gradsheet.syntax.names import canonical_key
from gradsheet.training.data.faults import listed, near

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.training.data.needs import Need
    from gradsheet.training.data.tables import Table

_NUMBERED = re.compile(r"(?P<name>.+?)(?:\[(?P<inside>\d+(?:\s*,\s*\d+)*)\]|_?(?P<behind>\d+(?:_\d+)*))")


def read_mapping(texts: Iterable[str]) -> dict[str, str]:
    """Mappings as they are written on a command line.

    >>> read_mapping(["x=pixel_0:pixel_63", "y = label"])
    {'x': 'pixel_0:pixel_63', 'y': 'label'}
    """
    found = {}
    for text in texts:
        name, sign, columns = text.partition("=")
        if not sign or not name.strip() or not columns.strip():
            refuse("GS820", f"a mapping is SYMBOL=COLUMNS, not '{text}'", suggestion="for example --map x=col3:col66")
        found[name.strip()] = columns.strip()
    return found


def fields_of(need: Need, table: Table, mapping: Mapping[str, str], taken: frozenset[str]) -> tuple[str, ...]:
    """The fields of a symbol, in order; none where the source has no such thing.

    `taken` are the names of all symbols: x1 is no column of x where the sheet has a symbol x1 of its own.
    """
    key = canonical_key(need.name)
    for symbol, text in mapping.items():
        if canonical_key(symbol) == key:
            return _mapped(text, table)
    for field in table.fields:
        if canonical_key(field) == key:
            return (field,)
    return _numbered(need, table, taken)


def _mapped(text: str, table: Table) -> tuple[str, ...]:
    """`a:b` is all columns from a to b in the order of the source, `a,b` is these two."""
    names = list(table.fields)
    if text in table.fields:
        return (text,)
    found: list[str] = []
    for part in text.split(","):
        ends = [end.strip() for end in ([part] if part.strip() in table.fields else part.split(":"))]
        lacking = next((end for end in ends if end not in table.fields), None)
        if lacking is not None:
            close = near(lacking, names)
            hint = f"did you mean '{close}'? " if close else ""
            refuse("GS820", f"there is no column '{lacking}'", table.name, f"{hint}there is {listed(names)}")
        if len(ends) > 2:
            refuse("GS820", f"'{part.strip()}' has more than two ends", table.name, "a range is FIRST:LAST")
        first, last = names.index(ends[0]), names.index(ends[-1])
        if last < first:
            refuse("GS820", f"'{ends[-1]}' stands before '{ends[0]}' in the file", table.name, f"{ends[-1]}:{ends[0]}")
        found += names[first : last + 1]
    return tuple(found)


def _numbered(need: Need, table: Table, taken: frozenset[str]) -> tuple[str, ...]:
    key = canonical_key(need.name)
    found: dict[tuple[int, ...], str] = {}
    for field in table.fields:
        match = _NUMBERED.fullmatch(field)
        if match is None or canonical_key(match["name"]) != key or canonical_key(field) in taken:
            continue
        place = tuple(int(k) for k in re.split(r"[,_]", match["inside"] or match["behind"]))
        if place in found:
            refuse("GS820", f"both '{found[place]}' and '{field}' are an entry of {need.name}", table.name, "map it")
        found[place] = field
    if not found:
        return ()
    _check_whole(need, table, found)
    return tuple(found[place] for place in sorted(found))


def _check_whole(need: Need, table: Table, found: Mapping[tuple[int, ...], str]) -> None:
    """Numbers run from 0 or 1 (or from where the axis begins) without a gap."""
    ranks = {len(place) for place in found}
    if len(ranks) > 1:
        refuse("GS820", f"the columns of {need.name} have different numbers of indices: {listed(found.values())}",
               table.name, "map it: --map NAME=FIRST:LAST")  # fmt: skip
    axes = list(zip(*sorted(found), strict=True))
    lows = [min(axis) for axis in axes]
    lengths = [max(axis) - low + 1 for axis, low in zip(axes, lows, strict=True)]
    wanted: Sequence[tuple[int, ...]] = [()]
    for low, length in zip(lows, lengths, strict=True):
        wanted = [(*w, low + k) for w in wanted for k in range(length)]
        if len(wanted) > len(found) * 2 + 1000:
            break
    lacking = next((w for w in wanted if w not in found), None)
    if lacking is None and any(low not in {0, 1, need.first} for low in lows):
        lacking = tuple(min(low, 1) for low in lows)
    if lacking is not None:
        text = ",".join(map(str, lacking))
        refuse(
            "GS812", f"{need}: {listed(found[p] for p in sorted(found))} are there, {need.name}[{text}] is not",
            table.name, "number the columns without a gap, from 0 or 1",
        )  # fmt: skip


__all__ = ["fields_of", "read_mapping"]
