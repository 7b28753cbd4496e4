"""Products whose factors stand in any order, transposed or not: what they could mean, axis by axis.

Each factor brings its axes; an axis of the result is kept, an axis that two factors share is summed over. At points
where sizes are pairwise different, the lengths tell which axes belong together.
"""

from __future__ import annotations

from itertools import islice, permutations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning import tensors
from gradsheet.checking.meaning.functions import applications
from gradsheet.checking.meaning.tensors import MismatchError, Value, array, squeezed, value
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment

_MOST_READINGS = 96

Label = tuple[int, int]
"""A length, and which of several axes of that length."""


def readings(
    interpreter: Interpreter, node: tree.Expression, shape: Sequence[int], known: Environment
) -> Iterator[Value]:
    """Every value of the wanted shape that a formula could have if its products were put in order."""
    wanted = _labels(tuple(n for n in shape if n != 1))
    yield from islice(_terms(interpreter, node, wanted, known), _MOST_READINGS)


def _labels(shape: Sequence[int]) -> tuple[Label, ...]:
    seen: dict[int, int] = {}
    found = []
    for n in shape:
        found.append((n, seen.get(n, 0)))
        seen[n] = seen.get(n, 0) + 1
    return tuple(found)


def _terms(
    interpreter: Interpreter, node: tree.Expression, wanted: tuple[Label, ...], known: Environment
) -> Iterator[Value]:
    match node:
        case tree.Group(items=(item,)) | tree.Underbrace(base=item) | tree.Transpose(base=item):
            yield from _terms(interpreter, item, wanted, known)
        case tree.Additive(terms=terms):
            parts = [list(islice(_terms(interpreter, t.item, wanted, known), 12)) for t in terms]
            for chosen in islice(product(*parts), _MOST_READINGS):
                total: Any = None
                for term, part in zip(terms, chosen, strict=True):
                    signed = -part.data if term.sign == "-" else part.data
                    total = signed if total is None else total + signed
                yield value(array(total))
        case tree.Binder(kind="sum"):
            # Terms are put in order alike: the n-th reading of each.
            states = list(interpreter.steps(node, known))
            columns = [list(islice(_terms(interpreter, node.body, wanted, {**known, **s}), 12)) for s in states]
            for chosen in zip(*columns, strict=False):
                yield value(array(sum((c.data for c in chosen[1:]), chosen[0].data)))
        case tree.Product():
            try:
                own = factors(interpreter, node, known)
            except MismatchError:
                opened = distributed(node)
                if opened is None:
                    raise
                yield from _terms(interpreter, opened, wanted, known)
                return
            yield from _products(own, wanted)
        case _:
            yield from _products([_whole(interpreter, node, known)], wanted)


def distributed(node: tree.Product) -> tree.Expression | None:
    """A (b + c) d as a b d + a c d, where a sum stands in brackets; None where none does."""
    for at, factor in enumerate(node.factors):
        item = factor.item
        if isinstance(item, tree.Group) and len(item.items) == 1 and factor.sign not in {"/", "⊘"}:
            head = node.factors[at - 1].item if at else None
            while isinstance(head, tree.Power | tree.Prime):
                head = head.base
            if isinstance(head, tree.FunctionName) or not isinstance(item.items[0], tree.Additive):
                continue
            terms = []
            for term in item.items[0].terms:
                own = tree.Factor(factor.sign, term.item)
                parts = (*node.factors[:at], own, *node.factors[at + 1 :])
                terms.append(tree.Term(term.sign, tree.Product(parts, span=node.span)))
            return tree.Additive(tuple(terms), span=node.span)
    return None


def _whole(interpreter: Interpreter, node: tree.Expression, known: Environment) -> Value:
    """A factor that is no product, as it is written, or as a chain of Jacobians where the page's definition is one."""
    try:
        return interpreter.evaluate(node, known)
    except MismatchError:
        if interpreter.reading.chain:
            raise
        return interpreter.chained.evaluate(node, known)


