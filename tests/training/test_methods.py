"""Each method is the update block that the documentation shows: the same numbers, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

import gradsheet as gs
from fences import ROOT, Fence, fences
from gradsheet.training.optimisers import METHODS

BLOCKS = fences(ROOT / "docs" / "training.md")
(BASE,) = (fence.text for fence in BLOCKS if fence.options.get("name") == "updates")
UPDATES = [fence for fence in BLOCKS if "method" in fence.options]

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 3))
ROWS = {"x": X, "y": X @ [1, 2, -1] + 0.1}


@pytest.mark.parametrize("fence", UPDATES, ids=lambda f: "-".join(f.options.values()).replace("/", ":"))
def test_the_update_that_is_shown_is_what_the_method_does(fence: Fence):
    pytest.importorskip("llvmlite")
    sheet = gs.loads(BASE + "update\n" + "".join(f"  {line}\n" for line in fence.body))
    recipe = {"epochs": 4, "batch": 7, "begin": "w ~ constant(1/2)"}
    shown = sheet.train(ROWS, method="sheet", **recipe)
    named = sheet.train(ROWS, rate=0.05, **fence.options, **recipe)
    assert (shown.parameters["w"] == named.parameters["w"]).all()
    assert (named.parameters["w"] != 1 / 2).all()


def test_every_method_is_shown():
    assert {fence.options["method"] for fence in UPDATES} == set(METHODS)
