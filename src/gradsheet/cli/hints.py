"""One line at a time: what is to be found, a pause, then the line with its value."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gradsheet.cli.output import show
from gradsheet.writing.hints import questions

if TYPE_CHECKING:
    from gradsheet.writing.terminal import Terminal

_LEAVE = {"q", "quit", "exit"}


def ask(terminal: Terminal, *, coloured: bool) -> None:
    """Go through the solution; Enter shows the next line, q leaves, and so does the end of the input."""
    opening, asked = questions(terminal)
    show(opening, coloured=coloured)
    say = terminal.spelling.prose
    show([[], [(say("Enter shows the next line, q leaves."), "quiet")]], coloured=coloured)
    for number, (question, answer) in enumerate(asked, 1):
        show([[], *question], coloured=coloured)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line or line.strip().lower() in _LEAVE:
            left = len(asked) - number + 1
            parting = f"{left} {'line' if left == 1 else 'lines'} left for another time."
            show([[], [(say(parting), "quiet")]], coloured=coloured)
            return
        show(answer, coloured=coloured)
    show([[], [(say("That was all."), "quiet")], *terminal.section("Verified", terminal.verified())], coloured=coloured)
