"""Sets: ℝ^(m × n), {0,1}^n, onehot(K)^N, intervals, ranges, ℝ → ℝ."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from gradsheet.syntax import brackets
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.tree import (
    Expression,
    FiniteSet,
    Group,
    IndexSet,
    Interval,
    Maps,
    Range,
    Reals,
    Set,
    Simplex,
)

if TYPE_CHECKING:
    from gradsheet.syntax.expressions import ExpressionParser

_A_SET = "a set: ℝ^n, {0,1}^n, onehot(n), 1..n"
_NO_SETS = {
    "ℕ": ("the natural numbers are", "a range: 1..n"),
    "ℤ": ("the integers are", "a range: -5..5"),
    "ℚ": ("the rationals are", "the reals: ℝ"),
    "ℂ": ("the complex numbers are", "the reals: ℝ"),
}


def set_of(p: ExpressionParser) -> tuple[Set, tuple[str, ...]]:
    """A set after ∈ or `:`, with the attribute that ℝ₊ states."""
    token = p.tok
    start = token.start
    attributes: tuple[str, ...] = ()
    found: Set
    if token.kind == "name" and token.key in ("ℝ", "R"):
        p.advance()
        attributes = _nonnegative(p)
        found = Reals(_axes(p), span=p.span_from(start))
        if p.accept("→"):
            target = p.tok
            if target.key not in ("ℝ", "R"):
                p.unexpected("ℝ", suggestion="f : ℝ → ℝ")
            p.advance()
            codomain = Reals(_axes(p), span=p.span_from(target.start))
            found = Maps(found, codomain, span=p.span_from(start))
    elif token.kind == "{":
        found = _values(p)
    elif token.kind == "[":
        p.advance()
        with brackets.inside(p):
            low = p.expression()
        found = _interval(p, low, start, low_open=False)
    elif token.kind == "(":
        found = _after_round(p)
    elif token.key in ("onehot", "simplex") and p.peek().kind == "(":
        p.advance()
        p.advance()
        with brackets.inside(p):
            size = p.expression(Level.RANGE)
        p.expect(")")
        found = Simplex("onehot" if token.key == "onehot" else "simplex", size, _axes(p), span=p.span_from(start))
    else:
        found = _range(p)
    return found, attributes


def _nonnegative(p: ExpressionParser) -> tuple[str, ...]:
    """`ℝ₊` and `ℝ_+`."""
    if not p.accept("_"):
        return ()
    brace = p.accept("{")
    p.expect("+", expected="`+`", suggestion="ℝ₊ for the nonnegative reals; sizes are written ℝ^n")
    if brace:
        p.expect("}")
    return ("nonnegative",)


def _axes(p: ExpressionParser) -> tuple[Expression, ...]:
    """`^n`, `^(m × 0..R)`, `^{4×4}`; nothing for a scalar."""
    if not p.accept("^"):
        return ()
    closer = {"(": ")", "{": "}"}.get(p.tok.kind)
    found: list[Expression] = []
    if closer is None:
        found.append(p.exponent_base())
        while p.accept("×"):
            found.append(p.exponent_base())
        return tuple(found)
    p.advance()
    with brackets.inside(p):
        while True:
            p.axes = True
            found.append(p.expression(Level.RANGE))
            found.extend(p.joined_sizes())
            if not (p.accept("×") or p.accept(",")):
                if not p.at_times():
                    break
                p.advance()
    p.expect(closer, expected=f"`{closer}` or `×`")
    return tuple(found)


def _values(p: ExpressionParser) -> Set:
    """`{0,1}^n`."""
    start = p.advance().start
    values: list[Expression] = []
    with brackets.inside(p):
        while True:
            values.append(p.expression(Level.RANGE))
            if not p.accept(",") or p.tok.kind == "}":
                break
    p.expect("}", expected="`}` or `,`")
    axes = _axes(p)
    if len(values) == 1 and isinstance(values[0], Range):
        return IndexSet(values[0], axes, span=p.span_from(start))
    return FiniteSet(tuple(values), axes, span=p.span_from(start))


def _interval(p: ExpressionParser, low: Expression, start: int, *, low_open: bool) -> Interval:
    """From the comma of `[0,1]` on."""
    p.expect(",", suggestion="an interval is written [0,1] or (0,1)")
    with brackets.inside(p):
        high = p.expression()
    closer = p.accept(")") or p.expect("]", expected="`]` or `)`")
    return Interval(low, high, low_open, closer.kind == ")", _axes(p), span=p.span_from(start))


def _after_round(p: ExpressionParser) -> Set:
    """`(0,1)^n`, `(1..n)^N`, or a range that begins with a bracket: `(n+1)..m`."""
    start = p.advance().start
    with brackets.inside(p):
        low = p.expression()
    if p.tok.kind == ",":
        return _interval(p, low, start, low_open=True)
    p.expect(")", expected="`,` or `)`")
    if isinstance(low, Range):
        return IndexSet(low, _axes(p), span=p.span_from(start))
    group = Group((low,), span=p.span_from(start))
    p.expect("..", expected=_A_SET)
    high = p.expression(Level.SUM)
    return IndexSet(Range(group, high, span=p.span_from(start)), (), span=p.span_from(start))


def _range(p: ExpressionParser) -> IndexSet:
    token = p.tok
    if token.key in _NO_SETS:
        what, hint = _NO_SETS[token.key]
        p.fail(f"{what} not part of the language", token.span, code="GS108", expected=_A_SET, suggestion=hint)
    if token.kind not in ("name", "number", "-", "+", "|"):
        p.unexpected(_A_SET)
    found = p.expression(Level.RANGE)
    if not isinstance(found, Range):
        p.fail("this is not a set", found.span, expected=_A_SET, suggestion=_meant(token.text))
    return IndexSet(found, (), span=found.span)


def _meant(word: str) -> str | None:
    if word.lower() in ("real", "reals", "rr"):
        return "ℝ (or R)"
    close = get_close_matches(word, ["onehot", "simplex"], 1)
    return f"{close[0]}(n)" if close else None