def factors(interpreter: Interpreter, node: tree.Expression, known: Environment) -> list[Value]:
    """The factors of a product, those of products within it too; a divisor as its reciprocal."""
    found: list[Value] = []
    match node:
        case tree.Group(items=(item,)) | tree.Underbrace(base=item) | tree.Transpose(base=item):
            return factors(interpreter, item, known)
        case tree.Product(factors=parts):
            for sign, function, item in applications(parts):
                if function is not None:
                    inner = [interpreter.call(function, item, known)]
                elif sign in {"/", "⊘"}:
                    inner = [interpreter.evaluate(item, known)]
                else:
                    inner = factors(interpreter, item, known)
                if sign in {"/", "⊘"}:
                    one = interpreter.number(1)
                    inner = [tensors.quotient(one, part) for part in inner]
                found.extend(inner)
            return found
        case _:
            return [_whole(interpreter, node, known)]


def _products(parts: Sequence[Value], wanted: tuple[Label, ...]) -> Iterator[Value]:
    """Contractions of all factors to the wanted axes."""
    data = [squeezed(part) for part in parts]
    scale: Any = None
    tensors_: list[Any] = []
    for part in data:
        if part.ndim:
            tensors_.append(part)
        else:
            scale = part[()] if scale is None else scale * part[()]
    if not tensors_:
        if not wanted and scale is not None:
            yield value(array(scale))
        return
    if sum(t.ndim for t in tensors_) > 24 or max(t.size for t in tensors_) > 4096:
        return
    for labels in _assignments([t.shape for t in tensors_], wanted):
        result = _contracted(tensors_, labels, wanted)
        if result is not None:
            yield value(array(result * scale if scale is not None else result))


def _assignments(shapes: Sequence[tuple[int, ...]], wanted: tuple[Label, ...]) -> Iterator[list[tuple[Label, ...]]]:
    """Which axis is which, where a length occurs more than once in a factor or in the result."""
    copies: dict[int, int] = {}
    for shape in (*shapes, tuple(n for n, _ in wanted)):
        for n in set(shape):
            copies[n] = max(copies.get(n, 0), shape.count(n))
    for n, count in list(copies.items()):
        if count > 1 and sum(shape.count(n) > 1 for shape in shapes) > 1:
            copies[n] = count + 1  # a third axis of that length may stand between two square factors
    options = [[tuple(zip(shape, chosen, strict=True)) for chosen in _copies(shape, copies)] for shape in shapes]
    return (list(chosen) for chosen in islice(product(*options), 4 * _MOST_READINGS))


def _copies(shape: tuple[int, ...], copies: dict[int, int]) -> Iterator[tuple[int, ...]]:
    runs = [list(permutations(range(copies[n]), shape.count(n))) for n in dict.fromkeys(shape)]
    for chosen in product(*runs):
        waiting = {n: list(run) for n, run in zip(dict.fromkeys(shape), chosen, strict=True)}
        yield tuple(waiting[n].pop(0) for n in shape)


def _contracted(parts: Sequence[Any], labels: Sequence[tuple[Label, ...]], wanted: tuple[Label, ...]) -> Any:
    """Σ over the labels that are not wanted; None where one stands alone and is not wanted, or a wanted one lacks."""
    count: dict[Label, int] = {}
    for own in labels:
        for label in own:
            count[label] = count.get(label, 0) + 1
    if any(label not in count for label in wanted):
        return None
    if any(n == 1 and label not in wanted for label, n in count.items()):
        return None
    result, axes = parts[0], list(labels[0])
    for k in range(1, len(parts)):
        later = {label for own in labels[k + 1 :] for label in own} | set(wanted)
        result, axes = _joined(result, axes, parts[k], list(labels[k]), later)
    for label in [a for a in axes if a not in wanted]:
        result = array(result.sum(axis=axes.index(label)))
        axes.remove(label)
    return np.transpose(result, [axes.index(label) for label in wanted]) if wanted else result


def _joined(a: Any, left: list[Label], b: Any, right: list[Label], later: set[Label]) -> tuple[Any, list[Label]]:
    """Two factors multiplied, and summed over what no later factor and no result needs."""
    both = [*left, *(label for label in right if label not in left)]
    x = a.reshape([*a.shape, *([1] * (len(both) - len(left)))])
    order = sorted(range(len(right)), key=lambda k: both.index(right[k]))
    sizes = [b.shape[right.index(label)] if label in right else 1 for label in both]
    y = np.transpose(b, order).reshape(sizes)
    data = x * y
    for label in [c for c in both if c not in later and c in left and c in right]:
        data = array(data.sum(axis=both.index(label)))
        both.remove(label)
    return data, both


__all__ = ["factors", "readings"]
