"""Ranges that are stated as long numbers: a verification by power series would not end, and says so instead."""

from __future__ import annotations

import pytest

import gradsheet as gs

SHEET = """
{sizes}x ∈ ℝ^({channels} × {run})
w ∈ ℝ^({channels} × {channels} × 0..4)
z[m,t] = sum[k, s] x[k,t-s] w[m,k,s]   for m in 1..{channels}, t in {run}
y = relu(z)
parameters x, w
pullback y
"""


def test_long_numbers_are_not_verified_and_this_is_said():
    long = gs.loads(SHEET.format(sizes="", channels=16, run="0..1023")).solve()
    assert not long.verified
    assert "stated as long numbers" in str(long)


def test_sizes_with_names_are_verified():
    assert gs.loads(SHEET.format(sizes="", channels=2, run="0..T-1")).solve().verified


def test_compiling_warns():
    pytest.importorskip("llvmlite")
    with pytest.warns(RuntimeWarning, match="not verified"):
        gs.loads(SHEET.format(sizes="", channels=16, run="0..1023")).compile("pullback")
