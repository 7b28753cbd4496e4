"""Every record of operations: its rule against series and mpmath, its definition, its numbers in three domains."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb
from mpmath import mp, mpf

from gradsheet.calculus import Differentiator, Log, NoRuleError
from gradsheet.evaluation import CertifiedDomain, Evaluator, Float64, JetDomain
from gradsheet.expressions import (
    Access,
    Affine,
    ArrayCall,
    Call,
    Expr,
    Index,
    Lambda,
    Partial,
    Size,
    Symbol,
    walk,
)
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.certified import certify
from gradsheet.numerics.functions import ELEMENTWISE as NUMERIC
from gradsheet.numerics.jets import Jet
from gradsheet.operations import ARRAY_OPERATIONS, ELEMENTWISE, ELEMENTWISE_SPELLINGS, T
from numerics.reference import REFERENCE

X, A = Symbol("x"), Symbol("a")
PLACES = (Fraction(3, 17), Fraction(9, 17), Fraction(15, 17))
SECOND = Fraction(7, 5)


def arguments(name: str) -> tuple[Expr, ...]:
    return (Access(X, ()), Access(A, ()))[: ELEMENTWISE[name].arity]


def points(name: str) -> list[Fraction]:
    low, high = (Fraction(str(end)) for end in ELEMENTWISE[name].sample)
    return [low + (high - low) * place for place in PLACES]


def at(domain: Any, body: Expr, x: Any, a: Any) -> Any:
    values: dict[Symbol, Any] = {}
    for symbol, value in ((X, x), (A, a)):
        held = np.empty((), dtype=domain.dtype)
        held[()] = value
        values[symbol] = held
    data = Evaluator(domain, {}, {}, values).evaluate(body).data
    return data[()] if isinstance(data, np.ndarray) else data


def rule(name: str, which: int) -> Expr:
    """The derivative of a function by the engine's own rule, as an expression."""
    symbol = (X, A)[which]
    return Differentiator(symbol, (), {}, Log()).derivative(Call(name, arguments(name)))


WITH_RULE = [name for name, record in ELEMENTWISE.items() if record.derivative is not None]
CASES = [(name, x, k) for name in WITH_RULE for x in points(name) for k in range(ELEMENTWISE[name].arity)]


@pytest.mark.parametrize(("name", "x", "which"), CASES)
def test_the_rule_is_the_first_coefficient_of_the_series(name: str, x: Fraction, which: int):
    with working_precision(128):
        domain = JetDomain(1)
        moving = [Jet.constant(x, 1), Jet.constant(SECOND, 1)]
        moving[which] = Jet.variable((x, SECOND)[which], 1, 1)
        series = at(domain, Call(name, arguments(name)), *moving).derivative
        by_rule = at(domain, rule(name, which), Jet.constant(x, 1), Jet.constant(SECOND, 1)).value
        assert series.overlaps(by_rule), (series, by_rule)
        assert (series - by_rule).rad() < arb(10) ** -25


@pytest.mark.parametrize(("name", "x"), [(n, x) for n, x, k in CASES if k == 0])
def test_the_rule_is_the_derivative_that_mpmath_finds(name: str, x: Fraction):
    reference = REFERENCE[name]
    with mp.workdps(60):
        second = mpf(SECOND.numerator) / SECOND.denominator
        rest = (second,) * (ELEMENTWISE[name].arity - 1)
        place = mpf(x.numerator) / x.denominator
        expected = float(mp.diff(lambda t: reference(t, *rest), place))
    found = at(Float64(), rule(name, 0), float(x), float(SECOND))
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(("name", "x"), [(n, x) for n, x, k in CASES if k == 0 and ELEMENTWISE[n].definition])
def test_a_composite_is_what_its_definition_says(name: str, x: Fraction):
    record = ELEMENTWISE[name]
    assert record.definition is not None
    inner = record.definition(*(T(e) for e in arguments(name))).expr
    with working_precision(128):
        domain = JetDomain(2)
        moving = Jet.variable(x, 1, 2), Jet.constant(SECOND, 2)
        whole, parts = at(domain, Call(name, arguments(name)), *moving), at(domain, inner, *moving)
        for k in range(3):
            assert whole.coefficient(k).overlaps(parts.coefficient(k))
            assert (whole.coefficient(k) - parts.coefficient(k)).rad() < arb(10) ** -25


def test_a_wrong_rule_is_seen():
    """The harness can fail: the sine is not its own derivative."""
    with working_precision(128):
        domain = JetDomain(1)
        x = Fraction(1, 3)
        series = at(domain, Call("sin", (Access(X, ()),)), Jet.variable(x, 1, 1), Jet.constant(0, 1)).derivative
        wrong = at(domain, Call("sin", (Access(X, ()),)), Jet.constant(x, 1), Jet.constant(0, 1)).value
        assert not series.overlaps(wrong)


@pytest.mark.parametrize("name", sorted(set(WITH_RULE) - {"lgamma"}))
def test_a_second_derivative_is_found_by_the_rules_alone(name: str):
    """Whatever a rule is written with has a rule itself."""
    first = rule(name, 0)
    second = Differentiator(X, (), {}, Log()).derivative(first)
    assert not any(isinstance(n, Partial) for n in walk(second))
    x = points(name)[1]
    with working_precision(128):
        series = at(JetDomain(2), Call(name, arguments(name)), Jet.variable(x, 1, 2), Jet.constant(SECOND, 2))
        by_rule = at(JetDomain(1), second, Jet.constant(x, 1), Jet.constant(SECOND, 1)).value
        assert (2 * series.coefficient(2)).overlaps(by_rule)


