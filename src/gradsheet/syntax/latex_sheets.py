r"""Sheets with formulas in LaTeX: what each symbol is, told by the sheet's own declarations and definitions.

`$W_1 \in …$` declares the name W1; `$h_l = …$` below `for l` defines members of h, so that `$h_0 = x$` is one, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from gradsheet.syntax.binding import Binding, Unbound
from gradsheet.syntax.scripts import joined, parts, spelled
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Declaration,
    Definition,
    Document,
    Expression,
    Factor,
    Family,
    FiniteSet,
    Group,
    IndexSet,
    Interval,
    Lowered,
    Maps,
    Name,
    Node,
    Num,
    Product,
    Reals,
    Set,
    Simplex,
    Sizes,
    Slice,
    Subscript,
)
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.syntax.written_names import Known, NameTable, faces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gradsheet.diagnostics import Diagnostics
    from gradsheet.syntax.tree import Statement

N = TypeVar("N", bound=Node)

_FUNCTIONS = NameTable(dict.fromkeys(sorted(FUNCTIONS), Known(0, function=True)))


def bind_document(document: Document, diagnostics: Diagnostics) -> Document:
    r"""The document with the names that its LaTeX stands for; a statement with a symbol that can be two is left out.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.plain_sheet import plain_document
    >>> from gradsheet.syntax.reading import parse_document
    >>> source = Source(r"$W_1 \in \mathbb{R}^{2 \times 3}, x \in \mathbb{R}^3$" + "\n" + r"$\hat{y} = W_1 x$")
    >>> print(plain_document(parse_document(source, Diagnostics(source))), end="")
    W1 ∈ ℝ^(2×3)
    x ∈ ℝ^3
    <BLANKLINE>
    ŷ = W1 x
    """
    outline = _Outline(diagnostics)
    outline.visit(document.statements, frozenset())
    reader = _Reader(diagnostics, _FUNCTIONS.within(outline.known()))
    return replace(document, statements=tuple(reader.statements(document.statements)))


class _Outline:
    """What a sheet declares and defines, before anything is bound."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.diagnostics = diagnostics
        self.text = diagnostics.source.text
        self.names: list[tuple[Name, Known]] = []
        self.arrays: dict[str, Known] = {}
        self.compounds: list[tuple[Name, str, Known, bool]] = []
        """A letter with digits or a word below it: a name if it is declared, or if the letter is no array."""

        self.used: frozenset[str] = frozenset()
        """Letters that stand below symbols in the value at hand."""

    def visit(self, statements: Sequence[Statement], bound: frozenset[str]) -> None:
        """Take in statements; `bound` are the indices of the families around them."""
        for statement in statements:
            match statement:
                case Sizes(names=names):
                    self.names += [(name, Known(0 if limits is None else 1)) for name, limits in names]
                case Declaration(names=targets, set=declared):
                    known = Known(_rank(declared), function=isinstance(declared, Maps))
                    for target in targets:
                        self.target(target, known, bound, declared=True)
                case Definition(target=Product(factors=(Factor(item=head), _))):
                    self.target(head, Known(0, function=True), bound, declared=True)
                case Definition(target=target, value=value):
                    self.used = _letters_below(value)
                    self.target(target, Known(), bound, declared=False)
                case Family(indices=indices, body=body):
                    self.visit(body, bound | {index.name.key for index in indices})
                case _:
                    pass

    def target(self, node: Expression, known: Known, bound: frozenset[str], *, declared: bool) -> None:
        """A name on the left."""
        match node:
            case Name():
                self.names.append((node, known))
            case Lowered(base=Name() as base, items=items):
                below = spelled(items)
                if below is None or self.is_index(items[0], bound, declared=declared):
                    self.array(base, items, known, bound)
                else:
                    self.compounds.append((base, below, known, declared))
            case Subscript(base=Name() as base, items=items):
                both = parts(base)
                if both is None:
                    self.array(base, items, known, bound)
                else:  # [W_1]_{i,j}
                    letter = Name(both[0], both[0], span=base.span)
                    self.compounds.append((letter, both[1], self.indexed(known, items, bound), True))
            case _:
                pass

    def array(self, base: Name, items: tuple[Expression | Slice, ...], known: Known, bound: frozenset[str]) -> None:
        before = self.arrays.get(base.key)
        found = self.indexed(known, items, bound)
        self.arrays[base.key] = replace(found, family=True) if before is not None and before.family else found

    def indexed(self, known: Known, items: tuple[Expression | Slice, ...], bound: frozenset[str]) -> Known:
        """What is known of a name with indices; it is a family if one of them is bound around it."""
        used = {node.key for item in items for node in walk(item) if isinstance(node, Name)}
        count = len(items[0].factors) if len(items) == 1 and isinstance(items[0], Product) else len(items)
        return Known(None if known.rank is None else known.rank + count, bool(used & bound))

    def is_index(self, item: Expression | Slice, bound: frozenset[str], *, declared: bool) -> bool:
        """Whether what stands below a name on the left is an index: a letter that nothing else tells apart."""
        if isinstance(item, Num):
            return False
        if isinstance(item, Name) and (len(item.key) > 1 or self.text[item.span.start] == "\\"):
            return item.key in bound
        letters = {node.key for node in walk(item) if isinstance(node, Name)}
        if declared or letters <= bound:
            return letters <= bound
        return isinstance(item, Name) or letters <= self.used

    def known(self) -> dict[str, Known]:
        """Every name with what is known of it; letters lose their face where that leaves them apart."""
        found: dict[str, Known] = {}
        letters = {name.key for name, _ in self.names} | {base.key for base, *_ in self.compounds}
        letters |= self.arrays.keys()

        def plain(key: str) -> str:
            *_, last = faces(key)
            return key if last in letters and last != key else last

        in_latex = [name for name, _ in self.names if self.text[name.span.start] == "\\"]
        for name, known in self.names:
            if name not in in_latex:
                found[name.key] = known
        found |= {plain(key): known for key, known in self.arrays.items()}
        table = NameTable(found)
        for name, known in self.names:
            if name in in_latex and not table.spelled(plain(name.key), ""):
                found[plain(name.key)] = known
        for base, below, known, declared in self.compounds:
            key = plain(base.key)
            if key in self.arrays and below.isdigit() and not declared:
                continue  # h_0 = … is a member of h
            same = table.spelled(key, below)
            found.setdefault(same[0] if same else joined(key, below), known)
        return found


