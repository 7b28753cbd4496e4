"""Random sheets: derived, verified, compared with two independent gradients, printed, read back.

The objective of each sheet exists a second time as a function of plain arrays (see `random_sheets`), so nothing here
asks the engine about itself. Where JAX is installed it differentiates that function; central differences always do.
"""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from drawing import THOROUGH, examples
from engine import reading_back, spelled
from engine.random_sheets import RandomSheet, random_sheet
from engine.reading_back import Printed, derivation_of, over_data, read_back
from engine.running import derived, read, read_text
from engine.spelled import NotReadBackError
from fences import ROOT
from gradsheet.expressions import ZERO_EXPR
from gradsheet.solution import solve
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain
from gradsheet.verification import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

try:
    import jax
except ImportError:
    jax = None
else:
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - as JAX has it

FOLDERS = (ROOT / "examples", ROOT / "tests" / "sheets", ROOT.parent / "shared" / "sheets")
CORPUS = [path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.glob("*.sheet"))]
VIEWS = ["matrix", "matrix inline", "index", "delta", "jacobian"]
SIZES = st.sampled_from([(3, 2, 4), (2, 3, 3), (1, 2, 3), (1, 1, 1)])
SLOW = settings(
    max_examples=examples(25, 1000), derandomize=not THOROUGH, deadline=None, suppress_health_check=list(HealthCheck)
)


def made(seed: int, numbers: tuple[int, ...], lines: int = 3) -> tuple[RandomSheet, dict[str, Any]]:
    sheet = random_sheet(random.Random(seed), lines=lines, numbers=numbers)
    arrays = sheet.arrays(seed)
    value = float(sheet.objective(arrays, np))
    assume(np.isfinite(value) and abs(value) < 1e5)
    return sheet, arrays


def given_values(sheet: RandomSheet, arrays: dict[str, Any]) -> dict[str, Any]:
    known = read(sheet.text)
    names = {s.name for s in known.inputs} | set(known.sizes)
    everything = {**{k: v.tolist() for k, v in arrays.items()}, **sheet.sizes}
    return {k: v for k, v in everything.items() if k in names}


def differences(sheet: RandomSheet, arrays: dict[str, Any], name: str) -> Any:
    """Central differences of fourth order; entries beside a kink are nan."""
    result = np.zeros(np.shape(arrays[name]))
    for place in np.ndindex(result.shape):
        slopes = []
        for step in (1e-4, 2e-4):
            ends = []
            for sign in (1, -1):
                moved = np.array(arrays[name], dtype=float)
                moved[place] += sign * step
                ends.append(float(sheet.objective({**arrays, name: moved}, np)))
            slopes.append((ends[0] - ends[1]) / (2 * step))
        steady = abs(slopes[0] - slopes[1]) <= 1e-4 * (1 + abs(slopes[0]))
        result[place] = (4 * slopes[0] - slopes[1]) / 3 if steady else np.nan
    return result


def stacked(values: Any) -> Any:
    if isinstance(values, dict):
        return np.stack([np.asarray(values[k], dtype=float) for k in sorted(values)])
    return np.asarray(values, dtype=float)


@settings(SLOW, max_examples=examples(8, 1000))
@given(st.integers(0, 10**6), SIZES)
@example(70, (3, 2, 4))
@example(30, (3, 2, 4))
def test_gradients_are_those_of_the_function_beside_the_sheet(seed: int, numbers: tuple[int, ...]):
    sheet, arrays = made(seed, numbers)
    solution = solve(read(sheet.text), given_values(sheet, arrays), kind="float64", check=False)
    state = solution.states[0]
    assert float(state.objective) == pytest.approx(float(sheet.objective(arrays, np)), rel=1e-9, abs=1e-10), sheet.text
    by_jax = {}
    if jax is not None:
        by_jax = jax.grad(lambda a: sheet.objective(a, jax.numpy))({k: jax.numpy.asarray(v) for k, v in arrays.items()})
    for name in sheet.parameters:
        adjoint = solution.derivation.find("L", name)
        assert adjoint is not None
        found = stacked(state.values[adjoint.symbol])
        by_steps = differences(sheet, arrays, name)
        clear = np.isfinite(by_steps)
        assert found.shape == by_steps.shape, sheet.text
        where = f"{name} in\n{sheet.text}"
        np.testing.assert_allclose(found[clear], by_steps[clear], rtol=1e-5, atol=1e-6, err_msg=where)
        if jax is not None:
            one = np.asarray(by_jax[name])
            np.testing.assert_allclose(found[clear], one[clear], rtol=1e-8, atol=1e-9, err_msg=where)


@SLOW
@given(st.integers(0, 10**6), SIZES)
def test_every_derivation_verifies(seed: int, numbers: tuple[int, ...]):
    sheet, _ = made(seed, numbers, lines=2)
    verification = verify(derived(sheet.text), points=1)
    undecided = [p for p in verification.problems if "kink" in p or "undefined" in p or "zero" in p]
    assert not verification.failures(), (sheet.text, verification.failures())
    assume(not undecided)  # such as relu(x - x)
    assert verification.passed, (sheet.text, verification.problems)


