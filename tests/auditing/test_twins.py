"""Faults of the kind that kernels are known for are found and named; right functions are never called wrong."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pytest

from auditing.twins import FAULTY, RIGHT, Twin
from drawing import THOROUGH


def runs(twins: list[Twin], seeds: list[int], thorough: list[int]) -> list[Any]:
    """Twins with the seeds of their points."""
    return [
        pytest.param(twin, seed, id=f"{twin.id}-{seed}") for twin in twins for seed in (thorough if THOROUGH else seeds)
    ]


@pytest.mark.parametrize(("twin", "seed"), runs(RIGHT, [1], [1, 2, 17]))
def test_a_right_function_agrees(twin: Twin, seed: int):
    result = twin.verified(seed)
    assert result.agrees, result.text()
    assert result.remarks == ()


@pytest.mark.parametrize(("twin", "seed"), runs(FAULTY, [1], [1, 17]))
def test_a_fault_is_found_and_named(twin: Twin, seed: int):
    result = twin.verified(seed)
    assert not result.agrees
    assert result.kinds == {normalize("NFC", name): kind for name, kind in twin.kinds.items()}, result.text()
    if twin.words:
        words = normalize("NFC", twin.words)
        assert any(words in normalize("NFC", sentence) for sentence in result.slips.values()), result.text()
    assert any(twin.fault in sentence for sentence in result.faults) or not twin.fault, result.text()
    assert bool(result.faults) == bool(twin.fault)


def test_there_are_faults_of_every_kind():
    kinds = {kind for twin in FAULTY for kind in twin.kinds.values()}
    assert kinds >= {
        "sign", "factor", "mean for sum", "power", "transpose", "missing sum", "upstream", "lost term", "operand",
        "swapped", "detached", "constant", "condition", "index", "missing gradient", "not a number",
    }  # fmt: skip


def test_every_fault_has_a_right_twin():
    assert {(t.module, t.sheet) for t in FAULTY} <= {(t.module, t.sheet) for t in RIGHT}
