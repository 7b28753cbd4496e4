"""Plain text into tokens with spans: one master pattern, one pass, no context but the character before.

Keyboard spellings become the signs they stand for, so that a parser sees one spelling of everything. Raised and
lowered characters become braces: `x²` reads as `x ^ { 2 }`, `Σᵢ` as `Σ _ { i }`. A reader of another spelling
(LaTeX) only has to produce the same tokens.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from gradsheet.diagnostics import Span
from gradsheet.syntax import programs
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.vocabulary import BINDERS, RESERVED, SUBSCRIPTS, SUPERSCRIPTS, VULGAR_FRACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradsheet.diagnostics import Diagnostics, Source

    FormulaScanner: TypeAlias = Callable[[str, int, str, Diagnostics], tuple[list["Token"], int]]

MOST_DIGITS = 5000
LARGEST_EXPONENT = 4000
_SHORT = 20  # what fits a line of a message

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_SETS = "ℝℕℤℚℂ"
_RAISED = "".join(SUPERSCRIPTS)
_LOWERED = "".join(SUBSCRIPTS)
_LOWERED_LETTERS = "".join(c for c in SUBSCRIPTS if c.isalpha())
_NEVER = re.escape(_RAISED + VULGAR_FRACTIONS + _SETS + "∞")
_FIRST = rf"[^\W\d_{_NEVER}{re.escape(_LOWERED)}]"
_NEXT = rf"[^\W_{_NEVER}]|[{_MARKS}]"

_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\f\v\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]+)
  | (?P<newline>\n)
  | (?P<comment>\#[^\n]*)
  | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<word>{_FIRST}(?:{_NEXT}|_+(?={_NEXT}))*)
  | (?P<set>[{_SETS}])
  | (?P<raised>[{re.escape(_RAISED)}]+)
  | (?P<lowered>[{re.escape(_LOWERED)}]+)
  | (?P<vulgar>[{VULGAR_FRACTIONS}])
  | (?P<sign>\.\.|\.\*|\./|<-|->|<=|>=|!=|==|:=|\|\||\*\*|.)
    """,
    re.VERBOSE,
)

_SIGNS: dict[str, str] = {
    **{c: c for c in "+-*/^()[]{},;:=<>|_∂√'⊤"},
    "−": "-", "∗": "*", "÷": "/", "⁄": "/", "∕": "/", "∣": "|", "‖": "‖", "∥": "‖", "||": "‖",
    "..": "..", ":=": ":=", "≔": ":=", "==": "==", "≠": "≠", "!=": "≠",
    "≤": "≤", "<=": "≤", "⩽": "≤", "≦": "≤", "≥": "≥", ">=": "≥", "⩾": "≥", "≧": "≥", "∈": "∈",
    "⊙": "⊙", "∘": "⊙", ".*": "⊙", "⊘": "⊘", "./": "⊘", "·": "·", "⋅": "·", "∙": "·", "×": "×", "⊗": "⊗",
    "→": "→", "->": "→", "⟶": "→", "←": "←", "<-": "←", "⟵": "←", "¬": "not", "∧": "and", "∨": "or",
    "′": "'", "’": "'", "ʹ": "'", "~": "~", "∼": "∼",
}  # fmt: skip

_NOT_IN_THE_LANGUAGE: dict[str, tuple[str, str]] = {
    "∇": ("∇ is not part of the language", "name the derivative: ∂L/∂W"),
    "∀": ("∀ is not part of the language", "write `for i in 1..N` after the equation or above it"),
    "**": ("`**` is not part of the language", "a power is written x^2"),
    ".": ("a point without digits behind it", "a number is written 1.0, a range 1..n, an elementwise product a .* b"),
    "@": ("`@` is not part of the language", "write matrix products side by side: A B"),
    "…": ("`…` is not part of the language", "a range is written with two dots: 1..n"),
    "⋯": ("`⋯` is not part of the language", "a range is written with two dots: 1..n"),
    "\\": ("a backslash is not part of the language", "LaTeX stands between dollar signs, $\\lambda$; or λ, lambda"),
}

FORMULA = re.compile(r"\$\$?|\\[(\[]")
FORMULA_ENDS = {"$": "$", "$$": "$$", "\\(": "\\)", "\\[": "\\]"}
_BOUND_WORD = re.compile(
    rf"({'|'.join(sorted(BINDERS, key=len, reverse=True))})(?:(_)([^\W\d_])|[{_LOWERED_LETTERS}][{_LOWERED}]*)"
)
_OPERAND_FOLLOWS = re.compile(
    rf"[ \t]*(?!(?:if|else|and|or|not|in|for|by)\b)(?:{_FIRST}|[0-9(∂√{VULGAR_FRACTIONS}])|[ \t]+[|‖∥]+[^ \t]"
)
_BRACKET_FOLLOWS = re.compile(r"[ \t]+\[")


class Token(NamedTuple):
    """A piece of text. `kind` is "name", "number", "newline", "error", or the sign or word itself.

    `spaced` tells whether white space stands before it: `x[i]` is an entry, `x [z > 0]` is a product.
    """

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False
    key: str = ""
    value: Fraction = Fraction(0)
    home: int = -1
    """Where the formula begins that it stands in, or −1: a formula is indented as its first sign is."""

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)


