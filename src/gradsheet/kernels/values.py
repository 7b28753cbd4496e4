"""Values of kernels, each assigned once: a closed union of few kinds of node, frozen, never simplified when built.

A value knows its type from its operands, so one whose types do not agree cannot be built. Values are compared by
identity: two equal additions are two additions. Numbers follow IEEE 754, rounding to nearest, and nothing is
reassociated; what a kind of node does beyond that stands in its docstring.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal, NoReturn, cast

from gradsheet.kernels.errors import KernelError
from gradsheet.kernels.types import I64, VOID, AnyType, Code, Pointer, Type
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.kernels.statements import Function

UnaryOperation = Literal["neg", "abs", "sqrt", "floor", "ceil", "truncate", "round_even", "not"]
BinaryOperation = Literal[
    "add", "sub", "mul", "div", "rem", "min", "max", "copysign",
    "wrapping_add", "wrapping_sub", "wrapping_mul",
    "and", "or", "xor", "shift_left", "shift_right", "shift_right_zeros",
]  # fmt: skip
Fold = Literal["add", "max", "min", "any", "all"]
Relation = Literal["eq", "ne", "lt", "le", "gt", "ge"]

_FLOAT_UNARY = {"neg", "abs", "sqrt", "floor", "ceil", "truncate", "round_even"}
_ARITHMETIC = {"add", "sub", "mul", "div", "min", "max"}
_INTEGER_BINARY = {
    "rem", "wrapping_add", "wrapping_sub", "wrapping_mul", "shift_left", "shift_right", "shift_right_zeros",
}  # fmt: skip
_BITWISE = {"and", "or", "xor"}


@dataclass(frozen=True, eq=False)
class Node:
    """A value with its type."""

    type: AnyType = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", self.typed())

    def typed(self) -> AnyType:
        """The type that follows from the operands, or an error that says what does not agree."""
        raise NotImplementedError

    @property
    def number(self) -> Type:
        """The type, where it is a number's or a vector's."""
        if not isinstance(self.type, Type):
            raise KernelError(f"a number is needed here, not a {self.type}")
        return self.type


@dataclass(frozen=True, eq=False)
class Constant(Node):
    """A number in every lane, or one for each lane."""

    of: Type
    value: float | int | tuple[float | int, ...]

    def typed(self) -> AnyType:
        lanes = self.value if isinstance(self.value, tuple) else (self.value,)
        if isinstance(self.value, tuple) and len(lanes) != self.of.lanes:
            raise KernelError(f"{len(lanes)} numbers for the lanes of {self.of}")
        for lane in lanes:
            if not self.of.is_float and not isinstance(lane, int):
                raise KernelError(f"{lane!r} is no {self.of.kind}")
            if self.of.is_integer and not -(1 << (self.of.bits - 1)) <= lane < 1 << (self.of.bits - 1):
                raise KernelError(f"{lane} is too large for {self.of.kind}")
            if self.of.is_mask and lane not in {0, 1}:
                raise KernelError(f"{lane} is no truth value")
        return self.of


@dataclass(frozen=True, eq=False)
class Parameter(Node):
    """What a function is given."""

    of: AnyType
    name: str

    def typed(self) -> AnyType:
        return self.of


@dataclass(frozen=True, eq=False)
class Unary(Node):
    """op x: neg, abs, sqrt, floor, ceil, truncate, round_even (halves to even) of floats; neg of integers; `not`."""

    operation: UnaryOperation
    x: Value

    def typed(self) -> AnyType:
        of = self.x.number
        fits = of.is_float if self.operation in _FLOAT_UNARY else not of.is_float
        return of if fits or (of.is_integer and self.operation == "neg") else _refuse(self.operation, of)


@dataclass(frozen=True, eq=False)
class Binary(Node):
    """x op y.

    - min is x < y ? x : y, and max x > y ? x : y. So with a NaN, or with zeros of both signs, the result is y: what one
      instruction does on most processors. `max(0, x)` keeps a NaN of x.
    - add, sub, mul of integers must not overflow (indices never do); the wrapping ones are modulo 2ⁿ.
    - div and rem of integers truncate toward zero; the divisor is not 0.
    - shifts are by 0 ≤ y < n bits; `shift_right` keeps the sign, `shift_right_zeros` shifts in zeros.
    - copysign(x, y) is |x| with the sign of y.
    """

    operation: BinaryOperation
    x: Value
    y: Value

    def typed(self) -> AnyType:
        of = _same(self.operation, self.x, self.y)
        if self.operation in _ARITHMETIC:
            fits = not of.is_mask
        elif self.operation in _INTEGER_BINARY:
            fits = of.is_integer
        elif self.operation in _BITWISE:
            fits = not of.is_float
        else:
            fits = of.is_float
        return of if fits else _refuse(self.operation, of)


@dataclass(frozen=True, eq=False)
class Fused(Node):
    """x y + z. `exact`: rounded once; otherwise once or twice, as is faster on the processor."""

    x: Value
    y: Value
    z: Value
    exact: bool

    def typed(self) -> AnyType:
        operation = "fma" if self.exact else "muladd"
        of = _same(operation, self.x, self.y, self.z)
        return of if of.is_float else _refuse(operation, of)


@dataclass(frozen=True, eq=False)
class Compare(Node):
    """x ∘ y, lane by lane. With a NaN every relation is false but `ne`, which is true. Integers are signed."""

    relation: Relation
    x: Value
    y: Value

    def typed(self) -> AnyType:
        of = _same(self.relation, self.x, self.y)
        return _refuse(self.relation, of) if of.is_mask else of.of("i1")


@dataclass(frozen=True, eq=False)
class Select(Node):
    """condition ? x : y, lane by lane; one truth value may choose between vectors."""

    condition: Value
    x: Value
    y: Value

    def typed(self) -> AnyType:
        condition = self.condition.number
        of = _same("select", self.x, self.y)
        if not condition.is_mask or condition.lanes not in {1, of.lanes}:
            raise KernelError(f"select between {of} needs {of.of('i1')} or i1, not {condition}")
        return of


@dataclass(frozen=True, eq=False)
class Bits(Node):
    """The same bits as another kind of number of the same width."""

    x: Value
    to: Type

    def typed(self) -> AnyType:
        of = self.x.number
        if of.bits != self.to.bits or of.lanes != self.to.lanes:
            raise KernelError(f"the bits of {of} are no {self.to}")
        return self.to


@dataclass(frozen=True, eq=False)
class Convert(Node):
    """The number as another kind: floats to integers toward zero (it must fit), wide to narrow rounded or cut off."""

    x: Value
    to: Type

    def typed(self) -> AnyType:
        of = self.x.number
        if of.lanes != self.to.lanes or of == self.to or self.to.is_mask:
            raise KernelError(f"{of} is not converted to {self.to}")
        return self.to


@dataclass(frozen=True, eq=False)
class Splat(Node):
    """A scalar in every lane."""

    x: Value
    lanes: int

    def typed(self) -> AnyType:
        of = self.x.number
        if of.lanes != 1:
            raise KernelError(f"a scalar is spread over lanes, not {of}")
        return of.by(self.lanes)


@dataclass(frozen=True, eq=False)
class Extract(Node):
    """One lane."""

    x: Value
    lane: int

    def typed(self) -> AnyType:
        return _lane(self.x, self.lane).scalar


@dataclass(frozen=True, eq=False)
class Insert(Node):
    """The vector x with y in one lane."""

    x: Value
    y: Value
    lane: int

    def typed(self) -> AnyType:
        of = _lane(self.x, self.lane)
        if self.y.type != of.scalar:
            raise KernelError(f"a lane of {of} is no {self.y.type}")
        return of


@dataclass(frozen=True, eq=False)
class Shuffle(Node):
    """Lane l is lane `lanes[l]` of x followed by y."""

    x: Value
    y: Value
    lanes: tuple[int, ...]

    def typed(self) -> AnyType:
        of = _same("shuffle", self.x, self.y)
        if of.lanes == 1 or not all(0 <= lane < 2 * of.lanes for lane in self.lanes):
            raise KernelError(f"{of} twice has no lanes {self.lanes}")
        return of.by(len(self.lanes))


@dataclass(frozen=True, eq=False)
class Reduce(Node):
    """Σ, max or min of the lanes, in one order: the upper half is added to the lower half until one lane is left.

    Of masks: whether the condition holds in any lane, or in all.
    """

    operation: Fold
    x: Value

    def typed(self) -> AnyType:
        of = self.x.number
        if of.lanes == 1 or of.is_mask != (self.operation in {"any", "all"}):
            _refuse(f"{self.operation} of the lanes", of)
        return of.scalar


@dataclass(frozen=True, eq=False)
class Load(Node):
    """`lanes` elements from p[offset] on. With a mask, only where it holds: the other lanes are 0 and are not read.

    `alignment` is what is known of the address, in bytes; 0 is that of one element. A volatile load is done each time,
    since another thread may write there.
    """

    pointer: Value
    offset: Value
    lanes: int
    mask: Value | None = None
    alignment: int = 0
    volatile: bool = False

    def typed(self) -> AnyType:
        of = element(self.pointer, self.offset).by(self.lanes)
        masked(self.mask, of)
        if self.volatile and (self.lanes > 1 or self.mask is not None):
            raise KernelError("a volatile load is of one element")
        return of


@dataclass(frozen=True, eq=False)
class Advance(Node):
    """The address p + offset, in elements."""

    pointer: Value
    offset: Value

    def typed(self) -> AnyType:
        element(self.pointer, self.offset)
        return cast("Pointer", self.pointer.type).interior


@dataclass(frozen=True, eq=False)
class Local(Node):
    """An array on the stack, its values unknown at first; it lives as long as the function runs."""

    to: Type
    count: int
    alignment: int = 64

    def typed(self) -> AnyType:
        if self.count < 1:
            raise KernelError(f"an array of {self.count} elements")
        return Pointer(self.to, noalias=False, alignment=self.alignment)


@dataclass(frozen=True, eq=False)
class Table(Node):
    """Numbers that are part of the code: they lie one after another, and never change."""

    to: Type
    numbers: tuple[float | int, ...]
    alignment: int = 64

    def typed(self) -> AnyType:
        for x in self.numbers:
            Constant(self.to, x)
        return Pointer(self.to, readonly=True, noalias=False, alignment=self.alignment)


@dataclass(frozen=True, eq=False)
class Call(Node):
    """A function of the module, with its arguments. Its type is void where the function returns nothing."""

    function: Function
    arguments: tuple[Value, ...]

    def typed(self) -> AnyType:
        _arguments(self.function.name, tuple(p.of for p in self.function.parameters), self.arguments)
        return VOID if self.function.result is None else self.function.result.type


@dataclass(frozen=True, eq=False)
class CallOutside(Node):
    """A function from outside, given by its address; it may read and write whatever its arguments lead to."""

    code: Value
    arguments: tuple[Value, ...]

    def typed(self) -> AnyType:
        code = self.code.type
        if not isinstance(code, Code):
            raise KernelError(f"a function from outside is called, not a {code}")
        _arguments(str(code), code.parameters, self.arguments)
        return code.result or VOID


@dataclass(frozen=True, eq=False)
class Index(Node):
    """The index of a loop."""

    name: str

    def typed(self) -> AnyType:
        return I64


@dataclass(frozen=True, eq=False)
class Carried(Node):
    """What a pass of a loop takes from the pass before it; in the first pass, `initial`."""

    name: str
    initial: Value

    def typed(self) -> AnyType:
        return self.initial.type


@dataclass(frozen=True, eq=False)
class Result(Node):
    """What a loop or a branch leaves: what was carried last, or what the branch that was taken chose."""

    name: str
    of: AnyType

    def typed(self) -> AnyType:
        return self.of


Value = (
    Constant
    | Parameter
    | Unary
    | Binary
    | Fused
    | Compare
    | Select
    | Bits
    | Convert
    | Splat
    | Extract
    | Insert
    | Shuffle
    | Reduce
    | Load
    | Advance
    | Local
    | Table
    | Call
    | CallOutside
    | Index
    | Carried
    | Result
)


def operands(value: Value) -> tuple[Value, ...]:
    """The values from which a value is computed."""
    match value:
        case Constant() | Parameter() | Local() | Table() | Index() | Carried() | Result():
            return ()
        case Unary(x=x) | Bits(x=x) | Convert(x=x) | Splat(x=x) | Extract(x=x) | Reduce(x=x):
            return (x,)
        case Binary(x=x, y=y) | Compare(x=x, y=y) | Insert(x=x, y=y) | Shuffle(x=x, y=y):
            return (x, y)
        case Fused(x=x, y=y, z=z):
            return (x, y, z)
        case Select(condition=condition, x=x, y=y):
            return (condition, x, y)
        case Load(pointer=pointer, offset=offset, mask=mask):
            return (pointer, offset) if mask is None else (pointer, offset, mask)
        case Advance(pointer=pointer, offset=offset):
            return (pointer, offset)
        case Call(arguments=arguments):
            return arguments
        case CallOutside(code=code, arguments=arguments):
            return (code, *arguments)


def element(pointer: Value, offset: Value) -> Type:
    """The type of p[offset]."""
    if not isinstance(pointer.type, Pointer):
        raise KernelError(f"a pointer is needed here, not a {pointer.type}")
    if offset.type != I64:
        raise KernelError(f"an offset is i64, not {offset.type}")
    return pointer.type.to


def masked(mask: Value | None, of: Type) -> None:
    """A mask has a truth value for each lane of what is loaded or stored."""
    if mask is not None and (of.lanes == 1 or mask.type != of.of("i1")):
        raise KernelError(f"the mask for {of} is {of.of('i1')}, not {mask.type}")


def _same(operation: str, first: Value, *others: Value) -> Type:
    of = first.number
    for other in others:
        if other.number != of:
            raise KernelError(f"{operation} of {of} and {other.type}: the types differ")
    return of


def _refuse(operation: str, of: Type) -> NoReturn:
    raise KernelError(f"{operation} is not defined for {of}")


def _lane(x: Value, lane: int) -> Type:
    of = x.number
    if of.lanes == 1 or not 0 <= lane < of.lanes:
        raise KernelError(f"{of} has no lane {lane}")
    return of


def _arguments(name: str, parameters: tuple[AnyType, ...], arguments: tuple[Value, ...]) -> None:
    if len(parameters) != len(arguments):
        raise KernelError(f"{name} takes {len(parameters)} arguments, not {len(arguments)}")
    for k, (parameter, argument) in enumerate(zip(parameters, arguments, strict=True), 1):
        if not accepts(parameter, argument.type):
            raise KernelError(f"argument {k} of {name} is {parameter}, not {argument.type}")


def accepts(parameter: AnyType, given: AnyType) -> bool:
    """A pointer fits whose elements are the same, if it need not be written through a constant one."""
    if isinstance(parameter, Pointer) and isinstance(given, Pointer):
        return parameter.to == given.to and (parameter.readonly or not given.readonly)
    return parameter == given and given != VOID
