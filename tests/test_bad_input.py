"""Input that cannot be read or used: one clear diagnostic each, alike in the exception, the terminal and JSON."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gradsheet as gs
from cli.session import Done, gradsheet
from drawing import examples
from fences import ROOT, environment, fences
from gradsheet.diagnostics import CODES, render

BAD = Path(__file__).resolve().parent / "bad"


@dataclass(frozen=True)
class Expected:
    """A diagnostic as a page states it: no line if the place is open, no column if only the line is stated."""

    code: str
    phrase: str
    line: int | None
    column: int | None


@dataclass(frozen=True)
class Case:
    """A bad sheet, options for the command line, and what is said about it."""

    name: str
    text: str
    options: tuple[str, ...]
    expected: tuple[Expected, ...]


def expectation(block: str, sheet: list[str]) -> Expected:
    r"""Read one block of an error fence.

    >>> expectation("GS201: q\ny = q\n    ^", ["x ∈ ℝ", "y = q"])
    Expected(code='GS201', phrase='q', line=2, column=5)
    """
    head, *place = block.split("\n")
    code, phrase = head.split(": ", 1)
    line = sheet.index(place[0]) + 1 if place else None
    column = place[1].index("^") + 1 if len(place) > 1 else None
    return Expected(code, phrase, line, column)


def cases() -> list[Case]:
    found = []
    for page in sorted(BAD.glob("*.md")):
        pages = fences(page)
        titles = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for title, (sheet, errors) in zip(titles, zip(pages[::2], pages[1::2], strict=True), strict=True):
            assert (sheet.kind, errors.kind) == ("gradsheet", "error"), sheet.name
            blocks = errors.text.strip("\n").split("\n\n")
            expected = tuple(expectation(block, list(sheet.body)) for block in blocks)
            options = tuple(sheet.options.get("options", "").split())
            found.append(Case(f"{page.stem}: {title}", sheet.text, options, expected))
    return found


CASES = cases()


def diagnostics_of(case: Case) -> list[dict]:
    """What the exception holds, or with options what the command line says, as data."""
    if case.options:
        done = command("solve", "--json", *case.options, "-", text=case.text)
        assert done.code == 2, done.out + done.err
        return json.loads(done.out)["error"]["diagnostics"]
    with pytest.raises(gs.SheetError) as caught:
        gs.loads(case.text).solve()
    return [diagnostic.to_json() for diagnostic in caught.value.diagnostics]


def command(*arguments: str, text: str | bytes = "") -> Done:
    return gradsheet(*arguments, text=text, COLUMNS="100")


def command_of_its_own(*arguments: str, text: str | bytes = "") -> Done:
    """The same in another process, which may run out of stack or time and harms nobody."""
    data = text.encode() if isinstance(text, str) else text
    done = subprocess.run(
        ["gradsheet", *arguments], input=data, capture_output=True, env=environment(), timeout=60, check=False
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_says_what_is_wrong_and_where(case: Case):
    found = diagnostics_of(case)
    assert [d["code"] for d in found] == [e.code for e in case.expected], found
    for diagnostic, expected in zip(found, case.expected, strict=True):
        words = " ".join(
            [diagnostic["message"], diagnostic["expected"] or "", diagnostic["suggestion"] or ""]
            + [note["message"] for note in diagnostic["notes"]]
        )
        assert expected.phrase.lower() in words.lower(), diagnostic
        if expected.line is not None:
            assert diagnostic["line"] == expected.line, diagnostic
        if expected.column is not None:
            assert diagnostic["column"] == expected.column, diagnostic


def test_most_codes_have_a_case():
    """Codes of the engine, of files, options, programs and audited functions have tests of their own."""
    covered = {e.code for case in CASES for e in case.expected}
    others = ("GS0", "GS5", "GS6", "GS7", "GS8", "GS9")
    elsewhere = {code for code in CODES if code.startswith(others)} | {"GS104", "GS406", "GS407"}
    assert covered | elsewhere == set(CODES)


def code_of(text: str | bytes) -> str:
    done = command_of_its_own("solve", "--json", "-", text=text)
    assert done.code == 2, done.out[:500] + done.err[:500]
    return json.loads(done.out)["error"]["diagnostics"][0]["code"]


HUGE = "x ∈ ℝ\n" + "# a line that says nothing at all, and says it for a very long time\n" * 300_000

OVERSIZED = {
    "a sheet of 20 MB": (HUGE, "GS003"),
    "10,000 nested brackets": ("x ∈ ℝ\ny = " + "(" * 10_000 + "x" + ")" * 10_000, "GS104"),
    "10,000 nested functions": ("x ∈ ℝ\ny = " + "tanh(" * 10_000 + "x" + ")" * 10_000, "GS104"),
    "10,000 open brackets": ("x ∈ ℝ\ny = " + "(" * 10_000, "GS104"),
    "10,000 signs": ("x ∈ ℝ\ny = " + "-" * 10_000 + "x", "GS104"),
    "a number of 10,000 digits": ("x ∈ ℝ\ny = x " + "7" * 10_000, "GS105"),
    "bytes that are not UTF-8": (b"x \xff\xfe in R\n", "GS002"),
    "UTF-16": ("x ∈ ℝ\n".encode("utf-16"), "GS002"),
    "a zero byte": ("x ∈ ℝ\ny = x\0\n", "GS001"),
}


@pytest.mark.parametrize(("text", "code"), OVERSIZED.values(), ids=OVERSIZED.keys())
def test_nothing_is_too_much_for_the_reader(text: str | bytes, code: str):
    start = time.monotonic()
    assert code_of(text) == code
    assert time.monotonic() - start < 20


LONG_BUT_FINE = {
    "a sum of 10,000 terms": "x ∈ ℝ\ny = " + " + ".join(["x"] * 10_000),
    "a product of 2,000 factors": "x ∈ ℝ\ny = " + " ".join(["x"] * 2_000),
    "10,000 definitions in a row": "x ∈ ℝ\ny0 = x\n" + "".join(f"y{i} = y{i - 1} + x\n" for i in range(1, 10_000)),
    "a byte-order mark and Windows line ends": "\ufeffx ∈ ℝ\r\ny = x\r\n",
    "no line end at the end": "x ∈ ℝ\ny = x",
    "old line ends": "x ∈ ℝ\ry = x\r",
}


@pytest.mark.parametrize("text", LONG_BUT_FINE.values(), ids=LONG_BUT_FINE.keys())
def test_what_is_long_or_odd_but_right_is_read(text: str):
    gs.loads(text)


POWERS = ("10^(10^9)", "2^2^2^2^2^2", "(10^9)^(10^9)", "0.5^(10^12)", "prod[i in 1..10^12] (1 + i)")


@pytest.mark.parametrize("power", POWERS)
def test_a_huge_power_ends_quickly(power: str):
    """Refused or computed in balls, but never written out in full."""
    start = time.monotonic()
    text = f"x ∈ ℝ\nL = x {power}\nparameters x\nminimize L\ngiven x = 1\n"
    done = command_of_its_own("solve", "--json", "-", text=text)
    assert done.code in {0, 2}, done.err[-2000:]
    assert time.monotonic() - start < 20


def test_a_file_that_does_not_exist_is_said():
    done = command("solve", "no-such-file.sheet")
    assert done.code == 2
    assert done.out == ""
    assert "GS001" in done.err
    assert "no-such-file.sheet" in done.err


def test_an_option_that_does_not_exist_is_said():
    done = command("solve", "--jsno", "-")
    assert done.code == 2
    assert "--json" in done.err


def test_the_exception_reads_like_the_terminal():
    text = "x ∈ ℝ\ny = x + q\n"
    with pytest.raises(gs.SheetError) as caught:
        gs.loads(text)
    done = command("solve", "-", text=text)
    assert done.code == 2
    assert done.out == ""
    shown = re.sub(r"<\w+>:", "<sheet>:", done.err.strip())
    assert shown == re.sub(r"<\w+>:", "<sheet>:", str(caught.value).strip())
    assert "y = x + q\n    |         ^" in done.err


def test_errors_in_json_are_what_the_exception_holds():
    text = "x ∈ ℝ\ny = x + q\nz = r\n"
    with pytest.raises(gs.SheetError) as caught:
        gs.loads(text)
    done = command("solve", "--json", "-", text=text)
    assert done.code == 2
    told = json.loads(done.out)["error"]["diagnostics"]
    assert len(told) == 2
    for one, other in zip(told, caught.value.diagnostics, strict=True):
        assert {**one, "file": None} == {**other.to_json(), "file": None}


TEXTS = [p.read_bytes().decode() for p in sorted((ROOT / "tests" / "sheets").glob("*.sheet"))]
SIGNS = "()[]{}‖|'ᵀ^²⁻=+-*/⊙<≤,;:.\n\t #∂∈ℝ∞Σ0123456789"
PIECES = [*SIGNS, "..", "<-", " for ", " in ", " if ", " else ", "sum[i] ", "given"]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A sheet of the corpus in which a few places were cut out, doubled or overwritten."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 12)))
        kind = draw(st.sampled_from(["cut", "double", "put"]))
        new = {"cut": "", "double": text[start:end] * 2, "put": draw(st.sampled_from(PIECES))}[kind]
        text = text[:start] + new + text[end:]
    return text


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_a_damaged_sheet_is_read_or_refused(text: str):
    try:
        gs.loads(text)
        refused = ()
    except gs.SheetError as error:
        refused = error.diagnostics
    for diagnostic in refused:
        assert diagnostic.code in CODES
        json.dumps(diagnostic.to_json())
        assert diagnostic.code in render(diagnostic)


@settings(max_examples=examples(300), deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_text_is_read_or_refused(text: str):
    with contextlib.suppress(gs.SheetError):
        gs.loads(text)


GIVEN_FILES = {
    "no JSON": ("{x: 1}", "GS406"),
    "a list": ("[1, 2]", "GS406"),
    "a text for a number": ('{"x": "one"}', "GS406"),
    "not a number": ('{"x": NaN}', "GS406"),
    "a ragged matrix": ('{"x": [[1, 2], [3]]}', "GS402"),
    "a wrong shape": ('{"x": [1, 2, 3]}', "GS402"),
    "an unknown name": ('{"z": 1}', "GS201"),
}


@pytest.mark.parametrize(("content", "code"), GIVEN_FILES.values(), ids=GIVEN_FILES.keys())
def test_values_from_a_file_are_checked(content: str, code: str, tmp_path: Path):
    (tmp_path / "values.json").write_text(content, encoding="utf-8")
    sheet = "x ∈ ℝ^2\nL = ‖x‖²\nparameters x\nminimize L\n"
    done = command("solve", "--json", "--given", str(tmp_path / "values.json"), "-", text=sheet)
    assert done.code == 2, done.out + done.err
    assert json.loads(done.out)["error"]["diagnostics"][0]["code"] == code
