"""A report becomes a document once: titles, sentences, steps, values; the formats only print it."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradsheet as gs
from gradsheet.syntax.plain import plain
from gradsheet.typesetting import latex_of
from gradsheet.typesetting.boxes import Letter, Numeral, Sign, row
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.documents.composition import compose, title_and_lead
from gradsheet.writing.documents.displays import MEASURE, Aligned, broken, width
from gradsheet.writing.documents.model import Displays, Formula, Paragraph, Steps
from gradsheet.writing.documents.prose import pieces, sentence
from gradsheet.writing.documents.quantities import quantities
from gradsheet.writing.documents.reasons import reason
from gradsheet.writing.report import report
from writing.pages import SHEETS, composed, reported


def marked(parts):
    """Words as they are, formulas between «…»."""
    return "".join(part if isinstance(part, str) else f"«{plain(part)}»" for part in parts)


def text_of(words):
    """Words and formulas as plain text."""
    return "".join(part.text if isinstance(part, Formula) else part for part in words)


def steps_of(document):
    return [s for section in document.sections for b in section.blocks if isinstance(b, Steps) for s in b.items]


# ---------------------------------------------------------------- sentences

PROSE = {
    "a sum over δ_ij keeps the one term with i = j": "a sum over «δ[i,j]» keeps the one term with «i = j»",
    "tanh' = 1 − tanh²": "«tanh' = 1 - tanh²»",
    "max takes the derivative of the larger argument": "max takes the derivative of the larger argument",
    "the 4-4-3-3 network of layers' weights": "the 4-4-3-3 network of layers' weights",
    "at a score of 0 the slope is 1/4, not log 2": "at a score of 0 the slope is «1/4», not «log 2»",
    "W1 and b1 are given, and so is a": "«W1» and «b1» are given, and so is a",
    "numbers are float64, rounded to 5 decimals": "numbers are float64, rounded to 5 decimals",
    "relu'(0) = 0, max'(x, c) = 0 at x = c": "«relu'(0) = 0», «max'(x, c) = 0» at «x = c»",
    "x' A y is bilinear": "«x' A y» is bilinear",
    "A half-open ( bracket = [": "A half-open ( bracket = [",
}


@pytest.mark.parametrize(("text", "expected"), PROSE.items(), ids=PROSE.keys())
def test_formulas_are_found_in_sentences(text: str, expected: str):
    assert marked(pieces(text, {"W1", "b1", "a", "A", "x", "y"})) == expected


def test_nothing_of_a_sentence_is_lost():
    for text in PROSE:
        bare = marked(pieces(text)).replace("«", "").replace("»", "")
        assert re.sub(r"[\s()\[\],_−-]", "", bare) == re.sub(r"[\s()\[\],_−-]", "", text)


REASONS = {
    ("power rule", ()): "By the power rule.",
    ("z3 is linear in W3", ()): "«z3» is linear in «W3».",
    ("b, f are linear in a; sum over the uses in b, f", ()):
        "«b» and «f» are linear in «a»; the contributions through «b» and «f» are added.",
    ("tanh' = 1 − tanh²; σ' = σ (1 − σ)", ()): "By the chain rule with «tanh' = 1 - tanh²» and «σ' = σ(1 - σ)».",
    ("put in and simplified", ("Σ y = 1: y ∈ onehot(3)",)):
        "The earlier derivative is put in, and the product becomes simpler; "
        "this uses «sum[k] y[k] = 1», as «y ∈ onehot (3)».",
    ("power rule; exponential rule", ()): "By the power rule and the exponential rule.",
    ("z is linear in W; symmetric part", ("the variable is symmetric",)):
        "«z» is linear in «W»; the symmetric part is taken, as the variable is symmetric.",
}  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), REASONS.items(), ids=[rule for rule, _ in REASONS])
def test_a_reason_is_a_sentence(given, expected: str):
    rule, conditions = given
    names = dict.fromkeys(["z3", "W3", "b", "f", "a", "z", "W"], 1) | {"y": 1}
    assert marked(reason(rule, conditions, names)) == expected


@pytest.mark.parametrize("name", SHEETS)
def test_every_step_says_why_in_one_sentence(name: str):
    document = composed(name)
    backward = next(s for s in document.sections if s.key == "backward")
    for block in backward.blocks:
        for step in block.items:
            said = text_of(step.reason)
            assert said, step.anchor
            assert said[-1] == "."
            assert not re.match(r"[a-z]{2,} ", said), said
            assert "  " not in said


def test_a_sentence_begins_with_a_capital_but_a_name_stays():
    assert sentence(["by hand"]) == ("By hand.",)
    assert sentence(["z[1] is given"]) == ("z[1] is given.",)


def test_titles_are_cut_where_they_end():
    assert title_and_lead("A network of two layers: ReLU, then a sum. It is small.") == (
        "A network of two layers", "ReLU, then a sum. It is small.",
    )  # fmt: skip
    assert title_and_lead("Loss: x.") == ("Loss: x", "")
    assert title_and_lead("") == ("Worked solution", "")


# ---------------------------------------------------------------- values

VALUES = {
    "a fraction": (gs.loads("x ∈ ℝ\nL = x/16\ngiven x = -1"), "L", ["= −1/16 = −0.0625"]),
    "a rounded number": (gs.loads("x ∈ ℝ\nL = tanh(x) + log(x + 1)\ngiven x = 1"), "L", ["≈ 1.45474"]),
    "a closed form": (gs.loads("x ∈ ℝ\nL = log(x)\ngiven x = 3"), "L", ["= log(3) ≈ 1.09861"]),
    "an exact vector": (gs.loads("x ∈ ℝ^2\nL = 2 x\ngiven x = [0.25, 1]"), "L", ["= [1/2, 2]"]),
    "a rounded vector": (gs.loads("x ∈ ℝ^2\nL = tanh(x)\ngiven x = [0, 1]"), "L", ["≈ [0, 0.76159]"]),
    "three axes": (
        gs.loads("x ∈ ℝ^(2×1×2)\nL = 2 x\ngiven x = [[[1, 2]], [[3, 4]]]"), "L", ["= [2, 4]", "= [6, 8]"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sheet", "name", "expected"), VALUES.values(), ids=VALUES.keys())
def test_what_is_rounded_stands_behind_another_sign(sheet, name: str, expected: list[str]):
    found = sheet.solve(mode="exact")
    value = found._solved.states[0].values[sheet._sheet.symbols[name]]
    assert [f"{q.relation} {q.text}" for q in quantities(value, NumberStyle())] == expected


def test_floats_that_were_computed_are_never_exact():
    assert next(quantities(0.5, NumberStyle())).relation == "≈"
    assert next(quantities(0.5, NumberStyle(), computed=False)).relation == "="
    assert next(quantities(1 / 3, NumberStyle(), computed=False)).relation == "≈"


def test_what_is_left_out_is_said():
    (many,) = quantities(np.arange(1000.0), NumberStyle())
    assert many.box is None
    assert many.text.startswith("1,000 entries from 0 to 999")
    (equal,) = quantities(np.full((30, 30), 0.1), NumberStyle())
    assert equal.text == "all 900 entries are 0.1"
    (listed,) = quantities(np.arange(20.0), NumberStyle())
    assert listed.box is None
    assert listed.text == "[" + ", ".join(map(str, range(20))) + "]"


def test_families_are_shown_member_by_member():
    sheet = gs.loads(
        "sizes n[0..2]\nx ∈ ℝ^(n[0])\nh[0] = x\nfor l in 1..2\n  W[l] ∈ ℝ^(n[l]×n[l-1])\n  h[l] = W[l] h[l-1]\n"
        "L = 1/2 ‖h[2]‖²\nparameters W\nminimize L\n"
    )
    values = {"x": [1, 2], "W": [[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]]}
    document = compose(report(sheet.solve(**values)._solved))
    texts = [shown.text for step in steps_of(document) for shown in step.more if not isinstance(shown, Paragraph)]
    assert "h[1] = [1, 2, 3]; h[2] = [6]" in texts
    assert "∂L/∂W[1] = [6, 12; 6, 12; 6, 12]; ∂L/∂W[2] = [6, 12, 18]" in texts
    given = next(b for s in document.sections for b in s.blocks if isinstance(b, Displays))
    assert len(given.items) == 2


def test_the_setting_says_what_was_declared():
    setting = next(s for s in composed("mlp-4433").sections if s.key == "setting")
    assert text_of(setting.blocks[0].words).startswith("x ∈ ℝ^4, y ∈ ℝ^3, W1 ∈ ℝ^(4×4)")


# ---------------------------------------------------------------- places


def test_steps_are_numbered_and_have_an_address_each():
    for name in ("mlp-4433", "many-layers", "gru"):
        steps = steps_of(composed(name))
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))
        anchors = [step.anchor for step in steps if step.anchor]
        assert len(set(anchors)) == len(anchors)
        assert {"step-L"} <= set(anchors)


def test_small_steps_that_are_left_out_are_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gradsheet.writing.documents.composition.MOST_LOOKED_INTO", 10)
    document = compose(reported("mlp-4433"))
    (backward,) = (s for s in document.sections if s.key == "backward")
    assert text_of(backward.blocks[0].words).startswith("The small steps of 11 derivatives are left out")
    assert not document.has_small_steps
    assert compose(reported("circuit")).has_small_steps


def test_a_row_of_derivatives_is_a_row():
    """In the notation of Jacobians the derivative by a vector is 1×n, and so is its value."""
    solved = gs.load(SHEETS["mlp-4433"]).solve()._solved
    (first, *_) = (s for s in steps_of(compose(report(solved, "jacobian"))) if s.anchor == "step-dL-dz3")
    assert text_of(first.space) == "ℝ^(1×3)"
    assert latex_of(first.equations.box).endswith(r"\approx \begin{bmatrix} 0.16396 & -0.83604 & 0.16396 \end{bmatrix}")


def test_a_family_with_two_equations_has_one_address():
    steps = steps_of(composed("many-layers"))
    assert [s.anchor for s in steps].count("step-a") == 1
    assert sum(1 for item in reported("many-layers").forward if item.symbol.name == "a") == 2


# ---------------------------------------------------------------- lines


def test_long_sums_are_broken_before_their_signs():
    terms = row(*(box for k in range(40) for box in (Sign("+", "binary"), Numeral(str(k)), Letter("x"))))
    parts = broken(terms, 20.0)
    assert len(parts) > 3
    assert all(width(part) <= 20.0 for part in parts)
    assert "".join(latex_of(p) for p in parts).replace(" ", "") == latex_of(terms).replace(" ", "")


def test_a_value_goes_below_where_there_is_no_room():
    aligned = Aligned()
    aligned.add(Letter("a"), "=", Letter("b"))
    aligned.append("=", Numeral("1"))
    assert aligned.display().tail is not None
    aligned.append("=", row(*[Numeral("1234567890")] * 10))
    assert len(aligned.rows) == 2


@pytest.mark.parametrize("name", ["long", *SHEETS])
def test_no_equation_is_wider_than_twice_the_line(name: str):
    """What is a little wider is scaled down or scrolls; what is much wider should have been broken."""
    for step in steps_of(composed(name)):
        assert step.equations.width <= 2 * MEASURE, step.equations.text
