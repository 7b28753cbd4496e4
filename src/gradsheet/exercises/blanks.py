"""A sheet without values, completed: small sizes, and a style for every input from its set and its part in the sheet.

The completed sheet is the author's text with a `given` block; its numbers are placeholders of the right shapes, which
every variant replaces.
"""

from __future__ import annotations

from dataclasses import field, replace
from fractions import Fraction
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.evaluation import Sizes
from gradsheet.evaluation.named import symbol_depth
from gradsheet.exercises.numerals import numeral
from gradsheet.exercises.places import bracketed
from gradsheet.exercises.styles import Choice, Grid, Modes, OneHot, Simplex, Style, Whole, inside
from gradsheet.expressions import ArrayCall, Call, Configurations, Index, Symbol, walk
from gradsheet.records import dataclass
from gradsheet.solution.solve import rate_symbols
from gradsheet.verification.sampling import sizes_and_ranges
from gradsheet.verification.verify import data_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.derivation import Derivation
    from gradsheet.evaluation import Inputs
    from gradsheet.exercises.styles import Shape
    from gradsheet.expressions import Affine, ValueSet

ROWS = 2
"""Rows of data, where the objective is a mean or a sum over them."""
_MOST_ENTRIES = 10_000
_ONE, _HALF, _TENTH = Fraction(1), Fraction(1, 2), Fraction(1, 10)
CUSTOMS: dict[str, tuple[Fraction, ...]] = {
    **dict.fromkeys("ηαλ", tuple(Fraction(k, 10) for k in (1, 2, 5))),
    **dict.fromkeys("βγρ", tuple(Fraction(k, 10) for k in (5, 8, 9))),
    **dict.fromkeys("κτδν", (Fraction(1, 2), Fraction(1), Fraction(2))),
    "ε": (Fraction(1, 100), Fraction(1, 10)),
}
"""What settings are usually given, by their letters: rates and penalties, decays, scales, a small constant."""
_ALGEBRAIC = frozenset({"relu", "abs", "max", "min", "square", "sign", "step", "leaky_relu", "hard_tanh"})


@dataclass(slots=True)
class Completed:
    """The text of a sheet with a `given` block, and the styles of what stands in it by name."""

    text: str
    styles: dict[str, Style] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    """The sizes that were chosen here."""


def completed(
    derivation: Derivation, inputs: Inputs, missing: Sequence[Symbol], asked: Mapping[str, int]
) -> Completed:
    """Values for what has none: a line of `given` for each size that is open, and for each input."""
    sheet = derivation.sheet
    sizes, chosen = small_sizes(derivation, inputs.sizes, asked)
    free = data_rows(derivation, derivation.targets[0]) if derivation.targets else {}
    rows = {s: inputs.rows or asked.get("rows", ROWS) for s in free if not _is_setting(s)}
    result = Completed("", {}, chosen)
    smooth, inverted = _is_transcendental(derivation), _is_inverted(derivation)
    lines = _size_lines(chosen, sizes, inputs.sizes)
    rates = rate_symbols(sheet) if sheet.rate is not None else set()
    entries = 0
    rng = Random(0)  # placeholders: they are replaced before anybody sees them
    for symbol in missing:
        bounds = _bounds(symbol, sizes)
        parameter = symbol in sheet.parameters
        if symbol in rates:
            style: Style = Choice(CUSTOMS["η"])
        else:
            style = blank_style(symbol, bounds, parameter=parameter, smooth=smooth, inverted=inverted)
        for name, shape in _members(symbol, sizes, rows.get(symbol)):
            result.styles[name] = style
            entries += len(numbers := style.draw(rng, shape))
            lines.append(f"  {name} = {bracketed([numeral(n) for n in numbers], shape)}")
    if entries > _MOST_ENTRIES:
        message = f"the sheet takes {entries:,} values: too many for an exercise"
        raise SheetError((Diagnostic("GS603", message, None, sheet.source, None, "smaller sizes, as in --sizes n=2"),))
    text = sheet.source.text
    result.text = text + ("" if text.endswith("\n") else "\n") + "\ngiven\n" + "\n".join(lines) + "\n"
    return result


