"""Programs as source code that people read: NumPy, JAX, PyTorch, each by a table of how it writes an operation."""

from gradsheet.targets.exporting import DTYPES, NAMES, TARGETS, Export, export
from gradsheet.targets.plan import Choices

__all__ = ["DTYPES", "NAMES", "TARGETS", "Choices", "Export", "export"]