def _rank(declared: Set) -> int:
    """How many axes a set has."""
    match declared:
        case Reals(axes=axes) | FiniteSet(axes=axes) | Interval(axes=axes) | IndexSet(axes=axes):
            return len(axes)
        case Simplex(axes=axes):
            return len(axes) + 1
        case Maps():
            return 0


def _letters_below(value: Expression) -> frozenset[str]:
    """The letters in what stands below the symbols of a formula."""
    items = (item for node in walk(value) if isinstance(node, Lowered) for item in node.items)
    return frozenset(node.key for item in items for node in walk(item) if isinstance(node, Name))


class _Reader:
    """Rebuilds statements with their names bound."""

    def __init__(self, diagnostics: Diagnostics, names: NameTable) -> None:
        self.diagnostics = diagnostics
        self.names = names

    def bound(self, node: N, names: NameTable) -> N:
        found: N = Binding(names, self.diagnostics).node(node)
        return found

    def statements(self, statements: Iterable[Statement], names: NameTable | None = None) -> Iterator[Statement]:
        """Statements one by one."""
        names = names or self.names
        for statement in statements:
            try:
                yield self.statement(statement, names)
            except Unbound:
                continue

    def statement(self, statement: Statement, names: NameTable) -> Statement:
        match statement:
            case Family(indices=indices, body=body):
                inner = names.within({index.name.key: Known(0) for index in indices})
                bound = tuple(self.bound(index, names) for index in indices)
                return replace(statement, indices=bound, body=tuple(self.statements(body, inner)))
            case Definition(target=target, value=value, ranges=ranges):
                inner = names.within({index.name.key: Known(0) for index in ranges})
                match target:
                    case Product(factors=(_, Factor(item=Group(items=items)))):
                        formals = {item.key: Known() for item in items if isinstance(item, Name)}
                        inner = inner.within(formals)
                    case _:
                        pass
                bound = tuple(self.bound(index, names) for index in ranges)
                left, right = self.bound(target, inner), self.bound(value, inner)
                return replace(statement, target=left, value=right, ranges=bound)
            case _:
                return self.bound(statement, names)
