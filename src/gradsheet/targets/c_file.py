"""A C file and its header: C99 without heap and without globals that change, in memory that the caller hands in."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradsheet.expressions import Size
from gradsheet.kernels import I64, ModuleBuilder, pointer
from gradsheet.kernels.c import c, declared
from gradsheet.native.places import shape
from gradsheet.native.writing import WORKSPACE
from gradsheet.targets.c_routines import NUMBERS, constants, length, prefix_of, routines
from gradsheet.targets.document import preamble
from gradsheet.targets.identifiers import Identifiers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gradsheet.expressions import Symbol
    from gradsheet.kernels import AnyType, Module
    from gradsheet.targets.c_routines import Routine
    from gradsheet.targets.functions import Group
    from gradsheet.targets.plan import Plan

_WIDTH = 100
_GUARD = "HEADER"


class CFile:
    """The functions of an export as C."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.prefix = prefix_of(plan)
        self.number = NUMBERS[plan.choices.dtype]
        self.routines: Sequence[Routine] = routines(plan)
        self.constants = constants(plan, self.routines)
        builder = ModuleBuilder()
        self.needs = {r.kind: r.write(builder, self.number, self.constants) for r in self.routines}
        self.module: Module = builder.build()

    # ------------------------------------------------------------ files

    def source(self, header: str | None = None) -> str:
        """The code; what stands in the header is included under that name, or, without one, copied in."""
        source = self.plan.sheet.source.name.replace("\\", "/").rsplit("/", 1)[-1]
        about = [*preamble(self.plan, f"{source}: derived gradients as C."), "", *self.sizes]
        code = c(self.module)
        if header is not None:
            return "\n".join([*_comment(about), "", f'#include "{header}"', "", code])
        included = re.findall(r"^#include <.+>$", code, flags=re.MULTILINE)
        body = re.sub(r"^#include <.+>\n", "", code, flags=re.MULTILINE).lstrip("\n")
        return "\n".join([*_comment(about), "", *included, "", *self._declarations, "", body])

    @cached_property
    def header(self) -> str:
        """Sizes, and what each function takes and gives."""
        guard = f"{self.prefix.upper()}_{_GUARD}"
        declarations = self._declarations
        includes = ["#include <stdint.h>", ""] if any("int64_t" in line for line in declarations) else []
        return "\n".join([
            f"#ifndef {guard}", f"#define {guard}", "", *includes,
            "#ifdef __cplusplus", 'extern "C" {', "#endif", "", *_comment(self.sizes), *declarations, "",
            "#ifdef __cplusplus", "}", "#endif", "", "#endif", "",
        ])  # fmt: skip

    @property
    def sizes(self) -> list[str]:
        """How much memory the functions take."""
        each = self.number.bytes
        ram = max(self.needs.values(), default=0)
        fixed = sum(map(len, self.constants.values())) * each
        fixed += sum(v.size for s, v in self._tables.items() if not s.is_integer) * each
        fixed += sum(v.size for s, v in self._tables.items() if s.is_integer) * 8
        return [f"Memory: a workspace of {ram} numbers ({ram * each} bytes), constants of {fixed} bytes; no heap."]

    @property
    def _tables(self) -> dict[Symbol, NDArray[Any]]:
        return {s: v for r in self.routines for s, v in r.program.tables.items()}

    # ------------------------------------------------------------ declarations

    @cached_property
    def _declarations(self) -> list[str]:
        lines = [*self._macros]
        for routine in self.routines:
            lines += ["", *self._described(routine), *self._prototype(routine)]
        return lines

    @cached_property
    def _macros(self) -> list[str]:
        """Sizes of the sheet, of arrays, and of the memory that is handed in."""
        named: list[tuple[str, int, str]] = []
        for size, count in self.plan.request.sizes.items():
            if isinstance(size, Size) and size.literal is None:
                named.append((size.name, count, ""))
        if isinstance(self.plan.rows, int):
            named.append(("rows", self.plan.rows, "examples"))
        seen: dict[str, Symbol] = {}
        for routine in self.routines:
            for name, symbol, _ in routine.parameters(self.constants):
                if symbol.rank:
                    seen.setdefault(name, symbol)
        named += [(f"{name}_length", length(s), _shape(s) if s.rank > 1 else "") for name, s in seen.items()]
        for routine in self.routines:
            named.append((f"{routine.kind}_workspace", max(1, self.needs[routine.kind]), ""))
        named.append((WORKSPACE, max(1, *self.needs.values()) if self.needs else 1, "enough for each of them"))
        names = Identifiers({_GUARD})
        made = [(f"{self.prefix}_{names.fresh(name.upper())}".upper(), count, said) for name, count, said in named]
        wide = max(len(m) for m, _, _ in made)
        return [f"#define {m:<{wide}} {n}" + (f"  /* {said} */" if said else "") for m, n, said in made]

    def _described(self, routine: Routine) -> list[str]:
        """A comment with a line for each parameter."""
        rows = []
        members = {a.symbol: a.member for a in routine.program.arguments}
        members |= {r.symbol: r.member for r in routine.program.results}
        for name, symbol, group in routine.parameters(self.constants):
            meaning = self._meaning(name, group, members[symbol])
            rows.append((name, self._way(routine, symbol, group), _shape(symbol), meaning))
        rows.append((WORKSPACE, "scratch", str(max(1, self.needs[routine.kind])), "what it holds does not matter"))
        wide = [max(len(r[k]) for r in rows) for k in range(3)]
        said = routine.summary
        if routine.returned is not None:
            said = f"{said} Returns {routine.returned.written}." if routine.outputs else (
                f"Returns {routine.returned.written}.")  # fmt: skip
        cells = [[*(f"{cell:<{w}}" for cell, w in zip(row, wide, strict=False)), row[3]] for row in rows]
        return _comment([said, "", *("  ".join(row).rstrip() for row in cells)])

    def _way(self, routine: Routine, symbol: Symbol, group: Group) -> str:
        if any(group is g for g in routine.outputs):
            return "out"
        return "in, out" if symbol in routine.layout.written else "in"

    def _meaning(self, name: str, group: Group, member: tuple[int, ...] | None) -> str:
        written = f"{group.written}[{','.join(map(str, member))}]" if member is not None else group.written
        words = {"parameter": "parameter", "data": "a row for each example", "cotangent": "upstream gradient"}
        said = [written if written != name else "", "whole" if group.symbols[0].is_integer else "",
            words.get(group.part, "")]  # fmt: skip
        return ", ".join(filter(None, said))

    def _prototype(self, routine: Routine) -> list[str]:
        """Without `restrict`, which C++ lacks; that makes no other type of it."""
        result = "void" if routine.returned is None else declared(self.number, "").strip()
        parts = [
            declared(self._type(routine, symbol), name) for name, symbol, _ in routine.parameters(self.constants)
        ]
        parts.append(declared(pointer(self.number, noalias=False), WORKSPACE))
        lines = [f"{result} {routine.name}({parts[0]}"]
        for part in parts[1:]:
            if len(lines[-1]) + len(part) + 3 > _WIDTH:
                lines[-1] += ","
                lines.append(f"    {part}")
            else:
                lines[-1] += f", {part}"
        lines[-1] += ");"
        return lines

    def _type(self, routine: Routine, symbol: Symbol) -> AnyType:
        of = I64 if symbol.is_integer else self.number
        if routine.by_value(symbol):
            return of
        return pointer(of, readonly=symbol not in routine.layout.written, noalias=False)


def _shape(symbol: Symbol) -> str:
    return " by ".join(map(str, shape(symbol))) if symbol.rank else "a number"


def _comment(lines: Sequence[str]) -> list[str]:
    """Lines as a comment; what would end it, or mean something in it, is made harmless."""
    safe = [line.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?") for line in lines]
    if len(safe) == 1:
        return [f"/* {safe[0]} */"]
    return [f"/* {safe[0]}", *(f" * {line}".rstrip() for line in safe[1:]), " */"]


__all__ = ["CFile"]
