"""Where parameters begin: rules, defaults from the equations, values of a file; the same numbers everywhere."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest

import gradsheet as gs
from gradsheet.diagnostics import SheetError, Source
from gradsheet.evaluation.sizes import Sizes
from gradsheet.sheet import load_sheet
from gradsheet.training.draws import orthonormal_rows, quantile, standard_normal, standard_uniform, stream
from gradsheet.training.initialising import Slot, beginnings, rules_in, slots_of, values_in
from gradsheet.training.uses import Uses

MLP = """
x ∈ ℝ^n, y ∈ ℝ
W1 ∈ ℝ^(8×n), b1 ∈ ℝ^8, w ∈ ℝ^8, c ∈ ℝ
z = W1 x + b1
h = relu(z)
L = (w' h + c - y)^2
parameters W1, b1, w, c
minimize L
"""
FAMILY = """
sizes n[0..D]
x ∈ ℝ^(n[0]), t ∈ ℝ^(n[D])
a[0] = x
for l in 1..D
  W[l] ∈ ℝ^(n[l]×n[l-1]), b[l] ∈ ℝ^(n[l])
  s[l] = W[l] a[l-1] + b[l]
  a[l] = tanh(s[l])
L = 1/2 ‖a[D] - t‖^2
parameters W, b
minimize L
"""


def sheet_and_sizes(text, **sizes):
    sheet = load_sheet(Source(text))
    known = Sizes()
    for name, value in sizes.items():
        known.set(sheet.sizes[name], value, "here")
    return sheet, known


def begin(text, shapes, rules=(), sizes=None, **options):
    sheet, known = sheet_and_sizes(text, **(sizes or {}))
    symbols = {s.name: s for s in sheet.parameters}
    slots = [Slot(n, symbols[n], shape) for n, shape in shapes.items()]
    return {b.slot.name: b for b in beginnings(sheet, slots, known, rules, **options)}


def mlp(*rules, **options):
    return begin(MLP, {"W1": (8, 5), "b1": (8,), "w": (8,), "c": ()}, rules, {"n": 5}, **options)


# ------------------------------------------------------------ how parameters are used

USES = {
    "row times column": ("z = W x", "weight", ("out", "in"), False),
    "row from the left": ("z = x' W", "weight", ("in", "out"), False),
    "transposed": ("z = W' x", "weight", ("in", "out"), False),
    "before a rectifier": ("z = relu(W x)", "weight", ("out", "in"), True),
    "before max(0, ·)": ("u = W x\nz = max(0, u)", "weight", ("out", "in"), True),
    "a bias between": ("u = W x\nv = 2 u + x\nz = relu(v)", "weight", ("out", "in"), True),
    "another function first": ("u = tanh(W x)\nz = relu(u)", "weight", ("out", "in"), False),
    "another product first": ("u = W x\nA = x x'\nv = A u\nz = relu(v)", "weight", ("out", "in"), False),
    "a rectifier of one's own": ("φ(v) = max(0, v)\nz = φ(W x)", "weight", ("out", "in"), True),
    "all summed": ("z[i] = x[i] (x' W x)", "weight", ("out", "in"), False),
    "added": ("z[i] = sum[j] (x[j] + W[i,j])", "added", ("out", "out"), False),
    "a penalty is no use": ("R = sum[i,j] W[i,j]^2\nz = relu(W x) + R", "weight", ("out", "in"), True),
}


@pytest.mark.parametrize("case", USES)
def test_the_equations_say_what_comes_in(case):
    equations, manner, parts, rectified = USES[case]
    sheet = load_sheet(Source(f"x ∈ ℝ^n, W ∈ ℝ^(n×n)\n{equations}\nL = sum(z)\nparameters W\nminimize L"))
    use = Uses(sheet).of(sheet.symbols["W"])
    assert (use.manner, use.parts, use.rectified) == (manner, parts, rectified)


def test_taps_of_a_kernel_count_for_both_sides():
    text = """
        x ∈ ℝ^(2 × 1..9), w ∈ ℝ^(2 × 3 × 0..4)
        z[m,t] = sum[k, r in 0..4] w[k,m,r] x[k,t-r]   for m in 1..3, t in 1..9
        L = sum[m,t] relu(z[m,t])
        parameters w
        minimize L
    """
    found = begin(text, {"w": (2, 3, 5)})["w"]
    assert str(found) == "w: he_normal (before a rectifier, fan-in 10, fan-out 15)"


def test_what_scales_begins_at_one_and_what_is_added_at_zero():
    text = """
        x ∈ ℝ^n, g, d, s, q ∈ ℝ^n, a1, a2 ∈ ℝ
        u = g ⊙ x / s + d + log q
        h = tanh(a1 x[1] + a2 x[2])
        L = sum(u) h
        parameters g, d, s, q, a1, a2
        minimize L
    """
    found = begin(text, {"g": (4,), "d": (4,), "s": (4,), "q": (4,), "a1": (), "a2": ()}, (), {"n": 4})
    assert [found[n].origin.split()[0] for n in ("g", "d", "s", "q")] == ["ones", "zeros", "ones", "ones"]
    assert found["a1"].origin == "glorot_uniform (before no rectifier, fan-in 2, fan-out 1)"
    assert found["a1"].value != found["a2"].value


# ------------------------------------------------------------ defaults, rules, values


MATRICES = """
x ∈ ℝ^3, S ∈ ℝ^(3×3) symmetric, A, B, C ∈ ℝ^(3×3)
L = x' S⁻¹ x + logdet(A) + ‖B⁻¹ x‖² + ‖C x‖²
parameters S, A, B, C
minimize L
"""


def test_matrices_with_an_inverse_or_a_determinant_begin_at_the_identity():
    found = begin(MATRICES, dict.fromkeys("SABC", (3, 3)))
    assert [n for n, b in found.items() if np.array_equal(b.value, np.eye(3))] == ["S", "A", "B"]
    assert [str(found[n]) for n in "SB"] == [
        "S: identity (it is symmetric)", "B: identity (its inverse or determinant is taken)",
    ]  # fmt: skip


def test_what_is_not_said_has_a_stated_default():
    found = mlp()
    assert [str(b) for b in found.values()] == [
        "W1: he_normal (before a rectifier, fan-in 5, fan-out 8)",
        "b1: zeros (it is added)",
        "w: glorot_uniform (before no rectifier, fan-in 8, fan-out 1)",
        "c: zeros (it is added)",
    ]
    assert not found["b1"].value.any()
    assert np.abs(found["w"].value).max() <= math.sqrt(6 / 9)


WIDE = """
x ∈ ℝ^n
W ∈ ℝ^(m×n)
L = sum(W x)
parameters W
minimize L
"""
SPREADS = {
    "normal(1, 1/√n)": (1.0, 400**-0.5),
    "normal(0, 1/sqrt(fan_in + fan_out))": (0.0, 700**-0.5),
    "uniform(-1/m, 3/m)": (1 / 300, 4 / 300 / math.sqrt(12)),
    "glorot": (0.0, math.sqrt(2 / 700)),
    "glorot_normal": (0.0, math.sqrt(2 / 700)),
    "he": (0.0, math.sqrt(2 / 400)),
    "he_uniform": (0.0, math.sqrt(2 / 400)),
    "lecun_normal": (0.0, math.sqrt(1 / 400)),
    "orthogonal(2)": (0.0, 2 / 20),
    "constant(1/3)": (1 / 3, 0.0),
    "ones": (1.0, 0.0),
}


@pytest.mark.parametrize("rule", SPREADS)
def test_rules_have_the_spread_that_they_promise(rule):
    found = begin(WIDE, {"W": (300, 400)}, [f"W ~ {rule}"], {"n": 400, "m": 300})["W"].value
    mean, deviation = SPREADS[rule]
    np.testing.assert_allclose(found.mean(), mean, atol=4 * max(deviation, 1e-9) / math.sqrt(found.size))
    np.testing.assert_allclose(found.std(), deviation, rtol=0.01, atol=1e-12)


def test_orthogonal_rows_or_columns():
    for shape in ((3, 7), (7, 3), (4, 2, 3)):
        text = WIDE if len(shape) == 2 else WIDE.replace("ℝ^(m×n)", "ℝ^(m×n×3)").replace("W x", "W[:,:,1] x")
        found = begin(text, {"W": shape}, ["W ~ orthogonal(√2)"], {"n": 7, "m": 3})["W"].value.reshape(shape[0], -1)
        gram = found @ found.T if len(found) <= found.shape[1] else found.T @ found
        np.testing.assert_allclose(gram, 2 * np.eye(len(gram)), atol=1e-14)


def test_a_later_rule_wins_and_values_win_over_rules():
    given = {"W1": np.full((8, 5), 3.0), "b1": 2.0, "c": 1}
    found = mlp("W1, w ~ ones", "w ~ constant(1/4)", given=given, values={"b1": np.arange(8.0)})
    assert found["W1"].value.tolist() == np.ones((8, 5)).tolist()
    assert found["w"].value.tolist() == [0.25] * 8
    assert found["b1"].value.tolist() == list(range(8))
    assert (found["c"].value, found["c"].origin) == (1.0, "given in the sheet")


@pytest.mark.parametrize(("line", "rules"), [
    ("W1 ~ normal(0, 1/√n), b1 ~ zeros", ["W1 ~ normal(0, 1/√n)", "b1 ~ zeros"]),
    ("W1, w ~ he", ["W1, w ~ he"]),
    (r"$W_1 \sim \operatorname{normal}(0, 1/\sqrt{n})$", ["W1 ~ normal (0, 1/sqrt(n))"]),
])  # fmt: skip
def test_a_sheet_says_itself_where_parameters_begin(line: str, rules: list[str]):
    sheet = load_sheet(Source(MLP + line + "\n"))
    assert rules_in(sheet) == rules
    found = mlp(*rules)
    assert {n for n, b in found.items() if b.origin in {r.partition(" ~ ")[2] for r in rules}} >= {"W1"}


@pytest.mark.parametrize(("line", "code"), [
    ("h ~ he", "GS213"), ("V ~ he", "GS201"), ("W1 + b1 ~ he", "GS102"), ("W1 ~", "GS102"),
])  # fmt: skip
def test_only_parameters_begin_somewhere(line: str, code: str):
    with pytest.raises(SheetError) as refused:
        load_sheet(Source(MLP + line + "\n"))
    assert [d.code for d in refused.value.diagnostics] == [code]


def test_families_take_one_rule_for_all_members_and_one_for_one():
    sheet = load_sheet(Source(FAMILY))
    sizes = Sizes()
    sizes.set(sheet.sizes["D"], 2, "here")
    for k, n in enumerate((100, 400, 25)):
        sizes.set_member("n", k, n, "here")
    W, b = sheet.parameters
    slots = [Slot("W[1]", W, (400, 100), (1,)), Slot("W[2]", W, (25, 400), (2,)), Slot("b[1]", b, (400,), (1,))]
    found = beginnings(sheet, slots, sizes, ["W[l] ~ normal(0, 1/√(n[l-1]))"])
    np.testing.assert_allclose([f.value.std() for f in found[:2]], [0.1, 0.05], rtol=0.02)
    assert str(found[2]) == "b[1]: zeros (it is added)"
    found = beginnings(sheet, slots, sizes, ["W ~ he", "W[2] ~ zeros"])
    np.testing.assert_allclose(found[0].value.std(), math.sqrt(2 / 100), rtol=0.02)
    assert not found[1].value.any()
    shared = Slot("W", W, (2, 400, 100))
    (whole,) = beginnings(sheet, [shared], sizes, ["W ~ he"])
    assert whole.value[0].tolist() == found[0].value.tolist()  # a member is the same, however it is kept


def test_values_come_from_files(tmp_path):
    np.savez(tmp_path / "p.npz", c=2.5, w=np.arange(8))
    found = mlp(values=values_in(tmp_path / "p.npz"))
    assert found["c"].value == 2.5
    assert found["w"].value.tolist() == list(range(8))


def test_the_parameters_of_a_program_are_slots():
    derived = gs.loads(FAMILY + "given\n  D = 2\n  n = [3, 5, 2]\n")
    program = derived.program(what="gradient", batch=4, data=("x", "t"))
    sheet = load_sheet(Source(FAMILY))
    found = slots_of(sheet, program.arguments)
    assert [(s.name, s.shape) for s in found] == [
        ("W[1]", (5, 3)), ("W[2]", (2, 5)), ("b[1]", (5,)), ("b[2]", (2,)),
    ]  # fmt: skip


FAULTS = {
    "no rule": (("W1",), r"GS821.*NAME ~ RULE"),
    "unknown rule": (("W1 ~ hee",), r"GS821.*no rule 'hee'[^$]*did you mean 'he'"),
    "too few numbers": (("W1 ~ normal(0)",), r"GS821.*takes 2 numbers, not 1[^$]*normal\(mean, deviation\)"),
    "unknown size": (("W1 ~ normal(0, 1/q)",), r"GS821.*'q'[^$]*\^"),
    "negative deviation": (("W1 ~ normal(0, -1)",), r"GS821.*-1"),
    "bounds exchanged": (("W1 ~ uniform(1, 0)",), r"GS821.*0 is below 1"),
    "divided by zero": (("W1 ~ normal(0, 1/(n-5))",), r"GS821.*not finite"),
    "unknown parameter": (("W2 ~ he",), r"GS822.*'W2' is no parameter[^$]*W1, b1, w, c"),
    "unknown member": (("W1[3] ~ he",), r"GS822.*no member 3"),
    "orthogonal vector": (("b1 ~ orthogonal",), r"GS822.*two axes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_named(fault):
    rules, message = FAULTS[fault]
    with pytest.raises(SheetError, match=message):
        mlp(*rules)


def test_values_that_do_not_fit_are_named():
    with pytest.raises(SheetError, match=r"GS822.*W1 is 5×8, and the sheet needs 8×5"):
        mlp(values={"W1": np.zeros((5, 8))})
    with pytest.raises(SheetError, match=r"GS822.*not finite, in entry 2"):
        mlp(values={"b1": [0, np.nan, 0, 0, 0, 0, 0, 0]})
    with pytest.raises(SheetError, match=r"GS822.*'W9', which is no parameter"):
        mlp(values={"W9": 1.0})


# ------------------------------------------------------------ the same numbers everywhere


def test_the_numbers_are_these():
    """Digests of the bytes: the numbers hang on no machine, no version of a library, and no other parameter."""
    digest = hashlib.sha256(standard_normal(stream(7, "W"), (1000,)).astype("<f8").tobytes()).hexdigest()[:16]
    other = hashlib.sha256(
        orthonormal_rows(standard_normal(stream(7, "Q"), (20, 33))).astype("<f8").tobytes()
    ).hexdigest()[:16]
    assert (digest, other) == ("54e89971126b629a", "cebce644aca2477a")


def test_parameters_have_streams_of_their_own():
    first, second = mlp(seed=1), mlp("b1 ~ normal(0, 1)", seed=1)
    assert first["W1"].value.tolist() == second["W1"].value.tolist()
    assert first["W1"].value.tolist() != mlp(seed=2)["W1"].value.tolist()
    assert first["W1"].value.reshape(-1)[:8].tolist() != second["b1"].value.tolist()


def test_quantiles_are_those_of_the_normal_distribution():
    p = np.concatenate([standard_uniform(stream(0, "p"), (500,)), [2.0**-53, 1e-200, 1e-12, 1 - 2.0**-53]])
    expected = [NormalDist().inv_cdf(float(v)) for v in p]
    np.testing.assert_allclose(quantile(p), expected, rtol=2e-15, atol=1e-15)


def test_uniform_numbers_lie_inside():
    u = standard_uniform(stream(3, "u"), (100_000,))
    assert 0 < u.min() < 1e-4
    assert 1 - 1e-4 < u.max() < 1
    assert Fraction(float(u[0])) * 2**53 % 2 == 1


def test_a_number_that_is_looked_up_is_added():
    sheet = gs.loads(
        "u ∈ 1..m, i ∈ 1..k, r ∈ ℝ, E ∈ ℝ^(m×8), G ∈ ℝ^(k×8), a ∈ ℝ^m\n"
        "L = (r - a[u] - E[u,:]·G[i,:])²\nparameters E, G, a\nminimize L"
    )
    rows = {"u": [1, 2, 3], "i": [1, 2, 1], "r": [1.0, 2.0, 0.0]}
    begun = sheet.train(rows, values={"m": 3, "k": 2}, epochs=0).parameters
    assert (begun["a"] == 0).all()
    assert (begun["E"] != 0).all()
