"""The memory plan: arrays that are needed at one time lie apart, and what changes in place is read before."""

from __future__ import annotations

import random
from itertools import combinations
from math import prod

import pytest

import gradsheet as gs
from engine.random_sheets import random_sheet
from gradsheet.derivation import derive
from gradsheet.expressions import Access, walk
from gradsheet.native import buffers
from gradsheet.native.buffers import LINE, Plan, plan
from gradsheet.native.places import shape
from gradsheet.programs.expanding import expand
from gradsheet.programs.lowering import Request, lower
from gradsheet.programs.model import Program, Statement, assigns
from native.running import program_of
from programs.worlds import derived, wanted, world

NAMES = (
    "attention", "bidirectional", "causal-attention", "convolution-2d", "gru", "lstm", "mlp-4433-softmax", "momentum",
    "adam", "residual-stacked", "two-steps-back", "variational-autoencoder", "rms-norm-pullback",
)  # fmt: skip


def touched(statement: Statement) -> dict[str, set]:
    """What a statement, with everything inside it, reads and writes."""
    inside = list(assigns([statement]))
    reads = {n.symbol for a in inside for n in walk(a.body) if isinstance(n, Access)}
    places = {s for a in inside for p in a.pattern for s in _read_by(p)}
    return {"reads": reads | places, "writes": {a.target for a in inside}}


def _read_by(place) -> set:
    return {n.symbol for atom in place.atoms() if isinstance(atom, Access) for n in walk(atom) if isinstance(n, Access)}


def lives(planned: Plan) -> dict:
    """From the first statement that touches an array to the last."""
    found: dict = {}
    for k, statement in enumerate(planned.program.statements):
        at = touched(statement)
        for symbol in at["reads"] | at["writes"]:
            first, _ = found.get(symbol, (k, k))
            found[symbol] = (first, k)
    return found


def overlapping(planned: Plan) -> list[tuple[str, str]]:
    """Pairs of arrays of the workspace that share memory while both are needed."""
    when = lives(planned)
    found = []
    for one, other in combinations(planned.inside, 2):
        (a, b), (c, d) = when[one], when[other]
        start, begin = planned.inside[one], planned.inside[other]
        apart = start + prod(shape(one)) <= begin or begin + prod(shape(other)) <= start
        if a <= d and c <= b and not apart:
            found.append((one.name, other.name))
    return found


def disturbed(planned: Plan) -> list[str]:
    """Parameters that are read, elsewhere than in their own update, when they have changed already."""
    found = []
    for new, old in planned.same.items():
        listed = list(planned.program.statements)
        changed = next(k for k, s in enumerate(listed) if new in touched(s)["writes"])
        found += [old.name for s in listed[changed + 1 :] if old in touched(s)["reads"]]
        own = next(a for a in assigns([listed[changed]]) if a.target is new)
        found += [
            old.name for n in walk(own.body) if isinstance(n, Access) and n.symbol is old and n.at != own.pattern
        ]
    return found


def everywhere_sound(program: Program) -> None:
    for bytes_each, apart in ((8, False), (4, False), (8, True)):
        planned = plan(program, bytes_each, apart=apart)
        assert overlapping(planned) == []
        assert disturbed(planned) == []
        assert all(offset % (LINE // bytes_each) == 0 for offset in planned.inside.values())
        assert all(offset + prod(shape(s)) <= planned.size for s, offset in planned.inside.items())
        known = set(planned.given) | set(planned.inside) | set(planned.same)
        assert {s for st in planned.program.statements for kind in touched(st).values() for s in kind} <= known
        if apart:
            assert sum(prod(shape(s)) for s in planned.inside) <= planned.size


@pytest.mark.parametrize("rows", [None, 3])
@pytest.mark.parametrize("name", NAMES)
def test_sheets_of_the_corpus(name: str, rows: int | None):
    at = world(derived(name), rows=rows)
    everywhere_sound(expand(at.program()))


@pytest.mark.parametrize("seed", range(8))
def test_random_sheets(seed: int):
    sheet = random_sheet(random.Random(seed), lines=4, numbers=(3, 2, 4))
    derivation = derive(gs.loads(sheet.text).inner)
    sizes = {size: sheet.sizes[name] for name, size in derivation.sheet.sizes.items() if name in sheet.sizes}
    sizes |= {s: s.literal for s in derivation.sheet.sizes.values() if s.literal is not None}
    everywhere_sound(expand(lower(derivation, Request(wanted(derivation), sizes))))


CHANGES = {
    "the same component": ("w ← w - 0.1 ∂L/∂w", True),
    "another component": ("w[i] ← w[5-i] - 0.1 ∂L/∂w[i]   for i in 1..4", False),
    "a sum over it": ("w ← w / (1 + ‖w‖²)", False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_parameter_changes_in_place_only_where_nobody_reads_the_old_value(name: str):
    rule, in_place = CHANGES[name]
    text = f"w, x ∈ ℝ^4\nL = 1/2 ‖w - x‖²\nparameters w\nminimize L\nupdate\n  {rule}\n"
    planned = plan(program_of(text, "update"), 8)
    assert disturbed(planned) == []
    assert bool(planned.same) is in_place or not overlapping(planned)


def test_memory_is_used_again():
    text = "\n".join(["x ∈ ℝ^100", *(f"h{k} = tanh({'x' if k == 1 else f'h{k - 1}'}) sum[i] sin(x[i] + {k})"
                                     for k in range(1, 9)), "L = ‖h8‖²", ""])  # fmt: skip
    program = program_of(text, "L")
    planned, separate = plan(program, 8), plan(program, 8, apart=True)
    assert planned.size <= separate.size


def test_a_planted_fault_is_seen(monkeypatch: pytest.MonkeyPatch):
    """Lives that end too early let arrays overlap."""
    touched_by = buffers._touched
    monkeypatch.setattr(buffers, "_touched", lambda statement: list(touched_by(statement))[:1])
    with pytest.raises(AssertionError):
        everywhere_sound(expand(world(derived("gru")).program()))