def blank_style(
    symbol: Symbol, bounds: tuple[int, int] | None, *, parameter: bool, smooth: bool, inverted: bool
) -> Style:  # fmt: skip
    """What an input without a value looks like.

    Small whole numbers where everything stays rational; tenths for weights under tanh, σ or exp; for the Greek letters
    of settings what is usual for them; matrices that are inverted get a heavy diagonal.
    """
    domain = symbol.domain
    match domain.kind:
        case "finite":
            return Choice(domain.values)
        case "onehot":
            return OneHot()
        case "simplex":
            return Simplex(10)
        case "index":
            return Whole(*(bounds or (1, 1)))
    if not parameter and _is_setting(symbol):
        usual = tuple(v for v in CUSTOMS.get(symbol.name[0], CUSTOMS["κ"]) if inside(v, domain))
        if usual:
            return Choice(usual)
    if domain.low is not None or domain.high is not None:
        return _within(domain, symbol)
    square = len(symbol.axes) == 2 and _alike(symbol.axes[0], symbol.axes[1])
    if square and inverted:
        return Grid((_ONE,), _ONE, _ONE, 0.4, zero=0.4, symmetric=symbol.symmetric, diagonal=3)
    if parameter and smooth:
        signed = Grid((_TENTH,), _TENTH, Fraction(4, 5), 0.4)
    elif not symbol.axes and not parameter:
        signed = Grid((_ONE,), _ONE, Fraction(3), 0.2)
    else:
        most = Fraction(2 if smooth or len(symbol.axes) > 1 else 3)
        signed = Grid((_ONE,), _ONE, most, 0.35, zero=0.1 if symbol.axes else 0.0)
    signed = replace(signed, symmetric=symbol.symmetric, distinct=2, dead=False)
    positive = replace(signed, negative=0.0, zero=0.0)
    small = replace(signed, steps=(min(_HALF, *signed.steps),), low=signed.low / 2, high=signed.high / 2)
    return Modes((signed, positive, small))


def _is_setting(symbol: Symbol) -> bool:
    """A number with the name of a setting: λ, η, ε, β₁."""
    return not symbol.axes and not symbol.leading and symbol.domain.kind == "real" and symbol.name[0] in CUSTOMS


def _within(domain: ValueSet, symbol: Symbol) -> Style:
    """Tenths of a bounded interval; halves and whole numbers of a half-line."""
    if domain.low is not None and domain.high is not None:
        step = (domain.high - domain.low) / 10
        most = max(abs(domain.low), abs(domain.high))
        return Grid((step,), step, most, 0.5 if domain.low < 0 else 0.0, within=domain)
    negative = 1.0 if domain.high is not None and domain.high <= 0 else 0.0
    return Grid((_HALF,), _HALF, Fraction(2 if symbol.axes else 3), negative, within=domain)


def _alike(first: Index, second: Index) -> bool:
    return first.high == second.high and first.low == second.low


def _is_transcendental(derivation: Derivation) -> bool:
    return any(
        isinstance(n, ArrayCall) or (isinstance(n, Call) and n.function not in _ALGEBRAIC)
        for e in derivation.partition.equations
        for n in walk(derivation.graph.body(e))
    )


def _is_inverted(derivation: Derivation) -> bool:
    inverse = {"inverse", "logdet"}
    return any(
        isinstance(n, ArrayCall) and n.operation in inverse
        for e in derivation.graph.equations
        for n in walk(derivation.graph.body(e))
    )


def _has_configurations(derivation: Derivation) -> bool:
    return any(isinstance(n, Configurations) for e in derivation.sheet.equations for n in walk(e.body))


def _bounds(symbol: Symbol, sizes: Sizes) -> tuple[int, int] | None:
    if symbol.domain.bounds is None:
        return None
    low, high = (sizes.evaluate(b) for b in symbol.domain.bounds)
    return None if low is None or high is None else (low, high)


# ---------------------------------------------------------------- shapes


def _members(symbol: Symbol, sizes: Sizes, rows: int | None) -> Iterable[tuple[str, Shape]]:
    """What is given for a symbol: itself, or each member of a family whose shapes differ."""
    depth = symbol_depth(symbol)
    if not depth:
        shape = _shape(symbol.axes, sizes, {})
        yield symbol.name, ((rows, *shape) if rows else shape)
        return
    low, high = _ends(symbol.axes[0], sizes, {})
    for member in range(low, high + 1):
        yield f"{symbol.name}[{member}]", _shape(symbol.axes[1:], sizes, {symbol.axes[0]: member})


def _shape(axes: Sequence[Index], sizes: Sizes, fixed: dict[Index, int]) -> Shape:
    ends = [_ends(axis, sizes, fixed) for axis in axes]
    return tuple(high - low + 1 for low, high in ends)


