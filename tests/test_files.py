"""-o FILE: the whole file or none of it, never over somebody's file, and a reason when it cannot be."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli.session import gradsheet
from fences import ROOT, environment
from gradsheet import files

CIRCUIT = str(ROOT / "examples" / "circuit.sheet")
STARTS = {
    "txt": b"A scalar circuit", "md": b"# A scalar circuit", "tex": b"\\documentclass", "html": b"<!doctype html>",
    "json": b"{", "svg": b"<?xml", "pdf": b"%PDF",
}  # fmt: skip
NEEDS = {"pdf": "typst", "svg": "graphlay"}


def leftovers(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize("ending", STARTS)
def test_the_ending_says_the_format(ending: str, tmp_path: Path):
    if ending in NEEDS:
        pytest.importorskip(NEEDS[ending])
    path = tmp_path / f"solution.{ending.upper()}"
    done = gradsheet("solve", CIRCUIT, "-o", str(path))
    assert (done.code, done.out) == (0, "")
    assert f"{path} is written" in done.err
    assert path.read_bytes().startswith(STARTS[ending])
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("form", "ending"), [("markdown", "md"), ("latex", "tex"), ("html", "html"), ("json", "json")])
def test_a_file_has_what_is_printed(form: str, ending: str, tmp_path: Path):
    path = tmp_path / f"solution.{ending}"
    assert gradsheet("solve", CIRCUIT, "-o", str(path)).code == 0
    assert path.read_text(encoding="utf-8") == gradsheet("solve", CIRCUIT, "--format", form).out


def test_text_in_a_file_has_no_colours_unless_asked(tmp_path: Path):
    path = tmp_path / "solution.txt"
    gradsheet("solve", CIRCUIT, "-o", str(path), terminal=True, FORCE_COLOR="1")
    assert path.read_text(encoding="utf-8") == gradsheet("solve", CIRCUIT).out
    gradsheet("solve", CIRCUIT, "-o", str(path), "--force", "--color", "always")
    assert "\x1b[" in path.read_text(encoding="utf-8")


def test_a_file_keeps_its_letters_where_the_terminal_lacks_them(tmp_path: Path):
    path = tmp_path / "solution.txt"
    gradsheet("solve", CIRCUIT, "-o", str(path), encoding="ascii")
    assert "∂L/∂u" in path.read_text(encoding="utf-8")


def test_json_and_format_json_are_one():
    assert gradsheet("solve", CIRCUIT, "--json").out == gradsheet("solve", CIRCUIT, "--format", "json").out


def test_a_dash_is_standard_output():
    assert gradsheet("solve", CIRCUIT, "-o", "-").out == gradsheet("solve", CIRCUIT).out


def test_a_pdf_goes_through_a_pipe():
    pytest.importorskip("typst")
    command = [sys.executable, "-m", "gradsheet", "solve", CIRCUIT, "--format", "pdf"]
    done = subprocess.run(command, capture_output=True, env=environment(), check=True)
    assert done.stdout.startswith(b"%PDF")


def test_a_page_without_the_drawing_library_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gradsheet.writing.picture.can_draw", lambda: False)
    done = gradsheet("solve", CIRCUIT, "--format", "html")
    assert done.code == 0
    assert 'pip install "gradsheet[picture]"' in done.err
    assert 'id="forward"' in done.out
    assert 'id="network"' not in done.out


WRONG = {
    "an unknown ending": (["-o", "a.docx"], "'.docx' is that of no format"),
    "no ending": (["-o", "solution"], "no ending to say the format"),
    "two formats": (["--json", "--format", "html"], "exclude each other"),
    "force without a file": (["--force"], "--force replaces a file"),
    "hints on a page": (["--hints", "--format", "html"], "--hints is for people"),
    "hints in a file": (["--hints", "-o", "a.txt"], "--hints is for people"),
    "a page in ASCII": (["--ascii", "--format", "latex"], "--ascii is for text"),
    "a format that is none": (["--format", "word"], "'word' is not one of"),
}


@pytest.mark.parametrize(("options", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_meant_is_refused(options: list[str], words: str, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    done = gradsheet("solve", CIRCUIT, *options)
    assert done.code == 2
    assert words in done.err + done.out
    assert list(tmp_path.iterdir()) == []


def test_a_pdf_is_nothing_for_a_terminal():
    done = gradsheet("solve", CIRCUIT, "--format", "pdf", terminal=True)
    assert done.code == 2
    assert "-o solution.pdf" in done.err


def test_format_json_reports_errors_as_data():
    for options in (["--format", "json"], ["--format=json"]):
        done = gradsheet("solve", "none.sheet", *options)
        assert json.loads(done.out)["error"]["diagnostics"][0]["code"] == "GS001"


# ---------------------------------------------------------------- what is there already


def test_an_existing_file_stays(tmp_path: Path):
    path = tmp_path / "solution.md"
    path.write_text("mine", encoding="utf-8")
    done = gradsheet("solve", CIRCUIT, "-o", str(path))
    assert done.code == 2
    assert "GS602" in done.err
    assert "--force replaces it" in done.err
    assert path.read_text(encoding="utf-8") == "mine"
    assert gradsheet("solve", CIRCUIT, "-o", str(path), "--force").code == 0
    assert path.read_text(encoding="utf-8").startswith("# A scalar circuit")


def test_it_is_refused_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "solution.md"
    path.touch()
    monkeypatch.setattr("gradsheet.sheet.load_sheet", lambda *_: pytest.fail("the sheet was read"))
    assert gradsheet("solve", CIRCUIT, "-o", str(path)).code == 2


def test_permissions_and_links_stay(tmp_path: Path):
    path, link = tmp_path / "real.md", tmp_path / "link.md"
    path.write_text("mine", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    assert gradsheet("solve", CIRCUIT, "-o", str(link)).code == 2
    assert gradsheet("solve", CIRCUIT, "-o", str(link), "--force").code == 0
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8").startswith("# A scalar")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path: Path):
    path = tmp_path / "solution.md"
    before = os.umask(0o027)
    try:
        files.write_file(str(path), b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_name_that_is_taken_meanwhile_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "solution.md"
    flush = os.fsync

    def somebody_else(descriptor: int) -> None:
        flush(descriptor)
        path.write_text("theirs", encoding="utf-8")

    monkeypatch.setattr(os, "fsync", somebody_else)
    done = gradsheet("solve", CIRCUIT, "-o", str(path))
    assert done.code == 2
    assert path.read_text(encoding="utf-8") == "theirs"
    assert leftovers(tmp_path) == []


def test_without_hard_links_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def unsupported(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", unsupported)
    path = tmp_path / "a.md"
    files.write_file(str(path), b"x")
    assert path.read_bytes() == b"x"
    assert [p.name for p in tmp_path.iterdir()] == ["a.md"]


# ---------------------------------------------------------------- where nothing can be written


def test_places_that_are_none(tmp_path: Path):
    (tmp_path / "file").touch()
    places = {
        str(tmp_path / "none" / "a.md"): "no such folder",
        str(tmp_path / "file" / "a.md"): "a file, not a folder",
        f"{tmp_path}/folder.md/": "folder",
        str(tmp_path / ("x" * 300 + ".md")): "too long",
    }
    for place, words in places.items():
        done = gradsheet("solve", CIRCUIT, "-o", place)
        assert done.code == 2
        assert "GS602" in done.err
        assert words in done.err
    folder = tmp_path / "a.md"
    folder.mkdir()
    assert "this is a folder" in gradsheet("solve", CIRCUIT, "-o", str(folder), "--force").err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.md", "file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path):
    tmp_path.chmod(0o555)
    done = gradsheet("solve", CIRCUIT, "-o", str(tmp_path / "a.md"))
    tmp_path.chmod(0o755)
    assert done.code == 2
    assert "does not allow new files" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_device_is_written_into_and_never_replaced():
    for device, code in (("/dev/null", 0), ("/dev/full", 2)):
        done = gradsheet("solve", CIRCUIT, "--format", "html", "-o", device)
        assert done.code == code
        assert Path(device).is_char_device()
    assert "No space left" in done.err


def test_a_pipe_is_written_into(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    assert gradsheet("solve", CIRCUIT, "--format", "markdown", "-o", str(pipe)).code == 0
    out, _ = reader.communicate(timeout=60)
    assert out.startswith(b"# A scalar circuit")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits on file sizes are Linux's here")
@pytest.mark.parametrize("before", ["nothing", "mine"])
def test_a_full_disk_leaves_no_half_file(before: str, tmp_path: Path):
    """A file may not grow beyond 4 KiB: the write fails in the middle, as on a full disk."""
    path = tmp_path / "solution.html"
    if before == "mine":
        path.write_text("mine", encoding="utf-8")
    command = f'ulimit -f 4; exec "{sys.executable}" -m gradsheet solve "{CIRCUIT}" -o "{path}" --force'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == 2, done.stderr
    assert "GS602" in done.stderr
    assert "Traceback" not in done.stderr
    assert leftovers(tmp_path) == []
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == ([] if before == "nothing" else ["mine"])


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(_descriptor: int) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "fsync", interrupted)
    done = gradsheet("solve", CIRCUIT, "-o", str(tmp_path / "solution.md"))
    assert done.code == 130
    assert list(tmp_path.iterdir()) == []
