"""Modules as C."""

from gradsheet.kernels.c.printer import c
from gradsheet.kernels.c.text import KEYWORDS, declared, prototype, type_name

__all__ = ["KEYWORDS", "c", "declared", "prototype", "type_name"]
