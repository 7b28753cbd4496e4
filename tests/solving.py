"""One place that says how tests solve a sheet, and get plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gradsheet as gs

if TYPE_CHECKING:
    from pathlib import Path

    from oracles.oracle import Oracle, Values


def solved(path: Path, **values: Any) -> dict[str, Any]:
    """The solution of a sheet as the data that `solve --json` prints."""
    data: dict[str, Any] = gs.load(path).solve(**values).to_json()
    return data


def text_without_values(path: Path) -> str:
    """A sheet without its `given` block, so that an oracle's values are the only ones."""
    text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    lines = text.split("\n")
    cut = next((i for i, line in enumerate(lines) if line.split(" ")[0] == "given"), len(lines))
    return "\n".join(lines[:cut]) + "\n"


def given_of(oracle: Oracle, values: Values) -> dict[str, Any]:
    """An oracle's inputs as a person gives them: the members of a family, `W[1]`, `W[2]`, as one list."""
    given: dict[str, Any] = {}
    for name, value in values.items():
        family, bracket, _ = name.partition("[")
        plain = np.asarray(value).tolist()
        if bracket:
            given.setdefault(family, []).append(plain)
        else:
            given[name] = plain
    return {**given, **oracle.sizes}


def solved_like(oracle: Oracle, path: Path, values: Values) -> dict[str, Any]:
    """A sheet's solution in float64 at an oracle's inputs."""
    sheet = gs.loads(text_without_values(path), name=path.name)
    data: dict[str, Any] = sheet.solve(**given_of(oracle, values), mode="float").to_json()
    return data
