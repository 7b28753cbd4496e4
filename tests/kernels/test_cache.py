"""Code that was made is kept: by content, whole or not at all, within bounds, and never in anybody's way."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from gradsheet.kernels import F64, ModuleBuilder, NativeUnavailable, cache

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("llvmlite", reason="compiling needs llvmlite")

from gradsheet.kernels import native


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADSHEET_CACHE", str(tmp_path))
    return tmp_path / "kernels"


def module(number: float = 1.0):
    made = ModuleBuilder()
    with made.function("f", {"x": F64}, exported=True) as b:
        b.returns(b.parameters[0] + number)
    return made.build()


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counted: list[int] = []
    made = native.object_code
    monkeypatch.setattr(native, "object_code", lambda text, level: counted.append(level) or made(text, level))
    return counted


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.o"))


def test_the_second_time_nothing_is_compiled(folder: Path, compilations: list[int]):
    assert native.compiled(module())["f"](2) == 3
    assert native.compiled(module())["f"](2) == 3
    assert compilations == [2]
    assert len(kept(folder)) == 1


def test_other_content_level_or_processor_is_other_code(
    folder: Path, compilations: list[int], monkeypatch: pytest.MonkeyPatch
):
    native.compiled(module())
    native.compiled(module(2.0))
    native.compiled(module(), level=1)
    circumstances = native._circumstances()
    monkeypatch.setattr(native, "_circumstances", lambda: (*circumstances[:-1], "another LLVM"))
    native.compiled(module())
    assert len(compilations) == len(kept(folder)) == 4


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_damaged_code_is_made_again(folder: Path, compilations: list[int], damage: bytes | None):
    native.compiled(module())
    (path,) = kept(folder)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage is None else damage)
    assert native.compiled(module())["f"](2) == 3
    assert len(compilations) == 2
    assert path.read_bytes() == content


def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compilations: list[int]):
    monkeypatch.setenv("GRADSHEET_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    native.compiled(module())
    native.compiled(module())
    assert len(compilations) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_platforms_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GRADSHEET_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache.folder() == tmp_path / "gradsheet" / "kernels"


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("GRADSHEET_CACHE", str(tmp_path / "file"))
    assert native.compiled(module())["f"](2) == 3


def test_a_full_disk_is_no_error_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(cache.os, "fdopen", full)
    assert native.compiled(module())["f"](2) == 3
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are other there")
def test_code_that_others_could_write_is_not_run(folder: Path, compilations: list[int]):
    native.compiled(module())
    kept(folder)[0].chmod(0o666)
    native.compiled(module())
    assert len(compilations) == 2


def test_the_oldest_files_make_room(folder: Path, monkeypatch: pytest.MonkeyPatch):
    native.compiled(module())
    (first,) = kept(folder)
    os.utime(first, (1, 1))
    monkeypatch.setattr(cache, "LIMIT", int(first.stat().st_size * 1.5))
    native.compiled(module(2.0))
    (left,) = kept(folder)
    assert left != first


def test_abandoned_files_are_cleared_away(folder: Path):
    folder.mkdir()
    old, new = folder / "old.tmp", folder / "new.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    native.compiled(module())
    assert not old.exists()
    assert new.exists()


def test_several_processes_at_once(folder: Path):
    program = (
        "from gradsheet.kernels import F64, ModuleBuilder\n"
        "from gradsheet.kernels.native import compiled\n"
        "for number in range(8):\n"
        "    made = ModuleBuilder()\n"
        "    with made.function('f', {'x': F64}, exported=True) as b:\n"
        "        b.returns(b.parameters[0] + number)\n"
        "    assert compiled(made.build())['f'](1) == 1 + number\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(3)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert len(kept(folder)) == 8
    assert list(folder.glob("*.tmp")) == []


def test_without_llvmlite_one_error_says_how_to_install_it():
    program = (
        "import sys\n"
        "sys.modules['llvmlite'] = None\n"
        "from gradsheet.kernels import ModuleBuilder, NativeUnavailable\n"
        "from gradsheet.kernels.native import available, compiled\n"
        "assert not available()\n"
        "try:\n"
        "    compiled(ModuleBuilder().build())\n"
        "except NativeUnavailable as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "compiling needs llvmlite 0.45 or later: pip install 'gradsheet[native]'\n"
    assert issubclass(NativeUnavailable, RuntimeError)


def test_an_older_llvmlite_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(native.binding, "llvm_version_info", (15, 0, 7))
    monkeypatch.setattr(native.llvmlite, "__version__", "0.44.0")
    assert not native.available()
    with pytest.raises(NativeUnavailable, match=r"0\.45 or later, not 0\.44\.0"):
        native._circumstances.__wrapped__()
