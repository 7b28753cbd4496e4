"""From a document to chains of relations: formulas split, sides read, what runs over formulas put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.reading.continuation import Thread
from gradsheet.checking.reading.model import Chain, Condition, Side
from gradsheet.checking.reading.outline import LatexOutline
from gradsheet.checking.reading.plain_outline import PlainOutline
from gradsheet.checking.reading.sides import SideReader, is_shape, points
from gradsheet.checking.reading.statements import drafts
from gradsheet.diagnostics import Diagnostic, Source, Span
from gradsheet.manuscripts import Formula
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import Factor, Name, Node, Power, Subscript

if TYPE_CHECKING:
    from gradsheet.checking.reading.drafts import Draft
    from gradsheet.checking.reading.model import Relation
    from gradsheet.manuscripts import Manuscript

LONGEST = 100_000
"""Characters of a formula that are read."""


def chains(manuscript: Manuscript) -> list[Chain]:
    """Every chain of a document, in its order.

    A display that begins with its relation goes on with the display before it; a condition in the words of a sentence
    holds for the formulas of that sentence.
    """
    thread = Thread()
    for piece in manuscript.pieces:
        if isinstance(piece, Formula):
            thread.formula(piece, split(piece))
        else:
            thread.prose(piece)
    return thread.finished()


def split(formula: Formula) -> list[Chain]:
    r"""The chains of one formula alone."""
    if len(formula.text) > LONGEST:
        return [_refused(formula, f"a formula of {len(formula.text):,} characters", f"at most {LONGEST:,}")]
    if formula.spelling == "latex":
        walker = LatexOutline(formula.text)
        if walker.p.too_deep:
            return [_refused(formula, "nested too deeply", "fewer brackets inside of each other", code="GS104")]
        outline = walker.outline()
    else:
        outline = PlainOutline(formula.text).outline()
    found = drafts(outline)
    reader = SideReader(formula, outline.blanked(formula.text))
    stated = any(":" in draft.relations or "∈" in draft.relations for draft in found)
    made = [chain for draft in found if (chain := _chain(draft, reader, formula, shapes=stated)) is not None]
    return [part for chain in made for part in _turned(chain)]


def _turned(chain: Chain) -> list[Chain]:
    """`a = b =: c` as a = b and c := b: what stands behind =: is a name for what stands before it."""
    at = next((k for k, relation in enumerate(chain.relations) if relation == "=:"), None)
    if at is None:
        return [chain]
    named = replace(
        chain, sides=(chain.sides[at + 1], chain.sides[at]), relations=(":=",), formulas=chain.formulas[at : at + 1],
        definition=True, continues=False,
    )  # fmt: skip
    rest = replace(
        chain,
        sides=(*chain.sides[: at + 1], *chain.sides[at + 2 :]),
        relations=(*chain.relations[:at], *chain.relations[at + 1 :]),
        formulas=(*chain.formulas[:at], *chain.formulas[at + 1 :]),
    )
    return [*_turned(rest), named] if rest.relations else [named]


def _refused(formula: Formula, message: str, expected: str, code: str = "GS102") -> Chain:
    span = Span(0, len(formula.text))
    problem = Diagnostic(code, message, Span(0, 0), Source(formula.text), expected)
    side = Side("unreadable", formula.text, span, formula, problem=problem)
    return Chain((side,), (), (formula,), struck=formula.struck)


def _chain(draft: Draft, reader: SideReader, formula: Formula, *, shapes: bool) -> Chain | None:
    """A draft with its sides read."""
    relations: list[str] = list(draft.relations)
    sides = []
    for at, side in enumerate(draft.sides):
        before = relations[at - 1] if at else ""
        read = reader.side(side, before, draft.given_up.get(at, ""))
        if at and len(read.also) and before not in (":", "∈") and read.kind == "expression":
            problem = Diagnostic("GS102", "a list on one side of a relation", read.span, reader.shown)
            read = replace(read, kind="unreadable", tree=None, also=(), problem=problem)
        sides.append(read)
    if relations and sides[0].also and relations[0] not in (":", "∈"):
        problem = Diagnostic("GS102", "a list on one side of a relation", sides[0].span, reader.shown)
        sides[0] = replace(sides[0], kind="unreadable", tree=None, also=(), problem=problem)
    if shapes or "→" in relations:
        sides = [_as_shape(side, at, relations) for at, side in enumerate(sides)]
    conditions = [reader.condition(condition) for condition in draft.conditions]
    bare, at_points = points(sides)
    if at_points:
        shown = ", ".join(formula.text[point.span.start : point.span.end] for point in at_points)
        conditions.append(Condition("at", f"at {shown}", at_points))
        sides = bare
    if draft.only_condition and conditions:
        tree = conditions[0].trees[0] if conditions[0].trees else None
        span = Span(0, len(formula.text))
        kind = "expression" if tree is not None else "empty"
        sides, relations = [Side(kind, formula.text, span, formula, tree)], []  # type: ignore[arg-type]
    if not relations and not sides[0].tree and sides[0].kind == "empty" and not draft.words and not draft.label:
        return None
    words = " ".join(word for word in draft.words if word)
    definition = ":=" in relations or (draft.definition and bool(relations) and _is_symbol(sides[0]))
    return Chain(
        tuple(sides), tuple(relations), tuple(formula for _ in relations) or (formula,), words, draft.label,  # type: ignore[arg-type]
        tuple(conditions), draft.aside, draft.leading, formula.struck, definition,
    )  # fmt: skip


def _as_shape(side: Side, at: int, relations: list[Relation] | list[str]) -> Side:
    """Beside a stated shape `∂h/∂a = 1×2` states one, too; and `2×1 ⇒ 2×2`."""
    tree = side.tree
    near = {*relations[max(0, at - 1) : at + 1]}
    product = side.kind == "expression" and not isinstance(tree, Name) and is_shape(tree)  # type: ignore[arg-type]
    if product and "×" in _signs(tree) and (near & {":", "→"} or (at and "=" in near)):
        return replace(side, kind="shape")
    return side


def _signs(tree: object) -> set[str]:
    return set() if not isinstance(tree, Node) else {part.sign for part in walk(tree) if isinstance(part, Factor)}


def _is_symbol(side: Side) -> bool:
    """Whether a side is a name with what stands below and above it, or applied."""
    tree = side.tree
    while isinstance(tree, Subscript | Power):
        tree = tree.base
    return isinstance(tree, Name)
