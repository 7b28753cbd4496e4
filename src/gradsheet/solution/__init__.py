"""Solving: derivation, numbers, steps and verification of one sheet."""

from gradsheet.solution.model import Solution, State
from gradsheet.solution.solve import GRADIENTS, conventions, rate_tensor, solve

__all__ = ["GRADIENTS", "Solution", "State", "conventions", "rate_tensor", "solve"]
