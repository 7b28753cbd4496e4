"""The sheets that define the language read as they stand, and print as they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsheet.syntax import read_source
from gradsheet.syntax.plain_sheet import plain_document
from gradsheet.syntax.tree import Definition
from syntax.trees import read_sheet, shape, ungrouped

_FOLDERS = [Path(__file__).parents[2] / "examples", Path(__file__).parents[2].parent / "shared" / "sheets"]
_SHEETS = sorted(path for folder in _FOLDERS for path in folder.rglob("*.sheet"))


@pytest.mark.skipif(not _SHEETS, reason="no sheets beside this repository")
@pytest.mark.parametrize("path", _SHEETS, ids=lambda path: path.name)
def test_a_sheet_reads_and_prints(path):
    document = read_sheet(read_source(path.read_bytes(), path.name).text)
    assert len(document.statements) > 3
    assert read_sheet(plain_document(document)) == document
    keyboard = read_sheet(plain_document(document, ascii=True))
    assert ungrouped(keyboard, keyboard=True) == ungrouped(document, keyboard=True)


LINES = [
    (
        "S[i,j] = 1/sqrt(c) sum[k] Q[i,k] K[j,k]  if j ≤ i  else -∞",
        "if(cmp(j ≤ i): {1 / sqrt (c) sum[k]({Q[i, k] K[j, k]})}; <-∞>)",
    ),
    ("A[i,j] = softmax[j](S[i,j])            # normalised over j", "softmax[j]((S[i, j]))"),
    ("L = 1/N sum[i] ℓ[i]", "{1 / N sum[i](ℓ[i])}"),
    ("z[m,τ] = sum[k, s] x[k,s] w[k,m,τ-s]   for m in 1..M, τ in 1..T", "sum[k, s]({x[k, s] w[k, m, <+τ -s>]})"),
    ("L = 0.5 ‖yout - ygt‖²", "{1/2 pow(‖<+yout -ygt>‖, 2)}"),
    (
        "L = 1/2 r²  if |r| ≤ κ  else κ (|r| - κ/2)",
        "if(cmp(|r| ≤ κ): {1 / 2 pow(r, 2)}; {κ (<+|r| -{κ / 2}>)})",
    ),
    (
        "L = -sum[i] (y[i] log p[i] + (1 - y[i]) log(1 - p[i])) + λ/2 ‖w‖²",
        "<-sum[i]((<+{y[i] log p[i]} +{(<+1 -y[i]>) log (<+1 -p[i]>)}>)) +{λ / 2 pow(‖w‖, 2)}>",
    ),
    ("E(v, h) = -b' v - c' h - v' W h", "<-{prime1(b) v} -{prime1(c) h} -{prime1(v) W h}>"),
    ("p(v) = sum[h] exp(-E(v, h)) / Z", "sum[h]({exp (<-{E (v, h)}>) / Z})"),
    ("ℓ = sum[i in 1..N] log p(V[i])", "sum[i in 1..N]({log p (V[i])})"),
    ("y = g ⊙ x / r", "{g ⊙ x / r}"),
    ("w24 = -log(1 + e^(-v))", "<-{log (<+1 +pow(e, (<-v>))>)}>"),
    ("v = V[:,c]", "V[:, c]"),
    ("yhat = softmax(z3)", "{softmax (z3)}"),
    ("z[l] = W[l] h[l-1] + b[l]", "<+{W[l] h[<+l -1>]} +b[l]>"),
]


@pytest.mark.parametrize(("text", "expected"), LINES, ids=[row[0][:40] for row in LINES])
def test_lines_group_as_they_are_meant(text, expected):
    (definition,) = read_sheet(text).statements
    assert isinstance(definition, Definition)
    assert shape(definition.value) == expected
