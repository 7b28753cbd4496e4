"""Diabetes: R² over five folds, beside scikit-learn's Ridge.

python diabetes.py

Everything is standardised inside a fold, by its training rows. Ridge comes twice: with the penalty 1, and with the best
of seven, found by cross-validation inside each fold. The sheet has the penalties that stand in it. Needs scikit-learn.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gradsheet as gs

HERE = Path(__file__).resolve().parent
FOLDS = KFold(5, shuffle=True, random_state=0)
RECIPE = {"epochs": 300, "batch": "all", "method": "nesterov", "momentum": 0.97, "rate": 0.02}


def standardised(regressor):
    """A regressor between two that standardise X and y."""
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), regressor), transformer=StandardScaler())


def scores(regressor, folds=FOLDS):
    """R² of each fold."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    return cross_val_score(standardised(regressor), X, y, cv=folds, scoring="r2", error_score="raise")


def ours():
    """The sheet as a regressor."""
    return gs.SheetRegressor(HERE / "diabetes.sheet", random_state=0, **RECIPE)


def ridges():
    """What it is compared with."""
    return {"Ridge(alpha=1)": Ridge(alpha=1), "RidgeCV": RidgeCV(alphas=np.logspace(-3, 3, 7), cv=5)}


if __name__ == "__main__":
    for name, regressor in {"diabetes.sheet": ours(), **ridges()}.items():
        found = scores(regressor)
        print(f"{name:14}  R² {statistics.mean(found):.4f}   " + "  ".join(f"{r2:.3f}" for r2 in found), flush=True)
