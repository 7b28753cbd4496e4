"""The graph as a picture: every use is an edge, with the solution's numbers on it, and every node leads to its step."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import gradsheet as gs
from cli.session import gradsheet
from fences import ROOT
from gradsheet.diagnostics import SheetError
from gradsheet.solution import solve
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.picture import layout, picture
from gradsheet.writing.picture.draw import drawn
from gradsheet.writing.picture.network import MOST_NODES
from gradsheet.writing.picture.text import formula, plain_text, width, words
from gradsheet.writing.report import Report, report
from oracles.models import ORACLES
from regenerate import picture_of, pictures
from solving import given_of, text_without_values

if TYPE_CHECKING:
    from gradsheet.writing.picture.model import Picture

CIRCUIT = """
x, t, w1, b1, w2, b2 ∈ ℝ
i1 = w1 x + b1
a  = max(0, i1)
y  = w2 a + b2
i2 = y - t
L  = i2²
parameters w1, b1, w2, b2
minimize L
given
  x = 1, t = 1
  w1 = 3, b1 = 1, w2 = 2, b2 = -5
"""
"""The worked circuit of a lecture: every number on it is known."""

LAYERS = """
sizes n[0..D]
x ∈ ℝ^(n[0]), y ∈ ℝ^(n[D])
g : ℝ → ℝ
h[0] = x
for l in 1..D
  W[l] ∈ ℝ^(n[l]×n[l-1]), b[l] ∈ ℝ^(n[l])
  z[l] = W[l] h[l-1] + b[l]
  h[l] = g(z[l])
L = 1/2 ‖h[D] - y‖²
parameters W, b
minimize L
"""

STEPS = """
x ∈ ℝ^T, w, s ∈ ℝ
h[0] = s
for t in 1..T
  h[t] = tanh(w h[t-1] + x[t])
