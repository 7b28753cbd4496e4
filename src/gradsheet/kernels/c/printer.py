"""Modules as C that reads well: named variables, `for` loops, expressions as a person writes them, no heap.

Without vectors it is C99; with them, C with the vectors of GCC and Clang. Compile it with `-ffp-contract=off` (ISO
modes such as `-std=c99` do so): the numbers are then those of the program as it is written.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, assert_never

from gradsheet.kernels import values as v
from gradsheet.kernels.c.expressions import Expressions
from gradsheet.kernels.c.helpers import Helpers, mask_of
from gradsheet.kernels.c.text import KEYWORDS, Expression, declared, number, prototype, type_name
from gradsheet.kernels.c.uses import Uses, has_effect
from gradsheet.kernels.names import Names
from gradsheet.kernels.statements import For, If, Let, Store, walk
from gradsheet.kernels.types import VOID, Type
from gradsheet.kernels.validate import validate

if TYPE_CHECKING:
    from gradsheet.kernels.statements import Along, Function, Module, Statement
    from gradsheet.kernels.values import Carried, Value

_LONGEST = 88


def c(module: Module, *, fused: bool = False) -> str:
    """The module as C. `fused`: `muladd` is fma() from <math.h>, for processors that have it; else x * y + z."""
    validate(module)
    helpers, tables = Helpers(), _Tables(module)
    printed = [_Function(f, helpers, tables, fused=fused) for f in _reached(module)]
    bodies = [function.text() for function in printed]
    text = "\n".join([*tables.texts, *bodies])
    used = text + helpers.text
    includes = ["math"] if any(f"{name}(" in used for name in _MATH) or "INFINITY" in used or "NAN" in used else []
    includes += [
        h for h, needed in (("stdbool", "bool" in used), ("stdint", "int32_t" in used or "int64_t" in used)) if needed
    ]
    head = [f"/* {module.summary} */", ""] if module.summary else []
    head += [f"#include <{name}.h>" for name in (*includes, *helpers.includes)]
    return "\n".join((*head, *([""] if len(head) else []), *([helpers.text] if helpers.text else []), text))


_MATH = [
    f"{name}{suffix}"
    for name in ("fma", "sqrt", "floor", "ceil", "trunc", "rint", "fabs", "copysign")
    for suffix in ("", "f")
]


def _reached(module: Module) -> list[Function]:
    """The exported functions and those that they call, in the module's order."""
    needed: set[Function] = set()
    for function in reversed(module.functions):
        if function.exported or function in needed:
            needed.add(function)
            needed |= {
                s.value.function for s in walk(function.body) if isinstance(s, Let) and isinstance(s.value, v.Call)
            }
    return [f for f in module.functions if f in needed]


class _Tables:
    """The constants of a module, each once, before its functions."""

    def __init__(self, module: Module) -> None:
        self._names = Names({*KEYWORDS, *(f.name for f in module.functions)}, "_", "_")
        self._of: dict[object, str] = {}
        self.texts: list[str] = []

    def name(self, table: v.Table, wanted: str | None) -> str:
        """The name of a table, which is written when it is needed first."""
        key = (wanted, table.to, table.numbers)
        if key not in self._of:
            self._of[key] = free = self._names.fresh(wanted or "table")
            words = " ".join(f"{number(x, table.to).text}," for x in table.numbers)
            lines = [f"    {line}" for line in wrap(words, 96, break_long_words=False, break_on_hyphens=False)]
            head = f"static const {type_name(table.to)} {free}[{len(table.numbers)}] = {{"
            self.texts.append("\n".join([head, *lines, "};", ""]))
        return self._of[key]


