r"""Derivatives: `∂L/∂W`, `∂²L/∂w∂v`; with d, `dL/dW`, `d2L/dw2`, `d^2L/dw^2`; as fractions of LaTeX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.syntax import brackets, documents, scripts
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.tree import Derivative, Expression, Factor, Group, Name, Num, Power, Product, Subscript

if TYPE_CHECKING:
    from gradsheet.syntax.expressions import ExpressionParser

_D_NAME = re.compile(r"d([2-9])?([^\W\d_].*)", re.DOTALL)
_HIGHEST = 9


def with_partial(p: ExpressionParser) -> Derivative:
    """`∂L/∂W` and its higher orders, at the sign ∂."""
    start = p.advance().start
    order = _power(p) or 1
    if p.of_document and p.tok.kind == "lower":
        return documents.lowered_partial(p, order, start)
    operator = p.of_document and p.tok.kind == "/" and order == 1
    if p.tok.kind == "/" and not operator:
        hint = "name what is differentiated above the line: ∂L/∂W"
        p.fail("∂/∂W as an operator is not part of the language", code="GS108", suggestion=hint)
    of = None if operator else _numerator(p)
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
    return _checked(p, of or _operand_of(p, "∂"), by, order, start)


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
    of = _marked(p, p.atom(), start)
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
    if token.kind == "(":  # ∂L/∂(∂f/∂x), and in LaTeX ∂L/∂[W_1]_{i,j}
        group = brackets.group(p)
        if not isinstance(group.items[0], Derivative | Name | Subscript):
            p.fail("unexpected `(`", token.span, expected="the name of a variable", suggestion=hint)
        return _repeated(p, group, token.start, left)
    p.expect("name", expected="the name of a variable", suggestion=hint)
    return _repeated(p, Name(token.key, token.text, span=token.span), token.start, left)


def _marked(p: ExpressionParser, node: Expression, start: int) -> Expression:
    """A name with its entries, and with what LaTeX puts below and above it."""
    while True:
        if p.tok.kind == "[" and not p.tok.spaced:
            node = brackets.entry(p, node, start)
        elif p.tok.kind == "lower":
            node = scripts.lowered(p, node, start)
        elif p.tok.kind == "^" and p.peek().kind == "{" and p.peek(2).kind == "(":
            p.advance()
            node = Power(node, brackets.braces(p), span=p.span_from(start))
        else:
            return node


def _repeated(p: ExpressionParser, variable: Expression, start: int, left: int) -> list[Expression]:
    variable = _marked(p, variable, start)
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


# ---------------------------------------------------------------- as a fraction


def as_fraction(p: ExpressionParser) -> Derivative:
    r"""`\frac{\partial L}{\partial W}`, `\frac{d L}{d W}`; `\frac{\partial}{\partial W}` before what it applies to."""
    start = p.advance().start
    p.expect("{")
    sign = p.advance()
    order = _power(p) or 1
    of: Expression | None = None
    with brackets.inside(p):
        if p.tok.kind != "}":
            of = p.signed_product()
        p.expect("}", expected="`}`", suggestion=r"\frac{\partial L}{\partial W}")
        p.expect("{")
        by: list[Expression] = []
        while p.tok.kind != "}":
            if (p.tok.kind, p.tok.key) != (sign.kind, sign.key):
                p.unexpected(rf"`{sign.text}` and a name", suggestion=r"\frac{\partial L}{\partial W}")
            by.extend(_variable_below(p, order - len(by)))
    p.advance()
    if of is None:
        of = _operand_of(p, sign.text)
    node = _checked(p, of, by, order, start)
    if sign.kind == "∂" or order > 1 or not isinstance(of, Name) or not isinstance(by[0], Name):
        return node
    plain = (Name(f"d{of.key}", f"d{of.text}", span=of.span), Name(f"d{by[0].key}", f"d{by[0].text}", span=by[0].span))
    return Derivative(of, node.by, plain, span=node.span)


def _variable_below(p: ExpressionParser, left: int) -> list[Expression]:
    r"""`\partial W_1`, `\partial w^{2}`: a variable as often as it is differentiated by."""
    p.advance()
    start = p.tok.start
    if p.tok.kind not in ("name", "("):
        p.unexpected("the name of a variable", suggestion=r"\frac{\partial L}{\partial W}")
    first = p.atom()
    if isinstance(first, Name) and first.key in ("Δ", "δ") and p.tok.kind == "name":
        letter = p.atom()
        factors = (Factor("", first, span=first.span), Factor("", letter, span=letter.span))
        first = Group((Product(factors, span=p.span_from(start)),), span=p.span_from(start))
    variable = p.postfixes(first, start)
    match variable:
        case Power(base=base, exponent=Num(value=value)) if left > 1 and value.denominator == 1 and 1 < value <= left:
            return [base] * int(value)
        case _:
            return [variable]


def _operand_of(p: ExpressionParser, sign: str) -> Expression:
    r"""What `\frac{\partial}{\partial W}` is applied to: the product to its right."""
    if p.tok.kind not in p.operand_starts:
        hint = r"\frac{\partial L}{\partial W}"
        p.fail(f"nothing follows for {sign} to reach over", expected="what is differentiated", suggestion=hint)
    p.deeper()
    of = p.signed_product()
    p.depth -= 1
    return of


# ---------------------------------------------------------------- spelled with d


def with_d(p: ExpressionParser) -> Derivative | None:
    """`dL/dW`, if that is what stands here; nothing is taken otherwise."""
    start = p.tok.start
    if p.tok.key == "d" and _in_brackets(p, 0):
        return _of_brackets(p, start)
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
    while len(by) < order and (_D_NAME.fullmatch(p.tok.key) or p.tok.key == "d" or not by):
        by.extend(_d_variable(p, order - len(by)))
    if in_brackets:
        p.expect(")")
    node = _checked(p, of, by, order, start)
    one_word = below.kind == "name" and (order == 1 or p.at == below_at + 1)
    if whole is None or not one_word:
        return node
    plain = (Name(whole.key, whole.text, span=whole.span), Name(below.key, below.text, span=below.span))
    return Derivative(of, node.by, plain, span=node.span)


def _of_brackets(p: ExpressionParser, start: int) -> Derivative | None:
    """`d(df/dx)/dw`, if a quotient by something with d follows the brackets; nothing is taken otherwise."""
    ahead, depth = 2, 1
    while depth:
        kind = p.peek(ahead).kind
        if kind in ("end", "newline", "error"):
            return None
        depth += (kind in "([{") - (kind in ")]}")
        ahead += 1
    below = p.peek(ahead + 1)
    if p.peek(ahead).kind != "/" or below.kind != "name" or _D_NAME.fullmatch(below.key) is None:
        return None
    p.advance()
    of = brackets.group(p)
    p.advance()
    return _checked(p, of, _d_variable(p, 1), 1, start)


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
    if below.key == "d":
        return _in_brackets(p, ahead + 1)
    return below.kind == "name" and _D_NAME.fullmatch(below.key) is not None


def _in_brackets(p: ExpressionParser, ahead: int) -> bool:
    """Whether a d stands before a derivative in brackets: dL/d(df/dx)."""
    bracket, inner, sign = p.peek(ahead + 1), p.peek(ahead + 2), p.peek(ahead + 3)
    if bracket.kind != "(" or bracket.spaced or inner.kind not in ("name", "∂"):
        return False
    return inner.kind == "∂" or (_D_NAME.fullmatch(inner.key) is not None and sign.kind in ("/", "[")) or (
        inner.key == "d" and sign.kind == "^"
    )


def _d_variable(p: ExpressionParser, left: int) -> list[Expression]:
    """`dw`, `da[j]`, `dw2` or `dw^2` of a second derivative."""
    token = p.expect("name", expected="d and a name, such as dW")
    if token.key == "d" and p.tok.kind == "(" and not p.tok.spaced:
        return _repeated(p, brackets.group(p), token.start, left)
    found = _D_NAME.fullmatch(token.key)
    if found is None:
        p.fail("a derivative is taken by a name", token.span, expected="d and a name, such as dW")
    name = found[2]
    if left > 1 and name.endswith(str(left)) and len(name) > 1 and p.tok.kind != "^":
        short = name[:-1]
        return [Name(canonical_key(short), short, span=token.span)] * left
    return _repeated(p, Name(canonical_key(name), name, span=token.span), token.start, left)
