"""The log of rules: each step names its rule, what stood before, what stands after, and what it relies on."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gradsheet.expressions import Expr


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule with the sentence a person would write."""

    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Step:
    """One application of a rule."""

    rule: Rule
    before: Expr
    after: Expr
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """Steps that were logged for an expression of the same pattern, to be renamed when somebody reads them."""

    steps: tuple[Step, ...]
    rename: Callable[[Expr], Expr]

    def carried_over(self) -> Iterator[Step]:
        for step in self.steps:
            yield Step(step.rule, self.rename(step.before), self.rename(step.after), step.conditions)


@dataclass(slots=True)
class Log:
    """The steps of one derivation, in order."""

    entries: list[Step | Carried] = field(default_factory=list)

    def add(self, rule: Rule, before: Expr, after: Expr, *conditions: str) -> None:
        self.entries.append(Step(rule, before, after, conditions))

    def extend(self, entries: Iterable[Step | Carried]) -> None:
        self.entries.extend(entries)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in the names of this derivation."""
        return tuple(s for e in self.entries for s in ((e,) if isinstance(e, Step) else e.carried_over()))

    @property
    def rules(self) -> Iterator[Rule]:
        """The rules in the order in which they were applied."""
        for entry in self.entries:
            if isinstance(entry, Step):
                yield entry.rule
            else:
                yield from (s.rule for s in entry.steps)

    @property
    def conditions(self) -> tuple[str, ...]:
        """Everything relied on, once each."""
        found = (s for e in self.entries for s in ((e,) if isinstance(e, Step) else e.steps))
        return tuple(dict.fromkeys(c for s in found for c in s.conditions))


CONSTANT = Rule("constant_rule", "what does not depend on the variable has derivative 0")
VARIABLE = Rule("variable_rule", "∂x_i/∂x_j is 1 for i = j, else 0")
SUM = Rule("sum_rule", "the derivative of a sum is the sum of the derivatives")
PRODUCT = Rule("product_rule", "one factor at a time is differentiated, the others stay")
POWER = Rule("power_rule", "(uⁿ)' = n uⁿ⁻¹ u'")
EXPONENTIAL = Rule("exponential_rule", "(aᵘ)' = aᵘ log(a) u'")
CHAIN = Rule("chain_rule", "outer derivative times inner derivative")
LOGARITHM = Rule("log", "(log u v)' = u'/u + v'/v, (log u/v)' = u'/u − v'/v")
PIECEWISE = Rule("piecewise_rule", "each branch is differentiated where it holds")
GUARD = Rule("index_choice", "a choice by indices is differentiated on each side")
FACTORS = Rule("running_product_rule", "one factor of the running product at a time is differentiated")
EXTREME = Rule("extreme_rule", "only the largest (smallest) entry moves a maximum (minimum)")
CONFIGURATIONS = Rule("configurations_rule", "a finite sum is differentiated term by term")
UNFOLD = Rule("definition_of_function", "the function is replaced by its definition")
CONTRACTION = Rule("contraction", "a sum over δ_ij keeps the one term with i = j")
ROW_SUM = Rule("row_sum", "the entries of the row sum to one")
CANCEL = Rule("cancellation", "equal factors cancel, like terms are collected")
FOLD = Rule("output_form", "the derivative is written with the output that is known already")
SUBSTITUTE = Rule("substitution", "the earlier derivative is put in, and the product becomes simpler")
SYMMETRIC = Rule("symmetric_gradient", "for a symmetric variable the gradient is the symmetric part (G + Gᵀ)/2")
DATA = Rule("gradient_of_mean", "the gradient of a mean (sum) over the data is the mean (sum) of the gradients")
USES = Rule("multivariable_chain_rule", "the adjoint is the sum over all uses")
LOG_QUOTIENT = Rule("log_of_quotient", "log(a/b) = log a − log b, log(a b) = log a + log b, log exp(a) = a")
PARTITION = Rule("partition_function", "sums over configurations are worked out")
PARTITION_NAME = Rule("name_of_sum", "the sum over configurations gets a name")
PROBABILITY = Rule("probability", "the weight of a configuration, divided by the sum of all weights")
CONDITIONAL = Rule("conditional", "given the rest each unit is on its own: its weight over the sum of its weights")
EXPECTATION = Rule("expectation", "the derivative of a log-partition function is an expectation under p")
DATA_MINUS_MODEL = Rule("data_minus_model", "data minus model")
MODEL_MINUS_DATA = Rule("model_minus_data", "model minus data")