# ---------------------------------------------------------------- holes


def functions_in_rules() -> set[str]:
    """Every function that a rule, or a rule of a rule, writes."""
    found = set(ELEMENTWISE)
    for name in set(WITH_RULE) - {"lgamma"}:
        body = rule(name, 0)
        for expression in (body, Differentiator(X, (), {}, Log()).derivative(body)):
            found |= {n.function for n in walk(expression) if isinstance(n, Call) and isinstance(n.function, str)}
    return found


def test_the_functions_without_a_rule_are_these_and_are_refused_by_name():
    assert sorted(set(ELEMENTWISE) - set(WITH_RULE)) == ["digamma"]
    with pytest.raises(NoRuleError, match="no derivative rule for digamma"):
        rule("digamma", 0)
    with pytest.raises(NoRuleError, match="digamma"):
        Differentiator(X, (), {}, Log()).derivative(rule("lgamma", 0))


def test_no_operation_lacks_numbers_in_any_domain():
    holes = [
        f"{name}: {kind}"
        for name in sorted(functions_in_rules())
        for kind in ("float64", "certified", "jet")
        if name not in NUMERIC or getattr(NUMERIC[name], kind, None) is None
    ]
    for name in sorted(ARRAY_OPERATIONS):
        for domain in (Float64(), CertifiedDomain(), JetDomain(0)):
            symbol, body, free = array_case(name)
            value = np.empty((2,) * ARRAY_OPERATIONS[name].argument_rank, dtype=domain.dtype)
            for k, place in enumerate(np.ndindex(value.shape)):
                value[place] = domain.number(Fraction(k * k + 1, 3))
            try:
                Evaluator(domain, {Size("n"): 2}, {}, {symbol: value}).tensor(Lambda(free, body))
            except (KeyError, AssertionError):
                holes.append(f"{name}: {domain.name}")
    assert holes == []


def test_whatever_a_rule_writes_has_a_record():
    assert sorted(functions_in_rules() - set(ELEMENTWISE)) == []


def test_spellings_belong_to_one_operation_each():
    spelled = [s for record in ELEMENTWISE.values() for s in record.spellings]
    assert len(spelled) == len(set(spelled))
    assert {ELEMENTWISE_SPELLINGS[s] for s in spelled} == set(ELEMENTWISE)


@pytest.mark.parametrize(("name", "x"), [(n, x) for n, x, k in CASES if k == 0])
def test_the_three_domains_agree(name: str, x: Fraction):
    body = Call(name, arguments(name))
    with working_precision(128):
        certified = at(CertifiedDomain(), body, certify(x), certify(SECOND)).to_ball()
        jet = at(JetDomain(0), body, Jet.constant(x, 0), Jet.constant(SECOND, 0)).value
        assert certified.overlaps(jet)
        assert at(Float64(), body, float(x), float(SECOND)) == pytest.approx(float(jet.mid()), rel=1e-13, abs=1e-14)


# ---------------------------------------------------------------- operations on arrays


def array_case(name: str) -> tuple[Symbol, ArrayCall, tuple[Index, ...]]:
    """An operation on a bare vector or square matrix, with free indices for its result."""
    record = ARRAY_OPERATIONS[name]
    n = Affine.atom(Size("n"))
    axes = tuple(Index(letter, Affine(1), n) for letter in "ij"[: record.argument_rank])
    symbol = Symbol("V", axes)
    inner = tuple(i.fresh() for i in axes)
    free = tuple(Index(letter, Affine(1), n) for letter in "kl"[: record.result_rank])
    argument = Lambda(inner, Access(symbol, tuple(Affine.atom(i) for i in inner)))
    return symbol, ArrayCall(name, argument, tuple(Affine.atom(i) for i in free)), free


def tensor(body: Expr, free: tuple[Index, ...], symbol: Symbol, value: Any) -> Any:
    evaluator = Evaluator(Float64(), {Size("n"): len(value)}, {}, {symbol: value})
    return np.array(evaluator.tensor(Lambda(free, body)), dtype=float)


@pytest.mark.parametrize("name", sorted(set(ARRAY_OPERATIONS) - {"argmaximum"}))
def test_an_array_operation_changes_as_its_differential_says(name: str):
    symbol, body, free = array_case(name)
    rng = np.random.default_rng(3)
    rank = ARRAY_OPERATIONS[name].argument_rank
    value = rng.uniform(-0.5, 0.5, (4,) * rank) + (2 * np.eye(4) if rank == 2 else 0)
    by = tuple(i.fresh("m") for i in symbol.axes)
    derivative = Differentiator(symbol, tuple(Affine.atom(i) for i in by), {}, Log()).derivative(body)
    found = tensor(derivative, (*free, *by), symbol, value)
    for place in np.ndindex(value.shape):
        moved = []
        for sign in (1, -1):
            shifted = value.copy()
            shifted[place] += sign * 1e-5
            moved.append(tensor(body, free, symbol, shifted))
        expected = (moved[0] - moved[1]) / 2e-5
        np.testing.assert_allclose(found[(..., *place)], expected, rtol=1e-8, atol=1e-9)


def test_the_largest_entry_alone_is_chosen():
    symbol, body, free = array_case("argmaximum")
    assert tensor(body, free, symbol, np.array([1.0, 3.0, 2.0])).tolist() == [0, 1, 0]
    assert tensor(body, free, symbol, np.array([3.0, 1.0, 3.0])).tolist() == [1, 0, 0]
