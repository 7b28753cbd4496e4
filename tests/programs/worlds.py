"""Sheets with sizes and values: what a program is computed from, and what has to come out."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

import gradsheet as gs
from fences import ROOT
from gradsheet.derivation import Derivation, derive
from gradsheet.programs.gathering import gather
from gradsheet.programs.lowering import Request, default_data, lower
from gradsheet.verification.sampling import draw_sizes, draw_values

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.expressions import Size, Symbol
    from gradsheet.programs.model import Program

FOLDERS = (ROOT / "tests" / "sheets", ROOT / "examples", ROOT.parent / "shared" / "sheets")
OPEN = {"depth-unspecified", "unspecified-activation", "layers", "two-layer-relu"}
"""Sheets in which a function is left open: there is nothing to compute."""


def sheets() -> list[Path]:
    found = [p for folder in FOLDERS if folder.is_dir() for p in sorted(folder.glob("*.sheet"))]
    return [p for p in found if not _is_open(p)]


def _is_open(path: Path) -> bool:
    return bool(gs.load(path).inner.unspecified)


@lru_cache(maxsize=None)
def derived(path: Path) -> Derivation:
    return derive(gs.load(path).inner)


def wanted(derivation: Derivation) -> tuple[str, ...]:
    """Everything that a sheet has to compute."""
    sheet = derivation.sheet
    found = []
    if derivation.cotangents:
        found.append("pullback")
    elif sheet.objective is not None:
        found += ["value"] + (["gradient"] if derivation.gradients else [])
    if sheet.updates or (sheet.rate is not None and sheet.objective is not None):
        found.append("update")
    return tuple(found)


@dataclass
class World:
    """A derivation at one point."""

    derivation: Derivation
    request: Request
    sizes: dict[Size, int]
    values: dict[tuple[str, tuple[int, ...] | None], Any] = field(default_factory=dict)

    def program(self, after: str | None = None) -> Program:
        return lower(self.derivation, self.request, after)

    def arguments(self, program: Program) -> dict[Symbol, Any]:
        return {a.symbol: self.values[a.name, a.member] for a in program.arguments if a.part != "table"}


def world(
    derivation: Derivation, *, rows: int | None = None, seed: int = 0, symbolic: bool = False, weight: Any = "mean",
    style: int = 0,
) -> World:  # fmt: skip
    """A sheet at a random point; with rows, the inputs that take them have that many."""
    rng = random.Random(seed)
    sizes = draw_sizes(derivation, rng)
    sizes.values.update({s: s.literal for s in sizes.values if s.literal is not None})
    names = wanted(derivation)
    program = gather(derivation, names).program
    listed = [a.symbol for a in program.arguments if a.part == "constant"]
    data = default_data(program, listed) if rows else []
    drawn = draw_values([a.symbol for a in program.arguments], sizes, rng, style, dict.fromkeys(data, rows or 0))
    values: dict[tuple[str, tuple[int, ...] | None], Any] = {}
    for symbol, value in drawn.items():
        if isinstance(value, dict):
            values |= {(symbol.name, member): _array(v, symbol) for member, v in value.items()}
        else:
            values[symbol.name, None] = _array(value, symbol)
    given = {} if symbolic else sizes.values
    request = Request(names, given, {} if symbolic else sizes.families, "any" if symbolic and rows else rows,
        weight=weight)  # fmt: skip
    return World(derivation, request, dict(sizes.values), values)


def _array(value: Any, symbol: Symbol) -> Any:
    if symbol.is_integer:
        return np.vectorize(lambda v: int(float(v)), otypes=[np.int64])(value)
    made = np.vectorize(float, otypes=[float])(value)
    return (made + np.swapaxes(made, -1, -2)) / 2 if symbol.symmetric else made
