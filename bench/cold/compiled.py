"""The first trained network of a process: the sheet read, compiled, one epoch over the rows, weights printed."""

import sys

import numpy as np

import gradsheet as gs

folder = sys.argv[1]
data = np.load(f"{folder}/data.npz")
step = gs.load(f"{folder}/network.sheet").compile("update", batch=1)
weights = step.parameters()
for name, array in weights.items():
    array[...] = data[name]
step.epoch(weights, x=data["x"], y=data["y"])
for array in weights.values():
    print(*array.ravel())
