"""Run the command line in this process, with standard streams of its own."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from dataclasses import dataclass
from unittest import mock

from gradsheet.cli import main

CACHE = tempfile.TemporaryDirectory(prefix="gradsheet-tests-")
"""Verifications of this run; nobody else's are read or written."""
ENVIRONMENT = {"COLUMNS": "80", "TERM": "xterm", "GRADSHEET_CACHE": CACHE.name}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Output(io.BytesIO):
    """Standard output as bytes; says whether a terminal is there."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def gradsheet(
    *arguments: str, text: str | bytes = b"", terminal: bool = False, encoding: str = "utf-8", **variables: str
) -> Done:
    """`gradsheet ARGUMENTS`, in a terminal of 80 columns unless COLUMNS says otherwise."""
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR"}}
    out, err = Output(terminal=terminal), Output(terminal=False)
    streams = {
        "stdin": io.TextIOWrapper(io.BytesIO(text.encode() if isinstance(text, str) else text), encoding="utf-8"),
        "stdout": io.TextIOWrapper(out, encoding=encoding, write_through=True),
        "stderr": io.TextIOWrapper(err, encoding="utf-8", write_through=True),
    }
    with (
        mock.patch.multiple(sys, **streams),
        mock.patch.dict(os.environ, {**kept, **ENVIRONMENT, **variables}, clear=True),
    ):
        try:
            main(list(arguments))
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return Done(code, out.getvalue().decode(encoding), err.getvalue().decode())
