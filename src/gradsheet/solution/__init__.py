"""Solving: derivation, numbers, steps and verification of one sheet."""

from gradsheet.solution.model import Solution, State
from gradsheet.solution.solve import GRADIENTS, solve

__all__ = ["GRADIENTS", "Solution", "State", "solve"]
