"""∂h1/∂z1 = diag(1 − h1²), ∂z1[i]/∂W1[j,k] = [i = j] x[k]: what a local Jacobian is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from gradsheet.calculus.regions import regions
from gradsheet.expressions import ZERO_EXPR, Affine, Index
from gradsheet.syntax import tree
from gradsheet.writing.equations import Line, ranges_of
from gradsheet.writing.members import without_single
from gradsheet.writing.notations.components import component
from gradsheet.writing.notations.factors import matrix, quotient, shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.derivation import LocalJacobian
    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.writing.notations.letters import Letters
    from gradsheet.writing.trees import Tree


def local_lines(jacobian: LocalJacobian, letters: Letters, sizes: Sizes | None) -> list[Line]:
    """One line for each region of a family where there is such a Jacobian."""
    equation = jacobian.equation
    lines = []
    for free, pattern, body in regions(equation):
        if body is ZERO_EXPR and equation.symbol.leading:
            continue  # beyond the ends of a family
        put = dict(zip(equation.free, pattern, strict=True))
        place = tuple(p.substitute(put) for p in jacobian.place)
        at, above, below = (tuple(put[i] for i in side) for side in (jacobian.at, jacobian.outputs, jacobian.inputs))
        outputs, inputs = ([i for a in side if isinstance(i := a.single, Index)] for side in (above, below))
        both = ((jacobian.user, (*place, *above)), (jacobian.variable, (*at, *below)))
        names = letters.names((equation.symbol, pattern), free, body, in_order=True, also=both)
        whole = all(_runs_over(put[i], i, put) for i in (*jacobian.outputs, *jacobian.inputs))
        right = matrix(body, outputs, inputs, names) if whole else None
        if right is not None:
            left = quotient(names, (jacobian.user, place), (jacobian.variable, at))
            shown = [i for i in free if i not in {*outputs, *inputs}]
        else:
            right, shown = _deltas_first(component(body, names)), list(free)
            left = quotient(names, (jacobian.user, (*place, *above)), (jacobian.variable, (*at, *below)))
        extent = shape(outputs, inputs, sizes) if jacobian.order else ()
        lines.append(without_single(Line(left, right, ranges_of(shown, names), shape=extent)))
    return lines


def _runs_over(place: Affine, axis: Index, put: Mapping[Index, Affine]) -> bool:
    """Whether a place is an index over the whole of an axis, no single entry and no part."""
    return isinstance(place.single, Index) and place.single.range == tuple(e.substitute(put) for e in axis.range)


def _deltas_first(node: Tree) -> Tree:
    """[i = j] x[k] rather than x[k] [i = j]."""
    match node:
        case tree.Additive(terms=terms):
            return replace(node, terms=tuple(replace(t, item=_deltas_first(t.item)) for t in terms))
        case tree.Product(factors=factors) if all(f.sign in {"", "/"} for f in factors):
            conditions = [f for f in factors if f.sign == "" and _is_condition(f.item)]
            deltas = [f for f in conditions if _is_delta(f.item)]
            deltas += [f for f in conditions if deltas and f not in deltas]
            others = [f for f in factors if f not in deltas]
            if not deltas or not others or others[0].sign != "" or _has_coefficient(others):
                return node
            return tree.Product((*deltas, *others))
        case _:
            return node


def _has_coefficient(factors: Sequence[tree.Factor]) -> bool:
    """2 x[k], α/r x[k]: a number or a quotient stands first."""
    quotient = any(
        a.sign == "/" and b.sign == "" and not isinstance(a.item, tree.FunctionName) for a, b in pairwise(factors)
    )
    return quotient or isinstance(factors[0].item, tree.Num)


def _is_condition(node: Tree) -> bool:
    """[i = j], [l ≤ i]."""
    match node:
        case tree.Array(rows=((tree.Comparison(),),)):
            return True
        case _:
            return False


def _is_delta(node: Tree) -> bool:
    """[i = j] for two indices."""
    match node:
        case tree.Array(rows=((tree.Comparison(items=(tree.Name(), _), relations=("=",)),),)):
            return True
        case _:
            return False