class _Function:
    """One function."""

    def __init__(self, function: Function, helpers: Helpers, tables: _Tables, *, fused: bool) -> None:
        self._function = function
        self._helpers = helpers
        self._tables = tables
        self._uses = Uses.of(function)
        self._make = Expressions(helpers, self._take, fused=fused)
        self._known: dict[Value, Expression] = {}
        self._waiting: dict[Value, Expression] = {}
        for statement in self._used():
            if isinstance(statement.value, v.Table):
                self._known[statement.value] = Expression(tables.name(statement.value, statement.name))
        self._names = Names({*KEYWORDS, function.name, *(e.text for e in self._known.values())}, "_", "_")
        self._lines: list[str] = []
        self._depth = 1

    def _used(self) -> list[Let]:
        return [s for s in walk(self._function.body) if isinstance(s, Let) and self._uses.count[s.value]]

    def text(self) -> str:
        function = self._function
        names = {p.name: self._names.fresh(p.name) for p in function.parameters}
        for p in function.parameters:
            mask = 64 if isinstance(p.of, Type) and p.of.is_mask and p.of.lanes > 1 else 0
            self._known[p] = Expression(names[p.name], mask=mask)
            self._seen(p)
            if not self._uses.count[p]:
                self._line(f"(void){names[p.name]};")
        for statement in self._used():
            if isinstance(statement.value, v.Local):
                self._local(statement.value, statement.name)
        self._block(function.body)
        if function.result is not None:
            self._line(f"return {self._operand(function.result).text};")
        summary = f"/* {function.summary} */\n" if function.summary else ""
        keyword = "" if function.exported else "static inline "
        head = prototype(function, names)
        return "\n".join((f"{summary}{keyword}{head}", "{", *self._lines, "}", ""))

    def _local(self, local: v.Local, name: str | None) -> None:
        free = self._names.fresh(name or "array")
        aligned = f" __attribute__((aligned({local.alignment})))" if self._helpers.vectors else ""
        self._line(f"{type_name(local.to)} {free}[{local.count}]{aligned};")
        self._known[local] = Expression(free)

    def _block(self, body: tuple[Statement, ...]) -> None:
        for statement in body:
            match statement:
                case Let(value=v.Local() | v.Table()):
                    pass
                case Let(value=value, name=name):
                    if self._uses.count[value] or has_effect(value):
                        self._let(value, name)
                case Store():
                    self._store(statement)
                case For():
                    self._loop(statement)
                case If():
                    self._branch(statement)
                case _:
                    assert_never(statement)

    def _let(self, value: Value, name: str | None) -> None:
        self._seen(value)
        expression = self._make.of(value)
        if has_effect(value):
            self._settle()
            if value.type == VOID or not self._uses.count[value]:
                self._line(f"{expression.text};")
                return
        elif name is None and self._uses.once(value) and len(expression.text) <= _LONGEST:
            self._waiting[value] = expression
            return
        self._variable(value, expression, name)

    def _variable(self, value: Value, expression: Expression, name: str | None) -> None:
        free = self._names.fresh(name) if name else self._names.numbered("t")
        self._line(f"{self._declared(value, free, expression.mask, constant=True)} = {expression.text};")
        self._known[value] = Expression(free, mask=expression.mask)

    def _declared(self, value: Value, name: str, mask: int, *, constant: bool = False) -> str:
        of = value.type
        if isinstance(of, Type):
            if of.is_mask and of.lanes > 1:
                of = Type("i64" if mask == 64 else "i32", of.lanes)
            self._helpers.vector(of)
            return f"{'const ' if constant else ''}{type_name(of)} {name}"
        return declared(of, name)

    def _store(self, store: Store) -> None:
        pointer, offset, value = (self._operand(x) for x in (store.pointer, store.offset, store.value))
        of = store.value.number
        if of.lanes == 1:
            text = value.into(self._make.element(pointer, offset))
        else:
            address = self._make.address(pointer, offset).text
            mask = store.mask
            if mask is None:
                text = f"{self._helpers.needs('store', of)}({address}, {value.text});"
            else:
                chosen = self._make.aligned(self._operand(mask), mask.type, mask_of(of).bits)
                text = f"{self._helpers.needs('store_masked', of)}({address}, {value.text}, {chosen.text});"
        self._settle()
        self._line(text)

    def _loop(self, loop: For) -> None:
        start = self._operand(loop.start)
        along = [a for a in loop.along if a in self._uses.carried]
        initial = [self._wide(a.carried.initial) for a in along]
        stop, step = self._kept(loop.stop, "stop"), self._kept(loop.step, "step")
        self._settle()
        names = []
        for a, value in zip(along, initial, strict=True):
            self._seen(a.carried)
            names.append(self._names.fresh(a.carried.name))
            self._line(f"{self._declared(a.carried, names[-1], 64)} = {value.text};")
            self._known[a.carried] = Expression(names[-1], reads=frozenset([a.carried]), mask=value.mask)
        with self._names.block():
            index = self._names.index(loop.index.name)
            self._known[loop.index] = Expression(index)
            more = f"{index}++" if step == "1" else f"{index} += {step}"
            self._line(f"for (int64_t {index} = {start.text}; {index} < {stop}; {more}) {{")
            self._depth += 1
            self._block(loop.body)
            self._hand_on(loop, dict(zip(along, names, strict=True)))
            self._depth -= 1
            self._line("}")
        for a, name, value in zip(along, names, initial, strict=True):
            self._known[a.result] = Expression(name, mask=value.mask)

    def _hand_on(self, loop: For, names: dict[Along, str]) -> None:
        """The carried variables change together: what reads one that has changed already is kept before."""
        following = [(a.carried, name, self._wide(a.next)) for a, name in names.items()]
        until = None if loop.until is None else self._operand(loop.until)
        moved: set[Carried] = {carried for carried, name, value in following if value.text != name}
        if until is not None and until.reads & moved:
            until = self._aside("bool", "ended", until)
        changed: set[Carried] = set()
        lines = []
        for carried, name, value in following:
            if carried not in moved:
                continue
            given = value
            if value.reads & changed:
                given = self._aside(self._declared(carried, "", 64).strip(), f"next_{name}", value)
            lines.append(given.into(name))
            changed.add(carried)
        for line in lines:
            self._line(line)
        if until is not None:
            self._line(f"if ({until.text}) {{")
            self._line("    break;")
            self._line("}")

    def _aside(self, of: str, name: str, value: Expression) -> Expression:
        free = self._names.fresh(name)
        self._line(f"const {of} {free} = {value.text};")
        return Expression(free, mask=value.mask)

    def _branch(self, branch: If) -> None:
        condition = self._operand(branch.condition)
        self._settle()
        names = []
        choices = [choice for choice in branch.choices if self._uses.count[choice.result]]
        for choice in choices:
            self._seen(choice.result)
            names.append(self._names.fresh(choice.result.name))
            self._line(f"{self._declared(choice.result, names[-1], 64)};")
        self._line(f"if ({condition.text}) {{")
        self._side(branch.then, [(n, ch.then) for n, ch in zip(names, choices, strict=True)])
        if branch.otherwise or choices:
            self._line("} else {")
            self._side(branch.otherwise, [(n, ch.otherwise) for n, ch in zip(names, choices, strict=True)])
        self._line("}")
        for choice, name in zip(choices, names, strict=True):
            of = choice.result.type
            self._known[choice.result] = Expression(
                name, mask=64 if isinstance(of, Type) and of.is_mask and of.lanes > 1 else 0
            )

    def _side(self, body: tuple[Statement, ...], chosen: list[tuple[str, Value]]) -> None:
        self._depth += 1
        with self._names.block():
            self._block(body)
            for name, value in chosen:
                self._line(f"{name} = {self._wide(value).text};")
        self._depth -= 1

    def _kept(self, value: Value, name: str) -> str:
        """A bound of a loop, computed once."""
        expression = self._operand(value)
        simple = isinstance(value, v.Constant) or (expression.text.isidentifier() and not expression.reads)
        return expression.text if simple else self._aside("int64_t", name, expression).text

    def _settle(self) -> None:
        """What reads memory is read before the next thing that may write."""
        for value in [x for x, e in self._waiting.items() if e.loads]:
            self._variable(value, self._waiting.pop(value), None)

    def _wide(self, value: Value) -> Expression:
        return self._make.aligned(self._operand(value), value.type, 64)

    def _operand(self, value: Value) -> Expression:
        return self._make.constant(value) if isinstance(value, v.Constant) else self._take(value)

    def _take(self, value: Value) -> Expression:
        """Where a value is to be found: its variable, or the expression that waits for its one use."""
        return self._waiting.pop(value) if value in self._waiting else self._known[value]

    def _seen(self, value: Value) -> None:
        if isinstance(value.type, Type):
            self._helpers.vector(value.type)

    def _line(self, text: str) -> None:
        self._lines.append(f"{'    ' * self._depth}{text}")
