"""The examples to train reach what their page says; thoroughly with every seed."""

from __future__ import annotations

import importlib.util
import re
import statistics
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

import gradsheet as gs
from drawing import THOROUGH
from fences import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

EXAMPLES = ROOT / "examples" / "training"
PAGE = (EXAMPLES / "README.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.filterwarnings("ignore:llvmlite is not installed")


def stated(sheet: str) -> list[float]:
    """The numbers in the last cell of a sheet's line on the page."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| [{sheet}]"))
    return [float(number) for number in re.findall(r"\d+\.\d+", line.split("|")[4])]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"examples_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sheet", ["digits.sheet", *(["digits-conv.sheet"] if THOROUGH else [])])
def test_digits_are_read(sheet: str):
    pytest.importorskip("sklearn", minversion="1.6")
    found = list(script("digits").accuracies(sheet, range(5 if THOROUGH else 1)))
    assert statistics.median(found) >= 0.97
    median, *seeds = stated(sheet)
    assert median == statistics.median(seeds)
    for accuracy, said in zip(found, seeds, strict=False):
        assert 100 * accuracy == pytest.approx(said, abs=0.5)  # another processor may get a row or two otherwise


def test_digits_are_read_by_convolution_after_a_few_steps():
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_digits(return_X_y=True)
    sheet = gs.load(EXAMPLES / "digits-conv.sheet")
    model = sheet.train({"X": X[:800], "y": y[:800]}, epochs=2, method="adam", rate=0.01)
    assert model.score({"X": X[800:], "y": y[800:]}).accuracy > 0.75


def test_the_penalised_products_are_no_worse_than_ridge():
    pytest.importorskip("sklearn", minversion="1.6")
    diabetes = script("diabetes")
    ours = diabetes.scores(diabetes.ours()).mean()
    theirs = [diabetes.scores(ridge).mean() for ridge in diabetes.ridges().values()]
    assert ours >= max(theirs)
    assert [ours, *theirs] == pytest.approx(stated("diabetes.sheet"), abs=0.002)


def test_the_moons_are_the_rows_in_the_file(tmp_path: Path):
    pytest.importorskip("sklearn", minversion="1.6")
    script("two_moons").write_data(tmp_path / "moons.csv")
    assert (tmp_path / "moons.csv").read_text() == (EXAMPLES / "two-moons.csv").read_text()


def test_a_picture_has_every_row_and_the_line_between_the_classes():
    moons = script("two_moons")
    model = gs.load(EXAMPLES / "two-moons.sheet").train(EXAMPLES / "two-moons.csv", epochs=5, method="adam", rate=0.05)
    points, labels = moons.rows_of(EXAMPLES / "two-moons.csv")
    picture = ET.fromstring(moons.picture(model, points, labels))  # noqa: S314 - our own
    kinds = [element.tag.rpartition("}")[2] for element in picture]
    assert kinds.count("circle") == 300
    line = next(e for e in picture if e.get("stroke") == "#222").get("d")
    # Where the line is, p is 1/2: half a cell beside it on either side, one class each.
    ends = [tuple(map(float, pair.split())) for piece in line.split("M")[1:] for pair in piece.split("L")]
    places = [(moons.LOW[0] + x / moons.SCALE, moons.HIGH[1] - y / moons.SCALE) for x, y in ends]
    p = model.predict({"x": places}).values
    assert abs(p - 0.5).max() < 0.05
