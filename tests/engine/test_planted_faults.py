"""Faults are planted in derived equations, one at a time; verification must name the variable each time.

What a fault does is decided by numbers, not by its look: where the altered equation has the same values at two
generic points (transposing a symmetric factor, say), nothing was planted, and the fault is left out.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from drawing import THOROUGH
from engine.running import derived, read_text
from fences import ROOT
from gradsheet.calculus import unfold_all
from gradsheet.derivation import Pass, needed_inputs
from gradsheet.evaluation import Float64, UndecidedError
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Configurations,
    Index,
    Multiply,
    Number,
    OverData,
    Reduce,
    number,
    substitute,
    transform,
    walk,
)
from gradsheet.verification import verify
from gradsheet.verification.sampling import NoPointError, draw_inputs, unspecified_functions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gradsheet.derivation import Adjoint, Derivation
    from gradsheet.expressions import Expr, Symbol

FOLDERS = (ROOT / "examples", ROOT.parent / "shared" / "sheets")
SHEETS = [path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.sheet"))]
MOST = 1000 if THOROUGH else 2
"""How many faults are planted in one equation."""

# ---------------------------------------------------------------- faults


def replaced(body: Expr, old: Expr, new: Expr) -> Expr:
    """One node for another, wherever it stands."""
    result: Expr = transform(body, lambda node: new if node is old else node)
    return result


def faults(body: Expr) -> Iterator[tuple[str, Expr]]:
    """Every single fault of an equation, with its name."""
    if body is not ZERO_EXPR:
        yield "zeroed", ZERO_EXPR
        yield "factor 2", Multiply((number(2), body))
        yield "sign", Multiply((number(-1), body))
    for node in dict.fromkeys(walk(body)):
        match node:
            case Access(symbol=symbol, at=at) if len(at) == 2 and is_square(symbol):
                yield f"{symbol.name} transposed", replaced(body, node, Access(symbol, at[::-1]))
            case Multiply(factors=factors):
                for k, factor in enumerate(factors):
                    if isinstance(factor, Add):
                        rest = (*factors[:k], *factors[k + 1 :])
                        yield "a factor with a sum dropped", replaced(body, node, Multiply((ONE_EXPR, *rest)))
                    elif isinstance(factor, Number) and factor.value != 1:
                        rest = (*factors[:k], number(factor.value * 3), *factors[k + 1 :])
                        yield "another coefficient", replaced(body, node, Multiply(rest))
            case Add(terms=terms) if len(terms) > 1:
                yield "the first term lost", replaced(body, node, Add(terms[1:]))
                yield "the last term lost", replaced(body, node, Add(terms[:-1]))
            case Reduce(kind="sum", index=index, body=inner):
                yield f"the sum over {index.name} lost", replaced(body, node, at_low(index, inner))
            case OverData(kind=kind, body=inner):
                other = OverData("sum" if kind == "mean" else "mean", inner)
                yield "the mean over the data lost", replaced(body, node, other)
            case _:
                pass


def is_square(symbol: Symbol) -> bool:
    """Whether a transposed component stays inside: else the shapes refuse it before any number is looked at."""
    return len(symbol.axes) == 2 and symbol.axes[0].range == symbol.axes[1].range


def at_low(index: Index, inner: Expr) -> Expr:
    """A sum's first term alone."""
    result: Expr = substitute(inner, {index: index.low})
    return result


# ---------------------------------------------------------------- planting


class Planted:
    """An adjoint with another body, for as long as the block lasts."""

    def __init__(self, derivation: Derivation, adjoint: Adjoint, body: Expr) -> None:
        self.derivation, self.equation, self.body = derivation, adjoint.equation, body
        self.held = adjoint.equation.body

    def __enter__(self) -> None:
        self._put(self.body)

    def __exit__(self, *_: object) -> None:
        self._put(self.held)

    def _put(self, body: Expr) -> None:
        self.equation.body = body
        self.derivation.graph.unfolded[self.equation] = unfold_all(body, self.derivation.graph.functions)


