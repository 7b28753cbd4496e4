"""Functions of a target: arguments, sizes taken from shapes, the statements that the results need, what is returned."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.expressions import Access, Affine, ArrayCall, Index, Multiply, Reduce, Role, Size
from gradsheet.programs.inlining import uses
from gradsheet.programs.model import Argument, Assign, Loop, Program, Statement, assigns
from gradsheet.records import dataclass
from gradsheet.targets.identifiers import Identifiers
from gradsheet.targets.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from gradsheet.diagnostics import Source
    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Result
    from gradsheet.targets.dialect import Dialect

_RESERVED = (
    "np", "jnp", "jax", "lax", "torch", "F", "nn", "math", "itertools", "product", "value", "gradient", "update",
    "pullback", "predict", "dtype", "device", "slice", "state", "forward", "backward", "value_and_saved",
    "ctx", "self", "saved", "Model", "function", "array", "agree",
)


@dataclass(frozen=True, slots=True)
class Group:
    """One argument or result as the caller has it: an array, or the list of a family's members."""

    name: str
    """The identifier."""
    written: str
    """The name in the sheet."""
    symbols: tuple[Symbol, ...]
    members: bool
    part: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that was printed, and what it needs around it."""

    name: str
    lines: tuple[str, ...]
    used: frozenset[str]
    parameters: tuple[Group, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


class Workshop:
    """Prints functions of one program for one target; names are the same in all of them."""

    def __init__(self, program: Program, dialect: Dialect, source: Source) -> None:
        self.program, self.dialect, self.source = program, dialect, source
        self.names = Identifiers({*_RESERVED, *dialect.helpers}, dialect.reserved)
        self.inputs = self._groups(program.arguments, "")
        self.results = self._result_groups(program.results)
        self._name_the_rest()
        self.sizes = {s: self.names.name(s, s.name) for s in _sizes(program)}
        self.inverses = _solved_inverses(program) if program.statements else {}
        self.filters = frozenset(a.symbol for a in program.arguments if a.part == "parameter")

    # ------------------------------------------------------------ names

    def _groups(self, arguments: Sequence[Argument], suffix: str) -> tuple[Group, ...]:
        found: dict[str, list[Argument]] = {}
        for argument in arguments:
            if argument.part != "table":
                found.setdefault(argument.name, []).append(argument)
        groups = []
        for name, parts in found.items():
            members = parts[0].member is not None
            own = self.names.fresh(name + suffix)
            for argument in parts:
                if members:
                    self.names.name(argument.symbol, argument.symbol.name)
                else:
                    self.names.of[argument.symbol] = own
            groups.append(Group(own, name, tuple(a.symbol for a in parts), members, parts[0].part))
        return tuple(groups)

    def _result_groups(self, results: Sequence[Result]) -> tuple[Group, ...]:
        found: dict[tuple[str, bool], list[Result]] = {}
        for result in results:
            found.setdefault((result.name, result.updates is not None), []).append(result)
        groups = []
        for (name, updates), parts in found.items():
            members = parts[0].member is not None
            for result in parts:
                self.names.name(result.symbol, result.symbol.name)
            own = self.names.of[parts[0].symbol] if not members else name
            groups.append(Group(own, name, tuple(r.symbol for r in parts), members, "update" if updates else ""))
        return tuple(groups)

    def _name_the_rest(self) -> None:
        rows = self.program.rows
        for symbol in [*(a.target for a in self.program.assigns), *self.program.tables]:
            first = symbol.axes[0] if symbol.axes else None
            by_row = rows is not None and first is not None and first.range == rows.range
            taken = any(s.name == symbol.name for s in self.names.of if s is not symbol and hasattr(s, "name"))
            wanted = f"{symbol.name}_rows" if by_row and taken and symbol.role is not Role.LOCAL else symbol.name
            self.names.name(symbol, wanted)

    # ------------------------------------------------------------ functions

    def needed(self, wanted: Iterable[Symbol], given: Collection[Symbol]) -> tuple[Statement, ...]:
        """The statements behind some arrays, where others are there already."""
        needed = set(wanted) - set(given)
        listed = [a for a in self.program.assigns if a.target not in given]
        changed = True
        while changed:
            changed = False
            for assign in listed:
                if assign.target in needed:
                    read = {u.access.symbol for u in uses(assign)} - set(given)
                    changed |= not read <= needed
                    needed |= read
        return _kept(self.program.statements, needed - set(given))

    def reads(self, statements: Sequence[Statement], wanted: Iterable[Symbol] = ()) -> set[Symbol]:
        """The arrays that statements read and do not make."""
        made = {a.target for a in assigns(statements)}
        read = {u.access.symbol for a in assigns(statements) for u in uses(a)} | set(wanted)
        behind = {s for symbol in read & set(self.inverses) for s in self.inverses[symbol].symbols}
        return (read | behind) - made - set(self.program.tables)

    def printer(self, outputs: Iterable[Symbol]) -> Statements:
        made = Statements(self.dialect, self.names.copy(), self.source, sizes=self.sizes, inverses=self.inverses)
        made.filters = self.filters
        made.allocated, made.outputs = set(), frozenset(outputs)
        return made

    def body(
        self, statements: Sequence[Statement], outputs: Iterable[Symbol], given: Sequence[Symbol]
    ) -> tuple[list[str], set[str]]:
        """The lines of a function after its docstring, without what it returns; and what they need."""
        printer = self.printer(outputs)
        printer.block(statements)
        tables = [line for symbol in self.program.tables if _reads(statements, symbol)
                  for line in self._table(symbol, printer)]  # fmt: skip
        lines = [*tables, *printer.lines]
        text = "\n".join(lines)
        head = self._sizes(text, given)
        floats = [s for s in given if not s.is_integer and s not in self.program.tables]
        first = next((s for s in floats if s.rank), floats[0] if floats else None)
        for name in ("dtype", "device"):
            if re.search(rf"\b{name}\b", text) and re.search(rf"(?<![\w.]){name}(?!=|\w)", text):
                if first is None:
                    raise printer.lacks("has no array that says which precision to use")
                array = self.names.of[first]
                form = self.dialect.dtype if name == "dtype" else "{array}.device"
                head.append(f"{name} = {form.format(array=array)}")
        return [*head, *lines], printer.used

    def function(
        self, name: str, groups: Sequence[Group], statements: Sequence[Statement], returned: str, doc: Sequence[str],
        outputs: Iterable[Symbol],
    ) -> Function:  # fmt: skip
        """One plain function."""
        given = [s for g in groups for s in g.symbols]
        lines, used = self.body(statements, outputs, given)
        unpacked = unpack(groups, self.names, "\n".join([*lines, returned]))
        head = signature(name, [g.name for g in groups])
        decorator = ['@np.errstate(divide="ignore", invalid="ignore")  # in branches that are not taken'] if (
            "errstate" in used and self.dialect.name == "numpy"
        ) else []  # fmt: skip
        body = [*docstring(doc), *unpacked, *lines, f"return {returned}"]
        return Function(name, (*decorator, *head, *(f"    {line}" if line else "" for line in body)), frozenset(used),
            tuple(groups))  # fmt: skip

    def returned(self, groups: Sequence[Group]) -> str:
        """Results as they are handed back, one by one."""
        return ", ".join(self.packed(g) for g in groups)

    def packed(self, group: Group) -> str:
        """One result: an array, or a list."""
        if group.members:
            return f"[{', '.join(self.names.of[s] for s in group.symbols)}]"
        return self.names.of[group.symbols[0]]

    def _sizes(self, text: str, given: Sequence[Symbol]) -> list[str]:
        """Sizes that lines use, from the shapes of what is given."""
        lines: list[str] = []
        wanted = [s for s, n in self.sizes.items() if re.search(rf"(?<![\w.\"']){re.escape(n)}(?![\w\"'(])", text)]
        known: set[Size] = set()
        for _ in range(len(wanted) + 1):
            for size in wanted:
                found = None if size in known else self._size(size, given, known)
                if found is not None:
                    lines.append(f"{self.sizes[size]} = {found}")
                    known.add(size)
        for size in wanted:
            if size not in known:
                message = f"the size {size.name} does not follow from the shapes of what is given"
                hint = f"give it as a number: --set {size.name}=3"
                raise SheetError((Diagnostic("GS802", message, None, self.source, None, hint),))
        return lines

    def _size(self, size: Size, given: Sequence[Symbol], known: set[Size]) -> str | None:
        for symbol in given:
            for k, axis in enumerate(symbol.axes):
                extent = axis.high - axis.low + 1
                coefficient = extent.coefficient(size)
                rest = extent - Affine.atom(size) * coefficient
                if not coefficient or any(not isinstance(a, Size) or a not in known for a in rest.atoms()):
                    continue
                text = f"{self.names.of[symbol]}.shape[{k}]"
                printer = self.printer(())
                if rest != Affine():
                    text += f" - {printer.affine(rest)}" if at_ease(rest) else f" - ({printer.affine(rest)})"
                    text = text.replace("- -", "+ ")
                if coefficient == 1:
                    return text
                return f"({text}) // {coefficient}" if rest != Affine() else f"{text} // {coefficient}"
        return None

    def _table(self, symbol: Symbol, printer: Statements) -> list[str]:
        """Every value of a variable over a finite set, one in a row."""
        values = self.program.tables[symbol]
        name = self.names.of[symbol]
        printer.used.add("itertools")
        if symbol.domain.kind == "onehot":
            radix, units = values.shape[-1], 1
            for n in values.shape[1:-1]:
                units *= n
            shape = ", ".join(map(str, (-1, *values.shape[1:])))
            rows = f"[[float(k == j) for j in range({radix})] for k in range({radix})]"
            rows = f"list(itertools.product({rows}, repeat={units}))"
            return [f"{name} = {self.dialect.table(rows)}.reshape({shape})"]
        choices = symbol.domain.values or sorted({int(v) for v in values.reshape(-1)})
        text = ", ".join(str(c) if c.denominator == 1 else repr(float(c)) for c in choices)
        units = int(values[0].size)
        rows = f"list(itertools.product(({text}{',' if len(choices) == 1 else ''}), repeat={units}))"
        table = self.dialect.table(rows, whole=symbol.is_integer)
        return [f"{name} = {table}" + (
            "" if values.ndim == 2 else f".reshape({', '.join(map(str, (-1, *values.shape[1:])))})")]  # fmt: skip


def at_ease(value: Affine) -> bool:
    """Whether a minus may stand before it."""
    return value.is_constant or (not value.constant and len(value.terms) == 1)


def signature(name: str, arguments: Sequence[str]) -> list[str]:
    """`def name(a, b):`, over several lines where it is long."""
    line = f"def {name}({', '.join(arguments)}):"
    if len(line) <= 100:
        return [line]
    return [f"def {name}(", *(f"    {a}," for a in arguments), "):"]


def docstring(lines: Sequence[str]) -> list[str]:
    """Lines as a docstring."""
    quote = '"""'
    if len(lines) == 1:
        return [f"{quote}{lines[0]}{quote}"]
    return [f"{quote}{lines[0]}", "", *lines[1:], quote]


