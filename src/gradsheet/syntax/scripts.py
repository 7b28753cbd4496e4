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
)

if TYPE_CHECKING:
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
    key, text = token.key, token.text
    if p.tok.kind == "lower":
        items = _below(p)
        below = spelled(items)
        if below is None:
            p.fail("a name was expected here", p.span_from(token.start), expected="W_1, not W_{i,j}")
        key = joined(key, below)
        text = f"{text}_{{{below}}}"
    return Name(key, text, span=p.span_from(token.start))


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
    """`W^{(l)}` where it is declared or defined: a name with a mark, like `W_{l}`."""
    if isinstance(node, Power) and isinstance(node.base, Name):
        mark = layer(node.exponent)
        if mark is not None and mark[1] is None:
            return Lowered(node.base, (mark[0],), span=node.span)
    return node
