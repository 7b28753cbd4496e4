"""Small functions that C lacks: choices and extremes lane by lane, sums of lanes, loads of vectors, bits of numbers.

Vectors are those of GCC and Clang (`vector_size`); a program without vectors needs nothing but C99.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.c.text import SCALARS, type_name
from gradsheet.kernels.types import I32, I64, Type

if TYPE_CHECKING:
    from collections.abc import Callable

_MATH = {
    "abs": "fabs", "sqrt": "sqrt", "floor": "floor", "ceil": "ceil", "truncate": "trunc", "round_even": "rint",
    "copysign": "copysign", "fma": "fma",
}  # fmt: skip


class Helpers:
    """The helpers that a program needs, each after those that it needs itself."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._vectors: dict[Type, None] = {}

    @property
    def includes(self) -> list[str]:
        text = self.text
        return [h for h, needed in (("string", "memcpy(" in text),) if needed]

    @property
    def text(self) -> str:
        types = [_typedef(of) for of in self._vectors]
        return "\n".join((*types, *(["\n"] if types else []), *self._texts.values()))

    @property
    def vectors(self) -> bool:
        return bool(self._vectors)

    def vector(self, of: Type) -> None:
        """A type is used; with it comes the type of its masks."""
        if of.lanes > 1:
            self._vectors.setdefault(of.of("i64") if of.is_mask else of)

    def needs(self, name: str, of: Type, to: Type | None = None) -> str:
        """The name of a helper for a type, which is written where it is needed first."""
        full = f"{name}_{of}" if to is None else f"{name}_{of}_{to}"
        if full not in self._texts:
            for needed in (of, to, mask_of(of)):
                if needed is not None:
                    self.vector(needed)
            text = self._write(name, full, of, to)
            self._texts[full] = text
        return full

    def _write(self, name: str, full: str, of: Type, to: Type | None) -> str:
        if to is not None:
            return _inline(to, full, [(of, "x")], f"{type_name(to)} y;\nmemcpy(&y, &x, sizeof y);\nreturn y;")
        if name.startswith("lanes_"):
            return self._reduction(name.removeprefix("lanes_"), full, of)
        if name in _MATH:
            return self._lane_by_lane(name, full, of)
        return _RULES[name](self, full, of)

    def _reduction(self, operation: str, full: str, of: Type) -> str:
        operators = {"add": "+", "any": "|", "all": "&"}

        def tree(first: int, step: int) -> str:
            if step == of.lanes:
                return f"x[{first}]"
            lower, upper = tree(first, step * 2), tree(first + step, step * 2)
            if operation in operators:
                return f"({lower} {operators[operation]} {upper})"
            return f"{self.needs(operation, of.scalar)}({lower}, {upper})"

        text = tree(0, 1)
        if operation in operators:
            text = text[1:-1]
        return _inline(of.scalar, full, [(of, "x")], f"return {f'({text}) != 0' if of.is_mask else text};")

    def _lane_by_lane(self, name: str, full: str, of: Type) -> str:
        function = scalar_function(name, of)
        operands = ["x", "y", "z"][: {"copysign": 2, "fma": 3}.get(name, 1)]
        given = ", ".join(f"{operand}[lane]" for operand in operands)
        body = f"{_each(of, f'x[lane] = {function}({given});')}\nreturn x;"
        return _inline(of, full, [(of, operand) for operand in operands], body)


def scalar_function(name: str, of: Type) -> str:
    """The function of <math.h>."""
    return f"{_MATH[name]}{'f' if of.kind == 'f32' else ''}"


def mask_of(of: Type) -> Type:
    """The integers that hold a mask of a type's lanes."""
    return (I32 if of.bits == 32 else I64).by(of.lanes)


def _typedef(of: Type) -> str:
    scalar = SCALARS[of.kind]
    size = of.bytes * of.lanes
    text = f"typedef {scalar} {of} __attribute__((vector_size({size})));"
    if of.is_integer:
        text += f"\ntypedef u{scalar} u{of} __attribute__((vector_size({size})));"
    return text


