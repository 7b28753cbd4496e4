"""A class: one document that hangs, breaks or kills its process never stops the rest."""

from __future__ import annotations

import sys

import pytest

from checking import works
from checking.papers import bad_file, example
from gradsheet.checking import batch
from gradsheet.checking.limits import Limits
from gradsheet.checking.reports.table import COLUMNS, Row, csv_text, row_of, table_lines
from gradsheet.diagnostics import SheetError
from gradsheet.writing.terminal import plain_text


def tasks(*names: str, seconds: float = 60.0) -> list[batch.Task]:
    return [batch.Task(name, name, (), None, Limits(seconds)) for name in names]


@pytest.mark.parametrize("jobs", [1, 2])
def test_documents_come_in_order(jobs: int):
    names = [f"{number}.md" for number in range(5)]
    assert [o.row.file for o in batch.check_many(tasks(*names), jobs, works.fine)] == names


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_bad_document_never_stops_the_rest(jobs: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batch, "GRACE", 1.0)
    names = ["a.md", "hangs.md", "b.md", "dies.md", "c.md", "breaks.md", "d.md"]
    outcomes = list(batch.check_many(tasks(*names, seconds=0.5), jobs, works.by_name))
    assert [o.row.file for o in outcomes] == names
    problems = {o.row.file: o.row.problem.partition(":")[0] for o in outcomes}
    assert problems == {**dict.fromkeys(["a.md", "b.md", "c.md", "d.md"], ""), "hangs.md": "GS722", "dies.md": "GS724",
                        "breaks.md": "GS724"}  # fmt: skip
    assert next(o.row.problem for o in outcomes if o.row.file == "dies.md").endswith("ended with 3")


def test_no_process_is_left_behind(monkeypatch: pytest.MonkeyPatch):
    started = []
    monkeypatch.setattr(batch, "GRACE", 0.5)
    start = batch._Worker._started

    def noted(worker):
        line = start(worker)
        started.append(worker.process)
        return line

    monkeypatch.setattr(batch._Worker, "_started", noted)
    coming = batch.check_many(tasks("a.md", "b.md", "c.md"), 1, works.fine)
    next(coming)
    coming.close()
    assert started
    assert not any(process.is_alive() for process in started)


def test_a_document_that_cannot_be_read_has_a_row(tmp_path):
    (tmp_path / "a.md").write_bytes(b"\xff\xfe\x00")
    pytest.importorskip("gradsheet.checking.check")
    outcome = batch.checked(batch.Task(str(tmp_path / "a.md"), "a.md", (), None, Limits(), ("json",)))
    assert outcome.row.problem.startswith("GS")
    assert outcome.data["error"]["diagnostics"]
    assert set(outcome.pages) == {"json"}


def test_a_fault_of_ours_has_a_row(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object):
        raise RecursionError("too deep")

    monkeypatch.setattr(batch, "check_file", broken)
    outcome = batch.checked(tasks("a.md")[0])
    assert outcome.row.problem == "GS724: the check broke off: RecursionError: too deep"


def test_without_the_library_one_after_the_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(SheetError) as caught:
        batch.need_joblib()
    assert caught.value.diagnostics[0].code == "GS721"
    assert len(list(batch.check_many(tasks("a.md", "b.md"), 1, works.fine))) == 2


# ---------------------------------------------------------------- the table


def test_a_row_counts_and_points_at_the_first_slip():
    row = row_of(example(), "anna.md")
    assert (row.counts, row.first_wrong) == ((2, 1, 2, 1, 1, 1), "3")
    assert csv_text([row]).splitlines() == [",".join(COLUMNS), "anna.md,2,1,2,1,1,1,,,3,"]


def test_a_problem_of_the_file_is_in_its_row():
    assert row_of(bad_file(), "lost.md").problem == "GS002: byte 4 is not UTF-8"


@pytest.mark.parametrize("name", ["=1+1.md", "+a.md", "-b.md", "@c.md"])
def test_no_name_becomes_a_formula_of_a_spreadsheet(name: str):
    assert csv_text([Row(name, problem="=cmd()")]).splitlines()[1] == f"'{name},,,,,,,,,,'=cmd()"


def test_the_table_fits_its_terminal():
    rows = [row_of(example(), "a/very/long/way/to/the/document/of/somebody/anna.md"),
            Row("b.md", problem="GS722: no answer within 80 s: the check was ended")]  # fmt: skip
    text = plain_text(table_lines(rows, 60, ascii_only=True))
    assert text.isascii() or "…" in text
    assert all(len(line) <= 60 for line in text.splitlines()[:-1])
    assert text.splitlines()[-1] == "2 documents: 0 with nothing wrong, 1 with something wrong, 1 not checked"
