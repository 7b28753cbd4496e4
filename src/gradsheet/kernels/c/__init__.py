"""Modules as C."""

from gradsheet.kernels.c.printer import c
from gradsheet.kernels.c.text import prototype, type_name

__all__ = ["c", "prototype", "type_name"]
