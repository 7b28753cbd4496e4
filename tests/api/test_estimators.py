"""Sheets as estimators: scikit-learn's own checks, the ways of X and y, and what is refused."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import gradsheet as gs
from drawing import THOROUGH

sklearn = pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone  # noqa: E402 - once it is known to be there
from sklearn.model_selection import GridSearchCV  # noqa: E402 - the same
from sklearn.utils.estimator_checks import estimator_checks_generator  # noqa: E402 - the same

LOGISTIC = """
x, w ∈ ℝ^n, y ∈ {0,1}, b ∈ ℝ
p = σ(wᵀ x + b)
L = -y log p - (1 - y) log(1 - p)
parameters w, b
minimize L
"""
SIGNS = """
x, w ∈ ℝ^n, y ∈ {-1,1}, b, s ∈ ℝ
s = wᵀ x + b
L = log(1 + exp(-y s))
parameters w, b
minimize L
"""
SCORES = LOGISTIC.replace("p = σ(wᵀ x + b)", "s = wᵀ x + b").replace(
    "-y log p - (1 - y) log(1 - p)", "log(1 + exp(s)) - y s"
)
SOFTMAX_OF_FIVE = """
x ∈ ℝ^n, y ∈ onehot(5)
W ∈ ℝ^(5×n), b ∈ ℝ^5
p = softmax(W x + b)
L = -sum[k] y[k] log p[k]
parameters W, b
minimize L
"""
QUICK = {"batch": "all", "method": "adam", "random_state": 0}
REGRESSOR = gs.SheetRegressor(epochs=100, rate=0.05, **QUICK)
CLASSIFIER = gs.SheetClassifier(epochs=60, rate=0.1, **QUICK)
BINARY = gs.SheetClassifier(LOGISTIC, epochs=60, rate=0.1, **QUICK)

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
LABELS = np.where(X[:, 0] + X[:, 1] > 0, "oak", "elm")
THREE = np.array(["ash", "elm", "oak"])[np.digitize(X[:, 0] - X[:, 1], [-0.7, 0.7])]


def checks() -> list:
    """Every check of scikit-learn; for what comes later only those that are new, thoroughly all."""
    found, before = [], set()
    for kind, estimator in {"regressor": REGRESSOR, "classifier": CLASSIFIER, "binary": BINARY}.items():
        listed = list(estimator_checks_generator(estimator, legacy=True))
        for each, check in listed:
            name = check.func.__name__
            if THOROUGH or name not in before or name == "check_classifier_not_supporting_multiclass":
                found.append(pytest.param(each, check, id=f"{kind}-{name}"))
        before |= {check.func.__name__ for _, check in listed}
    return found


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(("estimator", "check"), checks())
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("sheet", [LOGISTIC, SCORES, SIGNS], ids=["probability", "score", "signs"])
def test_two_classes_in_every_form(sheet):
    model = gs.SheetClassifier(sheet, epochs=60, rate=0.1, **QUICK).fit(X, LABELS)
    assert model.classes_.tolist() == ["elm", "oak"]
    assert model.score(X, LABELS) > 0.95
    assert hasattr(model, "predict_proba") == (sheet is LOGISTIC)


def test_probabilities_stand_in_the_order_of_the_classes():
    model = clone(BINARY).fit(X, LABELS)
    p = model.predict_proba(X)
    assert p.shape == (60, 2)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    assert (model.classes_[p.argmax(axis=1)] == model.predict(X)).all()


def test_classes_that_the_data_lack_are_left_out():
    model = gs.SheetClassifier(SOFTMAX_OF_FIVE, epochs=60, rate=0.1, **QUICK).fit(X, THREE)
    p = model.predict_proba(X)
    assert p.shape == (60, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    assert set(model.predict(X)) <= {"ash", "elm", "oak"}


def test_a_score_in_the_place_of_a_softmax_is_no_probability():
    scores = SOFTMAX_OF_FIVE.replace("softmax(W x + b)", "W x + b").replace("-sum[k] y[k] log p[k]", "1/2 ‖p - y‖²")
    model = gs.SheetClassifier(scores, epochs=60, rate=0.1, **QUICK).fit(X, THREE)
    assert not hasattr(model, "predict_proba")
    assert model.score(X, THREE) > 0.7


def test_several_targets_at_once():
    sheet = "x ∈ ℝ^n, y, ŷ ∈ ℝ^m\nA ∈ ℝ^(m×n)\nŷ = A x\nL = 1/2 ‖ŷ - y‖²\nparameters A\nminimize L\n"
    A = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]])
    model = gs.SheetRegressor(sheet, epochs=100, batch="all", rate=0.5).fit(X, X @ A.T)
    np.testing.assert_allclose(model.model_.parameters["A"], A, atol=1e-6)
    assert model.predict(X[:4]).shape == (4, 3)


def test_rows_for_validation_are_taken_from_each_class():
    model = gs.SheetClassifier(epochs=40, validation=0.25, patience=3, random_state=0).fit(X, THREE)
    assert "accuracy" in model.model_.history[-1]["validation"]
    assert model.n_iter_ == len(model.model_.history)


def test_a_sheet_may_state_all_rows():
    newton = (
        "X ∈ ℝ^(N×d), y, ŷ ∈ ℝ^N, w ∈ ℝ^d\nŷ = X w\nL = 1/2 ‖ŷ - y‖²\nparameters w\nminimize L\n"
        "update\n  w ← w - (∂²L/∂w²)⁻¹ ∂L/∂w\n"
    )
    model = gs.SheetRegressor(newton, whole=True, epochs=1).fit(X, X @ [2.0, -3.0])
    np.testing.assert_allclose(model.predict(X[:7]), X[:7] @ [2.0, -3.0], atol=1e-9)
    signs = "X ∈ ℝ^(N×d), y ∈ {-1,1}^N, w ∈ ℝ^d, s ∈ ℝ^N\ns = X w\nL = 1/N sum[i] log(1 + exp(-y[i] s[i]))\n"
    told = gs.SheetClassifier(signs + "parameters w\nminimize L\n", whole=True, epochs=50, rate=1.0).fit(X, LABELS)
    assert told.score(X, LABELS) > 0.95


def test_a_number_is_the_seed_of_the_command():
    model = gs.SheetClassifier(epochs=3, random_state=7).fit(X, THREE)
    text = gs.SheetClassifier._usual
    same = gs.loads(text).train({"x": X, "y": THREE}, epochs=3, seed=7)
    assert (model.model_.parameters["W"] == same.parameters["W"]).all()


def test_a_search_a_pickle_and_a_sheet_that_is_handed_in():
    search = GridSearchCV(gs.SheetClassifier(gs.loads(LOGISTIC), epochs=20, **QUICK), {"rate": [1e-6, 0.1]}, cv=2)
    search.fit(X, LABELS)
    assert search.best_params_ == {"rate": 0.1}
    assert clone(search.best_estimator_).sheet is search.best_estimator_.sheet
    again = pickle.loads(pickle.dumps(search.best_estimator_))  # noqa: S301 - our own
    assert (again.predict_proba(X) == search.predict_proba(X)).all()


def test_constants_and_names_are_said_where_a_sheet_leaves_them_open():
    sheet = (
        "x, u, w ∈ ℝ^2, y, λ ∈ ℝ, ŷ ∈ ℝ\nŷ = wᵀ (x + u)\nL = (ŷ - y)²\nparameters w\n"
        "minimize mean L + λ ‖w‖²\ngiven u = [0, 0]\n"
    )
    target = X @ [1.0, -1.0]
    model = gs.SheetRegressor(sheet, values={"λ": 0}, epochs=200, batch="all", rate=0.1).fit(X, target)
    np.testing.assert_allclose(model.model_.parameters["w"], [1, -1], atol=1e-6)
    with pytest.raises(gs.SheetError, match="which input is the data") as caught:
        gs.SheetRegressor(sheet.replace("given u = [0, 0]\n", ""), values={"λ": 0}).fit(X, target)
    assert caught.value.diagnostics[0].code == "GS841"


@pytest.mark.parametrize(
    ("estimator", "y", "message"),
    [
        (gs.SheetClassifier("x, w ∈ ℝ^n\nL = (wᵀ x)²\nminimize L"), LABELS, "nothing to fit"),
        (gs.SheetClassifier("x, w ∈ ℝ^n\nL = (wᵀ x)²\nparameters w\nminimize L"), LABELS, "nothing in the sheet is"),
        (gs.SheetClassifier(gs.SheetRegressor._usual), LABELS, "y is no class"),
        (gs.SheetRegressor(gs.SheetClassifier._usual), X[:, 0], "y is a class"),
        (gs.SheetClassifier(LOGISTIC), THREE, "takes two values, y 3"),
        (gs.SheetClassifier(LOGISTIC, data="z"), LABELS, "'z' cannot be the data"),
        (gs.SheetClassifier(), ["oak"] * 60, "only 1 class: oak"),
    ],
)
def test_what_does_not_fit_is_said(estimator, y, message):
    with pytest.raises(gs.SheetError, match=message) as caught:
        estimator.fit(X, y)
    assert caught.value.diagnostics[0].code == "GS841"


def test_without_the_library_the_extra_is_named():
    script = (
        "import sys; sys.modules['sklearn'] = None\nimport gradsheet as gs\n"
        "try: gs.SheetRegressor()\nexcept gs.SheetError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("error[GS840]: estimators need scikit-learn 1.6 or later")
    assert 'pip install "gradsheet[sklearn]"' in done.stdout
