"""Sheets with sizes and values: what a program is computed from, and what has to come out."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

import gradsheet as gs
from engine.running import derivation_of
from fences import ROOT
from gradsheet.programs.gathering import gather
from gradsheet.programs.lowering import Request, default_data, lower
from gradsheet.programs.reference import evaluate
from gradsheet.verification.sampling import draw_sizes, draw_values

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Size, Symbol
    from gradsheet.programs.model import Program

FOLDERS = (ROOT / "tests" / "sheets", ROOT / "examples", ROOT.parent / "shared" / "sheets")
Key = tuple[str, tuple[int, ...] | None, bool]
"""A result: its name, which member of a family, whether it is the new value of a parameter."""


@cache
def sheets() -> tuple[Path, ...]:
    """Every sheet that says how all its functions are computed."""
    found = [p for folder in FOLDERS if folder.is_dir() for p in sorted(folder.glob("*.sheet"))]
    return tuple(p for p in found if not gs.load(p).inner.unspecified)


def sheet_path(name: str) -> Path:
    return next(f / f"{name}.sheet" for f in FOLDERS if (f / f"{name}.sheet").is_file())


def derived(name: str) -> Derivation:
    return derivation_of(sheet_path(name))


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

    def results(self, program: Program) -> dict[Key, Any]:
        """The reference's numbers."""
        with np.errstate(all="ignore"):
            held = evaluate(program, self.arguments(program))
        return {(r.name, r.member, r.updates is not None): held[r.symbol] for r in program.results}

    @property
    def by_name(self) -> dict[str, Any]:
        """The values as a caller gives them: families as lists."""
        sizes = self.derivation.sheet.sizes
        found: dict[str, Any] = {name: self.sizes[size] for name, size in sizes.items() if size in self.sizes}
        found |= {name: list(members.values()) for name, members in self.request.families.items()}
        for (name, member), value in self.values.items():
            if member is None:
                found[name] = value
            else:
                found.setdefault(name, []).append(value)
        return found


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
    pulled = [a.symbol for a in program.arguments if a.symbol in derivation.gradients]
    cotangents = list(derivation.cotangents.values())
    # Of a pullback, the first input has the rows, and with it what comes back for the outputs.
    data = ([*pulled[:1], *cotangents] if cotangents else default_data(program, listed)) if rows else []
    drawn = draw_values([a.symbol for a in program.arguments], sizes, rng, style, dict.fromkeys(data, rows or 0))
    values: dict[tuple[str, tuple[int, ...] | None], Any] = {}
    for symbol, value in drawn.items():
        if isinstance(value, dict):
            values |= {(symbol.name, member): _array(v, symbol) for member, v in value.items()}
        else:
            values[symbol.name, None] = _array(value, symbol)
    given = {} if symbolic else sizes.values
    chosen = tuple(s.name for s in data if s not in cotangents) or None
    request = Request(names, given, {} if symbolic else sizes.families, "any" if symbolic and rows else rows,
        chosen, weight)  # fmt: skip
    return World(derivation, request, dict(sizes.values), values)


def _array(value: Any, symbol: Symbol) -> Any:
    if symbol.is_integer:
        return np.vectorize(lambda v: int(float(v)), otypes=[np.int64])(value)
    made = np.vectorize(float, otypes=[float])(value)
    return (made + np.swapaxes(made, -1, -2)) / 2 if symbol.symmetric else made


def agree(found: Any, expected: Any) -> bool:
    """The same shape and, where the reference has a number, the same number."""
    a, b = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-8, atol=1e-9, equal_nan=True))
