"""What the commands do: standard input, options, colours, encodings, hints."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import mpmath
import numpy as np
import pytest

from cli.session import gradsheet
from fences import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CIRCUIT = ROOT / "examples" / "circuit.sheet"
CHAIN = str(ROOT / "examples" / "jacobian-chain.sheet")
NETWORK = str(ROOT / "examples" / "mlp-4433.sheet")
LINE = "x, w ∈ ℝ\nL = (w x - 1)²\nparameters w\nminimize L by sgd(η = 0.25)\n"


def solved(*options: str, text: str = LINE) -> dict:
    done = gradsheet("solve", "-", "--json", *options, text=text)
    assert done.code == 0, done.out + done.err
    return json.loads(done.out)


def test_a_dash_reads_standard_input():
    assert gradsheet("solve", "-", text=CIRCUIT.read_bytes()).out == gradsheet("solve", str(CIRCUIT)).out


def test_help_and_version():
    assert gradsheet("--version").out.startswith("gradsheet 0.")
    for command in ("solve", "read", "new"):
        done = gradsheet(command, "--help")
        assert (done.code, done.err) == (0, "")
        assert f"gradsheet {command} " in done.out
        assert "\\b" not in done.out


def test_remarks_go_to_standard_error():
    done = gradsheet("solve", "-", text="x ∈ ℝ\nL = x²/2 x\nparameters x\nminimize L\n")
    assert done.code == 0
    assert "remark: <stdin>:2: " in done.err
    assert "remark" not in done.out


# ---------------------------------------------------------------- values


def test_settings_are_written_as_in_a_sheet():
    data = solved("--set", "x=1/3", "--set", "w=2")
    assert data["backward"][0]["exact"] == "-2/9"
    assert data["objective_exact"] == "1/9"


def test_without_values_everything_is_symbolic():
    data = solved()
    assert data["kind"] == "symbolic"
    assert data["objective_value"] is None
    assert {e["value"] for e in data["backward"]} == {None}


def test_decimals_in_a_file_are_exact_and_a_later_value_wins(tmp_path: Path):
    file = tmp_path / "v.json"
    file.write_text('{"x": 0.1, "w": 7}', encoding="utf-8")
    data = solved("--given", str(file), "--set", "w=10")
    assert data["given"][0]["exact"] == "1/10"
    assert data["objective_exact"] == "0"


def test_arrays_come_from_an_archive(tmp_path: Path):
    np.savez(tmp_path / "v.npz", x=np.float64(0.5), w=np.int64(4))
    data = solved("--given", str(tmp_path / "v.npz"))
    assert data["objective_exact"] == "1"


def test_members_of_a_family_are_given_one_by_one():
    text = (
        "sizes n[0..D]\nx ∈ ℝ^(n[0])\nh[0] = x\nfor l in 1..D\n  W[l] ∈ ℝ^(n[l]×n[l-1])\n  h[l] = W[l] h[l-1]\n"
        "L = ‖h[D]‖²\nparameters W\nminimize L\n"
    )
    options = ("--set", "n=[1,2,1]", "--set", "x=[1]", "--set", "W[1]=[1;1]", "--set", "W[2]=[[1, 2]]")
    data = solved(*options, text=text)
    assert {e["wrt"]: e["value"] for e in data["backward"]}["W[2]"] == [[6.0, 6.0]]


def test_a_float_solution_says_so():
    data = solved("--set", "x=1", "--set", "w=2", "--float")
    assert data["kind"] == "float64"
    assert data["backward"][0]["exact"] is None


# ---------------------------------------------------------------- what is asked


def test_one_component_is_one_line():
    done = gradsheet("solve", CHAIN, "--wrt", "W1[1,2]")
    assert done.out == "  ∂J/∂W1[1,2] = ∂J/∂z[1] x[2] = −1/16 = −0.0625\n"


def test_one_component_as_data():
    done = gradsheet("solve", CHAIN, "--wrt", "W1[1,2]", "--json")
    (entry,) = json.loads(done.out)["backward"]
    assert (entry["wrt"], entry["shape"], entry["value"], entry["exact"]) == ("W1[1,2]", [], -0.0625, "-1/16")


def test_one_parameter_needs_only_the_steps_to_it():
    data = json.loads(gradsheet("solve", NETWORK, "--wrt", "W3", "--json").out)
    assert [e["wrt"] for e in data["backward"]] == ["z3", "W3"]
    assert data["update"] == []


def test_a_jacobian():
    data = json.loads(gradsheet("solve", NETWORK, "--of", "h2", "--wrt", "z2", "--json").out)
    (entry,) = data["backward"]
    assert (entry["of"], entry["wrt"], entry["shape"], data["objective"]) == ("h2", "z2", [3, 3], "h2")


TANH = {
    1: "0.3",
    5: "0.29131",
    30: "0.291312612451590905818221272824",
    60: "0.291312612451590905818221272823765928153596804917612174414312",
}


@pytest.mark.parametrize("digits", TANH)
def test_digits(digits: int):
    """tanh(3/10), as mpmath has it."""
    with mpmath.workdps(80):
        assert TANH[digits] == mpmath.nstr(mpmath.tanh(mpmath.mpf(3) / 10), digits, strip_zeros=False)
    assert f"all four {TANH[digits]}\n" in gradsheet("solve", NETWORK, "--digits", str(digits)).out


def test_steps_go_on():
    data = solved("--set", "x=1", "--set", "w=3", "--steps", "3")
    assert data["steps"] == [4.0, 1.0, 0.25, 0.0625]
    assert data["update"][0]["exact"] == "5/4"


# ---------------------------------------------------------------- terminals


def coloured(**how: object) -> bool:
    done = gradsheet("solve", str(CIRCUIT), *how.pop("options", ()), **how)
    return "\x1b[" in done.out


def test_colours():
    assert coloured(terminal=True)
    assert not coloured(terminal=False)
    assert not coloured(terminal=True, NO_COLOR="1")
    assert not coloured(terminal=True, TERM="dumb")
    assert coloured(terminal=False, FORCE_COLOR="1")
    assert coloured(options=["--color", "always"], NO_COLOR="1")
    assert not coloured(options=["--color", "never"], FORCE_COLOR="1", terminal=True)


def test_colours_add_nothing_but_colours():
    plain = gradsheet("solve", NETWORK).out
    painted = gradsheet("solve", NETWORK, "--color", "always").out
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_output_without_unicode_gets_the_keyboard_spelling(encoding: str):
    done = gradsheet("solve", NETWORK, encoding=encoding)
    assert done.code == 0
    assert done.out == gradsheet("solve", NETWORK, "--ascii").out
    assert "dL/dz2 = dL/dh2 .* (1 - h2^2)" in done.out


def test_json_survives_an_output_without_unicode():
    data = json.loads(gradsheet("solve", NETWORK, "--json", encoding="ascii").out)
    assert data == json.loads(gradsheet("solve", NETWORK, "--json").out)


def test_a_sheet_in_ascii_prints_the_same_numbers_in_ascii():
    done = gradsheet("solve", NETWORK, "--ascii")
    assert done.out.isascii()
    assert "all four 0.29131" in done.out


# ---------------------------------------------------------------- hints


def test_hints_ask_first_and_answer_after_a_line():
    asked = gradsheet("solve", CHAIN, "--hints", text="\n" * 5)
    question = asked.out.index("∂J/∂y = ?")
    assert "J = 1/2 (t − y)²" in asked.out[question:]
    assert "−1/2 = −0.5" not in asked.out[question:]
    answered = gradsheet("solve", CHAIN, "--hints", text="\n" * 6)
    assert "−1/2 = −0.5" in answered.out[question:]


@pytest.mark.parametrize("text", ["", "q\n", "\n\nquit\n"])
def test_hints_end_politely(text: str):
    done = gradsheet("solve", CHAIN, "--hints", text=text)
    assert done.code == 0
    assert "left for another time" in done.out


def test_hints_to_the_end():
    done = gradsheet("solve", CHAIN, "--hints", text="\n" * 100)
    assert done.out.rstrip().endswith("given values")
    assert "That was all." in done.out
    assert "−1/16" in done.out


def test_hints_without_values_ask_for_formulas():
    done = gradsheet("solve", str(ROOT / "examples" / "delta.sheet"), "--hints", text="\n" * 100)
    assert "= ?" in done.out
    assert "∂L/∂s1 = ∂L/∂o1 ⊙ g1'(s1)" in done.out


# ---------------------------------------------------------------- read, new


def test_read_lists_symbols_with_shapes():
    done = gradsheet("read", "-", "--json", text=LINE)
    data = json.loads(done.out)
    assert [(e["name"], e["shape"], e["role"]) for e in data["symbols"]] == [
        ("x", [], "input"),
        ("w", [], "parameter"),
        ("L", [], "definition"),
    ]
    assert data["objective"] == "L"
    assert "parameter" in gradsheet("read", NETWORK).out


def test_new_writes_a_sheet_that_solve_reads(tmp_path: Path):
    file = tmp_path / "net.sheet"
    assert gradsheet("new", "mlp", "2", "3", "2", "--output", "softmax", "-o", str(file)).code == 0
    assert gradsheet("solve", str(file)).code == 0
    again = gradsheet("new", "mlp", "2", "2", "-o", str(file))
    assert again.code == 2
    assert "--force" in again.err
    assert gradsheet("new", "mlp", "2", "2", "-o", str(file), "--force").code == 0
    assert file.read_text(encoding="utf-8") == gradsheet("new", "mlp", "2", "2").out
