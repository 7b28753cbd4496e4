"""Every formula of every sheet, and every kind of box, in every notation; with real engines where there are some."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings

from drawing import examples
from gradsheet.typesetting import boxes, font_face, latex, latex_of, mathml, mathml_of, typst, typst_of
from gradsheet.typesetting.boxes import (
    APPLY,
    COMMA,
    EMPTY,
    THIN,
    TIMES,
    Accent,
    Between,
    BigSign,
    Brace,
    Cases,
    Compound,
    Fence,
    Fraction,
    Letter,
    Limits,
    Lines,
    Matrix,
    Numeral,
    Operator,
    Prime,
    Root,
    Row,
    Scripts,
    Sign,
    Text,
    Word,
    relation,
    row,
)
from syntax.trees import expressions
from typesetting.formulas import element, formulas

x, two = Letter("x"), Numeral("2")
SAMPLES = [
    *(Letter(char) for char in "xλΓ∂∞ℓℝ⊤…𝐖ℒжç"),
    Word("loss"),
    Word("déjà_vu"),
    Compound((Letter("Δ"), x)),
    *(Accent(mark, x) for mark in get_args(boxes.AccentMark)),
    Numeral("0.25"),
    row(Operator("tanh"), APPLY, x, TIMES, Operator("relu"), THIN, two),
    BigSign("∑"),
    BigSign("∏"),
    *(row(x, relation(sign), two) for sign in "=≠<≤>≥∈←→⇒≈:∣"),
    *(row(x, Sign(sign, "binary"), two) for sign in "+−·×⊙⊘⊗"),
    *(row(Sign(sign, "prefix"), x) for sign in "−¬"),
    *(Sign(sign, "ordinary") for sign in "/:…⋮⋱⋯()[]+"),
    *(row(x, Between(kind), two) for kind in ("times", "thin", "apply", "quad", "qquad")),
    row(x, COMMA, Text(" and “so” on – 50 % "), two),
    EMPTY,
    Row((Row((x, two)), two)),
    Fraction(x, row(two, relation("="), x)),
    *(Scripts(x, above=Prime(count)) for count in (1, 2, 3)),
    Scripts(x, two, Prime(1)),
    Scripts(x, two, x, own=True),
    Scripts(Row((x, two)), two),
    Scripts(Scripts(x, two), above=x),
    Limits(BigSign("∑"), row(x, relation("="), two), x),
    Limits(Operator("max"), x),
    Limits(Operator("mean"), x),
    Brace(row(x, TIMES, two), x),
    *(Fence(opening, x, grows) for opening in boxes.CLOSING for grows in (False, True)),
    *(Scripts(Fence(opening, x, grows), x, two) for opening in boxes.CLOSING for grows in (False, True)),
    Matrix(((x, two), (two, x))),
    Matrix(((x,), (two,)), right=True),
    Cases(((x, row(Text("if "), x, relation("<"), two)), (two, Text("otherwise")))),
    Root(x),
    Lines(((x, row(relation("="), two)), (EMPTY, row(relation("="), x)))),
]
BACKENDS = {"latex": latex_of, "mathml": mathml_of, "typst": typst_of}


def kinds(box: object) -> set[type]:
    """The kinds of box in a box."""
    parts = (getattr(box, name) for name in getattr(box, "__match_args__", ()))
    inner = box if isinstance(box, tuple) else tuple(parts)
    return {type(box)}.union(*(kinds(part) for part in inner if not isinstance(part, str)))


def test_the_samples_have_every_kind_of_box():
    assert set(get_args(boxes.Box)) <= kinds(tuple(SAMPLES))


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_spells_every_kind(backend):
    for box in SAMPLES:
        text = BACKENDS[backend](box)
        assert text or box == EMPTY
        if backend == "mathml":
            element(text)
        if backend == "latex":
            assert text.isascii()


def test_a_box_of_another_kind_is_refused():
    for spell in BACKENDS.values():
        with pytest.raises(AssertionError):
            spell("x")


@settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions())
def test_any_tree_is_well_formed_mathml(tree):
    element(mathml(tree))
    assert typst(tree)


def test_every_formula_is_well_formed_mathml():
    assert len(formulas()) > 1500
    for formula in formulas():
        text = mathml(formula.tree, functions=formula.functions, names=formula.names)
        root = element(text)
        assert root.get("alttext"), text
        for node in root.iter():
            wanted = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
            assert len(node) == wanted.get(node.tag, len(node)), text


def test_no_formula_has_a_sign_in_latex_that_an_engine_may_not_know():
    for formula in formulas():
        assert latex(formula.tree, functions=formula.functions, names=formula.names).isascii()


# ---------------------------------------------------------------- real engines


def all_latex() -> list[str]:
    """Every sample and every formula."""
    texts = (latex(f.tree, functions=f.functions, names=f.names) for f in formulas())
    return [*filter(None, map(latex_of, SAMPLES)), *dict.fromkeys(texts)]


def test_katex_renders_every_formula(tmp_path: Path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    found = subprocess.run([node, "-e", "require('katex')"], check=False, capture_output=True)
    if found.returncode:
        pytest.skip("node does not find katex (NODE_PATH says where it is)")
    (tmp_path / "formulas.json").write_text(json.dumps(all_latex()))
    script = """
        const katex = require('katex'), bad = []
        for (const text of JSON.parse(require('fs').readFileSync(process.argv[1])))
          for (const displayMode of [false, true])
            try { katex.renderToString(text, {throwOnError: true, strict: 'error', displayMode}) }
            catch (problem) { bad.push(text + ': ' + problem) }
        console.log(JSON.stringify(bad))"""
    command = [node, "-e", script, str(tmp_path / "formulas.json")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == []


def test_typst_compiles_every_formula(tmp_path: Path):
    compiler = pytest.importorskip("typst", reason="the typst package is not installed")
    trees = (typst(f.tree, functions=f.functions, names=f.names) for f in formulas())
    texts = [*(text for text in map(typst_of, SAMPLES) if text), *dict.fromkeys(trees)]
    lines = ["#set page(width: 2000pt, height: auto)", *(f"$ {text} $ and ${text}$\n" for text in texts)]
    source = tmp_path / "formulas.typ"
    source.write_text("\n".join(lines), encoding="utf-8")
    assert compiler.compile(str(source)).startswith(b"%PDF")


def test_pdflatex_sets_every_formula(tmp_path: Path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    head = r"\documentclass{article}\usepackage{amsmath,amssymb}\usepackage[papersize={400cm,200cm}]{geometry}"
    lines = [head, r"\begin{document}", *(rf"\[ {text} \] ${text}$" + "\n" for text in all_latex()), r"\end{document}"]
    (tmp_path / "formulas.tex").write_text("\n".join(lines), encoding="ascii")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "formulas.tex"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert done.returncode == 0, done.stdout[-1500:].decode("latin-1")


# ---------------------------------------------------------------- the font


def test_the_font_is_small_and_has_what_formulas_use():
    rule = font_face()
    assert rule.startswith('@font-face{font-family:"Gradsheet Math";src:url("data:font/woff2;base64,d09GMg')
    assert len(rule) < 250_000
    fonts = Path(boxes.__file__).parent / "fonts"
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / "OFL.txt").read_text(encoding="utf-8")
    library = pytest.importorskip("fontTools.ttLib", reason="fonttools is not installed")
    pytest.importorskip("brotli", reason="brotli is not installed")
    font = library.TTFont(fonts / "gradsheet-math.woff2")
    assert "MATH" in font
    assert font["name"].getDebugName(1) == "Gradsheet Math"
    known = font.getBestCmap()
    trees = (mathml(f.tree, functions=f.functions, names=f.names) for f in formulas())
    shown = (part for text in (*trees, *map(mathml_of, SAMPLES)) for part in element(text).itertext())
    used = {char for text in shown for char in text}
    missing = {char for char in used if ord(char) not in known} - {"ж"}
    assert not missing
