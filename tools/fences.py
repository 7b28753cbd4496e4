"""Fenced blocks of a Markdown document: find them, run the commands in them, write their outputs again."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
ELISION = "…"
SETUP = ("git clone", "make ", "pip ", "python3 -m venv", "python -m venv", "python -m pip", ". .venv", "source .venv")
"""How commands begin that make an environment: they run in a fresh copy of the project, not in the one at hand."""
SESSION_SECONDS = 600


@dataclass(frozen=True)
class Fence:
    """A fenced block: the words after the fence, the lines inside, the line number of its first inner line."""

    path: Path
    line: int
    kind: str
    words: tuple[str, ...]
    body: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.body)

    @property
    def name(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}" if self.path.is_relative_to(ROOT) else str(self.path)

    @property
    def options(self) -> dict[str, str]:
        """`error=GS106` and `means="x = 2"` as data."""
        return dict(word.split("=", 1) for word in self.words if "=" in word)


def documents() -> list[Path]:
    """Every document whose blocks are run."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").glob("*.md")),
            ROOT / "examples" / "training" / "README.md"]  # fmt: skip


def fences(path: Path) -> list[Fence]:
    r"""The fenced blocks of a document, in order.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     p = Path(folder) / "a.md"
    ...     _ = p.write_text('```gradsheet error=GS106\nlog 2 x\n```\n')
    ...     [(f.kind, f.options, f.body) for f in fences(p)]
    [('gradsheet', {'error': 'GS106'}, ('log 2 x',))]
    """
    found = []
    closing = ""
    kind: str = ""
    words: tuple[str, ...] = ()
    body: list[str] = []
    first = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        bare = line.strip()
        if closing:
            if bare == closing:
                found.append(Fence(path, first, kind, words, tuple(body)))
                closing = ""
            else:
                body.append(line)
        elif bare.startswith("```"):
            ticks = len(bare) - len(bare.lstrip("`"))
            kind, *rest = shlex.split(bare[ticks:]) or [""]
            closing, words, body, first = "`" * ticks, tuple(rest), [], number + 1
    return found


def session(fence: Fence) -> list[tuple[str, list[str]]]:
    r"""The commands of a console block with the lines that are expected after each.

    >>> session(Fence(Path("a.md"), 1, "console", (), ("$ echo a \\", "    b", "a b", "$ true")))
    [('echo a \\\n    b', ['a b']), ('true', [])]
    """
    steps: list[tuple[str, list[str]]] = []
    continued = False
    for line in fence.body:
        if continued:
            steps[-1] = (f"{steps[-1][0]}\n{line.removeprefix('> ')}", [])
            continued = line.endswith("\\")
        elif line.startswith("$ "):
            steps.append((line[2:], []))
            continued = line.endswith("\\")
        elif steps:
            steps[-1][1].append(line)
        elif line.strip():
            msg = f"{fence.name}: output before the first command"
            raise ValueError(msg)
    return steps


def lacks(fence: Fence) -> bool:
    """Whether a block needs a library, `needs=sklearn`, that is not installed."""
    return "needs" in fence.options and find_spec(fence.options["needs"]) is None


def is_setup(fence: Fence) -> bool:
    """Whether a console block makes an environment."""
    return any(f"{command} ".startswith(SETUP) for command, _ in session(fence))


def environment() -> dict[str, str]:
    """What commands see: this interpreter's tools first on the path, no colour, a terminal of a fixed width."""
    here = str(Path(sys.executable).parent)
    drop = {"FORCE_COLOR", "CLICOLOR_FORCE", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "PYTEST_ADDOPTS"}
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    path = os.pathsep.join([here, kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb", "PYTHONUTF8": "1"}


@contextmanager
def fresh_copy() -> Iterator[Path]:
    """A copy of the project without anything that was built, in a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "gradsheet"
        ignore = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
        shutil.copytree(ROOT, copy, ignore=ignore)
        yield copy


def run(commands: list[str], folder: Path) -> list[list[str]]:
    """Run commands one after another in one shell; the lines that each wrote, standard output and error together."""
    mark = "-=- end of command -=-"
    script = "".join(f"{command}\nprintf '\\n%s\\n' {shlex.quote(mark)}\n" for command in commands)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SESSION_SECONDS,
        check=False,
    )
    parts = done.stdout.decode("utf-8").split(f"\n{mark}\n")
    outputs = []
    for part in parts[:-1]:
        lines = [line.rstrip() for line in part.split("\n")]
        while lines and not lines[-1]:
            lines.pop()
        outputs.append(lines)
    return outputs


def agrees(expected: list[str], got: list[str]) -> bool:
    """Whether an output is the expected one; a line `…` stands for any number of lines.

    >>> agrees(["a", "…", "d"], ["a", "b", "c", "d"]), agrees(["a"], ["a", "b"])
    (True, False)
    """
    expected = [line.rstrip() for line in expected]
    while expected and not expected[-1]:
        expected.pop()
    if ELISION not in expected:
        return expected == got
    cut = expected.index(ELISION)
    if expected[:cut] != got[:cut]:
        return False
    rest = expected[cut + 1 :]
    return any(agrees(rest, got[start:]) for start in range(cut, len(got) + 1))


def home(path: Path, copy: Path) -> Path:
    """Where a document's commands run: README in the project, the others among the examples."""
    return copy if path.name == "README.md" and path.parent == ROOT else copy / "examples"


def refresh(path: Path) -> bool:
    """Write the outputs of a document's console blocks again; whether anything changed. Elided outputs stay."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    with fresh_copy() as copy:
        for fence in reversed(fences(path)):
            if fence.kind != "console" or is_setup(fence) or lacks(fence):
                continue
            steps = session(fence)
            outputs = run([command for command, _ in steps], home(path, copy))
            body: list[str] = []
            for (command, expected), output in zip(steps, outputs, strict=True):
                body.extend(f"$ {command}".split("\n"))
                body.extend(expected if ELISION in expected and agrees(expected, output) else output)
            start = fence.line - 1
            lines[start : start + len(fence.body)] = body
    new = "\n".join(lines) + "\n"
    path.write_text(new, encoding="utf-8")
    return new != text
