"""The value of a bound tree at a point, as a page means it.

What is written is computed as it is written. Where a page leaves more than one reading (which layout derivatives have, what
a product of Jacobians contracts), the reading is an argument: `Reading`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning import calls, tensors
from gradsheet.checking.meaning.calls import UnsupportedError
from gradsheet.checking.meaning.indices import names_in, offset, whole
from gradsheet.checking.meaning.points import MissingError, Point, Push
from gradsheet.checking.meaning.tensors import MismatchError, Value, array, scalar, value
from gradsheet.evaluation import Evaluator, JetDomain, UndecidedError
from gradsheet.calculus import unfold_all
from gradsheet.expressions import Lambda, Role, Symbol
from gradsheet.numerics.jets import Jet
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.checking.meaning.scope import Local, Scope

Environment = dict[str, Any]
"""Letters with their numbers, arguments with their values."""


class UnboundError(Exception):
    """A symbol that nothing on the page or in the sheet says anything about."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class OutOfRangeError(Exception):
    """An entry, a layer or a step that is not there."""


class StoppedError(Exception):
    """More work than the limits allow."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a formula is read where pages differ.

    `jacobian`: the derivative of a scalar by a column is a row. `turned`: ∂a/∂b has the entries of b first.
    `chain`: products contract what the Jacobians beside each other share. `norms`: (a)² of a column is ‖a‖².
    """

    jacobian: bool = False
    turned: bool = False
    chain: bool = False
    norms: bool = False


@dataclass(slots=True)
class Budget:
    """How much may still be computed; shared by all interpreters of one check."""

    terms: int = 20_000
    """Terms of sums in one evaluation."""
    deadline: float | None = None


