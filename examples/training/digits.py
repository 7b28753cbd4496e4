"""Digits: how many of the test rows each seed gets right; and the data as a file.

python digits.py digits.sheet            five seeds, 30 % of the rows for the test
python digits.py digits-conv.sheet
python digits.py data digits.npz         write all rows, for `gradsheet train`

Needs scikit-learn: pip install "gradsheet[sklearn]"
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import gradsheet as gs

HERE = Path(__file__).resolve().parent
RECIPES = {
    "digits.sheet": {"epochs": 30, "batch": 32, "method": "adam", "rate": 0.002},
    "digits-conv.sheet": {"epochs": 30, "batch": 32, "method": "adam", "rate": 0.01, "schedule": "cosine"},
}


def accuracies(name, seeds=range(5)):
    """The share of the test rows that is right, seed after seed; the rows are parted once, class by class."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
    for seed in seeds:
        model = gs.SheetClassifier(HERE / name, random_state=seed, **RECIPES[name])
        yield model.fit(X_train, y_train).score(X_test, y_test)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["data", path]:
            X, y = load_digits(return_X_y=True)
            np.savez(path, x=X, y=y)
        case [name]:
            found = []
            for seed, accuracy in enumerate(accuracies(name)):
                found.append(accuracy)
                print(f"seed {seed}: {accuracy:.2%}", flush=True)
            print(f"median: {statistics.median(found):.2%}")
        case _:
            sys.exit(__doc__)
