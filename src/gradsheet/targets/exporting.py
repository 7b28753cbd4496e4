"""A sheet as source code for a library: the file, and the test that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.records import dataclass
from gradsheet.targets.c_file import CFile
from gradsheet.targets.c_table import C
from gradsheet.targets.c_testing import CTest
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
"""What each library is called, how it writes arrays, and what its files hold."""
DTYPES = ("float64", "float32")


NAMES = (*TARGETS, "c")
"""Every target."""


@dataclass(frozen=True, slots=True)
class Export:
    """An exported file, and what it was made from."""

    text: str
    plan: Plan

    def files(self, name: str) -> dict[str, str]:
        """What is written under a name: the texts of the files."""
        return {f"{name}.py": self.text}

    def test(self, module: str) -> str:
        """A test of the file, for a module of that name."""
        return ExportTest(self.plan, module).text()

    @property
    def remarks(self) -> list[str]:
        """What there is to know of it before it is used."""
        return []


@dataclass(frozen=True, slots=True)
class CExport(Export):
    """The same for C: the text holds what the header would."""

    file: CFile

    def files(self, name: str) -> dict[str, str]:
        return {f"{name}.c": self.file.source(f"{name}.h"), f"{name}.h": self.file.header}

    def test(self, module: str) -> str:
        return CTest(self.file, module).text()

    @property
    def remarks(self) -> list[str]:
        return self.file.sizes


def export(sheet: Sheet, target: str, choices: Choices | None = None) -> Export:
    """The sheet's functions and their derived gradients as source code.

    Raises `SheetError` for a target that there is not and for what a target cannot say (GS803), for what the sheet does
    not state or specify (GS801), and where a size has to be a number (GS802).
    """
    choices = choices or Choices()
    if target not in NAMES:
        message = f"there is no target '{target}'"
        raise SheetError((Diagnostic("GS803", message, None, sheet.source, None, f"targets are {', '.join(NAMES)}"),))
    if choices.dtype not in DTYPES:
        message = f"there is no dtype '{choices.dtype}'"
        raise SheetError((Diagnostic("GS803", message, None, sheet.source, None, " or ".join(DTYPES)),))
    if target == "c":
        made = CFile(Plan(sheet, C, choices))
        return CExport(made.source(), made.plan, made)
    _refuse_choices(sheet, target, choices)
    dialect, kind = TARGETS[target]
    plan = Plan(sheet, dialect, choices)
    try:
        return Export(kind(plan).text(), plan)
    except SheetError as problem:
        known = plan.inputs.sizes.values
        if any(d.code != "GS802" for d in problem.diagnostics) or dict(plan.request.sizes) == known:
            raise
    plan.with_numbers()
    return Export(kind(plan).text(), plan)


def _refuse_choices(sheet: Sheet, target: str, choices: Choices) -> None:
    """Raise `SheetError` for what only C has to be told."""
    refused = (
        (choices.dtype != "float64", "dtype", "the arrays that are handed in say which precision to use"),
        (choices.constant, "constants", "parameters are arguments"),
        (not isinstance(choices.batch, bool), "number of rows", "it is taken from the data"),
    )
    for wanted, what, why in refused:
        if wanted:
            message = f"{target} code takes no {what}: {why}"
            raise SheetError((Diagnostic("GS803", message, None, sheet.source),))


__all__ = ["DTYPES", "NAMES", "TARGETS", "Export", "export"]
