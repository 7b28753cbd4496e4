"""∂J/∂W1[1,2] = ∂J/∂h1[1] x[2] = −1/16: one component of a gradient, from the equation in index form."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradsheet.records import dataclass
from gradsheet.syntax import tree
from gradsheet.writing.equations import Line, taken_names, write_equation
from gradsheet.writing.members import Known, at_place, extents, leading_items, member_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Adjoint
    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.writing.report import Item, Report


@dataclass(frozen=True, slots=True)
class Component:
    """A parameter, or with a place one entry of it (or one member of a family)."""

    name: str
    place: tuple[int, ...] = ()


class OutOfRangeError(ValueError):
    """There is no such entry."""


def only(report: Report, components: Sequence[Component]) -> Report:
    """The report with nothing but these components of gradients."""
    items = [_item(report, component) for component in components]
    return replace(report, given=[], forward=[], update=[], backward=items)


def _item(report: Report, component: Component) -> Item:
    solution = report.solution
    adjoint = next(a for p, a in solution.derivation.gradients.items() if p.name == component.name)
    whole = next(i for i in report.backward if i.symbol is adjoint.symbol)
    sizes = solution.inputs.sizes if solution.inputs is not None else None
    known = Known.of(sizes)
    place = component.place
    _inside(adjoint, place, sizes)
    lines = write_equation(adjoint.equation, taken_names(solution.sheet), indices=len(place) == adjoint.symbol.rank)
    if not place:
        return whole
    line = next((found for each in lines if (found := _at(each, place, known)) is not None), None)
    if line is None:
        message = f"{adjoint.symbol.name} has no entry [{', '.join(map(str, place))}]"
        raise OutOfRangeError(message)
    value: Any = None
    if whole.value is not None and sizes is not None:
        value = member_value(whole.value, adjoint.symbol, place, sizes, rows=bool(whole.rows))
    axes = adjoint.symbol.axes
    shape = tuple(extents(axes[len(place) :], sizes, dict(zip(axes, place, strict=False))))
    entry = f"{component.name}[{','.join(map(str, place))}]"
    return replace(whole, lines=(line,), shape=shape, value=value, members=None, entry=entry)


def _inside(adjoint: Adjoint, place: Sequence[int], sizes: Sizes | None) -> None:
    if sizes is None:
        return
    fixed = dict(zip(adjoint.symbol.axes, place, strict=False))
    for axis, number in zip(adjoint.symbol.axes, place, strict=False):
        low, high = sizes.evaluate(axis.low, fixed), sizes.evaluate(axis.high, fixed)
        if (low is not None and number < low) or (high is not None and number > high):
            text = f"{'' if low is None else low}..{'' if high is None else high}"
            message = f"{number} is outside {text}, an axis of {adjoint.wrt[-1].name}"
            raise OutOfRangeError(message)


def _at(line: Line, place: Sequence[int], known: Known) -> Line | None:
    """The equation at one place, or None if it does not hold there."""
    items = leading_items(line.left, len(place))
    if items is None:
        return None
    own = {b.name.key: b for b in line.ranges}
    fixed: dict[str, int] = {}
    for item, number in zip(items, place, strict=True):
        if isinstance(item, tree.Name) and item.key in own:
            fixed[item.key] = number
            domain = own[item.key].domain
            if isinstance(domain, tree.Range):
                low, high = known.at(fixed).number(domain.low), known.at(fixed).number(domain.high)
                if (low is not None and number < low) or (high is not None and number > high):
                    return None
        elif known.number(item) != number:
            return None
    rest = tuple(b for b in line.ranges if b.name.key not in fixed)
    return at_place(line, fixed, known, rest)
