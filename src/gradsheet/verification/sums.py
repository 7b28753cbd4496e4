"""Σ_h exp(A(h)) against its factorised form, term by term in ball arithmetic: nothing is taken from the rules.

Each equation that was rewritten is computed a second time as its author wrote it; each free energy and conditional
probability is compared with the quotient or logarithm of sums that it stands for, at every configuration.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from gradsheet.calculus import unfold_all
from gradsheet.derivation import Pass, needed_inputs
from gradsheet.evaluation import Evaluator, JetDomain, UndecidedError, UndefinedValueError
from gradsheet.expressions import (
    Add,
    Configurations,
    Expr,
    Multiply,
    OverData,
    Power,
    Reduce,
    Symbol,
    number,
    transform,
)
from gradsheet.expressions.nodes import Access
from gradsheet.numerics.balls import working_precision
from gradsheet.verification.comparison import SUMS, Check, agreement
from gradsheet.verification.sampling import NoPointError, draw_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import AnyNode

_PRECISIONS = (128, 320, 1024)
_STYLES = 4


def check_sums(derivation: Derivation, seed: int = 1) -> tuple[list[Check], str]:
    """Checks of all statements about sums over configurations, or why they could not be made."""
    pairs = list(_pairs(derivation))
    if not pairs:
        return [], ""
    reason = "no generic point was found"
    for style in range(_STYLES):
        for bits in _PRECISIONS:
            try:
                with working_precision(bits):
                    checks = _compare(derivation, pairs, random.Random(1000 * seed + style), style)
            except NoPointError:
                return [], "no sizes were found for a generic point"
            except UndecidedError:
                continue
            except (UndefinedValueError, ArithmeticError) as problem:
                reason = str(problem)
                break
            if checks is not None:
                return checks, ""
            reason = "the balls grow too wide"
    return [], reason


def _pairs(derivation: Derivation) -> Iterator[tuple[str, Expr, Expr]]:
    """A name, what is shown, and what the author wrote."""
    partition = derivation.partition
    for written, new in partition.rewritten.items():
        if any(s.adjoint_of is not None for s in written.body.symbols):
            continue
        shown: Expr = Access(new.symbol, new.pattern)
        author = unfold_all(_one_row(written.body), derivation.sheet.functions)
        yield new.symbol.name, *_closed(shown, author, (), written.free)
    for statement in partition.statements:
        if statement.check is not None:
            left, right = statement.check
            name = statement.of.name if statement.of is not None else statement.equation.symbol.name
            left = unfold_all(left, partition.functions)
            yield name, *_closed(left, unfold_all(right, derivation.sheet.functions), statement.over, statement.free)


def _one_row(body: Expr) -> Expr:
    """The mean over one row is that row."""

    def rewrite(node: AnyNode) -> AnyNode:
        return node.body if isinstance(node, OverData) else node

    result: Expr = transform(body, rewrite)
    return result


def _closed(left: Expr, right: Expr, over: tuple[Symbol, ...], free: tuple[object, ...]) -> tuple[Expr, Expr]:
    """Σ (left − right)² and Σ right² over all configurations and indices: the first is 0 exactly if all agree."""
    gap: Expr = Power(Add((left, Multiply((number(-1), right)))), number(2))
    size: Expr = Power(right, number(2))
    result = []
    for body in (gap, size):
        for index in reversed(free):
            body = Reduce("sum", index, body)  # type: ignore[arg-type]  # noqa: PLW2901 - wrapped step by step
        for variable in reversed(over):
            body = _summed(variable, body)  # noqa: PLW2901 - wrapped step by step
        result.append(body)
    return result[0], result[1]


def _summed(variable: Symbol, body: Expr) -> Expr:
    """Σ over a variable of a finite set; one of another set is drawn at random."""
    finite = variable.domain.kind in {"finite", "onehot"} or variable.is_integer
    return Configurations(variable, body) if finite and variable in body.symbols else body


def _compare(
    derivation: Derivation, pairs: list[tuple[str, Expr, Expr]], rng: random.Random, style: int
) -> list[Check] | None:
    graph = derivation.graph
    equations = [e for e in graph.equations if not any(s.adjoint_of for s in (e.symbol, *graph.body(e).symbols))]
    compared = {s for _, gap, size in pairs for s in (*gap.symbols, *size.symbols)}
    needed = needed_inputs(graph, equations) | {s for s in compared if not s.parameters and s not in graph.clauses}
    inputs = draw_inputs(derivation, needed, rng, style, {})
    domain = JetDomain(0)
    values = Pass(graph, equations, ()).run(domain, inputs)
    evaluator = Evaluator(domain, inputs.sizes.values, inputs.sizes.families, values)
    checks = []
    for name, gap, size in pairs:
        difference = np.asarray(evaluator.evaluate(gap).data, dtype=object).reshape(-1)[0].value
        scale = np.asarray(evaluator.evaluate(size).data, dtype=object).reshape(-1)[0].value
        verdict = agreement(difference, abs(scale) + 1)
        if verdict is None:
            return None
        passed, digits = verdict
        text = "" if passed else f"squared gap {float(difference.mid()):.6g}"
        checks.append(Check(name, (), "at generic points", SUMS, digits, passed, text))
    return checks