def _inline(result: Type | None, name: str, parameters: list[tuple[Type | str, str]], body: str) -> str:
    given = ", ".join(
        f"{type_name(of) if isinstance(of, Type) else of}{'' if str(of).endswith('*') else ' '}{p}"
        for of, p in parameters
    )
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"static inline {type_name(result) if result else 'void'} {name}({given})\n{{\n{lines}\n}}\n"


def _each(of: Type, statement: str) -> str:
    lines = "\n".join(f"    {line}" for line in statement.split("\n"))
    return f"for (int lane = 0; lane < {of.lanes}; lane++) {{\n{lines}\n}}"


def _extreme(relation: str) -> Callable[[Helpers, str, Type], str]:
    def write(helpers: Helpers, full: str, of: Type) -> str:
        if of.lanes == 1:
            body = f"return x {relation} y ? x : y;"
        else:
            body = f"return {helpers.needs('select', of)}(x {relation} y, x, y);"
        return _inline(of, full, [(of, "x"), (of, "y")], body)

    return write


def _select(_: Helpers, full: str, of: Type) -> str:
    mask = mask_of(of)
    chosen = f"(condition & ({mask})x) | (~condition & ({mask})y)"
    body = f"return {chosen};" if of.is_integer else f"return ({of})({chosen});"
    return _inline(of, full, [(mask, "condition"), (of, "x"), (of, "y")], body)


def _splat(_: Helpers, full: str, of: Type) -> str:
    return _inline(of, full, [(of.scalar, "x")], f"return ({of}){{{', '.join(['x'] * of.lanes)}}};")


def _load(_: Helpers, full: str, of: Type) -> str:
    return _inline(
        of, full, [(f"const {type_name(of.scalar)} *", "p")], f"{of} x;\nmemcpy(&x, p, sizeof x);\nreturn x;"
    )


def _store(_: Helpers, full: str, of: Type) -> str:
    return _inline(None, full, [(f"{type_name(of.scalar)} *", "p"), (of, "x")], "memcpy(p, &x, sizeof x);")


def _load_masked(_: Helpers, full: str, of: Type) -> str:
    body = _each(of, "x[lane] = mask[lane] ? p[lane] : 0;")
    body = f"{of} x;\n{body}\nreturn x;"
    return _inline(of, full, [(f"const {type_name(of.scalar)} *", "p"), (mask_of(of), "mask")], body)


def _store_masked(_: Helpers, full: str, of: Type) -> str:
    body = _each(of, "if (mask[lane]) {\n    p[lane] = x[lane];\n}")
    return _inline(None, full, [(f"{type_name(of.scalar)} *", "p"), (of, "x"), (mask_of(of), "mask")], body)


def _insert(_: Helpers, full: str, of: Type) -> str:
    return _inline(of, full, [(of, "x"), (of.scalar, "y"), ("int", "lane")], "x[lane] = y;\nreturn x;")


def _wrapping(operator: str) -> Callable[[Helpers, str, Type], str]:
    def write(_: Helpers, full: str, of: Type) -> str:
        wide = f"u{type_name(of)}"
        return _inline(of, full, [(of, "x"), (of, "y")], f"return ({type_name(of)})(({wide})x {operator} ({wide})y);")

    return write


_RULES: dict[str, Callable[[Helpers, str, Type], str]] = {
    "min": _extreme("<"),
    "max": _extreme(">"),
    "select": _select,
    "splat": _splat,
    "load": _load,
    "store": _store,
    "load_masked": _load_masked,
    "store_masked": _store_masked,
    "insert": _insert,
    "wrapping_add": _wrapping("+"),
    "wrapping_sub": _wrapping("-"),
    "wrapping_mul": _wrapping("*"),
    "shift_left": _wrapping("<<"),
    "shift_right_zeros": _wrapping(">>"),
}
