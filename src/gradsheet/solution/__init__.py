"""Solving: derivation, numbers, steps and verification of one sheet."""

from gradsheet.solution.model import Solution, State
from gradsheet.solution.solve import GRADIENTS, rate_tensor, solve

__all__ = ["GRADIENTS", "Solution", "State", "rate_tensor", "solve"]
