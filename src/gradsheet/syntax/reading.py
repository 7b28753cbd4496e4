"""From bytes to a tree: what the rest of the program calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gradsheet.diagnostics import Diagnostic, Diagnostics, SheetError, Source, Span
from gradsheet.syntax.cursor import Abandoned
from gradsheet.syntax.layout import join_lines, lay_out
from gradsheet.syntax.statements import MOST_ERRORS, StatementParser
from gradsheet.syntax.tokens import scan

if TYPE_CHECKING:
    from gradsheet.syntax.tree import Document, Expression

LARGEST = 8 * 1024 * 1024


def read_source(data: bytes | str, name: str = "<sheet>") -> Source:
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
    if size > LARGEST:
        message = f"{size:,} bytes are too many"
        _refuse("GS003", message, name, f"at most {LARGEST:,} bytes")
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
    tokens = lay_out(scan(source, own), source, own)
    parser = StatementParser(tokens, own)
    document = parser.document()
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
    parser = StatementParser(join_lines(scan(source, own), source, own), own)
    node: Expression | None = None
    try:
        node = parser.expression()
        parser.check_depth(node)
        if parser.tok.kind != "end":
            parser.unexpected("an operator or the end")
    except Abandoned:
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