def values_at(derivation: Derivation, adjoint: Adjoint, seed: int) -> np.ndarray | None:
    """An adjoint's entries at a generic point in float64, or None where the point will not do."""
    rng = random.Random(seed)
    graph = derivation.graph
    needed = needed_inputs(graph, graph.equations) | set(derivation.cotangents.values())
    rows = {}
    if any(isinstance(n, OverData) for e in graph.equations for n in walk(e.body)):
        rows = {s: 3 for s in needed if s.name in {"x", "y", "t"}}
    functions = unspecified_functions(derivation.sheet.unspecified, rng)
    try:
        inputs = draw_inputs(derivation, needed, rng, 1, rows)
        found = Pass(graph, graph.equations, inputs.data, functions).run(Float64(), inputs)[adjoint.symbol]
    except (NoPointError, UndecidedError, ArithmeticError, IndexError, KeyError):
        return None
    members = [found[k] for k in sorted(found)] if isinstance(found, dict) else [found]
    return np.concatenate([np.ravel(np.asarray(m, dtype=float)) for m in members])


def changes_something(derivation: Derivation, adjoint: Adjoint, body: Expr) -> bool:
    """Whether a body has other values than the derived one at one of a few points."""
    for seed in range(4):
        before = values_at(derivation, adjoint, seed)
        with Planted(derivation, adjoint, body):
            after = values_at(derivation, adjoint, seed)
        if before is None or after is None:
            if (before is None) != (after is None):
                return True
            continue
        if before.shape != after.shape or not np.allclose(before, after, rtol=1e-9, atol=1e-12, equal_nan=True):
            return True
    return False


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_planted_fault_is_found_and_named(path: Path):
    derivation = derived(read_text(path), path.name)
    assert verify(derivation, points=1).passed
    planted = 0
    bodies = [derivation.graph.body(e) for e in derivation.graph.equations]
    slow = any(isinstance(n, Configurations) for body in bodies for n in walk(body))
    for adjoint in derivation.adjoints:
        for name, body in chosen(list(faults(adjoint.equation.body)), adjoint.symbol.name, 1 if slow else MOST):
            if adjoint.wrt[-1].name in named_with(derivation, adjoint, body):
                planted += 1
                continue
            assert not changes_something(derivation, adjoint, body), f"{name} in {adjoint.symbol.name} was not found"
    assert planted >= len(derivation.adjoints) - slow


def named_with(derivation: Derivation, adjoint: Adjoint, body: Expr) -> set[str]:
    """The variables that verification names; the second point is asked only where the first one is content."""
    with Planted(derivation, adjoint, body):
        for points in (1, 2):
            named = {v for check in verify(derivation, points=points).failures() for v in check.wrt}
            if adjoint.wrt[-1].name in named:
                return named
    return set()


def chosen(found: list[tuple[str, Expr]], salt: str, most: int) -> list[tuple[str, Expr]]:
    """A few faults of each equation, always the same ones."""
    return found if len(found) <= most else random.Random(salt).sample(found, most)


def test_what_is_wrong_at_given_values_alone_would_pass():
    """At the softmax sheet's own values the lower gradients are zero: only generic points tell a fault."""
    path = ROOT / "examples" / "mlp-4433-softmax.sheet"
    derivation = derived(read_text(path), path.name)
    adjoint = derivation.find("L", "W1")
    assert adjoint is not None
    with Planted(derivation, adjoint, Multiply((number(2), adjoint.equation.body))):
        failures = verify(derivation).failures()
    assert {c.where for c in failures} == {"at generic points"}
    assert {v for c in failures for v in c.wrt} == {"W1"}


def test_two_faults_are_both_named():
    path = ROOT / "examples" / "mlp-4433.sheet"
    derivation = derived(read_text(path), path.name)
    first, second = derivation.find("L", "z2"), derivation.find("L", "b1")
    assert first is not None
    assert second is not None
    with (
        Planted(derivation, first, Multiply((number(-1), first.equation.body))),
        Planted(derivation, second, ZERO_EXPR),
    ):
        named = {v for c in verify(derivation).failures() for v in c.wrt}
    assert named >= {"z2", "b1"}


def test_affine_swap_is_a_real_change():
    """The harness itself: a swap of indices gives another node."""
    n = Affine(3)
    i, j = Index("i", Affine(1), n), Index("j", Affine(1), n)
    derivation = derived("A ∈ ℝ^(n×n), x ∈ ℝ^n\nL = x' A x\nparameters A, x\nminimize L\n")
    symbol = derivation.sheet.symbols["A"]
    node = Access(symbol, (Affine.atom(i), Affine.atom(j)))
    assert dict(faults(node))["A transposed"] is Access(symbol, (Affine.atom(j), Affine.atom(i)))
