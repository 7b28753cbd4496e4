"""What a real browser makes of it: the font is used, brackets grow, sums are large in displays, columns are aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from browser import browser, missing
from gradsheet.syntax.tree import Underbrace
from gradsheet.typesetting import font_face, layout, mathml, mathml_of, row, value_box
from gradsheet.typesetting.boxes import Numeral
from syntax.trees import read

if TYPE_CHECKING:
    from pathlib import Path

FORMULAS = {
    "flat": mathml(read("(x)")),
    "tall": mathml(read("(a/b)")),
    "inline": mathml(read("sum[k] x")),
    "display": mathml(read("sum[k] x"), display=True),
    "column": mathml_of(value_box(np.array([1, -0.25]))),
    "middle": mathml_of(row(Numeral("1"), value_box(np.array([1, 1, 1])))),
    "cases": mathml(read("a if x > 0 else b + c")),
    "brace": mathml_of(layout(Underbrace(read("a b c d e f"), read("n")))),
    "greek": mathml(read("σ(W)")),
}
STYLE = 'math { font: 40px "Gradsheet Math" } .other math { font-family: serif }'


@pytest.fixture(scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The places of the elements that a selector finds, on a page with some formulas."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    page: Path = tmp_path_factory.mktemp("browser") / "page.html"
    body = "".join(f'<p id="{name}">{text}</p>' for name, text in FORMULAS.items())
    body += f'<p id="other" class="other">{FORMULAS["greek"]}</p>'
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><style>{font_face()}{STYLE}</style>{body}', encoding="utf-8")
    with browser() as window:
        window.open(page)

        def found(selector: str) -> Any:
            places = (
                f"[...document.querySelectorAll({selector!r})].map((node) => node.getBoundingClientRect().toJSON())"
            )
            return window.run(f"return {places}")

        found.run = window.run  # type: ignore[attr-defined]
        yield found


def test_the_font_is_read_and_used(measure):
    assert measure.run("return [...document.fonts].map((face) => face.status)") == ["loaded"]
    (ours,), (theirs,) = measure("#greek math"), measure("#other math")
    assert ours["width"] != pytest.approx(theirs["width"], abs=0.2)


def test_brackets_grow_around_a_fraction_and_only_there(measure):
    flat, tall = measure("#flat mo"), measure("#tall mo")
    assert tall[0]["height"] > 1.3 * flat[0]["height"]
    assert tall[0]["height"] == pytest.approx(tall[1]["height"], abs=0.5)


def test_a_sum_is_larger_in_a_display_and_has_its_index_below(measure):
    (inline,), (display,) = measure("#inline munder mo"), measure("#display munder mo")
    assert display["height"] > 1.2 * inline["height"]
    assert measure("#display munder mi")[0]["left"] < display["right"]
    assert measure("#inline munder mi")[0]["left"] >= inline["right"] - 1


def test_numbers_stand_at_the_right_and_cases_at_the_left(measure):
    first, second = measure("#column mn")
    assert first["right"] == pytest.approx(second["right"], abs=0.5)
    assert first["left"] > second["left"]
    values = measure("#cases mtd:first-child > :first-child")
    assert values[0]["left"] == pytest.approx(values[1]["left"], abs=0.5)


def test_the_middle_row_of_a_matrix_stands_on_the_line(measure):
    beside, _, middle, _ = measure("#middle mn")
    assert middle["bottom"] == pytest.approx(beside["bottom"], abs=2)


def test_a_brace_stands_below_with_its_label_in_the_middle(measure):
    (above,), (brace,) = measure("#brace munder munder > mrow"), measure("#brace munder munder > mo")
    (label,) = measure("#brace math > munder > :last-child")
    assert above["bottom"] <= brace["top"] + 1
    assert brace["bottom"] <= label["top"] + 1
    assert (above["left"] + above["right"]) / 2 == pytest.approx((label["left"] + label["right"]) / 2, abs=1.5)
