"""Points: what moves when an entry is pushed, all entries at once, shifts to what a page states, names of the page."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from checking.evaluating import formula, model_of, outcome, page
from checking.test_meaning import DATA, ENERGY, FILTER, LAYERS, NET, RECURRENT
from gradsheet.checking.meaning import points, stacks
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.meaning.points import BITS, Push
from gradsheet.checking.meaning.scope import Scope
from gradsheet.numerics.balls import working_precision
from gradsheet.numerics.jets import Jet

SHEETS = {"net": NET, "recurrent": RECURRENT, "layers": LAYERS, "filter": FILTER, "energy": ENERGY, "data": DATA}
KINKED = """
x ∈ ℝ^3, W ∈ ℝ^(2×3), b ∈ ℝ^2

z = W x + b
h = relu(z)
m = max(h[1], z[2])
L = 1/2 ‖h‖² + m
"""


def pushes_of(point, symbol):
    held = point.values()[symbol]
    members = held.items() if isinstance(held, dict) else [(None, held)]
    return [Push(symbol, member, place) for member, array in members for place in np.ndindex(np.shape(array))]


def slopes(values):
    if isinstance(values, dict):
        return {k: slopes(v) for k, v in values.items()}
    return [jet.derivative for jet in np.asarray(values, dtype=object).reshape(-1)]


def same(one, other) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return len(one) == len(other) and all(a.overlaps(b) for a, b in zip(one, other, strict=True))


def together_and_alone(text: str, monkeypatch) -> int:
    """How many derivatives of quantities by entries agree, had at once and one by one; −1 where one does not."""
    count = 0
    with working_precision(BITS):
        together, alone = model_of(text).generic(3), model_of(text).generic(3)
        for source in model_of(text).symbols.values():
            if source.is_integer or source not in together.values():
                continue
            for push in pushes_of(together, source):
                for target in model_of(text).graph.clauses:
                    moved = slopes(together.of(target, ((push, 1),), 1))
                    monkeypatch.setattr(points, "_MOST_TOGETHER", 0)
                    by_itself = slopes(alone.of(target, ((push, 1),), 1))
                    monkeypatch.undo()
                    if not same(moved, by_itself):
                        return -1
                    count += 1
    return count


@pytest.mark.parametrize("name", SHEETS)
def test_all_pushes_at_once_are_each_push_alone(name, monkeypatch):
    assert together_and_alone(SHEETS[name], monkeypatch) > 10


def test_with_kinks_too(monkeypatch):
    assert together_and_alone(KINKED, monkeypatch) > 20


def test_pushes_that_change_places_are_seen(monkeypatch):
    position = stacks.position
    monkeypatch.setattr(points, "position", lambda values, at: position(values, 1 - at if at < 2 else at))
    with working_precision(BITS):
        point, other = model_of(NET).generic(3), model_of(NET).generic(3)
        push = pushes_of(point, model_of(NET).symbols["x"])[0]
        target = model_of(NET).symbols["L"]
        moved = slopes(point.of(target, ((push, 1),), 1))
        monkeypatch.setattr(points, "_MOST_TOGETHER", 0)
        assert not same(moved, slopes(other.of(target, ((push, 1),), 1)))


def test_what_does_not_move_is_not_computed_again(monkeypatch):
    model = model_of(NET)
    point = model.generic(1)
    point.values()
    ran = []
    program = model.stack(model.symbols["z2"]).program

    def noted(_, wanted):
        ran.append({s.name for s in wanted})
        return program(wanted)

    monkeypatch.setattr(stacks.Stack, "program", noted)
    push = pushes_of(point, model.symbols["z2"])[0]
    point.of(model.symbols["L"], ((push, 1),), 1)
    assert ran == [{"L"}]


def shifted(text: str, name: str, by: Fraction):
    """A point at which a quantity is moved to what a page states."""
    model = model_of(text)
    with working_precision(BITS):
        point = model.generic(2)
        symbol = model.symbols[name]
        held = np.asarray(point.of(symbol))
        stated = np.empty(held.shape, dtype=object)
        for place in np.ndindex(held.shape):
            stated[place] = held[place].value + (Jet.constant(by).value)
        point.shift({symbol: stated})
    return point


def test_a_quantity_that_is_shifted_can_be_pushed_itself():
    """∂L/∂h1 where h1 is what the page says: at the shifted value, which is not shifted twice."""
    point = shifted(NET, "h1", Fraction(1, 4))
    with working_precision(BITS):
        it = Interpreter(point, Scope())
        left = it.evaluate(formula(NET, "∂L/∂h1")).data
        right = it.evaluate(formula(NET, "W2' (z2 - y)")).data
        assert all((a - b).value.contains(0) for a, b in zip(left, right, strict=True))
        one = point.of(point.model.symbols["h1"], ((Push(point.model.symbols["h1"], None, (0,)), 1),), 1)
        assert all(a.value.overlaps(b.value) for a, b in zip(one, point.of(point.model.symbols["h1"]), strict=True))


def test_a_letter_that_the_page_defines_is_what_the_page_says():
    """The sheet has n entries of v and N rows; a page that writes n for the rows says so."""
    scope = page(ENERGY, "n = N")
    assert outcome(ENERGY, "sum[i in 1..n] log p(V[i])", "ℓ", scope=scope) == "equal"
    assert "different" in {outcome(ENERGY, "sum[i in 1..n] log p(V[i])", "ℓ", seeds=(seed,)) for seed in range(1, 6)}


def test_a_function_of_the_sheet_takes_arguments_of_its_shape_only():
    assert outcome(ENERGY, "p(V[1])", "p(V[1])") == "equal"
    assert outcome(ENERGY, "p(V[1][1])", "p(V[1][1])") == "mismatch"
    assert outcome(ENERGY, "p(h)", "p(h)") == "mismatch"


def test_a_value_that_hangs_on_no_letter_is_computed_once():
    """Of Σᵢ Σⱼ x[i] y[j] each entry is looked up once, however many pairs there are."""
    point = model_of(NET).generic(1)
    looked = []
    with working_precision(BITS):
        it = Interpreter(point, Scope())
        dispatch = it._dispatch
        it._dispatch = lambda node, known: looked.append(node) or dispatch(node, known)
        it.evaluate(formula(NET, "sum[i in 1..2, j in 1..3] x[i] y[j]"))
    assert sum(type(node).__name__ == "Subscript" for node in looked) == 5
