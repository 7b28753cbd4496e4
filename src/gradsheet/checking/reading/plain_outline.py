"""A line of Unicode into atoms, as `outline` does it for LaTeX."""

from __future__ import annotations

import re

from gradsheet.checking.reading import atoms as table
from gradsheet.checking.reading import words
from gradsheet.checking.reading.atoms import Atom, AtomKind, Outline

_PIECE = re.compile(
    r"""
    (?P<row>\n)
  | (?P<space>[ \t\u00a0\u2000-\u200a]+)
  | (?P<arrow>=>|->|⇒|⟹|→|⟶|⇔|⟺|∴|∵|↦)
  | (?P<relation>==|:=|=:|!=|<=|>=|<-|[=≈≃∝≡≔≕≝≜←⟵≠<≤⩽≦>≥⩾≧∈])
  | (?P<dots>\.\.\.|[…⋯⋮⋱])
  | (?P<range>\.\.)
  | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<word>[^\W\d_][\w\u0300-\u036f'’]*(?:-[^\W\d_]{2,}[\w']*)*)
  | (?P<open>[(\[{⟨])
  | (?P<close>[)\]}⟩])
  | (?P<attribute>(?<=[\w)\]])\.(?=[A-Za-z]{2}))
  | (?P<mark>[,;:.?])
  | (?P<operator>[-+−*/±∓·⋅∙×⊙⊗∘⊘⊕÷∗])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MARKS: dict[str, AtomKind] = {",": "comma", ";": "semicolon", ":": "colon", ".": "stop", "?": "placeholder"}
_LOOK = 3


class PlainOutline:
    """Walks over a line; what stands in brackets is walked through once more."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blanks: list[tuple[int, int]] = []
        self.inside: dict[int, list[tuple[int, int]]] = {}
        self.pieces = [(m.lastgroup or "other", m[0], m.start(), m.end()) for m in _PIECE.finditer(text)]
        self.partner = self._pair()

    def _pair(self) -> dict[int, int]:
        found: dict[int, int] = {}
        stack: list[int] = []
        for at, (kind, _, _, _) in enumerate(self.pieces):
            if kind == "open":
                stack.append(at)
            elif kind == "close" and stack:
                found[stack.pop()] = at
            elif kind == "row":
                stack = []
        return found

    def outline(self) -> Outline:
        """The whole line."""
        return Outline(self.walk(0, len(self.pieces), 0), self.blanks, self.inside)

    def walk(self, at: int, stop: int, depth: int) -> list[Atom]:
        """The atoms of a stretch of pieces."""
        out: list[Atom] = []
        while at < stop:
            kind, text, start, end = self.pieces[at]
            at += 1
            if kind == "space":
                width = len(text.expandtabs(4))
                if width > 1 and out:
                    out.append(Atom("gap", "wide" if width > 2 else "half", start, end))
            elif kind == "row":
                self.blanks.append((start, end))
                out.append(Atom("row", text, start, end))
            elif kind == "arrow":
                out.append(Atom("arrow", table.ARROWS[text], start, end))
            elif kind == "relation":
                out.append(Atom("relation", table.RELATIONS[text], start, end))
            elif kind == "mark":
                out.append(Atom(_MARKS[text], text, start, end))
            elif kind in ("dots", "operator"):
                out.append(Atom(kind, text, start, end))  # type: ignore[arg-type]
            elif kind == "open" and at - 1 in self.partner:
                at = self.bracket(at - 1, depth, out)
            elif kind == "word":
                self.word(text, start, end, out)
            elif text in table.BULLETS or text in table.CIRCLED:
                self.blanks.append((start, end))
                out.append(Atom("label", "•" if text in table.BULLETS else text, start, end))
            elif text == "∀":
                out.append(Atom("forall", text, start, end))
            elif text in table.POINTER_SIGNS:
                out.append(Atom("pointer", text, start, end))
            else:
                out.append(Atom("operand", text, start, end))
        return out

    def word(self, text: str, start: int, end: int, out: list[Atom]) -> None:
        """A word of a sentence, or a name."""
        if text.lower() not in words.COMMON or len(text) == 1:
            out.append(Atom("operand", text, start, end))
            return
        self.blanks.append((start, end))
        if out and out[-1].kind == "words":
            before = out.pop()
            out.append(Atom("words", f"{before.text} {text}", before.start, end))
        else:
            out.append(Atom("words", text, start, end))

    def bracket(self, at: int, depth: int, out: list[Atom]) -> int:
        """A bracket; `(= …)` at the end of a line is a further equality."""
        closer = self.partner[at]
        start, end = self.pieces[at][2], self.pieces[closer][3]
        mark = len(self.blanks)
        inner = tuple(self.walk(at + 1, closer, depth + 1)) if depth < _LOOK else ()
        blanks = self.blanks[mark:]
        del self.blanks[mark:]
        if inner and inner[0].kind == "relation" and inner[0].text in "=≈≡":
            self.blanks.append((start, start + 1))
            if self.text[end:].split("\n", 1)[0].strip(" .,;"):
                return at + 1
            self.blanks.extend([*blanks, (end - 1, end)])
            out.extend(inner)
            return closer + 1
        self.inside[start] = [*blanks, (start, start + 1), (end - 1, end)]
        out.append(Atom("bracket", self.text[start:end], start, end, inner))
        return closer + 1