class Interpreter:
    """Evaluates trees at one point in one reading; what has no free letter is kept."""

    def __init__(
        self,
        point: Point,
        scope: Scope,
        reading: Reading = Reading(),
        pushes: tuple[tuple[Push, int], ...] = (),
        order: int = 0,
        budget: Budget | None = None,
    ) -> None:
        self.point = point
        self.scope = scope
        self.reading = reading
        self.pushes = pushes
        self.order = order
        self.budget = budget or Budget()
        self.domain = JetDomain(order)
        self._memo: dict[tuple[int, tuple[tuple[str, int], ...]], tuple[tree.Node, Value]] = {}
        self._moved: dict[tuple[tuple[tuple[Push, int], ...], int], Interpreter] = {}
        self._depth = 0
        self._numbers: dict[str, int] | None = None
        self._uncarried: Interpreter | None = None
        self._chained: Interpreter | None = None

    def moved(self, pushes: tuple[tuple[Push, int], ...], order: int) -> Interpreter:
        """The same formulas with some entries of the sheet's quantities moving."""
        found = self._moved.get((pushes, order))
        if found is None:
            found = Interpreter(self.point, self.scope, self.reading, pushes, order, self.budget)
            self._moved[pushes, order] = found
        return found

    def chained(self) -> Interpreter:
        """The same, with products read as chains of Jacobians."""
        if self._chained is None:
            reading = replace(self.reading, chain=True)
            self._chained = Interpreter(self.point, self.scope, reading, self.pushes, self.order, self.budget)
        return self._chained

    def uncarried(self) -> Interpreter:
        """The same without what earlier wrong lines say."""
        if self._uncarried is None:
            scope = replace(self.scope, carried={})
            self._uncarried = Interpreter(self.point, scope, self.reading, self.pushes, self.order, self.budget)
        return self._uncarried

    # ------------------------------------------------------------ entry

    def evaluate(self, node: tree.Expression, known: Environment | None = None) -> Value:
        """The value of a tree; raises the errors of this module, `MismatchError` or `MissingError`."""
        known = known or {}
        if self.scope.carried and isinstance(node, tree.Derivative | tree.Name | tree.Subscript):
            other = self.scope.carried.get(plain(node))
            if other is not None:
                return self.uncarried().evaluate(other, known)
        if any(not isinstance(v, int) for v in known.values()):
            return self._evaluate(node, known)
        key = (id(node), tuple(sorted(known.items())))
        found = self._memo.get(key)
        if found is None:
            found = (node, self._evaluate(node, known))
            self._memo[key] = found
        return found[1]

    def number(self, entry: Any) -> Value:
        """An exact number."""
        return scalar(Jet.constant(entry, self.order))

    def _evaluate(self, node: tree.Expression, known: Environment) -> Value:
        self._depth += 1
        if self._depth > 400:
            raise UnsupportedError("it is nested too deeply")
        try:
            return self._dispatch(node, known)
        finally:
            self._depth -= 1

    def _dispatch(self, node: tree.Expression, known: Environment) -> Value:  # noqa: C901, PLR0911, PLR0912 - one case each
        match node:
            case tree.Num(value=number):
                return self.number(number)
            case tree.Name():
                return self.name(node, known)
            case tree.Group(items=(item,)):
                return self.evaluate(item, known)
            case tree.Underbrace(base=base):
                return self.evaluate(base, known)
            case tree.Subscript():
                return self.subscript(node, known)
            case tree.Prime():
                return self.prime(node, known)
            case tree.Transpose(base=base):
                return tensors.transposed(self.evaluate(base, known))
            case tree.Power():
                return self.power(node, known)
            case tree.Product():
                return self.product(node, known)
            case tree.Additive(terms=terms):
                return self.additive(terms, known)
            case tree.Comparison() | tree.Logic():
                return Value(_indicator(self.truth(node, known), self.order))
            case tree.Conditional():
                return self.conditional(node, known)
            case tree.Binder():
                return self.binder(node, known)
            case tree.Bars():
                return self.bars(node, known)
            case tree.Array(rows=rows):
                return self.matrix(rows, known)
            case tree.Derivative():
                return self.derivative(node.of, node.by, known)
            case _:
                raise UnsupportedError(f"a {type(node).__name__.lower()} has no value here")

    # ------------------------------------------------------------ names

    def name(self, node: tree.Name, known: Environment) -> Value:
        key = node.key
        if key in known:
            held = known[key]
            return held if isinstance(held, Value) else self.number(held)
        local = self.scope.locals.get(key)
        if local is not None and not local.function and not local.parameters:
            return self.local(local, (), known)
        symbol = self.point.model.symbols.get(key)
        if symbol is not None and symbol.role is not Role.FUNCTION:
            return self.symbol(symbol)
        size = self.point.size(key)
        if size is not None:
            return self.number(size)
        if key in self.scope.numbers:
            return self.number(self.scope.numbers[key])
        view = self.scope.views.get(key)
        if key in {"π", "e"}:
            return scalar(self.domain.constant(key))
        if key == "∞":
            raise UnsupportedError("infinity is no value")
        if key == "I" and view is None:
            raise UnsupportedError("the size of the identity is not said")
        raise UnboundError(key)

    def symbol(self, symbol: Symbol) -> Value:
        held = self.point.of(symbol, self.pushes, self.order)
        if isinstance(held, dict):
            raise UnsupportedError(f"{symbol.name} as a whole, whose members differ in shape")
        if symbol.is_integer:
            return Value(_whole_jets(held, self.order))
        return self.oriented(symbol, held)

    def oriented(self, symbol: Symbol, held: Any) -> Value:
        """The array of a symbol as the page has it: rows where the page has rows."""
        data = array(held)
        if data.ndim == 1 and (symbol.row or self.scope.rows):
            return value(data.reshape(1, -1))
        return value(data)

    def local(self, local: Local, arguments: Sequence[Any], known: Environment) -> Value:
        inner = {k: v for k, v in known.items() if isinstance(v, int)} if not local.function else {}
        inner.update(zip(local.parameters, arguments, strict=True))
        return self.evaluate(local.body, inner)

    # ------------------------------------------------------------ entries and members

    def subscript(self, node: tree.Subscript, known: Environment) -> Value:
        found = self.member(node, known)
        if found is not None:
            return found
        base, items = _flattened(node)
        if isinstance(base, tree.Name) and base.key in {"δ", "𝟙"} and len(items) == 2 and not self.stands(base.key):
            i, j = (self.index(item, known) for item in items)
            return self.number(int(i == j))
        if isinstance(base, tree.Name) and base.key == "e" and len(items) == 1 and not self.stands("e"):
            raise UnsupportedError("a unit vector whose length is not said")
        held = self.evaluate(base, known)
        lows = self.lows(base, held.data.ndim, known)
        return self.entry(held.data, items, lows, known)

    def stands(self, key: str) -> bool:
        """Whether a name stands for something."""
        return key in self.scope.locals or key in self.point.model.symbols or key in self.scope.views

    def member(self, node: tree.Subscript, known: Environment) -> Value | None:
        """A member of a family, of a view, of a definition with indices; with entries behind it."""
        resolved = self.resolve(node, known)
        if resolved is None:
            return None
        target, items = resolved
        if isinstance(target, _Whole):
            held = self.point.of(target.symbol, self.pushes, self.order)
            if target.member is not None:
                held = self.member_of(held, target)
            if target.symbol.is_integer:
                held = _whole_jets(held, self.order)
            if not items:
                return self.oriented(target.symbol, held)
            return self.entry(array(held), items, target.lows(self.point), known)
        base = self.evaluate(target[0], target[1])
        if not items:
            return base
        return self.entry(base.data, items, [1] * base.data.ndim, known)

    def member_of(self, held: Any, target: _Whole) -> Any:
        assert target.member is not None
        if isinstance(held, dict):
            if target.member not in held:
                raise OutOfRangeError
            return held[target.member]
        for axis, at in enumerate(target.member):
            position = at - self.point.low(target.symbol, axis)
            if not 0 <= position < np.shape(held)[0]:
                raise OutOfRangeError
            held = held[position]
        return held

    def resolve(
        self, node: tree.Expression, known: Environment
    ) -> tuple[_Whole | tuple[tree.Expression, Environment], list[Any]] | None:
        """What a name with indices is: a quantity of the sheet (or a member of one), or a definition; the indices left."""
        base, items = _flattened(node)
        if not isinstance(base, tree.Name) or base.key in known:
            return None
        for _ in range(12):
            local = self.scope.locals.get(base.key)
            if local is not None and not local.function:
                count = len(local.parameters)
                if len(items) < count:
                    raise UnsupportedError(f"{base.key} needs {count} indices")
                inner = {k: v for k, v in known.items() if isinstance(v, int)}
                inner.update(zip(local.parameters, (self.index(i, known) for i in items[:count]), strict=True))
                inner_base, inner_items = _flattened(local.body)
                if isinstance(inner_base, tree.Name) and inner_base.key not in inner:
                    base, known = inner_base, inner
                    items = [*(_fixed(i, inner) for i in inner_items), *items[count:]]
                    continue
                return (local.body, inner), list(items[count:])
            view = self.scope.views.get(base.key)
            if view is not None and items and base.key not in self.point.model.symbols:
                number = self.index(items[0], known)
                target = view.get(number)
                if target is None:
                    raise OutOfRangeError
                inner_base, inner_items = _flattened(target)
                items = [*inner_items, *items[1:]]
                if not isinstance(inner_base, tree.Name):
                    return (target, {}), list(items)
                base = inner_base
                continue
            break
        symbol = self.point.model.symbols.get(base.key)
        if symbol is None or symbol.role is Role.FUNCTION:
            return None
        leading = symbol.leading
        if leading and len(items) >= leading:
            numbers = tuple(self.index(i, known) for i in items[:leading])
            return _Whole(symbol, numbers), list(items[leading:])
        if leading and items:
            raise UnsupportedError(f"{symbol.name} needs {leading} indices")
        return _Whole(symbol, None), list(items)

    def lows(self, base: tree.Expression, count: int, known: Environment) -> list[int]:
        """Where the axes of something start to count."""
        resolved = self.resolve(base, known) if isinstance(base, tree.Name | tree.Subscript) else None
        if resolved is not None and isinstance(resolved[0], _Whole) and not resolved[1]:
            return resolved[0].lows(self.point)
        return [1] * count

    def entry(self, data: Any, items: Sequence[Any], lows: Sequence[int], known: Environment) -> Value:
        """Entries, rows and columns; what is outside raises."""
        data = array(data)
        if data.ndim == 2 and data.shape[0] == 1 and len(items) == 1:
            data, lows = data.reshape(-1), [1]
        if data.ndim == 1 and len(items) == 2 and isinstance(items[1], tree.Num) and items[1].value == 1:
            items = items[:1]
        if len(items) > data.ndim:
            if not data.ndim:
                raise UnsupportedError("a scalar has no entries")
            raise UnsupportedError(f"{len(items)} indices for {data.ndim}")
        chosen: list[Any] = []
        for k, item in enumerate(items):
            low = lows[k] if k < len(lows) else 1
            if isinstance(item, tree.Slice):
                first = 0 if item.low is None else self.index(item.low, known) - low
                last = data.shape[k] if item.high is None else self.index(item.high, known) - low + 1
                if first < 0 or last > data.shape[k]:
                    raise OutOfRangeError
                chosen.append(slice(first, last))
                continue
            position = self.index(item, known) - low
            if not 0 <= position < data.shape[k]:
                raise OutOfRangeError
            chosen.append(position)
        return value(array(data[tuple(chosen)]))

    def index(self, node: tree.Expression | tree.Slice, known: Environment) -> int:
        """The number of an index expression."""
        if isinstance(node, tree.Name):
            quick = known.get(node.key)
            if type(quick) is int:
                return quick
        elif isinstance(node, tree.Slice):
            raise UnsupportedError("a slice where one index is needed")
        elif isinstance(node, tree.Num) and node.value.denominator == 1:
            return int(node.value)
        found = whole(node, self.numbers(known))
        if found is not None:
            return found
        for key in sorted(names_in(node)):
            if key not in known and self.point.size(key) is None and key not in self.scope.numbers:
                symbol = self.point.model.symbols.get(key)
                if symbol is None:
                    raise UnboundError(key)
        held = self.evaluate(node, known)
        if held.data.ndim:
            raise UnsupportedError("an index that is no number")
        exact = held.data[()].value.unique_fmpz()
        if exact is None:
            raise UnsupportedError("an index that is no whole number")
        return int(exact)

    def numbers(self, known: Environment) -> dict[str, Any]:
        """Letters that are whole numbers here."""
        if self._numbers is None:
            sizes = {key: self.point.size(key) for key in self.point.model.sheet.sizes}
            self._numbers = {**self.scope.numbers, **{k: v for k, v in sizes.items() if v is not None}}
        return {**self._numbers, **{k: v for k, v in known.items() if isinstance(v, int)}}

    # ------------------------------------------------------------ functions

    def function(self, node: tree.Expression) -> tuple[tree.Name, int, tree.Expression | None] | None:
        """A function at the head of a product: its name, its primes, its exponent."""
        exponent: tree.Expression | None = None
        if isinstance(node, tree.Power):
            node, exponent = node.base, node.exponent
        primes = 0
        if isinstance(node, tree.Prime):
            node, primes = node.base, node.count
        if isinstance(node, tree.FunctionName):
            return node, primes, exponent
        return None

    def apply(
        self, name: tree.Name, primes: int, arguments: Sequence[tree.Expression], known: Environment
    ) -> Value:
        """f(x, …); `softmax(z[k])` is the entry of softmax(z)."""
        key = self.scope.functions.get(name.key, name.key)
        if len(arguments) == 1:
            inner = self.entry_of_whole(key, arguments[0], known)
            if inner is not None:
                return inner
        local = self.scope.locals.get(key)
        if local is not None and local.function:
            if primes:
                return self.derived(local, arguments, primes, known)
            if len(arguments) != len(local.parameters):
                raise UnsupportedError(f"{key} takes {len(local.parameters)} arguments")
            return self.local(local, [self.evaluate(a, known) for a in arguments], known)
        polynomial = self.point.functions.get(key)
        if polynomial is not None and len(arguments) == 1:
            return calls.unspecified(polynomial, self.evaluate(arguments[0], known), primes, self.order)
        symbol = self.point.model.symbols.get(key)
        if symbol is not None and symbol.role is Role.FUNCTION and not primes:
            return self.sheet_function(symbol, [self.evaluate(a, known) for a in arguments])
        found = calls.apply(key, [self.evaluate(a, known) for a in arguments], primes, self.order)
        if found is None:
            raise UnboundError(key)
        return found

    def entry_of_whole(self, key: str, argument: tree.Expression, known: Environment) -> Value | None:
        """`softmax(z[k])`: a function of a vector named with an entry of its argument."""
        if key not in {"softmax", "log_softmax", "logsoftmax"}:
            return None
        held = self.evaluate(argument, known)
        if held.data.ndim:
            return None
        base, items = _flattened(argument)
        if not items or isinstance(items[-1], tree.Slice):
            return None
        outer = tree.Subscript(base, tuple(items[:-1])) if len(items) > 1 else base
        whole_value = self.evaluate(outer, known)
        if whole_value.data.ndim != 1:
            return None
        result = calls.apply(key, [whole_value], 0, self.order)
        assert result is not None
        return self.entry(result.data, items[-1:], self.lows(outer, 1, known), known)

    def derived(self, local: Local, arguments: Sequence[tree.Expression], primes: int, known: Environment) -> Value:
        """The derivative of a function that the page defines, by its Taylor series."""
        if primes > 1 or self.order or len(arguments) != 1 or len(local.parameters) != 1:
            raise UnsupportedError(f"the derivative of {local.key}")
        at = self.evaluate(arguments[0], known)
        inner = self.moved((), 1)
        flat = [
            inner.local(local, [scalar(Jet.variable(jet.value, 1, 1))], known).data[()].derivative
            for jet in at.data.reshape(-1)
        ]
        result = np.empty(len(flat), dtype=object)
        result[:] = [Jet.constant(entry, self.order) for entry in flat]
        return Value(result.reshape(at.shape))

    def sheet_function(self, symbol: Symbol, arguments: Sequence[Value]) -> Value:
        """A function that the sheet defines."""
        definition = self.point.model.sheet.functions[symbol]
        if len(arguments) != len(definition.formals):
            raise UnsupportedError(f"{symbol.name} takes {len(definition.formals)} arguments")
        held = dict(self.point.values(self.pushes, self.order))
        for formal, argument in zip(definition.formals, arguments, strict=True):
            data = tensors.squeezed(argument) if formal.rank < 2 else argument.data
            if data.ndim > formal.rank:
                raise UnsupportedError(f"an argument of {symbol.name} has the wrong shape")
            held[formal] = data.reshape((*data.shape, *([1] * (formal.rank - data.ndim))))
        sizes = self.point.sizes
        evaluator = Evaluator(self.domain, sizes.values, sizes.families, held, self.point.functions)
        body = definition.body
        unfolded = Lambda(body.indices, unfold_all(body.body, self.point.model.sheet.functions))
        return value(evaluator.tensor(unfolded))

    def prime(self, node: tree.Prime, known: Environment) -> Value:
        if isinstance(node.base, tree.FunctionName) or node.count > 1:
            raise UnsupportedError("a prime without an argument behind it")
        return tensors.transposed(self.evaluate(node.base, known))

    # ------------------------------------------------------------ operations

    def power(self, node: tree.Power, known: Environment) -> Value:
        head = self.function(node)
        if head is not None:
            raise UnsupportedError(f"the function {head[0].text} without its argument")
        exponent = self.evaluate(node.exponent, known)
        if exponent.data.ndim:
            if isinstance(node.base, tree.Name) and node.base.key == "e" and not self.stands("e"):
                return calls.elementwise("exp", [exponent], 0, self.order)
            raise UnsupportedError("an exponent that is no number")
        if isinstance(node.base, tree.Name) and node.base.key == "e" and "e" not in known and not self.stands("e"):
            return calls.elementwise("exp", [exponent], 0, self.order)
        base = self.evaluate(node.base, known)
        count = whole(node.exponent, {})
        if count is not None:
            return self.whole_power(base, count)
        return Value(array(self.domain.power(base.data, exponent.data[()])))

    def whole_power(self, base: Value, count: int) -> Value:
        if abs(count) > 64:
            raise UnsupportedError("an exponent of this size")
        if base.data.ndim == 2 and 1 not in base.shape:
            if count == -1:
                return calls.of_array("inverse", base, self.order)
            if count < 0 or base.shape[0] != base.shape[1]:
                return Value(array(base.data**count)) if count == 2 else _no_power()
        data = base.data
        result = data
        if count == 0:
            return Value(array(data * 0 + 1))
        for _ in range(abs(count) - 1):
            result = result * data
        if count < 0:
            result = 1 / result if not isinstance(result, np.ndarray) else Jet.constant(1, self.order) / result
        squared = Value(array(result), base.outputs)
        if count == 2 and self.reading.norms and 0 < data.ndim <= 2 and (data.ndim == 1 or 1 in data.shape):
            return value(sum(squared.data.reshape(-1), Jet.constant(0, self.order)))
        return squared

    def additive(self, terms: Sequence[tree.Term], known: Environment) -> Value:
        result: Value | None = None
        for term in terms:
            part = self.evaluate(term.item, known)
            if result is None:
                result = Value(array(-part.data), part.outputs, part.literal) if term.sign == "-" else part
            elif term.sign == "-":
                result = tensors.elementwise(lambda x, y: x - y, result, part, "minus")
            else:
                result = tensors.elementwise(lambda x, y: x + y, result, part, "plus")
        assert result is not None
        return result

    def operands(self, factors: Sequence[tree.Factor], known: Environment) -> list[tuple[str, Value]]:
        """The factors of a product as values with their signs; functions take their arguments."""
        found: list[tuple[str, Value]] = []
        position = 0
        while position < len(factors):
            factor = factors[position]
            head = self.function(factor.item)
            position += 1
            if head is None:
                if isinstance(factor.item, tree.FunctionName):
                    raise UnsupportedError(f"the function {factor.item.text} without its argument")
                found.append((factor.sign, self.evaluate(factor.item, known)))
                continue
            if position >= len(factors):
                raise UnsupportedError(f"the function {head[0].text} without its argument")
            argument = factors[position].item
            position += 1
            result = self.called(head, argument, known)
            found.append((factor.sign, result))
        return found

    def called(
        self, head: tuple[tree.Name, int, tree.Expression | None], argument: tree.Expression, known: Environment
    ) -> Value:
        """f(x), f'(x), f²(x), and f(x)² with what stands behind the bracket."""
        name, primes, exponent = head
        outside: list[Any] = []
        while isinstance(argument, tree.Subscript | tree.Power | tree.Transpose) and _opens(argument):
            outside.append(argument)
            argument = argument.base
        arguments = argument.items if isinstance(argument, tree.Group) else (argument,)
        result = self.apply(name, primes, arguments, known)
        if exponent is not None:
            count = whole(exponent, {})
            if count is None:
                raise UnsupportedError("an exponent of a function that is no number")
            if count == -1:
                raise UnsupportedError(f"{name.text}⁻¹: the inverse function or 1/{name.text}")
            result = self.whole_power(result, count)
        for wrapper in reversed(outside):
            match wrapper:
                case tree.Subscript(items=items):
                    lows = [1] * result.data.ndim
                    if arguments:
                        inner = self.lows(arguments[0], result.data.ndim, known)
                        lows = inner if len(inner) == result.data.ndim else lows
                    result = self.entry(result.data, items, lows, known)
                case tree.Power(exponent=above):
                    count = whole(above, {})
                    if count is None:
                        raise UnsupportedError("an exponent that is no number")
                    result = self.whole_power(result, count)
                case _:
                    result = tensors.transposed(result)
        return result

    def product(self, node: tree.Product, known: Environment) -> Value:
        return self.multiplied(self.operands(node.factors, known))

    def multiplied(self, operands: Sequence[tuple[str, Value]]) -> Value:
        """Factors joined: what stands between two ⊙ first, then entry by entry; from left to right if that fails."""
        signs = [sign for sign, _ in operands]
        if "⊙" in signs or "*" in signs:
            try:
                return self.grouped(operands)
            except MismatchError:
                pass
        return self.in_order(operands)

    def grouped(self, operands: Sequence[tuple[str, Value]]) -> Value:
        groups: list[list[tuple[str, Value]]] = [[]]
        for sign, operand in operands:
            if sign == "⊙":
                groups.append([("", operand)])
            else:
                groups[-1].append((sign, operand))
        result = self.in_order(groups[0])
        for group in groups[1:]:
            result = tensors.hadamard(result, self.in_order(group))
        return result

    def in_order(self, operands: Sequence[tuple[str, Value]]) -> Value:
        result = operands[0][1]
        for sign, operand in operands[1:]:
            result = self.joined(result, sign, operand)
        return result

    def joined(self, left: Value, sign: str, right: Value) -> Value:
        match sign:
            case "/" | "⊘":
                return tensors.quotient(left, right)
            case "⊙":
                return tensors.hadamard(left, right)
            case "⊗":
                return value(np.multiply.outer(tensors.squeezed(left), tensors.squeezed(right)))
            case _ if self.reading.chain:
                return tensors.chained(left, right)
            case "·":
                return tensors.dot(left, right)
            case "*":
                if left.data.ndim and left.shape == right.shape:
                    return tensors.hadamard(left, right)
                return tensors.product(left, right)
            case _:
                return tensors.product(left, right)

    # ------------------------------------------------------------ conditions

    def truth(self, node: tree.Expression, known: Environment) -> Any:
        """Where a condition holds."""
        match node:
            case tree.Group(items=(item,)):
                return self.truth(item, known)
            case tree.Logic(kind="not", items=(item,)):
                return np.logical_not(self.truth(item, known))
            case tree.Logic(kind=kind, items=items):
                parts = [self.truth(item, known) for item in items]
                return (np.logical_and if kind == "and" else np.logical_or).reduce(np.broadcast_arrays(*parts))
            case tree.Comparison(items=items, relations=relations):
                result: Any = True
                for left, relation, right in zip(items, relations, items[1:], strict=False):
                    if relation == "∈":
                        raise UnsupportedError("a set in a condition")
                    result = np.logical_and(result, self.compared(left, relation, right, known))
                return result
            case _:
                raise UnsupportedError("a condition was expected")

    def compared(self, left: tree.Expression, relation: str, right: tree.Expression, known: Environment) -> Any:
        a, b = whole(left, self.numbers(known)), whole(right, self.numbers(known))
        if a is not None and b is not None:
            return np.asarray(_HOLDS[relation](a, b))
        x, y = self.evaluate(left, known), self.evaluate(right, known)
        try:
            return self.domain.compare(relation, *np.broadcast_arrays(x.data, y.data))
        except ValueError:
            raise MismatchError(x.shape, y.shape, "compared with") from None

    def conditional(self, node: tree.Conditional, known: Environment) -> Value:
        holds = np.asarray(self.truth(node.condition, known))
        if not holds.ndim:
            return self.evaluate(node.then if holds else node.otherwise, known)
        then, otherwise = self.evaluate(node.then, known), self.evaluate(node.otherwise, known)
        return Value(array(np.where(holds, then.data, otherwise.data)))

    # ------------------------------------------------------------ sums

    def binder(self, node: tree.Binder, known: Environment) -> Value:
        if node.kind in {"softmax", "logsumexp", "logsoftmax"}:
            raise UnsupportedError(f"{node.kind} over an index")
        states = self.configurations(node, known)
        skipping = any(_endless(i.domain) or i.domain is None for i in node.indices)
        steps = states if states is not None else self.steps(node, known)
        total: Value | None = None
        count = 0
        for state in steps:
            count += 1
            if count > self.budget.terms:
                raise StoppedError(f"a sum of more than {self.budget.terms} terms")
            try:
                part = self.evaluate(node.body, {**known, **state})
            except OutOfRangeError:
                if skipping or self._further(node):
                    continue
                raise
            total = part if total is None else self.accumulated(node.kind, total, part)
        if total is None:
            if node.kind in {"sum", "prod"}:
                return self.number(0 if node.kind == "sum" else 1)
            raise UnsupportedError("a maximum over nothing")
        if node.kind == "mean":
            return Value(array(total.data / count))
        return total

    @staticmethod
    def _further(node: tree.Binder) -> bool:
        """Terms without access are dropped from any sum whose body reaches beyond a plain index."""
        return True

    def accumulated(self, kind: str, total: Value, part: Value) -> Value:
        match kind:
            case "sum" | "mean":
                return tensors.elementwise(lambda x, y: x + y, total, part, "plus")
            case "prod":
                return tensors.elementwise(lambda x, y: x * y, total, part, "times")
            case _:
                return calls.elementwise(kind, [total, part], 0, self.order)

    def configurations(self, node: tree.Binder, known: Environment) -> Iterator[Environment] | None:
        """A sum over the values that a variable of a finite set can take: Σ_v."""
        names = [i.name.key for i in node.indices]
        symbols = [self.point.model.symbols.get(n) for n in names]
        if any(i.domain is not None for i in node.indices) or not all(
            s is not None and s.domain.kind == "finite" and s.role is Role.INPUT for s in symbols
        ):
            return None
        grids = []
        for symbol in symbols:
            assert symbol is not None
            shape = tuple(
                (self.point.sizes.evaluate(a.high) or 0) - (self.point.sizes.evaluate(a.low) or 0) + 1
                for a in symbol.axes
            )
            if len(symbol.domain.values) ** int(np.prod(shape)) > self.budget.terms:
                raise StoppedError(f"a sum over more than {self.budget.terms} states")
            grids.append([self._state(choice, shape) for choice in product(symbol.domain.values, repeat=int(np.prod(shape)))])
        return (dict(zip(names, chosen, strict=True)) for chosen in product(*grids))

    def _state(self, choice: Sequence[Any], shape: tuple[int, ...]) -> Value:
        data = np.empty(len(choice), dtype=object)
        data[:] = [Jet.constant(entry, self.order) for entry in choice]
        return value(data.reshape(shape))

    def steps(self, node: tree.Binder, known: Environment) -> Iterator[Environment]:
        """The values of the indices of a sum, one index after the other."""
        yield from self._nested(node, list(node.indices), dict(known), {})

    def _nested(
        self, node: tree.Binder, rest: list[tree.BoundIndex], known: Environment, chosen: Environment
    ) -> Iterator[Environment]:
        if not rest:
            yield dict(chosen)
            return
        first, *others = rest
        key = first.name.key
        run = self.domain_of(node, first, {k: v for k, v in known.items() if k != key})
        for number in run:
            chosen[key] = number
            yield from self._nested(node, others, {**known, key: number}, chosen)

    def domain_of(self, node: tree.Binder, index: tree.BoundIndex, known: Environment) -> range:
        """The numbers that an index runs over: as written, or wherever the body has entries."""
        domain = index.domain
        if isinstance(domain, tree.Range) and not _endless(domain):
            found = self.extent(node.body, index.name.key, known)
            low = self._end(domain.low, known, None if found is None else found.start)
            high = self._end(domain.high, known, None if found is None else found.stop - 1)
            return range(low, high + 1)
        if domain is not None and not isinstance(domain, tree.Range):
            raise UnsupportedError("the set that a sum runs over")
        found = self.extent(node.body, index.name.key, known)
        if found is None:
            raise UnsupportedError(f"what {index.name.text} runs over is not said")
        return found

    def _end(self, node: tree.Expression, known: Environment, otherwise: int | None) -> int:
        """An end of a range; a letter that nobody defines is the end of what is summed."""
        try:
            return self.index(node, known)
        except UnboundError:
            if otherwise is None or not isinstance(node, tree.Name):
                raise
            return otherwise

    def extent(self, body: tree.Node, letter: str, known: Environment) -> range | None:
        """Where a letter may run so that some access in a formula is inside: the hull of what each allows."""
        low: int | None = None
        high: int | None = None
        for node in walk(body):
            if not isinstance(node, tree.Subscript):
                continue
            for start, stop in self.access(node, letter, known):
                low = start if low is None else max(low, start)
                high = stop if high is None else min(high, stop)
        if low is None or high is None:
            return self._wide(body, letter, known)
        return range(low, high + 1)

    def _wide(self, body: tree.Node, letter: str, known: Environment) -> range | None:
        """The same where the letter stands only in sums of letters, `w[t-s]`: all that could be inside."""
        lows, highs = [], []
        for node in walk(body):
            if isinstance(node, tree.Subscript) and any(letter in names_in(i) for i in node.items):
                bounds = self.bounds(node, known)
                for item, (start, stop) in zip(_flattened(node)[1], bounds, strict=False):
                    if letter in names_in(item):
                        others = sum(abs(v) for k, v in known.items() if isinstance(v, int) and k in names_in(item))
                        lows.append(min(start, -stop) - others)
                        highs.append(max(stop, -start) + others)
        return range(min(lows), max(highs) + 1) if lows else None

    def access(self, node: tree.Subscript, letter: str, known: Environment) -> Iterator[tuple[int, int]]:
        """What each index `letter + c` of a name allows for the letter."""
        if not any(letter in names_in(item) for item in node.items):
            return
        bounds = self.bounds(node, known)
        for item, (start, stop) in zip(_flattened(node)[1], bounds, strict=False):
            shift = offset(item, letter) if not isinstance(item, tree.Slice) else None
            if shift is not None:
                yield start - shift, stop - shift

    def bounds(self, node: tree.Subscript, known: Environment) -> list[tuple[int, int]]:
        """First and last index of each axis of a name with indices, families and views first."""
        base, items = _flattened(node)
        if not isinstance(base, tree.Name):
            try:
                held = self.evaluate(base, known)
            except Exception:  # noqa: BLE001 - a part that cannot be computed tells nothing of a range
                return []
            lows = [1] * held.data.ndim
            return [(low, low + n - 1) for low, n in zip(lows, held.shape, strict=True)]
        key = base.key
        local = self.scope.locals.get(key)
        if local is not None and not local.function:
            return self._bounds_of_local(local, known)
        view = self.scope.views.get(key)
        if view is not None and key not in self.point.model.symbols:
            first = (min(view), max(view))
            member = next(iter(view.values()))
            try:
                number = self.index(items[0], known)
                member = view.get(number, member)
            except (UnboundError, UnsupportedError, OutOfRangeError):
                pass
            inner, fixed = _flattened(member)
            below = self.bounds(tree.Subscript(inner, (tree.Name("·", "·"),)), known) if isinstance(inner, tree.Name) else []
            return [first, *below[len(fixed) :]]
        symbol = self.point.model.symbols.get(key)
        if symbol is None:
            return []
        fixed: dict[Any, int] = {}
        found: list[tuple[int, int]] = []
        for axis, item in zip(symbol.axes, [*items, *([None] * symbol.rank)], strict=False):
            low = self.point.sizes.evaluate(axis.low, fixed)
            high = self.point.sizes.evaluate(axis.high, fixed)
            if low is None or high is None:
                break
            found.append((low, high))
            try:
                fixed[axis] = self.index(item, known) if item is not None and not isinstance(item, tree.Slice) else low
            except (UnboundError, UnsupportedError, OutOfRangeError):
                fixed[axis] = low
        return found

    def _bounds_of_local(self, local: Local, known: Environment) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for parameter in local.parameters:
            run = self.extent(local.body, parameter, known)
            found.append((run.start, run.stop - 1) if run is not None else (1, 0))
        if not local.parameters:
            try:
                held = self.evaluate(local.body, {})
            except Exception:  # noqa: BLE001 - as above
                return []
            return [(1, n) for n in held.shape]
        return found

    # ------------------------------------------------------------ the rest

    def bars(self, node: tree.Bars, known: Environment) -> Value:
        held = self.evaluate(node.body, known)
        if not held.data.ndim:
            return Value(array(self.domain.elementwise("abs", held.data)))
        subscript = node.subscript
        if isinstance(subscript, tree.Num) and subscript.value == 1:
            return value(sum(self.domain.elementwise("abs", held.data).reshape(-1), Jet.constant(0, self.order)))
        if subscript is not None and not (
            (isinstance(subscript, tree.Num) and subscript.value == 2)
            or (isinstance(subscript, tree.Name) and subscript.key == "F")
        ):
            raise UnsupportedError("this norm")
        if node.kind == "|" and held.data.ndim == 2 and 1 not in held.shape:
            return calls.of_array("det", held, self.order)
        found = calls.apply("norm", [held], 0, self.order)
        assert found is not None
        return found

    def matrix(self, rows: Sequence[Sequence[tree.Expression]], known: Environment) -> Value:
        if len(rows) == 1 and len(rows[0]) == 1 and isinstance(rows[0][0], tree.Comparison | tree.Logic):
            return Value(_indicator(self.truth(rows[0][0], known), self.order))
        parts = [[self.evaluate(item, known).data for item in row] for row in rows]
        if any(len(row) != len(parts[0]) for row in parts):
            raise UnsupportedError("rows of different lengths")
        first = parts[0][0].shape
        if any(p.shape != first for row in parts for p in row):
            raise UnsupportedError("entries of different shapes")
        if first and len(parts[0]) == 1:
            stacked = np.concatenate([r[0] for r in parts]) if len(first) == 2 and first[0] == 1 else np.stack([r[0] for r in parts])
            return Value(stacked, literal=True)
        if first:
            raise UnsupportedError("blocks side by side")
        data = np.empty((len(parts), len(parts[0])), dtype=object)
        for i, row in enumerate(parts):
            for j, part in enumerate(row):
                data[i, j] = part[()]
        if data.shape[1] == 1:
            data = data.reshape(-1)
        result = value(data)
        result.literal = True
        return result

    # ------------------------------------------------------------ derivatives

    def derivative(self, of: tree.Expression, by: Sequence[tree.Expression], known: Environment) -> Value:
        """∂of/∂by with every way on which `by` acts; of a vector by a vector the outputs come first."""
        *inner, last = by
        target = tree.Derivative(of, tuple(inner)) if inner else of
        pushes = self.locate(last, known)
        parts = np.empty(pushes.shape, dtype=object)
        for place in np.ndindex(pushes.shape):
            parts[place] = self._slope(target, pushes[place], known)
        shape = next(iter(parts.reshape(-1))).shape
        above = tuple(n for n in shape if n != 1) if len(shape) == 2 and 1 in shape else shape
        below = tuple(n for n in pushes.shape if n != 1)
        flat = np.empty((int(np.prod(above)), int(np.prod(below))), dtype=object)
        for k, part in enumerate(parts.reshape(-1)):
            flat[:, k] = part.reshape(-1)
        data = flat.reshape((*above, *below))
        if not above and not below:
            return Value(data)
        if not above:
            if len(below) == 1 and (self.reading.jacobian or self.scope.rows):
                return Value(data.reshape(1, -1), 0)
            return Value(data, 0)
        if not below:
            return Value(data, len(above))
        if self.reading.turned and len(above) == len(below) == 1:
            return Value(data.T, 1)
        return Value(data, len(above))

    def _slope(self, of: tree.Expression, push: Push, known: Environment) -> Any:
        """One column of a derivative, as jets of the order that is asked for here."""
        if not self.pushes:
            moved = self.moved(((push, 1),), 1).evaluate(of, known)
            return _each(lambda jet: Jet.constant(jet.derivative, self.order), moved.data)
        if self.order > 1:
            raise UnsupportedError("a derivative of this order")
        both = _merged(self.pushes, push)
        along = self.moved(((push, 1),), 2).evaluate(of, known).data
        mixed = (
            _each(lambda jet: jet.coefficient(2), self.moved(both, 2).evaluate(of, known).data)
            - _each(lambda jet: jet.coefficient(2), self.moved(self.pushes, 2).evaluate(of, known).data)
            - _each(lambda jet: jet.coefficient(2), along)
        )
        result = np.empty(np.shape(along), dtype=object)
        for place in np.ndindex(result.shape):
            result[place] = Jet.variable(along[place].coefficient(1), array(mixed)[place], self.order)
        return result

    def locate(self, node: tree.Expression, known: Environment) -> Any:
        """The entries of the sheet that a variable of differentiation is, as an array of pushes in its shape."""
        match node:
            case tree.Group(items=(item,)) | tree.Underbrace(base=item):
                return self.locate(item, known)
            case tree.Transpose(base=base):
                found = self.locate(base, known)
                return found.T if found.ndim == 2 else found
            case tree.Name() | tree.Subscript():
                pass
            case _:
                raise UnsupportedError("a derivative by an expression that has no name")
        resolved = self.resolve(node, known)
        if resolved is None:
            base = _flattened(node)[0]
            raise UnboundError(base.key if isinstance(base, tree.Name) else "?")
        target, items = resolved
        if not isinstance(target, _Whole):
            body, inner = target
            if items:
                raise UnsupportedError("a derivative by an entry of a definition")
            if isinstance(body, tree.Name | tree.Subscript | tree.Transpose | tree.Group):
                return self.locate(body, inner)
            raise UnsupportedError("a derivative by something that is no quantity of the sheet")
        held = self.point.of(target.symbol)
        grid = _pushes(target.symbol, held)
        if target.member is not None:
            grid = self.member_of(grid, target)
        if isinstance(grid, dict):
            raise UnsupportedError(f"{target.symbol.name} as a whole, whose members differ in shape")
        if not items:
            return array(grid)
        return self.entry(array(grid), items, target.lows(self.point), known).data


