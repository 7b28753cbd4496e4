"""The free letters of a claim: over what they run, and which of them are summed because they stand on one side only."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from gradsheet.checking.meaning.errors import OutOfRangeError, UnboundError, UnsupportedError
from gradsheet.checking.meaning.indices import letters, names_in, names_in_indices, subscripts
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.meaning.interpreter import Interpreter
    from gradsheet.checking.meaning.readings import Environment

_MOST = 64


@dataclass(frozen=True, slots=True)
class Sides:
    """A claim whose letters are sorted: free ones stand on both sides."""

    left: tree.Expression
    right: tree.Expression
    free: tuple[str, ...]
    alone: tuple[str, ...] = ()
    """Letters on the right alone that are not summed: nobody says what they are."""


def free_letters(node: tree.Expression, interpreter: Interpreter) -> set[str]:
    """Letters in indices that mean nothing else here."""
    point, scope = interpreter.point, interpreter.scope
    found = letters(node)
    if not found:
        return set()
    below = names_in_indices(node)
    return {
        key
        for key in found
        if (point.size(key) is None or (key in below and key.islower()))
        and key not in scope.numbers
        and key not in scope.sizes
        and (key not in point.model.symbols or (key in below and not point.model.symbols[key].is_integer))
        and (key not in scope.locals or key in below)
        and key != "∞"
    }


def sizes_in_indices(
    sides: Sequence[tree.Expression], conditions: Sequence[tree.Expression], interpreter: Interpreter
) -> frozenset[str]:
    """Letters that may be sizes of the sheet, as in x[n-1], or free, as in w[m, n]: nothing binds them here."""
    found = frozenset().union(*(free_letters(side, interpreter) for side in sides))
    named = {key for c in conditions if isinstance(c, tree.Comparison) for key in names_in(c.items[0])}
    return frozenset(key for key in found - named if interpreter.point.size(key) is not None)


def sorted_sides(
    left: tree.Expression, right: tree.Expression, interpreter: Interpreter, conditions: Sequence[tree.Expression]
) -> Sides:
    """Letters of the left are free; one that stands twice in a product of one side alone is summed there."""
    written = interpreter.scope.sums_written and not interpreter.scope.einstein
    a, b = free_letters(left, interpreter), free_letters(right, interpreter)
    named = {key for c in conditions for key in names_in(c)}
    alone: list[str] = []
    for letter in sorted(a - b):
        summed = None if written else einstein(left, letter)
        if summed is not None:
            left = summed
    for letter in sorted(b - a):
        summed = None if written else einstein(right, letter)
        if summed is not None:
            right = summed
        elif letter not in named:
            alone.append(letter)
    kept = tuple(sorted((free_letters(left, interpreter) | free_letters(right, interpreter)) - (named - a - b)))
    return Sides(left, right, kept, tuple(alone))


def einstein(node: tree.Expression, letter: str) -> tree.Expression | None:
    """Σ over a letter that stands twice in each product in which it stands; None where it stands once."""
    match node:
        case tree.Group(items=(item,)):
            inner = einstein(item, letter)
            return None if inner is None else tree.Group((inner,), span=node.span)
        case tree.Additive(terms=terms):
            found = []
            for term in terms:
                if letter not in letters(term.item):
                    found.append(term)
                    continue
                inner = einstein(term.item, letter)
                if inner is None:
                    return None
                found.append(tree.Term(term.sign, inner, span=term.span))
            return tree.Additive(tuple(found), span=node.span)
        case tree.Product(factors=factors):
            if sum(letter in letters(f.item) for f in factors) < 2:
                return None
        case _:
            return None
    index = tree.BoundIndex(tree.Name(letter, letter), None)
    return tree.Binder("sum", (index,), node, span=node.span)


def assignments(
    sides: Sides, interpreter: Interpreter, conditions: Sequence[tree.Expression], most: int = _MOST
) -> list[Environment]:
    """Numbers for the free letters: all where they are few, else first, last and some between."""
    if not sides.free:
        return [{}] if _holds(interpreter, {}, conditions) else []
    both = tree.Array(((sides.left, sides.right, *conditions),))
    runs: dict[str, range] = {}
    for letter in sides.free:
        run = interpreter.extent(both, letter, {}) if _accessed(both, letter) else None
        if run is None:
            run = _from_conditions(letter, conditions, interpreter)
        if run is None:
            raise UnsupportedError(f"what {letter} runs over is not said")
        runs[letter] = run
    total = 1
    for run in runs.values():
        total *= max(1, len(run))
    names = list(runs)
    if total <= most:
        everything = (dict(zip(names, chosen, strict=True)) for chosen in product(*runs.values()))
        return [e for e in everything if _holds(interpreter, e, conditions)]
    return _drawn(runs, most, interpreter, conditions)


def _drawn(
    runs: dict[str, range], most: int, interpreter: Interpreter, conditions: Sequence[tree.Expression]
) -> list[Environment]:
    """Some of many: all first, all last, and random ones, in most of which letters coincide, as a δ asks for."""
    rng = random.Random(len(runs) * 7919 + most)
    found: dict[tuple[int, ...], Environment] = {}

    def add(chosen: Environment) -> None:
        if all(chosen[k] in runs[k] for k in runs) and _holds(interpreter, chosen, conditions):
            found.setdefault(tuple(chosen[k] for k in runs), chosen)

    add({k: r.start for k, r in runs.items()})
    add({k: r.stop - 1 for k, r in runs.items()})
    names = list(runs)
    for attempt in range(6 * most):
        if len(found) >= most:
            break
        chosen = {k: rng.choice(r) for k, r in runs.items()}
        for _ in range(attempt % 4 if len(names) > 1 else 0):
            first, second = rng.sample(names, 2)
            if chosen[first] in runs[second]:
                chosen[second] = chosen[first]
        add(chosen)
    return list(found.values())


def _accessed(node: tree.Node, letter: str) -> bool:
    return letter in names_in_indices(node)


def _from_conditions(letter: str, conditions: Sequence[tree.Expression], interpreter: Interpreter) -> range | None:
    for condition in conditions:
        if isinstance(condition, tree.Comparison):
            for item in condition.items:
                if isinstance(item, tree.Range) and letter in names_in(condition.items[0]):
                    return range(interpreter.index(item.low, {}), interpreter.index(item.high, {}) + 1)
                if isinstance(item, tree.Num) and item.value.denominator == 1 and condition.relations[0] == "=":
                    return range(int(item.value), int(item.value) + 1)
    return None


def _holds(interpreter: Interpreter, chosen: Environment, conditions: Sequence[tree.Expression]) -> bool:
    for condition in conditions:
        if isinstance(condition, tree.Comparison) and any(isinstance(i, tree.Range) for i in condition.items):
            run = next(i for i in condition.items if isinstance(i, tree.Range))
            number = interpreter.index(condition.items[0], chosen)
            if not interpreter.index(run.low, chosen) <= number <= interpreter.index(run.high, chosen):
                return False
            continue
        try:
            if not bool(np.all(interpreter.truth(condition, chosen))):
                return False
        except OutOfRangeError:
            return False
        except UnboundError as problem:
            raise UnsupportedError(f"the condition names {problem.key}, of which nothing is said") from None
    return True


def picks_member(interpreter: Interpreter, sides: Sides, letter: str) -> bool:
    """Whether a letter counts layers or steps: the first index of a view or of a family."""
    for side in (sides.left, sides.right):
        for node in subscripts(side, letter):
            if not isinstance(node.base, tree.Name):
                continue
            key = node.base.key
            symbol = interpreter.point.model.symbols.get(key)
            leading = symbol.leading if symbol is not None else int(key in interpreter.scope.views)
            if any(letter in names_in(item) for item in node.items[:leading]):
                return True
    return False
