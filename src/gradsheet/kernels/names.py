"""Names for values in printed code: the one that was given where it is free, with a number where it is not."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INDICES = "ijklmnopqrstuvw"


class Names:
    """The names of one function. `letters` are allowed beside letters and digits, `taken` are not to be had."""

    def __init__(self, taken: Iterable[str], letters: str, before_number: str) -> None:
        self._taken = set(taken)
        self._letters = letters
        self._before_number = before_number
        self._numbers: Counter[str] = Counter()

    def fresh(self, name: str) -> str:
        """A name that was never given before."""
        plain = "".join(c if c.isascii() and (c.isalnum() or c in self._letters) else "_" for c in name)
        if plain[0].isdigit():
            plain = f"v{plain}"
        free = plain
        while free in self._taken:
            self._numbers[plain] += 1
            free = f"{plain}{self._before_number}{self._numbers[plain]}"
        self._taken.add(free)
        return free

    def numbered(self, letter: str) -> str:
        """The next one of t1, t2 and so on."""
        while True:
            self._numbers[letter] += 1
            free = f"{letter}{self._numbers[letter]}"
            if free not in self._taken:
                self._taken.add(free)
                return free

    def index(self, name: str) -> str:
        """A name for an index: the one that was given, or the next letter that is free."""
        letters = [name, *_INDICES[_INDICES.find(name) + 1 :]] if len(name) == 1 else [name]
        return self.fresh(next((letter for letter in letters if letter not in self._taken), name))

    @contextmanager
    def block(self) -> Iterator[None]:
        """What is named in here is free again afterwards."""
        taken, numbers = set(self._taken), self._numbers.copy()
        yield
        self._taken, self._numbers = taken, numbers
