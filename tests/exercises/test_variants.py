"""Variants of the sheets in the examples and in the corpus: new numbers, the author's text, pleasant by hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

import gradsheet as gs
from drawing import examples
from exercises.setting import (
    WITH_VALUES,
    WITHOUT_VALUES,
    Wishes,
    exercises,
    gradients,
    sheet_of,
    value_of,
)
from fences import ROOT
from gradsheet.exercises import CRITERIA, set_exercises
from gradsheet.numerics.certified import Certified
from gradsheet.solution import solve

if TYPE_CHECKING:
    from pathlib import Path

MOST_WITHOUT_VALUES = 12
EXAMPLES = ROOT / "examples"
SEVERAL = examples(2, 4)


def name(path: Path) -> str:
    return path.stem


def spread(paths: list[Path], count: int) -> list[Path]:
    """Some of many, evenly."""
    return paths[:: max(1, len(paths) // count)]


# ---------------------------------------------------------------- properties of all


@pytest.mark.parametrize("path", WITH_VALUES, ids=name)
def test_each_variant_is_new_and_verified(path: Path):
    found = exercises(path, SEVERAL)
    original = solve(sheet_of(path), check=False)
    texts = {v.text for v in found.variants}
    assert len(texts) == len(found.variants) == SEVERAL
    seen = [_answers(original)]
    for variant in found.variants:
        assert variant.solution.verification is not None
        assert variant.solution.verification.passed
        answers = _answers(variant.solution)
        assert all(not np.array_equal(answers, other) for other in seen) or "another variant" in str(variant.missed)
        seen.append(answers)


def _answers(solution) -> np.ndarray:
    state = solution.states[0]
    symbols = [a.symbol for a in solution.derivation.gradients.values()] or list(state.values)
    rows = []
    for symbol in symbols:
        held = state.values[symbol]
        parts = held.values() if isinstance(held, dict) else [held]
        rows.extend(np.asarray(part).astype(float).reshape(-1) for part in parts)
    return np.concatenate(rows)


@pytest.mark.parametrize("path", WITH_VALUES, ids=name)
def test_only_the_values_change_in_the_text(path: Path):
    """Without its numbers, and without the comment that says what it is, a variant is the author's text."""
    original = sheet_of(path).source.text
    for variant in exercises(path).variants:
        own = re.compile(r"# (Variant|Given up|[^ ]+ is filled|kept|∂)")
        kept = [line for line in variant.text.split("\n") if not own.match(line)]
        before, _, after = "\n".join(kept).partition("\ngiven")
        head, _, tail = original.partition("\ngiven")
        rate = re.compile(r"(sgd\([^=]*=) *[0-9./]+")
        assert rate.sub(r"\1", before) == rate.sub(r"\1", head)
        number = re.compile(r"-?[0-9]+([./][0-9]+)?")
        opened = re.compile(r"\[[#,; ]*\]|#")  # one number may have become a matrix
        if "is filled" not in variant.text:
            assert number.sub("#", after) == number.sub("#", tail)
        else:
            assert opened.sub("#", number.sub("#", after)) == opened.sub("#", number.sub("#", tail))


@pytest.mark.parametrize("path", WITH_VALUES, ids=name)
def test_a_gradient_that_can_be_different_from_zero_is(path: Path):
    found = exercises(path)
    dead = next((r for r in found.remarks if "zero throughout, as in the sheet" in r), "")
    for variant in found.variants:
        if any("zero throughout" in m for m in variant.missed):
            continue
        derivation = variant.solution.derivation
        for symbol, adjoint in derivation.gradients.items():
            held = variant.solution.states[0].values[adjoint.symbol]
            entries = np.asarray(held, dtype=object).reshape(-1) if not isinstance(held, dict) else [1]
            proved = any(not isinstance(e, Certified) or e.sign for e in entries)
            assert proved or f"/∂{symbol.name}" in dead, symbol


@pytest.mark.parametrize("path", WITH_VALUES, ids=name)
def test_no_value_sits_on_a_kink(path: Path):
    for variant in exercises(path).variants:
        assert not [c for c in variant.solution.conventions if "on the kink" in c] or "kink" in str(variant.missed)


@pytest.mark.parametrize("path", WITH_VALUES, ids=name)
def test_the_objective_improves_where_the_author_s_does(path: Path):
    original = solve(sheet_of(path), check=False)
    up = original.sheet.objective is not None and original.sheet.objective.sense == "maximize"
    if len(original.states) < 2 or original.states[0].objective is None:
        pytest.skip("no step")
    if (float(original.states[1].objective) > float(original.states[0].objective)) != up:
        pytest.skip("the author's step is too long")
    for variant in exercises(path).variants:
        before, after = (float(s.objective) for s in variant.solution.states)
        assert (after > before) == up or "does not improve" in str(variant.missed)


