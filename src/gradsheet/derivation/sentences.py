"""The one sentence that says why an adjoint has its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.calculus import steps
from gradsheet.operations import ARRAY_OPERATIONS, ELEMENTWISE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.calculus import Log
    from gradsheet.expressions import Symbol


def headline(log: Log, wrt: Symbol, uses: Sequence[Symbol], *, linear: bool = True) -> str:
    """The rules of an adjoint in words: what the equations do to the variable, and what was put in."""
    parts: list[str] = []
    rules = list(log.rules)
    names = [r.name for r in rules]
    sentences = {r.name: r.sentence for r in rules}
    functions = [n for n in dict.fromkeys(names) if n in ELEMENTWISE or n in ARRAY_OPERATIONS]
    expected = steps.EXPECTATION.name in names
    if expected:
        # exp and log are those of the weights and of Z: the rule below speaks of them
        functions = [n for n in functions if n not in {"exp", "log"}]
    if functions:
        parts.append("; ".join(sentences[n] for n in functions))
    elif "chain_rule" in names:
        parts.append("chain rule with an unspecified function")
    if "power_rule" in names and not functions:
        parts.append("power rule")
    if "exponential_rule" in names:
        parts.append("exponential rule")
    if "piecewise_rule" in names:
        parts.append("each branch where it holds")
    if "extreme_rule" in names:
        parts.append("the extreme entry alone counts")
    if "definition_of_function" in names:
        parts.append("functions by their definitions")
    if expected:
        parts.append(sentences[steps.EXPECTATION.name])
    if not parts and not linear:
        parts.append("product rule")
    if not parts:
        through = ", ".join(s.name for s in uses)
        parts.append(
            f"{through} {'is' if len(uses) == 1 else 'are'} linear in {wrt.name}"
            if uses
            else f"the result does not depend on {wrt.name}"
        )
    joined = next((r for r in rules if r in {steps.DATA_MINUS_MODEL, steps.MODEL_MINUS_DATA}), None)
    if joined is not None:
        parts.append(joined.sentence)
    elif len(uses) > 1:
        parts.append("sum over the uses in " + ", ".join(s.name for s in uses))
    if "substitution" in names and not expected and ("row_sum" in names or "cancellation" in names):
        parts.append("put in and simplified")
    if "symmetric_gradient" in names:
        parts.append("symmetric part")
    return "; ".join(parts)
