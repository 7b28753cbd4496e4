"""The losses of a run as a picture: a line over the epochs for training, one for validation, a panel for the metric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT = 420, 230, 64, 44, 100
_TRAINING, _VALIDATION = "#1d4f91", "#c2570c"
_DECADES = 1.5
"""Losses over more than so many powers of ten stand on a logarithmic axis."""
_METRICS = {"accuracy": "accuracy", "r2": "R²"}

Line = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class _Axis:
    """How numbers lie on the vertical axis."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        if self.logarithmic:
            return (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        return (value - self.low) / (self.high - self.low)


def loss_curve(history: Sequence[dict[str, Any]], objective: str = "loss") -> str:
    """An SVG picture of what each epoch came to.

    >>> picture = loss_curve([{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}])
    >>> picture.startswith("<svg"), "training" in picture, "validation" in picture
    (True, True, False)
    """
    training = [(e["epoch"], e["loss"]) for e in history if e.get("loss") is not None]
    checked = [(e["epoch"], e["validation"]) for e in history if "validation" in e]
    panels = [(f"{objective}, mean over the rows", {
        "training": training, "validation": [(n, v["loss"]) for n, v in checked if v.get("loss") is not None],
    })]  # fmt: skip
    for key, title in _METRICS.items():
        line = [(n, v[key]) for n, v in checked if v.get(key) is not None]
        if line:
            panels.append((title, {"validation": line}))
    step = _LEFT + _WIDTH + _RIGHT
    width, height = step * len(panels), _TOP + _HEIGHT + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        '<g fill="#333" font-family="system-ui, sans-serif" font-size="13">',
    ]
    for k, (title, lines) in enumerate(panels):
        parts += _panel(k * step + _LEFT, title, {n: line for n, line in lines.items() if line})
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _panel(left: float, title: str, lines: dict[str, Line]) -> list[str]:
    parts = [f'<text x="{left}" y="{_TOP - 18}" font-weight="600">{escape(title)}</text>']
    if not lines:
        return parts
    epochs = [n for line in lines.values() for n, _ in line]
    first, last = min(epochs), max(epochs)
    axis = _axis([v for line in lines.values() for _, v in line])

    def x(epoch: float) -> float:
        return left + (_WIDTH / 2 if first == last else (epoch - first) / (last - first) * _WIDTH)

    def y(value: float) -> float:
        return _TOP + (1 - axis.share(value)) * _HEIGHT

    for tick in axis.ticks:
        parts.append(f'<path d="M{left} {y(tick):.1f}h{_WIDTH}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{left - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for epoch in _whole_ticks(first, last):
        parts.append(f'<path d="M{x(epoch):.1f} {_TOP + _HEIGHT}v5" stroke="#888"/>')
        parts.append(f'<text x="{x(epoch):.1f}" y="{_TOP + _HEIGHT + 20}" text-anchor="middle">{epoch}</text>')
    parts.append(f'<path d="M{left} {_TOP + _HEIGHT}h{_WIDTH}" stroke="#888"/>')
    parts.append(f'<text x="{left + _WIDTH / 2}" y="{_TOP + _HEIGHT + 42}" text-anchor="middle">epoch</text>')
    ends = _apart([y(line[-1][1]) for line in lines.values()])
    for (name, line), end in zip(lines.items(), ends, strict=True):
        colour = _VALIDATION if name == "validation" else _TRAINING
        dashed = ' stroke-dasharray="6 4"' if name == "validation" else ""
        points = "L".join(f"{x(n):.1f} {y(v):.1f}" for n, v in line)
        parts.append(f'<path d="M{points}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>')
        if len(line) == 1:
            parts.append(f'<circle cx="{x(line[0][0]):.1f}" cy="{y(line[0][1]):.1f}" r="3" fill="{colour}"/>')
        parts.append(f'<text x="{left + _WIDTH + 8}" y="{end + 4:.1f}" fill="{colour}">{name}</text>')
    return parts


def _apart(places: list[float], least: float = 16.0) -> list[float]:
    """Places of words, moved so that none lies on another."""
    order = sorted(range(len(places)), key=places.__getitem__)
    found = list(places)
    for before, after in pairwise(order):
        found[after] = max(found[after], found[before] + least)
    return found


def _axis(values: list[float]) -> _Axis:
    low, high = min(values), max(values)
    if low > 0 and math.log10(high / low) > _DECADES:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        every = max(1, round((last - first) / 6))
        ticks = tuple(10.0**k for k in range(first, last + 1, every))
        return _Axis(10.0**first, 10.0**last, ticks, logarithmic=True)
    if low >= 0 and low < high / 2:
        low = 0.0
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - max(0.5, abs(low) / 2), high + max(0.5, abs(high) / 2)
    step = _step(high - low)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return _Axis(first * step, last * step, tuple(round(k * step, 12) for k in range(first, last + 1)))


def _step(span: float) -> float:
    """About five steps of 1, 2 or 5 times a power of ten."""
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999))


def _whole_ticks(first: int, last: int) -> list[int]:
    step = max(1, math.ceil(_step(max(1, last - first))))
    found = [n for n in range(first, last + 1) if n % step == 0]
    return found or [first]


__all__ = ["loss_curve"]
