"""Runs in processes of their own, quick to begin: one process has everything imported, and forks for each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from fences import environment

if TYPE_CHECKING:
    from pathlib import Path

_SERVER = """
import json, os, signal, sys
from gradsheet.cli import main
import gradsheet.api.trained, gradsheet.native.runtime, rich.progress
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        pid, status = os.waitpid(asked["wait"], os.WNOHANG)
        print(json.dumps(None if not pid else os.waitstatus_to_exitcode(status)), flush=True)
        continue
    pid = os.fork()
    if pid:
        print(pid, flush=True)
        continue
    signal.signal(signal.SIGINT, signal.SIG_IGN if asked["deaf"] else signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, name in ((1, asked["out"]), (2, asked["err"])):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOCTTY, 0o600), descriptor)
    try:
        if asked["limit"]:
            import resource
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (asked["limit"],) * 2)
        main(asked["arguments"])
        code = 0
    except SystemExit as leaving:
        code = leaving.code
    sys.stdout.flush(), sys.stderr.flush()
    os._exit(code)
"""


class Workshop:
    """Begins commands; `folder` takes what they print."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self.count = folder, 0
        environ = {**environment(), "GRADSHEET_CACHE": str(cache), "COLUMNS": "100", "TERM": "xterm"}
        environ.pop("NO_COLOR", None)
        self.server = subprocess.Popen(
            [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.close()
        self.server.wait(timeout=60)
        self.server.stdout.close()

    def ask(self, **what: Any) -> Any:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(what) + "\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())

    def begin(
        self, *arguments: object, limit: int = 0, deaf: bool = False, out: Path | None = None, err: Path | None = None
    ) -> Job:
        """`gradsheet ARGUMENTS` in a process of its own.

        No file may grow beyond `limit` bytes; with `deaf`, Ctrl-C is for others; `out` and `err` are pipes or
        terminals in the place of files.
        """
        self.count += 1
        out, err = out or self.folder / f"out{self.count}.txt", err or self.folder / f"err{self.count}.txt"
        words = [str(a) for a in arguments]
        return Job(self, self.ask(arguments=words, out=str(out), err=str(err), limit=limit, deaf=deaf), out, err)

    def done(self, *arguments: object, **options: Any) -> Job:
        """The same, once it has ended."""
        job = self.begin(*arguments, **options)
        job.wait()
        return job


class Job:
    """A command at work."""

    def __init__(self, workshop: Workshop, pid: int, out: Path, err: Path) -> None:
        self.workshop, self.pid, self._out, self._err = workshop, pid, out, err
        self.code: int | None = None

    def over(self) -> bool:
        """Whether it has ended."""
        if self.code is None:
            self.code = self.workshop.ask(wait=self.pid)
        return self.code is not None

    def wait(self, seconds: float = 60.0) -> int:
        """The exit code; below 0 the signal that ended it."""
        last = time.monotonic() + seconds
        while not self.over():
            if time.monotonic() > last:
                self.signal(9)
            time.sleep(0.002)
        assert self.code is not None
        return self.code

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    @property
    def out(self) -> str:
        return self._out.read_text(encoding="utf-8") if self._out.exists() else ""

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8")
