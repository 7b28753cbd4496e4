"""The values of a sheet's inputs: shapes checked, sizes inferred, sets checked; what lacks is named."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import numpy as np
from flint import arb

from gradsheet.diagnostics import Diagnostic, Note, SheetError
from gradsheet.evaluation.literals import Nested, from_python, read_literal
from gradsheet.evaluation.named import symbol_depth
from gradsheet.evaluation.sizes import SizeConflictError, Sizes
from gradsheet.expressions import Affine, Index, Symbol
from gradsheet.numerics.certified import Certified, certify
from gradsheet.numerics.jets import Jet
from gradsheet.records import dataclass
from gradsheet.sheet import shape_text
from gradsheet.syntax import canonical_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.diagnostics import Span
    from gradsheet.evaluation.domains import Array, Domain
    from gradsheet.evaluation.named import Values
    from gradsheet.sheet import Sheet


@dataclass(slots=True)
class Entry:
    """One value as it was given: for a whole symbol, or for one member of a family."""

    symbol: Symbol
    members: tuple[int, ...]
    value: Nested
    span: Span | None
    origin: str


@dataclass(slots=True)
class Inputs:
    """Sizes and values; `rows` is the number of data rows where some symbols take a data axis."""

    sizes: Sizes = field(default_factory=Sizes)
    values: dict[Symbol, Any] = field(default_factory=dict)
    data: frozenset[Symbol] = frozenset()
    rows: int = 0
    given: frozenset[Symbol] = frozenset()
    has_floats: bool = False

    def one_row(self) -> Inputs:
        """The first row of the data alone, as one example."""
        values = {s: v[0] if s in self.data else v for s, v in self.values.items()}
        return Inputs(self.sizes, values, frozenset(), 0, self.given, self.has_floats)

    def first_rows(self, count: int) -> Inputs:
        """The first rows of the data, where there are more."""
        if self.rows <= count:
            return self
        values = {s: v[:count] if s in self.data else v for s, v in self.values.items()}
        return Inputs(self.sizes, values, self.data, count, self.given, self.has_floats)

    def arrays(self, domain: Domain, row: int | None = None) -> dict[Symbol, Values]:
        """The values in a domain; with `row`, the symbols that take the data axis give that row."""
        result: dict[Symbol, Values] = {}
        for symbol, held in self.values.items():
            value = held[row if row is not None else 0] if symbol in self.data else held
            if isinstance(value, dict):
                result[symbol] = {k: _convert(v, domain, symbol) for k, v in value.items()}
            else:
                result[symbol] = _convert(value, domain, symbol)
        return result


def _convert(value: Any, domain: Domain, symbol: Symbol) -> Array:
    if not isinstance(value, np.ndarray):
        value = np.asarray(value, dtype=object)
    if symbol.is_integer:
        return np.asarray([int(float(v)) for v in np.asarray(value).reshape(-1)], dtype=np.int64).reshape(
            np.shape(value)
        )
    if domain.name == "float64":
        return np.asarray(value, dtype=np.float64)
    if domain.name == "certified" and isinstance(value, np.ndarray) and value.dtype == object:
        return value
    result = np.empty(np.shape(value), dtype=object)
    for place in np.ndindex(np.shape(value)):
        result[place] = _entry(value[place], domain)
    return result


def _entry(value: Any, domain: Domain) -> Any:
    if isinstance(value, float) and not value.is_integer() and domain.name == "certified":
        return Certified(arb(float(value)))  # as a rational, its 53 bits would grow with every product
    number = certify(value)
    return number if domain.name == "certified" else Jet.constant(number.to_ball(), getattr(domain, "order", 1))


class ValueReader:
    """Collects the values of one sheet from its `given`, a file, and Python."""

    def __init__(self, sheet: Sheet, *, takes_data: bool, cotangents: Sequence[Symbol] = ()) -> None:
        self.sheet = sheet
        self.takes_data = takes_data
        self.inputs = Inputs()
        self.entries: list[Entry] = []
        self.errors: list[Diagnostic] = []
        self.symbols: dict[str, Symbol] = {**sheet.symbols}
        for symbol in cotangents:
            self.symbols[symbol.name] = symbol
        self.aliases = {f"{s.name[0]}{s.name[2:]}bar": s for s in cotangents}

    def error(
        self, code: str, message: str, span: Span | None, suggestion: str | None = None, notes: tuple[Note, ...] = ()
    ) -> None:
        self.errors.append(Diagnostic(code, message, span, self.sheet.source, None, suggestion, notes))

    def read(self, extra: Mapping[str, Any] | None = None, origin: str = "the values passed in") -> Inputs:
        """All values: those passed in win over those in the sheet."""
        extra = dict(extra or {})
        keys = {_key(k): v for k, v in extra.items()}
        for given in self.sheet.given:
            if given.key in keys:
                continue
            try:
                value = read_literal(given.value, self.sheet.source)
                members = tuple(int(float(read_literal(m, self.sheet.source))) for m in given.members)
            except SheetError as problem:
                self.errors.extend(problem.diagnostics)
                continue
            line = self.sheet.source.position(given.syntax.span.start)[0]
            self._take(given.key, members, value, given.value.span, f"line {line}")
        for key, value in keys.items():
            try:
                nested = from_python(value)
            except (TypeError, ValueError, ZeroDivisionError) as problem:
                self.error("GS406", f"the value of '{key}' cannot be read: {problem}", None)
                continue
            self._take(key, (), nested, None, origin)
        self._settle()
        if self.errors:
            raise SheetError(tuple(self.errors))
        return self.inputs

    def _take(self, key: str, members: tuple[int, ...], value: Nested, span: Span | None, origin: str) -> None:
        symbol = self._symbol(key)
        if symbol is not None:
            self.entries.append(Entry(symbol, members, value, span, origin))
            return
        try:
            if key in self.sheet.sizes:
                self.inputs.sizes.set(self.sheet.sizes[key], _whole(value), origin)
            elif key in self.sheet.size_families:
                self._size_family(key, members, value, origin)
            else:
                known = ", ".join(s.name for s in self.sheet.inputs)
                self.error(
                    "GS201",
                    f"a value is given for '{key}', which the sheet does not declare",
                    span,
                    f"it declares {known}",
                )
        except SizeConflictError as problem:
            self._conflict(problem, span)
        except (TypeError, ValueError):
            self.error("GS212", f"'{key}' is a size: a whole number is expected", span)

    def _symbol(self, key: str) -> Symbol | None:
        if key in self.aliases:
            return self.aliases[key]
        found = self.symbols.get(key)
        if found is None:
            found = next((s for s in self.symbols.values() if _key(s.name) == key), None)
        if found is None:
            # Python folds ℓ and its like into plain letters when they are written as keywords.
            alike = [s for s in self.symbols.values() if normalize("NFKC", s.name) == normalize("NFKC", key)]
            found = alike[0] if len(alike) == 1 else None
        return found

    def _size_family(self, key: str, members: tuple[int, ...], value: Nested, origin: str) -> None:
        low, high = self.sheet.size_families[key]
        start = self.inputs.sizes.evaluate(low)
        if members:
            self.inputs.sizes.set_member(key, members[0], _whole(value), origin)
            return
        numbers = [_whole(v) for v in np.asarray(value, dtype=object).reshape(-1)]
        assert start is not None
        if not self.inputs.sizes.solve(high, start + len(numbers) - 1, origin):
            last = self.inputs.sizes.evaluate(high)
            raise SizeConflictError(
                f"the number of {key}", ((last or 0) - start + 1, "the sheet"), (len(numbers), origin)
            )
        for k, number in enumerate(numbers):
            self.inputs.sizes.set_member(key, start + k, number, origin)

    def _conflict(self, problem: SizeConflictError, span: Span | None) -> None:
        (first, where), (second, there) = problem.first, problem.second
        self.error("GS404", f"the size {problem.name} is {first} ({where}) and {second} ({there})", span)

    # ------------------------------------------------------------ shapes

    def _settle(self) -> None:
        """Learn sizes from shapes until nothing new comes, then fill and check."""
        for _ in range(3):
            for entry in self.entries:
                if isinstance(entry.value, (np.ndarray, list)):
                    try:
                        self._learn(entry)
                    except SizeConflictError as problem:
                        if not self.errors:
                            self._conflict(problem, entry.span)
            if self.errors:
                return
        data: set[Symbol] = set()
        rows: dict[int, str] = {}
        for entry in self.entries:
            try:
                count = self._place(entry)
            except SizeConflictError as problem:
                self._conflict(problem, entry.span)
                continue
            if count is not None:
                data.add(entry.symbol)
                rows[count] = entry.symbol.name
        if len(rows) > 1:
            text = ", ".join(f"{name} has {n}" for n, name in rows.items())
            self.error("GS404", f"the data have different numbers of rows: {text}", None)
        self.inputs.data = frozenset(data)
        self.inputs.rows = next(iter(rows), 0)
        self.inputs.given = frozenset(e.symbol for e in self.entries)

    def _learn(self, entry: Entry) -> None:
        axes = entry.symbol.axes
        fixed = dict(zip(axes, entry.members, strict=False))
        rest = axes[len(entry.members) :]
        shape = self._fitting(entry, rest)
        if shape is None:
            return
        for axis, length in zip(rest, shape, strict=True):
            if length is None:
                continue
            extent = axis.high - axis.low + 1
            if not self.inputs.sizes.solve(extent, length, f"{entry.symbol.name}, {entry.origin}", fixed):
                self._wrong_shape(entry, rest)
                return

    def _fitting(self, entry: Entry, rest: Sequence[Index]) -> tuple[int | None, ...] | None:
        """The lengths of the axes of one example, in the sheet's rank."""
        value = entry.value
        shape: tuple[int | None, ...]
        if isinstance(value, list):
            return self._ragged(entry, rest)
        shape = value.shape
        if len(shape) == len(rest) + 1 and self.takes_data and entry.symbol not in self.sheet.parameters:
            return tuple(shape[1:])
        if len(shape) == 1 and len(rest) == 2:
            if self._fixed_one(rest[1]):
                return (*shape, 1)
            if self._fixed_one(rest[0]):
                return (1, *shape)
        if len(shape) == 2 and len(rest) == 1 and 1 in shape:
            return (max(shape),)  # type: ignore[type-var]
        if len(shape) != len(rest):
            if len(shape):
                self._wrong_shape(entry, rest)
            return None
        return shape

    def _ragged(self, entry: Entry, rest: Sequence[Index]) -> tuple[int | None, ...] | None:
        """Members of different shapes: the first axis counts them, and each tells its own sizes."""
        if not rest or not symbol_depth(entry.symbol) or entry.members:
            self.error("GS402", f"the rows of the value of '{entry.symbol.name}' have different lengths", entry.span)
            return None
        low = self.inputs.sizes.evaluate(rest[0].low)
        if low is None:
            return None
        self.inputs.sizes.solve(rest[0].high, low + len(entry.value) - 1, f"{entry.symbol.name}, {entry.origin}")
        for k, member in enumerate(entry.value):
            if isinstance(member, np.ndarray) and member.ndim == len(rest) - 1:
                self._learn(Entry(entry.symbol, (low + k,), member, entry.span, entry.origin))
        return None

    def _fixed_one(self, axis: Index) -> bool:
        return self.inputs.sizes.evaluate(axis.high - axis.low) == 0

    def _wrong_shape(self, entry: Entry, rest: Sequence[Index]) -> None:
        if any(e.span == entry.span and e.code == "GS402" for e in self.errors):
            return
        shape = (
            "×".join(map(str, np.shape(entry.value)))
            if isinstance(entry.value, np.ndarray)
            else f"{len(entry.value)} members"
        )
        shape_wanted = f"({shape_text(rest)})" if len(rest) > 1 else shape_text(rest)
        wanted = f"in ℝ^{shape_wanted}" if rest else "a scalar"
        self.error("GS402", f"'{entry.symbol.name}' is {wanted}, the value has shape {shape or 'scalar'}", entry.span)

    def extents(self, rest: Sequence[Index], fixed: dict[Index, int]) -> tuple[int, ...] | None:
        result = []
        for axis in rest:
            low, high = self.inputs.sizes.evaluate(axis.low, fixed), self.inputs.sizes.evaluate(axis.high, fixed)
            if low is None or high is None:
                unknown = axis.high if high is None else axis.low
                self.error("GS401", f"the size {unknown} is not known from the values", None, f"give it: {unknown} = …")
                return None
            result.append(max(0, high - low + 1))
        return tuple(result)

    def _place(self, entry: Entry) -> int | None:
        """Put one value where it belongs; returns the number of rows if it carries the data axis."""
        symbol, value = entry.symbol, entry.value
        depth = symbol_depth(symbol)
        if isinstance(value, np.ndarray) and value.dtype == np.float64:
            self.inputs.has_floats = True
        if depth or isinstance(value, list):
            self._place_members(entry, depth)
            return None
        fixed = dict(zip(symbol.axes, entry.members, strict=False))
        shape = self.extents(symbol.axes[len(entry.members) :], fixed)
        if shape is None:
            return None
        rows = None
        if not isinstance(value, np.ndarray):
            filled = np.empty(shape, dtype=object)
            filled.fill(value)
            value = filled
        elif value.ndim == len(shape) + 1 and self.takes_data and symbol not in self.sheet.parameters:
            if value.shape[1:] != shape:
                self._wrong_shape(entry, symbol.axes)
                return None
            rows = value.shape[0]
        elif value.size == int(np.prod(shape)) and {*value.shape} - {1} == {*shape} - {1}:
            value = value.reshape(shape)
        if value.shape != shape and rows is None:
            self._wrong_shape(entry, symbol.axes[len(entry.members) :])
            return None
        self._check_set(entry, value)
        if entry.members:
            whole = self.inputs.values.get(symbol)
            full = self.extents(symbol.axes, {})
            if full is None:
                return None
            if whole is None:
                whole = np.full(full, None, dtype=object)
                self.inputs.values[symbol] = whole
            place = tuple(
                m - (self.inputs.sizes.evaluate(a.low) or 0) for m, a in zip(entry.members, symbol.axes, strict=False)
            )
            whole[place] = value if value.ndim else value[()]
        else:
            self.inputs.values[symbol] = value
        return rows

    def _place_members(self, entry: Entry, depth: int) -> None:
        symbol = entry.symbol
        low, high = self.inputs.sizes.evaluate(symbol.axes[0].low), self.inputs.sizes.evaluate(symbol.axes[0].high)
        if depth != 1 or low is None or high is None:
            self.error("GS401", f"how many members '{symbol.name}' has is not known", entry.span, "give the sizes")
            return
        members = self.inputs.values.setdefault(symbol, {})
        wanted = entry.members or tuple(range(low, high + 1))
        if (
            not entry.members
            and not np.isscalar(entry.value)
            and isinstance(entry.value, (list, np.ndarray))
            and len(entry.value) != len(wanted)
        ):
            self._wrong_shape(entry, symbol.axes)
            return
        for k, member in enumerate(wanted):
            if not low <= member <= high:
                self.error("GS206", f"'{symbol.name}' has members {low}..{high}", entry.span)
                return
            shape = self.extents(symbol.axes[1:], {symbol.axes[0]: member})
            if shape is None:
                return
            value = entry.value
            if isinstance(value, (list, np.ndarray)) and not entry.members:
                value = value[k]
            if not isinstance(value, np.ndarray):
                filled = np.empty(shape, dtype=object)
                filled.fill(value)
                value = filled
            if value.shape != shape:
                self._wrong_shape(Entry(symbol, (member,), value, entry.span, entry.origin), symbol.axes[1:])
                return
            members[(member,)] = value

    # ------------------------------------------------------------ sets

    def _check_set(self, entry: Entry, value: Array) -> None:
        symbol, domain = entry.symbol, entry.symbol.domain
        numbers = np.asarray([float(v) for v in value.reshape(-1)]).reshape(value.shape)
        if not np.all(np.isfinite(numbers)):
            self.error("GS403", f"'{symbol.name}' has an entry that is no finite number", entry.span)
            return
        bad: str | None = None
        match domain.kind:
            case "finite":
                allowed = [float(v) for v in domain.values]
                if not np.all(np.isin(numbers, allowed)):
                    bad = "{" + ", ".join(str(v) for v in domain.values) + "}"
            case "onehot":
                if not (np.all(np.isin(numbers, [0, 1])) and np.all(numbers.sum(axis=-1) == 1)):
                    bad = "one-hot rows: a single 1, else 0"
            case "simplex":
                if np.any(numbers < 0) or np.any(np.abs(numbers.sum(axis=-1) - 1) > 1e-9):
                    bad = "the simplex: entries ≥ 0 that sum to 1"
            case "index":
                assert domain.bounds is not None
                low, high = (self.inputs.sizes.evaluate(b) for b in domain.bounds)
                if (
                    np.any(numbers != np.floor(numbers))
                    or (low is not None and np.any(numbers < low))
                    or (high is not None and np.any(numbers > high))
                ):
                    bad = f"the whole numbers {domain.bounds[0]}..{domain.bounds[1]}"
            case _:
                low_ok = domain.low is None or np.all(
                    numbers > float(domain.low) if domain.low_open else numbers >= float(domain.low)
                )
                high_ok = domain.high is None or np.all(
                    numbers < float(domain.high) if domain.high_open else numbers <= float(domain.high)
                )
                if not (low_ok and high_ok):
                    left = "(" if domain.low_open or domain.low is None else "["
                    right = ")" if domain.high_open or domain.high is None else "]"
                    low_text = "−∞" if domain.low is None else str(domain.low)
                    high_text = "∞" if domain.high is None else str(domain.high)
                    bad = f"the interval {left}{low_text}, {high_text}{right}"
        if bad is None and symbol.symmetric and value.ndim == 2 and not np.array_equal(numbers, numbers.T):
            bad = "the symmetric matrices"
        if bad is not None:
            self.error("GS403", f"the value of '{symbol.name}' is outside its set, {bad}", entry.span)


def _key(name: str) -> str:
    return canonical_key(name)


def _whole(value: Any) -> int:
    number = float(value)
    if number != int(number) or number < 0:
        raise ValueError
    return int(number)


__all__ = ["Affine", "Inputs", "ValueReader"]
