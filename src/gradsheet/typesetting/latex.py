"""Boxes as LaTeX that every engine and every browser's renderer takes: ASCII, amsmath and amssymb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.typesetting.boxes import (
    Accent,
    Between,
    BigSign,
    Box,
    Brace,
    Cases,
    Compound,
    Fence,
    Fraction,
    Letter,
    Limits,
    Lines,
    Matrix,
    Numeral,
    Operator,
    Prime,
    Root,
    Row,
    Scripts,
    Sign,
    Text,
    Word,
)
from gradsheet.typesetting.latex_letters import ascii_words, escaped, letter, unicode_words
from gradsheet.typesetting.layout import layout

if TYPE_CHECKING:
    from collections.abc import Collection, Container

    from gradsheet.syntax.tree import Expression

_OPERATORS = frozenset({
    "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "coth", "csc", "det", "exp", "ln", "log", "max", "min", "sec",
    "sin", "sinh", "tan", "tanh",
})  # fmt: skip
"""Functions that have a command of their own."""

_SIGNS = {
    "=": "=", "≠": r"\neq", "<": "<", "≤": r"\leq", ">": ">", "≥": r"\geq", "∈": r"\in", "≈": r"\approx",
    "←": r"\leftarrow", "→": r"\to", "⇒": r"\Rightarrow", "+": "+", "−": "-", "·": r"\cdot", "×": r"\times",
    "⊙": r"\odot", "⊘": r"\oslash", "⊗": r"\otimes", "¬": r"\lnot", "…": r"\dots", "⋮": r"\vdots", "⋱": r"\ddots",
    "⋯": r"\cdots", "∣": r"\mid", ",": ",", ":": ":", "/": "/", "(": "(", ")": ")", "[": "[", "]": "]",
}  # fmt: skip
_OPENING = {"(": "(", "[": "[", "{": r"\{", "|": r"\lvert", "‖": r"\lVert"}
_CLOSING = {"(": ")", "[": "]", "{": r"\}", "|": r"\rvert", "‖": r"\rVert"}
_BETWEEN = {"times": " ", "thin": r"\, ", "apply": " ", "quad": r" \quad ", "qquad": r" \qquad "}


def latex(node: Expression, *, functions: Container[str] = FUNCTIONS, names: Collection[str] = ()) -> str:
    r"""An expression as LaTeX. `functions` are the keys of the names that are functions, `names` those in use.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_expression
    >>> def show(text):
    ...     source = Source(text)
    ...     print(latex(parse_expression(source, Diagnostics(source))))
    >>> show("1/2 ‖W1' x - ŷ‖²")
    \frac{1}{2} \lVert W_1^{\top} x - \hat{y}\rVert^{2}
    >>> show("∂L/∂W1[i,j] = sum[k] σ'(z[k]) / n")
    \frac{\partial L}{\partial [W_1]_{i,j}} = \sum_{k} \frac{\sigma'(z_{k})}{n}
    """
    return latex_of(layout(node, functions=functions, names=names))


def latex_of(box: Box, *, letters: Literal["ascii", "unicode"] = "ascii") -> str:
    r"""A box as LaTeX, without signs around it.

    `letters="unicode"`: letters that have no command stay as they are, which browsers can set and pdfTeX cannot.

    >>> print(latex_of(Fraction(Numeral("1"), Letter("λ"))))
    \frac{1}{\lambda}
    >>> print(latex_of(Word("größe")), latex_of(Word("größe"), letters="unicode"))
    \mathrm{gr\ddot{o}U{+}00DFe} \mathrm{größe}
    """
    return _Writer(ascii_only=letters == "ascii").spelled(box)


class _Writer:
    """Spells boxes; knows which letters may be written."""

    def __init__(self, *, ascii_only: bool) -> None:
        self.ascii_only = ascii_only

    def spelled(self, box: Box) -> str:
        """A box."""
        match box:
            case Letter(char):
                return letter(char, ascii_only=self.ascii_only)
            case Word(text):
                return rf"\mathrm{{{self.word(text)}}}"
            case Compound(letters):
                return f"{{{self.side_by_side(letters)}}}"
            case Accent(mark, base):
                return f"\\{mark}{{{self.spelled(base)}}}"
            case Numeral(text):
                return "".join(letter(char, ascii_only=self.ascii_only) for char in text)
            case Operator(name):
                return f"\\{name}" if name in _OPERATORS else rf"\operatorname{{{self.word(name)}}}"
            case BigSign(char):
                return r"\sum" if char == "∑" else r"\prod"
            case Sign(char):
                return _SIGNS[char]
            case Between(kind):
                return _BETWEEN[kind].strip()
            case Text(words):
                return rf"\text{{{self.words(words)}}}"
            case Row(items):
                return self.side_by_side(items)
            case Fraction(above, below):
                return rf"\frac{{{self.spelled(above)}}}{{{self.spelled(below)}}}"
            case Prime(count):
                return "'" * count
            case Scripts():
                return self.scripts(box)
            case Limits():
                return self.limits(box)
            case Brace(base, label):
                return rf"\underbrace{{{self.spelled(base)}}}_{{{self.spelled(label)}}}"
            case Fence():
                return self.fence(box)
            case Matrix(rows, right):
                body = r" \\ ".join(" & ".join(map(self.spelled, entries)) for entries in rows)
                if right:
                    return rf"\left[\begin{{array}}{{{'r' * len(rows[0])}}} {body} \end{{array}}\right]"
                return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
            case Cases(rows):
                body = r" \\ ".join(f"{self.spelled(value)} & {self.spelled(condition)}" for value, condition in rows)
                return rf"\begin{{cases}} {body} \end{{cases}}"
            case Root(body):
                return rf"\sqrt{{{self.spelled(body)}}}"
            case Lines(rows):
                body = " \\\\\n".join(f"{self.spelled(left)} &{self.spelled(right)}" for left, right in rows)
                return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"
            case _:
                assert_never(box)

    def side_by_side(self, items: tuple[Box, ...], *, small: bool = False) -> str:
        """Boxes in a row, with the blanks that TeX needs and a few that people like; fewer in small type."""
        out = ""
        for at, item in enumerate(items):
            text = self.spelled(item)
            match item:
                case Between(kind="apply"):
                    applied = at + 1 < len(items) and isinstance(_first(items[at + 1]), Fence)
                    out = out if applied else out.rstrip() + " "
                    continue
                case Between(kind=kind):
                    out = out.rstrip() + _BETWEEN[kind]
                    continue
                case Sign(spacing="relation" | "binary") if not small or text.startswith("\\"):
                    text = f" {text} "
                case Sign(spacing="punctuation") if not small:
                    text = f"{text} "
                case Text():
                    text = f" {text} "
                case Limits() | BigSign() | Letter("∂") | Scripts(base=Letter("∂")):
                    text = f"{text} "
                case _:
                    pass
            blank = " " if _ends_in_command(out) and text[:1].isalpha() else ""
            out = out.rstrip() + text if text.startswith(" ") else out + blank + text
        return out.strip()

    def script(self, box: Box) -> str:
        """What stands in small type."""
        return self.side_by_side(box.items, small=True) if isinstance(box, Row) else self.spelled(box)

    def scripts(self, box: Scripts) -> str:
        base = self.spelled(box.base)
        if isinstance(box.base, Scripts | Row):
            base = f"{{{base}}}"
        out = base
        if box.below is not None:
            below = self.script(box.below)
            out += f"_{below}" if box.own and len(below) == 1 else f"_{{{below}}}"
        if isinstance(box.above, Prime):
            out += self.spelled(box.above)
        elif box.above is not None:
            out += f"^{{{self.script(box.above)}}}"
        return out

    def limits(self, box: Limits) -> str:
        base = self.spelled(box.base)
        if base.startswith(r"\operatorname"):
            base = base.replace(r"\operatorname", r"\operatorname*", 1)
        above = "" if box.above is None else f"^{{{self.script(box.above)}}}"
        return f"{base}_{{{self.script(box.below)}}}{above}"

    def fence(self, box: Fence) -> str:
        opening, closing = _OPENING[box.opening], _CLOSING[box.opening]
        body = self.spelled(box.body)
        if box.grows:
            opening, closing = rf"\left{opening}", rf"\right{closing}"
        if _ends_in_command(opening):
            opening += " "
        return f"{opening}{body}{closing}"

    def word(self, text: str) -> str:
        """A word in upright type."""
        return escaped(text, ascii_only=self.ascii_only)

    def words(self, words: str) -> str:
        r"""Words for `\text`."""
        return ascii_words(words) if self.ascii_only else unicode_words(words)


def _first(box: Box) -> Box:
    """What a box begins with."""
    return _first(box.base) if isinstance(box, Scripts) else box


def _ends_in_command(text: str) -> bool:
    """Whether a letter that follows would become a part of the command."""
    word = text[text.rfind("\\") + 1 :] if "\\" in text else " "
    return word.isalpha()
