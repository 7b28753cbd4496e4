"""The value of a bound tree at a point, as a page means it.

What is written is computed as it is written. Where a page leaves more than one reading (which layout derivatives have,
what a product of Jacobians contracts), the reading is an argument: `Reading`. How each kind of node is read stands in
the modules beside this one; they hand its parts back to the interpreter, which keeps what it has computed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradsheet.checking.meaning import (
    arithmetic,
    brackets,
    conditions,
    derivatives,
    functions,
    names,
    ranges,
    sums,
    tensors,
)
from gradsheet.checking.meaning.entries import index
from gradsheet.checking.meaning.errors import OutOfRangeError, StoppedError, UnboundError, UnsupportedError, again
from gradsheet.checking.meaning.points import MissingError
from gradsheet.checking.meaning.readings import AS_WRITTEN, Budget, Environment, Reading, that_matters
from gradsheet.checking.meaning.references import locate_symbol
from gradsheet.checking.meaning.tensors import MismatchError, Value, scalar
from gradsheet.evaluation import UndecidedError
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.meaning.functions import Head
    from gradsheet.checking.meaning.points import Point, Pushes
    from gradsheet.checking.meaning.scope import Scope

_DEEPEST = 160
_MOST_KEPT = 200_000
_LASTING = (OutOfRangeError, UnboundError, MismatchError)
"""What has no value for one of these reasons has none when it is asked for again."""


def _held(known: Environment, named: frozenset[str] | None) -> tuple[tuple[str, int], ...]:
    """Letters and arguments as a key, of those that are named if not of all: numbers by value, arrays by identity."""
    if named is None:
        found = [(k, v if isinstance(v, int) else -id(v)) for k, v in known.items()]
    else:
        found = [(k, v if isinstance(v, int) else -id(v)) for k, v in known.items() if k in named]
    if len(found) > 1:
        found.sort()
    return tuple(found)


class Interpreter:
    """Evaluates trees at one point in one reading; what hangs on no argument of a function is kept."""

    def __init__(
        self,
        point: Point,
        scope: Scope,
        reading: Reading = AS_WRITTEN,
        pushes: Pushes = (),
        order: int = 0,
        budget: Budget | None = None,
        kin: dict[Reading, Interpreter] | None = None,
    ) -> None:
        self.point = point
        self.scope = scope
        self.reading = reading
        self.pushes = pushes
        self.order = order
        self.budget = budget or Budget()
        self.domain = point.jets(order)
        self._memo: dict[
            int | tuple[int, tuple[tuple[str, int], ...]], tuple[tree.Node, tuple[Any, ...], Value | Exception]
        ] = {}
        """By identity; what hangs on letters or arguments by these as well."""
        self._calls: dict[tuple[Any, ...], tuple[tree.Node, Head, tuple[Any, ...], Value]] = {}
        self._kin = {} if kin is None else kin
        """The same in other readings: a part to which they make no difference is computed once for all of them."""
        self._kin[reading] = self
        self._readings: dict[int, tuple[tree.Node, Reading]] = {}
        self.scalars: dict[int, tuple[tree.Node, bool]] = {}
        """Whether names with their indices are single numbers, by identity."""
        self._moved: dict[tuple[Pushes, int], Interpreter] = {}
        self._depth = 0

    # ------------------------------------------------------------ others of its kind

    def moved(self, pushes: Pushes, order: int) -> Interpreter:
        """The same formulas with some entries of the sheet's quantities moving."""
        found = self._moved.get((pushes, order))
        if found is None:
            if self.reading == AS_WRITTEN:
                found = Interpreter(self.point, self.scope, AS_WRITTEN, pushes, order, self.budget)
            else:
                found = self.in_reading(AS_WRITTEN).moved(pushes, order).in_reading(self.reading)
            self._moved[pushes, order] = found
        return found

    def in_reading(self, reading: Reading) -> Interpreter:
        """The same in another reading."""
        found = self._kin.get(reading)
        if found is None:
            found = type(self)(self.point, self.scope, reading, self.pushes, self.order, self.budget, self._kin)
        return found

    @property
    def chained(self) -> Interpreter:
        """The same, with products read as chains of Jacobians."""
        return self.in_reading(self.reading._replace(chain=True))

    @cached_property
    def uncarried(self) -> Interpreter:
        """The same without what earlier wrong lines say."""
        scope = replace(self.scope, carried={})
        return Interpreter(self.point, scope, self.reading, self.pushes, self.order, self.budget)

    @cached_property
    def whole_numbers(self) -> dict[str, int]:
        """Names that are whole numbers wherever they stand: sizes, and letters that the page gives a number.

        A letter that the page defines is what the page says, also where the sheet has a size of that name.
        """
        sizes = {key: self.point.size(key) for key in self.point.model.sheet.sizes if key not in self.scope.locals}
        return {**self.scope.numbers, **{key: size for key, size in sizes.items() if size is not None}}

    # ------------------------------------------------------------ values

    def evaluate(self, node: tree.Expression, known: Environment | None = None) -> Value:
        """The value of a tree; raises the errors of `errors`, `MismatchError` or `MissingError`."""
        held = _held(known, self._named(node)) if known else ()
        key = (id(node), held) if held else id(node)
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) > _MOST_KEPT:
                self._memo.clear()
            arguments = tuple(known.values()) if held and known else ()
            try:
                value = self._evaluate(node, known or {})
            except _LASTING as problem:
                self._memo[key] = (node, arguments, again(problem))
                raise
            # The node and the arguments are kept, so their ids stay their own.
            self._memo[key] = (node, arguments, value)
            return value
        kept = found[2]
        if isinstance(kept, Exception):
            raise again(kept)
        return kept

    def call(self, function: Head, argument: tree.Expression, known: Environment) -> Value:
        """f(x): an edited product is another product, and the calls in it are the same."""
        held = _held(known, self._named(argument)) if known and function.exponent is None else _held(known, None)
        key = (id(argument), held, function.name.key, function.primes, id(function.exponent))
        found = self._calls.get(key)
        if found is None:
            result = functions.called(self, function, argument, known)
            if len(self._calls) > _MOST_KEPT:
                self._calls.clear()
            found = self._calls[key] = (argument, function, tuple(known.values()), result)
        return found[3]

    def _named(self, node: tree.Expression) -> frozenset[str] | None:
        """The letters that a value can hang on; None for all of them: what earlier wrong lines say may use any."""
        return None if self.scope.carried else self.scope.reach(node).names

    def _reading_of(self, node: tree.Expression) -> Reading:
        """The reading without what makes no difference to a formula."""
        found = self._readings.get(id(node))
        if found is None:
            found = self._readings[id(node)] = (node, that_matters(self.reading, node, self.scope))
        return found[1]

    def number(self, entry: Any) -> Value:
        """An exact number."""
        return scalar(self.domain.number(entry))

    def _evaluate(self, node: tree.Expression, known: Environment) -> Value:
        """By what an earlier wrong line says, in the reading that makes a difference to it, or here."""
        if self.scope.carried and isinstance(node, tree.Derivative | tree.Name | tree.Subscript):
            other = self.scope.carried.get(plain(node))
            if other is not None:
                return self.uncarried.evaluate(other, known)
        if self.reading is not AS_WRITTEN:
            reading = self._reading_of(node)
            if reading != self.reading:
                return self.in_reading(reading).evaluate(node, known)
        self._depth += 1
        self.budget.done += 1
        if self._depth > _DEEPEST:
            raise UnsupportedError("it is nested too deeply")
        try:
            return self._dispatch(node, known)
        finally:
            self._depth -= 1

    def _dispatch(self, node: tree.Expression, known: Environment) -> Value:
        match node:
            case tree.Name():
                bare = functions.bare(self, node, known)
                return names.name(self, node, known) if bare is None else bare
            case tree.Num(value=number):
                return self.number(number)
            case tree.Product():
                return arithmetic.product(self, node, known)
            case tree.Additive(terms=terms):
                return arithmetic.additive(self, terms, known)
            case tree.Group(items=(item,)) | tree.Underbrace(base=item):
                return self.evaluate(item, known)
            case tree.Subscript():
                return names.subscript(self, node, known)
            case tree.Derivative():
                return derivatives.derivative(self, node, known)
            case tree.Transpose(base=base):
                return tensors.transposed(self.evaluate(base, known))
            case tree.Power():
                return arithmetic.power(self, node, known)
            case tree.Prime(base=base, count=count):
                if isinstance(base, tree.FunctionName) or count > 1:
                    raise UnsupportedError("a prime without an argument behind it")
                return tensors.transposed(self.evaluate(base, known))
            case tree.Comparison() | tree.Logic():
                return conditions.indicator(self, node, known)
            case tree.Conditional():
                return conditions.conditional(self, node, known)
            case tree.Binder():
                return sums.binder(self, node, known)
            case tree.Bars():
                return brackets.bars(self, node, known)
            case tree.Array(rows=rows):
                return brackets.matrix(self, rows, known)
            case _:
                raise UnsupportedError(f"a {type(node).__name__.lower()} has no value here")

    # ------------------------------------------------------------ numbers, conditions, ranges

    def index(self, node: tree.Expression | tree.Slice, known: Environment) -> int:
        """The number of an index expression."""
        return index(self, node, known)

    def truth(self, node: tree.Expression, known: Environment) -> Any:
        """Where a condition holds."""
        return conditions.truth(self, node, known)

    def extent(self, body: tree.Node, letter: str, known: Environment) -> range | None:
        """Where a letter may run so that every access in a formula is inside."""
        return ranges.extent(self, body, letter, known)

    def steps(self, node: tree.Binder, known: Environment) -> Iterator[Environment]:
        """The values of the indices of a sum."""
        return sums.steps(self, node, known)


__all__ = [
    "AS_WRITTEN", "Budget", "Environment", "Interpreter", "MismatchError", "MissingError", "OutOfRangeError", "Reading",
    "StoppedError", "UnboundError", "UndecidedError", "UnsupportedError", "locate_symbol",
]  # fmt: skip