def scan(
    source: Source, diagnostics: Diagnostics, formulas: FormulaScanner | None = None, *, document: bool = False
) -> list[Token]:
    r"""Every token of a text, line ends included; what cannot be read is reported and left as an "error" token.

    `formulas` reads what stands between dollar signs. A `document` may have ∇, and dots that leave something out.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> source = Source("y <- .5x²  # half")
    >>> [token.kind for token in scan(source, Diagnostics(source))]
    ['name', '←', 'number', 'name', '^', '{', 'number', '}']
    """
    return _Scanner(source.text, diagnostics, formulas, document=document).scan()


class _Scanner:
    """One pass over one text."""

    def __init__(
        self, text: str, diagnostics: Diagnostics, formulas: FormulaScanner | None, *, document: bool = False
    ) -> None:
        self.document = document
        self.text = text
        self.diagnostics = diagnostics
        self.formulas = formulas
        self.tokens: list[Token] = []
        self.spaced = False
        self.bad_line = False  # one report of an unreadable character for each line is enough

    def scan(self) -> list[Token]:
        text, at, size = self.text, 0, len(self.text)
        match = _TOKEN.match
        while at < size:
            found = match(text, at)
            if found is None:  # pragma: no cover - the last alternative takes any character
                raise AssertionError
            end = found.end()
            group = found.lastgroup
            if group == "word":
                end = self.word(found[0], at, end)
            elif group == "sign":
                opener = FORMULA.match(text, at) if self.formulas and found[0] in "$\\" else None
                if opener is not None:
                    end = self.formula(opener)
                else:
                    self.sign(found[0], at, end)
            elif group == "number":
                self.number(found[0], at, end)
            elif group == "space":
                self.spaced = True
                at = end
                continue
            elif group == "newline":
                self.emit("newline", "\n", at, end)
                self.bad_line = False
            elif group == "set":
                self.emit("name", found[0], at, end, key=found[0])
            elif group == "raised":
                self.raised(found[0], at)
            elif group == "lowered":
                self.braces("_", [SUBSCRIPTS[c] for c in found[0]], at)
            elif group == "vulgar":
                self.vulgar(found[0], at, end)
            self.spaced = False
            at = end
        return self.tokens

    def emit(self, kind: str, text: str, start: int, end: int, *, key: str = "") -> None:
        self.tokens.append(Token(kind, text, start, end, self.spaced, key))
        self.spaced = False

    def formula(self, opener: re.Match[str]) -> int:
        r"""LaTeX between `$ … $`, `\( … \)` and their like; returns where reading goes on."""
        assert self.formulas is not None
        closer = FORMULA_ENDS[opener[0]]
        before = len(self.diagnostics.errors)
        found, end = self.formulas(self.text, opener.end(), closer, self.diagnostics)
        if self.bad_line:
            del self.diagnostics.errors[before:]
        self.bad_line = self.bad_line or len(self.diagnostics.errors) > before
        self.tokens.extend(token._replace(home=opener.start()) for token in found)
        return end

    def reject(
        self, code: str, message: str, text: str, start: int, *, expected: str | None = None, hint: str | None = None
    ) -> None:
        span = Span(start, start + len(text))
        if not self.bad_line:
            self.diagnostics.error(code, message, span, expected=expected, suggestion=hint)
            self.bad_line = True
        self.emit("error", text, span.start, span.end)

    def word(self, text: str, start: int, end: int) -> int:
        """A name, a reserved word, or a binder with its index; returns where reading goes on."""
        if text in RESERVED:
            self.emit("∈" if text == "in" else text, text, start, end)
            return end
        bound = _BOUND_WORD.fullmatch(text)
        if bound and bound[2] is None:  # Σᵢ: the lowered characters are read as a run of their own
            text, end = bound[1], start + len(bound[1])
        elif bound and self.reaches(bound[1], end):  # Σ_i x[i], but mean_x alone is a name
            middle = start + len(bound[1])
            self.emit("name", bound[1], start, middle, key=canonical_key(bound[1]))
            self.emit("_", "_", middle, middle + 1)
            text, start = text[-1], middle + 1
        if not text[0].isalpha():
            self.reject("GS101", f"unexpected character {_shown(text[0])}", text, start)
            return end
        self.emit("name", text, start, end, key=canonical_key(text))
        return end

    def reaches(self, binder: str, end: int) -> bool:
        """Whether something follows for a binder to reach over; behind a sign, [j ≠ i] after a blank, too."""
        follows = _OPERAND_FOLLOWS.match(self.text, end)
        return bool(follows or (binder in "Σ∑Π∏" and _BRACKET_FOLLOWS.match(self.text, end)))

    def number(self, text: str, start: int, end: int) -> None:
        """A number with its exact value, if it is of a sane size."""
        mantissa, _, exponent = text.replace("E", "e").partition("e")
        digits = len(mantissa) - ("." in mantissa)
        if digits > MOST_DIGITS:
            self.reject("GS105", f"a number of {digits} digits", text, start, expected=f"at most {MOST_DIGITS}")
            return
        if len(exponent) > len("+0004000") or abs(int(exponent or 0)) > LARGEST_EXPONENT:
            expected = f"an exponent between -{LARGEST_EXPONENT} and {LARGEST_EXPONENT}"
            self.reject("GS105", f"the exponent of {_shortened(text)} is out of range", text, start, expected=expected)
            return
        value = decimal_value(mantissa) * Fraction(10) ** int(exponent or 0)
        self.tokens.append(Token("number", text, start, end, self.spaced, "", value))

    def vulgar(self, text: str, start: int, end: int) -> None:
        """`½` as a number; `1½` could be a product or a sum, and is refused."""
        before = self.tokens[-1] if self.tokens else None
        if before is not None and before.kind == "number" and not self.spaced:
            hint = f"write {before.text} + {text}, or {before.text} * {text}"
            self.reject("GS102", f"{before.text}{text} is ambiguous", text, start, hint=hint)
            return
        self.tokens.append(Token("number", text, start, end, self.spaced, "", vulgar_value(text)))

    def sign(self, text: str, start: int, end: int) -> None:
        """An operator, bracket or other sign."""
        kind = _SIGNS.get(text)
        if kind is not None:
            self.emit(kind, text, start, end)
        elif text == "″":
            self.emit("'", "′", start, end)
            self.emit("'", "′", end, end)
        elif text in ("∞", "∑", "∏"):
            self.emit("name", text, start, end, key={"∑": "Σ", "∏": "Π"}.get(text, text))
        elif text == "∆":
            self.emit("name", text, start, end, key=canonical_key(text))
        elif self.document and text in "∇…⋯⋮⋱":
            self.emit("∇" if text == "∇" else "…", text, start, end)
        elif self.document and programs.is_point(self.text, start):
            self.emit("point", text, start, end)
        elif text in _NOT_IN_THE_LANGUAGE:
            message, way_out = _NOT_IN_THE_LANGUAGE[text]
            self.reject("GS101" if text == "." else "GS108", message, text, start, hint=way_out)
        else:
            message, reason = unreadable_sign(text)
            self.reject("GS101", message, text, start, hint=reason)

    def raised(self, text: str, start: int) -> None:
        """Superscripts: `²` is `^{2}`, `ᵀ` its own sign, `⁻ᵀ` is `⁻¹ᵀ`."""
        run: list[str] = []
        for offset, char in enumerate(text):
            if char != "ᵀ":
                run.append(SUPERSCRIPTS[char])
                continue
            if run == ["-"]:
                run.append("1")
            if run:
                self.braces("^", run, start + offset - len(run))
                run = []
            self.emit("ᵀ", char, start + offset, start + offset + 1)
        if run:
            self.braces("^", run, start + len(text) - len(run))

    def braces(self, sign: str, chars: list[str], start: int) -> None:
        """A run of raised or lowered characters, as if it stood in braces: digits join, letters are names."""
        self.emit(sign, sign, start, start)
        self.emit("{", "{", start, start)
        at = 0
        while at < len(chars):
            end = at + 1
            while chars[at].isdigit() and end < len(chars) and chars[end].isdigit():
                end += 1
            piece = "".join(chars[at:end])
            if piece.isdigit():
                self.number(piece, start + at, start + end)
            elif piece.isalpha():
                self.emit("name", piece, start + at, start + end, key=piece)
            else:
                self.emit(_SIGNS[piece], piece, start + at, start + end)
            at = end
        self.emit("}", "}", start + len(chars), start + len(chars))


