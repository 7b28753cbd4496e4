"""What stands at the top of an exported file: the equations, the derived gradients, and on what they rest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gradsheet import __version__
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.report import report
from gradsheet.writing.terminal import Terminal, plain_text

if TYPE_CHECKING:
    from gradsheet.targets.functions import Group
    from gradsheet.targets.plan import Plan

_WIDTH = 100


def preamble(plan: Plan, about: str) -> list[str]:
    """The docstring of the module."""
    shown = report(plan.solution)
    terminal = Terminal(shown, _WIDTH, NumberStyle(full=True))
    source = plan.sheet.source
    digest = hashlib.sha256(source.text.encode()).hexdigest()
    sections = [
        ("Equations", terminal.writer.rows(shown.forward)),
        ("Derived gradients", terminal.writer.rows(shown.backward)),
        ("Update", terminal.writer.rows(shown.update)),
    ]
    lines = [about, "", f"Made by gradsheet {__version__}; an edit here is lost when it is made again.",
        f"sha256 of the sheet: {digest}"]  # fmt: skip
    for title, rows in sections:
        if rows:
            text = plain_text(terminal.table(rows)).rstrip("\n").split("\n")
            lines += ["", f"{title}:", "", *(f"  {line}" if line else "" for line in text)]
    said = [*plan.solution.conventions, *_rows_said(plan)]
    lines += ["", "Conventions:", "", *(f"  {s}" for s in said)]
    verification = plan.solution.verification
    if verification is not None and verification.passed:
        lines += ["", f"Verified: {verification.summary()}."]
    return lines


def _rows_said(plan: Plan) -> list[str]:
    rows = [g.name for g in plan.workshop.inputs if g.part == "data"]
    if not rows:
        return []
    shared = [g.name for g in plan.data if g.part == "constant"]
    how = "derivatives by what all examples share are added up" if plan.derivation.cotangents else (
        f"the {plan.request.weight} over the rows is taken")  # fmt: skip
    said = [f"{', '.join(rows)}: one row for each example; {how}"]
    return [*said, f"{', '.join(shared)}: the same for all examples"] if shared else said


def quoted(lines: list[str]) -> list[str]:
    """Lines as the docstring of a module; what would end it, or be an escape, is made harmless."""
    text = "\n".join(lines).replace('"""', "'''")
    raw = "r" if "\\" in text else ""
    return [f'{raw}"""{text}', '"""']


def described(plan: Plan, groups: list[Group]) -> list[str]:
    """Each argument with its shape."""
    return [f"{g.name}: {shape_of(plan, g)}" for g in groups]


def shape_of(plan: Plan, group: Group) -> str:
    """A shape in words: (3, 4), (rows, n), a scalar, a list of arrays."""
    printer = plan.workshop.printer(())
    symbol = group.symbols[0]
    kind = "whole numbers" if symbol.is_integer else ""
    if group.members:
        shapes = [printer.shape(s.axes) if s.axes else "scalar" for s in group.symbols]
        return f"a list of {len(shapes)} arrays: {', '.join(shapes)}"
    if not symbol.axes:
        return "a whole number" if kind else "a scalar"
    return f"{printer.shape(symbol.axes)}{' of ' + kind if kind else ''}"


__all__ = ["described", "preamble", "quoted", "shape_of"]
