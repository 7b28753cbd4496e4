"""Facts about sums over configurations on paper: F(v) = …, p(h[j] = 1 | v) = σ(…), and what keeps its 2ⁿ terms."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from gradsheet.expressions import Affine, Integer, Number
from gradsheet.syntax import tree
from gradsheet.writing.equations import Line, write_equation
from gradsheet.writing.naming import Names, number_tree
from gradsheet.writing.trees import Tree, call, comparison, entry, name, power, product, whole
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradsheet.derivation import Statement
    from gradsheet.evaluation import Sizes
    from gradsheet.expressions import Symbol


def statement_lines(statement: Statement, taken: Iterable[str], probability: str) -> tuple[Line, ...]:
    """The lines of one statement; `probability` is the name of the sheet's own distribution."""
    known = set(taken)
    if statement.event is not None:
        return _chance(statement, known, probability)
    equation = statement.equation
    if not equation.symbol.parameters:
        return write_equation(equation, known)
    arguments = [name(f.name) for f in equation.symbol.parameters]
    lines = write_equation(equation, known, indices=True)
    result = []
    for line in lines:
        left: Tree = call(equation.symbol.name, *arguments)
        if isinstance(line.left, tree.Subscript):
            left = entry(left, line.left.items)
        result.append(Line(left, line.right, line.ranges))
    return tuple(result)


def _chance(statement: Statement, taken: set[str], probability: str) -> tuple[Line, ...]:
    """p(h[j] = 1 | v) = σ(…), for j in its range."""
    (line,) = write_equation(statement.equation, taken, indices=True)
    chance = statement.event
    assert chance is not None
    names = Names(taken)
    for index in chance.free:
        names.add(index)
    match chance.value:
        case Number(value=value):
            value_tree = number_tree(value)
        case Integer(value=place):
            value_tree = names.affine(place)
        case _:
            raise AssertionError(chance.value)
    event = comparison(line.left, "=", value_tree)
    given = tuple(name(s.name) for s in statement.given)
    inside: Tree = tree.Conditioned((event,), given) if given else event
    return (Line(call(probability, inside), line.right, line.ranges),)


def remark(statement: Statement, taken: Iterable[str], spelled: Callable[[Tree], str], sizes: Sizes | None) -> str:
    """What a sum keeps: which variables, how many terms, and the term of the exponent that couples their units."""
    if not statement.kept:
        return ""
    names = Names(set(taken))
    over = ", ".join(s.name for s in statement.kept)
    count = product([("", c) for c in (_count(s, names) for s in statement.kept)])
    text = f"the sum over {over} keeps its {spelled(count)} terms"
    known = [_number(s, sizes) for s in statement.kept]
    if all(n is not None for n in known):
        total = prod(n for n in known if n is not None)
        text += f" ({total:,})" if spelled(count) != str(total) else ""
    if statement.coupling is not None:
        coupling = View(names).tensor((), statement.coupling)
        if coupling is not None:
            text += f": {spelled(coupling)} ties several of its units together"
    return text


def _count(symbol: Symbol, names: Names) -> Tree:
    """|choices|^units."""
    axes = symbol.axes
    radix: Tree
    if symbol.domain.kind == "onehot":
        radix, axes = names.affine(axes[-1].high - axes[-1].low + 1), axes[:-1]
    elif symbol.domain.kind == "index":
        low, high = symbol.domain.bounds or (Affine(), Affine())
        radix = names.affine(high - low + 1)
    else:
        radix = whole(len(symbol.domain.values))
    if not axes:
        return radix
    lengths = [names.affine(a.high - a.low + 1) for a in axes]
    return power(radix, product([("", n) for n in lengths]))


def _number(symbol: Symbol, sizes: Sizes | None) -> int | None:
    """How many values a variable has, where its sizes are known."""
    axes = symbol.axes
    lengths = [_evaluated(a.high - a.low + 1, sizes) for a in axes]
    if any(n is None for n in lengths):
        return None
    known = [n for n in lengths if n is not None]
    if symbol.domain.kind == "onehot":
        return int(known[-1] ** prod(known[:-1]))
    if symbol.domain.kind == "index":
        low, high = symbol.domain.bounds or (Affine(), Affine())
        radix = _evaluated(high - low + 1, sizes)
        return None if radix is None else int(radix ** prod(known))
    return int(len(symbol.domain.values) ** prod(known))


def _evaluated(value: Affine, sizes: Sizes | None) -> int | None:
    if value.is_constant:
        return value.constant
    return sizes.evaluate(value) if sizes is not None else None

