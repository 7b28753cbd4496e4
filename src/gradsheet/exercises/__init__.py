"""Exercises: variants of a sheet with other numbers that stay pleasant by hand, each with its solution."""

from gradsheet.exercises.criteria import CRITERIA, Criterion
from gradsheet.exercises.model import Exercises, Variant
from gradsheet.exercises.search import Setter, Wishes, refined, set_exercises

__all__ = ["CRITERIA", "Criterion", "Exercises", "Setter", "Variant", "Wishes", "refined", "set_exercises"]
