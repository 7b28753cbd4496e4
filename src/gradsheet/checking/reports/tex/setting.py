r"""From pieces of LaTeX to elements of MathML: \frac takes two arguments, ^ what follows, & and \\ make a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from gradsheet.checking.reports.tex import symbols
from gradsheet.checking.reports.tex.elements import Element, Mark, mark_part
from gradsheet.checking.reports.tex.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DEEPEST = 60
_LONGEST = 20_000
_PRIMES = {1: "′", 2: "″", 3: "‴"}
_FENCE = ' stretchy="false"'
_CLOSE_UP = ' lspace="0" rspace="0"'
_UPRIGHT = ' mathvariant="normal"'
_DOUBLE = "\\\\"


class CannotSetError(Exception):
    """A command that is not known here, or brackets without partners: the source is shown instead."""


def set_formula(text: str, *, display: bool = False, marks: Sequence[Mark] = (), alttext: str = "") -> str:
    r"""A formula as a `math` element; raises `CannotSetError` where something in it is not known.

    >>> set_formula(r"\frac{1}{n}")
    '<math><mfrac><mn>1</mn><mi>n</mi></mfrac></math>'
    >>> set_formula("a+b", marks=[Mark(2, 3, "bad")])
    '<math><mi>a</mi><mo>+</mo><mrow class="bad"><mi>b</mi></mrow></math>'
    """
    if len(text) > _LONGEST:
        raise CannotSetError(f"{len(text):,} characters")
    found = _Setter(text)
    items = found.table("end", "aligned")
    attributes = (' display="block"' if display else "") + (f' alttext="{_quoted(alttext)}"' if alttext else "")
    root = Element("math", items, attributes=attributes)
    for mark in marks:
        mark_part(root, mark)
    return root.write()


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


class _Setter:
    """Reads the pieces from left to right."""

    def __init__(self, text: str) -> None:
        self.source = text
        self.tokens = [*tokens(text), Token("end", "", len(text), len(text))]
        self.at = 0
        self.depth = 0

    # ------------------------------------------------------------ pieces

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def fail(self, what: str) -> NoReturn:
        raise CannotSetError(what)

    def raw(self) -> tuple[str, int, int]:
        """The text of an argument in braces as it stands."""
        if self.token.kind != "open":
            self.fail("an argument in braces")
        start, depth = self.token.end, 0
        while True:
            token = self.take()
            depth += (token.kind == "open") - (token.kind == "close")
            if token.kind == "end":
                self.fail("a brace without partner")
            if not depth:
                return self.source[start : token.start], start, token.start

    def option(self) -> list[Element] | None:
        """`[…]` behind a command."""
        if self.token.text != "[":
            return None
        self.take()
        items = self.row(lambda t: t.text == "]" and t.kind == "sign")
        self.take()
        return items

    # ------------------------------------------------------------ rows and tables

    def row(self, ends: Callable[[Token], bool]) -> list[Element]:
        """Items up to a piece that ends them, which stays."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail("nesting")
        items: list[Element] = []
        while not ends(self.token):
            if self.token.kind in {"end", "close"}:
                self.fail("a bracket without partner")
            item = self.scripted()
            if item is not None:
                items.append(item)
        self.depth -= 1
        return items

    def table(self, end: str, style: str) -> list[Element]:
        r"""Rows with cells up to the end of the formula, or up to `\end`."""

        def ends(token: Token) -> bool:
            is_end = token.kind == "end" if end == "end" else token.text == end
            return is_end or token.kind == "cell" or token.text == _DOUBLE

        rows: list[list[list[Element]]] = [[self.row(ends)]]
        while self.token.kind == "cell" or self.token.text == _DOUBLE:
            token = self.take()
            if token.kind == "cell":
                rows[-1].append(self.row(ends))
                continue
            self.option()
            rows.append([self.row(ends)])
        if len(rows) > 1 and rows[-1] == [[]]:
            rows.pop()
        if len(rows) == 1 and (len(rows[0]) == 1 or end == "end"):
            return [item for cell in rows[0] for item in cell]
        return [_table(rows, style)]

    def group(self) -> Element:
        """`{…}` or one piece: an argument."""
        token = self.token
        if token.kind == "open":
            self.take()
            items = self.row(lambda t: t.kind == "close")
            end = self.take().end
            if len(items) == 1:
                return items[0]
            return Element("mrow", items, start=token.start, end=end)
        if token.kind in {"close", "end", "cell", "script"}:
            self.fail("an argument")
        if token.kind == "number" and len(token.text) > 1:  # \frac12: one digit is the argument
            self.tokens[self.at] = Token("number", token.text[1:], token.start + 1, token.end)
            return Element("mn", text=token.text[0], start=token.start, end=token.start + 1)
        found = self.piece()
        if found is None:
            self.fail("an argument")
        return found

    # ------------------------------------------------------------ what stands above and below

    def scripted(self) -> Element | None:
        """An item with what stands above and below it."""
        base = self.piece() if self.token.kind != "script" else Element("mrow")
        if base is None:
            return None
        below: Element | None = None
        above: list[Element] = []
        while self.token.kind == "script" or self.token.text in {r"\limits", r"\nolimits"}:
            token = self.take()
            if token.text == "'":
                above.append(self.primes(token))
            elif token.text == "^":
                above.append(self.group())
            elif token.text == "_":
                if below is not None:
                    self.fail("two indices")
                below = self.group()
        return _scripts(base, below, above)

    def primes(self, first: Token) -> Element:
        count, end = 1, first.end
        while self.token.text == "'":
            end = self.take().end
            count += 1
        return Element("mo", text=_PRIMES.get(count, "′" * count), start=first.start, end=end)

    # ------------------------------------------------------------ single pieces

    def piece(self) -> Element | None:
        """One item without scripts; None for what is not seen."""
        token = self.token
        match token.kind:
            case "open":
                return self.group()
            case "command":
                return self.command(self.take())
            case "number":
                self.take()
                return Element("mn", text=token.text, start=token.start, end=token.end)
            case "letter":
                self.take()
                return Element("mi", text=token.text, start=token.start, end=token.end)
            case "sign":
                self.take()
                return _sign(token)
            case _:
                return self.fail("a piece out of place")

    def command(self, token: Token) -> Element | None:
        name = token.text
        simple = _simple(token)
        if simple is not None:
            return simple
        if name in symbols.SILENT:
            return None
        if name in symbols.SPACES:
            return Element("mspace", attributes=f' width="{symbols.SPACES[name]}"', start=token.start, end=token.end)
        if name in symbols.ALPHABETS:
            return self.lettered(name, token)
        if name in symbols.TEXTS:
            inside, start, end = self.raw()
            return self.words(inside, start, end, bold=name == r"\textbf")
        if name in symbols.ACCENTS:
            return self.accented(name, token)
        if name in symbols.SIZES:
            return self.sized(token)
        construct = _CONSTRUCTS.get(name)
        if construct is None:
            self.fail(name)
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail("nesting")
        found = construct(self, token)
        self.depth -= 1
        return found

    def lettered(self, name: str, token: Token) -> Element:
        r"""`\mathbf{W}`, `\operatorname{tr}`."""
        alphabet = symbols.ALPHABETS[name]
        if self.token.kind == "open" and alphabet in {"upright", "operator", "bold upright"}:
            inside = self.source[self.token.end :]
            word = re.match(r"([A-Za-z0-9 .\-]*)\}", inside)
            if word is not None:
                _, start, end = self.raw()
                text = word[1].strip() if alphabet == "operator" else word[1].replace(" ", "")
                return _word(text, alphabet, start, end)
        base = self.group()
        base.start, base.end = token.start, self.tokens[self.at - 1].end
        _restyle(base, alphabet)
        return base

    def words(self, inside: str, start: int, end: int, *, bold: bool = False) -> Element:
        """Words in a formula, perhaps with formulas in dollars between them."""
        parts: list[Element] = []
        for at, part in enumerate(re.split(r"(?<!\\)\$", inside)):
            if at % 2:
                parts.append(Element("mrow", _Setter(part).table("end", "aligned")))
                for item in parts[-1].children:
                    _unplace(item)
                continue
            if part:
                said = re.sub(r"\\([#$%&_{} ])", r"\1", part).replace("~", " ")
                said = re.sub(r"\s+", " ", said)
                kept = "\u00a0" * (said[:1] == " ") + said.strip(" ") + "\u00a0" * (said[-1:] == " " and said != " ")
                parts.append(Element("mtext", text=kept, attributes=' class="bold"' if bold else ""))
        return Element("mrow", parts, start=start, end=end)

    def accented(self, name: str, token: Token) -> Element:
        base = self.group()
        stretchy = "" if name in symbols.WIDE else ' stretchy="false"'
        accent = Element("mo", text=symbols.ACCENTS[name], attributes=stretchy)
        return Element("mover", [base, accent], attributes=' accent="true"', start=token.start, end=_end(base, token))

    def sized(self, token: Token) -> Element:
        r"""`\big(`: a bracket a little larger."""
        sign = self.take()
        if sign.text not in symbols.FENCES:
            self.fail(token.text)
        size = {"b": "1.2em", "B": "1.8em"}[token.text[1]] if "gg" not in token.text else "2.4em"
        attributes = f' minsize="{size}" maxsize="{size}"{_CLOSE_UP}'
        return Element("mo", text=symbols.FENCES[sign.text], attributes=attributes, start=token.start, end=sign.end)

    def opened(self) -> Element:
        r"""A bracket behind `\left`, `\middle` or `\right`."""
        sign = self.take()
        if sign.text not in symbols.FENCES:
            self.fail(sign.text)
        return Element(
            "mo", text=symbols.FENCES[sign.text], attributes=' stretchy="true"', start=sign.start, end=sign.end
        )


