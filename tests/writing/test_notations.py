"""Four notations of one derivation: what each of them says, that its chains conform, and what the command prints."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import jsonschema
import pytest

from cli.session import gradsheet
from engine.reading_back import read_back
from engine.running import derivation_of, derived
from fences import ROOT
from gradsheet.solution import Solution
from gradsheet.syntax import canonical_key, tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import children, walk
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.writing.json_view import to_json
from gradsheet.writing.labels import below, labelled
from gradsheet.writing.report import NOTATIONS, report
from gradsheet.writing.spelling import Spelling

if TYPE_CHECKING:
    from pathlib import Path

    from gradsheet.writing.equations import Line
    from gradsheet.writing.report import Report

SHEETS = sorted(p for folder in ("examples", "tests/sheets") for p in (ROOT / folder).glob("*.sheet"))
SCHEMA = json.loads((ROOT / "docs" / "schema" / "solve.schema.json").read_text(encoding="utf-8"))
MLP = "examples/mlp-4433.sheet"


@cache
def shown(name: str, notation: str = "matrix", *, inline: bool = False) -> Report:
    derivation = derivation_of(ROOT / name)
    return report(Solution(derivation.sheet, derivation, "symbolic"), notation, inline=inline)


def said(name: str, notation: str, *, inline: bool = False) -> list[str]:
    """The derived equations of a sheet, a line each."""
    found = shown(name, notation, inline=inline)
    return [text(line, found) for item in found.backward for line in item.lines]


def text(line: Line, found: Report) -> str:
    spelled = Spelling(found.solution.sheet).formula
    return f"{spelled(line.left)} = {spelled(line.right)}"


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---------------------------------------------------------------- what they say


def test_matrix_is_what_it_was():
    assert said(MLP, "matrix")[1:4] == ["∂L/∂W3 = ∂L/∂z3 h2ᵀ", "∂L/∂b3 = ∂L/∂z3", "∂L/∂h2 = W3ᵀ ∂L/∂z3"]


def test_index_notation_writes_every_entry_and_every_sum():
    lines = said(MLP, "index")
    assert "∂L/∂h2[j] = sum[i] ∂L/∂z3[i] W3[i,j]" in lines
    assert "∂L/∂z1[i] = ∂L/∂h1[i] (1 − h1[i]²)" in lines
    assert "∂L/∂W1[i,j] = ∂L/∂z1[i] x[j]" in lines


def test_the_definitions_are_written_entry_by_entry_too():
    found = shown(MLP, "index")
    assert text(found.forward[0].lines[0], found) == "z1[i] = sum[j] W1[i,j] x[j] + b1[i]"
    assert text(found.update[0].lines[0], found) == "W1[i,j] = W1[i,j] − 0.1 ∂L/∂W1[i,j]"


def test_index_letters_are_the_author_s():
    lines = said("tests/sheets/causal-attention.sheet", "index")
    assert "∂L/∂O[i,q] = O[i,q] − Y[i,q]" in lines
    assert "∂L/∂V[k,q] = sum[i, j] ∂L/∂O[i,q] P[i,j] X[j,k]" in lines


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_index_letters_clash_with_no_name(path: Path):
    found = shown(named(path), "index")
    taken = {s.name for s in found.solution.sheet.symbols.values()} | set(found.solution.sheet.sizes)
    for item in (*found.forward, *found.backward):
        if item.symbol in found.solution.sheet.functions:
            continue
        for line in item.lines:
            bound = [b.name.key for b in line.ranges]
            assert len(set(bound)) == len(bound), text(line, found)
            assert not taken & set(bound), text(line, found)


def test_delta_notation_says_what_each_delta_is_and_how_it_follows():
    assert said(MLP, "delta") == [
        "δ3 = ∂L/∂z3",
        "δ3 = z3 − y",
        "∂L/∂W3 = δ3 h2ᵀ",
        "∂L/∂b3 = δ3",
        "δ2 = ∂L/∂z2",
        "δ2 = (W3ᵀ δ3) ⊙ (1 − h2²)",
        "∂L/∂W2 = δ2 h1ᵀ",
        "∂L/∂b2 = δ2",
        "δ1 = ∂L/∂z1",
        "δ1 = (W2ᵀ δ2) ⊙ (1 − h1²)",
        "∂L/∂W1 = δ1 xᵀ",
        "∂L/∂b1 = δ1",
    ]


def test_the_step_is_told_in_delta():
    found = shown(MLP, "delta")
    assert [text(line, found) for item in found.update[:2] for line in item.lines] == [
        "ΔW1 = −η δ1 xᵀ", "W1 = W1 + ΔW1",
    ]  # fmt: skip
    assert [item.sign for item in found.update[:2]] == ["=", "←"]
    assert any("η = 0.1" in note for note in found.notes)


def test_a_family_has_its_recursion_and_its_end():
    assert said("examples/many-layers.sheet", "delta")[:3] == [
        "δ[l] = ∂L/∂s[l]",
        "δ[l] = (W[l+1]ᵀ δ[l+1]) ⊙ φ'(s[l])",
        "δ[D] = (a[D] − t) ⊙ φ'(s[D])",
    ]


def test_jacobian_notation_is_a_chain_and_its_result():
    lines = said(MLP, "jacobian")
    assert "∂L/∂h1 = ∂L/∂z2 · ∂z2/∂h1" in lines
    assert "∂L/∂h1 = ∂L/∂z2 W2" in lines
    assert "∂L/∂z1 = ∂L/∂h1 diag(1 − h1²)" in lines
    assert "∂L/∂W1 = ∂L/∂z3 · ∂z3/∂h2 · ∂h2/∂z2 · ∂z2/∂h1 · ∂h1/∂z1 · ∂z1/∂W1" in lines
    assert "∂L/∂W1[i,j] = sum[k in 1..4] ∂L/∂z1[k] ∂z1[k]/∂W1[i,j]" in lines
    assert "∂L/∂W1 = (∂L/∂z1)ᵀ xᵀ" in lines
    assert "(∂L/∂b1)ᵀ = (∂L/∂z1)ᵀ" in lines


def test_each_local_jacobian_is_said_once():
    found = shown(MLP, "jacobian")
    lines = [text(line, found) for item in found.local for line in item.lines]
    assert "∂h1/∂z1 = diag(1 − h1²)" in lines
    assert "∂z2/∂h1 = W2" in lines
    assert "∂z1[i]/∂W1[j,k] = [i = j] x[k]" in lines
    assert len(set(lines)) == len(lines)


def test_several_paths_are_a_sum_of_chains():
    lines = said("tests/sheets/weight-used-twice.sheet", "jacobian")
    assert "∂L/∂W = ∂L/∂h2 · ∂h2/∂h1 · ∂h1/∂W + ∂L/∂h2 · ∂h2/∂W" in lines


def test_a_number_added_to_every_entry_is_summed():
    """∂r/∂b is a column of ones for r = X w + b, and no ones are dropped."""
    lines = said("tests/sheets/linear-regression.sheet", "jacobian")
    assert "∂L/∂b = sum[i in 1..N] ∂L/∂r[i] ∂r[i]/∂b" in lines
    assert "∂L/∂b = sum[i] ∂L/∂r[i]" in lines


def test_gradients_in_the_author_s_text_are_columns():
    found = shown("tests/sheets/newton-logistic.sheet", "jacobian")
    assert text(found.update[0].lines[0], found).endswith("⁻¹ (dL/dw)ᵀ")


def test_inline_leaves_gradients_alone():
    lines = said(MLP, "matrix", inline=True)
    assert [x.split(" = ")[0] for x in lines] == [f"∂L/∂{p}{k}" for k in (3, 2, 1) for p in "Wb"]
    assert lines[3] == "∂L/∂b2 = (W3ᵀ (z3 − y)) ⊙ (1 − h2²)"


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_sheet_without_layers_or_products_reads_in_every_notation(notation: str):
    assert said("tests/sheets/rosenbrock.sheet", notation)
    assert said("tests/sheets/rms-norm-pullback.sheet", notation)


# ---------------------------------------------------------------- no index hangs in the air


def unbound(node: object, known: frozenset[str]) -> set[str]:
    """Names of a tree that are neither known nor bound by a Σ around them."""
    match node:
        case tree.FunctionName():
            return set()
        case tree.Name(key=key):
            return set() if key in known else {key}
        case tree.Binder(indices=indices, body=body):
            inside = known | {b.name.key for b in indices}
            domains = [b.domain for b in indices if b.domain is not None]
            return unbound(body, inside).union(*(unbound(d, inside) for d in domains))
        case tree.Node():
            return set().union(*(unbound(part, known) for part in children(node)))
        case _:
            return set()


def known_names(found: Report) -> frozenset[str]:
    """Names of the sheet, of the language, of the derivation."""
    sheet, derivation = found.solution.sheet, found.solution.derivation
    own = {s.name for s in sheet.symbols.values()}.union(sheet.sizes, sheet.size_families, sheet.unspecified)
    made = {i.symbol.name for i in (*found.backward, *found.update, *found.sums)}
    made |= {s.name for s in derivation.partition.functions} | {s.name for s in derivation.graph.clauses}
    made |= {s.name for s in derivation.cotangents.values()} | {s.name for f in sheet.functions for s in f.parameters}
    rate = {sheet.rate.name} if sheet.rate is not None else set()
    words = {canonical_key(n) for n in own | made | rate} | own | made | rate
    return frozenset(words | FUNCTIONS | {"I", "e", "π", "∞", "onehot", "mean", "sum"})


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_every_index_has_a_range(path: Path, notation: str):
    found = shown(named(path), notation)
    known = known_names(found)
    for item in (*found.local, *found.backward):
        for line in item.lines:
            here = known | {b.name.key for b in line.ranges}
            assert unbound(line.left, here) | unbound(line.right, here) == set(), text(line, found)


def test_a_member_that_an_entry_names_is_summed_over():
    """s[l] is the state of layer l, and s is no family: ∂L/∂s sums over the layers."""
    lines = said("tests/sheets/stacked-rnn.sheet", "jacobian")
    assert any(x.startswith("∂L/∂s = sum[") and "· ∂h[" in x for x in lines)


PARTS = """
x ∈ ℝ^m
v ∈ ℝ^k
H = v softmax(x)'
q = x[1..m-1]' x[1..m-1]
L = 1/2 ‖H‖² + q
parameters x, v
minimize L
"""


def in_parts(notation: str) -> list[str]:
    """All lines, with those of local Jacobians, of a sheet where a part of x has a term of its own."""
    found = report(Solution(derived(PARTS).sheet, derived(PARTS), "symbolic"), notation)
    return [text(line, found) for item in (*found.local, *found.backward) for line in item.lines]


def test_a_part_is_never_written_as_the_whole():
    """2 x[1..m−1]ᵀ is not ∂q/∂x, which has m entries."""
    lines = in_parts("jacobian")
    assert "∂q/∂x[i] = 2 x[i]" in lines
    assert "∂q/∂x[m] = 0" in lines


def test_the_index_of_a_part_does_not_run_over_the_whole():
    """softmax over all of x, of which the entry j is meant for j in 1..m−1 alone."""
    line = next(x for x in in_parts("index") if x.startswith("∂L/∂x[j]"))
    assert "softmax(x)[j]" in line
    assert "softmax[j]" not in line


ENTRIES = """
x ∈ ℝ^m
L = −log (softmax[j](j x[j]))[1] + sum[i in 1..m-1] x[i] (softmax[j](j x[j]))[i+1]
parameters x
minimize L
"""


@pytest.mark.parametrize("notation", NOTATIONS)
def test_one_entry_of_a_softmax_says_which(notation: str):
    """The first, the last or the next entry, where no letter of the argument can say it."""
    assert read_back(ENTRIES, notation=notation) == 4


def test_an_index_in_the_air_is_seen():
    line = next(i for i in shown(MLP, "index").backward if i.wrt == ("W1",)).lines[0]
    known = known_names(shown(MLP, "index"))
    assert unbound(line.right, known | {"i"}) == {"j"}


# ---------------------------------------------------------------- chains conform


def terms_of(node: tree.Expression) -> list[tree.Expression]:
    """The chains of a sum, without the Σ and the conditions around them."""
    match node:
        case tree.Additive(terms=terms):
            return [t for term in terms for t in terms_of(term.item)]
        case tree.Binder(body=body):
            return terms_of(body)
        case tree.Group(items=(item,)):
            return terms_of(item)
        case tree.Conditional(then=then):
            return terms_of(then)
        case _:
            return [node]


def sides(label: tree.Expression) -> tuple[str, str]:
    """m and n of m×n."""
    assert isinstance(label, tree.Product)
    outputs, inputs = (plain(f.item) for f in label.factors)
    return outputs, inputs


def check_conforms(line: Line) -> int:
    """Each factor takes what the one before it gives; the first is a row."""
    count = 0
    for term in terms_of(line.right):
        factors = [f.item for f in term.factors] if isinstance(term, tree.Product) else [term]
        shapes = [sides(f.label) for f in factors if isinstance(f, tree.Underbrace)]
        assert not shapes or len(shapes) == len(factors), plain(line.right)
        for (_, inner), (outer, _) in pairwise(shapes):
            assert inner == outer, plain(line.right)
        assert not shapes or shapes[0][0] == "1", plain(line.right)
        count += len(shapes)
    return count


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_every_chain_conforms(path: Path):
    for item in shown(named(path), "jacobian").backward:
        for line in item.lines:
            if line.kind == "chain":
                check_conforms(line)


def test_a_chain_that_does_not_conform_is_seen():
    item = next(i for i in shown(MLP, "jacobian").backward if i.wrt == ("h1",))
    line = item.lines[0]
    assert check_conforms(line) == 2
    assert isinstance(line.right, tree.Product)
    first, second = line.right.factors
    turned = tree.Product((tree.Factor("", second.item), tree.Factor("·", first.item)))
    with pytest.raises(AssertionError):
        check_conforms(type(line)(line.left, turned, kind="chain"))


@pytest.mark.parametrize("path", SHEETS, ids=lambda p: p.stem)
def test_shapes_stand_below_chains_alone(path: Path):
    found = shown(named(path), "jacobian")
    for item in (*found.forward, *found.local, *found.backward, *found.update):
        for line in item.lines:
            braces = any(isinstance(n, tree.Underbrace) for n in walk(line.right))
            assert not braces or line.kind == "chain"


def test_the_gradient_comes_last_in_the_shape_of_its_parameter():
    for item in shown(MLP, "jacobian").backward:
        if item.wrt[0][0] in "Wb":
            assert item.lines[-1].shape is None
            assert item.wrt != ("W1",) or list(map(str, item.shape)) == ["4", "4"]


# ---------------------------------------------------------------- data, text


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("name", [MLP, "examples/many-layers.sheet", "tests/sheets/gru.sheet"])
def test_the_data_fit_the_schema(name: str, notation: str):
    data = json.loads(json.dumps(to_json(shown(name, notation))))
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert data["notation"] == notation
    assert (data["local"] != []) == (notation == "jacobian")


def test_the_data_hold_small_steps_where_they_are_asked_for():
    done = gradsheet("solve", str(ROOT / MLP), "--steps-of", "W1", "--json")
    data = json.loads(done.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    (entry,) = data["backward"]
    assert entry["small_steps"][0]["text"] == "∂L/∂W1[i,j] = sum[k] ∂L/∂z1[k] ∂z1[k]/∂W1[i,j]"
    assert entry["small_steps"][-1]["text"] == "∂L/∂W1[i,j] = ∂L/∂z1[i] x[j]"
    assert all(s["sentence"] for s in entry["small_steps"])


def test_values_are_the_same_in_every_notation():
    texts = {n: gradsheet("solve", str(ROOT / MLP), "--notation", n, "--json") for n in NOTATIONS}
    data = {n: json.loads(t.out) for n, t in texts.items()}
    wanted = {e["name"]: e["value"] for e in data["matrix"]["backward"]}
    for notation, found in data.items():
        held = {f"∂L/∂{e['wrt']}": e["value"] for e in found["backward"]}
        assert held == {k: wanted[k] for k in held}, notation
        assert found["steps"] == data["matrix"]["steps"]


def test_shapes_are_written_below_their_factors():
    def braced(name: str, label: str) -> tree.Expression:
        return tree.Underbrace(tree.Name(name, name), tree.Name(label, label))

    chain = tree.Product((tree.Factor("", braced("A", "2×3")), tree.Factor("·", braced("Jacobian", "3×4"))))
    written, marks = labelled(chain, plain)
    assert written == "A   · Jacobian"
    assert below([written], marks, written) == ["2×3     3×4"]
    assert below(["A   ·", "Jacobian"], marks, written) == ["2×3", "  3×4"]


# ---------------------------------------------------------------- the command

STEPS_OF = ["W1", "∂L/∂W1", "dL/dW1", "W1[2,3]"]


@pytest.mark.parametrize("name", STEPS_OF)
def test_small_steps_by_any_name(name: str):
    done = gradsheet("solve", str(ROOT / MLP), "--steps-of", name, COLUMNS="130")
    assert done.code == 0, done.err
    assert done.out.startswith("Small steps of ∂L/∂W1")
    assert "a sum over δ_ij keeps the one term with i = j" in " ".join(done.out.split())
    assert "∂L/∂W1 = ∂L/∂z1 xᵀ" in done.out


def test_small_steps_of_a_family_and_of_what_delta_notation_names():
    done = gradsheet("solve", str(ROOT / "examples" / "many-layers.sheet"), "--steps-of", "s[l]", "--notation", "delta")
    assert done.code == 0, done.err
    assert "δ[l] = (W[l+1]ᵀ δ[l+1]) ⊙ φ'(s[l])" in done.out


REFUSED = {
    "no such derivative": (["--steps-of", "q"], "GS201"),
    "no name": (["--steps-of", "1 +"], "GS201"),
    "inline has no delta": (["--inline", "--notation", "delta"], "GS601"),
    "steps and hints": (["--steps-of", "W1", "--hints"], "GS601"),
    "steps and an entry": (["--steps-of", "W1", "--wrt", "W1[1,2]"], "GS601"),
}


@pytest.mark.parametrize(("words", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_go_together_is_refused(words: list[str], code: str):
    done = gradsheet("solve", str(ROOT / MLP), *words)
    assert done.code != 0
    assert f"error[{code}]" in done.err


@pytest.mark.parametrize("width", [40, 60, 120])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_it_fits_any_terminal(notation: str, width: int):
    done = gradsheet("solve", str(ROOT / MLP), "--notation", notation, COLUMNS=str(width))
    assert done.code == 0
    assert max(len(line) for line in done.out.splitlines()) <= width + 2  # combining marks
