"""How easily one name is taken for another: a lost hat, letters that look alike, a digit at the end."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsheet.checking.slips.vocabulary import Vocabulary

_ALIKE = (
    "1lIi|", "0Oo", "nmηh", "uvνυ", "wωϖ", "xχ×", "pρ", "aα", "yγ", "kκ", "tτ", "sS5σ", "zZ2", "bβ68", "gq9", "eε",
    "dδ∂",
)  # fmt: skip
_STEM = re.compile(r"(.*?[^\W\d_])_?([0-9₀-₉]+)")
_MARKS = re.compile(r"(?:hat|bar|tilde|_hat|_bar|'|′|\*)$")


@lru_cache(maxsize=4096)
def decorated(key: str) -> str:
    """A name without its marks: y for ŷ, yhat, y'.

    >>> decorated("ŷ"), decorated("yhat"), decorated("x1")
    ('y', 'y', 'x1')
    """
    bare = "".join(c for c in unicodedata.normalize("NFD", key) if not unicodedata.combining(c))
    return _MARKS.sub("", bare) or bare


@lru_cache(maxsize=4096)
def numbered(key: str) -> tuple[str, str] | None:
    """A name that ends in a number, in two parts.

    >>> numbered("w13"), numbered("z₂"), numbered("w")
    (('w', '13'), ('z', '₂'), None)
    """
    found = _STEM.fullmatch(key)
    return (found[1], found[2]) if found else None


def same_stem(one: str, two: str) -> bool:
    """Whether two names differ in the number at their end only."""
    first, second = numbered(one), numbered(two)
    return first is not None and second is not None and first[0] == second[0]


def distance(written: str, meant: str, vocabulary: Vocabulary) -> float:
    """How far one name is from another: 0 for a lost hat, 2 for nothing in common."""
    if decorated(written) == decorated(meant):
        return 0.0
    if any(written in group and meant in group for group in vocabulary.lookalikes):
        return 0.4
    if any(decorated(written)[:1] in group and decorated(meant)[:1] in group for group in _ALIKE) and (
        decorated(written)[1:] == decorated(meant)[1:]
    ):
        return 0.6
    if written.lower() == meant.lower() or same_stem(written, meant):
        return 0.6
    one, two = vocabulary.facts(written), vocabulary.facts(meant)
    if one is not None and two is not None and one.kind == two.kind:
        return 1.4
    return 1.8
