"""The check at real sizes: central differences along a random direction in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.derivation import Pass
from gradsheet.evaluation import Float64
from gradsheet.expressions import Role
from gradsheet.verification.comparison import Check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Adjoint, Derivation
    from gradsheet.evaluation import Inputs
    from gradsheet.expressions import Symbol

_STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
_TOLERANCE = 1e-5


def central_differences(
    derivation: Derivation, of: Symbol, adjoints: Sequence[Adjoint], inputs: Inputs
) -> Check | None:
    """⟨∂L/∂θ, d⟩ against (L(θ + h d) − L(θ − h d))/2h, for the best of several h; None where that does not apply."""
    moved = [a for a in adjoints if a.wrt[-1].role is Role.INPUT]
    if of.adjoint_of is not None or of.axes or derivation.cotangents or not moved:
        return None
    domain, graph = Float64(), derivation.graph
    wanted = graph.needed_for(*(a.symbol for a in moved))
    everything = Pass(graph, [e for e in graph.equations if e.symbol in wanted], inputs.data)
    forward = Pass(graph, [e for e in graph.equations if e.symbol in graph.needed_for(of)], inputs.data)
    values, base = everything.run(domain, inputs), inputs.arrays(domain)
    generator = np.random.default_rng(0)
    pushes: dict[Symbol, Any] = {}
    slope = 0.0
    for adjoint in moved:
        variable = adjoint.wrt[-1]
        held, gradient = base[variable], values[adjoint.symbol]
        members = held if isinstance(held, dict) else {(): held}
        push = {k: generator.standard_normal(np.shape(v)) for k, v in members.items()}
        if variable.symmetric:
            push = {k: (v + v.T) / 2 for k, v in push.items()}
        slopes = gradient if isinstance(gradient, dict) else {(): gradient}
        slope += sum(float(np.sum(np.asarray(g, dtype=float) * push[k])) for k, g in slopes.items())
        pushes[variable] = push if isinstance(held, dict) else push[()]
    gap = min(_gap(forward, domain, inputs, of, base, pushes, slope, step) for step in _STEPS)
    passed = bool(gap < _TOLERANCE)
    digits = int(min(15, max(0, -np.log10(gap + 1e-16))))
    names = tuple(a.wrt[-1].name for a in moved)
    text = "" if passed else f"relative gap {gap:.2g}"
    method = "central differences in float64"
    return Check(of.name, names, "at the given values", method, digits, passed, text)


def _gap(  # noqa: PLR0913, PLR0917 - one evaluation of a difference quotient
    forward: Pass, domain: Float64, inputs: Inputs, of: Symbol, base: Any, pushes: dict[Symbol, Any], slope: float, step: float,  # noqa: E501 - arrays by symbol
) -> float:  # fmt: skip
    ends = []
    for sign in (1, -1):
        shifted = {s: _shift(base[s], push, sign * step) for s, push in pushes.items()}
        ends.append(float(np.asarray(forward.run(domain, inputs, shifted)[of])))
    difference = (ends[0] - ends[1]) / (2 * step)
    return float(abs(difference - slope) / (abs(difference) + abs(slope) + 1e-12))


def _shift(held: Any, push: Any, step: float) -> Any:
    if isinstance(held, dict):
        return {k: v + step * push[k] for k, v in held.items()}
    return held + step * push
