"""Sides read: atoms of one side, or of a condition, become a neutral tree, or say why they do not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from gradsheet.checking.reading.model import Condition, Side
from gradsheet.diagnostics import Diagnostic, SheetError, Source, Span
from gradsheet.syntax.document_formulas import read_part, read_set
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Array,
    Comparison,
    Ellipsis,  # noqa: A004 - the node is called what it is
    Evaluated,
    Factor,
    Group,
    Logic,
    Name,
    Num,
    Power,
    Product,
    Range,
    Transpose,
    Underbrace,
)

if TYPE_CHECKING:
    from gradsheet.checking.reading.atoms import Atom
    from gradsheet.checking.reading.drafts import DraftCondition, DraftSide
    from gradsheet.checking.reading.model import SideKind
    from gradsheet.manuscripts import Formula
    from gradsheet.syntax.tree import Expression, Set

_SHORT = 60
_INEXACT = frozenset({"=", "≠", "<", "≤", ">", "≥", "∈"})


class SideReader:
    """Reads the sides of one formula; `text` is the formula's with blanks for what belongs to no side."""

    def __init__(self, formula: Formula, text: str) -> None:
        self.formula = formula
        self.text = text
        self.source = Source(text)
        self.shown = Source(formula.text)

    # ------------------------------------------------------------ sides

    def side(self, draft: DraftSide, relation: str = "", given_up: str = "") -> Side:
        """A side; `relation` is the one before it."""
        atoms = [atom for item in draft.items for atom in item]
        if not atoms:
            return Side("empty", "", Span(0, 0), self.formula)
        span = Span(atoms[0].start, max(atom.end for atom in atoms))
        latex = self.formula.text[span.start : span.end]
        if given_up:
            return self.unreadable(latex, span, Diagnostic("GS102", given_up, span, self.shown))
        if all(atom.kind == "dots" for atom in atoms):
            return Side("dots", latex, span, self.formula)
        if all(atom.kind == "placeholder" for atom in atoms):
            return Side("placeholder", latex, span, self.formula)
        if len(draft.items) > 1 and any(atom.kind == "dots" for atom in atoms) and relation:
            return self.read(atoms, span, latex, relation, ranges=True)
        items = [item for item in draft.items if item]
        first = self.read(items[0], span if len(items) == 1 else _span(items[0]), latex, relation)
        if len(items) == 1:
            return first
        others = [self.read(item, _span(item), latex, relation) for item in items[1:]]
        if any(other.kind != "expression" for other in (first, *others)):
            broken = next(other for other in (first, *others) if other.kind != "expression")
            return replace(broken, latex=latex, span=span)
        also = tuple(other.tree for other in others if other.tree is not None)
        return replace(first, latex=latex, span=span, also=also)  # type: ignore[arg-type]

    def read(self, atoms: list[Atom], span: Span, latex: str, relation: str, *, ranges: bool = False) -> Side:
        """One item, as a set, a shape or an expression."""
        word = next((atom for atom in atoms if atom.kind == "words"), None)
        if word is not None:
            return self.unreadable(latex, span, Diagnostic("GS102", "words inside of a formula", span, self.shown))
        if relation in (":", "∈"):
            found = self.set_or_none(span)
            if found is not None:
                return Side("set", latex, span, self.formula, found)
        try:
            tree = read_part(self.source_of(atoms, span), span, self.formula.spelling, ranges=ranges)
        except SheetError as problem:
            return self.unreadable(latex, span, replace(problem.diagnostics[0], source=self.shown))
        kind: SideKind = "expression"
        stated = relation == ":" or (relation == "→" and has_times(tree))
        if stated and not isinstance(tree, Name) and is_shape(tree):
            kind = "shape"
        elif is_elided(tree):
            kind = "elided"
        return Side(kind, latex, span, self.formula, tree)

    def source_of(self, atoms: list[Atom], span: Span) -> Source:
        """The text to read from; a side in several stretches has blanks for what stands between them."""
        between = False
        for before, after in pairwise(atoms):
            if self.text[before.end : after.start].strip() and after.start > before.end:
                between = between or not _only_commands(self.text[before.end : after.start])
        if not between:
            return self.source
        out = [" " * len(self.text[: atoms[0].start])]
        at = atoms[0].start
        for atom in atoms:
            if atom.start > at:
                out.append(" " * (atom.start - at))
            out.append(self.text[max(at, atom.start) : atom.end])
            at = max(at, atom.end)
        out.append(" " * (span.end - at))
        return Source("".join(out))

    def set_or_none(self, span: Span) -> Set | None:
        try:
            return read_set(self.source, span, self.formula.spelling)
        except SheetError:
            return None

    def comparison(self, atoms: list[Atom], span: Span) -> Expression | None:
        """A condition, perhaps with a list of numbers."""
        commas = [at for at, atom in enumerate(atoms) if atom.kind == "comma"]
        try:
            if not commas or any(atom.kind == "dots" for atom in atoms):
                return read_part(self.source, span, self.formula.spelling, ranges=True)
            starts, ends = [0, *[comma + 1 for comma in commas]], [*commas, len(atoms)]
            stretches = [atoms[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
            trees = [read_part(self.source, _span(part), self.formula.spelling) for part in stretches]
        except SheetError:
            return None
        return _listed(trees[0], trees[1:])

    def unreadable(self, latex: str, span: Span, problem: Diagnostic) -> Side:
        return Side("unreadable", latex, span, self.formula, problem=problem)

    # ------------------------------------------------------------ conditions

    def condition(self, draft: DraftCondition) -> Condition:
        """A condition with its comparisons; none of them if a part of it cannot be read."""
        trees: list[Expression] = []
        texts = []
        for part in draft.parts:
            atoms = [atom for atom in part if atom.kind not in ("gap", "cell")]
            if not atoms:
                continue
            span = Span(atoms[0].start, max(atom.end for atom in atoms))
            texts.append(self.formula.text[span.start : span.end])
            tree = self.comparison(atoms, span)
            if tree is None or not states(tree):
                trees = []
                break
            trees.append(tree)
        text = ", ".join(texts) if texts else draft.text
        return Condition(
            draft.word, text if not draft.parts or not draft.word else f"{draft.word} {text}", tuple(trees)
        )


def _listed(first: Expression, others: list[Expression]) -> Expression | None:
    """`k = 1, 2, 3` from its first part and the numbers behind it."""
    if not isinstance(first, Comparison) or first.relations != ("=",) or not isinstance(first.items[1], Num):
        return None
    name, low = first.items
    numbers = [item for item in (low, *others) if isinstance(item, Num)]
    if len(numbers) <= len(others):
        return None
    span = first.span.to(others[-1].span)
    values = [number.value for number in numbers]
    if all(after == before + 1 for before, after in pairwise(values)):
        return Comparison((name, Range(low, numbers[-1], span=low.span.to(span))), ("=",), span=span)
    each = tuple(Comparison((name, number), ("=",), span=number.span) for number in numbers)
    return Logic("or", each, span=span)


def _span(atoms: list[Atom]) -> Span:
    return Span(atoms[0].start, max(atom.end for atom in atoms))


def _only_commands(between: str) -> bool:
    r"""Whether nothing but what moves ink, or a comma, stands in a text: `\,`, `\limits`."""
    words = between.replace(",", " , ").replace("\\", " \\").split()
    return all(word.startswith("\\") or word in ("~", ",", ";") for word in words)


def states(tree: Expression) -> bool:
    """Whether a tree is a comparison, or several."""
    return isinstance(tree, Comparison) or (isinstance(tree, Logic) and all(map(states, tree.items)))


def is_shape(tree: Expression) -> bool:
    """Whether a tree can be a shape: sizes with × between them, or one size."""
    match tree:
        case Product(factors=factors):
            return all(f.sign == "×" for f in factors[1:]) and all(is_shape(f.item) for f in factors)
        case Group(items=items):
            return all(is_shape(item) for item in items)
        case Underbrace(base=base):
            return is_shape(base)
        case Num(value=value):
            return value.denominator == 1 and value > 0
        case Name():
            return True
        case _:
            return False


def has_times(tree: Expression) -> bool:
    """Whether a × stands in a tree."""
    return any(isinstance(part, Factor) and part.sign == "×" for part in walk(tree))


def is_elided(tree: Expression) -> bool:
    """Whether a tree is an array with nothing but dots."""
    while isinstance(tree, Transpose | Power):
        tree = tree.base
    if not isinstance(tree, Array):
        return False
    entries = [item for row in tree.rows for item in row]
    return bool(entries) and all(isinstance(item, Ellipsis) or is_elided(item) for item in entries)


def points(sides: list[Side]) -> tuple[list[Side], tuple[Expression, ...]]:
    """Sides without their evaluation bars, where every bar stands around a whole side and states the same point."""
    bars = [part for side in sides if side.tree is not None for part in walk(side.tree) if isinstance(part, Evaluated)]
    whole = [side.tree for side in sides if isinstance(side.tree, Evaluated)]
    same = bars and len(bars) == len(whole) and all(bar.at == bars[0].at for bar in bars)
    if not same or not all(states(point) for point in bars[0].at):
        return sides, ()
    bare = [replace(s, tree=s.tree.base) if isinstance(s.tree, Evaluated) else s for s in sides]
    return bare, bars[0].at
