r"""One part of a formula on somebody's page, read in either spelling; every place is one of the whole text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar

from gradsheet.diagnostics import Diagnostics, Source, Span
from gradsheet.syntax import documents, sets
from gradsheet.syntax.cursor import Abandoned
from gradsheet.syntax.latex_source import Unreadable
from gradsheet.syntax.latex_tokens import PLAIN_WORDS, LatexScanner
from gradsheet.syntax.layout import join_lines
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.statements import StatementParser
from gradsheet.syntax.token_groups import goes_on
from gradsheet.syntax.tokens import Token, decimal_value, scan
from gradsheet.syntax.vocabulary import BINDERS, FUNCTIONS, SUBSCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.syntax.tree import Expression, Set

Spelling = Literal["latex", "plain"]
T = TypeVar("T")
_SMALL = "".join(SUBSCRIPTS)
_BELOW = re.compile(rf"(?P<base>[^_{_SMALL}]+)(?:(?P<small>[{_SMALL}]+)|_(?P<below>[^_{_SMALL}]+))")
_PIECE = re.compile(r"[0-9]+|[^\W\d_][\u0300-\u036f]*")


def read_part(source: Source, part: Span, spelling: Spelling = "latex", *, ranges: bool = False) -> Expression:
    r"""The neutral tree of a part of a formula; raises `SheetError`. With `ranges`, `1, \dots, n` is 1..n.

    >>> from gradsheet.syntax.plain import plain
    >>> source = Source(r"z = \nabla_\theta L(f(x; \theta))")
    >>> plain(read_part(source, Span(4, len(source.text))))
    '∇_θ L (f (x, θ))'
    """

    def whole(parser: StatementParser) -> Expression:
        node = parser.expression()
        parser.check_depth(node)
        dots = documents.stray_dots(node)
        if dots is not None:
            parser.fail("dots that leave something out", dots.span, code="GS108", suggestion="a sum over an index")
        return node

    return _read(source, part, spelling, whole, ranges=ranges)


def read_set(source: Source, part: Span, spelling: Spelling = "latex") -> Set:
    r"""The set in a part of a formula, ℝ, ℝ^{m×n}, {0,1}; raises `SheetError`.

    >>> type(read_set(Source(r"x \in \mathbb{R}^{m \times n}"), Span(6, 29))).__name__
    'Reals'
    """
    return _read(source, part, spelling, lambda parser: sets.set_of(parser)[0], ranges=True)


def _read(source: Source, part: Span, spelling: Spelling, whole: Callable[[StatementParser], T], *, ranges: bool) -> T:
    found = Diagnostics(source)
    tokens = _latex(source, part, found) if spelling == "latex" else _plain(source, part, found)
    node: T | None = None
    if not found.errors:
        tokens = documents.as_range(tokens) if ranges else tokens
        parser = StatementParser([*tokens, Token("end", "", part.end, part.end)], found)
        parser.of_document = True
        try:
            node = whole(parser)
            if parser.tok.kind != "end":
                parser.unexpected("an operator or the end")
        except Abandoned:
            node = None
    found.raise_errors()
    if node is None:  # pragma: no cover - what is abandoned is always reported
        raise AssertionError
    return node


def _latex(source: Source, part: Span, found: Diagnostics) -> list[Token]:
    scanner = LatexScanner(source.text, part.start, part.end, found, PLAIN_WORDS, document=True)
    try:
        scanner.formula("")
    except Unreadable:
        return []
    return scanner.out


def _plain(source: Source, part: Span, found: Diagnostics) -> list[Token]:
    inner = Source(source.text[part.start : part.end], source.name)
    own = Diagnostics(inner)
    tokens = join_lines(scan(inner, own, document=True), inner, own)[:-1]
    for problem in own.errors:
        span = None if problem.span is None else Span(problem.span.start + part.start, problem.span.end + part.start)
        found.errors.append(replace(problem, span=span, source=source))
    placed = [t._replace(start=t.start + part.start, end=t.end + part.start) for t in tokens]
    return _lowered(placed)


def _lowered(tokens: list[Token]) -> list[Token]:
    """What stands below a symbol, `x_i`, `xᵢ`, `h_{t-1}`, as the scanner of LaTeX has it."""
    out: list[Token] = []
    for at, token in enumerate(tokens):
        before = out[-1] if out else None
        if token.kind == "name" and token.text not in FUNCTIONS:
            out.extend(_apart(token))
        elif token.kind == "_" and before is not None and goes_on(before.kind) and tokens[at + 1 : at + 2]:
            binds = before.key in BINDERS or before.kind in ("|", "‖")
            if tokens[at + 1].kind == "{" and before.kind == "}" and out[-2].end == before.end == token.start:
                out.pop()  # hₜ₋₁: the letter and the sign below are one run
                out.append(token._replace(kind="joined"))
            else:
                out.append(token if binds else token._replace(kind="lower"))
        elif token.kind == "{" and before is not None and before.kind == "joined":
            out.pop()
        else:
            out.append(token)
    return out


def _apart(token: Token) -> list[Token]:
    """A word and what stands below it: `W_1`, `x₁`, `wᵢⱼ`."""
    found = _BELOW.fullmatch(token.text)
    if found is None:
        return [token]
    base, below = found["base"], found["small"] or found["below"]
    start = token.start + len(base)
    middle = token.end - len(below)
    letters = "".join(SUBSCRIPTS.get(char, char) for char in below)
    out = [token._replace(text=base, key=canonical_key(base), end=start), Token("lower", "_", middle, middle)]
    out.append(Token("{", "{", middle, middle))
    for piece in _PIECE.finditer(letters):
        first, last = middle + piece.start(), middle + piece.end()
        if piece[0].isdigit():
            out.append(Token("number", piece[0], first, last, value=decimal_value(piece[0])))
        else:
            out.append(Token("name", piece[0], first, last, key=canonical_key(piece[0])))
    out.append(Token("}", "}", token.end, token.end))
    return out