PRE_ACTIVATIONS = {
    "mlp-4433": (["z1", "z2"], 2.0),
    "mlp-4433-softmax": (["z1", "z2"], 2.0),
    "predictor-logistic": (["s"], 3.0),
    "jacobian-chain": (["s"], 3.0),
}


@pytest.mark.parametrize("stem", sorted(PRE_ACTIVATIONS))
def test_units_are_not_saturated(stem: str):
    path = next(p for p in WITH_VALUES if p.stem == stem)
    names, most = PRE_ACTIVATIONS[stem]
    for seed in (1, 2):
        for variant in exercises(path, 4, seed).variants:
            assert all(np.abs(value_of(variant, n)).max() <= most for n in names), variant.text


def test_units_of_a_relu_layer_are_on_and_off_and_away_from_the_kink():
    for seed in (1, 2, 3):
        for variant in exercises(EXAMPLES / "two-layers-relu.sheet", 4, seed).variants:
            z = value_of(variant, "z")
            assert z.max() > 0 > z.min()
            assert np.abs(z).min() >= 0.05


def test_what_is_exact_stays_exact():
    """A score of 0 makes a probability of 1/2, and gradients that are fractions: so it is in every variant."""
    for stem, result in (("jacobian-chain", "y"), ("predictor-logistic", "p")):
        for variant in exercises(EXAMPLES / f"{stem}.sheet", 6).variants:
            held = next(v for s, v in variant.solution.states[0].values.items() if s.name == result)
            assert held[()].fraction == Fraction(1, 2)
            assert variant.missed == ()


def test_a_filled_matrix_stays_filled_where_that_leaves_gradients():
    for variant in exercises(EXAMPLES / "mlp-4433.sheet").variants:
        for weights in ("W1", "b1", "W2", "b2", "W3", "b3"):
            assert len(set(value_of(variant, weights))) == 1


def test_equal_weights_under_a_softmax_are_opened_and_it_is_said():
    found = exercises(EXAMPLES / "mlp-4433-softmax.sheet")
    assert any(r.startswith("W3 is filled with one number") for r in found.remarks)
    for variant in found.variants:
        assert len(set(value_of(variant, "W3"))) > 1
        assert len(set(value_of(variant, "W2"))) == 1
        assert all(np.any(g) for g in gradients(variant).values())
        assert "# W3 is filled" in variant.text


def test_zero_weights_stay_zero_and_it_is_said():
    found = exercises(EXAMPLES / "boltzmann.sheet")
    assert "kept as in the sheet: a (zero), b (zero), W (zero)" in found.remarks
    assert any(r.startswith("∂ℓ/∂b: zero throughout") for r in found.remarks)
    varied = set_exercises(sheet_of(EXAMPLES / "boltzmann.sheet"), 2, 1, Wishes(vary=("a", "D")))
    assert all(np.any(value_of(v, "a")) for v in varied.variants)
    assert all(not np.any(value_of(v, "W")) for v in varied.variants)


SETS = {
    "mlp-4433-softmax": {"y": lambda v: sorted(v) == [0, 0, 1], "x": lambda v: set(v) <= {0, 1}},
    "boltzmann": {"D": lambda v: set(v) <= {0, 1}},
    "predictor-logistic": {"y": lambda v: set(v) <= {0, 1}},
    "predictor-softmax": {"y": lambda v: sorted(v) == [0, 0, 0, 1], "x": lambda v: v[0] == 1},
    "elo": {"s": lambda v: set(v) <= {0, 1}, "A": lambda v: v[0] % 100 == 0},
    "jacobian-chain": {"t": lambda v: set(v) <= {0, 1}},
}


@pytest.mark.parametrize("stem", sorted(SETS))
def test_values_stay_in_their_sets(stem: str):
    path = next(p for p in WITH_VALUES if p.stem == stem)
    for seed in (1,) if stem == "boltzmann" else (1, 2):
        for variant in exercises(path, 4, seed).variants:
            for symbol, holds in SETS[stem].items():
                assert holds(list(value_of(variant, symbol))), variant.text


def test_a_rate_is_a_step_of_the_ladder():
    rates = {_rate(v.text) for seed in (1, 2, 3) for v in exercises(EXAMPLES / "mlp-4433.sheet", 4, seed).variants}
    assert rates <= {"0.05", "0.1", "0.2"}
    assert len(rates) > 1


def _rate(text: str) -> str:
    return re.search(r"η = ([0-9.]+)", text)[1]


# ---------------------------------------------------------------- what a variant depends on


def test_variant_k_does_not_depend_on_how_many_there_are():
    path = EXAMPLES / "two-layers-relu.sheet"
    few, many = set_exercises(sheet_of(path), 3, 5), set_exercises(sheet_of(path), 9, 5)
    assert [v.text for v in few.variants] == [v.text for v in many.variants[:3]]
    assert few.remarks == many.remarks


