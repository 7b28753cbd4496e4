"""Faults of the kind that kernels are known for are found and named; right functions are never called wrong."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from auditing.twins import FAULTY, RIGHT, Twin


@pytest.mark.parametrize("seed", [1, 2, 17])
@pytest.mark.parametrize("twin", RIGHT, ids=lambda t: t.id)
def test_a_right_function_agrees(twin: Twin, seed: int):
    result = twin.verified(seed)
    assert result.agrees, result.text()
    assert result.remarks == ()


@pytest.mark.parametrize("seed", [1, 17])
@pytest.mark.parametrize("twin", FAULTY, ids=lambda t: t.id)
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
