"""Named rules: differentiation and simplification."""

from gradsheet.calculus.differentiate import Differentiator, NoRuleError, unfold, unfold_all
from gradsheet.calculus.simplify import Simplifier, cost
from gradsheet.calculus.steps import Carried, Log, Rule, Step

__all__ = [
    "Carried",
    "Differentiator",
    "Log",
    "NoRuleError",
    "Rule",
    "Simplifier",
    "Step",
    "cost",
    "unfold",
    "unfold_all",
]
