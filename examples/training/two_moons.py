"""Two moons: the data, and a picture of what a trained model says of every place.

python two_moons.py data two-moons.csv          write the rows (needs scikit-learn)
python two_moons.py picture run/ boundary.svg   draw the model in a folder, with the rows of two-moons.csv
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

import gradsheet as gs

HERE = Path(__file__).resolve().parent
LOW, HIGH = (-1.6, -1.2), (2.6, 1.6)
CELLS = (84, 56)
SCALE = 120
"""Pixels of a unit."""
COLOURS = ((29, 79, 145), (194, 87, 12))


def write_data(path):
    """Three hundred rows with noise, rounded to four places."""
    from sklearn.datasets import make_moons  # noqa: PLC0415 - not for pictures

    X, y = make_moons(300, noise=0.2, random_state=0)
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["x1", "x2", "y"])
        rows.writerows([f"{a:.4f}", f"{b:.4f}", label] for (a, b), label in zip(X, y, strict=True))


def picture(model, points, labels):
    """An SVG of cells, coloured by p, and of the rows; the line is where p passes 1/2."""
    across, down = (np.linspace(a, b, n + 1) for a, b, n in zip(LOW, HIGH, CELLS, strict=True))
    middles = [(across[:-1] + across[1:]) / 2, (down[:-1] + down[1:]) / 2]
    grid = np.stack(np.meshgrid(*middles), axis=-1)
    p = model.predict({"x": grid.reshape(-1, 2)}).values.reshape(CELLS[1], CELLS[0])
    width, height = (round((b - a) * SCALE) for a, b in zip(LOW, HIGH, strict=True))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    side = (width / CELLS[0], height / CELLS[1])
    shapes = {}
    for row in range(CELLS[1]):
        top = height - (row + 1) * side[1]
        for first, last, colour in stretches([shade(value) for value in p[row]]):
            left, across = first * side[0], (last - first) * side[0]
            shape = f"M{left:.5g} {top:.5g}h{across:.5g}v{side[1]:.5g}h-{across:.5g}z"
            shapes.setdefault(colour, []).append(shape)
    parts += [
        f'<path d="{"".join(shape)}" fill="{colour}" stroke="{colour}" stroke-width="0.3"/>'
        for colour, shape in shapes.items()
    ]
    edge = "".join(f"M{a:.5g} {b:.5g}L{c:.5g} {d:.5g}" for a, b, c, d in boundary(p, side, height))
    parts.append(f'<path d="{edge}" stroke="#222" stroke-width="1.5" stroke-linecap="round"/>')
    for (a, b), label in zip(points, labels, strict=True):
        x, y = (a - LOW[0]) * SCALE, height - (b - LOW[1]) * SCALE
        colour = "#{:02x}{:02x}{:02x}".format(*COLOURS[int(label)])
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}" stroke="#fff"/>')
    return "\n".join([*parts, "</svg>", ""])


def shade(p):
    """Between the colours of the two classes, pale, in steps of 1/20."""
    share = round(float(p) * 20) / 20
    mixed = [round(255 - (255 - ((1 - share) * a + share * b)) * 0.45) for a, b in zip(*COLOURS, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def stretches(colours):
    """Where a colour begins and ends: one rectangle for cells side by side."""
    first = 0
    for k in range(1, len(colours) + 1):
        if k == len(colours) or colours[k] != colours[first]:
            yield first, k, colours[first]
            first = k


def boundary(p, side, height):
    """Marching squares: through each square of four middles, the straight piece where p = 1/2."""
    for i in range(p.shape[0] - 1):
        for j in range(p.shape[1] - 1):
            corners = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)]
            found = []
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
                u, v = p[a] - 0.5, p[b] - 0.5
                if (u > 0) != (v > 0):
                    t = u / (u - v)
                    row, column = (a[k] + t * (b[k] - a[k]) + 0.5 for k in (0, 1))
                    found.append((column * side[0], height - row * side[1]))
            if len(found) == 2:
                yield (*found[0], *found[1])


def rows_of(path):
    """Points and labels of a file."""
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, :2], table[:, 2]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["data", path]:
            write_data(path)
        case ["picture", folder, path]:
            text = picture(gs.load_model(folder), *rows_of(HERE / "two-moons.csv"))
            Path(path).write_text(text, encoding="utf-8")
        case _:
            sys.exit(__doc__)