L = h[T]²
parameters w
minimize L
"""


def reported(text: str, **values: Any) -> Report:
    return report(solve(gs.loads(text)._sheet, values or None))


def of(text: str, **values: Any) -> Picture:
    found = drawn(reported(text, **values), NumberStyle())
    assert found is not None
    return found


def edges(found: Picture) -> dict[tuple[str, str], tuple[str, str]]:
    """What stands above and below each edge, by the texts of its ends."""
    names = {node.key: " ".join(plain_text(t) for t in (*node.lines, node.caption) if t) for node in found.nodes}
    return {(names[e.source], names[e.target]): (plain_text(e.above), plain_text(e.below)) for e in found.edges}


# ---------------------------------------------------------------- circuits


def test_the_lecture_circuit_has_every_edge_with_both_numbers():
    assert edges(of(CIRCUIT)) == {
        ("w1", "×"): ("3", "8"),
        ("x", "×"): ("1", "24"),
        ("×", "+ i1"): ("3", "8"),
        ("b1", "+ i1"): ("1", "8"),
        ("+ i1", "max(0, ·) a"): ("4", "8"),
        ("w2", "×"): ("2", "16"),
        ("max(0, ·) a", "×"): ("4", "8"),
        ("×", "+ y"): ("8", "4"),
        ("b2", "+ y"): ("−5", "4"),
        ("+ y", "− i2"): ("3", "4"),
        ("t", "− i2"): ("1", "−4"),
        ("− i2", "(·)2 L"): ("2", "4"),
        ("(·)2 L", "L"): ("4", "1"),
    }


def test_an_edge_that_subtracts_says_so():
    marks = {(plain_text(e.above), e.mark) for e in of(CIRCUIT).edges if e.mark}
    assert marks == {("1", "−")}


def test_a_value_that_is_used_twice_shows_its_parts_and_their_sum():
    found = of("x, w ∈ ℝ\na = w x\nL = a² + 3 a\nparameters w\nminimize L\ngiven x = 2, w = 1\n")
    parts = [float(e.gradient) for e in found.edges if e.carries is not None and e.carries.name == "a"]
    assert parts == [4.0, 3.0]
    (node,) = [n for n in found.nodes if plain_text(n.caption) == "a"]
    assert plain_text(node.total) == "∂L/∂a = 7"


def test_without_values_the_names_of_the_gradients_stand_there():
    text = CIRCUIT.partition("given")[0]
    found = edges(of(text))
    assert found["+ i1", "max(0, ·) a"] == ("", "∂L/∂i1")
    assert not any(above for above, _ in found.values())


def test_a_circuit_that_is_too_large_is_drawn_as_boxes():
    terms = " + ".join(f"(w x)^{k}" for k in range(2, 40))
    found = of(f"x, w ∈ ℝ\nL = {terms}\nparameters w\nminimize L\n")
    assert {n.kind for n in found.nodes} == {"input", "parameter", "box", "result"}


# ---------------------------------------------------------------- networks


def test_each_use_of_a_network_is_an_edge():
    sheet = gs.load(ROOT / "examples" / "mlp-4433.sheet")
    found = drawn(report(solve(sheet._sheet)), NumberStyle())
    assert found is not None
    uses = Counter((s.name, e.symbol.name) for e in sheet._sheet.equations for s in e.body.symbols)
    boxes = {n.key: plain_text(n.lines[0]).split(" = ")[0] for n in found.nodes}
    drawn_uses = Counter((boxes[e.source], boxes[e.target]) for e in found.edges if boxes[e.target] != "L" or e.carries)
    assert drawn_uses == uses
    shapes = {boxes[n.key]: plain_text(n.small) for n in found.nodes}
    assert (shapes["W1"], shapes["z1"], shapes["W3"], shapes["x"]) == ("4×4", "4", "3×3", "4")


@pytest.mark.parametrize("name", ["mlp-4433", "two-layers-relu", "two-layers-linear", "jacobian-chain", "batch-mean"])
def test_the_numbers_on_the_edges_are_those_of_the_solution(name: str):
    solution = solve(gs.load(ROOT / "examples" / f"{name}.sheet")._sheet)
    found = drawn(report(solution), NumberStyle())
    assert found is not None
    state = solution.states[0].values
    adjoints = {a.wrt[0]: a.symbol for a in solution.derivation.adjoints}
    back = defaultdict(list)
    for edge in found.edges:
        if edge.carries is None:
            continue
        assert np.array_equal(np.asarray(edge.value, float), np.asarray(state[edge.carries], float))
        if edge.carries in adjoints:
            back[edge.carries].append(np.asarray(edge.gradient, float))
    assert set(solution.sheet.parameters) <= set(back)
    for symbol, parts in back.items():
        np.testing.assert_allclose(sum(parts), np.asarray(state[adjoints[symbol]], float), rtol=1e-12, atol=1e-14)


def test_a_function_is_a_box_and_its_uses_are_broken_lines():
    found = of((ROOT / "examples" / "boltzmann.sheet").read_text(encoding="utf-8"))
    assert [plain_text(n.lines[0])[:7] for n in found.nodes if n.kind == "function"] == ["E(v, h)", "p(v) = "]
    dashed = {(e.source, e.target) for e in found.edges if e.dashed}
    assert len(dashed) == 3  # E in Z, E in p, p in ℓ


def test_an_upstream_gradient_begins_the_way_back():
    found = of("x, g ∈ ℝ^n\ny = g ⊙ x\npullback y\n")
    (end,) = [e for e in found.edges if e.target.startswith("result")]
    assert plain_text(end.below) == "ȳ"


def test_a_mean_over_data_says_whose_gradient_stands_where():
    text = "x, w ∈ ℝ^2, y ∈ ℝ\nl = (w' x - y)²\nparameters w\nminimize mean l + 1/2 ‖w‖²\n"
    found = of(text, x=[[1, 2], [3, 4], [5, 6]], y=[1, 2, 3], w=[1, 1])
    (edge,) = [e for e in found.edges if e.carries is not None and e.carries.name == "w" and e.below]
    assert plain_text(edge.below).startswith("3 rows, ")
    (node,) = [n for n in found.nodes if plain_text(n.lines[0]) == "w"]
    assert plain_text(node.total).startswith("∂J/∂w = ") or "/∂w = " in plain_text(node.total)
    assert any("row by row" in plain_text(t) for _, t in found.legend)


# ---------------------------------------------------------------- families


def test_a_family_of_any_depth_is_one_box_with_an_edge_that_goes_back():
    found = of(LAYERS)
    texts = edges(found)
    assert texts["hl = g(zl)", "zl = Wl hl−1 + bl"] == ("hl−1", "WlT ∂L/∂zl")
    assert texts["h0 = x", "zl = Wl hl−1 + bl"] == ("h0", "")
    assert texts["hl = g(zl)", "L = 1/2 ‖hD − y‖2"] == ("hD", "hD − y")
    assert [plain_text(f.title) for f in found.frames] == ["for l in 1..D"]


def test_a_depth_in_numbers_is_drawn_member_by_member():
    found = of(STEPS, x=[1.0, 2.0, 3.0], w=0.5, s=1.0)
    boxes = [plain_text(n.lines[0]).partition(" = ")[0] for n in found.nodes if n.kind == "box"]
    assert boxes == ["h0", "h1", "h2", "h3", "L"]
    rows = [plain_text(n.lines[0]) for n in found.nodes if n.kind == "input"]
    assert rows == ["s", "x1", "x2", "x3"]
    parts = [float(e.gradient) for e in found.edges if e.carries is not None and e.carries.name == "w"]
    total = gs.loads(STEPS).solve(x=[1.0, 2.0, 3.0], w=0.5, s=1.0).gradient("w")
    assert len(set(parts)) == 3
    assert sum(parts) == pytest.approx(float(total), rel=1e-9)


def test_a_depth_that_is_too_large_is_drawn_for_a_general_index():
    found = of(STEPS, x=list(np.linspace(-1, 1, 50)), w=0.5, s=1.0)
    assert len(found.nodes) < 12
    assert any(e.source == e.target for e in found.edges)


@pytest.mark.parametrize("name", ["rnn-last", "recurrent-every-step", "widths", "two-steps-back", "highway"])
def test_the_parts_of_all_members_are_the_gradient(name: str):
    oracle = ORACLES[f"tests/sheets/{name}.sheet"]
    sheet = gs.loads(text_without_values(ROOT / "tests" / "sheets" / f"{name}.sheet"))._sheet
    solution = solve(sheet, given_of(oracle, oracle.sample()), kind="float64", check=False)
    found = drawn(report(solution), NumberStyle())
    assert found is not None
    for symbol, adjoint in solution.derivation.gradients.items():
        total = solution.states[0].values[adjoint.symbol]
        parts = [e.gradient for e in found.edges if e.carries is symbol]
        if symbol.leading and not isinstance(total, dict) and len(parts) == len(total):
            np.testing.assert_allclose(np.stack(parts), total, rtol=1e-9)
        elif isinstance(total, dict):
            for part, member in zip(parts, total.values(), strict=True):
                np.testing.assert_allclose(part, member, rtol=1e-9)
        else:
            np.testing.assert_allclose(np.sum(parts, axis=0), total, rtol=1e-9)


def test_a_long_sheet_is_drawn_at_its_ends_and_says_so():
    lines = ["x ∈ ℝ^2", *(f"W{k} ∈ ℝ^(2×2)" for k in range(1, 301)), "h0 = x"]
    lines += [f"h{k} = tanh(W{k} h{k - 1})" for k in range(1, 301)]
    lines += ["L = ‖h300‖²", "parameters " + ", ".join(f"W{k}" for k in range(1, 301)), "minimize L", ""]
    found = of("\n".join(lines))
    assert len(found.nodes) <= MOST_NODES
    (note,) = found.notes
    assert note.startswith("20 of 302 definitions are drawn: the first 10 and the last 10.")
    (rest,) = [n for n in found.nodes if n.kind == "rest"]
    assert [plain_text(t) for t in rest.lines] == ["…", "h10, …, h291", "282 definitions"]
    assert {e.target for e in found.edges if e.source == "rest"} != set()


# ---------------------------------------------------------------- SVG


def svg_of(text: str, *, inline: bool, page: str | None = None) -> str:
    found = picture(reported(text), inline=inline, page=page)
    assert found is not None
    return found


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode())  # noqa: S314 - what we wrote ourselves


SPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "examples").glob("*.sheet")))
def test_the_text_is_well_formed_and_its_links_lead_somewhere(name: str):
    told = report(solve(gs.load(ROOT / "examples" / f"{name}.sheet")._sheet))
    alone = picture(told, inline=False)
    assert alone is not None
    root = parsed(alone)
    targets = {e.get("id") for e in root.iter() if e.get("id")}
    links = [a.get("href") or "" for a in root.iter(f"{SPACE}a")]
    assert links
    assert {link.removeprefix("#") for link in links} == targets
    assert root.find(f"{SPACE}title") is not None
    assert root.find(f"{SPACE}desc") is not None
    within = picture(told, inline=True)
    assert within is not None
    assert within.startswith("<svg ")
    assert "gs-step" not in within.replace(".gs-step", "")


@pytest.mark.parametrize("name", ["circuit", "mlp-4433", "many-layers", "boltzmann", "batch-mean"])
def test_in_a_page_every_link_of_the_picture_finds_its_step(name: str):
    page = gs.load(ROOT / "examples" / f"{name}.sheet").solve().to_html()
    drawing = page[page.index('<svg xmlns="http://www.w3.org/2000/svg" class="gs-picture"') :]
    root = parsed(drawing[: drawing.index("</svg>") + len("</svg>")])
    links = {(a.get("href") or "").removeprefix("#") for a in root.iter(f"{SPACE}a")}
    assert links
    missing = {link for link in links if f'id="{link}"' not in page}
    assert missing == set()


def test_links_lead_to_a_page_beside_the_picture():
    text = svg_of(CIRCUIT, inline=False, page="solution.html")
    assert 'href="solution.html#step-dL-dw1"' in text
    assert "gs-step" not in text.replace(".gs-step", "")


def test_a_step_says_its_equation_its_gradient_and_its_rule():
    root = parsed(svg_of(CIRCUIT, inline=False))
    (step,) = [g for g in root.iter(f"{SPACE}g") if g.get("id") == "step-i1"]
    lines = ["".join(t.itertext()) for t in step.iter(f"{SPACE}text")]
    assert lines[0] == "i1 = w1 x + b1   = 4"
    assert lines[1].startswith("∂L/∂i1 = ")
    assert lines[1].endswith("   = 8")
    assert "max" in lines[2]


def test_names_cannot_break_out_of_the_text():
    text = svg_of("x, w ∈ ℝ\nL = (w x)² if w < 2 else w # <b>&\nparameters w\nminimize L\n", inline=False)
    parsed(text)
    assert "<b>" not in text


def test_the_same_sheet_gives_the_same_bytes_in_every_run():
    program = (
        "import sys; from gradsheet.cli import main; main(['solve', 'examples/batch-mean.sheet', '--format', 'svg'])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "PATH": "", "GRADSHEET_CACHE": ""},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1


@pytest.mark.parametrize("path", pictures(), ids=lambda path: path.name)
def test_the_pictures_in_the_documents_are_what_is_drawn(path: Any):
    assert picture_of(path) == path.read_text(encoding="utf-8")


# ---------------------------------------------------------------- the library


def test_without_the_library_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layout, "find_spec", lambda _: None)
    with pytest.raises(SheetError) as caught:
        picture(reported(CIRCUIT), inline=False)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GS604"
    assert "gradsheet[picture]" in (diagnostic.suggestion or "")


def test_a_sheet_without_equations_has_no_picture():
    assert picture(reported("x ∈ ℝ^2\n"), inline=False) is None
    done = gradsheet("solve", "-", "--format", "svg", text="x ∈ ℝ^2\n")
    assert done.code == 2
    assert "GS604" in done.err
    with pytest.raises(SheetError):
        gs.loads("x ∈ ℝ^2\n").solve().to_svg()


def test_the_command_and_python_draw_the_same():
    path = ROOT / "examples" / "many-paths.sheet"
    done = gradsheet("solve", str(path), "--format", "svg")
    assert done.code == 0
    parsed(done.out)
    assert gs.load(path).solve().to_svg() == done.out


# ---------------------------------------------------------------- letters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z1 = W1 x", "z_1 = W_1 x"),
        ("W2ᵀ δ", "W_2^T δ"),
        ("e^(-x²)", "e^−x2"),
        ("h[l-1]", "h_l−1"),
        ("h1[i]", "h_1[i]"),
        ("sqrt(c) + sqrt(a b)", "√c + √(a b)"),
        ("yhat", "ŷ"),
        ("A⁻¹ b'", "A^−1 b′"),
        ("W_out", "W_out"),
        ("[x > 0]", "[x > 0]"),
    ],
)
def test_formulas_are_set_as_on_paper(text: str, expected: str):
    marks = {0: "", -1: "_", 1: "^"}
    spelled, level = "", 0
    for run in formula(text):
        spelled += (marks[run.level] if run.level != level else "") + run.text
        level = run.level
    assert spelled == expected


def test_an_index_keeps_its_brackets_where_another_name_looks_like_it():
    assert plain_text(formula("h[0] = h0", {"h", "h0"})) == "h[0] = h0"
    assert plain_text(formula("h[0] = x", {"h", "x"})) == "h0 = x"


def test_the_table_of_widths_is_wide_enough_for_digits_and_letters():
    assert width(words("0" * 10), 10) >= 10 * 10 * 0.556  # Arial and its kin
    assert width(words("m"), 10) >= 8.3
    assert width(formula("x^2"), 10) < width(words("x2"), 10)