@dataclass(frozen=True, slots=True)
class _Whole:
    """A quantity of the sheet, or a member of one."""

    symbol: Symbol
    member: tuple[int, ...] | None

    def lows(self, point: Point) -> list[int]:
        """Where its axes start."""
        member = self.member or ()
        return [point.low(self.symbol, k, member) for k in range(len(member), self.symbol.rank)]


def _flattened(node: tree.Expression) -> tuple[tree.Expression, list[Any]]:
    """The name and all its indices: `h[l][i]` as h, l, i."""
    items: list[Any] = []
    while True:
        match node:
            case tree.Subscript(base=base, items=more):
                items[:0] = list(more)
                node = base
            case tree.Group(items=(tree.Name() | tree.Subscript() as inner,)):
                node = inner
            case tree.Underbrace(base=base):
                node = base
            case _:
                return node, items


def _opens(node: tree.Expression) -> bool:
    """Whether a chain of indices, powers and transposes begins with the bracket of an argument."""
    while isinstance(node, tree.Subscript | tree.Power | tree.Transpose):
        node = node.base
    return isinstance(node, tree.Group)


def _fixed(item: Any, known: Environment) -> Any:
    """An index of a definition's body as a number, where its letters are known."""
    found = None if isinstance(item, tree.Slice) else whole(item, known)
    return item if found is None else tree.Num(value=Fraction(found), text=str(found))


