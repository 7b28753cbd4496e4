"""A context as data: what holds from the start, and what a question adds or replaces."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction
    from pathlib import Path

    from gradsheet.checking.context.aliases import AliasRule
    from gradsheet.diagnostics import Diagnostic, Remark, Source, Span
    from gradsheet.manuscripts import Manuscript
    from gradsheet.syntax.tree import Expression

Origin = Literal["front matter", "context"]


@dataclass(frozen=True, slots=True)
class SheetPath:
    """A sheet by its path, as written and as found from the file that says it."""

    written: str
    path: Path
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class ShapeRule:
    """`"W^{(1)}": 4x4`: sizes of the axes, none for a scalar; `rank` alone where only "vector" or "matrix" is said."""

    written: str
    left: Expression
    axes: tuple[Expression, ...] | None
    rank: int
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class GivenRule:
    """`w2: 2`: a value in the sheet's language."""

    written: str
    left: Expression
    value: Expression
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Conventions:
    """What the page takes for granted; None where nothing is said.

    >>> Conventions(vectors="rows").layout is None
    True
    """

    vectors: Literal["columns", "rows"] | None = None
    layout: Literal["gradient", "jacobian"] | None = None
    relu_at_zero: Fraction | None = None
    products: Literal["strict", "loose"] | None = None
    sums: Literal["written", "einstein"] | None = None

    def over(self, outer: Conventions) -> Conventions:
        """These, and the outer ones where nothing is said here."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(outer, **{name: value for name, value in own.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Scheme:
    """`δ_q = ∂J/∂q` for every quantity q: `left` is the compound name, `of` and `variable` are J and q.

    `prefix` is what stands before the variable where the compound is one word: "d" in `dq`, `accent` what stands above
    it; else they are empty.
    """

    written: str
    left: Expression
    of: Expression | None
    """None for the objective of the sheet."""
    variable: str
    prefix: str = ""
    span: Span | None = None
    accent: str = ""
    every: bool = True
    """Said of every quantity; else of the variable alone, where that is a quantity itself."""
    line: int = 0
    """Of the page, where the page itself declares it."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A symbol of the sheet with the definitions that are possible: wrong is only what is wrong under each."""

    name: str
    options: tuple[str, ...]
    trees: tuple[Expression, ...]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Assumption:
    """`Σ_k y_k = 1` as a tree; `symmetric A`, `positive σ` as a property of a symbol."""

    written: str
    tree: Expression | None = None
    attribute: str = ""
    symbol: Expression | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """The same keys again, from a place on: a text with which a heading or a line begins, a line, or a formula."""

    at: str | None
    line: int | None
    formula: int | None
    inner: Context
    span: Span | None = None
    start: int | None = None
    """The line at which it begins, once it was looked for in a document."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """All that is said; `source` and the spans in it are for messages.

    >>> Context().at(12).aliases
    ()
    """

    sheets: tuple[SheetPath, ...] = ()
    aliases: tuple[AliasRule, ...] = ()
    shapes: tuple[ShapeRule, ...] = ()
    given: tuple[GivenRule, ...] = ()
    conventions: Conventions = Conventions()
    schemes: tuple[Scheme, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    assume: tuple[Assumption, ...] = ()
    marks: Mapping[str, Any] | None = None
    """A scheme of marks, as plain data."""
    questions: tuple[Question, ...] = ()
    origin: Origin = "front matter"
    source: Source | None = None
    remarks: tuple[Remark, ...] = field(default=(), compare=False)
    problems: tuple[Diagnostic, ...] = field(default=(), compare=False)

    def over(self, outer: Context) -> Context:
        """This context inside another: lists replace as a whole, tables by their entries."""
        return replace(
            self,
            sheets=self.sheets or outer.sheets,
            aliases=_united(self.aliases, outer.aliases, lambda rule: rule.written),
            shapes=_united(self.shapes, outer.shapes, lambda rule: rule.written),
            given=_united(self.given, outer.given, lambda rule: rule.written),
            conventions=self.conventions.over(outer.conventions),
            schemes=self.schemes or outer.schemes,
            alternatives=self.alternatives or outer.alternatives,
            assume=self.assume or outer.assume,
            marks=self.marks if self.marks is not None else outer.marks,
            source=self.source or outer.source,
            remarks=(*outer.remarks, *self.remarks),
            problems=(*outer.problems, *self.problems),
        )

    def at(self, line: int) -> Context:
        """What holds at a line of the document: the last question that has begun there, over the outer keys."""
        begun = [q for q in self.questions if q.start is not None and q.start <= line]
        outer = replace(self, questions=())
        if not begun:
            return outer
        return max(begun, key=lambda q: q.start or 0).inner.over(outer)

    def located(self, manuscript: Manuscript) -> Context:
        """The same context with the line at which each question begins; a remark where one is not found."""
        from gradsheet.checking.context.places import start_of  # noqa: PLC0415 - places needs these classes
        from gradsheet.diagnostics import Remark  # noqa: PLC0415 - only where something is said

        questions, remarks = [], list(self.remarks)
        for question in self.questions:
            start = start_of(question, manuscript)
            if start is None:
                words = f"nothing on the page begins with “{question.at}”: what is said there is not used"
                remarks.append(Remark(words, question.span))
            questions.append(replace(question, start=start))
        return replace(self, questions=tuple(questions), remarks=tuple(remarks))


def _united(own: tuple[T, ...], outer: tuple[T, ...], key: Any) -> tuple[T, ...]:
    said: Iterable[str] = {key(rule) for rule in own}
    return (*own, *(rule for rule in outer if key(rule) not in said))
