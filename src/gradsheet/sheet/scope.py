"""Names in force while a statement is read, and what an access may rely on."""

from __future__ import annotations

from dataclasses import field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Affine,
    Condition,
    Expr,
    Index,
    Integer,
    Junction,
    Piecewise,
    Relation,
    at_least_zero,
)
from gradsheet.operations import ARRAY_SPELLINGS, ELEMENTWISE_SPELLINGS
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol
    from gradsheet.sheet.model import Sheet

SPECIAL_FUNCTIONS = frozenset(
    {
        "sum", "prod", "mean", "max", "min", "trace", "tr", "diag", "norm", "dot", "eye", "ones", "zeros", "onehot",
        "concat", "outer", "inner", "clip", "var", "cross_entropy", "normalize", "transpose", "T",
    }
)  # fmt: skip
CONSTANTS = frozenset({"e", "π", "∞", "I"})


@dataclass(slots=True)
class Frame:
    """One binder: the indices that it binds and the guards that accesses below it need."""

    indices: frozenset[Index]
    guards: list[Condition] = field(default_factory=list)

    def guarded(self, body: Expr) -> Expr:
        if not self.guards:
            return body
        unique = tuple(dict.fromkeys(self.guards))
        condition: Condition = unique[0] if len(unique) == 1 else Junction("and", unique)
        return Piecewise(condition, body, ZERO_EXPR)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is visible: indices, formal arguments, and conditions that hold here."""

    indices: dict[str, Index] = field(default_factory=dict)
    locals: dict[str, Symbol] = field(default_factory=dict)
    facts: tuple[Affine, ...] = ()
    frames: tuple[Frame, ...] = ()
    families: frozenset[Index] = frozenset()
    """Indices of the enclosing `for` blocks."""

    def with_indices(self, new: dict[str, Index], frame: Frame | None = None) -> Scope:
        frames = (*self.frames, frame) if frame else self.frames
        locals_ = {k: v for k, v in self.locals.items() if k not in new}
        return Scope({**self.indices, **new}, locals_, self.facts, frames, self.families)

    def with_facts(self, facts: tuple[Affine, ...]) -> Scope:
        return Scope(self.indices, self.locals, (*self.facts, *facts), self.frames, self.families)

    def with_locals(self, new: dict[str, Symbol]) -> Scope:
        indices = {k: v for k, v in self.indices.items() if k not in new}
        return Scope(indices, {**self.locals, **new}, self.facts, self.frames, self.families)

    def frame_of(self, used: frozenset[Index]) -> Frame | None:
        """The innermost binder of one of these indices."""
        return next((f for f in reversed(self.frames) if f.indices & used), None)

    def holds(self, value: Affine) -> bool:
        return at_least_zero(value, self.facts)


def facts_of(condition: Condition) -> tuple[Affine, ...]:
    """Expressions that are ≥ 0 where the condition holds."""
    match condition:
        case Relation(sign=sign, left=Integer(value=a), right=Integer(value=b)):
            match sign:
                case "≤":
                    return (b - a,)
                case "<":
                    return (b - a - 1,)
                case "≥":
                    return (a - b,)
                case ">":
                    return (a - b - 1,)
                case "=":
                    return (a - b, b - a)
                case "≠":
                    return _beside(a, b) or _beside(b, a)
        case Junction(kind="and", conditions=conditions):
            return tuple(f for c in conditions for f in facts_of(c))
        case _:
            return ()


def _beside(a: Affine, b: Affine) -> tuple[Affine, ...]:
    """An index that is not its first (last) value is behind (before) it."""
    index = a.single
    if isinstance(index, Index) and index.low == b:
        return (a - b - 1,)
    if isinstance(index, Index) and index.high == b:
        return (b - a - 1,)
    return ()


_OPPOSITE = {"≤": ">", "<": "≥", "≥": "<", ">": "≤", "=": "≠", "≠": "="}


def negated(condition: Condition) -> Condition | None:
    """The opposite of a single relation."""
    if isinstance(condition, Relation):
        return Relation(_OPPOSITE[condition.sign], condition.left, condition.right)  # type: ignore[arg-type]
    return None


def indicator(condition: Condition) -> Expr:
    """Iverson's bracket."""
    return Piecewise(condition, ONE_EXPR, ZERO_EXPR)


def function_kind(key: str) -> str | None:
    """What a name means as a function when the author has not declared it."""
    if key in ELEMENTWISE_SPELLINGS:
        return "elementwise"
    if key in ARRAY_SPELLINGS:
        return "array"
    return "special" if key in SPECIAL_FUNCTIONS and key != "T" else None


def suggestions(key: str, sheet: Sheet, scope: Scope) -> str | None:
    """The nearest known name."""
    known = [*sheet.symbols, *sheet.sizes, *scope.indices, *scope.locals, *sheet.unspecified]
    known += [*ELEMENTWISE_SPELLINGS, *ARRAY_SPELLINGS]
    near = get_close_matches(key, known, 1, 0.7)
    same_letters = [k for k in known if k.lower() == key.lower()]
    best = next(iter(same_letters or near), None)
    return f"did you mean '{best}'?" if best else None
