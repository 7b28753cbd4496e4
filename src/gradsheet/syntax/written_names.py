r"""Names as paper has them: a letter or a word, and what stands below it. What is written alike is found together.

A sheet may spell `W1`, `W_1` or `W₁`, `ŷ`, `yhat` or `y_hat`; LaTeX sets each group in one way. A table of the known
names says which of them a symbol on paper can be.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gradsheet.records import dataclass
from gradsheet.syntax.latex_commands import ACCENTS, NOT_FOLLOWED
from gradsheet.syntax.vocabulary import SUBSCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SPELLED_ACCENT = re.compile(r"([^\W\d_])_?(hat|bar|tilde|vec)((?:[0-9]+|_.+)?)")
_PARTS = re.compile(r"(.*?)(?:_(.+)|([0-9]+)|([" + "".join(SUBSCRIPTS) + r"]+))?", re.DOTALL)
_OVERLINE = str.maketrans({"\u0305": "\u0304"})
_STYLED = {letter: plain for face in NOT_FOLLOWED.values() for plain, letter in face.items()}


class Written(NamedTuple):
    """A letter or a word, and what stands below it."""

    base: str
    below: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a name: how many indices it may carry, and whether the first is one of a family.

    `rank` is None where it is not known.
    """

    rank: int | None = None
    family: bool = False
    function: bool = False


@lru_cache(maxsize=65536)
def written(key: str) -> Written:
    """How paper has a name.

    >>> written("W1") == written("W_1") == written("W₁")
    True
    >>> written("yhat") == written("ŷ"), written("λ_out"), written("loss")
    (True, Written(base='λ', below='out'), Written(base='loss', below=''))
    """
    spelled = _SPELLED_ACCENT.fullmatch(key)
    if spelled:
        letter, accent, rest = spelled.groups()
        return Written(_composed(letter + ACCENTS[accent]), rest.removeprefix("_"))
    found = _PARTS.fullmatch(key)
    if found is None or not found[1]:
        return Written(_composed(key), "")
    word, suffix, digits, lowered = found.groups()
    if lowered:
        digits = "".join(SUBSCRIPTS[char] for char in lowered)
    return Written(_composed(word), digits or suffix or "")


def _composed(text: str) -> str:
    """One spelling of a letter with its marks: x̅ (a line over it) is x̄."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).translate(_OVERLINE))


def faces(key: str) -> Iterator[str]:
    """A letter as it is set, then without its face: 𝐳 and z, x⃗ and x.

    >>> list(faces("𝐳")), list(faces("ŷ"))
    (['𝐳', 'z'], ['ŷ'])
    """
    yield key
    folded = ""
    for char in unicodedata.normalize("NFD", key):
        if "\U0001d400" <= char <= "\U0001d7ff":
            folded += unicodedata.normalize("NFKC", char)
        elif char != "\u20d7":
            folded += _STYLED.get(char, char)
    folded = unicodedata.normalize("NFC", folded)
    if folded != key and folded:
        yield folded


class NameTable:
    """The names that are known where LaTeX is read, to be looked up by what paper has of them.

    >>> table = NameTable({"W1": Known(2), "h": Known(1, family=True)})
    >>> table.spelled("W", "1"), table.spelled("h", "1"), table["h"].family
    (('W1',), (), True)
    """

    def __init__(self, names: Mapping[str, Known], outer: NameTable | None = None) -> None:
        self._known = dict(names)
        self._outer = outer
        self._written: dict[Written, tuple[str, ...]] = {}
        for key in self._known:
            form = written(key)
            self._written[form] = (*self._written.get(form, ()), key)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __getitem__(self, key: str) -> Known:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def spelled(self, base: str, below: str) -> tuple[str, ...]:
        """The known names that paper has in this way; inner ones hide outer ones."""
        found = self._written.get(Written(_composed(base), below), ())
        if not found and self._outer is not None:
            return self._outer.spelled(base, below)
        return found

    def get(self, key: str) -> Known | None:
        """What is known of a name, if anything is."""
        found = self._known.get(key)
        return found if found is not None or self._outer is None else self._outer.get(key)

    def within(self, names: Mapping[str, Known]) -> NameTable:
        """The same table where more names are known: under a sum over them."""
        return NameTable(names, self)
