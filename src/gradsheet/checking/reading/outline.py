r"""LaTeX into atoms: the walk over what stands outside of brackets, with brackets as atoms of their own."""

from __future__ import annotations

import re

from gradsheet.checking.reading import atoms as table
from gradsheet.checking.reading import words
from gradsheet.checking.reading.atoms import Atom, AtomKind, Outline
from gradsheet.checking.reading.pieces import Pieces
from gradsheet.syntax.latex_commands import ALIGNED, DOTS, STYLES, UPRIGHT, WITH_ARGUMENT, WORDS

_WIDTHS = {
    "quad": 1.0, "qquad": 2.0, ";": 0.28, ":": 0.22, ">": 0.22, ",": 0.17, " ": 0.34, "enspace": 0.5, "enskip": 0.5,
    "thickspace": 0.28, "medspace": 0.22, "thinspace": 0.17, "space": 0.34, "nobreakspace": 0.34, "hfill": 2.0,
    "hfil": 2.0, "!": -0.17, "negthinspace": -0.17, "\n": 0.34, "\t": 0.34, "/": 0.0,
}  # fmt: skip
_UNITS = {"em": 1.0, "cm": 2.8, "mm": 0.28, "pt": 0.1, "ex": 0.45, "in": 7.2, "mu": 1 / 18}
_LENGTH = re.compile(r"\{?\s*(-?[0-9.]+)\s*([a-z]{2})")
_SILENT = frozenset({
    "displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "nonumber", "notag", "limits", "nolimits", "hline",
    "allowbreak", "nobreak", "null", "relax", "left", "right", "middle", "large", "Large", "small", "normalsize",
    "bf", "it", "rm", "break", "newline", "mathstrut", "strut", "noindent", "bfseries", "smallskip", "medskip",
    "bigskip", "centering", "protect", "square", "blacksquare", "qed", "Box", "qedhere", "qedsymbol", "vphantom",
})  # fmt: skip
_GONE = frozenset({"label", "vspace", "vspace*", "phantom", "hphantom", "vphantom", "ref", "eqref", "cite", "footnote"})
_WRAPPERS: dict[str, int] = {
    "boxed": 0, "underline": 0, "fbox": 0, "ensuremath": 0, "framebox": 0, "mathop": 0, "uline": 0, "hl": 0,
    "colorbox": 1, "textcolor": 1, "color": 1, "fcolorbox": 2, "bbox": 0, "emph": 0, "displaylines": 0, "mathchoice": 0,
}  # fmt: skip
"""Commands around a whole statement, with how many arguments stand before it."""
_STRIKES = frozenset({"cancel", "bcancel", "xcancel", "sout", "st", "xout", "strike", "hcancel", "enclose"})
_STACKED = frozenset({"overset", "underset", "stackrel"})
_LONG_ARROWS = {"xrightarrow": "→", "xRightarrow": "⇒", "xleftarrow": "←", "xLeftrightarrow": "⇔", "xmapsto": "→"}
_PROSE = WORDS | frozenset(
    {"textbf", "textsl", "textsc", "mathrm", "operatorname", "textrm", "intertext", "shortintertext"}
)
_PUNCTUATION: dict[str, AtomKind] = {
    ",": "comma",
    ";": "semicolon",
    ":": "colon",
    ".": "stop",
    "，": "comma",
    "；": "semicolon",
}
_ATTRIBUTE = re.compile(r"[A-Za-z0-9)}\]]\.[A-Za-z]{2}")
_CASES = frozenset({"cases", "dcases", "rcases"})
_DEEPEST_LOOK = 3
_ONE_SIGN: dict[str, tuple[AtomKind, str]] = {
    **{name: ("relation", sign) for name, sign in table.RELATION_COMMANDS.items() if name != "xlongequal"},
    **{name: ("arrow", sign) for name, sign in table.ARROW_COMMANDS.items()},
    **{name: ("operator", sign) for name, sign in table.OPERATOR_COMMANDS.items()},
    **dict.fromkeys(table.BULLET_COMMANDS, ("label", "•")),
    **{name: ("pointer", name) for name in table.POINTERS},
    **dict.fromkeys(DOTS, ("dots", "…")),
    "colon": ("colon", ":"),
    "forall": ("forall", "∀"),
}
"""Commands that are one sign."""
_DEFINES = re.compile(r"def|\\triangle|:|\\Delta|:=")


