"""A program on paper: each assignment in the sheet's own notation with indices from 0, its shape, its products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsheet.expressions import Affine, Index, Reduce, walk
from gradsheet.programs.contracting import contraction, kind_of
from gradsheet.programs.lowering import PASSES
from gradsheet.programs.model import Assign, Loop
from gradsheet.records import dataclass
from gradsheet.writing.equations import taken_names
from gradsheet.writing.naming import Names
from gradsheet.writing.notations.components import component
from gradsheet.writing.spelling import Spelling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.expressions import Symbol
    from gradsheet.programs.model import Program, Statement
    from gradsheet.sheet import Sheet

_INDENT = "  "


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One assignment, or the head of a loop around the lines that follow it at a greater depth."""

    depth: int
    text: str
    ranges: str = ""
    shape: str = ""
    kinds: tuple[str, ...] = ()


class ProgramView:
    """A program as text and as data."""

    def __init__(self, program: Program, sheet: Sheet, *, ascii_only: bool = False) -> None:
        self.program = program
        self.spelling = Spelling(sheet, ascii_only=ascii_only)
        taken = {*taken_names(sheet), *(a.symbol.name for a in program.arguments)}
        self.names = Names({*taken, *(a.target.name for a in program.assigns)})

    # ------------------------------------------------------------ text

    def text(self) -> str:
        """Arguments, statements, results."""
        say = self.spelling.prose
        blocks = [
            ("arguments", [(say(a.symbol.name), self.shape(a.symbol), a.part + self._rows(a.symbol))
                for a in self.program.arguments]),
            ("program", [(_INDENT * line.depth + line.text + line.ranges, line.shape, ", ".join(line.kinds))
                for line in self.lines()]),
            ("results", [(say(r.symbol.name), self.shape(r.symbol), say(f"the new {r.name}") if r.updates else "")
                for r in self.program.results]),
        ]  # fmt: skip
        out: list[str] = []
        for title, rows in blocks:
            if rows:
                out += [title, *(f"{_INDENT}{row}" for row in _columns(rows)), ""]
        out += [say(note) for note in self.program.notes]
        return say("\n".join(out).rstrip() + "\n")

    def _rows(self, symbol: Symbol) -> str:
        """What takes the axis of the data says so."""
        rows = self.program.rows
        return ", with a row for each example" if rows is not None and symbol.axes and (
            symbol.axes[0].range == rows.range and symbol.axes[0].name == rows.name) else ""  # fmt: skip

    def lines(self) -> Iterator[ShownLine]:
        """The statements in order."""
        yield from self._block(self.program.statements, 0, self.names)

    def _block(self, statements: Sequence[Statement], depth: int, names: Names) -> Iterator[ShownLine]:
        for statement in statements:
            if isinstance(statement, Loop):
                inner = names.with_indices([statement.index])
                low, high = (self._affine(e, inner) for e in statement.index.range)
                ends = f"{high}..{low}, downward" if statement.downward else f"{low}..{high}"
                yield ShownLine(depth, f"for {self.spelling.prose(inner.of[statement.index])} in {ends}")
                yield from self._block(statement.body, depth + 1, inner)
            else:
                yield self._assign(statement, depth, names)

    def _assign(self, statement: Assign, depth: int, names: Names) -> ShownLine:
        own = names.with_indices(statement.free)
        left = own.component(statement.target, [own.affine(p) for p in statement.pattern])
        right = component(statement.body, own)
        text = f"{self.spelling.formula(left)} = {self.spelling.formula(right)}"
        return ShownLine(depth, text, self._ranges(statement, own), self.shape(statement.target), kinds(statement))

    def _ranges(self, statement: Assign, names: Names) -> str:
        """The ranges of the indices that do not run along a whole axis of the target."""
        axes = zip(statement.pattern, statement.target.axes, strict=True)
        whole = {p.single for p, a in axes if isinstance(p.single, Index) and p.single.range == a.range}
        parts = [
            f"{self.spelling.prose(names.of[i])} in {self._affine(i.low, names)}..{self._affine(i.high, names)}"
            for i in statement.free if i not in whole
        ]  # fmt: skip
        return f"   for {', '.join(parts)}" if parts else ""

    def _affine(self, value: Affine, names: Names) -> str:
        return self.spelling.formula(names.affine(value))

    def shape(self, symbol: Symbol) -> str:
        """The number of entries along each axis."""
        sign = "x" if self.spelling.ascii_only else "×"
        compact = [e.replace(" ", "") for e in self._extents(symbol)]
        return sign.join(e if e.isalnum() or len(compact) == 1 else f"({e})" for e in compact)

    def _extents(self, symbol: Symbol) -> list[str]:
        names = self.names.with_indices(symbol.axes)
        return [self._affine(axis.high - axis.low + 1, names) for axis in symbol.axes]

    # ------------------------------------------------------------ data

    def data(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "schema_version": 1,
            "arguments": [
                {"name": a.name, "symbol": a.symbol.name, "part": a.part, "member": _member(a.member),
                 "shape": self._extents(a.symbol), "rows": bool(self._rows(a.symbol))}
                for a in self.program.arguments
            ],
            "statements": self._statements(self.program.statements, self.names),
            "results": [
                {"name": r.name, "symbol": r.symbol.name, "member": _member(r.member), "shape": self._extents(r.symbol),
                 "updates": r.updates.name if r.updates is not None else None}
                for r in self.program.results
            ],
            "notes": list(self.program.notes),
        }  # fmt: skip

    def _statements(self, statements: Sequence[Statement], names: Names) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for statement in statements:
            if isinstance(statement, Loop):
                inner = names.with_indices([statement.index])
                made.append({
                    "kind": "loop", "index": self._index(statement.index, inner), "downward": statement.downward,
                    "body": self._statements(statement.body, inner),
                })  # fmt: skip
                continue
            own = names.with_indices(statement.free)
            line = self._assign(statement, 0, names)
            left, _, right = line.text.partition(" = ")
            made.append({
                "kind": "assignment", "target": statement.target.name, "left": left, "right": right,
                "indices": [self._index(i, own) for i in statement.free], "shape": self._extents(statement.target),
                "products": list(line.kinds),
            })  # fmt: skip
        return made

    def _index(self, index: Index, names: Names) -> dict[str, str]:
        low, high = (self._affine(e, names) for e in index.range)
        return {"name": self.spelling.prose(names.of[index]), "low": low, "high": high}


def kinds(statement: Assign) -> tuple[str, ...]:
    """What kinds of product an assignment has, each once."""
    found: dict[str, None] = {}
    inside: set[int] = set()
    for node in walk(statement.body):
        if isinstance(node, Reduce) and id(node) not in inside:
            below = node.body
            while isinstance(below, Reduce):
                inside.add(id(below))
                below = below.body
            product = contraction(node)
            if product is not None and len(product.factors) > 1:
                found.setdefault(kind_of(product, statement.free))
    return tuple(found)


def passes_text() -> str:
    """Every pass with what it is for, in order."""
    return "\n".join(_columns([(p.name, p.purpose) for p in PASSES])) + "\n"


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with their cells below one another; a long first cell pushes the rest of its line."""
    widths = [max(min(len(r[k]), 72) for r in rows) for k in range(len(rows[0]))]
    return ["   ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]


def _member(member: tuple[int, ...] | None) -> list[int] | None:
    return list(member) if member is not None else None


__all__ = ["ProgramView", "ShownLine", "kinds", "passes_text"]
