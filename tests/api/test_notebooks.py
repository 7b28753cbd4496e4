"""In a notebook: derivatives, derivations and solutions show their mathematics."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

import gradsheet as gs
from fences import ROOT, environment

NOTEBOOK = f"""
import json
import nbformat
from nbclient import NotebookClient

cells = ["import gradsheet as gs; gs.mlp([4, 3, 2]).derive('L', 'W2')", "gs.mlp([2, 1]).derive()",
         "gs.load({str(ROOT / "examples" / "circuit.sheet")!r}).solve()"]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
NotebookClient(notebook, timeout=300).execute()
print("SHOWN " + json.dumps([cell.outputs[0]["data"] for cell in notebook.cells]))
"""


def test_a_derivative_shows_its_formula_and_its_reason():
    shown = gs.mlp([4, 3, 2]).derive("L", "W2")._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/markdown", "text/latex"}
    formula = r"\frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial z_2} h_1^{\top}"
    assert shown["text/latex"] == f"$$\n{formula}\n$$"
    assert formula in shown["text/markdown"]
    assert "$z_2$ is linear in $W_2$." in shown["text/markdown"]
    assert r"\tag" not in shown["text/markdown"]


def test_a_derivation_shows_every_derivative():
    shown = gs.mlp([2, 1]).derive()._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/markdown"}
    assert len(re.findall(r"\\tag\{\d+\}", shown["text/markdown"])) == len(gs.mlp([2, 1]).derive())


def test_a_solution_shows_its_values():
    solution = gs.load(ROOT / "examples" / "circuit.sheet").solve()
    shown = solution._repr_mimebundle_()
    assert "# A scalar circuit" in shown["text/markdown"]
    assert r"\frac{\partial L}{\partial u} = \frac{\partial L}{\partial s} x = -8" in shown["text/markdown"]
    assert "<details>" not in shown["text/markdown"]
    assert shown["text/plain"] == str(solution)


@pytest.mark.parametrize("made", [
    lambda sheet: sheet.derive("L", "u"), lambda sheet: sheet.derive(), lambda sheet: sheet.solve(),
])  # fmt: skip
def test_what_is_asked_for_is_shown(made):
    thing = made(gs.load(ROOT / "examples" / "circuit.sheet"))
    assert set(thing._repr_mimebundle_(include={"text/html"})) == {"text/html"}
    assert "text/markdown" not in thing._repr_mimebundle_(exclude={"text/markdown"})
    page = thing._repr_mimebundle_(include=["text/html"])["text/html"]
    assert page.startswith('<div class="gradsheet">')
    assert "<math" in page


def test_pages_from_python():
    solution = gs.load(ROOT / "examples" / "circuit.sheet").solve()
    assert solution.to_markdown().startswith("# A scalar circuit")
    assert solution.to_latex().startswith("\\documentclass")
    assert solution.to_html().startswith("<!doctype html>")


def test_in_a_real_notebook():
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK], capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    shown = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("SHOWN "))[6:])
    assert [sorted(data) for data in shown] == [
        ["text/latex", "text/markdown", "text/plain"], ["text/markdown", "text/plain"], ["text/markdown", "text/plain"],
    ]  # fmt: skip
