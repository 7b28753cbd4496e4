r"""What stands below and above a symbol: an entry, a layer, a power, or a part of the name. Names decide.

`W_{1}` may be the name W1 or entry 1 of W, `W^{(l)}` a layer or a power. The trees keep what was written; `binding`
turns it into what it means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax import brackets
from gradsheet.syntax.tree import (
    Expression,
    Factor,
    Group,
    Lowered,
    Name,
    Num,
    Power,
    Product,
    Slice,
    Subscript,
)

if TYPE_CHECKING:
    from gradsheet.diagnostics import Span
    from gradsheet.syntax.expressions import ExpressionParser
    from gradsheet.syntax.tokens import Token


def lowered(p: ExpressionParser, base: Expression, start: int) -> Expression:
    """`W_{i,j}`: entries, or a part of the name; names decide."""
    return Lowered(base, _below(p), span=p.span_from(start))


def _below(p: ExpressionParser) -> tuple[Expression | Slice, ...]:
    p.advance()
    p.expect("{")
    items: list[Expression | Slice] = []
    with brackets.inside(p):
        while True:
            items.append(brackets.item(p))
            if not p.accept(","):
                break
    p.expect("}", expected="`}` or `,`")
    return tuple(items)


def whole_name(p: ExpressionParser, token: Token) -> Name:
    r"""A name that has just been taken, with what stands below it as a part of it: `W_{1}` is W1, `x_{\text{in}}` x_in.

    For places where only a name can stand.
    """
    name = Name(token.key, token.text, span=token.span)
    if p.tok.kind != "lower":
        return name
    below = spelled(_below(p))
    span = p.span_from(token.start)
    if below is None:
        p.fail("a name was expected here", span, expected="W_1, not W_{i,j}")
    return with_part(name, below, span)


def joined(key: str, below: str) -> str:
    """A name of its two parts, where nobody knows it in another spelling: W1, W_out."""
    return key + below if below.isdigit() else f"{key}_{below}"


def spelled(items: tuple[Expression | Slice, ...]) -> str | None:
    """What stands below a symbol as a part of a name: digits, a word, letters side by side; None if it is no such."""
    if len(items) != 1:
        return None
    return _spelled(items[0])


def _spelled(item: Expression | Slice) -> str | None:
    match item:
        case Name(key=key):
            return key
        case Group(items=(inner,)):
            return _spelled(inner)
        case Product(factors=factors) if all(factor.sign == "" for factor in factors):
            parts = [_spelled(factor.item) for factor in factors]
            return None if None in parts else "".join(part for part in parts if part)
        case Num(value=value, text=text) if value.denominator == 1:
            return text
        case _:
            return None


def layer(exponent: Expression) -> tuple[Expression, Expression | None] | None:
    """What stands in round brackets above a symbol, `W^{(l)}`, and the rest above it, `h^{(l)2}`, if this is that."""
    match exponent:
        case Group(items=(item,)):
            return item, None
        case Product(factors=(Factor(item=Group(items=(item,))), *rest)) if all(f.sign == "" for f in rest):
            tail = rest[0].item if len(rest) == 1 else Product(tuple(rest), span=rest[0].span.to(rest[-1].span))
            return item, tail
        case _:
            return None


def as_target(node: Expression) -> Expression:
    """What LaTeX has on the left: `W^{(l)}`, a name with a mark like `W_{l}`, and `[W_1]_{i,j}`, an entry of W1."""
    match node:
        case Power(base=Name() as base, exponent=exponent):
            mark = layer(exponent)
            return Lowered(base, (mark[0],), span=node.span) if mark is not None and mark[1] is None else node
        case Lowered(base=Group(items=(Name() as inner,)), items=items):
            return Subscript(inner, items, span=node.span)
        case Lowered(base=Group(items=(Lowered(base=Name() as inner, items=below),)), items=items):
            part = spelled(below)
            return node if part is None else Subscript(with_part(inner, part, inner.span), items, span=node.span)
        case _:
            return node


def with_part(name: Name, below: str, span: Span) -> Name:
    """A name with what stands below it; its text keeps the two apart."""
    return Name(joined(name.key, below), f"{name.text}_{{{below}}}", span=span)


def parts(name: Name) -> tuple[str, str] | None:
    """The letter and what stands below it, of a name that was put together here."""
    base, sign, below = name.text.partition("_{")
    return (base, below[:-1]) if sign else None
