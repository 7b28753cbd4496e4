"""Sums over configurations: what factorises, what is said of what does not, and that a false statement is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import gradsheet as gs
from engine.running import derived
from gradsheet.calculus import unfold_all
from gradsheet.diagnostics import SheetError
from gradsheet.evaluation.configurations import Factor, states
from gradsheet.expressions import Add, Multiply, Power, key, number
from gradsheet.solution import solve
from gradsheet.verification import verify
from gradsheet.writing.report import report
from gradsheet.writing.spelling import Spelling

RBM = """
v ∈ {0,1}^n, h ∈ {0,1}^m
b ∈ ℝ^n, c ∈ ℝ^m, W ∈ ℝ^(n×m)
E(v, h) = -b' v - c' h - v' W h
Z = sum[v, h] exp(-E(v, h))
p(v) = sum[h] exp(-E(v, h)) / Z
V ∈ {0,1}^(N×n)
ℓ = sum[i in 1..N] log p(V[i])
parameters b, c, W
maximize ℓ
"""


def lines(text: str) -> dict[str, str]:
    """Left and right sides of what is stated and derived, with the remarks of sums that keep their terms."""
    solution = solve(gs.loads(text)._sheet)
    spelling = Spelling(solution.sheet)
    shown = report(solution)
    result = {}
    for item in (*shown.sums, *shown.backward):
        for line in item.lines:
            result[spelling.formula(line.left)] = spelling.formula(line.right)
        if item.note:
            result[f"note on {spelling.formula(item.lines[0].left)}"] = item.note
    return result


def test_the_restricted_boltzmann_machine_as_textbooks_have_it():
    found = lines(RBM)
    assert found["F(v)"] == "−bᵀ v − sum[i] softplus(c[i] + vᵀ W[:,i])"
    assert found["p(h[i] = 1 | v)"] == "σ(c[i] + vᵀ W[:,i])"
    assert found["p(v[i] = 1 | h)"] == "σ(b[i] + W[i]ᵀ h)"
    assert found["Z"] == "sum[v] e^(−F(v))"
    assert found["ℓ"] == "−N log(Z) − sum[i] F(V[i])"
    assert found["∂ℓ/∂b"] == "sum[i] V[i] − N sum[v] p(v) v"
    assert found["∂ℓ/∂c"] == "sum[i] σ(c + Wᵀ V[i]) − N sum[v] p(v) σ(c + Wᵀ v)"
    assert found["∂ℓ/∂W"] == "sum[i] V[i] σ(c + Wᵀ V[i])ᵀ − N sum[v] p(v) v σ(c + Wᵀ v)ᵀ"
    assert found["note on Z"].startswith("the sum over v keeps its 2^n terms: ")


def test_every_step_of_it_has_its_rule():
    derivation = derived(RBM)
    rules = {r.name for a in derivation.adjoints if a.wrt[-1].name == "c" for r in a.log.rules}
    assert {"softplus", "substitution", "expectation", "data_minus_model"} <= rules
    stated = {r.name for s in derivation.partition.statements for r in s.log.rules}
    assert {"factorisation", "log_of_quotient", "conditional"} <= stated


@pytest.mark.parametrize("order", ["v, h", "h, v"])
def test_the_order_of_the_sums_does_not_matter(order: str):
    assert lines(RBM.replace("sum[v, h]", f"sum[{order}]")) == lines(RBM)


def test_a_partition_function_without_a_name_gets_one():
    text = RBM.replace("Z = sum[v, h] exp(-E(v, h))\n", "").replace("/ Z", "/ (sum[v, h] exp(-E(v, h)))")
    found = lines(text)
    assert found["Z"] == "sum[v] e^(−F(v))"
    assert found["∂ℓ/∂c"] == lines(RBM)["∂ℓ/∂c"]


def test_names_of_the_sheet_are_left_alone():
    text = RBM.replace("Z", "P").replace(" p(", " q(").replace("\np(", "\nq(").replace("E(", "F(").replace("c", "Z")
    found = lines(text)
    assert found["F1(v)"] == "−bᵀ v − sum[i] softplus(Z[i] + vᵀ W[:,i])"
    assert found["P"] == "sum[v] e^(−F1(v))"


def test_a_short_chain_keeps_its_terms_and_says_how_many():
    text = """
        s ∈ {-1,1}^n, J ∈ ℝ^(1..n-1)
        Z = sum[s] exp(sum[i in 1..n-1] J[i] s[i] s[i+1])
        L = log Z
        parameters J
        minimize L
        given
          n = 10, J = 0.5
    """
    found = lines(text.replace("\n        ", "\n"))
    coupling = "sum[i in 1..n−1] J[i] s[i] s[i+1] ties several of its units together"
    assert found["note on Z"] == f"the sum over s keeps its 2^n terms (1,024): {coupling}"
    assert found["∂L/∂J[i]"] == "sum[s] p(s) s[i] s[i+1]"


def test_a_softmax_is_a_one_hot_energy():
    text = """
