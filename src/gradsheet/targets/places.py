"""Components as parts of arrays: x[:, 1:], strides, windows x[t + s], labels V[:, c]; zeros beyond the ends."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.expressions import Access, Affine, Index, Size, affine_indices, at_least_zero
from gradsheet.records import dataclass
from gradsheet.targets.pieces import Level, Piece, ordered, united

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.diagnostics import Source
    from gradsheet.expressions import Symbol
    from gradsheet.targets.dialect import Dialect
    from gradsheet.targets.identifiers import Identifiers

Outside = Literal["never", "zero", "clip"]
"""What a component is whose place may lie outside: proved not to happen, 0, or that of the nearest place."""


@dataclass
class Places:
    """The state of one function that is printed, and how it reads components."""

    dialect: Dialect
    names: Identifiers
    source: Source
    lines: list[str] = field(default_factory=list)
    order: list[Index] = field(default_factory=list)
    """The indices that are axes of arrays here, in the order in which arrays have them."""
    loops: dict[Index, str] = field(default_factory=dict)
    """Indices of loops of the target, with the expression that has their value."""
    traced: set[Index] = field(default_factory=set)
    """Those of them whose value is no number of Python: the steps of a loop that JAX compiles."""
    sizes: dict[Size, str] = field(default_factory=dict)
    numbers: set[Symbol] = field(default_factory=set)
    """Symbols that hold a number of Python."""
    inverses: dict[Symbol, Access] = field(default_factory=dict)
    """Inverses that are never made, since they only multiply: what they are the inverse of."""
    used: set[str] = field(default_factory=set)
    """What the function needs from around it: helpers, `dtype`, sizes."""
    shared: dict[str, str] = field(default_factory=dict)
    """Arrays made on the way by the expression that made them, while that is up to date."""

    # ------------------------------------------------------------ whole numbers

    def affine(self, value: Affine) -> str:
        """A whole number of Python; its indices are indices of loops."""
        return self.whole(value).text

    def whole(self, value: Affine) -> Piece:
        """A whole number; an array of them where indices of arrays or arrays of places occur in it."""
        parts: list[tuple[int, Piece]] = []
        for atom, coefficient in sorted(value.terms, key=lambda t: t[1] < 0):
            parts.append((coefficient, self._atom(atom)))
        axes = united([p for _, p in parts], self.order)
        text = ""
        for coefficient, part in parts:
            own = self.aligned(part, axes)
            factor = own.text if abs(coefficient) == 1 else f"{abs(coefficient)} * {own.at(Level.PRODUCT)}"
            sign = "-" if coefficient < 0 else "+"
            text = f"{text} {sign} {factor}" if text else f"-{factor}" if sign == "-" else factor
        if value.constant or not text:
            sign = "-" if value.constant < 0 else "+"
            text = f"{text} {sign} {abs(value.constant)}" if text else str(value.constant)
        single = len(parts) == 1 and not value.constant and parts[0][0] == 1
        level = Level.ATOM if single or (not parts and value.constant >= 0) else Level.SUM
        arrays = any(p.kind == "whole" for _, p in parts)
        return Piece(text, level, axes, "whole" if arrays else "number")

    def _atom(self, atom: object) -> Piece:
        match atom:
            case Index() if atom in self.loops:
                text = self.loops[atom]
                return Piece(text, kind="whole" if atom in self.traced else "number")
            case Index():
                stop = self.affine(self.widest(atom)[1] + 1)
                low = self.affine(self.widest(atom)[0])
                text = self.dialect.whole(low, stop)
                self.used |= {"device"} if "device" in text else set()
                return Piece(text, Level.ATOM, (atom,), "whole")
            case Size():
                return Piece(self.sizes[atom], kind="number")
            case Access():
                return self.access(atom, "clip")
            case _:
                raise AssertionError(atom)

    def widest(self, index: Index) -> tuple[Affine, Affine]:
        """The range of an index as an axis: the widest that ranges which depend on other axes can be."""
        return self._extreme(index.low, -1), self._extreme(index.high, 1)

    def _extreme(self, value: Affine, sign: int) -> Affine:
        """The least (−1) or the greatest (+1) value of an expression of indices of arrays."""
        for _ in range(16):
            atom = next((a for a, _ in value.terms if isinstance(a, Index) and a not in self.loops), None)
            if atom is None:
                return value
            coefficient = value.coefficient(atom)
            end = atom.high if coefficient * sign > 0 else atom.low
            value = value - Affine.atom(atom) * coefficient + end * coefficient
        raise AssertionError(value)

    def is_even(self, index: Index) -> bool:
        """Whether the range of an index is the same for all values of the others."""
        return self.widest(index) == index.range

    def extent(self, index: Index) -> str:
        """How many values an index takes, as an axis."""
        low, high = self.widest(index)
        return self.affine(high - low + 1)

    def shape(self, axes: Iterable[Index]) -> str:
        """A shape as a tuple."""
        parts = [self.extent(a) for a in axes]
        return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"

    # ------------------------------------------------------------ alignment

    def aligned(self, piece: Piece, axes: Sequence[Index], *, whole: bool = False) -> Piece:
        """The array with its axes in the order of these, and an axis of length one for each that it lacks.

        Missing axes in front are left out, as broadcasting puts them there; with `whole` they are not.
        """
        piece = self.sorted(piece, axes)
        if not piece.axes:
            return piece
        missing = [a for a in axes if a not in piece.axes]
        first = 0 if whole else axes.index(piece.axes[0])
        rest = axes[first:]
        if not any(a in missing for a in rest):
            return piece
        place = ", ".join("None" if a in missing else ":" for a in rest)
        while place.endswith(", :"):
            place = place.removesuffix(", :")
        return Piece(f"{piece.at(Level.ATOM)}[{place}]", Level.ATOM, piece.axes, piece.kind)

    def sorted(self, piece: Piece, axes: Sequence[Index]) -> Piece:
        """The array with the axes that it has in the order of these."""
        wanted = tuple(a for a in axes if a in piece.axes)
        if wanted == piece.axes:
            return piece
        order = [piece.axes.index(a) for a in wanted]
        return Piece(self.dialect.permuted(piece.at(Level.ATOM), order), Level.ATOM, wanted, piece.kind)

    # ------------------------------------------------------------ components

    def access(self, node: Access, outside: Outside = "never") -> Piece:
        """A component over the indices in its places: the array, sliced; axes as the array has them."""
        symbol = node.symbol
        if symbol in self.inverses:
            row, column = (p.single for p in node.at)
            assert isinstance(row, Index)
            assert isinstance(column, Index)
            matrix = self.names.of[self.inverses[symbol].symbol]
            text = self.dialect.functions["inverse"].replace("{np}", self.dialect.prefix).format(matrix)
            return Piece(text, Level.ATOM, (row, column), "array", Piece(matrix, axes=(column, row)))
        kind: Any = "whole" if symbol.is_integer else "number" if symbol in self.numbers else "array"
        base = Piece(self.names.of[symbol], kind=kind)
        return self.component(base, symbol.axes, node.at, outside)

    def component(self, base: Piece, axes: Sequence[Index], at: Sequence[Affine], outside: Outside) -> Piece:
        """The part of an array at some places."""
        if not at:
            return base
        inner = [self._array_indices(p) for p in at]
        met = [i for found in inner for i in found]
        plain = all(
            not _has_arrays(p) and len(found) <= 2 and all(met.count(i) == 1 for i in found)
            for p, found in zip(at, inner, strict=True)
        )
        if plain and outside == "clip":
            plain = all(not found or self.is_inside(p, a) for p, a, found in zip(at, axes, inner, strict=True))
        if plain:
            return self._sliced(base, axes, at, outside)
        return self._gathered(base, axes, at, outside)

    def _array_indices(self, place: Affine) -> list[Index]:
        return ordered((i for i in affine_indices(place) if i not in self.loops), self.order)  # type: ignore[return-value]

    @staticmethod
    def is_inside(place: Affine, axis: Index) -> bool:
        """Whether a place is certainly one of the axis."""
        return at_least_zero(place - axis.low) and at_least_zero(axis.high - place)

    def _sliced(self, base: Piece, axes: Sequence[Index], at: Sequence[Affine], outside: Outside) -> Piece:
        """Slices, single places, and windows where two indices are added up in one place."""
        text = base.text
        starts: list[Affine | str] = [Affine() for _ in at]
        if outside == "zero":
            text, starts = self._padded(base, axes, at)
        items: list[str] = []
        flips: list[int] = []
        kept: list[Index] = []
        windows: list[tuple[int, Index, Index]] = []
        for axis, place, start in zip(axes, at, starts, strict=True):
            found = list(self._array_indices(place))
            if not found:
                items.append(self.affine(place))
                continue
            if len(found) == 2:
                first, second = sorted(found, key=lambda i: place.coefficient(i) < 0)
                windows.append((len(kept), first, second))
                items.append(self._window_slice(place, first, second, axis, start))
                kept.append(first)
                continue
            index = found[0]
            items.append(self._slice(place, index, axis, start))
            if place.coefficient(index) < 0:
                flips.append(len(kept))
            kept.append(index)
        text = _subscripted(text, items)
        for axis_number in flips:
            text = self.dialect.flipped(text, axis_number)
        axes_now = list(kept)
        for position, first, second in windows:
            text, axes_now = self._windowed(text, axes_now, position, (first, second), at)
        return Piece(text, Level.ATOM, tuple(axes_now), base.kind)

    def _padded(
        self, base: Piece, axes: Sequence[Index], at: Sequence[Affine]
    ) -> tuple[str, list[Affine | str]]:
        """The array with zeros where places may lie outside, and where the first place of each axis is then."""
        widths: list[tuple[str, str]] = []
        starts: list[Affine | str] = []
        for axis, place in zip(axes, at, strict=True):
            if not self._array_indices(place) or self.is_inside(place, axis):
                widths.append(("0", "0"))
                starts.append(Affine())
                continue
            least, most = self._extreme(place, -1), self._extreme(place, 1)
            low, start = self._beyond(-least, least)
            high, _ = self._beyond(most - axis.high, Affine())
            widths.append((low, high))
            starts.append(start)
        if all(w == ("0", "0") for w in widths):
            return base.text, starts
        text = self.dialect.padded(base.text, widths)
        known = self.shared.get(text)
        if known is None:
            known = self.shared[text] = self.names.fresh(f"{base.text}_padded")
            self.lines.append(f"{known} = {text}")
        return known, starts

    def _beyond(self, lack: Affine, start: Affine) -> tuple[str, Affine | str]:
        """How many zeros are put in front where `lack` are missing, and where the first place is then."""
        if at_least_zero(lack):
            return self.affine(lack), "0"
        if at_least_zero(-lack):
            return "0", Affine()
        return f"max(0, {self.affine(lack)})", f"max(0, {self.affine(start)})"

    def _slice(self, place: Affine, index: Index, axis: Index, start: Affine | str) -> str:
        coefficient = place.coefficient(index)
        ends = [place - Affine.atom(index) * coefficient + e * coefficient for e in self.widest(index)]
        low, high = ends if coefficient > 0 else ends[::-1]
        if isinstance(start, str) and abs(coefficient) == 1 and self._spans(place, axis):
            return ":"
        if isinstance(start, str):  # padded: the first place has moved
            low, high, text = Affine(), high - low, start
            stop = self.affine(high + 1) if text == "0" else f"{text} + {self.affine(high + 1)}"
            return _range(text, stop, abs(coefficient))
        if low == axis.low and high == axis.high and abs(coefficient) == 1:
            return ":"
        text = "" if low == Affine() else self.affine(low)
        stop = "" if high == axis.high else self.affine(high + 1)
        return _range(text or "0", stop, abs(coefficient))

    def _window_slice(self, place: Affine, first: Index, second: Index, axis: Index, start: Affine | str) -> str:
        """What the windows along an axis start and end with."""
        del first, second
        low, high = self._extreme(place, -1), self._extreme(place, 1)
        if isinstance(start, str) and self._spans(place, axis):
            return ":"
        if isinstance(start, str):
            stop = self.affine(high - low + 1) if start == "0" else f"{start} + {self.affine(high - low + 1)}"
            return _range(start, stop, 1)
        if low == axis.low and high == axis.high:
            return ":"
        return _range(self.affine(low), "" if high == axis.high else self.affine(high + 1), 1)

    def _spans(self, place: Affine, axis: Index) -> bool:
        """Whether places run over all of the axis, so that with zeros around it they run over all there is."""
        return at_least_zero(-self._extreme(place, -1)) and at_least_zero(self._extreme(place, 1) - axis.high)

    def _windowed(
        self, text: str, axes: list[Index], position: int, pair: tuple[Index, Index], at: Sequence[Affine]
    ) -> tuple[str, list[Index]]:
        """x[a t + b s] from every run along the axis: one axis for t, one, at the end, for s."""
        first, second = pair
        place = next(p for p in at if first in affine_indices(p) and second in affine_indices(p))
        a, b = place.coefficient(first), place.coefficient(second)
        low, high = self.widest(second)
        length = (high - low) * abs(b) + 1
        made = self.dialect.windows(text, position, self.affine(length))
        self.used.add("windows")
        items = [":"] * len(axes) + [":"]
        if abs(a) != 1:
            items[position] = f"::{abs(a)}"
        if abs(b) != 1:
            items[-1] = f"::{abs(b)}"
        made = _subscripted(made, items)
        axes = [*axes[:position], first, *axes[position + 1 :], second]
        if a < 0:
            made = self.dialect.flipped(made, position)
        if b < 0:
            made = self.dialect.flipped(made, len(axes) - 1)
        return made, axes

    # ------------------------------------------------------------ places in arrays of whole numbers

    def _gathered(self, base: Piece, axes: Sequence[Index], at: Sequence[Affine], outside: Outside) -> Piece:
        """x[places]: entries where arrays of whole numbers say."""
        text, moved = base.text, list(at)
        if outside == "zero":
            padded, starts = self._padded_by(base, axes, at)
            text, moved = padded, [p + s for p, s in zip(at, starts, strict=True)]
        fancy = [
            bool(self._array_indices(p)) and not self._is_slice(p, a, at, outside)
            for p, a in zip(at, axes, strict=True)
        ]
        if sum(fancy) > 1:
            fancy = [bool(self._array_indices(p)) or f for p, f in zip(at, fancy, strict=True)]
        pieces = [self.whole(p) for p in moved]
        together = united([p for p, f in zip(pieces, fancy, strict=True) if f], self.order)
        items: list[str] = []
        kept: list[Index] = []
        placed = False
        for axis, place, piece, is_fancy in zip(axes, at, pieces, fancy, strict=True):
            if not is_fancy:
                found = list(self._array_indices(place))
                items.append(self._slice(place, found[0], axis, Affine()) if found else piece.text)
                kept.extend(found)
                continue
            own = self.aligned(piece, together)
            item = own.text
            if outside == "clip" and not self.is_inside(place, axis):
                item = self.dialect.clipped(item, self.affine(axis.high))
            items.append(item)
            if not placed:
                kept.extend(together)
                placed = True
        return Piece(_subscripted(text, items), Level.ATOM, tuple(kept), base.kind)

    def _is_slice(self, place: Affine, axis: Index, at: Sequence[Affine], outside: Outside) -> bool:
        """Whether one index, met in no other place, runs up along the axis and never leaves it."""
        found = self._array_indices(place)
        if len(found) != 1 or _has_arrays(place) or place.coefficient(found[0]) < 0:
            return False
        if outside != "never" and not self.is_inside(place, axis):
            return False
        return sum(found[0] in affine_indices(p) for p in at) == 1

    def _padded_by(
        self, base: Piece, axes: Sequence[Index], at: Sequence[Affine]
    ) -> tuple[str, list[Affine]]:
        """As `_padded`, for places that are arrays: how far each axis was moved has to be a whole number."""
        starts: list[Affine] = []
        widths: list[tuple[str, str]] = []
        for axis, place in zip(axes, at, strict=True):
            if not self._array_indices(place) or self.is_inside(place, axis) or _has_arrays(place):
                starts.append(Affine())
                widths.append(("0", "0"))
                continue
            low = -self._extreme(place, -1)
            low = low if not at_least_zero(-low) else Affine()
            if not at_least_zero(low):
                raise self.lacks("reads an array beyond its ends by an amount that depends on open sizes")
            high, _ = self._beyond(self._extreme(place, 1) - axis.high, Affine())
            starts.append(low)
            widths.append((self.affine(low), high))
        if all(w == ("0", "0") for w in widths):
            return base.text, starts
        text = self.dialect.padded(base.text, widths)
        known = self.shared.get(text)
        if known is None:
            known = self.shared[text] = self.names.fresh(f"{base.text}_padded")
            self.lines.append(f"{known} = {text}")
        return known, starts

    def lacks(self, what: str) -> SheetError:
        """What cannot be said in this target."""
        message = f"the {self.dialect.name} target lacks this: the program {what}"
        return SheetError((Diagnostic("GS803", message, None, self.source),))


def _has_arrays(place: Affine) -> bool:
    return any(isinstance(a, Access) for a in place.atoms())


def _range(low: str, stop: str, step: int) -> str:
    text = f"{'' if low == '0' else low}:{stop}"
    return text if step == 1 else f"{text}:{step}"


def _subscripted(text: str, items: Sequence[str]) -> str:
    kept = list(items)
    while kept and kept[-1] == ":":
        kept.pop()
    return f"{text}[{', '.join(kept)}]" if kept else text


__all__ = ["Outside", "Places"]