# ---------------------------------------------------------------- constructs


def _fraction(setter: _Setter, token: Token) -> Element:
    above, below = setter.group(), setter.group()
    return Element("mfrac", [above, below], start=token.start, end=setter.tokens[setter.at - 1].end)


def _binomial(setter: _Setter, token: Token) -> Element:
    above, below = setter.group(), setter.group()
    inner = Element("mfrac", [above, below], attributes=' linethickness="0"')
    edges = [Element("mo", text=sign) for sign in "()"]
    return Element("mrow", [edges[0], inner, edges[1]], start=token.start, end=setter.tokens[setter.at - 1].end)


def _root(setter: _Setter, token: Token) -> Element:
    degree = setter.option()
    body = setter.group()
    if degree is None:
        return Element("msqrt", [body], start=token.start, end=_end(body, token))
    return Element("mroot", [body, Element("mrow", degree)], start=token.start, end=_end(body, token))


def _left(setter: _Setter, token: Token) -> Element:
    opening = setter.opened()
    items: list[Element] = []
    while True:
        items += setter.row(lambda t: t.text in {r"\right", r"\middle"} or t.kind == "end")
        if setter.token.kind == "end":
            setter.fail(r"\left without \right")
        last = setter.take().text == r"\right"
        sign = setter.opened()
        if last:
            return Element("mrow", [opening, *items, sign], start=token.start, end=sign.end)
        items.append(sign)


