"""Elementary functions for any number of lanes in both precisions, without branches, each with a tested error bound."""

from gradsheet.kernels.mathematics.table import FUNCTIONS, apply, function

__all__ = ["FUNCTIONS", "apply", "function"]
