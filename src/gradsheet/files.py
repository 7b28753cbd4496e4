"""Files that are written whole or not at all: a temporary neighbour, filled and flushed, takes the name at the end.

And where what can be made again is kept.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gradsheet.diagnostics import SheetError, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CODE = "GS602"


def cache_folder(room: str) -> Path | None:
    """A room for what can be made again, in the folder that `GRADSHEET_CACHE` names (empty: none), or the system's."""
    named = os.environ.get("GRADSHEET_CACHE")
    if named is not None:
        return Path(named) / room if named else None
    base = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "gradsheet" / room
    except RuntimeError:  # no home
        return None


def check_target(path: str, *, force: bool = False) -> None:
    """Refuse early what `write_file` would refuse at the end of a long computation."""
    place = _place(path)
    if _passes_through(place, path):
        return
    _check(place, path, force=force)
    if not os.access(place.parent, os.W_OK | os.X_OK):
        refuse(_CODE, "the folder does not allow new files", str(place.parent))


def write_file(path: str, data: bytes, *, force: bool = False) -> None:
    """Bytes as the file at `path`: the whole of them, or an error and no file.

    An existing file is replaced only by `force`, and keeps its permissions; of a link, what it leads to is replaced.
    A pipe or a character device such as /dev/null is written into.
    """
    place = _place(path)
    if _passes_through(place, path):
        with _explained(path), place.open("wb") as stream:
            stream.write(data)
        return
    _check(place, path, force=force)
    with _explained(path), _neighbour(place) as (temporary, descriptor):
        _fill(temporary, descriptor, data, place if force else None)
        _take(path, place, temporary, force=force)
    settle(place.parent)


def write_files(files: Mapping[str, bytes], *, force: bool = False) -> None:
    """Files that belong together: all of them, or an error and none.

    Each is filled and flushed before the first takes its name, so that a full disk leaves what was there.
    """
    with contextlib.ExitStack() as stack:
        ready: list[tuple[str, Path, Path]] = []
        for path, data in files.items():
            place = _place(path)
            if _passes_through(place, path):
                write_file(path, data)
                continue
            _check(place, path, force=force)
            with _explained(path):
                temporary, descriptor = stack.enter_context(_neighbour(place))
                _fill(temporary, descriptor, data, place if force else None)
            ready.append((path, place, temporary))
        claimed: list[Path] = []
        for path, place, temporary in ready:
            try:
                _take(path, place, temporary, force=force)
            except BaseException:
                for other in claimed:
                    other.unlink(missing_ok=True)
                raise
            if not force:  # what was replaced cannot be brought back
                claimed.append(place)
        for folder in dict.fromkeys(place.parent for _, place, _ in ready):
            settle(folder)


def _fill(temporary: Path, descriptor: int, data: bytes, replaced: Path | None) -> None:
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    if replaced is not None and replaced.exists():
        temporary.chmod(stat.S_IMODE(replaced.stat().st_mode))


def _take(path: str, place: Path, temporary: Path, *, force: bool) -> None:
    """The name at last."""
    with _explained(path):
        if force:
            temporary.replace(place)
        else:
            _claim(temporary, place)


def _place(path: str) -> Path:
    """Where the bytes go: a link is followed."""
    with _explained(path):
        return Path(os.path.realpath(path))
    raise AssertionError  # pragma: no cover - `_explained` lets nothing else out


def _passes_through(place: Path, path: str) -> bool:
    """Whether there is a pipe or a device, which takes bytes and cannot be replaced."""
    with _explained(path):
        try:
            mode = place.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return False
        if stat.S_ISDIR(mode):
            refuse(_CODE, "this is a folder, not a file", path)
        if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
            refuse(_CODE, "this is a device, not a file", path)
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)
    raise AssertionError  # pragma: no cover - as above


def _check(place: Path, path: str, *, force: bool) -> None:
    with _explained(path):
        if os.path.lexists(place) and not force:
            refuse(_CODE, "the file exists already", path, "--force replaces it")
        if path.endswith(("/", os.sep)):
            refuse(_CODE, "this is a folder, not a file", path)
        if not place.parent.exists():
            refuse(_CODE, "there is no such folder", str(place.parent))
        if not place.parent.is_dir():
            refuse(_CODE, "this is a file, not a folder", str(place.parent))


@contextlib.contextmanager
def _neighbour(place: Path) -> Iterator[tuple[Path, int]]:
    """A new file in the same folder, open; gone afterwards, unless it was given another name."""
    temporary = place.with_name(f".gradsheet-{secrets.token_hex(6)}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        yield temporary, descriptor
    finally:
        temporary.unlink(missing_ok=True)


def _claim(temporary: Path, place: Path) -> None:
    """Give a file its name only if nobody else has taken the name meanwhile."""
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(place):
            raise FileExistsError from None
        temporary.rename(place)


def settle(folder: Path) -> None:
    """Make the new name last, where a folder can be flushed."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """What the system refuses, as a diagnostic."""
    try:
        yield
    except SheetError:
        raise
    except FileExistsError:
        refuse(_CODE, "the file exists already", path, "--force replaces it")
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        refuse(_CODE, f"the file cannot be written: {reason}", path)
