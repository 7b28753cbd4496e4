"""Names of a sheet as identifiers of Python: ŷ is y_hat, ∂L/∂W1 is dL_dW1, λ is lambda_, W[1] is W_1."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING

from gradsheet.syntax.names import GREEK

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_MARKS = {
    "\u0302": "_hat", "\u0303": "_tilde", "\u0304": "_bar", "\u0305": "_bar", "\u0307": "_dot", "\u0308": "_ddot",
}  # fmt: skip
_SIGNS = {
    "∂": "d", "⁺": "_new", "′": "_prime", "'": "_prime", "ℓ": "ell", "∇": "grad", "∞": "inf", "⋆": "_star",
    "*": "_star", "ı": "i", "ȷ": "j", "²": "2",
}  # fmt: skip
_LETTERS = {letter: word for word, letter in GREEK.items()}
_UNSAFE = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | {"l", "O", "I"}
"""Keywords, builtins, and letters that are taken for digits."""


def identifier(name: str) -> str:
    """The nearest identifier in plain letters.

    >>> [identifier(n) for n in ("ŷ", "∂L/∂W1", "λ", "W[1]", "W1⁺", "θ₀", "values of v")]
    ['y_hat', 'dL_dW1', 'lambda', 'W_1', 'W1_new', 'theta0', 'values_of_v']
    """
    out: list[str] = []
    for sign in unicodedata.normalize("NFD", name):
        if sign.isascii() and sign.isalnum():
            out.append(sign)
        elif sign in _MARKS or sign in _SIGNS:
            out.append(_MARKS.get(sign) or _SIGNS[sign])
        elif sign in _LETTERS:
            out.append(_LETTERS[sign])
        elif unicodedata.combining(sign):
            continue
        else:
            plain = unicodedata.normalize("NFKD", sign)
            out.append(plain if plain.isascii() and plain.isalnum() else "_")
    text = re.sub(r"_+", "_", "".join(out)).strip("_")
    return text if text and not text[0].isdigit() else f"v_{text}".rstrip("_")


class Identifiers:
    """Identifiers for things, each its own; none is a keyword, a builtin, or taken otherwise.

    Words that mean something, of Python or among `reserved`, get an underscore; what is taken gets a number.
    """

    def __init__(self, taken: Iterable[str] = (), reserved: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.reserved = _UNSAFE | set(reserved)
        self.of: dict[Hashable, str] = {}

    def name(self, thing: Hashable, wanted: str) -> str:
        """The identifier of a thing, chosen when it is first asked for."""
        if thing not in self.of:
            self.of[thing] = self.fresh(wanted)
        return self.of[thing]

    def fresh(self, wanted: str) -> str:
        """An identifier that nothing has yet."""
        base = identifier(wanted)
        if base in self.reserved:
            base += "_"
        chosen, number = base, 2
        while chosen in self.taken or chosen in self.reserved:
            chosen, number = f"{base}_{number}", number + 1
        self.taken.add(chosen)
        return chosen

    def copy(self) -> Identifiers:
        """The same names, to go on from."""
        other = Identifiers(self.taken, self.reserved)
        other.of = dict(self.of)
        return other


__all__ = ["Identifiers", "identifier"]
