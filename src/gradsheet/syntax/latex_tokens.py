r"""LaTeX into the tokens of the sheet language: one parser reads both spellings.

`\cdot` becomes `·`, `\lVert x\rVert` bars, `\begin{bmatrix} … \end{bmatrix}` a list; what stands below or above a
symbol is put behind it in one order, below first. Only what plain text cannot say has tokens of its own (`frac`,
`lower`, `cases`, `underbrace`); `structures` reads them. Nothing is decided here that names decide: `W_{1}` is a
symbol with something below it, `W^{(l)}` one with a bracket above it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Span
from gradsheet.syntax import documents, latex_brackets, latex_environments, latex_words, programs
from gradsheet.syntax.latex_commands import (
    ACCENTS,
    DOTS,
    FUNCTION_COMMANDS,
    LETTERS,
    OPENERS,
    REFUSED,
    SIGNS,
    STYLES,
    SUMS,
    TRANSPARENT,
    TRANSPOSES,
    UPRIGHT,
    WORDS,
)
from gradsheet.syntax.latex_source import LatexSource, Piece, Unreadable
from gradsheet.syntax.latex_words import letters_of
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.token_groups import INDICATORS, goes_on, is_change, is_one, relates, top_level
from gradsheet.syntax.tokens import MOST_DIGITS, Token, decimal_value, plain_sign, unreadable_sign, vulgar_value
from gradsheet.syntax.vocabulary import BINDERS, FUNCTIONS, STATEMENTS, SUBSCRIPTS, SUPERSCRIPTS
from gradsheet.syntax.written_names import faces

if TYPE_CHECKING:
    from collections.abc import Container

    from gradsheet.diagnostics import Diagnostics

PLAIN_WORDS: frozenset[str] = FUNCTIONS | frozenset(BINDERS) | frozenset(STATEMENTS)
"""Words that are read as one name although LaTeX sets them as a product of letters."""

_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac", "sfrac", "nicefrac"})
_POWER_OF_TEN = re.compile(r"[eE][+-]?[0-9]")
_ON_ONE_LINE = frozenset({"$", "\\)"})
_ENDS = frozenset({"end", "math", "endgroup", "close", "row"})


def scan_formula(
    text: str, start: int, closer: str, diagnostics: Diagnostics, words: Container[str] = PLAIN_WORDS
) -> tuple[list[Token], int]:
    r"""The tokens of a formula that begins at an offset, and where reading goes on behind its closer (`$`, `\]`, "").

    A formula that cannot be read is reported, and is one "error" token. `words` are the names of several letters.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> source = Source(r"\frac{1}{2} \lVert x_1 \rVert^2")
    >>> tokens, end = scan_formula(source.text, 0, "", Diagnostics(source))
    >>> " ".join(token.kind for token in tokens)
    'frac { number } { number } l‖ name lower { number } r‖ ^ { number }'
    """
    stop = text.find("\n", start) if closer in _ON_ONE_LINE else len(text)
    stop = len(text) if stop < 0 else stop
    scanner = LatexScanner(text, start, stop, diagnostics, words)
    try:
        end = scanner.formula(closer)
    except Unreadable:
        found = text.find(closer, max(scanner.at, start), stop) if closer else stop
        end = stop if found < 0 else found + len(closer)
        return [Token("error", text[start:end], start, end)], end
    return scanner.out, end


class LatexScanner(LatexSource):
    """Reads formulas; `out` are the tokens so far."""

    def __init__(
        self,
        text: str,
        start: int,
        stop: int,
        diagnostics: Diagnostics,
        words: Container[str],
        *,
        document: bool = False,
    ) -> None:
        super().__init__(text, start, stop, diagnostics)
        self.out: list[Token] = []
        self.words = words
        self.document = document
        """Whether this is somebody's page, which may say more than a sheet."""

    def formula(self, closer: str) -> int:
        """Everything up to the closer; where reading goes on behind it."""
        start = self.at
        while True:
            self.items()
            piece = self.peek()
            if piece.kind == "row":
                latex_environments.new_row(self)
            elif piece.kind == "sign":
                self.fail("`&` outside of an environment", piece.span, suggestion=r"\begin{aligned} … \end{aligned}")
            elif piece.kind == "math" and piece.text == closer:
                return self.take().end
            elif piece.kind == "end" and not closer:
                return piece.end
            elif piece.kind in ("end", "math"):
                span = Span(max(0, start - len(closer)), start) if closer else piece.span
                what = f"`{closer}` is not closed" if closer else f"`{piece.text}` closes nothing"
                self.fail(what, span, code="GS103", expected=f"`{closer}`" if closer else None)
            elif piece.kind == "command":
                self.fail(r"\end closes nothing", piece.span, code="GS103")
            else:
                self.fail(f"`{piece.text}` closes nothing", piece.span, code="GS103")

    def items(self) -> None:
        """Pieces of a formula up to something that ends it, which is not taken."""
        while True:
            piece = self.peek()
            if self.document and piece.text == "r|" and self.text[piece.start : piece.start + 2] in ("\\b", "\\B"):
                place = self.at
                if documents.evaluation_bar(self, self.take()):  # \bigr|_{x=0}
                    continue
                self.back_to(place)
            if piece.kind in _ENDS or (piece.kind == "sign" and piece.text == "&"):
                return
            if piece.kind == "command" and piece.text == "end":
                return
            self.item()

    def item(self) -> None:
        """One piece with what stands below and above it."""
        mark = len(self.out)
        piece = self.take()
        if piece.kind in ("raised", "lowered") or (piece.kind == "sign" and piece.text in ("^", "_")):
            self.fail(f"nothing stands before `{piece.text}`", piece.span, suggestion="x^{2}, x_{i}")
        binds = self.nucleus(piece)
        if len(self.out) > mark and (goes_on(self.out[-1].kind) or self.out[-1].kind in ("∂", "∇")):
            self.scripts(mark, binds=binds)

    # ------------------------------------------------------------ tokens

    def emit(self, kind: str, start: int, end: int, *, text: str = "", key: str = "", spaced: bool = False) -> None:
        """Put a token out."""
        self.out.append(Token(kind, text or kind, start, end, spaced, key))

    def name(self, word: str, piece: Piece, *, end: int | None = None) -> None:
        """Put a name out."""
        stop = piece.end if end is None else end
        self.out.append(Token("name", word, piece.start, stop, piece.spaced, canonical_key(word)))

    def number(self, text: str, start: int, end: int, *, spaced: bool) -> None:
        """Put a number out."""
        digits = len(text) - ("." in text)
        if digits > MOST_DIGITS:
            span = Span(start, end)
            self.fail(f"a number of {digits} digits", span, code="GS105", expected=f"at most {MOST_DIGITS}")
        follows = _POWER_OF_TEN.match(self.text, end)
        if follows and end == start + len(text):
            shown = self.text[start : follows.end()]
            hint = rf"10^{{…}} for a power of ten, {text} \cdot e for a product with e"
            self.fail(f"{shown} has two readings", Span(start, follows.end()), code="GS109", suggestion=hint)
        self.out.append(Token("number", text, start, end, spaced, "", decimal_value(text)))

    def capture(self) -> tuple[list[Token], Piece]:
        """Items up to something that ends them, as tokens of their own; and what ends them, not taken."""
        held, self.out = self.out, []
        self.items()
        inner, self.out = self.out, held
        return inner, self.peek()

    # ------------------------------------------------------------ one piece

    def nucleus(self, piece: Piece) -> bool:
        """Put out what a piece stands for; whether what follows below it is a bound index."""
        start, end, spaced = piece.start, piece.end, piece.spaced
        match piece.kind:
            case "letters":
                return self.letters(piece)
            case "number":
                self.number(piece.text, start, end, spaced=spaced)
            case "vulgar":
                self.out.append(Token("number", piece.text, start, end, spaced, "", vulgar_value(piece.text)))
            case "group":
                self.group(piece)
            case "open":
                latex_brackets.bracket(self, piece)
            case "bar" if self.document and documents.evaluation_bar(self, piece):
                pass
            case "bar":
                text = "||" if piece.text == "‖" and end - start > 1 else piece.text
                self.emit(piece.text, start, end, text=text, spaced=spaced)
            case "command":
                return self.command(piece)
            case _:
                return self.sign(piece)
        return False

    def letters(self, piece: Piece) -> bool:
        """A known word, or letters one by one."""
        if piece.text in self.words or (self.document and programs.is_word(self.text, piece.start, piece.end)):
            self.name(piece.text, piece)
            return piece.text in BINDERS and piece.text not in ("Σ", "Π")
        at = piece.start
        for letter in letters_of(piece.text):
            self.out.append(
                Token("name", letter, at, at + len(letter), piece.spaced and at == piece.start, canonical_key(letter))
            )
            at += len(letter)
        return False

    def sign(self, piece: Piece) -> bool:
        text = piece.text
        if text in ("∑", "∏"):
            self.emit("name", piece.start, piece.end, text=text, key={"∑": "Σ", "∏": "Π"}[text], spaced=piece.spaced)
            return True
        if text in ("…", "⋯"):
            self.dots(piece)
            return False
        if text == "√":
            self.emit("name", piece.start, piece.end, text=text, key="sqrt", spaced=piece.spaced)
            self.bracketed(self.argument("√"))
            return False
        kind = text if self.document and text in ("∇", "⋮", "⋱") else plain_sign(text)
        if self.document and programs.is_point(self.text, piece.start):
            kind = "point"
        if kind in ("⋮", "⋱"):
            kind = "…"
        if kind is None:
            message, hint = unreadable_sign(text)
            self.fail(message, piece.span, code="GS101", suggestion=hint)
        self.emit(kind, piece.start, piece.end, text=text if kind == "…" else kind, spaced=piece.spaced)
        return False

    def command(self, piece: Piece) -> bool:
        r"""`\name`: a letter, a sign, a function, or a form of its own."""
        name = piece.text
        if self.document and documents.command(self, piece):
            pass
        elif name in LETTERS:
            self.name(LETTERS[name], piece)
        elif name in SUMS:
            text = SUMS[name]
            self.emit("name", piece.start, piece.end, text=text, key={"∑": "Σ", "∏": "Π"}[text], spaced=piece.spaced)
            return True
        elif name in FUNCTION_COMMANDS:
            self.name(FUNCTION_COMMANDS[name], piece)
            return name in BINDERS
        elif name in SIGNS:
            self.emit(SIGNS[name], piece.start, piece.end, spaced=piece.spaced)
        elif name in TRANSPOSES:
            self.emit("⊤", piece.start, piece.end, spaced=piece.spaced)
        elif name in DOTS:
            self.dots(piece)
        elif name in ACCENTS:
            latex_words.accent(self, piece)
        elif name in STYLES:
            latex_words.style(self, piece)
        elif name in UPRIGHT:
            if latex_words.upright(self, piece):
                return self.out[-1].text in BINDERS
            inner = self.argument(f"\\{name}")
            self.out.extend([inner[0]._replace(start=piece.start)] if len(inner) == 1 else inner)
        elif name in WORDS:
            latex_words.prose(self, piece)
        elif name in _FRACTIONS:
            self.fraction(piece)
        elif name == "sqrt":
            self.root(piece)
        elif name in ("underbrace", "overbrace"):
            self.brace(piece)
        elif name in ("overset", "underset", "stackrel"):
            self.argument(name)  # a remark above or below a sign
            self.out.extend(self.argument(name))
        elif name == "begin":
            latex_environments.environment(self, piece)
        elif name == "%":
            self.fail("a percent sign is not part of the language", piece.span, code="GS108", suggestion="0.05 for 5%")
        elif name in TRANSPARENT:
            pass
        elif name in REFUSED:
            message, hint = REFUSED[name]
            self.fail(message, piece.span, code="GS108", suggestion=hint)
        else:
            shown = f"\\{name}" if name else "a backslash"
            hint = r"\operatorname{…} for a function, \mathrm{…} for a name"
            self.fail(f"{shown} is not known", piece.span, code="GS108", suggestion=hint)
        return False

    def dots(self, piece: Piece) -> None:
        r"""`1, \dots, N` is the range 1..N; elsewhere dots do not say what they leave out."""
        if self.document:
            documents.dots(self, piece)
            return
        after = self.peek()
        if self.out and self.out[-1].kind == "," and after.kind == "sign" and after.text == ",":
            self.take()
            self.out.pop()
            if len(self.out) > 2 and [t.kind for t in self.out[-3:]] == ["number", ",", "number"]:
                first, _, second = self.out[-3:]
                if second.value == first.value + 1 and (len(self.out) == 3 or not goes_on(self.out[-4].kind)):
                    del self.out[-2:]  # 1, 2, \dots, N
            self.emit("..", piece.start, piece.end, spaced=piece.spaced)
            return
        hint = r"a range is written 1, \dots, n"
        self.fail("dots that leave something out", piece.span, code="GS108", suggestion=hint)

    # ------------------------------------------------------------ groups and arguments

    def group(self, piece: Piece) -> None:
        """`{ … }`: TeX's braces do not show; they keep together what scripts belong to."""
        self.deeper(piece.span)
        inner, closer = self.capture()
        if closer.kind != "endgroup":
            self.unclosed(piece, closer)
        end = self.take().end
        self.depth -= 1
        following = self.peek()
        raised = following.kind in ("raised", "lowered") or (
            following.kind == "sign" and following.text in ("^", "_", "'", "′")
        )
        change = is_change(inner)
        if not change and (not raised or (is_one(inner) and not top_level(inner, "^"))):
            self.out.extend(inner)
        elif change or is_one(inner):  # {\Delta x}, {x^a}^b
            self.out.append(Token("(", "(", piece.start, piece.start + 1, piece.spaced))
            self.out.extend(inner)
            self.emit(")", end - 1, end)
        else:
            hint = "brackets that show: (a + b)^{2}"
            span = Span(piece.start, end)
            self.fail("braces do not show on paper", span, code="GS109", suggestion=hint)

    def argument(self, owner: str) -> list[Token]:
        """What a command takes: a group, or one piece."""
        piece = self.peek()
        if piece.kind in _ENDS or (piece.kind == "sign" and piece.text in ("&", "^", "_")):
            self.fail(rf"`{owner}` without its argument", piece.span, expected="{…}")
        self.take()
        self.deeper(piece.span)
        if piece.kind == "group":
            inner, closer = self.capture()
            if closer.kind != "endgroup":
                self.unclosed(piece, closer)
            self.take()
        else:
            if piece.kind == "number" and piece.text[0] == ".":
                hint = f"{{{piece.text}}}"
                self.fail("without braces LaTeX takes the point alone", piece.span, code="GS109", suggestion=hint)
            if piece.kind in ("letters", "number"):
                first = letters_of(piece.text)[0] if piece.kind == "letters" else piece.text[0]
                piece = piece._replace(text=first, end=piece.start + len(first))
                self.back_to(piece.end)
            held, self.out = self.out, []
            if piece.kind == "number":  # no `1e5` can begin here
                self.out.append(
                    Token("number", piece.text, piece.start, piece.end, False, "", decimal_value(piece.text))  # noqa: FBT003 - a field of the token
                )
            else:
                self.nucleus(piece)
            inner, self.out = self.out, held
        self.depth -= 1
        return inner

    def bracketed(self, inner: list[Token]) -> None:
        """Tokens in round brackets of their own."""
        start, end = (inner[0].start, inner[-1].end) if inner else (self.at, self.at)
        self.emit("(", start, start)
        self.out.extend(inner)
        self.emit(")", end, end)

    def braced(self, inner: list[Token], place: int, end: int | None = None) -> None:
        """Tokens in braces."""
        start = inner[0].start if inner else place
        stop = end if end is not None else inner[-1].end if inner else place
        self.emit("{", start, start)
        self.out.extend(inner)
        self.emit("}", stop, stop)

    def unclosed(self, opener: Piece, found: Piece) -> None:
        """Report a bracket without its partner."""
        instead = self.text[found.start : found.end]
        other = f": `{instead}` stands where it should be" if found.kind not in ("end", "math") else ""
        shown = self.text[opener.start : opener.end]
        partner = "}" if opener.kind == "group" else OPENERS.get(opener.text, opener.text)
        partner = {"r|": r"\rvert", "r‖": r"\rVert", ".": r"\right."}.get(partner, partner)
        self.fail(f"`{shown}` is not closed{other}", opener.span, code="GS103", expected=f"`{partner}`")

    # ------------------------------------------------------------ scripts

    def scripts(self, mark: int, *, binds: bool) -> None:
        """What stands below and above: put out below first, whichever was written first."""
        below: list[Token] | None = None
        above: list[list[Token]] = []
        primes: list[Token] = []
        stop = self.out[-1].end
        while True:
            piece = self.peek()
            if piece.kind == "command" and piece.text in ("limits", "nolimits"):
                self.take()
                continue
            if piece.kind == "sign" and piece.text in ("'", "′", "’", "″"):
                self.take()
                primes += [Token("'", "'", piece.start, piece.end)] * (2 if piece.text == "″" else 1)
            elif piece.kind == "raised":
                self.take()
                above.append(self.small(piece, SUPERSCRIPTS))
            elif piece.kind == "lowered" or (piece.kind == "sign" and piece.text == "_"):
                self.take()
                if below is not None:
                    self.fail("two subscripts", piece.span, expected="one: x_{i,j}")
                below = self.small(piece, SUBSCRIPTS) if piece.kind == "lowered" else self.script("_")
            elif piece.kind == "sign" and piece.text == "^":
                self.take()
                if above:
                    self.fail("two superscripts", piece.span, expected="one: x^{a b}, or {x^a}^b")
                above.append(self.script("^"))
            else:
                break
            stop = max(stop, self.at)
        if below:
            self.lower(below, mark, stop, binds=binds)
        self.out.extend(primes)
        for inner in above:
            if inner:
                self.upper(inner, stop)

    def script(self, sign: str) -> list[Token]:
        """What follows `^` or `_`; of a number without braces TeX takes one digit."""
        piece = self.peek()
        if piece.kind == "number" and len(piece.text) > 1:
            hint = f"{sign}{{{piece.text}}}"
            message = f"without braces LaTeX sets {piece.text[0]} alone after `{sign}`"
            self.fail(message, piece.span, code="GS109", suggestion=hint)
        return self.argument(sign)

    def small(self, piece: Piece, table: dict[str, str]) -> list[Token]:
        """Raised or lowered characters of Unicode."""
        out: list[Token] = []
        for offset, char in enumerate(piece.text):
            text, at = table[char], piece.start + offset
            if text == "T":
                out.append(Token("⊤", char, at, at + 1))
            elif text.isdigit() and out and out[-1].kind == "number" and out[-1].end == at:
                digits = out[-1].text + text
                out[-1] = Token("number", digits, out[-1].start, at + 1, False, "", decimal_value(digits))  # noqa: FBT003 - a field of the token
            elif text.isdigit():
                out.append(Token("number", text, at, at + 1, False, "", decimal_value(text)))  # noqa: FBT003 - a field of the token
            elif text.isalpha():
                out.append(Token("name", text, at, at + 1, key=canonical_key(text)))
            else:
                out.append(Token(plain_sign(text) or text, text, at, at + 1))
        return out

    def lower(self, inner: list[Token], mark: int, stop: int, *, binds: bool) -> None:
        """Below a sum its index; below a norm its kind; else an entry or a part of the name."""
        last = self.out[-1]
        one = self.document and last.text == "1"
        if (last.key in INDICATORS or one) and mark == len(self.out) - 1 and relates(inner):
            self.out.pop()  # 𝟙_{x > 0}
            latex_brackets.iverson(self, inner)
            return
        norm = last.kind in ("r‖", "‖", "r|", "|")
        self.emit("_" if binds or norm else "lower", inner[0].start, inner[0].start, text="_")
        self.braced(documents.as_range(inner) if self.document and binds else inner, last.end, stop)

    def upper(self, inner: list[Token], stop: int) -> None:
        """A power, a transpose, primes."""
        kinds = [token.kind for token in inner]
        start = inner[0].start
        if all(kind == "'" for kind in kinds):
            self.out.extend(inner)
            return
        upright = len(inner) == 1 and [*faces(inner[0].key)][-1:] == ["T"] and self.text[inner[0].start] == "\\"
        turned = kinds[-1] == "⊤" or upright
        if turned:
            rest = inner[:-1]
            if [token.kind for token in rest] == ["-"]:
                rest = [*rest, Token("number", "1", rest[0].end, rest[0].end, value=decimal_value("1"))]
            if rest:
                self.emit("^", start, start)
                self.braced(rest, start)
            self.emit("ᵀ", inner[-1].start, stop)
            return
        if kinds == ["*"] and self.document:
            inner = [inner[0]._replace(kind="name", key="*")]
        elif kinds in (["*"], ["·"]):
            self.fail("a star above a symbol is not part of the language", inner[0].span, code="GS108")
        self.emit("^", start, start)
        self.braced(inner, start, stop)

    # ------------------------------------------------------------ brackets
    # ------------------------------------------------------------ fractions, roots, braces below

    def fraction(self, piece: Piece) -> None:
        r"""`\frac{a}{b}`."""
        command = f"\\{piece.text}"
        above = self.argument(command)
        middle = self.at
        below = self.argument(command)
        self.emit("frac", piece.start, piece.end, text=command, spaced=piece.spaced)
        self.braced(above, middle)
        self.braced(below, self.at, self.at)

    def root(self, piece: Piece) -> None:
        r"""`\sqrt{x}`, `\sqrt[3]{x}`."""
        degree: list[Token] = []
        option = self.peek()
        if option.kind == "open" and option.text == "[" and not option.sized:
            self.take()
            degree, closer = self.capture()
            if closer.kind != "close" or closer.text != "]":
                self.unclosed(option, closer)
            self.take()
        inner = self.argument("\\sqrt")
        if not degree:
            self.emit("name", piece.start, piece.end, text="\\sqrt", key="sqrt", spaced=piece.spaced)
            self.bracketed(inner)
            return
        self.bracketed(inner)
        place = degree[0].start
        self.emit("^", place, place)
        self.emit("{", place, place)
        self.out.append(Token("number", "1", place, place, value=decimal_value("1")))
        self.emit("/", place, place)
        self.bracketed(degree)
        self.emit("}", degree[-1].end, degree[-1].end)

    def brace(self, piece: Piece) -> None:
        r"""`\underbrace{…}_{label}`: a remark on the page."""
        inner = self.argument(f"\\{piece.text}")
        sign = self.peek()
        if sign.kind != "sign" or sign.text not in ("_", "^"):
            self.out.extend(inner)
            return
        self.take()
        label = self.script(sign.text)
        self.emit("underbrace", piece.start, piece.end, text=f"\\{piece.text}", spaced=piece.spaced)
        self.braced(inner, piece.end)
        self.braced(label, self.at, self.at)

    # ------------------------------------------------------------ environments