def _environment(setter: _Setter, token: Token) -> Element:
    name = setter.raw()[0].strip().removesuffix("*")
    if name not in symbols.ENVIRONMENTS:
        setter.fail(name)
    opening, closing, style = symbols.ENVIRONMENTS[name]
    setter.option()
    if name in {"array", "alignat", "alignedat", "subarray"}:
        setter.raw()
    items = setter.table(r"\end", style)
    setter.take()
    if setter.raw()[0].strip().removesuffix("*") != name:
        setter.fail(rf"\begin{{{name}}} without its \end")
    signs = [Element("mo", text=sign) if sign else None for sign in (opening, closing)]
    inside = [*([signs[0]] if signs[0] else []), *items, *([signs[1]] if signs[1] else [])]
    return Element("mrow", inside, start=token.start, end=setter.tokens[setter.at - 1].end)


def _brace(setter: _Setter, token: Token) -> Element:
    below = token.text in {r"\underbrace", r"\underbracket"}
    body = setter.group()
    sign = Element("mo", text="⏟" if below else "⏞", attributes=' stretchy="true"')
    found = Element("munder" if below else "mover", [body, sign], start=token.start, end=_end(body, token))
    if setter.token.text == ("_" if below else "^"):
        setter.take()
        label = setter.group()
        found = Element(found.tag, [found, label], start=token.start, end=setter.tokens[setter.at - 1].end)
    return found


def _stacked(setter: _Setter, token: Token) -> Element:
    first, base = setter.group(), setter.group()
    tag = "munder" if token.text == r"\underset" else "mover"
    return Element(tag, [base, first], start=token.start, end=setter.tokens[setter.at - 1].end)


