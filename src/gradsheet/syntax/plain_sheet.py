"""A whole sheet as plain text that reads back as the same sheet."""

from __future__ import annotations

import re
from typing import assert_never

from gradsheet.syntax.plain import PlainWriter, leftmost
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.traversal import unlabelled, walk
from gradsheet.syntax.tree import (
    Assignment,
    Assumption,
    BoundIndex,
    Comparison,
    Declaration,
    Definition,
    Document,
    Expression,
    Factor,
    Family,
    FiniteSet,
    Given,
    Group,
    IndexSet,
    Initialisation,
    Interval,
    Maps,
    Name,
    Num,
    Objective,
    Parameters,
    Product,
    Pullback,
    Range,
    Reals,
    Set,
    Simplex,
    Sizes,
    Statement,
    Update,
)
from gradsheet.syntax.vocabulary import FUNCTIONS, STATEMENTS

_INDENT = "  "
_TIMES = re.compile(r"\bx[0-9]*\b|×")
_OTHER_SETS = re.compile(r"(R|onehot|simplex)\b")
_KINDS: tuple[tuple[type[Statement], ...], ...] = (
    (Declaration, Assumption, Sizes),
    (Definition, Family),
    (Parameters, Objective, Pullback),
    (Initialisation,),
    (Update,),
    (Given,),
)


def plain_document(document: Document, *, ascii: bool = False) -> str:  # noqa: A002 - as Python's own `ascii()`
    r"""A sheet as text, one statement on each line.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_document
    >>> source = Source("x,y in R^(2 x n)\nz = x .* y\nparameters x")
    >>> print(plain_document(parse_document(source, Diagnostics(source))), end="")
    x, y ∈ ℝ^(2×n)
    <BLANKLINE>
    z = x ⊙ y
    <BLANKLINE>
    parameters x
    """
    document = unlabelled(document)
    writer = _SheetWriter(ascii_only=ascii, functions=FUNCTIONS | _functions(document))
    return "\n".join(writer.block(document.statements)) + "\n"


def plain_statement(statement: Statement, *, ascii: bool = False) -> str:  # noqa: A002 - as Python's own `ascii()`
    """One statement as text, with the lines of its block."""
    return "\n".join(_SheetWriter(ascii_only=ascii).statement(unlabelled(statement)))


def _functions(document: Document) -> frozenset[str]:
    """Names that the sheet declares or defines as functions."""
    found: set[str] = set()
    for node in walk(document):
        match node:
            case Declaration(set=Maps()):
                found.update(name.key for name in map(leftmost, node.names) if isinstance(name, Name))
            case Definition(target=Product(factors=(Factor(item=Name() as name), _))):
                found.add(name.key)
            case _:
                pass
    return frozenset(found)


