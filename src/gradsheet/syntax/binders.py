"""Operators that bind an index: `sum[k, s in 0..R]`, `Σ_i`, `Σ_{i=1}^N`, `softmax[j](…)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax import brackets, documents, scripts
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.tree import Binder, BoundIndex, Name, Range
from gradsheet.syntax.vocabulary import APPLIED_BINDERS, BINDERS, RELATIONS

if TYPE_CHECKING:
    from gradsheet.syntax.expressions import ExpressionParser
    from gradsheet.syntax.tree import Expression

_ALWAYS = frozenset({"∑", "∏"})


def follows(p: ExpressionParser) -> bool:
    """Whether the name at hand binds an index; `sum` alone is a name like any other."""
    token = p.tok
    if token.key not in BINDERS:
        return False
    after = p.peek()
    if after.kind == "[":
        index_like = p.peek(2).kind == "name" and p.peek(3).kind in ("]", ",", "∈", "=")
        return not after.spaced or index_like
    return after.kind == "_" or token.text in _ALWAYS


def binder(p: ExpressionParser) -> Binder:
    """A binder with everything that it reaches over."""
    token = p.advance()
    kind = BINDERS[token.key]
    p.deeper()
    condition: Expression | None = None
    if p.tok.kind == "[":
        indices = _bracketed(p)
    elif p.tok.kind == "_":
        indices, condition = _lowered(p)
    else:
        p.unexpected("an index", suggestion=f"{token.text}[i]")
    if p.tok.kind in ("newline", "end", "=", ":=", "∈", ",", ")", "]"):
        message = f"`{token.text}` binds its index, and nothing follows for it to reach over"
        hint = f"a family cannot be called {token.text}" if p.tok.kind in ("=", ":=", "∈") else None
        p.fail(message, token.span, expected="an expression after the index", suggestion=hint)
    applied = kind in APPLIED_BINDERS and p.tok.kind == "("
    body = p.atom() if applied else p.signed_product()
    p.depth -= 1
    found = Binder(kind, indices, body, span=p.span_from(token.start))
    for bound in indices:
        found = documents.primed(found, bound.name) if bound.name.key.endswith("′") else found
    return found if condition is None else documents.conditioned(found, condition)


def index(p: ExpressionParser, *, needs_range: bool = False) -> BoundIndex:
    """`k`, `k in 1..N`, `k = 1..N`."""
    token = p.tok
    if token.kind != "name":
        p.unexpected("the name of an index", suggestion="sum[i]; arguments of a function stand in round brackets")
    p.advance()
    name = scripts.whole_name(p, token)
    while p.of_document and p.accept("'"):
        name = Name(name.key + "′", name.text + "′", span=p.span_from(token.start))
    if p.tok.kind not in ("∈", "="):
        if needs_range:
            p.unexpected("`in` and a range", suggestion=f"{token.text} in 1..n")
        return BoundIndex(name, None, span=name.span)
    sign = p.advance().kind
    if p.tok.kind == "{":
        p.fail("a set of values after an index", expected="a range", suggestion="declare v ∈ {0,1}^n and sum over v")
    domain = p.expression(Level.RANGE)
    if not isinstance(domain, Range) and (sign == "=" or needs_range):
        p.fail("a range has two ends", domain.span, expected="low..high", suggestion=f"{token.text} in 1..n")
    return BoundIndex(name, domain, span=p.span_from(token.start))


def indices(p: ExpressionParser, *, needs_range: bool) -> tuple[BoundIndex, ...]:
    """Indices separated by commas."""
    found = [index(p, needs_range=needs_range)]
    while p.accept(","):
        found.append(index(p, needs_range=needs_range))
    return tuple(found)


def _bracketed(p: ExpressionParser) -> tuple[BoundIndex, ...]:
    p.advance()
    with brackets.inside(p):
        found = [index(p)]
        while p.accept(",") and p.tok.kind != "]":
            found.append(index(p))
    p.expect("]", expected="`]` or `,`", suggestion="an index is written sum[i] or sum[i in 1..n]")
    return tuple(found)


def _lowered(p: ExpressionParser) -> tuple[tuple[BoundIndex, ...], Expression | None]:
    """`_i`, `_{i,j}`, `_{i in 1..n}`, `_{i=1}^N`, and lowered characters; in documents `_{k ≠ i}`, too."""
    p.advance()
    brace = p.accept("{")
    if brace is None:
        return (index(p),), None
    condition = None
    with brackets.inside(p):
        if p.tok.kind == "name" and _limits_follow(p):
            found = [_with_limits(p)]
        else:
            found = [index(p)]
            written_small = brace.start == brace.end  # Σᵢⱼ has no commas
            while p.accept(",") or (written_small and p.tok.kind == "name"):
                found.append(index(p))
            if p.of_document:
                condition = documents.below_sum(p, found)
            if p.tok.kind in RELATIONS:
                hint = "write it as a bracket behind the sum: Σ_i [i ≠ j] …"
                p.fail("a condition below a sum is not part of the language", code="GS108", suggestion=hint)
            p.expect("}", expected="`}` or `,`")
    return tuple(found), condition


def _limits_follow(p: ExpressionParser) -> bool:
    """Whether `i =` stands here, or `i_1 =`."""
    ahead = 1
    if p.peek().kind == "lower":
        while p.peek(ahead).kind not in ("}", "end", "newline"):
            ahead += 1
        ahead += 1
    return p.peek(ahead).kind == "="


def _with_limits(p: ExpressionParser) -> BoundIndex:
    """`i=1}^N` or `i=1..N}`."""
    token = p.advance()
    name = scripts.whole_name(p, token)
    p.advance()
    domain = p.expression(Level.RANGE)
    p.expect("}")
    if not isinstance(domain, Range):
        p.expect("^", expected="the upper end", suggestion="Σ_{i=1}^{N}, or sum[i in 1..N]")
        start = domain.span.start
        high = brackets.braces(p) if p.tok.kind == "{" else p.exponent_base()
        domain = Range(domain, high, span=p.span_from(start))
    return BoundIndex(name, domain, span=p.span_from(token.start))
