"""How a formula is read where pages differ, and how much may be computed for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.checking.meaning.scope import Scope

Environment = dict[str, Any]
"""Letters with their numbers, arguments with their values."""


class Reading(NamedTuple):
    """How a formula is read where pages differ.

    `jacobian`: the derivative of a scalar by a column is a row. `turned`: ∂a/∂b has the entries of b first.
    `chain`: products contract what the Jacobians beside each other share. `norms`: (a)² of a column is ‖a‖².
    """

    jacobian: bool = False
    turned: bool = False
    chain: bool = False
    norms: bool = False
    explicit: bool = False
    """∂c/∂a of what a stands in itself is taken with everything else in it left alone, as in the chain rule's sums."""


AS_WRITTEN = Reading()
"""Gradients in the shape of the variable, products as matrices are multiplied, powers entry by entry."""


def that_matters(reading: Reading, node: tree.Expression, scope: Scope) -> Reading:
    """A reading without what makes no difference to a formula."""
    if scope.carried:
        return reading  # what earlier wrong lines say may hold anything
    found = scope.reach(node)
    derivatives = tree.Derivative in found.kinds
    if reading == AS_WRITTEN:
        return AS_WRITTEN
    return Reading(
        jacobian=reading.jacobian and derivatives,
        turned=reading.turned and derivatives,
        chain=reading.chain and tree.Product in found.kinds,
        norms=reading.norms and found.square,
        explicit=reading.explicit and derivatives,
    )


@dataclass(slots=True)
class Budget:
    """How much may still be computed; shared by all interpreters of one check."""

    terms: int = 20_000
    """Terms of sums in one evaluation."""
    deadline: float | None = None
    done: int = 0
    """How many values of formulas were computed: the same on every machine, as time is not."""