class _SheetWriter(PlainWriter):
    """Writes statements and sets."""

    def block(self, statements: tuple[Statement, ...]) -> list[str]:
        """Lines, with a blank one where the kind of statement changes."""
        out: list[str] = []
        before: int | None = None
        for statement in statements:
            kind = next(at for at, kinds in enumerate(_KINDS) if isinstance(statement, kinds))
            if before is not None and kind != before:
                out.append("")
            out.extend(self.statement(statement))
            before = kind
        return out

    def statement(self, node: Statement) -> list[str]:
        """The lines of one statement."""
        match node:
            case Declaration():
                names = ", ".join(self.text(name) for name in node.names)
                sign = ":" if isinstance(node.set, Maps) else self.sign("∈")
                return [" ".join([f"{names} {sign} {self.set(node.set)}", *node.attributes])]
            case Assumption():
                text = self.text(node.condition)
                # A name such as `update` would begin a statement of that kind: a sign before it says that it is none.
                return [f"+{text}" if text.split(" ")[0] in STATEMENTS else text]
            case Sizes():
                return ["sizes " + ", ".join(self.size(name, limits) for name, limits in node.names)]
            case Definition():
                return [f"{self.target(node.target)} = {self.value(node.value)}{self.ranges(node.ranges)}"]
            case Family():
                lines = [line for below in node.body for line in self.statement(below)]
                return [f"for {self.bound(node.indices)}", *(_INDENT + line for line in lines)]
            case Parameters():
                return ["parameters " + ", ".join(self.name(name) for name in node.names)]
            case Pullback():
                return ["pullback " + ", ".join(self.name(name) for name in node.names)]
            case Objective():
                return [self.objective(node)]
            case Initialisation():
                return [", ".join(self.text(name) for name in node.targets) + f" ~ {self.text(node.rule)}"]
            case Update():
                return ["update", *(_INDENT + self.assignment(below) for below in node.assignments)]
            case Given():
                return ["given", *(f"{_INDENT}{self.text(name)} = {self.text(value)}" for name, value in node.values)]
            case _:
                assert_never(node)

    def target(self, node: Expression) -> str:
        """What is defined."""
        match node:
            case Product(factors=(name, argument)):
                return self.text(name.item) + self.text(argument.item)
            case _:
                return self.text(node)

    def value(self, node: Expression) -> str:
        """A right-hand side; a second `=` at its level would be a second equation."""
        if isinstance(node, Comparison) and "=" in node.relations:
            return self.bracketed(node)
        return self.text(node)

    def ranges(self, indices: tuple[BoundIndex, ...]) -> str:
        """`for m in 1..M`."""
        return f" for {self.bound(indices)}" if indices else ""

    def size(self, name: Name, limits: Range | None) -> str:
        """`n[0..D]`."""
        return self.name(name) + (f"[{self.text(limits)}]" if limits else "")

    def objective(self, node: Objective) -> str:
        """`minimize L by sgd(η = 0.1)`."""
        out = f"{node.sense} {self.text(node.value)}"
        if node.method is None:
            return out
        settings = ", ".join(f"{self.name(name)} = {self.text(value)}" for name, value in node.method.settings)
        return f"{out} by {self.name(node.method.name)}" + (f"({settings})" if settings else "")

    def assignment(self, node: Assignment) -> str:
        """`w ← …`."""
        arrow = "<-" if self.ascii_only else "←"
        return f"{self.text(node.target)} {arrow} {self.text(node.value)}{self.ranges(node.ranges)}"

    # ------------------------------------------------------------ sets

    def set(self, node: Set) -> str:
        """A set after ∈ or `:`."""
        match node:
            case Reals():
                return ("R" if self.ascii_only else "ℝ") + self.axes(node.axes)
            case FiniteSet():
                values = ",".join(self.text(value, Level.RANGE) for value in node.values)
                return f"{{{values}}}{self.axes(node.axes)}"
            case Interval():
                left, right = "(" if node.low_open else "[", ")" if node.high_open else "]"
                return f"{left}{self.text(node.low)},{self.text(node.high)}{right}{self.axes(node.axes)}"
            case Simplex():
                return f"{node.kind}({self.text(node.size, Level.RANGE)}){self.axes(node.axes)}"
            case IndexSet():
                text = self.text(node.range)
                if node.axes:
                    return f"({text}){self.axes(node.axes)}"
                plain_start = text[0].isalnum() or text[0] == "-"
                return text if plain_start and not _OTHER_SETS.match(text) else f"{{{text}}}"
            case Maps():
                arrow = "->" if self.ascii_only else "→"
                return f"{self.set(node.domain)} {arrow} {self.set(node.codomain)}"
            case _:
                assert_never(node)

    def axes(self, axes: tuple[Expression, ...]) -> str:
        """`^n`, `^(m × n)`."""
        if not axes:
            return ""
        if len(axes) == 1 and isinstance(axes[0], Name | Num):
            return f"^{self.text(axes[0], Level.OPERAND)}"
        texts = [self.axis(axis) for axis in axes]
        tight = not any(" " in text or ".." in text for text in texts)
        times = " x " if self.ascii_only else "×" if tight else " × "
        return f"^({times.join(texts)})"

    def axis(self, node: Expression) -> str:
        """One size; in brackets where an `x` in it would separate sizes."""
        text = self.text(node, Level.RANGE)
        return f"({text})" if _TIMES.search(text[1:]) and not isinstance(node, Group) else text