def _ends(axis: Index, sizes: Sizes, fixed: dict[Index, int]) -> tuple[int, int]:
    low, high = sizes.evaluate(axis.low, fixed), sizes.evaluate(axis.high, fixed)
    assert low is not None
    assert high is not None
    return low, high


# ---------------------------------------------------------------- sizes


def small_sizes(derivation: Derivation, known: Sizes, asked: Mapping[str, int]) -> tuple[Sizes, dict[str, int]]:
    """Sizes such that every axis has entries, as small as can be: 3 for the first, 2 for the others where that fits.

    Where matrices are inverted, or sums run over all states, no size is 3 without need. Returns all sizes, and by name
    those that were open.
    """
    sheet = derivation.sheet
    found, families, ranges = sizes_and_ranges(derivation)
    open_sizes = [s for s in found if s.literal is None and s not in known.values]
    names = {s.name: s for s in open_sizes}
    unknown = [n for n in asked if n not in names and n not in families and n != "rows"]
    if unknown:
        message = f"'{unknown[0]}' is no size of the sheet that is open"
        hint = ", ".join(f"{n}=2" for n in names) or None
        raise SheetError((Diagnostic("GS601", message, None, sheet.source, None, hint and f"--sizes {hint}"),))
    three = 0 if not (_is_inverted(derivation) or _has_configurations(derivation)) else -1
    wishes = [[asked[s.name]] if s.name in asked else _taste(first=k == three) for k, s in enumerate(open_sizes)]
    for combination in sorted(_few(wishes), key=lambda c: sum(w.index(v) for w, v in zip(wishes, c, strict=True))):
        sizes = _copy(known)
        sizes.values.update(zip(open_sizes, combination, strict=True))
        if _settle(sizes, families) and all(_filled(sizes, low, high) for low, high in ranges):
            chosen = {s.name: v for s, v in zip(open_sizes, combination, strict=True)}
            return sizes, chosen
    message = "no small sizes were found for which every axis has an entry"
    raise SheetError((Diagnostic("GS603", message, None, sheet.source, None, "--sizes n=2,m=3"),))


def _taste(*, first: bool) -> list[int]:
    """Sizes from the best to the worst: two, but three for the first, so that a transpose can be seen; one at last."""
    return [3, 2, 4, 5, 1] if first else [2, 3, 4, 5, 1]


def _few(wishes: Sequence[Sequence[int]]) -> Iterable[tuple[int, ...]]:
    """All combinations of a few sizes; of many, one size is changed at a time."""
    if len(wishes) <= 5:
        return product(*wishes)
    first = tuple(w[0] for w in wishes)
    changed = [(*first[:k], v, *first[k + 1 :]) for k, w in enumerate(wishes) for v in w[1:]]
    return [first, *changed, *(tuple(w[min(d, len(w) - 1)] for w in wishes) for d in range(1, 5))]


def _copy(known: Sizes) -> Sizes:
    sizes = Sizes()
    sizes.values.update(known.values)
    sizes.families.update({name: dict(members) for name, members in known.families.items()})
    return sizes


def _settle(sizes: Sizes, families: Mapping[str, tuple[Affine, Affine]]) -> bool:
    """Members of families of sizes, such as n[0..D]: 3, 2, 2, … where they are not given."""
    for name, (low, high) in families.items():
        a, b = sizes.evaluate(low), sizes.evaluate(high)
        if a is None or b is None or b < a:
            return False
        held = sizes.families.setdefault(name, {})
        for member in range(a, b + 1):
            held.setdefault(member, 3 if member == a else 2)
    return True


def _filled(sizes: Sizes, low: Affine, high: Affine) -> bool:
    a, b = sizes.evaluate(low), sizes.evaluate(high)
    return a is None or b is None or b >= a


def _size_lines(chosen: Mapping[str, int], sizes: Sizes, known: Sizes) -> list[str]:
    """The sizes that were chosen, as lines of `given`."""
    stated = [f"{name} = {value}" for name, value in chosen.items()]
    for name, members in sizes.families.items():
        if name not in known.families:
            stated.append(f"{name} = {bracketed([str(members[m]) for m in sorted(members)], (len(members),))}")
    return [f"  {', '.join(stated)}"] if stated else []


__all__ = ["Completed", "blank_style", "completed", "small_sizes"]
