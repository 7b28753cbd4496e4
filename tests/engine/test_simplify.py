"""The rules of simplification one by one, and what they must never do."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing import examples
from engine.running import derived, printed
from gradsheet.calculus import Simplifier, cost
from gradsheet.calculus.pattern import pattern_of
from gradsheet.calculus.terms import rebuilt, split
from gradsheet.derivation.accumulate import Accumulator
from gradsheet.evaluation import Evaluator, Float64
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Configurations,
    Expr,
    Index,
    Integer,
    Junction,
    Lambda,
    Multiply,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Size,
    Symbol,
    ValueSet,
    apply,
    at_least_zero,
    inside,
    key,
    number,
    outside,
    same,
    substitute,
)
from gradsheet.expressions.rewriting import rename_bound

N, M = Size("n"), Size("m")
n, m = Affine.atom(N), Affine.atom(M)
ONE = Affine(1)


def index(name: str, low: Affine = ONE, high: Affine = n) -> Index:
    return Index(name, low, high)


def vector(name: str, size: Affine = n) -> Symbol:
    return Symbol(name, (index("i", ONE, size),))


x, y, w = vector("x"), vector("y"), vector("w")
A = Symbol("A", (index("i"), index("j")))
s = Symbol("s")


def of(symbol: Symbol, *at: Index | Affine | int) -> Access:
    places = (Affine.atom(a) if isinstance(a, Index) else Affine(a) if isinstance(a, int) else a for a in at)
    return Access(symbol, tuple(places))


def whole(value: Index | Affine | int) -> Integer:
    if isinstance(value, Index):
        return Integer(Affine.atom(value))
    return Integer(Affine(value) if isinstance(value, int) else value)


def delta(a: Any, b: Any, body: Expr = ONE_EXPR) -> Expr:
    return Piecewise(Relation("=", whole(a), whole(b)), body, ZERO_EXPR)


def where(sign: Any, a: Any, b: Any, body: Expr) -> Expr:
    return Piecewise(Relation(sign, whole(a), whole(b)), body, ZERO_EXPR)


def total(over: Index, *factors: Expr) -> Expr:
    return Reduce("sum", over, factors[0] if len(factors) == 1 else Multiply(factors))


def simplified(body: Expr, row_sums: dict[Symbol, str] | None = None) -> Expr:
    return Simplifier(row_sums or {}).simplify(body)


def value(body: Expr, free: tuple[Index, ...] = (), sizes: tuple[int, int] = (3, 2), seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    numbers = {N: sizes[0], M: sizes[1]}
    values = {}
    for symbol in sorted(body.symbols, key=lambda q: q.serial):
        highs = [a.high for a in symbol.axes]
        shape = tuple(numbers[N] if h == n else numbers[M] if h == m else h.constant for h in highs)
        drawn = rng.uniform(0.3, 1.3, shape)
        if symbol in ROW_SUMS:
            drawn = drawn / drawn.sum(axis=-1, keepdims=True)
        values[symbol] = np.asarray(drawn)
    evaluator = Evaluator(Float64(), numbers, {}, values)
    return np.asarray(evaluator.tensor(Lambda(free, body)), dtype=float)


p = vector("p")
ROW_SUMS = {p: "p ∈ simplex(n)"}


def unchanged(before: Expr, after: Expr, free: tuple[Index, ...] = ()) -> None:
    for sizes in ((3, 2), (1, 1), (2, 4), (1, 3)):
        np.testing.assert_allclose(value(before, free, sizes), value(after, free, sizes), rtol=1e-12, atol=1e-13)


# ---------------------------------------------------------------- contraction


def test_a_sum_over_a_delta_keeps_one_term():
    i, k = index("i"), index("k")
    assert simplified(total(i, delta(i, k), of(x, i))) is of(x, k)


def test_two_deltas_meet():
    i, j, k = index("i"), index("j"), index("k")
    body = total(i, total(j, delta(i, j), delta(j, k), of(A, i, j)))
    assert simplified(body) is of(A, k, k)


def test_a_delta_of_two_bound_indices_is_a_trace():
    i, j = index("i"), index("j")
    assert same(simplified(total(i, total(j, delta(i, j), of(A, i, j)))), total(i, of(A, i, i)))


def test_a_delta_outside_the_range_leaves_its_condition():
    """Σ_{i ≤ m} δ_ik x_i is x_k for k ≤ m only."""
    i, k = index("i", ONE, m), index("k")
    short = vector("x", m)
    body = total(i, delta(i, k), of(short, i))
    result = simplified(body)
    assert result is not of(short, k)
    assert same(result, where("≤", k, m, of(short, k)))


def test_a_delta_that_never_holds_is_zero():
    i, k = index("i"), index("k")
    later = Affine.atom(k) + n
    assert simplified(total(i, delta(i, later), of(x, i))) is ZERO_EXPR


def test_a_shifted_delta_is_solved_with_its_ends():
    i, k = index("i"), index("k")
    body = total(i, delta(Affine.atom(i) + 1, k), of(x, i))
    result = simplified(body)
    unchanged(body, result, (k,))
    assert same(result, where("≥", k, 2, of(x, Affine.atom(k) - 1))) or same(
        result, where("≤", 1, Affine.atom(k) - 1, of(x, Affine.atom(k) - 1))
    )


def test_a_guard_that_always_holds_is_dropped():
    i = index("i")
    assert same(simplified(total(i, where("≤", i, n, of(x, i)))), total(i, of(x, i)))
    assert simplified(total(i, where(">", i, n, of(x, i)))) is ZERO_EXPR


def test_a_guard_that_may_fail_stays():
    i = index("i")
    body = total(i, where("≤", i, m, of(x, i)))
    unchanged(body, simplified(body))
    assert not same(simplified(body), total(i, of(x, i)))


def test_a_delta_with_coefficient_two_is_not_divided():
    i, k = index("i"), index("k")
    body = total(i, delta(Affine.atom(i) * 2, k), of(x, i))
    unchanged(body, simplified(body), (k,))


@pytest.mark.parametrize("seed", range(40))
def test_random_sums_of_deltas_and_guards_keep_their_value(seed: int):
    rng = random.Random(seed)
    free = (index("k"), index("l"))
    bound = [index(name, rng.choice((ONE, Affine(0) + 1)), rng.choice((n, n, m))) for name in "ij"[: rng.randint(1, 2)]]
    everything = [*free, *bound]
    long = vector("v", n + m + 6)

    def place() -> Affine:
        return Affine.atom(rng.choice(everything)) + rng.randint(-1, 2)

    def condition() -> Relation:
        sign = rng.choice(("=", "=", "≤", "<", "≥", "≠"))
        return Relation(sign, Integer(place()), Integer(place()))

    factors: list[Expr] = [Access(long, (Affine.atom(rng.choice(everything)) + rng.randint(0, 2),)) for _ in range(2)]
    conditions = tuple(condition() for _ in range(rng.randint(1, 3)))
    guard = conditions[0] if len(conditions) == 1 else Junction("and", conditions)
    body: Expr = Piecewise(guard, Multiply(tuple(factors)), ZERO_EXPR)
    for over in bound:
        body = Reduce("sum", over, body)
    if rng.random() < 0.5:
        body = Add((body, Multiply((number(-1), body, of(s)))))
    result = simplified(body)
    for sizes in ((3, 2), (1, 1), (2, 4), (4, 1)):
        numbers = {N: sizes[0], M: sizes[1]}
        values = {long: np.arange(1.0, sum(sizes) + 7) ** 1.5, s: np.asarray(0.7)}
        one, two = (Evaluator(Float64(), numbers, {}, dict(values)).tensor(Lambda(free, e)) for e in (body, result))
        np.testing.assert_allclose(np.asarray(one, float), np.asarray(two, float), rtol=1e-12, atol=1e-12)


# ---------------------------------------------------------------- row sums


def test_a_row_sums_to_one_under_its_licence_alone():
    i = index("i")
    for factor in (of(s), number(3)):
        body = Multiply((factor, total(i, of(p, i))))
        assert same(simplified(body, ROW_SUMS), factor)
        assert same(simplified(body), body)


def test_the_licence_is_named():
    i = index("i")
    simplifier = Simplifier(ROW_SUMS)
    simplifier.simplify(total(i, of(p, i)))
    assert simplifier.log.conditions == ("Σ p = 1: p ∈ simplex(n)",)
    other = Simplifier(ROW_SUMS)
    other.simplify(total(i, of(x, i)))
    assert other.log.conditions == ()


def test_a_part_of_a_row_does_not_sum_to_one():
    short = Index("i", ONE, n - 1)
    body = total(short, of(p, short))
    assert same(simplified(body, ROW_SUMS), body)


def test_a_row_with_another_factor_does_not_sum_to_one():
    i = index("i")
    body = total(i, of(p, i), of(x, i))
    assert same(simplified(body, ROW_SUMS), body)


def test_a_column_of_rows_does_not_sum_to_one():
    P = Symbol("P", (index("i"), index("j", ONE, m)))
    i, k = index("i"), index("k", ONE, m)
    column, row = total(i, of(P, i, k)), total(k, of(P, i, k))
    licence = {P: "rows of P"}
    assert same(simplified(column, licence), column)
    assert simplified(row, licence) is ONE_EXPR


def test_a_softmax_sums_to_one_without_a_licence():
    i, j = index("i"), index("j")
    body = total(i, ArrayCall("softmax", Lambda((j,), of(x, j)), (Affine.atom(i),)))
    assert simplified(body) is ONE_EXPR


def test_a_softmax_at_a_shifted_place_does_not_sum_to_one():
    short, j = Index("i", ONE, n - 1), index("j")
    body = total(short, ArrayCall("softmax", Lambda((j,), of(x, j)), (Affine.atom(short) + 1,)))
    assert simplified(body) is not ONE_EXPR
    unchanged(body, simplified(body))


def test_an_empty_term_counts_its_range():
    i = index("i")
    assert same(simplified(total(i, of(s))), Multiply((of(s), Integer(n))))


# ---------------------------------------------------------------- cancelling, collecting, factoring


def test_equal_factors_cancel():
    body = Multiply((of(s), Power(of(s), number(-1)), of(x, 1)))
    assert simplified(body) is of(x, 1)


def test_powers_join():
    body = Multiply((Power(of(s), number(Fraction(1, 2))), Power(of(s), number(Fraction(3, 2)))))
    assert same(simplified(body), Power(of(s), number(2)))


def test_like_terms_collect_whatever_their_order():
    i, j = index("i"), index("j")
    body = Add((total(i, of(x, i), of(y, i)), total(j, of(y, j), of(x, j))))
    assert same(simplified(body), Multiply((number(2), total(i, of(x, i), of(y, i)))))


def test_opposite_terms_vanish():
    i, j = index("i"), index("j")
    body = Add((total(i, of(x, i)), Multiply((number(-1), total(j, of(x, j))))))
    assert simplified(body) is ZERO_EXPR


def test_terms_that_differ_in_a_sum_do_not_collect():
    i, j = index("i"), index("j", Affine(2), n)
    body = Add((total(i, of(x, i)), Multiply((number(-1), total(j, of(x, j))))))
    assert simplified(body) is not ZERO_EXPR
    unchanged(body, simplified(body))


def test_a_sum_cancels_against_its_inverse():
    difference = Add((of(s), number(-1)))
    body = Multiply((difference, Power(difference, number(-1)), of(x, 1)))
    assert simplified(body) is of(x, 1)


def test_the_logistic_slope_cancels():
    """h (1 − h) (h − t)/(h (1 − h)) is h − t."""
    h, t = of(s), of(x, 1)
    slope = Multiply((h, Add((ONE_EXPR, Multiply((number(-1), h))))))
    body = Multiply((slope, Add((h, Multiply((number(-1), t)))), Power(slope, number(-1))))
    assert same(simplified(body), Add((h, Multiply((number(-1), t)))))


def test_zero_to_a_negative_power_is_left_alone():
    body = Multiply((Power(number(0), number(-1)), of(s)))
    assert simplified(body) is not ZERO_EXPR


def test_a_common_factor_is_taken_out():
    i = index("i")
    body = Add((total(i, of(x, i), of(y, i)), Multiply((number(-1), total(i, of(x, i), of(w, i))))))
    result = simplified(body)
    unchanged(body, result)
    assert cost(result) < cost(body)


# ---------------------------------------------------------------- sums over configurations


def bits(size: Affine = n) -> Symbol:
    return Symbol("v", (index("i", ONE, size),), domain=ValueSet("finite", (Fraction(0), Fraction(1))))


def test_what_does_not_hold_the_configuration_stands_outside():
    v, i = bits(), index("i")
    inner = Multiply((of(s), Call("exp", (total(i, of(v, i), of(x, i)),))))
    body = Configurations(v, inner)
    result = simplified(body)
    assert isinstance(result, Multiply)
    assert of(s) in result.factors
    unchanged_configurations(body, result)


def unchanged_configurations(before: Expr, after: Expr) -> None:
    for size in (1, 2, 3):
        numbers = {N: size, M: 2}
        values = {s: np.asarray(0.7), x: np.linspace(0.2, 0.9, size)}
        one, two = (Evaluator(Float64(), numbers, {}, dict(values)).evaluate(e).data for e in (before, after))
        assert float(one) == pytest.approx(float(two))


def test_a_constant_over_configurations_keeps_their_number():
    """Σ over {0,1}ⁿ of s is 2ⁿ s, not s."""
    body = Configurations(bits(), Add((of(s), of(x, 1))))
    unchanged_configurations(body, simplified(body))


def test_a_product_of_two_sums_over_configurations_is_two_sums():
    v, i, j = bits(), index("i"), index("j")
    one = Configurations(v, Call("exp", (total(i, of(v, i), of(x, i)),)))
    two = Configurations(v, Call("exp", (total(j, of(v, j)),)))
    body = Multiply((one, two))
    unchanged_configurations(body, simplified(body))


# ---------------------------------------------------------------- keys, substitution, bounds


@given(st.permutations(range(4)), st.permutations(range(3)))
def test_the_key_does_not_depend_on_order_or_bound_names(terms: list[int], factors: list[int]):
    def body(order: list[int], inner: list[int], letter: str) -> Expr:
        i = index(letter)
        parts = [of(x, i), of(y, i), of(w, i)]
        summed = Reduce("sum", i, Multiply(tuple(parts[k] for k in inner)))
        return Add(tuple([summed, of(s), number(2), Multiply((number(3), of(x, 1)))][k] for k in order))

    assert key(body(terms, factors, "i")) == key(body([0, 1, 2, 3], [0, 1, 2], "j"))


def test_the_key_tells_sums_with_other_ranges_apart():
    i, j = index("i"), index("j", Affine(2), n)
    assert key(total(i, of(x, i))) != key(total(j, of(x, j)))
    assert key(of(A, 1, 2)) != key(of(A, 2, 1))


def test_the_key_tells_nested_indices_apart():
    i, j = index("i"), index("j")
    assert key(total(i, total(j, of(A, i, j)))) == key(total(j, total(i, of(A, j, i))))
    k = index("k")
    assert key(total(i, of(A, i, k))) != key(total(i, of(A, k, i)))


def test_substitution_does_not_capture():
    i, j = index("i"), index("j")
    body = total(i, of(A, i, j))
    moved = substitute(body, {j: Affine.atom(i)})
    assert moved.free == {i}
    assert isinstance(moved, Reduce)
    assert moved.index is not i
    matrix = np.arange(9.0).reshape(3, 3)
    found = Evaluator(Float64(), {N: 3}, {}, {A: matrix}).tensor(Lambda((i,), moved))
    np.testing.assert_allclose(np.asarray(found, float), matrix.sum(axis=0))
    assert same(moved, substitute(rename_bound(body), {j: Affine.atom(i)}))


def test_application_does_not_capture():
    i, j = index("i"), index("j")
    row_sums = Lambda((i,), total(j, of(A, i, j)))
    at_j = apply(row_sums, (Affine.atom(j),))
    assert at_j.free == {j}
    matrix = np.arange(9.0).reshape(3, 3)
    found = Evaluator(Float64(), {N: 3}, {}, {A: matrix}).tensor(Lambda((j,), at_j))
    np.testing.assert_allclose(np.asarray(found, float), matrix.sum(axis=1))


def test_ranges_that_use_the_index_move_with_it():
    i = index("i")
    j = Index("j", ONE, Affine.atom(i))
    body = Reduce("sum", j, of(x, j))
    moved = substitute(body, {i: Affine.atom(i) - 1})
    values = {x: np.array([1.0, 10.0, 100.0])}
    for place, expected in ((1, 0), (2, 1), (3, 11)):
        evaluator = Evaluator(Float64(), {N: 3}, {}, dict(values))
        evaluator.fixed[i] = place
        assert float(evaluator.evaluate(moved).data) == expected


@settings(max_examples=examples(300))
@given(st.data())
def test_bounds_never_claim_what_is_false(data: st.DataObject):
    ends = st.sampled_from((ONE, Affine(0), Affine(2), n, m, n - 1, n + m, m + 1))
    i = Index("i", data.draw(ends), data.draw(ends))
    j = Index("j", data.draw(st.sampled_from((ONE, Affine.atom(i), Affine(0)))), data.draw(ends))
    coefficient = st.integers(-2, 2)
    form = Affine(data.draw(st.integers(-3, 3)))
    for atom in (i, j, N, M):
        form = form + Affine.atom(atom) * data.draw(coefficient)
    claims = (at_least_zero(form), outside(form, ONE, n), inside(form, ONE, n))
    if not any(claims):
        return
    for size, other in itertools.product(range(1, 6), repeat=2):
        for place, second in points(i, j, size, other):
            got = at(form, {N: size, M: other, i: place, j: second})
            if claims[0]:
                assert got >= 0
            if claims[1]:
                assert not 1 <= got <= size
            if claims[2]:
                assert 1 <= got <= size


def points(i: Index, j: Index, size: int, other: int) -> Any:
    for place in range(at(i.low, {N: size, M: other}), at(i.high, {N: size, M: other}) + 1):
        known = {N: size, M: other, i: place}
        for second in range(at(j.low, known), at(j.high, known) + 1):
            yield place, second


def at(form: Affine, known: dict[Any, int]) -> int:
    return form.constant + sum(c * known[a] for a, c in form.terms)


def test_known_facts_are_used():
    i = index("i")
    assert at_least_zero(m - Affine.atom(i), (m - n,))
    assert not at_least_zero(m - Affine.atom(i))


# ---------------------------------------------------------------- terms


@settings(max_examples=examples(60))
@given(st.randoms(use_true_random=False), st.booleans())
def test_splitting_into_terms_keeps_the_value(rng: random.Random, expand: bool):  # noqa: FBT001 - a parameter of the test
    k = index("k")

    def grown(depth: int, scope: tuple[Index, ...]) -> Expr:
        if depth == 0 or rng.random() < 0.2:
            matrix = of(A, rng.choice(scope), rng.choice(scope))
            return rng.choice((of(s), number(rng.randint(-2, 3)), of(x, rng.choice(scope)), matrix))
        match rng.randrange(6):
            case 0 | 1:
                return Add(tuple(grown(depth - 1, scope) for _ in range(rng.randint(2, 3))))
            case 2 | 3:
                return Multiply(tuple(grown(depth - 1, scope) for _ in range(2)))
            case 4:
                i = index("i")
                return Reduce("sum", i, grown(depth - 1, (*scope, i)))
            case _:
                return Power(grown(depth - 1, scope), number(2))

    body = grown(3, (k,))
    for result in (rebuilt(split(body, expand=expand)), simplified(body)):
        for sizes in ((3, 2), (1, 1)):
            np.testing.assert_allclose(value2(body, k, sizes), value2(result, k, sizes), rtol=1e-9, atol=1e-9)


def value2(body: Expr, k: Index, sizes: tuple[int, int]) -> Any:
    rng = np.random.default_rng(1)
    values = {x: rng.uniform(0.3, 1.3, sizes[0]), A: rng.uniform(0.3, 1.3, (sizes[0],) * 2), s: np.asarray(0.7)}
    found = Evaluator(Float64(), {N: sizes[0], M: sizes[1]}, {}, values).tensor(Lambda((k,), body))
    return np.asarray(found, dtype=float)


# ---------------------------------------------------------------- identical layers are derived once

LAYERS = """
x ∈ ℝ^a, W1 ∈ ℝ^(b×a), W2 ∈ ℝ^(c×b), W3 ∈ ℝ^(d×c), b1 ∈ ℝ^b, b2 ∈ ℝ^c, b3 ∈ ℝ^d
h1 = tanh(W1 x + b1)
h2 = tanh(W2 h1 + b2)
h3 = tanh(W3 h2 + b3)
L = 1/2 ‖h3‖²
parameters W1, b1, W2, b2, W3, b3
minimize L
"""
DIFFERENT = {
    "another function": LAYERS.replace("h2 = tanh", "h2 = sin"),
    "another sign": LAYERS.replace("W2 h1 + b2", "W2 h1 - b2"),
    "another coefficient": LAYERS.replace("tanh(W2 h1 + b2)", "2 tanh(W2 h1 + b2)"),
    "a weight used twice": LAYERS.replace("W3 h2 + b3", "W2 h2 + b3").replace("W3 ∈ ℝ^(d×c), ", "").replace(
        "W2 ∈ ℝ^(c×b)", "W2 ∈ ℝ^(c×c)").replace("W1 ∈ ℝ^(b×a)", "W1 ∈ ℝ^(c×a)").replace("b1 ∈ ℝ^b", "b1 ∈ ℝ^c").replace(
        "b3 ∈ ℝ^d", "b3 ∈ ℝ^c").replace(", W3, b3", ", b3"),
    "a softmax among them": LAYERS.replace("h2 = tanh", "h2 = softmax"),
    "symmetric weights": LAYERS.replace("W2 ∈ ℝ^(c×b)", "W2 ∈ ℝ^(c×c) symmetric")
    .replace("W1 ∈ ℝ^(b×a)", "W1 ∈ ℝ^(c×a)")
    .replace("b1 ∈ ℝ^b", "b1 ∈ ℝ^c"),
    "rows that sum to one": (
        "x ∈ ℝ^n, p ∈ simplex(n), q ∈ ℝ^n, u, v ∈ ℝ^n\ny = softmax(u)\nz = softmax(v)\n"
        "L = -sum[i] p[i] log y[i] - sum[i] q[i] log z[i]\nparameters u, v\nminimize L\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ["alike", *DIFFERENT])
def test_the_memory_of_layers_changes_nothing(name: str, monkeypatch: pytest.MonkeyPatch):
    text = DIFFERENT.get(name, LAYERS)
    with_memory = printed(derived(text))
    monkeypatch.setattr(Accumulator, "_pattern", lambda *_: None)
    assert printed(derived(text)) == with_memory


def test_the_licence_of_one_vector_does_not_serve_another():
    lines = {left: right for left, right, _ in printed(derived(DIFFERENT["rows that sum to one"]))}
    assert lines["∂L/∂u"] == "y - p"
    assert lines["∂L/∂v"] == "(sum[i] q[i]) z - q"


def test_patterns_tell_apart_what_rules_look_at():
    i = index("i")
    symmetric = Symbol("S", A.axes, symmetric=True)
    other = Symbol("B", A.axes)
    q = vector("q")

    def pattern(body: Expr) -> Any:
        return pattern_of([body], (), ROW_SUMS).key

    assert pattern(total(i, of(A, i, i))) == pattern(total(i, of(other, i, i)))
    assert pattern(total(i, of(A, i, i))) != pattern(total(i, of(A, i, 1)))
    assert pattern(of(A, 1, 2)) == pattern(of(other, 1, 2))
    assert pattern(of(A, 1, 2)) != pattern(of(symmetric, 1, 2))
    assert pattern(of(x, 1)) == pattern(of(q, 1))
    assert pattern(of(x, 1)) != pattern(of(p, 1))
    assert pattern(Multiply((of(x, 1), of(x, 1)))) != pattern(Multiply((of(x, 1), of(q, 1))))
    assert pattern(total(i, of(x, i))) != pattern(total(Index("i", Affine(2), n), of(x, i)))
