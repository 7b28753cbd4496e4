"""What the names of a formula stand for at its place on the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from gradsheet.checking.meaning.indices import facts
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.checking.meaning.indices import Facts


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


class Reach(NamedTuple):
    """The names and the kinds of nodes that a value may hang on; whether something is squared."""

    names: frozenset[str]
    kinds: frozenset[type[tree.Node]]
    square: bool

    def with_(self, other: Reach) -> Reach:
        """Both together."""
        return Reach(self.names | other.names, self.kinds | other.kinds, self.square or other.square)


_MOST_KEPT = 1 << 15


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
    turned: bool | None = None
    """Whether ∂a/∂b of two vectors has the entries of b first, where a line of the page has shown it."""
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
    _reached: dict[int, tuple[tree.Node, Reach]] = field(init=False, default_factory=dict)
    _below: dict[str, Reach] = field(init=False, default_factory=dict)

    def reach(self, node: tree.Node) -> Reach:
        """What a formula holds, with the definitions of the page that it uses, directly or not."""
        kept = self._reached.get(id(node))
        if kept is None:
            if len(self._reached) > _MOST_KEPT:
                self._reached.clear()
            found = facts(node)
            reach = Reach(found.names, found.kinds, found.square)
            for key in self._used(found):
                reach = reach.with_(self._of(key))
            kept = self._reached[id(node)] = (node, reach)  # the node is kept, so its id stays its own
        return kept[1]

    def _used(self, found: Facts) -> list[str]:
        """The definitions and views of the page that a formula names; every function of it, if it calls any."""
        calls = tree.FunctionName in found.kinds
        return [
            *(key for key in found.names if key in self.views),
            *(key for key, local in self.locals.items() if key in found.names or (calls and local.function)),
        ]

    def _of(self, key: str) -> Reach:
        """The same of a definition or a view, with all that it uses."""
        reach = self._below.get(key)
        if reach is None:
            reach = Reach(frozenset(), frozenset(), square=False)
            waiting, seen = [key], {key}
            while waiting:
                at = waiting.pop()
                bodies = [self.locals[at].body] if at in self.locals else []
                for body in (*bodies, *self.views.get(at, {}).values()):
                    found = facts(body)
                    reach = reach.with_(Reach(found.names, found.kinds, found.square))
                    fresh = [other for other in self._used(found) if other not in seen]
                    seen.update(fresh)
                    waiting.extend(fresh)
            self._below[key] = reach
        return reach