def plain_sign(text: str) -> str | None:
    """The kind of token that a sign is, if it is one."""
    return _SIGNS.get(text)


def unreadable_sign(text: str) -> tuple[str, str | None]:
    """What is said of a character that means nothing."""
    hint = "write - for a minus sign" if unicodedata.category(text[0]) == "Pd" else None
    return f"unexpected character {_shown(text[0])}", hint


def decimal_value(text: str) -> Fraction:
    """The exact value of digits with or without a point.

    >>> decimal_value("0.125"), decimal_value("7")
    (Fraction(1, 8), Fraction(7, 1))
    """
    whole, _, decimals = text.partition(".")
    return Fraction(_integer(whole + decimals)) / Fraction(10) ** len(decimals)


def vulgar_value(text: str) -> Fraction:
    """The value of `½` and its like."""
    numerator, denominator = unicodedata.normalize("NFKC", text).split("⁄")
    return Fraction(int(numerator), int(denominator))


def _integer(digits: str) -> int:
    """An integer of any length; Python itself refuses more than 4,300 digits at once."""
    half = len(digits) // 2
    if len(digits) <= LARGEST_EXPONENT:
        return int(digits)
    high, low = _integer(digits[:half]), _integer(digits[half:])
    scale: int = 10 ** (len(digits) - half)
    return high * scale + low


def _shortened(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 3] + "..."


def _shown(char: str) -> str:
    """A character as a message shows it."""
    if char.isprintable() and not char.isspace() and not unicodedata.combining(char):
        return f"'{char}'"
    return f"U+{ord(char):04X}"
