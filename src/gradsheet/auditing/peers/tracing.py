"""An exception of somebody's code, said briefly: its type, its message, the last line of the author's own file."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from gradsheet.auditing.peers.model import NotComparableError, Problem

if TYPE_CHECKING:
    from gradsheet.auditing.peers.model import Stage

_LONGEST = 400


def problem_of(error: BaseException, stage: Stage, file: str | None) -> Problem:
    """What is said of an exception; frames of libraries are left out where the author's file has one."""
    if isinstance(error, NotComparableError):
        return Problem(stage, str(error))
    words = " ".join(str(error).split()) or "no message"
    if len(words) > _LONGEST:
        words = words[:_LONGEST] + "…"
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if file is not None and f.filename == file]
    if not own:
        return Problem(stage, f"{type(error).__name__}: {words}")
    return Problem(stage, f"{type(error).__name__}: {words}", own[-1].lineno, (own[-1].line or "").strip())
