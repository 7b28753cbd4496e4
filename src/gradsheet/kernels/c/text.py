"""How types, numbers and names are written in C."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradsheet.kernels.types import Code, Pointer, Type, Void
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.kernels.statements import Function
    from gradsheet.kernels.types import AnyType
    from gradsheet.kernels.values import Carried

SCALARS = {"f32": "float", "f64": "double", "i1": "bool", "i32": "int32_t", "i64": "int64_t"}
KEYWORDS = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    bool true false NAN INFINITY fma sqrt floor ceil trunc rint fabs copysign memcpy main asm typeof y0 y1 yn j0
    j1 jn gamma
    """.split()  # noqa: SIM905 - words are easier to read than a list of strings
)

_WIDTH = 100

# How tightly an operator binds, from C's grammar.
ATOM, UNARY, PRODUCT, SUM, SHIFT, RELATION, EQUALITY, BIT_AND, BIT_XOR, BIT_OR, AND, OR, CHOICE = range(13, 0, -1)


@dataclass(frozen=True)
class Expression:
    """The text of an expression, how tightly its last operator binds, and what has to be known before it is moved."""

    text: str
    binds: int = ATOM
    loads: bool = False
    """It reads memory, so it must stay before the next thing that may write there."""
    reads: frozenset[Carried] = frozenset()
    """Variables of loops in it, which change at the end of a pass."""
    mask: int = 0
    """The width of the integers that hold a mask of lanes: all ones or all zeros."""
    parts: tuple[str, str, str] | None = None
    """For a sum or a difference: what it starts from, its operator, and what is added or taken away."""

    def inside(self, binds: int) -> str:
        """The text as an operand of something that binds so tightly."""
        return self.text if self.binds >= binds else f"({self.text})"

    def into(self, place: str) -> str:
        """The statement that puts it into a place: x += y for x = x + y."""
        if self.parts is not None and self.parts[0] == place:
            return f"{place} {self.parts[1]}= {self.parts[2]};"
        return f"{place} = {self.text};"


def type_name(of: AnyType) -> str:
    """double, f64x8, const double *."""
    match of:
        case Type(kind=kind, lanes=1):
            return SCALARS[kind]
        case Type(kind="i1", lanes=lanes):
            return f"i64x{lanes}"
        case Type():
            return str(of)
        case Pointer(to=to, readonly=readonly):
            return f"{'const ' if readonly else ''}{SCALARS[to.kind]} *"
        case Code() | Void():
            return "void"


def declared(of: AnyType, name: str) -> str:
    """The declaration of a parameter or a variable."""
    if isinstance(of, Code):
        parameters = ", ".join(declared(p, "").strip() for p in of.parameters) or "void"
        return f"{type_name(of.result) if of.result else 'void'} (*{name})({parameters})"
    if isinstance(of, Pointer):
        return f"{type_name(of)}{'restrict ' if of.noalias and name else ''}{name}"
    return f"{type_name(of)} {name}"


def prototype(function: Function, names: dict[str, str]) -> str:
    """The head of a function; `names` are those of its parameters in C."""
    result = "void" if function.result is None else type_name(function.result.type)
    head = f"{result}{'' if result.endswith('*') else ' '}{function.name}("
    lines = [head]
    for k, p in enumerate(function.parameters):
        text = declared(p.of, names[p.name]) + (")" if k == len(function.parameters) - 1 else ",")
        if lines[-1] != head and len(lines[-1]) + len(text) >= _WIDTH:
            lines.append(f"    {text}")
        else:
            lines[-1] += text if lines[-1] == head else f" {text}"
    return "\n".join(lines) + ("" if function.parameters else "void)")


def number(value: float, of: Type) -> Expression:
    """A scalar constant: the shortest decimal that is read as this number."""
    if of.is_mask:
        return Expression("true" if value else "false")
    if not of.is_float:
        if value == -(1 << (of.bits - 1)):
            return Expression(f"INT{of.bits}_MIN")
        text = str(value) if abs(value) < 1 << 31 else f"INT64_C({value})"
        return Expression(text, ATOM if value >= 0 else UNARY)
    negative = math.copysign(1, value) < 0 and not math.isnan(value)
    size = abs(of.rounded(value))
    if math.isnan(size):
        text = "NAN"
    elif math.isinf(size):
        text = "INFINITY"
    else:
        text = _shortest(size, of)
    return Expression(f"-{text}" if negative else text, UNARY if negative else ATOM)


def _shortest(value: float, of: Type) -> str:
    if of.kind == "f64":
        return repr(value)
    text = next(t for t in (f"{value:.{digits}g}" for digits in range(1, 18)) if of.rounded(float(t)) == value)
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
