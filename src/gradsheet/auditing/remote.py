"""Somebody's function in a process of its own: its crash, its endless loop and its printing stay there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any, Self, cast

from gradsheet.auditing.peers.loading import CannotLoadError
from gradsheet.auditing.wire import ClosedError, answer_of, description_of, receive, request_message, send
from gradsheet.diagnostics import Diagnostic, SheetError, Source

if TYPE_CHECKING:
    from types import TracebackType

    from gradsheet.auditing.peers.model import Answer, Description, Request

_LAST_LINES = 3


class RemotePeer:
    """The function `name` of a file, run under a time limit; a context that ends its process."""

    description: Description

    def __init__(self, file: str, name: str, seconds: float) -> None:
        self.file, self.name, self.seconds = file, name, seconds
        self.late = False
        self.said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        command = [sys.executable, "-m", "gradsheet.auditing.worker", file, name]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said,
            start_new_session=os.name == "posix",
        )  # fmt: skip
        self.clock = threading.Timer(seconds, self._too_late)
        self.clock.daemon = True
        self.clock.start()

    def __enter__(self) -> Self:
        try:
            first = self._receive("while the file was loaded")
        except BaseException:
            self.close()
            raise
        if "code" in first:
            self.close()
            raise CannotLoadError(first["code"], first["message"], first["suggestion"])
        self.description = description_of(first["description"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, request: Request) -> Answer:
        """Ask the other process."""
        try:
            send(cast("Any", self.process.stdin), request_message(request))
        except ClosedError:
            self._gone("before it was called")
        return answer_of(self._receive("while it was called"))

    def close(self) -> None:
        """End the process, and all that it has started."""
        self.clock.cancel()
        self._kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.said):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what was still to be sent has no reader any more
                    continue

    def _too_late(self) -> None:
        self.late = True
        self._kill()

    def _kill(self) -> None:
        if self.process.poll() is not None:
            return
        if os.name == "posix":
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                self.process.kill()
        else:
            self.process.kill()

    def _receive(self, when: str) -> dict[str, Any]:
        try:
            return receive(cast("Any", self.process.stdout))
        except ClosedError:
            self._gone(when)
            raise

    def _gone(self, when: str) -> None:
        source = Source("", f"{self.file}:{self.name}")
        if self.late:
            message = f"the function did not end within {self.seconds:g} s, and was ended {when}"
            raise SheetError((Diagnostic("GS906", message, None, source, None, "--time-limit SECONDS"),)) from None
        status = self.process.wait()
        self.said.seek(0)
        lines = self.said.read()[-4000:].decode(errors="replace").strip().splitlines()
        said = "; it said: " + " / ".join(lines[-_LAST_LINES:]) if lines else ""
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        message = f"the process of the function ended {how} {when}{said}"
        raise SheetError((Diagnostic("GS906", message, None, source),)) from None
