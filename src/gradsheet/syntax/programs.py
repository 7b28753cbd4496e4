"""What programs write and documents quote: `sum(G, axis=0)`, `G.sum(axis=0)`, `G.mean(0)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.syntax.tree import Axis, Expression, Factor, Group, Name, Num, Power, Prime, Product
from gradsheet.syntax.vocabulary import FUNCTIONS

if TYPE_CHECKING:
    from gradsheet.syntax.expressions import ExpressionParser

REDUCTIONS = frozenset({"sum", "mean"})
_POINT = re.compile(r"(?<=[^\W_]|[)\]}])\.(?=[A-Za-z]{2})")
_WORD = re.compile(r"axis(?=\s*=)|[A-Za-z]+(?=\.[A-Za-z]{2})")


def is_point(text: str, at: int) -> bool:
    """Whether a point stands before a method, as in `G.sum(axis=0)`."""
    return _POINT.match(text, at) is not None


def is_word(text: str, start: int, end: int) -> bool:
    """Whether letters are one name of a program, the `axis` of `axis=0`, the `dS` of `dS.sum()`; no product."""
    found = _WORD.match(text, start)
    return found is not None and found.end() == end


def axis(p: ExpressionParser) -> Axis | None:
    """`axis=0` in a call of a document; None where it is something else."""
    if not p.of_document or p.tok.key != "axis" or p.peek().kind != "=":
        return None
    start = p.advance().start
    p.advance()
    return _numbered(p, start)


def _numbered(p: ExpressionParser, start: int) -> Axis:
    sign = -1 if p.accept("-") else 1
    if p.tok.kind != "number" or p.tok.value.denominator != 1:
        p.unexpected("the number of an axis")
    number = sign * int(p.advance().value)
    return Axis(number, span=p.span_from(start))


def method(p: ExpressionParser, factors: list[Factor]) -> list[Factor]:
    """Factors, the last of them with the method that is called on it: `S.sum(axis=0)` as sum(S, axis=0)."""
    point = p.advance()
    name = p.tok
    if name.key not in REDUCTIONS or p.peek().kind != "(":
        p.fail(f"the method {name.text} is not read", name.span, code="GS108", suggestion="a formula: sum(S, axis=0)")
    p.advance()
    kept, base = _called_on(p, factors, point.start)
    items = (base, *_arguments(p))
    span = p.span_from(base.span.start)
    head = Factor("", Name(name.key, name.text, span=name.span), span=name.span)
    call = Product((head, Factor("", Group(items, span=span), span=span)), span=span)
    return [*kept, Factor(factors[len(kept)].sign, call, span=span)]


def _called_on(p: ExpressionParser, factors: list[Factor], point: int) -> tuple[list[Factor], Expression]:
    """What a method is called on, `log(S)` or `S` alone, and the factors before it."""
    *before, last = factors
    if isinstance(last.item, Power | Prime) and not _is_transpose(last.item):
        _unclear(p, last.span.start, point)
    if not before or last.sign:
        return before, last.item
    head = before[-1].item
    if isinstance(last.item, Group):
        if isinstance(head, Name) and head.key in FUNCTIONS:
            call = Product((Factor("", head, span=head.span), last), span=head.span.to(last.span))
            return before[:-1], call
        if not isinstance(head, Num):
            _unclear(p, head.span.start, point)
    elif head.span.end == last.item.span.start:
        _unclear(p, head.span.start, point)
    return before, last.item


def _is_transpose(node: Power | Prime) -> bool:
    return isinstance(node, Power) and isinstance(node.exponent, Name) and node.exponent.key == "T"


def _unclear(p: ExpressionParser, start: int, end: int) -> None:
    p.fail("what this method is called on is not clear", Span(start, end), suggestion="brackets around it: (…).sum()")


def _arguments(p: ExpressionParser) -> tuple[Axis, ...]:
    """What stands in the brackets of a method: nothing, an axis by name, or its number alone."""
    p.expect("(")
    found = () if p.tok.kind == ")" else (axis(p) or _numbered(p, p.tok.start),)
    p.expect(")")
    return found
