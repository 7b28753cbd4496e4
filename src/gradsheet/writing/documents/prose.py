"""The derivative of tanh is tanh' = 1 − tanh²: sentences as words and formulas, so that a page can set the formulas.

What is recognised as a formula is read by the parser of sheets; what it cannot read stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.operations import ARRAY_OPERATIONS, ELEMENTWISE
from gradsheet.records import dataclass
from gradsheet.syntax import parse_expression, tree
from gradsheet.syntax.vocabulary import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

Prose: TypeAlias = "tuple[str | tree.Expression, ...]"
"""Words and formulas in turn."""

_ALL_FUNCTIONS = FUNCTIONS | {
    "onehot", "simplex",
    *(spelling for record in ELEMENTWISE.values() for spelling in record.spellings),
    *(spelling for record in ARRAY_OPERATIONS.values() for spelling in record.spellings),
}  # fmt: skip
_OPERATORS = frozenset({"=", "+", "−", "-", "/", "·", "⊙", "≤", "≥", "<", ">", "≠", "∈", "→"})
_ARTICLES = frozenset({"a", "A", "I"})
_WORD = re.compile(r"[A-Za-z]+[0-9]*(?:[-–][A-Za-z]+)*(?:['’](?:s|t)?)?|[0-9]+(?:[-–][0-9]+)+", re.ASCII)
_INDEXED = re.compile(r"(\w+?)_([ijkl]{1,3})")
_DIFFERENTIAL = re.compile(r"d[A-Z]")
_PAIRS = {"(": ")", "[": "]"}
_ON_PAPER = {"√'(x)": "(√x)'"}
"""How a page writes what the terminal writes in another way."""


def pieces(text: str, names: Collection[str] = (), *, rule: bool = False) -> Prose:
    """A sentence cut into words and formulas. `names` are the names of the sheet; in a `rule` primes are derivatives.

    >>> from gradsheet.syntax.plain import plain
    >>> def show(text, *names):
    ...     print("".join(p if isinstance(p, str) else f"«{plain(p)}»" for p in pieces(text, names)))
    >>> show("a sum over δ_ij keeps the one term with i = j")
    a sum over «δ[i,j]» keeps the one term with «i = j»
    >>> show("W1 is a matrix of 3 rows; log' (x) = 1/x", "W1")
    «W1» is a matrix of 3 rows; «log'(x) = 1/x»
    """
    for known, on_paper in _ON_PAPER.items():
        text = text.replace(known, on_paper)
    tokens = [_Token.of(part, names, first=not at) for at, part in enumerate(text.split(" "))]
    out: list[str | tree.Expression] = []
    at = 0
    while at < len(tokens):
        end = _run(tokens, at)
        begin, stop = _trimmed(tokens, at, end)
        node = _formula(tokens[begin:stop], rule=rule) if begin < stop else None
        if node is None:
            end = max(end, at + 1)
            _words(out, " ".join(t.whole for t in tokens[at:end]) + " ")
        else:
            _words(out, "".join(t.whole + " " for t in tokens[at:begin]))
            out.append(node)
            rest = " ".join([tokens[stop - 1].tail, *(t.whole for t in tokens[stop:end])])
            _words(out, rest + " ")
        at = end
    _trim(out)
    return tuple(out)


def sentence(parts: Iterable[str | tree.Expression]) -> Prose:
    """Parts as a sentence: a capital in front, a full stop behind.

    >>> sentence(["by the ", "power rule"])
    ('By the power rule.',)
    """
    out: list[str | tree.Expression] = []
    for part in parts:
        if isinstance(part, str):
            _words(out, part)
        else:
            out.append(part)
    if out and isinstance(out[0], str):
        out[0] = capital(out[0])
    if out and not (isinstance(out[-1], str) and out[-1].rstrip().endswith((".", "!", "?", ":"))):
        _words(out, ".")
    return tuple(out)


def capital(text: str) -> str:
    """A text whose first letter is a capital, if it begins with a word and not with a name.

    >>> capital("by hand"), capital("a sum"), capital("z[1] is a sum"), capital("x is given")
    ('By hand', 'A sum', 'z[1] is a sum', 'x is given')
    """
    begins = re.match(r"(?:a|[^\W\d_A-Z]{2,}(?:-\w+)*)(?=[\s,;:.!?]|$)", text)
    return text[0].upper() + text[1:] if begins else text


def listed(items: Sequence[tree.Expression], conjunction: str = "and") -> Prose:
    """`a`, `a and b`, `a, b and c`."""
    out: list[str | tree.Expression] = []
    for at, item in enumerate(items):
        if at:
            out.append(f" {conjunction} " if at == len(items) - 1 else ", ")
        out.append(item)
    return tuple(out)


def joined(parts: Sequence[Prose], between: str = "; ") -> Prose:
    """Clauses with a sign between them."""
    out: list[str | tree.Expression] = []
    for at, part in enumerate(parts):
        for piece in (*((between,) if at else ()), *part):
            if isinstance(piece, str):
                _words(out, piece)
            else:
                out.append(piece)
    return tuple(out)


# ---------------------------------------------------------------- tokens


@dataclass(frozen=True, slots=True)
class _Token:
    """What stands between two blanks: a word, or a part of a formula."""

    whole: str
    bare: str
    tail: str
    kind: str
    """"word", "weak" (a number, the letter a), "function", "operator", "formula"."""

    @classmethod
    def of(cls, whole: str, names: Collection[str], *, first: bool) -> _Token:
        bare = whole.rstrip(",;:.!?")
        kind = _kind(bare, names)
        if bare in _ARTICLES and bare.isupper() and bare in names and not first:
            kind = "formula"  # within a sentence an article is no capital
        return cls(whole, bare, whole[len(bare) :], kind)

    @property
    def is_open(self) -> bool:
        """Whether something has to follow: after a sign, after the name of a function."""
        return self.kind in {"operator", "function"} or self.bare.lstrip("-−") in _ALL_FUNCTIONS

    @property
    def depth(self) -> int:
        """Brackets that are opened and not closed."""
        return sum((c in _PAIRS) - (c in _PAIRS.values()) for c in self.whole)


def _kind(bare: str, names: Collection[str]) -> str:
    inner = bare.lstrip("(").rstrip(")") if bare.count("(") != bare.count(")") or bare.startswith("(") else bare
    if not inner:
        return "word"
    if inner in _OPERATORS:
        return "operator"
    if inner in _ALL_FUNCTIONS and inner.isascii():
        return "function"
    if inner in _ARTICLES or inner.replace(".", "").isdigit():
        return "weak"
    if inner.rstrip("'’") in _ALL_FUNCTIONS:
        return "formula"
    if _WORD.fullmatch(inner):
        bare_name = inner.rstrip("'’")
        known = bare_name in names and not (inner.isalpha() and inner.islower())
        return "formula" if len(bare_name) == 1 or known or _DIFFERENTIAL.fullmatch(inner) else "word"
    return "word" if re.fullmatch(r"[A-Za-z][a-z]+[/-][^(∂]*", inner) else "formula"


def _run(tokens: Sequence[_Token], at: int) -> int:
    """Where a run of tokens ends that may be one formula."""
    depth, end = 0, at
    while end < len(tokens) and (tokens[end].kind != "word" or depth > 0):
        if tokens[end].kind == "word" and depth > 0:
            break
        depth += tokens[end].depth
        end += 1
        if tokens[end - 1].tail and depth <= 0:
            break
    return end


def _trimmed(tokens: Sequence[_Token], begin: int, end: int) -> tuple[int, int]:
    """A run without what belongs to the words around it: an article before it, a number behind it."""
    while begin < end and (
        tokens[begin].kind == "weak" and not (begin + 1 < end and tokens[begin + 1].kind == "operator")
    ):
        begin += 1
    while begin < end and tokens[end - 1].kind == "weak" and (end - 2 < begin or not tokens[end - 2].is_open):
        end -= 1
    called = end - begin > 1 and tokens[begin].kind == "function" and tokens[begin + 1].kind == "weak"
    if not called and not any(t.kind in {"formula", "operator"} for t in tokens[begin:end]):
        return begin, begin
    return begin, end


def _formula(tokens: Sequence[_Token], *, rule: bool) -> tree.Expression | None:
    """Tokens as one expression, if they are one."""
    text = " ".join(t.whole for t in tokens)
    text = text[: len(text) - len(tokens[-1].tail)]
    if sum(text.count(c) for c in _PAIRS) != sum(text.count(c) for c in _PAIRS.values()):
        return None
    source = Source(re.sub(r"(['′]) \(", r"\1(", text))
    try:
        found = Diagnostics(source)
        node = parse_expression(source, found)
    except SheetError:
        return None
    return None if found.errors else on_paper(node, rule=rule)


def on_paper(node: Any, *, rule: bool = True) -> Any:
    """A formula as a book sets it: the i of x_i is an index, and every prime of a rule is a derivative.

    >>> on_paper(tree.Prime(tree.Name("u", "u"), 1))
    Power(base=Name(key='u', text='u'), exponent=Name(key='′', text='′'))
    """
    match node:
        case tree.Prime(base=base, count=1) if rule and not _is_function(base):
            return tree.Power(on_paper(base), tree.Name("′", "′"))
        case tree.Name(key=key):
            found = _INDEXED.fullmatch(key)
            if found is None:
                return node
            return tree.Subscript(tree.Name(found[1], found[1]), tuple(tree.Name(i, i) for i in found[2]))
        case tree.Node():
            inner = {f.name: getattr(node, f.name) for f in fields(node) if f.name != "span"}
            return replace(node, **{name: on_paper(part, rule=rule) for name, part in inner.items()})
        case tuple():
            return tuple(on_paper(part, rule=rule) for part in node)
        case _:
            return node


def _is_function(node: tree.Expression) -> bool:
    return isinstance(node, tree.Name) and node.key in _ALL_FUNCTIONS


# ---------------------------------------------------------------- words


def _words(out: list[str | tree.Expression], text: str) -> None:
    """Add words to what stands there."""
    if out and isinstance(out[-1], str):
        out[-1] += text
    elif text:
        out.append(text)


def _trim(out: list[str | tree.Expression]) -> None:
    """The last word has no blank behind it."""
    if out and isinstance(out[-1], str):
        out[-1] = out[-1].rstrip()
        if not out[-1]:
            out.pop()
