"""A sheet as source code for a library: the file, and the test that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.targets.jax_file import JaxFile
from gradsheet.targets.jax_table import JAX
from gradsheet.targets.numpy_table import NUMPY
from gradsheet.targets.plain_file import PlainFile
from gradsheet.targets.plan import Choices, Plan
from gradsheet.targets.testing import ExportTest
from gradsheet.targets.torch_file import TorchFile
from gradsheet.targets.torch_table import TORCH

if TYPE_CHECKING:
    from gradsheet.sheet import Sheet
    from gradsheet.targets.dialect import Dialect

TARGETS: dict[str, tuple[Dialect, type[PlainFile]]] = {
    "numpy": (NUMPY, PlainFile),
    "jax": (JAX, JaxFile),
    "torch": (TORCH, TorchFile),
}
"""What each target is called, how it writes arrays, and what its files hold."""


@dataclass(frozen=True, slots=True)
class Export:
    """An exported file, and what it was made from."""

    text: str
    plan: Plan

    def test(self, module: str) -> str:
        """A test of the file, for a module of that name."""
        return ExportTest(self.plan, module).text()


def export(sheet: Sheet, target: str, choices: Choices | None = None) -> Export:
    """The sheet's functions and their derived gradients as source code.

    Raises `SheetError` for a target that there is not and for what a target cannot say (GS803), for what the sheet does
    not state or specify (GS801), and where a size has to be a number (GS802).
    """
    if target not in TARGETS:
        message = f"there is no target '{target}'"
        raise SheetError((Diagnostic("GS803", message, None, sheet.source, None, f"targets are {', '.join(TARGETS)}"),))
    dialect, kind = TARGETS[target]
    plan = Plan(sheet, dialect, choices or Choices())
    try:
        return Export(kind(plan).text(), plan)
    except SheetError as problem:
        known = plan.inputs.sizes.values
        if any(d.code != "GS802" for d in problem.diagnostics) or dict(plan.request.sizes) == known:
            raise
    plan.with_numbers()
    return Export(kind(plan).text(), plan)


__all__ = ["TARGETS", "Export", "export"]