def _long_arrow(setter: _Setter, token: Token) -> Element:
    below = setter.option()
    above = setter.group()
    arrow = "←" if "left" in token.text else "⇒" if "R" in token.text else "→"
    sign = Element("mo", text=arrow, attributes=' stretchy="true"')
    end = setter.tokens[setter.at - 1].end
    if below is None:
        return Element("mover", [sign, above], start=token.start, end=end)
    return Element("munderover", [sign, Element("mrow", below), above], start=token.start, end=end)


def _classed(name: str) -> Callable[[_Setter, Token], Element]:
    def found(setter: _Setter, token: Token) -> Element:
        body = setter.group()
        return Element("mrow", [body], attributes=f' class="{name}"', start=token.start, end=_end(body, token))

    return found


def _coloured(setter: _Setter, token: Token) -> Element | None:
    setter.raw()
    return setter.group() if token.text == r"\textcolor" else None


def _underlined(setter: _Setter, token: Token) -> Element:
    body = setter.group()
    line = Element("mo", text="_", attributes=' stretchy="true"')
    return Element("munder", [body, line], start=token.start, end=_end(body, token))


def _phantom(setter: _Setter, token: Token) -> Element:
    body = setter.group()
    return Element("mphantom", [body], start=token.start, end=_end(body, token))


def _named(setter: _Setter, token: Token) -> Element | None:
    r"""`\tag{4}`; a `\label` is not seen."""
    inside, start, end = setter.raw()
    if token.text == r"\label":
        return None
    text = inside if token.text in {r"\tag*", r"\ref"} else f"({inside})"
    return Element("mtext", text=f"\u2003{text}" if "tag" in token.text else text, start=start, end=end)


def _spaced(setter: _Setter, token: Token) -> Element:
    width, _, end = setter.raw()
    known = re.fullmatch(r"\s*(-?[0-9.]+)\s*(em|ex|pt|mm|cm|mu)\s*", width)
    size = (
        f"{float(known[1]) / 18:.3f}em" if known and known[2] == "mu" else f"{known[1]}{known[2]}" if known else "1em"
    )
    return Element("mspace", attributes=f' width="{size}"', start=token.start, end=end)


def _stack(setter: _Setter, token: Token) -> Element:
    if setter.take().kind != "open":
        setter.fail(token.text)
    rows: list[list[list[Element]]] = []
    while True:
        rows.append([setter.row(lambda t: t.kind == "close" or t.text == _DOUBLE)])
        if setter.take().kind == "close":
            return _table(rows, "center")


def _negated(setter: _Setter, token: Token) -> Element:
    sign = setter.group()
    sign.text += "\u0338"
    sign.start = token.start
    return sign


def _modulus(setter: _Setter, token: Token) -> Element:
    body = setter.group()
    words = [Element("mtext", text="\u2003(mod\u00a0"), body, Element("mtext", text=")")]
    return Element("mrow", words, start=token.start, end=_end(body, token))


