"""Sizes from values: the unknown in an axis is solved from the length of an array; conflicts name both places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Affine, Index, Size, SizeMember

if TYPE_CHECKING:
    from collections.abc import Mapping


class SizeConflictError(ValueError):
    """Two values give one size two numbers."""

    def __init__(self, name: str, first: tuple[int, str], second: tuple[int, str]) -> None:
        super().__init__(name)
        self.name, self.first, self.second = name, first, second


class Sizes:
    """Known sizes and members of size families, with the place that gave each."""

    def __init__(self) -> None:
        self.values: dict[Size, int] = {}
        self.families: dict[str, dict[int, int]] = {}
        self.origin: dict[object, str] = {}

    def set(self, size: Size, value: int, origin: str) -> None:
        if size.literal is not None:
            if size.literal != value:
                raise SizeConflictError(size.name, (size.literal, "the sheet"), (value, origin))
            return
        known = self.values.get(size)
        if known is not None and known != value:
            raise SizeConflictError(size.name, (known, self.origin[size]), (value, origin))
        self.values[size] = value
        self.origin.setdefault(size, origin)

    def set_member(self, family: str, at: int, value: int, origin: str) -> None:
        members = self.families.setdefault(family, {})
        known = members.get(at)
        if known is not None and known != value:
            raise SizeConflictError(f"{family}[{at}]", (known, self.origin[family, at]), (value, origin))
        members[at] = value
        self.origin.setdefault((family, at), origin)

    def evaluate(self, value: Affine, fixed: Mapping[Index, int] | None = None) -> int | None:
        """The number that an affine expression of sizes stands for, or None while something in it is unknown."""
        total = value.constant
        for atom, coefficient in value.terms:
            part: int | None
            match atom:
                case Size(literal=literal):
                    part = self.values.get(atom, literal)
                case SizeMember(family=family, at=at):
                    place = self.evaluate(at, fixed)
                    part = None if place is None else self.families.get(family, {}).get(place)
                case Index():
                    part = (fixed or {}).get(atom)
                case _:
                    part = None
            if part is None:
                return None
            total += coefficient * part
        return total

    def solve(self, value: Affine, number: int, origin: str, fixed: Mapping[Index, int] | None = None) -> bool:
        """Learn the one unknown of `value = number`; False if there is more than one, or it does not come out whole."""
        unknown = [(a, c) for a, c in value.terms if self.evaluate(Affine.atom(a), fixed) is None]
        if not unknown:
            known = self.evaluate(value, fixed)
            if known == number:
                return True
            atom = value.single
            if isinstance(atom, Size) and atom.literal is None and known is not None:
                raise SizeConflictError(atom.name, (known, self.origin.get(atom, "the sheet")), (number, origin))
            return False
        if len(unknown) > 1:
            return True
        atom, coefficient = unknown[0]
        rest = self.evaluate(value - Affine.atom(atom) * coefficient, fixed)
        if rest is None:
            return True
        quotient, remainder = divmod(number - rest, coefficient)
        if remainder or quotient < 0:
            return False
        if isinstance(atom, Size):
            self.set(atom, quotient, origin)
        elif isinstance(atom, SizeMember):
            place = self.evaluate(atom.at, fixed)
            if place is not None:
                self.set_member(atom.family, place, quotient, origin)
        return True
