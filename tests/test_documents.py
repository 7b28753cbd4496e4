"""The documents: every command and output in them is run, every sheet in them is read."""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

import gradsheet as gs
from cli.session import gradsheet
from fences import ROOT, Fence, agrees, documents, fences, fresh_copy, home, is_setup, lacks, run, session
from gradsheet.diagnostics import CODES

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = [fence for path in documents() if path.exists() for fence in fences(path)]
CONSOLE = [fence for fence in BLOCKS if fence.kind == "console"]
NESTED = "GRADSHEET_TESTS_INSIDE_A_COPY"


def named(fences_: list[Fence]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("fence", fences_, ids=lambda f: f.name)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sheets to run commands on, laid out like the project."""
    copy = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "examples", copy / "examples")
    return copy


@pytest.mark.parametrize("name", ["README.md", "docs/language.md", "docs/errors.md", "docs/architecture.md"])
def test_the_document_exists(name: str):
    assert (ROOT / name).is_file()


@named([fence for fence in CONSOLE if not is_setup(fence)])
def test_commands_print_what_the_document_says(fence: Fence, workplace: Path):
    steps = session(fence)
    outputs = run([command for command, _ in steps], home(fence.path, workplace))
    for (command, expected), output in zip(steps, outputs, strict=True):
        if not agrees(expected, output):
            wanted = "\n".join(expected).rstrip()
            assert "\n".join(output) == wanted, f"{fence.name}: $ {command}"


@named([fence for fence in CONSOLE if is_setup(fence)])
def test_setting_up_works_as_the_document_says(fence: Fence, monkeypatch: pytest.MonkeyPatch):
    """Commands that make an environment run in a fresh copy. The run we are in is what `make test` would be there."""
    if os.environ.get(NESTED):
        pytest.skip("this is the copy")
    monkeypatch.setenv(NESTED, "1")
    with fresh_copy() as copy:
        for _, expected in session(fence):
            assert expected == [] or "…" in expected, "what an installer prints is not stable"
        commands = []
        for command, _ in session(fence):
            local = "true" if command.startswith("git clone") or command == "cd gradsheet" else command
            local = re.sub(r"^make (test|bench)\b", r"make --dry-run \1", local)
            commands.append(f"{local} || echo FAILED: {command.split()[0]}")
        outputs = run(commands, copy)
        for (command, expected), output in zip(session(fence), outputs, strict=True):
            assert not any(line.startswith("FAILED") for line in output), f"$ {command}\n" + "\n".join(output)
            assert expected == [] or agrees(expected, output)


@named([fence for fence in BLOCKS if fence.kind == "python" and ">>>" in fence.text])
def test_python_prints_what_the_document_says(fence: Fence, workplace: Path, monkeypatch: pytest.MonkeyPatch):
    if lacks(fence):
        pytest.skip(f"{fence.options['needs']} is not installed")
    monkeypatch.chdir(home(fence.path, workplace))
    test = doctest.DocTestParser().get_doctest(fence.text, {}, fence.name, str(fence.path), fence.line)
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    runner.run(test, out=told.append)
    assert not runner.failures, "".join(told)


@named([fence for fence in BLOCKS if fence.kind == "gradsheet"])
def test_sheets_in_the_documents_read_as_they_stand(fence: Fence):
    """An `error=GS106` fence fails with that code; a `means="y = 3; L = 9"` fence gives these values; others read."""
    code = fence.options.get("error")
    if code is not None:
        with pytest.raises(gs.SheetError) as caught:
            gs.loads(fence.text).solve()
        assert code in {diagnostic.code for diagnostic in caught.value.diagnostics}
        return
    gs.loads(fence.text)
    if "means" in fence.options:
        expected = dict(part.split("=") for part in fence.options["means"].split(";"))
        values = values_of(fence.text)
        for name, value in expected.items():
            assert values[name.strip()] == json.loads(value), name


def values_of(text: str) -> dict[str, object]:
    """The values of a sheet's definitions, from the command line's JSON."""
    done = gradsheet("solve", "--json", "-", text=text)
    assert done.code == 0, done.out + done.err
    return {entry["name"]: entry["value"] for entry in json.loads(done.out)["forward"]}


def test_every_code_has_a_section_in_the_reference_and_no_other_has():
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (GS[0-9]{3}): (.+)$", text, flags=re.MULTILINE))
    assert sections == CODES
    assert list(sections) == sorted(sections)


def test_links_lead_somewhere():
    broken = []
    for path in documents():
        if path.exists():
            text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
            text = re.sub(r"`[^`\n]*`", "", text)  # x[i](y) in code is no link
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
                there = "://" in target or (path.parent / target).exists()
                broken += [] if there else [f"{path.relative_to(ROOT)}: {target}"]
    assert broken == []


def test_a_wrong_output_is_seen(tmp_path: Path):
    page = tmp_path / "a.md"
    page.write_text("```console\n$ echo one; echo two\none\n```\n", encoding="utf-8")
    ((command, expected),) = session(fences(page)[0])
    assert run([command], tmp_path) == [["one", "two"]]
    assert not agrees(expected, ["one", "two"])
    assert agrees(["one", "…"], ["one", "two"])
