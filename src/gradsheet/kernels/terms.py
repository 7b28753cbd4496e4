"""Values with operators, bound to the function that is being built: `x * y + z`, `x < 0`, `h[3]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.kernels.builder import FunctionBuilder
    from gradsheet.kernels.types import AnyType, Type
    from gradsheet.kernels.values import BinaryOperation, Relation, Value


@dataclass(frozen=True, eq=False)
class Term:
    """A value of the function that is being built. Python numbers beside it take its type."""

    builder: FunctionBuilder
    value: Value

    @property
    def type(self) -> AnyType:
        return self.value.type

    @property
    def number(self) -> Type:
        """The type, where it is a number's or a vector's."""
        return self.value.number

    @property
    def lanes(self) -> int:
        return self.number.lanes

    def named(self, name: str) -> Term:
        """The same value; printed code calls it so."""
        self.builder.name(self.value, name)
        return self

    def __getitem__(self, lane: int) -> Term:
        return self.builder.extract(self, lane)

    def __add__(self, other: Term | float) -> Term:
        return self._with("add", other)

    def __radd__(self, other: float) -> Term:
        return self._after("add", other)

    def __sub__(self, other: Term | float) -> Term:
        return self._with("sub", other)

    def __rsub__(self, other: float) -> Term:
        return self._after("sub", other)

    def __mul__(self, other: Term | float) -> Term:
        return self._with("mul", other)

    def __rmul__(self, other: float) -> Term:
        return self._after("mul", other)

    def __truediv__(self, other: Term | float) -> Term:
        return self._with("div", other)

    def __rtruediv__(self, other: float) -> Term:
        return self._after("div", other)

    def __floordiv__(self, other: Term | int) -> Term:
        """Integers, toward zero: as Python's only where both have one sign."""
        return self._with("div", other)

    def __mod__(self, other: Term | int) -> Term:
        """What division toward zero leaves."""
        return self._with("rem", other)

    def __neg__(self) -> Term:
        return self.builder.unary("neg", self)

    def __abs__(self) -> Term:
        return self.builder.unary("abs", self)

    def __invert__(self) -> Term:
        return self.builder.unary("not", self)

    def __and__(self, other: Term | int) -> Term:
        return self._with("and", other)

    def __or__(self, other: Term | int) -> Term:
        return self._with("or", other)

    def __xor__(self, other: Term | int) -> Term:
        return self._with("xor", other)

    def __lshift__(self, other: Term | int) -> Term:
        return self._with("shift_left", other)

    def __rshift__(self, other: Term | int) -> Term:
        """Keeps the sign."""
        return self._with("shift_right", other)

    def __lt__(self, other: Term | float) -> Term:
        return self._compared("lt", other)

    def __le__(self, other: Term | float) -> Term:
        return self._compared("le", other)

    def __gt__(self, other: Term | float) -> Term:
        return self._compared("gt", other)

    def __ge__(self, other: Term | float) -> Term:
        return self._compared("ge", other)

    def equals(self, other: Term | float) -> Term:
        return self._compared("eq", other)

    def differs(self, other: Term | float) -> Term:
        return self._compared("ne", other)

    def __bool__(self) -> bool:
        raise TypeError("a value of a kernel is not known before it runs: use select, when or until")

    def _with(self, operation: BinaryOperation, other: Term | float) -> Term:
        return self.builder.binary(operation, self, other)

    def _after(self, operation: BinaryOperation, other: float) -> Term:
        return self.builder.binary(operation, other, self)

    def _compared(self, relation: Relation, other: Term | float) -> Term:
        return self.builder.compare(relation, self, other)