def _endless(domain: Any) -> bool:
    """A range that reaches to infinity."""
    return isinstance(domain, tree.Range) and any(
        isinstance(n, tree.Name) and n.key == "∞" for side in (domain.low, domain.high) for n in walk(side)
    )


def _indicator(holds: Any, order: int) -> Any:
    holds = np.asarray(holds)
    result = np.empty(holds.shape, dtype=object)
    for place in np.ndindex(holds.shape):
        result[place] = Jet.constant(int(holds[place]), order)
    return array(result)


def _whole_jets(held: Any, order: int) -> Any:
    return _each(lambda entry: Jet.constant(int(entry), order), np.asarray(held))


def _each(function: Any, data: Any) -> Any:
    data = array(data)
    result = np.empty(data.shape, dtype=object)
    for place in np.ndindex(data.shape):
        result[place] = function(data[place])
    return result


def _merged(pushes: tuple[tuple[Push, int], ...], push: Push) -> tuple[tuple[Push, int], ...]:
    joined = dict(pushes)
    joined[push] = joined.get(push, 0) + 1
    return tuple(sorted(joined.items(), key=lambda item: (item[0].symbol.serial, item[0].member or (), item[0].place)))


def _pushes(symbol: Symbol, held: Any) -> Any:
    if isinstance(held, dict):
        return {member: _grid(symbol, member, np.shape(part)) for member, part in held.items()}
    return _grid(symbol, None, np.shape(held))