def test_another_seed_gives_other_variants():
    path = EXAMPLES / "circuit.sheet"
    assert exercises(path, 4, 1).variants[0].text != exercises(path, 4, 2).variants[0].text


def test_comments_and_layout_do_not_matter():
    text = (EXAMPLES / "circuit.sheet").read_text(encoding="utf-8")
    other = "# Another title.\n\n" + text.split("\n", 1)[1].replace("e = o - y", "e  =  o - y  # the error")
    first, second = set_exercises(sheet_of(text), 2), set_exercises(sheet_of(other), 2)
    assert [value_of(v, "u") for v in first.variants] == [value_of(v, "u") for v in second.variants]


def test_the_hash_seed_of_the_process_does_not_matter():
    program = (
        "import gradsheet as gs\n"
        f"for name in ('mlp-4433-softmax', 'circuit'):\n"
        f"    sheet = gs.load('{EXAMPLES}/' + name + '.sheet')\n"
        "    for v in sheet.variants(2): print(v.text)\n"
        f"for v in gs.load('{ROOT}/tests/sheets/self-attention.sheet').variants(2): print(v.text)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


# ---------------------------------------------------------------- what is asked


def test_keep_and_vary():
    path = EXAMPLES / "circuit.sheet"
    for variant in set_exercises(sheet_of(path), 3, 1, Wishes(keep=("x", "eta"))).variants:
        assert "x = 2" in variant.text
        assert "eta = 0.01" in variant.text
    for variant in set_exercises(sheet_of(path), 3, 1, Wishes(vary=("x", "y"))).variants:
        assert "u = 1.5, c = -1, v = -2, d = 6" in variant.text


def test_a_value_on_a_kink_on_request():
    for variant in set_exercises(sheet_of(EXAMPLES / "two-layers-relu.sheet"), 4, 1, Wishes(kinks=True)).variants:
        assert 0 in value_of(variant, "z")
        assert any("on the kink" in c for c in variant.solution.conventions)


def refusal(text: str, count: int = 2, wishes: Wishes | None = None) -> gs.Diagnostic:
    with pytest.raises(gs.SheetError) as caught:
        set_exercises(sheet_of(text), count, 1, wishes)
    return caught.value.diagnostics[0]


LINE = "x, w ∈ ℝ\nL = (w x - 1)²\nparameters w\nminimize L\n"
BIT = "x ∈ {0,1}, w ∈ ℝ\nL = (w + x)²\nparameters w\nminimize L\ngiven x = 1, w = 0\n"
REFUSED = {
    "all is zero": (LINE + "given x = 0, w = 0\n", None, "GS603", "nothing to vary: x is zero; w is zero"),
    "all is kept": (LINE + "given x = 2, w = 3\n", Wishes(keep=("x", "w")), "GS603", "nothing to vary"),
    "an unknown name": (LINE + "given x = 2, w = 3\n", Wishes(vary=("q",)), "GS601", "'q' has no value"),
    "kept and varied": (LINE + "given x = 2, w = 3\n", Wishes(vary=("x",), keep=("x",)), "GS601", "to be varied and"),
    "no more variants": (BIT, None, "GS603", "no more than 1 different variant"),
    "undefined": ("x, w ∈ ℝ\nL = sqrt(-1 - x² - w²)\nparameters w\nminimize L\n", None, "GS603", "L is undefined"),
    "unspecified": ("x, w ∈ ℝ, g : ℝ → ℝ\nL = g(w x)\nparameters w\nminimize L\n", None, "GS603", "g is not specified"),
    "a size that is known": (LINE + "given x = 2, w = 3\n", Wishes(sizes={"n": 2}), "GS601", "follows from the values"),
    "a size that is none": (
        "x ∈ ℝ^n\nL = ‖x‖²\nparameters x\nminimize L\n", Wishes(sizes={"m": 2}), "GS601", "'m' is no size",
    ),
    "too large": ("x ∈ ℝ^20000\nL = ‖x‖²\nparameters x\nminimize L\n", None, "GS603", "20,000 values"),
    "an author's error": (LINE + "given x = [1, 2], w = 3\n", None, "GS402", "the value has shape 2"),
    "undefined as it stands": (
        "x, w ∈ ℝ\nL = log(x) w\nparameters w\nminimize L\ngiven x = -1, w = 1\n", None, "GS405", "undefined",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wishes", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_said(text: str, wishes: Wishes | None, code: str, words: str):
    found = refusal(text, 3, wishes)
    assert found.code == code
    assert words in found.message


def test_what_is_given_up_is_said_with_the_variant():
    """tanh(w x + b) = 0 is exact, and leaves ∂L/∂v = 0: one of the two criteria has to go."""
    path = next(p for p in WITH_VALUES if p.stem == "one-hidden-unit")
    sentences = {c.missed for c in CRITERIA}
    for variant in exercises(path).variants:
        assert variant.missed
        assert set(variant.missed) <= sentences
        assert all(f"# Given up: {m}." in variant.text for m in variant.missed)


def test_equal_units_under_a_maximum_are_told_apart_by_their_closed_forms():
    """tanh(0.3) is the larger of tanh(0.3) and tanh(0.3): in balls that is undecided."""
    sheet = (
        "x ∈ ℝ^2, W ∈ ℝ^(2×2), a ∈ ℝ\nh = tanh(W x)\nm = max(h)\nL = (a m - 1)²\nparameters W, a\nminimize L\n"
        "given x = [1, 2], W = 0.1, a = 1\n"
    )
    (variant,) = set_exercises(sheet_of(sheet), 1).variants
    assert "a value lies on a kink or near it" in variant.missed


# ---------------------------------------------------------------- sheets without values


@pytest.mark.parametrize("path", spread(WITHOUT_VALUES, MOST_WITHOUT_VALUES), ids=name)
def test_a_sheet_without_values_gets_some(path: Path):
    found = exercises(path, 2)
    assert found.remarks[0].startswith("the sheet gives no values for ")
    for variant in found.variants:
        head = sheet_of(path).source.text.rstrip("\n")
        assert variant.text.startswith(head) or "sgd(" in head  # the rate is drawn, too
        assert variant.solution.states
        assert variant.solution.verification.passed
        if not any("zero throughout" in m for m in variant.missed):
            assert all(np.any(g) for g in gradients(variant).values())


def test_sizes_on_request():
    sheet = "x, w ∈ ℝ^n, y ∈ ℝ\nL = 1/2 (y - w' x)²\nparameters w\nminimize mean L\n"
    (plain,) = set_exercises(sheet_of(sheet), 1).variants
    assert value_of(plain, "w").size == 3
    assert value_of(plain, "x").size == 6, "two rows of data"
    (asked,) = set_exercises(sheet_of(sheet), 1, 1, Wishes(sizes={"n": 2, "rows": 4})).variants
    assert value_of(asked, "w").size == 2
    assert value_of(asked, "x").size == 8


def test_given_sizes_are_kept():
    path = ROOT / "tests" / "sheets" / "widths.sheet"
    (variant,) = exercises(path, 1).variants
    assert "D = 2, n = [3, 4, 2]" in variant.text
    assert value_of(variant, "W").size == 12 + 8


def test_settings_get_what_is_usual_for_their_letters():
    sheet = "x, w ∈ ℝ^2, λ, ε ∈ ℝ\nL = λ ‖w - x‖² + ε\nparameters w\nminimize L\n"
    for variant in set_exercises(sheet_of(sheet), 4).variants:
        assert value_of(variant, "λ")[0] in {0.1, 0.2, 0.5}
        assert value_of(variant, "ε")[0] in {0.01, 0.1}


def test_a_matrix_that_is_inverted_is_regular():
    sheet = "S ∈ ℝ^(n×n) symmetric, x ∈ ℝ^n\nL = x' S⁻¹ x + log det(S)\nparameters S\nminimize L\n"
    for variant in set_exercises(sheet_of(sheet), 4).variants:
        matrix = value_of(variant, "S").reshape(2, 2)
        assert np.all(np.linalg.eigvalsh(matrix) > 0)


# ---------------------------------------------------------------- in Python, and by itself


def test_sheets_in_python():
    sheet = gs.load(EXAMPLES / "mlp-4433.sheet")
    first, second = sheet.variants(2, seed=3)
    assert first.solve().objective != second.solve().objective
    assert first.text == exercises(EXAMPLES / "mlp-4433.sheet", 4, 3).variants[0].text
    with pytest.raises(ValueError, match="at least 1"):
        sheet.variants(0)


@pytest.mark.parametrize("path", spread(WITH_VALUES, 5), ids=name)
def test_a_variant_solves_by_itself_to_the_same_numbers(path: Path, tmp_path: Path):
    variant = exercises(path).variants[1]
    place = tmp_path / "variant.sheet"
    place.write_text(variant.text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gradsheet", "solve", str(place), "--json"], capture_output=True, check=True, text=True
    )
    data = json.loads(done.stdout)
    expected_by_name = gradients(variant)
    found = [entry for entry in data["backward"] if entry["wrt"] in expected_by_name]
    assert found
    for entry in found:
        expected = expected_by_name[entry["wrt"]]
        np.testing.assert_allclose(np.ravel(entry["value"]).astype(float), expected, rtol=1e-12, atol=1e-300)