_CONSTRUCTS: dict[str, Callable[[_Setter, Token], Element | None]] = {
    **dict.fromkeys((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"), _fraction),
    **dict.fromkeys((r"\binom", r"\dbinom", r"\tbinom"), _binomial),
    r"\sqrt": _root, r"\left": _left, r"\begin": _environment,
    **dict.fromkeys((r"\underbrace", r"\overbrace", r"\underbracket", r"\overbracket"), _brace),
    **dict.fromkeys((r"\underset", r"\overset", r"\stackrel"), _stacked),
    **dict.fromkeys((r"\xrightarrow", r"\xleftarrow", r"\xRightarrow"), _long_arrow),
    **dict.fromkeys((r"\boxed", r"\fbox"), _classed("boxed")),
    **dict.fromkeys((r"\cancel", r"\bcancel", r"\xcancel", r"\sout", r"\st"), _classed("struck")),
    **dict.fromkeys((r"\color", r"\textcolor"), _coloured),
    r"\underline": _underlined, r"\underbar": _underlined, r"\substack": _stack, r"\not": _negated, r"\pmod": _modulus,
    **dict.fromkeys((r"\phantom", r"\hphantom", r"\vphantom"), _phantom),
    **dict.fromkeys((r"\tag", r"\tag*", r"\label", r"\ref", r"\eqref"), _named),
    **dict.fromkeys((r"\hspace", r"\hspace*", r"\mspace"), _spaced),
}  # fmt: skip


# ---------------------------------------------------------------- elements


def _end(body: Element, token: Token) -> int:
    return max(body.end, token.end)


def _leaf(token: Token, tag: str, text: str, attributes: str = "") -> Element:
    return Element(tag, [], text, attributes, token.start, token.end)


def _simple(token: Token) -> Element | None:
    """A command that is one sign."""
    name = token.text
    if name in symbols.LETTERS:
        return _leaf(token, "mi", symbols.LETTERS[name])
    if name in symbols.UPRIGHT:
        return _leaf(token, "mi", symbols.UPRIGHT[name], _UPRIGHT)
    if name in symbols.SIGNS:
        return _leaf(token, "mo", symbols.SIGNS[name])
    if name in symbols.BIG:
        return _leaf(token, "mo", symbols.BIG[name], ' largeop="true" movablelimits="true"')
    if name in symbols.INTEGRALS:
        return _leaf(token, "mo", symbols.INTEGRALS[name], ' largeop="true"')
    bare = name[1:]
    if bare in symbols.LIMIT_FUNCTIONS:
        return _leaf(token, "mo", bare, f' form="prefix" movablelimits="true"{_CLOSE_UP}')
    if bare in symbols.FUNCTIONS:
        return _leaf(token, "mi", bare)
    if name in symbols.FENCES:
        return _leaf(token, "mo", symbols.FENCES[name], _FENCE + _CLOSE_UP)
    return None


def _sign(token: Token) -> Element:
    text = token.text
    if text == "~":
        return _leaf(token, "mspace", "", ' width="0.25em"')
    if text in "()[]|":
        return _leaf(token, "mo", text, _FENCE + _CLOSE_UP)
    if text in "∂∇∞⊤ℝ":
        return _leaf(token, "mi", text, _UPRIGHT)
    return _leaf(token, "mo", {"-": "−", "*": "∗"}.get(text, text))


def _word(text: str, alphabet: str, start: int, end: int) -> Element:
    bold = ' class="bold"' if "bold" in alphabet else ""
    upright = ' mathvariant="normal"' if len(text) == 1 else ""
    return Element("mi", text=text, attributes=upright + bold, start=start, end=end)


def _restyle(element: Element, alphabet: str) -> None:
    """Letters of another alphabet, wherever they stand in an element."""
    if element.tag in {"mi", "mn"}:
        if alphabet in {"double", "script", "fraktur"}:
            element.text = "".join(symbols.in_alphabet(c, alphabet) for c in element.text)
        if "upright" in alphabet and "mathvariant" not in element.attributes and len(element.text) == 1:
            element.attributes += ' mathvariant="normal"'
        if "bold" in alphabet and "class" not in element.attributes:
            element.attributes += ' class="bold"'
    for child in element.children:
        _restyle(child, alphabet)


def _unplace(element: Element) -> None:
    """Forget the places of a formula in words: they count from another beginning."""
    element.start = element.end = -1
    for child in element.children:
        _unplace(child)


def _scripts(base: Element, below: Element | None, above: list[Element]) -> Element:
    if below is None and not above:
        return base
    upper = above[0] if len(above) == 1 else Element("mrow", above) if above else None
    limits = "movablelimits" in base.attributes or (base.tag in {"munder", "mover"} and "accent" not in base.attributes)
    tags = ("munderover", "munder", "mover") if limits else ("msubsup", "msub", "msup")
    children = [base, *([below] if below is not None else []), *([upper] if upper is not None else [])]
    return Element(tags[0] if len(children) == 3 else tags[1] if below is not None else tags[2], children)


def _table(rows: list[list[list[Element]]], style: str) -> Element:
    """Cells with the sides that their environment gives them."""
    width = max(map(len, rows))
    sides = {
        "aligned": ["right", "left"], "eqnarray": ["right", "center", "left"], "left": ["left"], "center": ["center"],
    }[style]  # fmt: skip
    lines = []
    for cells in rows:
        filled = [*cells, *([[]] * (width - len(cells)))]
        lines.append(Element("mtr", [
            Element("mtd", list(cell), attributes=f' class="{sides[at % len(sides)]}"')
            for at, cell in enumerate(filled)
        ]))  # fmt: skip
    spread = ' displaystyle="true" class="lines"' if style in {"aligned", "eqnarray"} else ""
    return Element("mtable", lines, attributes=spread)
