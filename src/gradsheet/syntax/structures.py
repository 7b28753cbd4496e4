r"""What LaTeX says in two dimensions: fractions, matrices, cases, bars with a side, braces below.

The scanner of LaTeX puts these out as tokens of their own; the trees are those of the plain spelling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.syntax import brackets, derivatives, documents, scripts
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.tree import (
    Array,
    Bars,
    BoundIndex,
    Conditional,
    Expression,
    Factor,
    Logic,
    Num,
    Product,
    Range,
    Underbrace,
)

if TYPE_CHECKING:
    from gradsheet.syntax.expressions import ExpressionParser

STARTS = frozenset({"frac", "array", "matrix", "cases", "l|", "l‖", "underbrace", "…", "∇", "evaluated"})
"""Kinds of token that begin an operand of LaTeX."""


def structure(p: ExpressionParser) -> Expression:
    """An operand that begins with one of these tokens."""
    match p.tok.kind:
        case "frac":
            return fraction(p)
        case "array" | "matrix":
            return matrix(p)
        case "cases":
            return cases(p)
        case "underbrace":
            return underbrace(p)
        case "…" | "∇" | "evaluated":
            return documents.structure(p)
        case _:
            return bars(p)


# ---------------------------------------------------------------- fractions


def fraction(p: ExpressionParser) -> Expression:
    r"""`\frac{a}{b}`, `\frac{\partial L}{\partial W}`, `\frac{\partial}{\partial W} (…)`."""
    if p.peek(2).kind == "∂" or (p.peek(2).key == "d" and _in_d(p)):
        return derivatives.as_fraction(p)
    start = p.advance().start
    above = _braced(p, "the upper part of the fraction")
    below = _braced(p, "the lower part of the fraction")
    factors = (Factor("", above, span=above.span), Factor("/", below, span=below.span))
    return Product(factors, span=p.span_from(start))


def _in_d(p: ExpressionParser) -> bool:
    r"""Whether the fraction is a derivative spelled with d: `\frac{d L}{d W}`, `\frac{d^2 L}{d w^2}`."""
    ahead = 3
    if p.peek(ahead).kind == "^":
        ahead += 4
    if p.peek(ahead).kind not in ("name", "(", "}"):
        return False
    depth = 1  # inside the upper braces
    ahead = 2
    while depth:
        kind = p.peek(ahead).kind
        if kind in ("end", "newline", "error"):
            return False
        depth += (kind == "{") - (kind == "}")
        ahead += 1
    return p.peek(ahead + 1).key == "d" and p.peek(ahead + 2).kind in ("name", "(")


def unfold(factors: list[Factor]) -> list[Factor]:
    r"""`\frac{a b}{c} d` is the chain a b / c d: a product is read from left to right anyway."""
    if len(factors) < 2 or not isinstance(factors[0].item, Product):
        return factors
    return [*_chain(factors[0].item), *factors[1:]]


def _chain(quotient: Product) -> tuple[Factor, ...]:
    above = quotient.factors[0].item
    if isinstance(above, Product):
        return (*_chain(above), *quotient.factors[1:])
    return quotient.factors


def _braced(p: ExpressionParser, what: str) -> Expression:
    """An expression in braces of its own."""
    p.expect("{")
    if p.tok.kind == "}":
        p.unexpected(what)
    with brackets.inside(p):
        node = p.expression()
    p.expect("}", expected="an operator or `}`")
    return node


# ---------------------------------------------------------------- matrices, cases, bars, labels


def matrix(p: ExpressionParser) -> Array:
    r"""`\begin{bmatrix} … \end{bmatrix}`, a list with commas, or a condition in square brackets.

    A matrix of one row is 1×n, `[[a, b]]`; the list `[a, b]` is a vector.
    """
    opener = p.advance()
    rows = tuple(tuple(row) for row in _rows(p))
    span = p.span_from(opener.start)
    array = Array(rows, span=span)
    return Array(((array,),), span=span) if opener.kind == "matrix" and len(rows) == 1 < len(rows[0]) else array


def _rows(p: ExpressionParser) -> list[list[Expression]]:
    rows: list[list[Expression]] = [[]]
    with brackets.inside(p):
        while True:
            rows[-1].append(p.expression())
            separator = p.accept(",") or p.accept(";")
            if separator is None:
                break
            if separator.kind == ";":
                rows.append([])
    p.expect("endarray", expected="an operator, or the end of the entry")
    return rows


def cases(p: ExpressionParser) -> Expression:
    r"""`\begin{cases} a & \text{if } p \\ b & \text{otherwise} \end{cases}`."""
    p.deeper()
    start = p.advance().start
    found: list[tuple[int, Expression, Expression]] = []
    with brackets.inside(p):
        while True:
            begin = p.tok.start
            value = p.expression(Level.OR)
            while p.accept(","):  # the author's own, and the one between the columns
                pass
            if p.accept("else"):
                if p.tok.kind != "endarray":
                    p.unexpected("the end of the cases after the last one")
                break
            found.append((begin, value, _condition(p)))
            last_two = found[-2:] if p.of_document and p.tok.kind == "endarray" else []
            if len(last_two) == 2 == len(found) and documents.complementary(last_two[0][2], last_two[1][2]):
                found.pop()
                break
            if not p.accept(";"):
                hint = r"add a last row: b & \text{otherwise}"
                p.fail("the cases do not say what holds otherwise", p.span_from(start), suggestion=hint)
    p.advance()
    p.depth -= 1
    p.longest_chain = max(p.longest_chain, len(found))
    for begin, then, condition in reversed(found):
        value = Conditional(then, condition, value, span=p.span_from(begin))
    return value


def _condition(p: ExpressionParser) -> Expression:
    """The condition of a case; commas between several mean that all hold."""
    if not p.accept("if") and not p.accept("for") and p.tok.kind == ";":
        p.unexpected(r"a condition: \text{if } x > 0")
    conditions = [p.expression(Level.OR)]
    while p.accept(",") and p.tok.kind not in (";", "endarray"):
        conditions.append(p.expression(Level.OR))
    if len(conditions) == 1:
        return conditions[0]
    return Logic("and", tuple(conditions), span=conditions[0].span.to(conditions[-1].span))


def ranges(p: ExpressionParser) -> tuple[BoundIndex, ...]:
    r"""Indices with where they run: `l = 1, \dots, D, i = 1, 2, m = 3, t \in \{1, \dots, T\}`."""
    found: list[BoundIndex] = []
    while True:
        token = p.expect("name", expected="the name of an index")
        name = scripts.whole_name(p, token)
        if not (p.accept("=") or p.accept("∈")):
            p.unexpected("`=` and a range", suggestion=r"i = 1, \dots, n")
        domain = p.expression(Level.RANGE)
        if not isinstance(domain, Range):
            domain = _listed(p, domain)
        found.append(BoundIndex(name, domain, span=p.span_from(token.start)))
        if not p.accept(","):
            return tuple(found)


def _listed(p: ExpressionParser, first: Expression) -> Range:
    """`1, 2, 3` as 1..3; one number is a range of one."""
    last = first
    while p.tok.kind == "," and p.peek().kind == "number":
        p.advance()
        following = p.expression(Level.SUM)
        steps = isinstance(last, Num) and isinstance(following, Num) and following.value == last.value + 1
        if not steps:
            p.fail("a range goes on by one", following.span, suggestion=r"i = 1, \dots, n")
        last = following
    return Range(first, last, span=p.span_from(first.span.start))


def bars(p: ExpressionParser) -> Bars:
    r"""`\lvert x \rvert` and `\lVert x \rVert_{2}`: bars that say which side they are."""
    opener = p.advance()
    sign = opener.kind[1:]
    with brackets.inside(p):
        body = p.expression()
    p.expect("r" + sign, expected=f"an operator or `{sign}`")
    return Bars("|" if sign == "|" else "‖", body, brackets.norm_kind(p, sign), span=p.span_from(opener.start))


def underbrace(p: ExpressionParser) -> Underbrace:
    r"""`\underbrace{…}_{label}`."""
    start = p.advance().start
    base = _braced(p, "something above the brace")
    label = _braced(p, "a label")
    return Underbrace(base, label, span=p.span_from(start))
