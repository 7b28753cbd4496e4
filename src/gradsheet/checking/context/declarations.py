r"""Schemes that the page itself declares: “write δ_q = ∂J/∂q for every q”, “dX means ∂J/∂X”, “a bar denotes …”.

They are looked for once over the whole page. What is not said of every quantity holds for the one that is named.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gradsheet.checking.context.model import Assumption, Scheme
from gradsheet.diagnostics import Diagnostics, SheetError, Source, Span
from gradsheet.manuscripts.model import Formula
from gradsheet.syntax import parse_expression
from gradsheet.syntax.document_formulas import read_part
from gradsheet.syntax.plain import plain
from gradsheet.syntax.scripts import spelled
from gradsheet.syntax.tree import Derivative, Expression, Factor, Lowered, Nabla, Name, Product

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.manuscripts import Manuscript

_EVERY = re.compile(
    r"\b(?:every|each|any|all|arbitrary|and so on|likewise|similarly|analogously|etc|throughout|in general|others?"
    r"|quantit(?:y|ies)|variables?|intermediates?|whatever|jede[rsnm]?|alle[rns]?|chaque|tou(?:t|s|te|tes))\b",
    re.IGNORECASE,
)
_SAYS = r"(?:means?|denotes?|stands? for|is short for|abbreviates?|represents?|is|are|be|for|bezeichnet|désigne|:|=)"
_LINK = re.compile(
    rf"^\W*(?:\w+\s+){{0,3}}?{_SAYS}\b[^⟦.]{{0,60}}$|^\W*[:=]\W*$|^\W*[^⟦.]{{0,30}}\b(?:as|by)\W*$", re.IGNORECASE
)
_MARK = re.compile(r"⟦(\d+)⟧")
_PLAIN = re.compile(
    r"(?<![^\W_])(?P<left>(?P<sign>d|δ_?|delta_|grad_|g_)(?P<q>[^\W\d_]\w*))\b"
    r"(?P<link>[^.⟦\n/]{0,40}?)(?<!\w)(?P<right>(?:∂|d)\(?(?P<of>[^\W\d_]\w*)\)?\s*/\s*(?:∂|d)(?P=q)\b)"
)
_GRADIENT = re.compile(
    rf"⟦(?P<left>\d+)⟧\s+(?:\w+\s+){{0,2}}?{_SAYS}\s+(?:the\s+)?(?:\w+\s+)?(?:derivative|gradient)\s+of\s+"
    r"(?:⟦(?P<of>\d+)⟧|(?:the |our )?(?:\w+ )?(?:loss|cost|objective|error|energy)(?: function)?(?: ⟦(?P<named>\d+)⟧)?)"
    r"\s+(?:with respect to|w\.?r\.?t\.?|by)\s+(?:⟦(?P<by>\d+)⟧|(?P<same>it|that|this))",
    re.IGNORECASE,
)


_PROPERTY = r"(?P<{0}>one-?\s?hot|probability (?:vector|distribution)|symmetric|orthogonal|diagonal)"
_IS = re.compile(
    rf"⟦(?P<one>\d+)⟧\s*,?\s*(?:which |that )?(?:is|are|be|being|)\s*(?:an? |the )?(?:\w+ )?{_PROPERTY.format('first')}"
    rf"|(?<!non-)(?<!not )\b{_PROPERTY.format('second')}(?:[ -](?!of\b|for\b)\w+){{0,2}}\s+⟦(?P<two>\d+)⟧",
    re.IGNORECASE,
)
_EINSTEIN = re.compile(
    r"(?:sum\w*|summation)\s+(?:is\s+)?(?:implied\s+)?over\s+(?:all\s+)?(?:repeated|double)\s+(?:\w+\s+)?ind(?:ices|exes)"
    r"|repeated\s+ind(?:ices|exes)\s+are\s+summed|einstein(?:'s|ian)?\s+(?:sum\w*\s+)?(?:convention|notation|summation)",
    re.IGNORECASE,
)
_SUM = re.compile(r"\\sum\b|Σ|∑")
_CALLED = {"o": "onehot", "p": "simplex", "s": "symmetric", "d": "diagonal"}


class Declared(NamedTuple):
    """The schemes of a page, the formulas that declare them, which claim nothing, and properties in words."""

    schemes: tuple[Scheme, ...]
    formulas: frozenset[int]
    assume: tuple[Assumption, ...] = ()
    einstein: bool = False
    """The page sums over repeated indices, by its own word."""


NOTHING = Declared((), frozenset())


class _Sentence(NamedTuple):
    """Words of a sentence with its formulas as ⟦number⟧."""

    text: str
    formulas: dict[int, Formula]
    line: int


def declared(manuscript: Manuscript) -> Declared:
    """The schemes that a page declares."""
    schemes: dict[str, Scheme] = {}
    formulas: set[int] = set()
    assumed: list[Assumption] = []
    for sentence in _sentences(manuscript):
        assumed += _properties(sentence)
        for scheme, numbers, sure in _of(sentence):
            if not sure and _stands_elsewhere(manuscript, scheme.variable, numbers):
                continue  # δ = ∂J/∂q of one quantity q: a definition like others
            schemes.setdefault(scheme.written, scheme)
            formulas |= numbers
    words = " ".join(piece.text for piece in manuscript.pieces if not isinstance(piece, Formula))
    einstein = _EINSTEIN.search(words) is not None and not any(_SUM.search(f.text) for f in manuscript.formulas)
    return Declared(tuple(schemes.values()), frozenset(formulas), tuple(assumed), einstein)


def _properties(sentence: _Sentence) -> Iterator[Assumption]:
    """“the one-hot label $y$”, “$A$ is symmetric”."""
    for match in _IS.finditer(sentence.text):
        formula = sentence.formulas[int(match["one"] or match["two"])]
        symbol = _tree(formula, formula.text)
        word = (match["first"] or match["second"]).lower()
        if isinstance(symbol, Name | Lowered):
            attribute = "orthogonal" if word.startswith("orth") else _CALLED[word[0]]
            yield Assumption(f"{plain(symbol)} is {word}", None, attribute, symbol)


def _stands_elsewhere(manuscript: Manuscript, letter: str, declaring: set[int]) -> bool:
    """Whether a letter means something on the page besides."""
    alone = re.compile(rf"(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])")
    others = (formula.text.strip() for formula in manuscript.formulas if formula.number not in declaring)
    return any(alone.search(text) and text != letter for text in others)


def _sentences(manuscript: Manuscript) -> Iterator[_Sentence]:
    text, line = "", 1
    held: dict[int, Formula] = {}
    for piece in manuscript.pieces:
        line = line if text else piece.place.line
        if isinstance(piece, Formula):
            text += f"⟦{piece.number}⟧"
            held[piece.number] = piece
            if piece.display and piece.text.rstrip().endswith("."):
                yield _Sentence(text, held, line)
                text, held = "", {}
            continue
        if piece.kind != "text" and text:
            yield _Sentence(text, held, line)
            text, held = "", {}
        parts = re.split(r"(?<=[.!?;])\s+(?=\W*[A-Z⟦])|\n\s*\n", piece.text)
        for part in parts[:-1]:
            yield _Sentence(text + part, held, line)
            text, held = "", {}
        text += parts[-1]
    if text:
        yield _Sentence(text, held, line)


def _of(sentence: _Sentence) -> Iterator[tuple[Scheme, set[int], bool]]:
    """The schemes of a sentence, the formulas that declare each, and whether it surely is one."""
    every = _EVERY.search(_MARK.sub(" ", sentence.text)) is not None
    for number, formula in sentence.formulas.items():
        left, relation, right = _sides(formula)
        if relation:
            found = _scheme(_tree(formula, left), _tree(formula, right), formula, every=every)
            if found is not None:
                yield found, {number}, every
    marks = list(_MARK.finditer(sentence.text))
    for one, two in pairwise(marks):
        if not _LINK.search(sentence.text[one.end() : two.start()]):
            continue
        pair = [sentence.formulas[int(mark[1])] for mark in (one, two)]
        trees = [_tree(formula, formula.text) for formula in pair]
        found = _scheme(trees[0], trees[1], pair[0], every=every) or _scheme(trees[1], trees[0], pair[0], every=every)
        if found is not None:
            yield found, {formula.number for formula in pair}, True
    for match in _GRADIENT.finditer(sentence.text):
        yield from _in_words(match, sentence, every=every)
    for match in _PLAIN.finditer(sentence.text):
        if re.search(_SAYS, match["link"], re.IGNORECASE) is not None:
            right = f"∂{match['of']}/∂{match['q']}"
            found = _scheme(_plain(match["left"]), _plain(right), sentence.line, every=every)
            if found is not None:
                yield found, set(), True


def _in_words(
    match: re.Match[str], sentence: _Sentence, *, every: bool
) -> Iterator[tuple[Scheme, set[int], bool]]:
    """“$dX$ denotes the gradient of the loss with respect to $X$”."""
    formulas = {part: sentence.formulas[int(match[part])] for part in ("left", "of", "named", "by") if match[part]}
    trees = {part: _tree(formula, formula.text) for part, formula in formulas.items()}
    by, of = trees.get("by"), trees.get("of") or trees.get("named")
    if not isinstance(by, Name):
        return
    found = _scheme(trees["left"], Derivative(of or Name("L", "L"), (by,)), formulas["left"], every=every)
    if found is not None:
        yield replace(found, of=of), {formulas["left"].number}, True


def _sides(formula: Formula) -> tuple[str, str, str]:
    r"""A formula at its only relation: `δ_q`, `=`, `∂J/∂q`, without words behind it."""
    text = re.sub(r"\\(?:text|mathrm|quad|qquad).*$|,\s*$", "", formula.text.strip().rstrip(".,;"), flags=re.DOTALL)
    parts = re.split(r"(:=|\\coloneqq|\\equiv|\\triangleq|≡|≔|=)", text)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (text, "", "")


def _tree(formula: Formula, text: str) -> Expression | None:
    source = Source(text.strip().rstrip(".,;"))
    try:
        return read_part(source, Span(0, len(source.text)), formula.spelling)
    except (SheetError, RecursionError):
        return None


def _plain(text: str) -> Expression | None:
    source = Source(text)
    try:
        return parse_expression(source, Diagnostics(source))
    except SheetError:
        return None


def _scheme(
    left: Expression | None, right: Expression | None, place: Formula | int, *, every: bool
) -> Scheme | None:
    """What two formulas declare; None where they do not."""
    match right:
        case Derivative(of=of, by=(Name(key=variable),)):
            pass
        case Nabla(of=of, by=Name(key=variable)):
            pass
        case _:
            return None
    if left is None or isinstance(of, Product):
        return None
    line = place if isinstance(place, int) else place.place.line
    name = plain(left).replace(" ", "").replace("[", "_").replace("]", "")
    found = Scheme(f"{name} = ∂{plain(of)}/∂{variable}", left, of, variable, every=every, line=line)
    match left:
        case Lowered(base=Name(), items=items) if spelled(items) == variable:
            return found
        case Name(key=key) if key.endswith("_" + variable):
            letter = key.removesuffix("_" + variable)
            return replace(found, left=Lowered(Name(letter, letter), (Name(variable, variable),)))
        case Name(key=key) if key.endswith(variable) and key != variable:
            return replace(found, prefix=key.removesuffix(variable))
        case Name(key=key):
            accent = accent_on(key, variable)
            return None if not accent else replace(found, accent=accent)
        case Product(factors=(Factor(item=Name(key="d" | "δ" | "Δ" as sign)), Factor(sign="", item=Name(key=key)))) if (
            key == variable
        ):
            return replace(found, prefix=sign)
        case _:
            return None


def accent_on(key: str, letter: str) -> str:
    """What stands above a letter, as a combining mark; "" where it is another one.

    >>> len(accent_on("x̄", "x")), accent_on("ȳ", "x")
    (1, '')
    """
    parts = unicodedata.normalize("NFD", key)
    plain = unicodedata.normalize("NFD", letter)
    mark = parts.removeprefix(plain)
    return mark if len(mark) == 1 and parts != mark and unicodedata.combining(mark) else ""