def at_some_point(text: str, view: str, seed: int = 0) -> int:
    """Every printed line read back and compared where the sheet has values; the number of lines."""
    notation, _, inline = view.partition(" ")
    for style in (1, 0, 2):
        try:
            return read_back(text, seed=seed, style=style, notation=notation, inline=bool(inline))
        except ArithmeticError:
            continue
    return 0


@pytest.mark.parametrize("view", VIEWS)
@settings(SLOW, max_examples=examples(6, 1000))
@given(st.integers(0, 10**6), SIZES)
def test_what_is_printed_reads_back_with_the_same_values(view: str, seed: int, numbers: tuple[int, ...]):
    """In text, on a keyboard, in LaTeX, and in LaTeX within a line of words."""
    sheet, _ = made(seed, numbers)
    try:
        at_some_point(sheet.text, view, seed)
    except NotReadBackError as problem:
        raise AssertionError(f"{problem}\n{sheet.text}") from None


@SLOW
@given(st.integers(0, 10**6))
def test_no_derivative_is_a_silent_zero(seed: int):
    """What is derived as 0 does not move the objective at any of several points."""
    sheet, _ = made(seed, (3, 2, 4))
    derivation = derived(sheet.text)
    for name in sheet.parameters:
        adjoint = derivation.find("L", name)
        assert adjoint is not None
        if adjoint.equation.body is ZERO_EXPR:
            for k in range(3):
                slopes = differences(sheet, sheet.arrays(seed + k), name)
                np.testing.assert_allclose(slopes[np.isfinite(slopes)], 0, atol=1e-6, err_msg=sheet.text)


def looked_at() -> list[Any]:
    """Every sheet in one view, the next sheet in the next one; each in all of them where time does not matter."""
    found = []
    for at, path in enumerate(CORPUS):
        views = VIEWS if THOROUGH else [VIEWS[at % len(VIEWS)]]
        found += [pytest.param(path, view, id=f"{path.parent.name}/{path.stem}-{view}") for view in views]
    return found


@pytest.mark.parametrize(("path", "view"), looked_at())
def test_every_printed_equation_of_the_corpus_reads_back(path: Path, view: str):
    text = read_text(path)
    if over_data(derivation_of(text)):
        pytest.skip("the rows of the data are one example at a time: there is no sheet to read back")
    assert at_some_point(text, view), "no point was found at which it has values"


def planted(monkeypatch: pytest.MonkeyPatch, change: Callable[[Printed], Printed]) -> None:
    held = reading_back.printed

    def changed(*arguments: Any, **named: Any) -> list[Printed]:
        return [change(line) for line in held(*arguments, **named)]

    monkeypatch.setattr(reading_back, "printed", changed)


def test_a_line_that_means_something_else_is_seen(monkeypatch: pytest.MonkeyPatch):
    """The harness can fail: printed with a factor too many, a line does not read back."""

    def doubled(found: Printed) -> Printed:
        if plain(found.line.left) != "∂L/∂h1":
            return found
        two = tree.Num(Fraction(2), "2")
        twice = tree.Product((tree.Factor("", two), tree.Factor("", tree.Group((found.line.right,)))))
        return replace(found, line=replace(found.line, right=twice))

    planted(monkeypatch, doubled)
    with pytest.raises(NotReadBackError, match="∂L/∂h1"):
        read_back(read_text(ROOT / "examples" / "mlp-4433.sheet"))


@pytest.mark.parametrize(
    ("spelling", "before", "after"),
    [
        ("latex", r"W_3^{\top}", "W_3"),
        ("latex", r"\odot", r"\oslash"),
        ("latex", "h_1", "h_2"),
        ("latex", " - ", " + "),
        ("inline", r"\partial L/\partial h_2", r"\partial L/\partial h_1"),
        ("text", "ᵀ", ""),
        ("keyboard", "h1^2", "h1^3"),
    ],
)
def test_a_spelling_that_says_something_else_is_seen(
    spelling: str, before: str, after: str, monkeypatch: pytest.MonkeyPatch
):
    """The harness can fail: one sign changed on the page, and the line does not read or has other values."""
    held = spelled.on_page

    def misprinted(*args: Any) -> str:
        return held(*args).replace(before, after)

    monkeypatch.setattr(spelled, "on_page", misprinted)
    with pytest.raises(NotReadBackError):
        read_back(read_text(ROOT / "examples" / "mlp-4433.sheet"), spellings=["tree", spelling])


def test_a_gradient_that_is_wrong_is_seen():
    """The harness can fail: differences of another objective are other differences."""
    sheet = random_sheet(random.Random(70), lines=3)
    arrays = sheet.arrays(70)
    doubled = [*sheet.steps, ("L", lambda e, _: 2 * e["L"])]
    other = RandomSheet(sheet.text, sheet.sizes, sheet.inputs, sheet.parameters, doubled)
    name = sheet.parameters[0]
    assert not np.allclose(differences(sheet, arrays, name), differences(other, arrays, name), equal_nan=True)
