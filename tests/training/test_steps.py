"""Training beside a textbook: every rule, every way to state an objective, held against NumPy after several epochs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradsheet as gs
from gradsheet.training.schedules import Schedule
from gradsheet.training.stepping import order_of
from training.textbook import descend, rule

LINEAR = """
x, w ∈ ℝ^3, y, b ∈ ℝ
ŷ = w' x + b
L = 1/2 (ŷ - y)²
parameters w, b
minimize L
"""
FAMILY = """
sizes n[0..D]
x ∈ ℝ^(n[0]), t ∈ ℝ^(n[D])
a[0] = x
for l in 1..D
  W[l] ∈ ℝ^(n[l]×n[l-1]), b[l] ∈ ℝ^(n[l])
  a[l] = tanh(W[l] a[l-1] + b[l])
L = 1/2 ‖a[D] - t‖²
parameters W, b
minimize L
"""
LIKELIHOOD = """
x, w ∈ ℝ^3, y ∈ {0,1}
p = sigmoid(w' x)
ℓ = y log p + (1 - y) log(1 - p)
parameters w
maximize ℓ
"""
PENALTY = """
x ∈ ℝ^3, y ∈ onehot(4)
W ∈ ℝ^(4×3)
p = softmax(W x)
L = -sum[k] y[k] log p[k] + 1/20 ‖W‖²
parameters W
minimize L
"""
MEAN = """
x, w ∈ ℝ^3, y ∈ ℝ
ŷ = w' x
L = (ŷ - y)²
parameters w
minimize mean L
"""
PRODUCT = """
x, y, a, b ∈ ℝ
L = (a b x - y)²
parameters a, b
minimize L
"""
RNG = np.random.default_rng(11)
X = RNG.normal(size=(23, 3))
DATA = {"x": X, "y": X @ [1.0, -2.0, 0.5] + 0.3 + 0.1 * RNG.normal(size=23)}
SIGNS = {"x": X, "y": (X @ [1.0, -2.0, 0.5] + RNG.normal(size=23) > 0).astype(float)}
CLASSES = {"x": X, "y": np.eye(4)[RNG.integers(0, 4, 23)]}
PAIRS = {"x": X, "t": 0.5 * np.tanh(X @ RNG.normal(size=(3, 2)))}
START = {"w": np.array([0.3, 0.1, -0.2]), "b": np.array(0.5)}
LAYERS = {"W[1]": RNG.normal(size=(4, 3)), "b[1]": RNG.normal(size=4),
          "W[2]": RNG.normal(size=(2, 4)), "b[2]": RNG.normal(size=2)}  # fmt: skip


def linear(p: Any, r: Any) -> Any:
    return (0.5 * (r["x"] @ p["w"] + p["b"] - r["y"]) ** 2).mean()


def layers(p: Any, r: Any) -> Any:
    hidden = np.tanh(r["x"] @ p["W[1]"].T + p["b[1]"])
    return (0.5 * (np.tanh(hidden @ p["W[2]"].T + p["b[2]"]) - r["t"]) ** 2).sum() / len(r["x"])


def likelihood(p: Any, r: Any) -> Any:
    s = 1 / (1 + np.exp(-(r["x"] @ p["w"])))
    return (r["y"] * np.log(s) + (1 - r["y"]) * np.log(1 - s)).mean()


def entropy(p: Any, r: Any) -> Any:
    scores = np.exp(r["x"] @ p["W"].T)
    return -(r["y"] * np.log(scores / scores.sum(axis=1, keepdims=True))).sum()


def penalty(p: Any, r: Any) -> Any:
    return entropy(p, r) / len(r["x"]) + (p["W"] ** 2).sum() / 20


def penalty_of_sum(p: Any, r: Any) -> Any:
    return entropy(p, r) + (p["W"] ** 2).sum() / 20


def mean_square(p: Any, r: Any) -> Any:
    return ((r["x"] @ p["w"] - r["y"]) ** 2).mean()


def trained(text: str, data: Any, start: Any, **recipe: Any) -> dict[str, np.ndarray]:
    return gs.loads(text).train(data, start=start, **{"shuffle": False, **recipe}).parameters


def agree(found: Any, wanted: Any, within: float = 1e-12) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=within, atol=within, err_msg=name)


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize("method", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.01, "clip": 0.75}], ids=["plain", "decayed and clipped"])
def test_a_rule_is_that_of_the_textbook(method: str, options: dict[str, float]):
    found = trained(LINEAR, DATA, START, method=method, rate=0.05, epochs=5, batch=4, **options)
    by = rule(method, decay=options.get("weight_decay", 0.0), clip=options.get("clip"))
    agree(found, descend(linear, START, DATA, by, epochs=5, batch=4, rates=lambda _: 0.05))


def test_a_momentum_is_as_strong_as_is_said():
    found = trained(LINEAR, DATA, START, method="momentum", momentum=0.5, rate=0.05, epochs=4, batch=5)
    agree(found, descend(linear, START, DATA, rule("momentum", momentum=0.5), epochs=4, batch=5, rates=lambda _: 0.05))


@pytest.mark.parametrize("batch", [1, 2, 7, 22, 23, 500, "all"])
def test_a_batch_of_any_size(batch: Any):
    """23 rows: whole batches, a rest of one row, of more, more rows asked for than there are."""
    found = trained(LINEAR, DATA, START, rate=0.1, epochs=3, batch=batch)
    size = 23 if batch == "all" else batch
    agree(found, descend(linear, START, DATA, rule("sgd"), epochs=3, batch=size, rates=lambda _: 0.1))


def test_one_row_at_a_time_is_the_loop_of_a_textbook():
    w, b = START["w"].copy(), float(START["b"])
    for _ in range(4):
        for x, y in zip(DATA["x"], DATA["y"], strict=True):
            error = w @ x + b - y
            w, b = w - 0.1 * error * x, b - 0.1 * error
    agree(trained(LINEAR, DATA, START, rate=0.1, epochs=4, batch=1), {"w": w, "b": b}, 1e-13)


@pytest.mark.parametrize("shape", ["constant", "step", "exponential", "linear", "cosine"])
def test_a_rate_follows_its_schedule(shape: str):
    rates = {
        "constant": lambda _: 0.1, "step": lambda e: 0.1 * 0.5 ** (e // 2), "exponential": lambda e: 0.1 * 0.5**e,
        "linear": lambda e: 0.1 * (1 - e / 4), "cosine": lambda e: 0.05 * (1 + math.cos(math.pi * e / 4)),
    }[shape]  # fmt: skip
    schedule = Schedule(shape, factor=0.5, every=2, warmup=2)
    found = trained(LINEAR, DATA, START, rate=0.1, epochs=6, batch=8, schedule=schedule)

    def warmed(epoch: int) -> float:
        return 0.1 * (epoch + 1) / 3 if epoch < 2 else rates(epoch - 2)

    agree(found, descend(linear, START, DATA, rule("sgd"), epochs=6, batch=8, rates=warmed))


def test_rows_are_shuffled_anew_in_each_epoch():
    found = trained(LINEAR, DATA, START, rate=0.1, epochs=4, batch=3, shuffle=True, seed=5)
    orders = [order_of(23, 5, epoch).tolist() for epoch in range(4)]
    assert all(sorted(o) == list(range(23)) for o in orders)
    assert len({tuple(o) for o in orders}) == 4
    agree(found, descend(linear, START, DATA, rule("sgd"), epochs=4, batch=3, rates=lambda _: 0.1,
                         orders=orders.__getitem__))  # fmt: skip


# ---------------------------------------------------------------- objectives


def test_a_family_of_layers():
    for method in ("sgd", "adam"):
        found = trained(FAMILY, PAIRS, LAYERS, rate=0.05, epochs=4, batch=4, method=method,
                        values={"n": [3, 4, 2]})  # fmt: skip
        agree(found, descend(layers, LAYERS, PAIRS, rule(method), epochs=4, batch=4, rates=lambda _: 0.05))


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam"])
def test_a_likelihood_rises(method: str):
    start = {"w": np.zeros(3)}
    found = trained(LIKELIHOOD, SIGNS, start, rate=0.2, epochs=5, batch=4, method=method)
    by = rule(method)
    agree(found, descend(likelihood, start, SIGNS, by, epochs=5, batch=4, rates=lambda _: 0.2, sign=-1))
    assert likelihood(found, SIGNS) > likelihood(start, SIGNS) + 0.1


def test_a_likelihood_with_decay_still_shrinks():
    start = {"w": np.array([3.0, 3.0, 3.0])}
    found = trained(LIKELIHOOD, SIGNS, start, rate=0.1, epochs=5, batch=4, weight_decay=0.5)
    by = rule("sgd", decay=0.5)
    agree(found, descend(likelihood, start, SIGNS, by, epochs=5, batch=4, rates=lambda _: 0.1, sign=-1))


@pytest.mark.parametrize(("reduction", "loss"), [("mean", penalty), ("sum", penalty_of_sum)])
def test_a_penalty_is_counted_once(reduction: str, loss: Any):
    start = {"W": np.ones((4, 3))}
    found = trained(PENALTY, CLASSES, start, rate=0.02, epochs=4, batch=5, reduction=reduction)
    agree(found, descend(loss, start, CLASSES, rule("sgd"), epochs=4, batch=5, rates=lambda _: 0.02))


def test_an_objective_that_is_a_mean_itself():
    start = {"w": START["w"]}
    found = trained(MEAN, DATA, start, rate=0.1, epochs=4, batch=4)
    agree(found, descend(mean_square, start, DATA, rule("sgd"), epochs=4, batch=4, rates=lambda _: 0.1))


def test_a_mean_with_a_penalty_of_its_own_coefficient():
    text = MEAN.replace("y ∈", "y, λ ∈").replace("mean L", "mean L + λ ‖w‖²")
    start = {"w": START["w"]}
    found = trained(text, DATA, start, rate=0.1, epochs=4, batch=4, values={"λ": 0.25})

    def loss(p: Any, r: Any) -> Any:
        return mean_square(p, r) + 0.25 * (p["w"] ** 2).sum()

    agree(found, descend(loss, start, DATA, rule("sgd"), epochs=4, batch=4, rates=lambda _: 0.1))


def test_data_and_parameters_that_are_all_scalars():
    rng = np.random.default_rng(2)
    data = {"x": rng.normal(size=17), "y": rng.normal(size=17)}
    start = {"a": np.array(0.5), "b": np.array(-0.7)}
    found = trained(PRODUCT, data, start, rate=0.05, epochs=5, batch=3)

    def loss(p: Any, r: Any) -> Any:
        return ((p["a"] * p["b"] * r["x"] - r["y"]) ** 2).mean()

    agree(found, descend(loss, start, data, rule("sgd"), epochs=5, batch=3, rates=lambda _: 0.05))


# ---------------------------------------------------------------- the sheet's own update


def test_a_newton_step_for_each_batch():
    text = LINEAR.replace(", b ∈", " ∈").replace(" + b", "").replace("w, b", "w") + """
update
  w ← w - 1/2 (∂²L/∂w² + 1/10 I)⁻¹ ∂L/∂w
"""
    start = {"w": START["w"]}
    found = trained(text, DATA, start, epochs=3, batch=5)
    w = START["w"]
    for _ in range(3):
        for first in range(0, 23, 5):
            x, y = X[first : first + 5], DATA["y"][first : first + 5]
            slope, curve = x.T @ (x @ w - y) / len(x), x.T @ x / len(x)
            w = w - 0.5 * np.linalg.solve(curve + 0.1 * np.eye(3), slope)
    agree(found, {"w": w}, 1e-11)


def test_an_update_with_a_state_of_its_own():
    text = LINEAR.replace("minimize L", """m ∈ ℝ^3, k ∈ ℝ
minimize L
given m = 0, k = 1/10
update
  m ← 9/10 m + ∂L/∂w
  w ← w - k m
  b ← b - k/2 ∂L/∂b
""")
    found = trained(text, DATA, START, epochs=4, batch=4)
    w, b, m = START["w"], START["b"], np.zeros(3)
    for _ in range(4):
        for first in range(0, 23, 4):
            x, y = X[first : first + 4], DATA["y"][first : first + 4]
            error = x @ w + b - y
            m = 0.9 * m + error @ x / len(x)
            w, b = w - 0.1 * m, b - 0.05 * error.mean()
    agree(found, {"w": w, "b": b})


# ---------------------------------------------------------------- the numbers that are told


def test_the_loss_of_an_epoch_is_that_before_each_step():
    for reduction in ("mean", "sum"):
        model = gs.loads(LINEAR).train(DATA, start=START, epochs=2, batch=4, rate=0.02, reduction=reduction,
                                       shuffle=False)  # fmt: skip
        p = {n: a.copy() for n, a in START.items()}
        for entry in model.history:
            total = 0.0
            for first in range(0, 23, 4):
                r = {n: a[first : first + 4] for n, a in DATA.items()}
                total += linear(p, r) * len(r["y"])
                one = {n: p[n] * 1.0 for n in p}
                factor = len(r["y"]) if reduction == "sum" else 1
                p = descend(linear, one, r, rule("sgd"), epochs=1, batch=4, rates=lambda _, f=factor: 0.02 * f)
            assert entry["loss"] == pytest.approx(total / 23, rel=1e-12)


def test_the_validation_of_an_epoch_is_that_after_it():
    other = {n: a[:7] for n, a in DATA.items()}
    model = gs.loads(LINEAR).train(DATA, start=START, validation=other, epochs=3, batch=4, rate=0.05)
    assert model.history[-1]["validation"]["loss"] == pytest.approx(linear(model.parameters, other), rel=1e-12)
    assert model.score(other).loss == pytest.approx(linear(model.parameters, other), rel=1e-12)


def test_single_precision_stays_near():
    found = trained(LINEAR, DATA, START, rate=0.1, epochs=3, batch=4, dtype="float32")
    wanted = descend(linear, START, DATA, rule("sgd"), epochs=3, batch=4, rates=lambda _: 0.1)
    agree(found, wanted, 1e-5)
    assert {a.dtype for a in found.values()} == {np.dtype(np.float32)}