def _grid(symbol: Symbol, member: tuple[int, ...] | None, shape: tuple[int, ...]) -> Any:
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        result[place] = Push(symbol, member, place)
    return result


def _no_power() -> Value:
    raise UnsupportedError("this power of a matrix")


_HOLDS: dict[str, Any] = {
    "=": lambda a, b: a == b, "≠": lambda a, b: a != b, "<": lambda a, b: a < b, "≤": lambda a, b: a <= b,
    ">": lambda a, b: a > b, "≥": lambda a, b: a >= b,
}  # fmt: skip

__all__ = [
    "Budget", "Environment", "Interpreter", "MismatchError", "MissingError", "OutOfRangeError", "Reading", "StoppedError",
    "UnboundError", "UndecidedError", "UnsupportedError",
]  # fmt: skip


def locate_symbol(interpreter: Interpreter, node: tree.Expression) -> Symbol | None:
    """The symbol that a name stands for as a whole: no entry of it, no expression."""
    if not isinstance(node, tree.Name | tree.Subscript | tree.Group | tree.Underbrace):
        return None
    try:
        resolved = interpreter.resolve(node, {})
    except (UnboundError, UnsupportedError, OutOfRangeError):
        return None
    if resolved is None or resolved[1]:
        return None
    target = resolved[0]
    if isinstance(target, _Whole):
        return target.symbol if target.member is None else None
    body, _ = target
    return locate_symbol(interpreter, body) if isinstance(body, tree.Name | tree.Subscript) and body is not node else None
