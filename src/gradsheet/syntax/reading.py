"""From bytes to a tree: what the rest of the program calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, NoReturn

from gradsheet.diagnostics import Diagnostic, Diagnostics, SheetError, Source, Span
from gradsheet.syntax import structures
from gradsheet.syntax.binding import Unbound, bind
from gradsheet.syntax.cursor import Abandoned
from gradsheet.syntax.front import without_front_matter
from gradsheet.syntax.latex_sheets import bind_document
from gradsheet.syntax.latex_tokens import scan_formula
from gradsheet.syntax.layout import join_lines, lay_out
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.statements import MOST_ERRORS, StatementParser
from gradsheet.syntax.tokens import FORMULA, FORMULA_ENDS, Token, scan
from gradsheet.syntax.written_names import Known, NameTable

if TYPE_CHECKING:
    from gradsheet.syntax.tree import BoundIndex, Document, Expression

LARGEST = 8 * 1024 * 1024


def read_source(data: bytes | str, name: str = "<sheet>", largest: int = LARGEST) -> Source:
    r"""Text with uniform line ends and no byte order mark, or a `SheetError`.

    >>> read_source(b"\xef\xbb\xbfa = 1\r\n").text
    'a = 1\n'
    >>> read_source(b"a = \xff", "a.sheet")
    Traceback (most recent call last):
    gradsheet.diagnostics.diagnostic.SheetError: error[GS002]: byte 4 is not UTF-8
      a.sheet
      expected: UTF-8 text
    """
    if isinstance(data, str):
        try:
            size = len(data.encode())
        except UnicodeEncodeError as problem:
            message = f"character {problem.start} is half of a surrogate pair"
            _refuse("GS002", message, name, "Unicode text")
    else:
        size = len(data)
    if size > largest:
        message = f"{size:,} bytes are too many"
        _refuse("GS003", message, name, f"at most {largest:,} bytes")
    text = data if isinstance(data, str) else _decoded(data, name)
    source = Source(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name)
    if "\0" in source.text:
        at = source.text.index("\0")
        raise SheetError((Diagnostic("GS001", "the text has a NUL byte", Span(at, at + 1), source, "plain text"),))
    return source


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        hint = "the file looks like UTF-16; save it as UTF-8" if utf16 else None
        message = f"byte {problem.start} is not UTF-8"
        _refuse("GS002", message, name, "UTF-8 text", hint)


def _refuse(code: str, message: str, name: str, expected: str, hint: str | None = None) -> NoReturn:
    raise SheetError((Diagnostic(code, message, None, Source("", name), expected, hint),)) from None


def parse_document(source: Source, diagnostics: Diagnostics) -> Document:
    r"""The tree of a sheet. Problems are recorded, and what could be read is returned; the caller raises.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> source = Source("a = 2 b\nminimze a\n", "demo")
    >>> found = Diagnostics(source)
    >>> len(parse_document(source, found).statements), [problem.code for problem in found.errors]
    (1, ['GS102'])
    """
    own = Diagnostics(source)
    text = without_front_matter(source)
    tokens = lay_out(scan(text, own, scan_formula), text, own)
    parser = StatementParser(tokens, own)
    document = parser.document()
    if any(token.home >= 0 for token in tokens):
        document = bind_document(document, own)
    _hand_over(own, diagnostics)
    return document


def parse_expression(source: Source, diagnostics: Diagnostics) -> Expression:
    """The tree of one expression, over any number of lines; raises `SheetError` if it cannot be read.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> source = Source("W' x")
    >>> type(parse_expression(source, Diagnostics(source))).__name__
    'Product'
    """
    own = Diagnostics(source)
    return _expression(join_lines(scan(source, own), source, own), own, diagnostics, None)


def parse_latex_expression(source: Source, diagnostics: Diagnostics, names: NameTable | None = None) -> Expression:
    r"""The tree of one expression in LaTeX, with or without `$ … $` around it; raises `SheetError` like its sibling.

    `names` are those that are known where it stands: they say whether `W_1` is a name or an entry, `W^{(l)}` a layer.
    Without them what stands below a symbol stays as it was written (`tree.Lowered`), for whoever binds it.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.plain import plain
    >>> source = Source(r"\frac{1}{2} \lVert W_1^{\top} x - \hat{y} \rVert^2")
    >>> plain(parse_latex_expression(source, Diagnostics(source), NameTable(dict.fromkeys(("W1", "x", "ŷ"), Known()))))
    '1/2 ‖W1ᵀ x - ŷ‖²'
    """
    own = Diagnostics(source)
    return _expression(_latex_tokens(source, own), own, diagnostics, names)


class Equation(NamedTuple):
    """left = right, for indices in their ranges."""

    left: Expression
    right: Expression
    ranges: tuple[BoundIndex, ...] = ()


def parse_latex_equation(source: Source, diagnostics: Diagnostics, names: NameTable | None = None) -> Equation:
    r"""`left = right` in LaTeX, perhaps with `\text{for } i = 1, \dots, n` behind it; raises `SheetError`.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.plain import plain
    >>> source = Source(r"\frac{\partial L}{\partial z_l} = W_{l+1}^{\top} \delta \quad \text{for } l = 1, \dots, D")
    >>> member = Known(2, family=True)
    >>> found = parse_latex_equation(source, Diagnostics(source), NameTable({"z": member, "W": member}))
    >>> plain(found.left), plain(found.right), [plain(index.domain) for index in found.ranges]
    ('∂L/∂z[l]', 'W[l+1]ᵀ δ', ['1..D'])
    """
    own = Diagnostics(source)
    parser = StatementParser(_latex_tokens(source, own), own)
    found: Equation | None = None
    try:
        left = parser.expression(Level.SUM)
        parser.expect("=")
        right = parser.expression()
        ranges: tuple[BoundIndex, ...] = ()
        parser.accept(",")
        if parser.accept("for"):
            ranges = structures.ranges(parser)
        if parser.tok.kind != "end":
            parser.unexpected(r"an operator, the end, or \text{for } with a range")
        for part in (left, right):
            parser.check_depth(part)
        found = Equation(left, right, ranges)
        if names is not None:
            inner = names.within({index.name.key: Known(0) for index in ranges})
            found = Equation(
                bind(left, inner, own), bind(right, inner, own), tuple(bind(index, names, own) for index in ranges)
            )
    except (Abandoned, Unbound):
        found = None
    _hand_over(own, diagnostics)
    if found is None or own.errors:
        diagnostics.raise_errors()
    if found is None:  # pragma: no cover - an abandoned equation is always reported
        raise AssertionError
    return found


def _latex_tokens(source: Source, diagnostics: Diagnostics) -> list[Token]:
    """The tokens of one formula that is the whole text."""
    text = source.text
    opener = FORMULA.match(text, len(text) - len(text.lstrip()))
    start = opener.end() if opener else 0
    tokens, end = scan_formula(text, start, FORMULA_ENDS[opener[0]] if opener else "", diagnostics)
    rest = len(text) - len(text[end:].lstrip())
    if rest < len(text) and not diagnostics.errors:
        diagnostics.error("GS102", "text behind the formula", Span(rest, len(text)), expected="one formula")
    return [*tokens, Token("end", "", len(text), len(text))]


def _expression(
    tokens: list[Token], own: Diagnostics, diagnostics: Diagnostics, names: NameTable | None
) -> Expression:
    parser = StatementParser(tokens, own)
    node: Expression | None = None
    try:
        node = parser.expression()
        parser.check_depth(node)
        if parser.tok.kind != "end":
            parser.unexpected("an operator or the end")
        if names is not None and not own.errors:
            node = bind(node, names, own)
    except (Abandoned, Unbound):
        node = None
    _hand_over(own, diagnostics)
    if node is None or own.errors:
        diagnostics.raise_errors()
    if node is None:  # pragma: no cover - an abandoned expression is always reported
        raise AssertionError
    return node


def _hand_over(own: Diagnostics, diagnostics: Diagnostics) -> None:
    """What was found, in the order of the text, up to a readable number."""
    own.errors.sort(key=lambda problem: problem.span.start if problem.span else 0)
    too_deep: set[int] = set()  # lines; scanner and parser may both have met the limit
    kept = []
    for problem in own.errors:
        line = own.source.position(problem.span.start)[0] if problem.span else 0
        if problem.code != "GS104" or line not in too_deep:
            kept.append(problem)
        if problem.code == "GS104":
            too_deep.add(line)
    diagnostics.errors.extend(kept[:MOST_ERRORS])
    for remark in own.remarks:
        diagnostics.remark(remark.message, remark.span)
