"""Values as C expressions, with as few parentheses as C's grammar asks for and compilers do not warn of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from gradsheet.kernels import values as v
from gradsheet.kernels.c.helpers import mask_of, scalar_function
from gradsheet.kernels.c.text import (
    AND,
    ATOM,
    BIT_AND,
    BIT_OR,
    BIT_XOR,
    CHOICE,
    EQUALITY,
    OR,
    PRODUCT,
    RELATION,
    SHIFT,
    SUM,
    UNARY,
    Expression,
    number,
    type_name,
)
from gradsheet.kernels.types import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradsheet.kernels.c.helpers import Helpers
    from gradsheet.kernels.values import Value

_ARITHMETIC = {
    "add": ("+", SUM),
    "sub": ("-", SUM),
    "mul": ("*", PRODUCT),
    "div": ("/", PRODUCT),
    "rem": ("%", PRODUCT),
}
_BITWISE = {"and": ("&", BIT_AND), "or": ("|", BIT_OR), "xor": ("^", BIT_XOR)}
_LOGICAL = {"and": ("&&", AND), "or": ("||", OR), "xor": ("!=", EQUALITY)}
_RELATIONS = {
    "eq": ("==", EQUALITY), "ne": ("!=", EQUALITY), "lt": ("<", RELATION), "le": ("<=", RELATION),
    "gt": (">", RELATION), "ge": (">=", RELATION),
}  # fmt: skip


class Expressions:
    """Makes expressions of values whose operands are expressions already."""

    def __init__(self, helpers: Helpers, at: Callable[[Value], Expression], *, fused: bool) -> None:
        self._helpers = helpers
        self._at = at
        self._fused = fused

    def of(self, value: Value) -> Expression:
        """The expression, which holds what its operands hold."""
        given: list[Expression] = []

        def take(x: Value) -> Expression:
            expression = self.constant(x) if isinstance(x, v.Constant) else self._at(x)
            given.append(expression)
            return expression

        made = self._made(value, take)
        loads = isinstance(value, v.Load) or any(e.loads for e in given)
        reads = frozenset().union(*(e.reads for e in given))
        return Expression(made.text, made.binds, loads, reads, made.mask, made.parts)

    def constant(self, constant: v.Constant) -> Expression:
        """A number, or a vector of numbers."""
        of, value = constant.of, constant.value
        if not isinstance(value, tuple):
            if of.lanes == 1:
                return number(value, of)
            if of.is_mask:
                return self.constant(v.Constant(of, (value,) * of.lanes))
            return Expression(f"{self._helpers.needs('splat', of)}({number(value, of.scalar).text})")
        self._helpers.vector(of)
        lanes = (str(-lane) for lane in value) if of.is_mask else (number(lane, of.scalar).text for lane in value)
        return Expression(f"({type_name(of)}){{{', '.join(lanes)}}}", mask=64 if of.is_mask else 0)

    def _made(self, value: Value, take: Callable[[Value], Expression]) -> Expression:
        match value:
            case v.Unary():
                return self._unary(value, take(value.x))
            case v.Binary(operation=operation, x=x, y=y):
                return self._binary(operation, value.number, *self._pair(x, y, take, operation))
            case v.Fused():
                return self._multiplied(value, take)
            case v.Compare(relation=relation, x=x, y=y):
                operator, binds = _RELATIONS[relation]
                first, second = self._pair(x, y, take, "add")
                mask = x.number.bits if value.number.lanes > 1 else 0
                text = f"{first.inside(SHIFT)} {operator} {second.inside(SHIFT)}"
                return Expression(text, binds, mask=mask)
            case v.Select():
                return self._selected(value, take)
            case v.Bits(x=x, to=to):
                return self._bits(take(x), x.number, to)
            case v.Convert(x=x, to=to):
                return self._converted(take(x), x.number, to)
            case v.Splat(x=x):
                return self._called("splat", value.number, [take(x)])
            case v.Extract(x=x, lane=lane):
                text = f"{take(x).inside(ATOM)}[{lane}]"
                return Expression(f"{text} != 0", EQUALITY) if value.number.is_mask else Expression(text)
            case v.Insert(x=x, y=y, lane=lane):
                return self._called("insert", value.number, [take(x), take(y), Expression(str(lane))])
            case v.Shuffle(x=x, y=y, lanes=lanes):
                self._helpers.vector(value.number)
                order = ", ".join(map(str, lanes))
                pair = self.aligned(take(x), x.number, 64), self.aligned(take(y), y.number, 64)
                return Expression(
                    f"__builtin_shufflevector({pair[0].text}, {pair[1].text}, {order})", mask=pair[0].mask
                )
            case v.Reduce(operation=operation, x=x):
                return self._called(f"lanes_{operation}", x.number, [self.aligned(take(x), x.type, 64)])
            case v.Load():
                return self._loaded(value, take)
            case v.Advance(pointer=pointer, offset=offset):
                return self.address(take(pointer), take(offset))
            case v.Call(function=function, arguments=arguments):
                given = [self.aligned(take(a), a.type, 64) for a in arguments]
                mask = 64 if isinstance(value.type, Type) and value.type.is_mask and value.type.lanes > 1 else 0
                return Expression(f"{function.name}({_list(given)})", mask=mask)
            case v.CallOutside(code=code, arguments=arguments):
                return Expression(f"{take(code).text}({_list(map(take, arguments))})")
            case v.Constant() | v.Parameter() | v.Local() | v.Table() | v.Index() | v.Carried() | v.Result():
                raise AssertionError(value)
            case _:
                assert_never(value)

    def address(self, pointer: Expression, offset: Expression) -> Expression:
        """The address p + offset."""
        return pointer if offset.text == "0" else Expression(f"{pointer.text} + {offset.inside(PRODUCT)}", SUM)

    def element(self, pointer: Expression, offset: Expression) -> str:
        """The element p[offset]."""
        return f"{pointer.inside(ATOM)}[{offset.text}]"

    def aligned(self, x: Expression, of: object, bits: int) -> Expression:
        """A mask of lanes in integers of a width; anything else as it is."""
        if not isinstance(of, Type) or not of.is_mask or of.lanes == 1 or x.mask == bits:
            return x
        to = Type("i64" if bits == 64 else "i32", of.lanes)
        self._helpers.vector(to)
        return Expression(f"__builtin_convertvector({x.text}, {to})", ATOM, x.loads, x.reads, bits)

    def _pair(
        self, x: Value, y: Value, take: Callable[[Value], Expression], operation: str
    ) -> tuple[Expression, Expression]:
        """Two operands. Beside a vector, C's operators take a scalar constant as it is."""
        if operation in {"add", "sub", "mul", "div", "and", "or", "xor", "shift_left", "shift_right"}:
            pair = [_plain(x), _plain(y)]
            if not all(pair):
                return pair[0] or take(x), pair[1] or take(y)
        return take(x), take(y)

    def _unary(self, value: v.Unary, x: Expression) -> Expression:
        of = value.number
        match value.operation:
            case "neg":
                return Expression(f"-{x.inside(ATOM)}", UNARY)
            case "not":
                scalar = of.is_mask and of.lanes == 1
                return Expression(f"{'!' if scalar else '~'}{x.inside(ATOM)}", UNARY, mask=x.mask)
            case operation if of.lanes == 1:
                return Expression(f"{scalar_function(operation, of)}({x.text})")
            case operation:
                return self._called(operation, of, [x])

    def _binary(self, operation: str, of: Type, x: Expression, y: Expression) -> Expression:
        if operation in _ARITHMETIC:
            return _infix(*_ARITHMETIC[operation], x, y)
        if operation in _BITWISE:
            if of.is_mask and of.lanes == 1:
                operator, binds = _LOGICAL[operation]
                return _grouped(operator, binds, x, y)
            bits = x.mask
            return _grouped(*_BITWISE[operation], x, self.aligned(y, of, bits), mask=bits)
        if operation == "shift_right":
            return _grouped(">>", SHIFT, x, y)
        if operation == "copysign" and of.lanes == 1:
            return Expression(f"{scalar_function(operation, of)}({x.text}, {y.text})")
        if operation in {"shift_left", "shift_right_zeros"} and of.lanes > 1 and not y.text.startswith("splat"):
            y = Expression(f"{self._helpers.needs('splat', of)}({y.text})")
        return self._called(operation, of, [x, y])

    def _multiplied(self, value: v.Fused, take: Callable[[Value], Expression]) -> Expression:
        of = value.number
        if value.exact or self._fused:
            given = [take(value.x), take(value.y), take(value.z)]
            return (
                Expression(f"{scalar_function('fma', of)}({_list(given)})")
                if of.lanes == 1
                else self._called("fma", of, given)
            )
        x, y = self._pair(value.x, value.y, take, "mul")
        z = _plain(value.z) or take(value.z)
        if x.binds == UNARY and x.text.startswith("-"):
            size = Expression(x.text[1:])
            return _infix("-", SUM, z, y if size.text in {"1.0", "1.0f"} else _infix("*", PRODUCT, size, y))
        product = _infix("*", PRODUCT, x, y)
        grown = _infix("+", SUM, z, product)
        # A sum that is handed on is written with what it was first.
        return grown if isinstance(value.z, v.Carried) else replace(_infix("+", SUM, product, z), parts=grown.parts)

    def _selected(self, value: v.Select, take: Callable[[Value], Expression]) -> Expression:
        of = value.number
        condition, x, y = take(value.condition), take(value.x), take(value.y)
        if value.condition.number.lanes == 1:
            x, y = self.aligned(x, of, 64), self.aligned(y, of, 64)
            return Expression(
                f"{condition.inside(RELATION)} ? {x.inside(SHIFT)} : {y.inside(SHIFT)}", CHOICE, mask=x.mask
            )
        if of.is_mask:
            x, y = self.aligned(x, of, condition.mask), self.aligned(y, of, condition.mask)
            integers = Type("i64" if condition.mask == 64 else "i32", of.lanes)
            name = self._helpers.needs("select", integers)
            return Expression(f"{name}({condition.text}, {x.text}, {y.text})", mask=condition.mask)
        condition = self.aligned(condition, value.condition.number, of.bits)
        return self._called("select", of, [condition, x, y])

    def _bits(self, x: Expression, of: Type, to: Type) -> Expression:
        if of == to:
            return x
        if of.lanes > 1:
            self._helpers.vector(to)
            return Expression(f"({to}){x.inside(UNARY)}", UNARY)
        return Expression(f"{self._helpers.needs('bits', of, to)}({x.text})")

    def _converted(self, x: Expression, of: Type, to: Type) -> Expression:
        if to.lanes == 1:
            return Expression(f"({type_name(to)}){x.inside(UNARY)}", UNARY)
        self._helpers.vector(to)
        if of.is_mask:
            x = Expression(f"{x.inside(UNARY)} & 1", BIT_AND)
        return Expression(f"__builtin_convertvector({x.text}, {to})")

    def _loaded(self, value: v.Load, take: Callable[[Value], Expression]) -> Expression:
        of, pointer, offset = value.number, take(value.pointer), take(value.offset)
        if of.lanes == 1:
            if value.volatile:
                place = self.address(pointer, offset).inside(UNARY)
                return Expression(f"*(const volatile {type_name(of)} *){place}", UNARY)
            return Expression(self.element(pointer, offset))
        address = self.address(pointer, offset)
        if value.mask is None:
            return self._called("load", of, [address])
        return self._called("load_masked", of, [address, self.aligned(take(value.mask), value.mask.type, of.bits)])

    def _called(self, name: str, of: Type, given: Iterable[Expression]) -> Expression:
        self._helpers.vector(mask_of(of))
        return Expression(f"{self._helpers.needs(name, of)}({_list(given)})")


def _plain(value: Value) -> Expression | None:
    """A constant that is the same in every lane, as a scalar."""
    if isinstance(value, v.Constant) and not isinstance(value.value, tuple) and not value.of.is_mask:
        return number(value.value, value.of.scalar)
    return None


def _infix(operator: str, binds: int, x: Expression, y: Expression) -> Expression:
    """Operators of one level are done from left to right."""
    first, second = x.inside(binds), y.inside(binds + 1)
    return Expression(f"{first} {operator} {second}", binds, parts=(first, operator, second) if binds == SUM else None)


def _grouped(operator: str, binds: int, x: Expression, y: Expression, mask: int = 0) -> Expression:
    """Operators whose order few know by heart: only the same one stays without parentheses beside it."""
    first = x.text if x.binds == binds and operator in {"&&", "||", "&", "|", "^"} else x.inside(UNARY)
    if binds in {AND, OR} and x.binds >= EQUALITY:
        first = x.text
    second = y.text if binds in {AND, OR} and y.binds >= EQUALITY else y.inside(UNARY)
    return Expression(f"{first} {operator} {second}", binds, mask=mask)


def _list(given: Iterable[Expression]) -> str:
    return ", ".join(e.text for e in given)