y, t ∈ onehot(K), x ∈ ℝ^d, W ∈ ℝ^(K×d)
Z = sum[y] exp(y' W x)
L = -log(exp(t' W x) / Z)
parameters W
minimize L
"""
    assert lines(text)["∂L/∂W"] == "(softmax(W x) − t) xᵀ"


@pytest.mark.parametrize(
    ("values", "chance", "gradient"),
    [
        ("{0,1}", "σ(a[i])", "σ(a)"),
        ("{-1,1}", "σ(2 a[i])", "tanh(a)"),
        ("{0,2}", "σ(2 a[i])", "2 σ(2 a)"),
    ],
)
def test_each_set_has_its_own_closed_form(values: str, chance: str, gradient: str):
    found = lines(f"s ∈ {values}^n, a ∈ ℝ^n\nL = logsumexp[s](a' s)\nparameters a\nminimize L\n")
    top = max(int(v) for v in values.strip("{}").split(","))
    assert found[f"p(s[i] = {top})"] == chance
    assert found["∂L/∂a"] == gradient


def test_a_sum_without_exponentials_is_differentiated_term_by_term():
    found = lines("s ∈ {0,1}^n, a ∈ ℝ^n\nL = sum[s] (a' s)^2\nparameters a\nminimize L\n")
    assert found["∂L/∂a"] == "2 sum[s] (aᵀ s) s"
    assert found["note on L"] == "the sum over s keeps its 2^n terms"


# ---------------------------------------------------------------- a false statement is found


def test_a_false_free_energy_is_found():
    derivation = derived(RBM)
    assert verify(derivation).passed
    free = next(s for s in derivation.partition.statements if s.equation.symbol.name == "F")
    assert free.check is not None
    spoilt = replace(free, check=(Multiply((number(-1), free.check[0])), free.check[1]))
    derivation.partition.statements[derivation.partition.statements.index(free)] = spoilt
    assert "F" in {c.of for c in verify(derivation).failures()}


def test_a_false_conditional_probability_is_found():
    derivation = derived(RBM)
    for statement in [s for s in derivation.partition.statements if s.event is not None]:
        assert statement.check is not None
        spoilt = replace(statement, check=(Power(statement.check[0], number(2)), statement.check[1]))
        position = derivation.partition.statements.index(statement)
        derivation.partition.statements[position] = spoilt
        assert statement.of is not None
        assert statement.of.name in {c.of for c in verify(derivation).failures()}
        derivation.partition.statements[position] = statement


def test_a_lost_factor_in_a_rewritten_equation_is_found():
    """N log Z with the N lost: the gradients would be right for what is computed, and that would be something else."""
    derivation = derived(RBM)
    for new in derivation.partition.rewritten.values():
        held = derivation.graph.unfolded[new]
        derivation.graph.unfolded[new] = Add((held, number(1)))
        assert new.symbol.name in {c.of for c in verify(derivation).failures()}
        derivation.graph.unfolded[new] = held
    assert verify(derivation).passed


def test_what_is_shown_is_what_is_computed():
    derivation = derived(RBM)
    for new in derivation.partition.rewritten.values():
        assert key(derivation.graph.unfolded[new]) == key(unfold_all(new.body, derivation.partition.functions))


# ---------------------------------------------------------------- numbers


def test_many_configurations_in_floats_agree_with_arrays():
    rng = np.random.default_rng(3)
    n, m, rows = 13, 4, 6  # two chunks of states
    V = rng.integers(0, 2, (rows, n))
    b, c, W = rng.normal(size=n), rng.normal(size=m), rng.normal(size=(n, m)) / 4
    solved = gs.loads(RBM).solve(V=V, b=b, c=c, W=W, mode="float")
    every = (np.arange(2**n)[:, None] >> np.arange(n)) & 1

    def free(v):
        return -(v @ b) - np.logaddexp(0, c + v @ W).sum(axis=1)

    def chance(v):
        return 1 / (1 + np.exp(-(c + v @ W)))

    log_z = np.logaddexp.reduce(-free(every))
    weights = np.exp(-free(every) - log_z)
    assert solved.objective == pytest.approx(-free(V).sum() - rows * log_z)
    expected = V.T @ chance(V) - rows * (weights[:, None] * every).T @ chance(every)
    np.testing.assert_allclose(solved.gradient("W"), expected, rtol=1e-9, atol=1e-9)


def test_small_values_are_exact():
    text = RBM + "given\n  V = [1, 0; 1, 1]\n  b = 0, c = [0, 0, 0], W = 0\n"
    solved = gs.loads(text).solve()
    assert solved.exact("Z") == 32
    assert solved.exact("∂ℓ/∂b") == [1, 0]
    assert solved.exact("ℓ") == "−4 log(2)"


def test_states_of_several_variables_run_through_all_pairs():
    spins, labels = Factor("s", "finite", (2,), (-1, 1)), Factor("k", "index", (1,), (4, 5))
    factors = [Factor("z", "onehot", (2, 3), ()), spins, labels]
    chunks = list(states(factors, exact=True))
    rows = [np.concatenate([a.reshape(len(a), -1) for a in chunk], axis=1) for chunk in chunks]
    every = np.concatenate(rows)
    assert every.shape == (9 * 4 * 2, 6 + 2 + 1)
    assert len(np.unique(every, axis=0)) == len(every)


def test_too_many_terms_are_refused_with_their_number():
    text = "s ∈ {0,1}^n, J ∈ ℝ^(n×n)\nL = logsumexp[s](s' J s)\nparameters J\nminimize L\ngiven\n  n = 17, J = 0.1\n"
    with pytest.raises(SheetError, match="131,072 terms"):
        gs.loads(text).solve(mode="exact")
    assert gs.loads(text).solve(mode="float").objective is not None
