"""Object code that was made before, by the content from which it was made.

A file holds the SHA-256 of the code and the code. It is written beside its place and moved there in one step, so that
several processes can work at once; what is damaged is seen by its checksum and made again. Trouble with the folder is
never an error: then everything is compiled.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from gradsheet.files import cache_folder

LIMIT = 64 << 20
"""Bytes. Beyond it the files that were not used for longest are removed."""
_CHECKSUM = 32
_ABANDONED = 3600.0


def folder() -> Path | None:
    """Where compiled kernels are kept."""
    return cache_folder("kernels")


def key(*parts: str) -> str:
    """A name for content: no two contents have one, and the borders of the parts count."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


def read(place: str) -> bytes | None:
    """The code that was kept under a key, if it is there, whole, and written by nobody else."""
    base = folder()
    if base is None:
        return None
    path = base / f"{place}.o"
    try:
        if not (_ours(base) and _ours(path)):
            return None
        content = path.read_bytes()
        checksum, code = content[:_CHECKSUM], content[_CHECKSUM:]
        if hashlib.sha256(code).digest() != checksum:
            path.unlink()
            return None
    except OSError:
        return None
    with suppress(OSError):
        os.utime(path)  # used just now
    return code


def write(place: str, code: bytes) -> None:
    """Keep code under a key, if that can be done."""
    base = folder()
    if base is None:
        return
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _ours(base):
            return
        handle, temporary = tempfile.mkstemp(suffix=".tmp", dir=base)
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        Path(temporary).replace(base / f"{place}.o")
    except OSError:
        with suppress(OSError):
            Path(temporary).unlink()
    prune(base)


def prune(base: Path) -> None:
    """Keep the folder within its limit, and clear away what was abandoned."""
    files = []
    with suppress(OSError):
        for path in base.iterdir():
            with suppress(OSError):
                about = path.stat()
                if path.suffix == ".tmp" and time.time() - about.st_mtime > _ABANDONED:
                    path.unlink()
                elif path.suffix == ".o":
                    files.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files, key=lambda file: file[0]):
        if total <= LIMIT:
            return
        with suppress(OSError):
            path.unlink()
        total -= size


def _ours(path: Path) -> bool:
    """Nobody else may write there: what is read is run."""
    if sys.platform == "win32":
        return True
    about = path.stat()
    return about.st_uid == os.getuid() and not about.st_mode & 0o022
