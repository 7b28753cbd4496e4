"""What the names of a formula stand for at its place on the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.syntax import tree


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """A definition of the page: a name, perhaps with indices or arguments, and a bound tree."""

    key: str
    parameters: tuple[str, ...]
    body: tree.Expression
    function: bool = False
    """f(x) = …, rather than δ_k = …."""
    formula: int = 0
    raised: bool = False
    """Its first index is a layer: δ^{(l)} = …."""


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Names of a sheet, views of several of its names as one family, definitions of the page."""

    views: Mapping[str, Mapping[int, tree.Expression]] = field(default_factory=dict)
    """W[2] where the sheet has W2: the member's number and what it is."""
    locals: Mapping[str, Local] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    """Functions that the page has names for: g is tanh."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Letters that stand for a number on the page: L is 3."""
    sizes: frozenset[str] = frozenset()
    """Small letters of the sheet's sizes that are sizes in indices too: x[n] is the last entry, not any entry."""
    layout: Literal["gradient", "jacobian"] | None = None
    rows: bool = False
    """Vectors are rows."""
    einstein: bool = False
    """By the page's own word, a letter that stands twice is summed over."""
    sums_written: bool = False
    """The page writes Σ somewhere: then a sum that is not written is lost."""
    own: bool = False
    """The page defines its network itself: what it names later is no part of what it wrote before."""
    loose: bool = False
    """Products are lists of factors, by the page's own word."""
    carried: Mapping[str, tree.Expression] = field(default_factory=dict)
    """What earlier wrong lines say, by the plain spelling of a quantity: for follow-through."""