def unpack(groups: Sequence[Group], names: Identifiers, text: str) -> list[str]:
    """The members of families by names of their own, where they are used."""
    lines = []
    for group in groups:
        own = [names.of[s] for s in group.symbols]
        if group.members and any(re.search(rf"\b{n}\b", text) for n in own):
            lines.append(f"{', '.join(own)}{',' if len(own) == 1 else ''} = {group.name}")
    return lines


def _kept(statements: Sequence[Statement], needed: Collection[Symbol]) -> tuple[Statement, ...]:
    made: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Loop):
            body = _kept(statement.body, needed)
            if body:
                made.append(replace(statement, body=body))
        elif statement.target in needed:
            made.append(statement)
    return tuple(made)


def _reads(statements: Sequence[Statement], symbol: Symbol) -> bool:
    return any(u.access.symbol is symbol for a in assigns(statements) for u in uses(a))


def _sizes(program: Program) -> list[Size]:
    """Every size that is a symbol still."""
    found: dict[Size, None] = {}

    def note(value: Affine) -> None:
        for atom in value.atoms():
            if isinstance(atom, Size):
                found.setdefault(atom)
            elif isinstance(atom, Index):
                note(atom.low)
                note(atom.high)

    for symbol in [*(a.symbol for a in program.arguments), *(a.target for a in program.assigns)]:
        for axis in symbol.axes:
            note(axis.low)
            note(axis.high)
    if program.rows is not None:
        note(program.rows.high)
    return list(found)


