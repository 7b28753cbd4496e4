"""Solving: derivation, numbers, steps and verification of one sheet."""

from gradsheet.solution.model import Solution, State
from gradsheet.solution.solve import solve

__all__ = ["Solution", "State", "solve"]