class LatexOutline:
    """Walks over pieces and puts atoms out."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.p = Pieces(text)
        self.blanks: list[tuple[int, int]] = []
        self.inside: dict[int, list[tuple[int, int]]] = {}
        self.strikes = len(re.findall(r"\\[bx]?cancel\b|\\sout\b|\\st\b", text))

    def outline(self) -> Outline:
        """The whole formula."""
        found = self.walk(0, len(self.p.pieces), 0)
        return Outline(found, self.blanks, self.inside)

    def walk(self, at: int, stop: int, depth: int) -> list[Atom]:
        """The atoms of a stretch of pieces that stand in one bracket, or in none."""
        return _Walk(self, depth).run(at, stop)

    def source(self, at: int, stop: int) -> str:
        """The text of a stretch of pieces."""
        pieces = self.p.pieces
        return self.text[pieces[at].start : pieces[stop - 1].end] if stop > at else ""


class _Walk:
    """One level of brackets."""

    def __init__(self, whole: LatexOutline, depth: int) -> None:
        self.whole = whole
        self.p = whole.p
        self.depth = depth
        self.out: list[Atom] = []
        self.width = 0.0
        self.gap_start = -1
        self.swallows = False
        """An opening bracket has no partner: what follows in its row cannot be told apart."""

    def run(self, at: int, stop: int) -> list[Atom]:
        self.at, self.stop = at, stop
        while self.at < self.stop:
            before = self.at
            self.step()
            if self.at == before:  # pragma: no cover - every step takes a piece
                raise AssertionError
        return self.out

    # ------------------------------------------------------------ putting out

    def put(
        self, kind: AtomKind, text: str, start: int, end: int, inner: tuple[Atom, ...] = (), note: str = ""
    ) -> None:
        """An atom, with the blanks before it as a gap if they are wide."""
        if self.width >= table.HALF and self.out:
            width = "wide" if self.width >= table.QUAD else "half"
            self.out.append(Atom("gap", width, self.gap_start, start))
        self.width, self.gap_start = 0.0, -1
        if self.swallows and kind in ("relation", "comma", "arrow", "semicolon"):
            kind = "operand"
        if kind == "row":
            self.swallows = False
        self.out.append(Atom(kind, text, start, end, inner, note))

    def blank(self, start: int, end: int) -> None:
        self.whole.blanks.append((start, end))

    def span(self, at: int, stop: int) -> tuple[int, int]:
        """Where a stretch of pieces stands."""
        pieces = self.p.pieces
        return pieces[at].start, pieces[max(at, stop - 1)].end

    def operand(self, at: int, stop: int) -> None:
        """A stretch of pieces as one operand."""
        start, end = self.span(at, stop)
        self.put("operand", self.whole.text[start:end], start, end)
        self.at = stop

    # ------------------------------------------------------------ one step

    def step(self) -> None:
        piece = self.p.pieces[self.at]
        match piece.kind:
            case "space":
                self.space(0.34 * piece.text.count("~"), piece.start)
            case "row":
                self.blank(piece.start, piece.end)
                self.put("row", piece.text, piece.start, piece.end)
                self.at += 1
            case "command":
                self.command()
            case "group":
                self.group()
            case "open":
                self.bracket()
            case "begin":
                self.environment()
            case "circled":
                self.put("label", piece.text, piece.start, piece.end)
                self.blank(piece.start, piece.end)
                self.at += 1
            case "end" | "math":
                self.blank(piece.start, piece.end)
                self.at += 1
            case "sign":
                self.sign()
            case _:
                self.operand(self.at, self.at + 1)

    def space(self, width: float, start: int) -> None:
        self.gap_start = start if self.gap_start < 0 else self.gap_start
        self.width += width
        self.at += 1

    def sign(self) -> None:
        piece = self.p.pieces[self.at]
        text, start, end = piece.text, piece.start, piece.end
        if text in ("^", "_"):
            self.script()
            return
        self.at += 1
        if text == "&":
            self.blank(start, end)
            self.put("cell", text, start, end)
        elif text == "=" and self.whole.text[end : end + 1] == ">":
            self.at += 1
            self.put("arrow", "⇒", start, end + 1)
        elif text == "." and _ATTRIBUTE.match(self.whole.text, start - 1):
            self.put("operand", text, start, end)  # of a program, `dS.sum(axis=0)`: no end of a sentence
        elif text in _PUNCTUATION:
            self.put(_PUNCTUATION[text], text, start, end)
        elif text in table.RELATIONS:
            self.put("relation", table.RELATIONS[text], start, end)
        elif text in table.ARROWS:
            self.put("arrow", table.ARROWS[text], start, end)
        elif text == "..":
            self.put("operand", text, start, end)
        elif text in table.DOTS:
            self.put("dots", text, start, end)
        elif text in ("?", "？", "□"):
            self.put("placeholder", text, start, end)
        elif text in table.BULLETS:
            self.put("label", "•", start, end)
            self.blank(start, end)
        elif text in table.OPERATORS:
            self.put("operator", text, start, end)
        elif text in table.POINTER_SIGNS:
            self.put("pointer", text, start, end)
        elif text == "∀":
            self.put("forall", text, start, end)
        else:
            self.put("operand", text, start, end)

    def script(self) -> None:
        """`^` or `_` with what stands small behind it."""
        first = self.at
        after = self.p.next_solid(first + 1, self.stop)
        if after >= self.stop:
            self.operand(first, first + 1)
            return
        self.operand(first, self.argument(after))

    def argument(self, at: int) -> int:
        """The place behind one argument: a group, a command with its groups, one piece."""
        piece = self.p.pieces[at]
        if piece.kind == "command":
            at += 1
            while at < self.stop and self.p.pieces[at].kind == "group" and self.p.partner[at] is not None:
                at = self.p.after(at)
            return at
        return min(self.p.after(at), self.stop)

    # ------------------------------------------------------------ commands

    def command(self) -> None:
        piece = self.p.pieces[self.at]
        name, start, end = piece.text, piece.start, piece.end
        if name in _WIDTHS:
            self.space(_WIDTHS[name], start)
        elif name in ("hspace", "hspace*", "kern", "mspace", "hskip", "mskip"):
            self.sized_space(start, end)
        elif name in _SILENT and not (name in ("square", "Box") and self.out and self.out[-1].kind == "relation"):
            self.blank(start, end) if name in ("square", "blacksquare", "qed", "Box", "qedhere") else None
            self.at += 1
        elif name in ("square", "Box", "boxvoid"):
            self.simple("placeholder", "?")
        elif name in ("tag", "tag*", "textcircled"):
            stop = self.argument(self.at)
            self.put("label", self.whole.source(self.at + 1, stop).strip("{} "), *self.span(self.at, stop))
            self.blank(*self.span(self.at, stop))
            self.at = stop
        elif name in _GONE:
            stop = self.argument(self.at)
            self.blank(*self.span(self.at, stop))
            self.at = stop
        elif name == "not" and self.at + 1 < self.stop:
            self.negated()
        elif name in _LONG_ARROWS or name == "xlongequal":
            self.long_arrow(name)
        elif name in _ONE_SIGN:
            kind, text = _ONE_SIGN[name]
            self.simple(kind, text)
            if kind == "label":
                self.blank(start, end)
        elif name in _STRIKES:
            self.struck()
        elif name in _STACKED:
            self.stacked()
        elif name in _WRAPPERS:
            self.wrapper(_WRAPPERS[name])
        elif name in _PROSE:
            self.prose()
        else:
            stop = self.argument(self.at)
            if name == "sqrt" and stop == self.at + 1:
                stop = self.option(stop)
            self.operand(self.at, stop)

    def option(self, at: int) -> int:
        """The place behind `[3]{x}`."""
        if at < self.stop and self.p.pieces[at].text == "[" and self.p.partner[at] is not None:
            at = self.p.after(at)
        while at < self.stop and self.p.pieces[at].kind == "group" and self.p.partner[at] is not None:
            at = self.p.after(at)
        return at

    def simple(self, kind: AtomKind, text: str) -> None:
        """One command as one atom."""
        piece = self.p.pieces[self.at]
        self.put(kind, text, piece.start, piece.end)
        self.at += 1

    def sized_space(self, start: int, end: int) -> None:
        found = _LENGTH.match(self.whole.text, end)
        stop = self.argument(self.at)
        width = float(found[1]) * _UNITS.get(found[2], 0.0) if found and found[1].count(".") < 2 else 0.0
        self.blank(start, end)
        self.space(width, start)
        self.at = max(self.at, stop)

    def negated(self) -> None:
        piece, following = self.p.pieces[self.at], self.p.pieces[self.at + 1]
        if following.text == "=":
            self.put("relation", "≠", piece.start, following.end)
            self.at += 2
        else:
            self.operand(self.at, self.argument(self.at + 1))

    def long_arrow(self, name: str) -> None:
        r"""`\xrightarrow[below]{above}`."""
        first = self.at
        stop = self.option(first + 1)
        note = self.whole.source(first + 1, stop)
        start, end = self.span(first, stop)
        if name == "xlongequal":
            self.put("relation", "=", start, end, note=note)
        elif name == "xleftarrow":
            self.put("relation", "←", start, end, note=note)
        else:
            self.put("arrow", _LONG_ARROWS[name], start, end, note=_bare(note) or "long")
        self.at = stop

    def struck(self) -> None:
        """Struck text: gone where it was given up, kept where factors were cancelled."""
        first = self.at
        stop = self.argument(first)
        content = self.whole.source(first + 1, stop)
        if self.whole.strikes > 1 and "\\text" not in content:
            self.operand(first, stop)
            return
        start, end = self.span(first, stop)
        self.put("struck", content, start, end)
        self.blank(start, end)
        self.at = stop

    def stacked(self) -> None:
        r"""`\overset{def}{=}` is a relation; over an operand it is a remark of the operand."""
        first = self.at
        above = self.p.next_solid(first + 1, self.stop)
        middle = self.argument(above) if above < self.stop else above
        below = self.p.next_solid(middle, self.stop)
        stop = self.argument(below) if below < self.stop else below
        base = self.whole.source(below, stop).strip("{} ") if below < stop else ""
        note = self.whole.source(above, middle).strip("{} ") if above < middle else ""
        sign = table.RELATIONS.get(base) or table.RELATION_COMMANDS.get(base.removeprefix("\\"))
        arrow = table.ARROWS.get(base) or table.ARROW_COMMANDS.get(base.removeprefix("\\"))
        start, end = self.span(first, stop)
        if sign is not None:
            self.put("relation", ":=" if sign == "=" and _DEFINES.search(note) else sign, start, end, note=_bare(note))
        elif arrow is not None:
            self.put("arrow", arrow, start, end, note=_bare(note))
        else:
            self.put("operand", base, start, end)
        self.at = stop

    # ------------------------------------------------------------ groups, brackets, environments

    def wrapper(self, arguments: int) -> None:
        r"""`\boxed{…}`, `\textcolor{red}{…}`: open around a statement, an operand else."""
        first = self.at
        at = first + 1
        for _ in range(arguments):
            if at < self.stop and self.p.pieces[at].kind == "group" and self.p.partner[at] is not None:
                at = self.p.after(at)
        if at >= self.stop or self.p.pieces[at].kind != "group" or self.p.partner[at] is None:
            self.blank(*self.span(first, at))  # \color{red} a = b
            self.at = at
            return
        self.unwrapped(first, at)

    def group(self) -> None:
        """A bare group, perhaps around a statement."""
        if self.p.partner[self.at] is None:
            self.operand(self.at, self.at + 1)
            return
        self.unwrapped(self.at, self.at)

    def unwrapped(self, first: int, opener: int) -> None:
        closer = self.p.partner[opener]
        assert closer is not None
        inner, blanks = self.look(opener + 1, closer)
        if not any(atom.kind in ("relation", "row", "words", "arrow") for atom in inner):
            self.operand(first, closer + 1)
            return
        self.whole.blanks.extend(blanks)
        self.blank(*self.span(first, opener + 1))
        self.blank(*self.span(closer, closer + 1))
        for atom in inner:
            self.put(atom.kind, atom.text, atom.start, atom.end, atom.inner, atom.note)
        self.at = closer + 1

    def bracket(self) -> None:
        """Brackets with what is in them; `(= …)` at the end of a statement is a further equality."""
        opener = self.at
        closer = self.p.partner[opener]
        start, end = self.span(opener, opener + 1)
        if closer is None:
            self.swallows = True
            self.operand(opener, opener + 1)
            return
        inner, blanks = self.look(opener + 1, closer)
        first = next((atom for atom in inner if atom.kind != "gap"), None)
        begins = first is not None and first.kind == "relation" and first.text in "=≈≡"
        if not begins:
            self.whole.inside[start] = [*blanks, (start, end), self.span(closer, closer + 1)]
            self.put("bracket", self.whole.source(opener, closer + 1), start, self.p.pieces[closer].end, inner)
            self.at = closer + 1
            return
        self.blank(start, end)
        if self.ends_statement(closer + 1):
            self.whole.blanks.extend(blanks)
            self.blank(*self.span(closer, closer + 1))
            for atom in inner:
                self.put(atom.kind, atom.text, atom.start, atom.end, atom.inner, atom.note)
            self.at = closer + 1
        else:
            self.at = opener + 1  # the bracket does not close what it seems to: reading will say so

    def look(self, first: int, closer: int) -> tuple[tuple[Atom, ...], list[tuple[int, int]]]:
        """The atoms of a bracket, and what would be blanked in it if it were opened."""
        if self.depth >= _DEEPEST_LOOK:
            return (), []
        mark = len(self.whole.blanks)
        inner = tuple(self.whole.walk(first, closer, self.depth + 1))
        blanks = self.whole.blanks[mark:]
        del self.whole.blanks[mark:]
        return inner, blanks

    def ends_statement(self, at: int) -> bool:
        """Whether nothing of the same statement follows."""
        at = self.p.next_solid(at, self.stop)
        while at < self.stop and self.p.pieces[at].kind == "command" and self.p.pieces[at].text in _WIDTHS:
            at = self.p.next_solid(at + 1, self.stop)
        if at >= self.stop:
            return True
        piece = self.p.pieces[at]
        if piece.kind in ("row", "end", "math") or piece.text in ("&", ",", ".", ";"):
            return True
        if piece.kind == "sign":
            return piece.text in table.RELATIONS or piece.text in table.ARROWS
        known = piece.text in table.RELATION_COMMANDS or piece.text in table.ARROW_COMMANDS or piece.text in _PROSE
        return piece.kind == "command" and (known or piece.text in ("tag", "label", "nonumber"))

    def environment(self) -> None:
        r"""Rows of formulas are walked through; a matrix, or cases, is an operand."""
        opener = self.at
        name = self.p.pieces[opener].text
        closer = self.p.partner[opener]
        if closer is None:
            self.blank(*self.span(opener, opener + 1))
            self.at = opener + 1
            return
        first = opener + 1
        if name in WITH_ARGUMENT:
            first = self.p.next_solid(first, closer)
            if self.p.pieces[first].text == "[" and self.p.partner[first] is not None:
                first = self.p.after(first)
            if self.p.pieces[first].kind == "group":
                first = self.p.after(first)
        rows = name in ALIGNED or (
            (name == "array" or (name in _CASES and not self.out))
            and self.depth == 0
            and self.is_rows(first, closer, name)
        )
        if not rows:
            self.operand(opener, closer + 1)
            return
        self.blank(*self.span(opener, first))
        self.blank(*self.span(closer, closer + 1))
        self.put("begin", name, *self.span(opener, first))
        for atom in self.whole.walk(first, closer, self.depth):
            self.put(atom.kind, atom.text, atom.start, atom.end, atom.inner, atom.note)
        self.put("end", name, *self.span(closer, closer + 1))
        self.at = closer + 1

    def is_rows(self, first: int, closer: int, name: str) -> bool:
        """Whether an array holds statements: a relation alone in a cell or, in cases, one before every `&`."""
        found, _ = self.look(first, closer)
        if name not in _CASES and not (not self.out and self.begins_alone(found)):
            return any(
                atom.kind == "relation" and (not at or found[at - 1].kind in ("cell", "row", "gap"))
                for at, atom in enumerate(found)
            )
        return self.begins_alone(found)

    def begins_alone(self, found: tuple[Atom, ...]) -> bool:
        """Whether every row has a relation before its first `&`."""
        rows: list[list[Atom]] = [[]]
        for atom in found:
            if atom.kind == "row":
                rows.append([])
            else:
                rows[-1].append(atom)
        rows = [row for row in rows if row]
        firsts = [next((k for k, atom in enumerate(row) if atom.kind == "cell"), len(row)) for row in rows]
        return all(any(atom.kind == "relation" for atom in row[:k]) for row, k in zip(rows, firsts, strict=True))

    # ------------------------------------------------------------ words

    def prose(self) -> None:
        r"""`\text{…}`: words, or a name where a name has to stand."""
        first = self.at
        group = self.p.next_solid(first + 1, self.stop)
        if group >= self.stop or self.p.pieces[group].kind != "group" or self.p.partner[group] is None:
            self.operand(first, self.argument(first))
            return
        closer = self.p.partner[group]
        assert closer is not None
        command = self.p.pieces[first].text
        start, end = self.span(first, closer + 1)
        maths = [k for k in range(group + 1, closer) if self.p.pieces[k].kind == "math"]
        raw = self.whole.text[self.p.pieces[group].end : self.p.pieces[closer].start]
        self.at = closer + 1
        if len(maths) >= 2 and len(maths) % 2 == 0:
            self.mixed(group, closer, maths, start, end)
        elif command in ("intertext", "shortintertext"):
            self.put("row", "", start, start)
            self.put("words", raw, start, end)
            self.put("row", "", end, end)
            self.blank(start, end)
        elif self.is_name(raw, command):
            self.put("operand", raw, start, end)
        elif not any(char.isalpha() for char in raw):
            self.mark_only(raw, start, end)
        else:
            self.put("words", raw.replace("~", " ").replace("\\ ", " "), start, end)
            self.blank(start, end)

    def mark_only(self, raw: str, start: int, end: int) -> None:
        """Punctuation, a number, a remark without letters."""
        mark = raw.strip()
        if mark in _PUNCTUATION:
            self.put(_PUNCTUATION[mark], mark, start, end)
            self.blank(start, end)
        elif mark.replace(".", "").isdigit():
            self.put("operand", mark, start, end)
        elif mark in table.RELATIONS:
            self.put("relation", table.RELATIONS[mark], start, end)
        elif mark in table.BULLETS or mark in ("-", "*"):
            self.put("label", "•", start, end)
            self.blank(start, end)
        elif mark:
            self.put("words", raw, start, end)
            self.blank(start, end)
        else:
            self.blank(start, end)
            self.width += 0.34 * len(raw)

    def mixed(self, group: int, closer: int, maths: list[int], start: int, end: int) -> None:
        """Words with formulas between dollar signs in them."""
        pieces = self.p.pieces
        self.blank(start, pieces[group].end)
        self.blank(pieces[closer].start, end)
        place = pieces[group].end
        for opened, closed in zip(maths[::2], maths[1::2], strict=True):
            self.mixed_words(place, pieces[opened].start)
            self.blank(pieces[opened].start, pieces[opened].end)
            self.blank(pieces[closed].start, pieces[closed].end)
            for atom in self.whole.walk(opened + 1, closed, self.depth):
                self.put(atom.kind, atom.text, atom.start, atom.end, atom.inner, atom.note)
            place = pieces[closed].end
        self.mixed_words(place, pieces[closer].start)

    def mixed_words(self, start: int, end: int) -> None:
        raw = self.whole.text[start:end]
        self.blank(start, end)
        if any(char.isalpha() for char in raw):
            self.put("words", raw, start, end)
        elif raw.strip() in _PUNCTUATION:
            self.put(_PUNCTUATION[raw.strip()], raw.strip(), start, end)

    def is_name(self, raw: str, command: str) -> bool:
        """Whether upright letters are a name: by what they are, and by what stands around them."""
        word = raw.strip()
        if not words.is_name(word):
            return command in ("mathrm", "operatorname") and " " not in word and word.lower() not in words.COMMON
        if command in UPRIGHT or command in STYLES or words.is_function(word):
            return True
        after = self.p.next_solid(self.at, self.stop)
        following = self.p.pieces[after] if after < self.stop else None
        touches = following is not None and after == self.at
        if touches and following is not None and (following.text in ("(", "[", "_", "^", "'", "\\left", "\\{")):
            return True
        if raw != word or self.width >= table.HALF:
            return False
        waiting = not self.out or self.out[-1].kind in ("operator", "relation", "row", "cell", "comma", "label", "gap")
        ends = following is None or following.kind == "row" or following.text in ("&", ",", ".", "=")
        sign = following is not None and (
            following.text in table.OPERATORS or following.text in table.OPERATOR_COMMANDS
            or following.text in table.RELATIONS or following.text in table.RELATION_COMMANDS
        )  # fmt: skip
        operand_wanted = bool(self.out) and self.out[-1].kind in ("operator", "relation")
        return (waiting and sign) or (operand_wanted and ends)


def _bare(note: str) -> str:
    r"""The words of an arrow's reason: `\text{chain rule}` as chain rule."""
    return re.sub(r"\\(?:text|mathrm|mbox|textrm)\s*|[{}\[\]]", " ", note).strip()