def _solved_inverses(program: Program) -> dict[Symbol, Access]:
    """Inverses that only multiply vectors and matrices: a system is solved in their place."""
    found: dict[Symbol, Access] = {}
    for assign in program.assigns:
        body = assign.body
        if not (isinstance(body, ArrayCall) and body.operation == "inverse" and assign.whole):
            continue
        argument = body.argument.body
        if not (isinstance(argument, Access) and tuple(p.single for p in argument.at) == body.argument.indices):
            continue
        rows = [p.single for p in body.at]
        if rows != list(assign.free) or assign.target in program.outputs:
            continue
        if _only_multiplies(assign, program):
            found[assign.target] = argument
    return found


def _only_multiplies(inverse: Assign, program: Program) -> bool:
    """Whether an inverse is read only as a factor of two, summed over one of its indices."""
    met = False
    for assign in program.assigns:
        for use in uses(assign):
            if use.access.symbol is not inverse.target:
                continue
            met = True
            at = [p.single for p in use.access.at]
            sums = [n.index for n in use.within if isinstance(n, Reduce) and n.kind == "sum"]
            product = use.within[-1] if use.within else None
            if not isinstance(product, Multiply) or len(product.factors) != 2 or len(use.within) < 2:
                return False
            other = next((f for f in product.factors if f is not use.access), None)
            if not isinstance(other, Access) or not isinstance(use.within[-2], Reduce):
                return False
            if other.symbol is inverse.target or len(sums) != 1 or len(set(at)) != 2:
                return False
            if not all(isinstance(i, Index) for i in at) or sums[0] not in at or sums[0] not in other.free:
                return False
            if any(i in other.free for i in at if i is not sums[0]):
                return False
    return met


__all__ = ["Function", "Group", "Workshop", "docstring", "signature", "unpack"]
