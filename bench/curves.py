"""Curves of time over size, as one SVG: panels side by side, logarithmic axes, a line for each engine."""

from __future__ import annotations

import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 240, 60, 40, 70
COLOURS = ("#0b5fa5", "#c2410c", "#4d7c0f", "#7e22ce")

Curve = dict[int, float]
"""Seconds at each size."""


def picture(panels: dict[str, dict[str, Curve]]) -> str:
    """The drawing; `panels` maps the title of each to its curves by engine."""
    engines = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT + 80
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        '<g fill="#222" font-family="sans-serif" font-size="12">',
    ]
    for k, (title, curves) in enumerate(panels.items()):
        parts += _panel(LEFT + k * (WIDTH + GAP), title, {e: c for e, c in curves.items() if c}, engines)
    for k, name in enumerate(engines):
        x, y = LEFT + k * 220, TOP + HEIGHT + 60
        parts.append(f'<path d="M{x} {y - 4}h24" stroke="{COLOURS[k]}" stroke-width="2.5"/>')
        parts.append(f'<text x="{x + 30}" y="{y}">{escape(name)}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _panel(left: float, title: str, curves: dict[str, Curve], engines: list[str]) -> list[str]:
    sizes = sorted({n for curve in curves.values() for n in curve})
    times = [t for curve in curves.values() for t in curve.values()]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    first, last = math.log2(sizes[0]), math.log2(sizes[-1])

    def x(size: float) -> float:
        return left + (math.log2(size) - first) / (last - first) * WIDTH

    def y(seconds: float) -> float:
        return TOP + (high - math.log10(seconds)) / (high - low) * HEIGHT

    parts = [f'<text x="{left}" y="{TOP - 14}" font-weight="bold">{escape(title)}</text>']
    for power in range(low, high + 1):
        at = y(10**power)
        parts.append(f'<path d="M{left} {at:.1f}h{WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{_seconds(power)}</text>')
    for size in sizes:
        parts.append(f'<path d="M{x(size):.1f} {TOP + HEIGHT}v4" stroke="#222"/>')
        parts.append(f'<text x="{x(size):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{size}</text>')
    for name, curve in curves.items():
        colour = COLOURS[engines.index(name)]
        points = [(x(n), y(t)) for n, t in sorted(curve.items())]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points]
    return parts


def _seconds(power: int) -> str:
    """10ᵖ seconds in a unit that suits them."""
    for unit, base in (("s", 0), ("ms", -3), ("µs", -6), ("ns", -9)):
        if power >= base:
            return f"{10 ** (power - base)} {unit}"
    return f"1e{power} s"
