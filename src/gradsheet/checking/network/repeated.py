"""Sums that are not written: `u_i = W_ij x_j` on a page that sums over repeated indices."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import Additive, Binder, BoundIndex, Expression, Group, Lowered, Name, Num, Power, Product

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.reading.model import Chain, Side


def with_sums(chains: Sequence[Chain]) -> list[Chain]:
    """The chains with a sum over each letter that stands twice in a product and not on the left."""
    found = []
    for chain in chains:
        free = letters_of(chain.sides[0].tree) if isinstance(chain.sides[0].tree, Expression) else Counter()
        rest = (_side(side, set(free)) for side in chain.sides[1:])
        found.append(replace(chain, sides=(chain.sides[0], *rest)) if chain.relations else chain)
    return found


def _side(side: Side, free: set[str]) -> Side:
    return replace(side, tree=summed(side.tree, free)) if isinstance(side.tree, Expression) else side


def summed(node: Expression, free: set[str]) -> Expression:
    """A formula with its repeated letters summed, term by term.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax import parse_latex_expression
    >>> from gradsheet.syntax.plain import plain
    >>> source = Source("W_{ij} x_j + b_i")
    >>> plain(summed(parse_latex_expression(source, Diagnostics(source)), {"i"}))
    'sum[j] W[i j] x[j] + b[i]'
    """
    match node:
        case Additive(terms=terms):
            return replace(node, terms=tuple(replace(term, item=summed(term.item, free)) for term in terms))
        case Group(items=(item,)):
            return replace(node, items=(summed(item, free),))
        case Product(factors=factors):
            counts = [letters_of(factor.item) for factor in factors]
            across = {k for k in set().union(*counts) - free if sum(k in count or count[k] for count in counts) > 1}
            across |= {k for f, count in zip(factors, counts, strict=True) if isinstance(f.item, Power) for k in count
                       if count[k] > 1 and k not in free}  # fmt: skip
            inner = tuple(replace(f, item=summed(f.item, free | across)) for f in factors)
            return _over(replace(node, factors=inner), across)
        case Power(base=base, exponent=Num(value=two)) if two == 2:
            return _over(node, set(letters_of(base)) - free)
        case _:
            return node


def _over(node: Expression, letters: set[str]) -> Expression:
    if not letters:
        return node
    indices = tuple(BoundIndex(Name(letter, letter), None) for letter in sorted(letters))
    return Binder("sum", indices, node, span=node.span)


def letters_of(node: Expression) -> Counter[str]:
    """How often each letter stands below something; in a square twice."""
    found: Counter[str] = Counter()
    for part in walk(node):
        if isinstance(part, Lowered):
            for item in part.items:
                found.update(n.key for n in walk(item) if isinstance(n, Name) and len(n.key) == 1)
    if isinstance(node, Power) and isinstance(node.exponent, Num) and node.exponent.value == 2:
        found.update(dict(found))
    return found
