r"""Letters with marks and in other faces, words in upright type, prose between formulas."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.syntax.latex_commands import ACCENTS, LETTERS, ONE_LETTER, styled
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.tokens import Token
from gradsheet.syntax.vocabulary import RESERVED

if TYPE_CHECKING:
    from gradsheet.syntax.latex_source import Piece
    from gradsheet.syntax.latex_tokens import LatexScanner

_WORD_PIECE = re.compile(
    r"""
    \\_ | (?P<blank>\s+|\{\})
  | U\{\+\}(?P<place>[0-9A-F]{4,6})
  | \\(?P<mark>[a-z]+)\{(?:(?P<marked>[^\W\d_])|\\(?P<inner>[A-Za-z]+))\}
  | \\(?P<letter>[A-Za-z]+)
  | (?P<plain>\w | [\u0300-\u036f])
    """,
    re.VERBOSE,
)
_PROSE = re.compile(r"\s+|(?P<word>[^\W\d][\w\u0300-\u036f]*)|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<sign>.)", re.DOTALL)
_OTHERWISE = frozenset({"otherwise", "else", "oth"})


def accent(s: LatexScanner, piece: Piece) -> None:
    r"""`\hat{y}`: one letter with a mark, perhaps with something below it."""
    inner = s.argument(f"\\{piece.text}")
    mark = ACCENTS[piece.text]
    if not inner or inner[0].kind != "name" or (len(inner) > 1 and inner[1].kind not in ("lower", "^", "'", "ᵀ")):
        span = Span(piece.start, s.at)
        hint = r"\hat{y} x, or a name: \mathrm{…}"
        s.fail("a mark over more than one letter", span, code="GS108", suggestion=hint)
    key = unicodedata.normalize("NFC", inner[0].key + mark)
    end = s.at if len(inner) == 1 else inner[0].end
    s.out.append(Token("name", key, piece.start, end, piece.spaced, key))
    s.out.extend(inner[1:])


def style(s: LatexScanner, piece: Piece) -> None:
    r"""`\mathbf{z}`: the letters of another alphabet; whoever knows the names may take them for plain ones."""
    if piece.text in ONE_LETTER and upright(s, piece, least=2):
        return
    inner = s.argument(f"\\{piece.text}")
    for token in inner:
        if token.kind == "name" and len(_base(token.key)) == 1:
            letters = unicodedata.normalize("NFD", token.key)
            key = unicodedata.normalize("NFC", styled(piece.text, letters[0]) + letters[1:])
            end = s.at if len(inner) == 1 else token.end
            s.out.append(token._replace(key=key, text=key, start=piece.start, end=end, spaced=piece.spaced))
        elif token.kind == "number" and len(token.text) == 1 and token.text != "0":
            key = styled(piece.text, token.text)
            s.out.append(Token("name", key, piece.start, s.at, piece.spaced, key))
        else:
            s.out.append(token)


def upright(s: LatexScanner, piece: Piece, *, least: int = 1) -> bool:
    r"""`\mathrm{out}`, `\operatorname{softmax}`: one word of at least so many letters, if one stands there."""
    place = s.at
    raw = s.raw_group()
    word = None if raw is None else _word(raw)
    if word is None or len(letters_of(word)) < least:
        s.back_to(place)
        return False
    if word.isdigit() and word.isascii():
        s.number(word, piece.start, s.at, spaced=piece.spaced)
    elif word in RESERVED:
        s.emit("∈" if word == "in" else word, piece.start, s.at, spaced=piece.spaced)
    else:
        s.name(word, piece, end=s.at)
    return True


def prose(s: LatexScanner, piece: Piece) -> None:
    r"""`\text{if }`: words of the language; names; formulas between dollar signs."""
    opener = s.take()
    if opener.kind != "group":
        s.fail(rf"\{piece.text} without its argument", piece.span, expected="{…}")
    s.deeper(piece.span)
    mark = len(s.out)
    spaced = True
    while True:
        found = _PROSE.match(s.text, s.at, s.stop)
        if found is None:
            s.unclosed(opener, s.peek())
            return
        start, end = found.span()
        word, sign = found["word"], found["sign"]
        s.back_to(end)
        if word in _OTHERWISE:
            s.emit("else", start, end, text=word, spaced=spaced)
        elif word in RESERVED:
            s.emit("∈" if word == "in" else word, start, end, text=word, spaced=spaced)
        elif word:
            s.emit("name", start, end, text=word, key=canonical_key(word), spaced=spaced)
        elif found["number"]:
            s.number(found["number"], start, end, spaced=spaced)
        elif sign == "}":
            break
        elif sign == "$":
            s.items()
            closer = s.take()
            if closer.kind != "math":
                s.fail("`$` is not closed", Span(start, end), code="GS103", expected="`$`")
        elif sign in (",", ":", "(", ")", "="):
            s.emit(sign, start, end, spaced=spaced)
        elif sign not in (None, ".", ";", "~", "\\"):
            s.fail(f"unexpected character '{sign}'", Span(start, end), code="GS101")
        spaced = word is None
    s.depth -= 1
    if len(s.out) == mark + 1 and s.out[-1].kind == "name":  # one word, a name
        s.out[-1] = s.out[-1]._replace(start=piece.start, end=s.at)


def letters_of(text: str) -> list[str]:
    """Letters, each with its marks.

    >>> letters_of("Wŷ")
    ['W', 'ŷ']
    """
    found: list[str] = []
    for char in text:
        if found and unicodedata.combining(char):
            found[-1] += char
        else:
            found.append(char)
    return found


def _base(key: str) -> str:
    """The letters of a key without their marks."""
    return "".join(char for char in unicodedata.normalize("NFD", key) if not unicodedata.combining(char))


def _word(raw: str) -> str | None:
    r"""The word in upright type: letters, digits, `\_`, commands of letters, without blanks. None if it is none."""
    out, at = "", 0
    while at < len(raw):
        found = _WORD_PIECE.match(raw, at)
        if found is None:
            return None
        at = found.end()
        kind = found.lastgroup
        if kind is None:
            out += "_"
        elif kind == "place":
            out += chr(int(found["place"], 16))
        elif kind in ("marked", "inner"):
            letter = found["marked"] or LETTERS.get(found["inner"])
            mark = ACCENTS.get(found["mark"])
            if letter is None or mark is None:
                return None
            out += letter + mark
        elif kind == "letter":
            if found["letter"] not in LETTERS:
                return None
            out += LETTERS[found["letter"]]
        elif kind == "plain":
            out += found["plain"]
    return unicodedata.normalize("NFC", out) or None
