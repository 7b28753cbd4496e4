"""c · G, Gᵀ, the gradient of another input: slips that the arrays alone show."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np

from gradsheet.auditing.closeness import close, scale
from gradsheet.auditing.model import Slip
from gradsheet.auditing.slips.scene import Finding
from gradsheet.evaluation.named import symbol_depth
from gradsheet.expressions import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.auditing.peers import Array
    from gradsheet.auditing.slips.scene import Scene
    from gradsheet.expressions import Symbol

_POWERS = ((1, ""), (-1, "⁻¹"), (2, "²"), (-2, "⁻²"), (0.5, "^(1/2)"), (-0.5, "^(−1/2)"))
_RATIO = 1e-6
_LARGEST_DENOMINATOR = 16


def of_arrays(scene: Scene) -> Iterator[Finding]:
    """Every slip of this kind, for each gradient by itself."""
    for symbol in scene.wrong:
        pairs = [(c[symbol], v.gradients[symbol]) for c, v in zip(scene.claims, scene.values, strict=True)]
        if any(claim.shape != truth.shape for claim, truth in pairs):
            continue
        if all(not np.any(claim) for claim, _ in pairs):
            yield Finding(Slip("missing gradient", f"{scene.bar(symbol)} is 0"), (symbol,))
            continue
        ratios = [constant_ratio(claim, truth) for claim, truth in pairs]
        if all(r is not None for r in ratios):
            slip = named_factor(scene, symbol, [r for r in ratios if r is not None])
            if slip is not None:
                yield Finding(slip, (symbol,))
        yield from _arranged(scene, symbol)


def _arranged(scene: Scene, symbol: Symbol) -> Iterator[Finding]:
    """Axes in another order, or the gradient of another input."""
    rank = symbol.rank
    for order in permutations(range(rank)):
        if order == tuple(range(rank)):
            continue
        if all(
            scene.explains(symbol, k, np.transpose(v.gradients[symbol], order)) for k, v in enumerate(scene.values)
        ):
            name = "is transposed" if rank == 2 else f"has its axes in the order {', '.join(str(o + 1) for o in order)}"
            yield Finding(Slip("transpose", f"{scene.bar(symbol)} {name}"), (symbol,))
    for axis in range(rank):
        for step in (1, -1):
            turned = [np.roll(v.gradients[symbol], step, axis) for v in scene.values]
            if all(scene.explains(symbol, k, t) for k, t in enumerate(turned)):
                way = "later" if step > 0 else "earlier"
                said = f"stands one place {way} along its axis {axis + 1}: an index is off by one"
                yield Finding(Slip("index", f"{scene.bar(symbol)} {said}"), (symbol,))
    for other in scene.contract.wanted:
        if other is not symbol and all(
            scene.explains(symbol, k, v.gradients[other]) for k, v in enumerate(scene.values)
        ):
            sentence = f"{scene.bar(other)} stands in the place of {scene.bar(symbol)}"
            yield Finding(Slip("swapped", sentence), (symbol,))


def constant_ratio(claim: Array, truth: Array) -> float | None:
    """C where claim = c · truth."""
    at = np.unravel_index(int(np.argmax(np.abs(truth))), truth.shape) if truth.size else ()
    if not truth.size or not np.all(np.isfinite(claim)) or truth[at] == 0:
        return None
    ratio = float(claim[at] / truth[at])
    if ratio == 0 or not close(claim, ratio * truth, _RATIO * abs(ratio) * scale(truth)):
        return None
    return ratio


# ---------------------------------------------------------------- factors


def named_factor(scene: Scene, symbol: Symbol, ratios: Sequence[float]) -> Slip | None:
    """What a ratio is at every point: a number, a size, a scalar of the sheet, or a power of one; None for chance."""
    bar = scene.bar(symbol)
    first = ratios[0]
    if all(abs(r - first) <= _RATIO * abs(first) for r in ratios):
        if abs(first + 1) <= _RATIO:
            return Slip("sign", f"{bar} has the wrong sign")
        exact = Fraction(first).limit_denominator(_LARGEST_DENOMINATOR)
        if exact and not _is_demanded(scene, exact) and abs(float(exact) - first) <= _RATIO * abs(first):
            return Slip("factor", f"{bar} is {exact} times what it should be: {_lost(exact)}")
    for sign, mark in ((1.0, ""), (-1.0, "−")):
        for name, numbers, is_size in quantities(scene):
            for power, raised in _POWERS:
                with np.errstate(all="ignore"):
                    predicted = [sign * n**power for n in numbers]
                if not all(abs(p - r) <= _RATIO * abs(r) for p, r in zip(predicted, ratios, strict=True)):
                    continue
                text = f"{mark}{_power(name, power, raised)}"
                also = " (and the sign is wrong)" if mark else ""
                if is_size and power == -1:
                    return Slip("mean for sum", f"{bar} is {text} of what it should be: a mean for a sum{also}")
                if is_size and power == 1:
                    return Slip("mean for sum", f"{bar} is {text} times what it should be: a sum for a mean{also}")
                lost = f"a factor {_power(name, -power, dict(_POWERS)[-power])} is lost"
                if power > 0:
                    lost = lost.replace("a factor", f"a factor {_power(name, power, raised)} too much, or", 1)
                return Slip("factor", f"{bar} is {text} times what it should be: {lost}{also}")
    return None


def _is_demanded(scene: Scene, ratio: Fraction) -> bool:
    """A size that is the same at every point is no number of its own: 1/8 is 1/n where n is demanded to be 8."""
    sizes = [numbers for _, numbers, is_size in quantities(scene) if is_size]
    return max(ratio, 1 / ratio) > 2 and any(
        len(set(numbers)) == 1 and numbers[0] in {float(ratio), float(1 / ratio)} for numbers in sizes
    )


def _lost(ratio: Fraction) -> str:
    back = 1 / abs(ratio)
    sign = ", and the sign is wrong" if ratio < 0 else ""
    return f"a factor {back} is lost{sign}"


def _power(name: str, power: float, raised: str) -> str:
    if power == -1:
        return f"1/{name}" if " " not in name else f"1/({name})"
    if power == 0.5:
        return f"√{name}" if " " not in name else f"√({name})"
    if power == -0.5:
        return f"1/√{name}" if " " not in name else f"1/√({name})"
    if power == -2:
        return f"1/{name}²" if " " not in name else f"1/({name})²"
    return f"{name}{raised}" if " " not in name or not raised else f"({name}){raised}"


def quantities(scene: Scene) -> list[tuple[str, list[float], bool]]:
    """Sizes, products of two, and scalars of the sheet, with their numbers at each point."""
    declared = scene.contract.sheet.sizes.values()
    sizes = {s.name: [float(p.sizes.values.get(s, 0)) for p in scene.points] for s in declared}
    sizes = {name: numbers for name, numbers in sizes.items() if all(n > 1 for n in numbers)}
    found = [(name, numbers, True) for name, numbers in sizes.items()]
    for a, b in combinations(sizes, 2):
        found.append((f"{a} {b}", [x * y for x, y in zip(sizes[a], sizes[b], strict=True)], True))
    if all(p.rows for p in scene.points):
        found.append(("the number of rows", [float(p.rows) for p in scene.points], True))
    for symbol in scene.values[0].all:
        held = [v.all[symbol] for v in scene.values]
        if symbol.axes or any(isinstance(h, dict) or np.ndim(h) for h in held):
            continue
        found.append((symbol.name, [float(h) for h in held], False))
    return found


# ---------------------------------------------------------------- factors with axes


def of_ratios(scene: Scene) -> Iterator[Finding]:
    """Claim ÷ gradient is a quantity of the sheet, entry by entry or along some axes."""
    for symbol in scene.wrong:
        pairs = [(c[symbol], v.gradients[symbol]) for c, v in zip(scene.claims, scene.values, strict=True)]
        if not symbol.axes or any(c.shape != t.shape for c, t in pairs):
            continue
        for other in scene.values[0].all:
            places = _along(symbol, other)
            if not places or symbol_depth(other) or np.ndim(scene.values[0].all[other]) != other.rank:
                continue
            for power, raised in _POWERS:
                name = _power(other.name, power, raised)
                if _is_factor(scene, symbol, other, places, power):
                    back = _power(other.name, -power, dict(_POWERS)[-power])
                    along = "" if len(places) == symbol.rank else " along its axis"
                    sentence = f"{scene.bar(symbol)} has a factor {name} too much{along}, or {back} is lost"
                    yield Finding(Slip("factor", sentence), (symbol,))


def _along(symbol: Symbol, other: Symbol) -> tuple[int, ...]:
    """The axes of `symbol` on which `other` lies, where its own are some of them in order."""
    if not other.axes or other.rank > symbol.rank or other.role is Role.FUNCTION:
        return ()
    for places in combinations(range(symbol.rank), other.rank):
        if all(_length(symbol, p) == _length(other, k) for k, p in enumerate(places)):
            return places
    return ()


def _length(symbol: Symbol, axis: int) -> object:
    return symbol.axes[axis].high - symbol.axes[axis].low


def _is_factor(scene: Scene, symbol: Symbol, other: Symbol, places: tuple[int, ...], power: float) -> bool:
    for at, values in enumerate(scene.values):
        truth = values.gradients[symbol]
        held = np.asarray(values.all[other], dtype=np.float64)
        shape = [1] * truth.ndim
        for place, length in zip(places, held.shape, strict=True):
            shape[place] = length
        with np.errstate(all="ignore"):
            if not scene.explains(symbol, at, truth * held.reshape(shape) ** power):
                return False
    return True
