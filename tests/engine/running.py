"""Sheets through the engine alone: read, derive, give values, print, read what was printed."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from gradsheet.derivation import derive
from gradsheet.diagnostics import Diagnostics
from gradsheet.sheet import read_sheet
from gradsheet.sheet.known import function_names
from gradsheet.solution import solve
from gradsheet.syntax import parse_document, read_source
from gradsheet.syntax.plain import plain
from gradsheet.writing.equations import taken_names, write_equation

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.derivation import Derivation
    from gradsheet.sheet import Sheet
    from gradsheet.writing.equations import Line

Arrays = dict[str, Any]


def read(text: str, name: str = "a.sheet") -> Sheet:
    """A sheet from its text; raises `SheetError`."""
    source = read_source(text.encode(), name)
    diagnostics = Diagnostics(source)
    document = parse_document(source, diagnostics)
    diagnostics.raise_errors()
    return read_sheet(document, source, diagnostics)


def read_text(path: Path) -> str:
    """A file's text, without a byte-order mark."""
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def derived(text: str, name: str = "a.sheet") -> Derivation:
    """A sheet's derivation."""
    return derive(read(text, name))


@cache
def derivation_of(path: Path) -> Derivation:
    """The derivation of a sheet's file, which nobody changes: made once for all tests of a process."""
    return derived(read_text(path), path.name)


def without_asking(text: str) -> str:
    """A sheet's declarations and definitions alone, nothing asked and nothing given."""
    kept: list[str] = []
    skipping = False
    for line in text.replace("\r\n", "\n").split("\n"):
        word = re.split(r"\W", line, maxsplit=1)[0]
        if line[:1].strip():
            skipping = word in {"given", "update", "parameters", "minimize", "maximize", "pullback"}
        if not skipping:
            kept.append(line)
    return "\n".join(kept).rstrip() + "\n"


def functions_of(sheet: Sheet) -> frozenset[str]:
    """Names that are functions on paper: those of the language, and the sheet's own."""
    return function_names(sheet)


def printed(derivation: Derivation) -> list[tuple[str, str, str]]:
    """Every derived equation as left side, right side and the ranges after `for`, in the plain spelling."""
    taken = taken_names(derivation.sheet)
    functions = functions_of(derivation.sheet)
    found = []
    for adjoint in derivation.adjoints:
        for line in write_equation(adjoint.equation, taken):
            ranges = ", ".join(f"{plain(r.name)} in {plain(r.domain)}" for r in line.ranges)
            found.append((plain(line.left, functions=functions), plain(line.right, functions=functions), ranges))
    return found


def plain_line(line: Line, functions: frozenset[str]) -> str:
    """A derived equation in one line."""
    left, right = plain(line.left, functions=functions), plain(line.right, functions=functions)
    ranges = ", ".join(f"{plain(r.name)} in {plain(r.domain)}" for r in line.ranges)
    return f"{left} = {right}" + (f"   for {ranges}" if ranges else "")


def renamed(text: str, names: dict[str, str]) -> str:
    """A text with derivatives written as plain names: D_h2 for ∂L/∂h2."""
    for old in sorted(names, key=len, reverse=True):
        text = re.sub(re.escape(old) + r"(?![A-Za-z0-9_α-ωΑ-Ω₀-₉\u0300-\u036f])", names[old], text)
    return text


def gradients(text: str, arrays: Arrays) -> Arrays:
    """Every adjoint's values by the variable's name."""
    solution = solve(read(text), arrays, kind="float64", check=False)
    values = solution.states[0].values
    return {a.wrt[-1].name: values[a.symbol] for a in solution.derivation.adjoints if a.order == 1}
