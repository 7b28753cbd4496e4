"""The first trained network of a process: the sheet read, compiled, one epoch over the rows, weights printed.

What each part took goes to standard error.
"""

# ruff: noqa: E402 - imports are timed
import time

CLOCK = [("", time.perf_counter())]


def lap(part: str) -> None:
    CLOCK.append((part, time.perf_counter()))


import json
import sys
from itertools import pairwise

import numpy as np

lap("NumPy")
import gradsheet as gs

lap("gradsheet")
folder = sys.argv[1]
data = np.load(f"{folder}/data.npz")
sheet = gs.load(f"{folder}/network.sheet")
lap("reading")
step = sheet.compile("update", batch=1)
lap("deriving and compiling")
weights = step.parameters()
for name, array in weights.items():
    array[...] = data[name]
step.epoch(weights, x=data["x"], y=data["y"])
for array in weights.values():
    print(*array.ravel())
lap("training")
print(json.dumps({b: t - s for (_, s), (b, t) in pairwise(CLOCK)}), file=sys.stderr)
