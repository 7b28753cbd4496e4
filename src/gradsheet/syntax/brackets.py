"""What stands in brackets: groups, lists, entries, bars, braces."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from gradsheet.syntax import programs
from gradsheet.syntax.tree import (
    Array,
    Bars,
    Comparison,
    Conditioned,
    Expression,
    Group,
    Logic,
    Name,
    Num,
    Product,
    Range,
    Slice,
    Subscript,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.diagnostics import Span
    from gradsheet.syntax.expressions import ExpressionParser
    from gradsheet.syntax.tokens import Token

Rows = list[list[Expression | Slice]]
_ITEM_ENDS = frozenset({"]", "}", ","})


@contextmanager
def inside(p: ExpressionParser) -> Iterator[None]:
    """Bars that are open outside a bracket cannot close inside it, and sizes are not separated there."""
    bars, axes, stop_words, condition = p.bars, p.axes, p.stop_words, p.condition
    p.bars, p.axes, p.stop_words, p.condition = [], False, frozenset(), None
    yield
    p.bars, p.axes, p.stop_words, p.condition = bars, axes, stop_words, condition


def group(p: ExpressionParser) -> Group:
    """`( … )` with one or several items."""
    start = p.advance().start
    items: list[Expression] = []
    with inside(p):
        p.condition = _condition_bar(p)
        while True:
            items.append(programs.axis(p) or p.expression())
            separator = p.at != p.condition and (p.accept(",") or (p.of_document and p.accept(";")))  # f(x; θ)
            if not separator or p.tok.kind == ")":
                break
        if p.at == p.condition:
            items = [_conditioned(p, tuple(items))]
    p.expect(")", expected="`)` or `,`")
    return Group(tuple(items), span=p.span_from(start))


def _condition_bar(p: ExpressionParser) -> int | None:
    """Where the one bar of `p(a | b)` stands: a bar between brackets that has no partner there."""
    found: int | None = None
    depth = 0
    for at in range(p.at, len(p.tokens)):
        kind = p.tokens[at].kind
        if kind in {"(", "[", "{"}:
            depth += 1
        elif kind in {")", "]", "}"}:
            depth -= 1
            if depth < 0:
                return found
        elif kind in {"newline", "end"}:
            return None
        elif kind in {"|", "‖"} and depth == 0:
            if found is not None or kind == "‖":
                return None
            found = at
    return None


def _conditioned(p: ExpressionParser, events: tuple[Expression, ...]) -> Conditioned:
    """`| v, w`: what the events before the bar are conditioned on."""
    p.advance()
    given = [p.expression()]
    while p.accept(",") or (p.of_document and p.accept(";")):
        given.append(p.expression())
    return Conditioned(events, tuple(given), span=events[0].span.to(given[-1].span))


def braces(p: ExpressionParser) -> Expression:
    """`{ … }` around an exponent."""
    p.advance()
    with inside(p):
        item = p.expression()
    p.expect("}")
    return item


def array(p: ExpressionParser) -> Array:
    """`[1, 2; 3, 4]`, or an Iverson bracket `[z > 0]`."""
    start = p.tok.start
    rows = _rows(p)
    return _array(p, rows, p.span_from(start))


def _array(p: ExpressionParser, rows: Rows, span: Span) -> Array:
    checked = []
    for row in rows:
        items: list[Expression] = []
        for item in row:
            if isinstance(item, Slice):
                p.fail("a slice stands only in an index", item.span, expected="a value")
            items.append(item)
        checked.append(tuple(items))
    return Array(tuple(checked), span=span)


def entry(p: ExpressionParser, base: Expression, start: int) -> Subscript:
    """`[i, j]` directly after an operand."""
    rows = _rows(p)
    if _is_condition(rows):
        hint = "leave a space before the bracket to multiply by it: a [z > 0]"
        p.fail("a condition cannot be an index", rows[0][0].span, expected="an index", suggestion=hint)
    return _entry(p, base, rows, start)


def after_operand(p: ExpressionParser, base: Expression, start: int) -> Subscript | None:
    """An index after an operand; None if the bracket is a factor of its own, which then waits in `p.loose`."""
    token = p.tok
    if not token.spaced:
        return entry(p, base, start)
    rows = _rows(p)
    if _is_condition(rows):
        p.loose = _array(p, rows, p.span_from(token.start))
        return None
    if not isinstance(base, Name | Subscript):
        hint = "write the sign of the product: 2 * [1, 0]"
        p.fail("a list cannot follow here", p.span_from(token.start), expected="an operator", suggestion=hint)
    return _entry(p, base, rows, start)


def _entry(p: ExpressionParser, base: Expression, rows: Rows, start: int) -> Subscript:
    if len(rows) > 1:
        p.fail("`;` inside an index", p.span_from(start), expected="indices separated by commas: W[i,j]")
    items = [Slice(item.low, item.high, span=item.span) if isinstance(item, Range) else item for item in rows[0]]
    return Subscript(base, tuple(items), span=p.span_from(start))


def _is_condition(rows: Rows) -> bool:
    return len(rows) == 1 and len(rows[0]) == 1 and isinstance(rows[0][0], Comparison | Logic)


def _rows(p: ExpressionParser) -> Rows:
    """What stands between square brackets; one row where there is no semicolon."""
    p.advance()
    rows: Rows = [[]]
    with inside(p):
        while True:
            rows[-1].append(item(p))
            separator = p.accept(",") or p.accept(";")
            if separator is None or p.tok.kind == "]":
                break
            if separator.kind == ";":
                rows.append([])
    p.expect("]", expected="`]`, `,` or `;`")
    return rows


def item(p: ExpressionParser) -> Expression | Slice:
    """One index: an expression, or a slice."""
    start = p.tok.start
    if p.accept(":"):
        high = None if p.tok.kind in _ITEM_ENDS else p.expression()
        return Slice(None, high, span=p.span_from(start))
    first = p.at
    low = p.expression()
    if p.accept(":"):
        high = None if p.tok.kind in _ITEM_ENDS else p.expression()
        return Slice(low, high, span=p.span_from(start))
    if _lacks_commas(p, first, low):
        hint = "separate the entries with commas: [1, 0]; a product is written 1 * 0"
        p.fail("two numbers side by side in a list", low.span, expected="`,`", suggestion=hint)
    return low


def _lacks_commas(p: ExpressionParser, first: int, item: Expression) -> bool:
    """`[1 0]` would be a product and `[1 -1]` a difference; neither is meant."""
    if isinstance(item, Product):
        numbers = [isinstance(f.item, Num) and f.sign == "" for f in item.factors[:2]]
        if all(numbers):
            return True
    at = first + (p.tokens[first].kind == "-")
    number, minus, other = p.tokens[at : at + 3] if at + 3 <= len(p.tokens) else p.tokens[-1:] * 3
    joined = other.kind == "number" and not other.spaced
    return number.kind == "number" and minus.kind in ("-", "+") and minus.spaced and joined


# ---------------------------------------------------------------- bars


def bars(p: ExpressionParser) -> Bars:
    """`|x|`, `‖x‖`, and the subscript of a norm."""
    opener = p.advance()
    kind = opener.kind
    outer_axes, p.axes = p.axes, False
    p.bars.append(kind)
    body = p.expression()
    if kind == "|" and p.tok.text == "||":
        _split_bars(p)
    p.expect(kind, expected=f"`{opener.text}`")
    p.bars.pop()
    p.axes = outer_axes
    return Bars("|" if kind == "|" else "‖", body, norm_kind(p, kind), span=p.span_from(opener.start))


def norm_kind(p: ExpressionParser, kind: str) -> Expression | None:
    """The subscript of a norm, if one follows."""
    if kind != "‖" or not p.accept("_"):
        return None
    return braces(p) if p.tok.kind == "{" else _norm_name(p)


def _norm_name(p: ExpressionParser) -> Expression:
    token = p.tok
    if token.kind not in ("number", "name"):
        p.unexpected("the kind of the norm: ‖x‖_1, ‖x‖_inf, ‖W‖_F")
    p.advance()
    if token.kind == "number":
        return Num(token.value, token.text, span=token.span)
    return Name(token.key, token.text, span=token.span)


def closes_bars(p: ExpressionParser, token: Token) -> bool:
    """Whether a bar after an operand closes the innermost open ones; else it opens a factor."""
    if p.at == p.condition:
        return True
    if not p.bars:
        return False
    return p.bars[-1] == token.kind or (p.bars[-1] == "|" and token.text == "||")


def _split_bars(p: ExpressionParser) -> None:
    """Read `||` as two single bars: |a||b| is a product."""
    token = p.tok
    middle = token.start + 1
    p.split(
        token._replace(kind="|", text="|", end=middle),
        token._replace(kind="|", text="|", start=middle, spaced=False),
    )


def refuse_lowered(p: ExpressionParser, base: Expression) -> NoReturn:
    """`W_{ij}` and `f'₂`: entries are written in square brackets."""
    if isinstance(base, Bars):
        p.fail("a subscript belongs to a norm", expected="double bars", suggestion="‖x‖_1 or ||x||_1")
    hint = f"{base.text}[i]" if isinstance(base, Name) else "W[i,j]"
    p.fail("a subscript is written in square brackets", suggestion=hint)
