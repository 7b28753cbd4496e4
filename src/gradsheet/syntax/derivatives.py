"""Derivatives: `∂L/∂W`, `∂²L/∂w∂v`, and with d, `dL/dW`, `d2L/dw2`, `d^2L/dw^2`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.syntax import brackets
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.tree import Derivative, Expression, Factor, Name, Product

if TYPE_CHECKING:
    from gradsheet.syntax.expressions import ExpressionParser

_D_NAME = re.compile(r"d([2-9])?([^\W\d_].*)", re.DOTALL)
_HIGHEST = 9


def with_partial(p: ExpressionParser) -> Derivative:
    """`∂L/∂W` and its higher orders, at the sign ∂."""
    start = p.advance().start
    order = _power(p) or 1
    if p.tok.kind == "/":
        hint = "name what is differentiated above the line: ∂L/∂W"
        p.fail("∂/∂W as an operator is not part of the language", code="GS108", suggestion=hint)
    of = _numerator(p)
    p.expect("/", expected="`/∂` and a name", suggestion="∂L/∂W")
    by: list[Expression] = []
    if p.accept("("):
        with brackets.inside(p):
            while p.tok.kind == "∂" or not by:
                by.extend(_variable(p, order - len(by)))
        p.expect(")", expected="`)` or `∂`")
    else:
        while len(by) < order and (p.tok.kind == "∂" or not by):
            by.extend(_variable(p, order - len(by)))
    return _checked(p, of, by, order, start)


def _checked(p: ExpressionParser, of: Expression, by: list[Expression], order: int, start: int) -> Derivative:
    span = p.span_from(start)
    if len(by) != order:
        hint = "∂²L/∂w², ∂²L/∂w∂v" if order > 1 else "∂²L/∂w∂v"
        message = f"a derivative of order {order} by {len(by)} variable{'s' if len(by) != 1 else ''}"
        p.fail(message, span, expected=f"{order} below the line", suggestion=hint)
    return Derivative(of, tuple(by), span=span)


def _numerator(p: ExpressionParser) -> Expression:
    start = p.tok.start
    if p.tok.kind not in ("name", "("):
        p.unexpected("a name after ∂", suggestion="∂L/∂W")
    of = p.atom()
    while p.tok.kind == "[" and not p.tok.spaced:
        of = brackets.entry(p, of, start)
    if isinstance(of, Name) and p.tok.kind == "(" and not p.tok.spaced:
        argument = brackets.group(p)
        factors = (Factor("", of, span=of.span), Factor("", argument, span=argument.span))
        of = Product(factors, span=p.span_from(start))
    return of


def _variable(p: ExpressionParser, left: int) -> list[Expression]:
    """`∂w`, `∂a[j]`, `∂w²`: a variable as often as it is differentiated by."""
    p.expect("∂", expected="`∂` and a name")
    token = p.tok
    hint = "name what you differentiate by, z = W x, then ∂L/∂z"
    p.expect("name", expected="the name of a variable", suggestion=hint)
    return _repeated(p, Name(token.key, token.text, span=token.span), token.start, left)


def _repeated(p: ExpressionParser, variable: Expression, start: int, left: int) -> list[Expression]:
    while p.tok.kind == "[" and not p.tok.spaced:
        variable = brackets.entry(p, variable, start)
    times = (_power(p) or 1) if left > 1 else 1
    return [variable] * times


def _power(p: ExpressionParser) -> int | None:
    """`²`, `^2` or `^{2}`, if one follows."""
    if p.tok.kind != "^":
        return None
    p.advance()
    brace = p.accept("{")
    token = p.expect("number", expected="the order of the derivative")
    if token.value.denominator != 1 or not 1 <= token.value <= _HIGHEST:
        p.fail("the order of a derivative is a small whole number", token.span, expected=f"1 to {_HIGHEST}")
    if brace:
        p.expect("}")
    return int(token.value)


# ---------------------------------------------------------------- spelled with d


def with_d(p: ExpressionParser) -> Derivative | None:
    """`dL/dW`, if that is what stands here; nothing is taken otherwise."""
    start = p.tok.start
    if p.tok.key == "d":
        _refuse_operator(p)
        order_at = _raised_order(p)
        if order_at is None or not _quotient_follows(p, order_at, higher=True):
            return None
        p.advance()
        order = _power(p) or 1
        of_token = p.advance()
        of: Expression = Name(of_token.key, of_token.text, span=of_token.span)
        whole = None
    else:
        found = _D_NAME.fullmatch(p.tok.key)
        if found is None or not _quotient_follows(p, 0, higher=bool(found[1])):
            return None
        whole = p.advance()
        order = int(found[1] or 1)
        of = Name(canonical_key(found[2]), found[2], span=whole.span)
    while p.tok.kind == "[" and not p.tok.spaced:
        of = brackets.entry(p, of, start)
    p.expect("/")
    below, below_at = p.tok, p.at
    by: list[Expression] = []
    in_brackets = p.accept("(")
    while len(by) < order and (_D_NAME.fullmatch(p.tok.key) or not by):
        by.extend(_d_variable(p, order - len(by)))
    if in_brackets:
        p.expect(")")
    node = _checked(p, of, by, order, start)
    one_word = below.kind == "name" and (order == 1 or p.at == below_at + 1)
    if whole is None or not one_word:
        return node
    plain = (Name(whole.key, whole.text, span=whole.span), Name(below.key, below.text, span=below.span))
    return Derivative(of, node.by, plain, span=node.span)


def _refuse_operator(p: ExpressionParser) -> None:
    """`d/dx f` is not in the language; `d/dim` alone is a quotient."""
    slash, below, after = p.peek(1), p.peek(2), p.peek(3)
    if slash.kind != "/" or below.kind != "name" or not _D_NAME.fullmatch(below.key):
        return
    if after.kind in ("name", "number", "(", "∂", "√") and after.key != "d":
        hint = f"df/{below.text}; a quotient is written d / ({below.text})"
        p.fail(f"d/{below.text} as an operator is not part of the language", code="GS108", suggestion=hint)


def _raised_order(p: ExpressionParser) -> int | None:
    """How far ahead the name stands in `d^2L` or `d²L`."""
    if p.peek(1).kind != "^":
        return None
    braced = p.peek(2).kind == "{"
    number, name = p.peek(3 if braced else 2), p.peek(5 if braced else 3)
    if number.kind == "number" and name.kind == "name" and not name.spaced:
        return 5 if braced else 3
    return None


def _quotient_follows(p: ExpressionParser, ahead: int, *, higher: bool) -> bool:
    """Whether after the name, and its index if it has one, there is a `/` and another name with d."""
    ahead += 1
    if p.peek(ahead).kind == "[" and not p.peek(ahead).spaced:
        depth = 0
        while True:
            kind = p.peek(ahead).kind
            depth += (kind in "([{") - (kind in ")]}")
            ahead += 1
            if depth == 0 or kind in ("end", "error", "newline"):
                break
    if p.peek(ahead).kind != "/":
        return False
    below = p.peek(ahead + 1)
    if higher and below.kind == "(":
        below = p.peek(ahead + 2)
    return below.kind == "name" and _D_NAME.fullmatch(below.key) is not None


def _d_variable(p: ExpressionParser, left: int) -> list[Expression]:
    """`dw`, `da[j]`, `dw2` or `dw^2` of a second derivative."""
    token = p.expect("name", expected="d and a name, such as dW")
    found = _D_NAME.fullmatch(token.key)
    if found is None:
        p.fail("a derivative is taken by a name", token.span, expected="d and a name, such as dW")
    name = found[2]
    if left > 1 and name.endswith(str(left)) and len(name) > 1 and p.tok.kind != "^":
        short = name[:-1]
        return [Name(canonical_key(short), short, span=token.span)] * left
    return _repeated(p, Name(canonical_key(name), name, span=token.span), token.start, left)
