"""What standard output can show: its width, its colours, its letters."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.layout import Styled

_WIDTH = 80
_SAMPLE = "∂ŷ⊙ᵀ−≈⎡⁻σ"
_LOOKS = {"title": "bold", "heading": "bold cyan", "quiet": "dim", "good": "green", "bad": "bold red"}


def width() -> int:
    """Columns of the terminal: COLUMNS if it is set, else as the terminal says; 80 where there is none."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated):
        return int(stated)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDTH
    except (OSError, ValueError, AttributeError):
        return _WIDTH


def shows_unicode() -> bool:
    """Whether standard output can encode the letters of formulas."""
    try:
        _SAMPLE.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def colours(choice: str) -> bool:
    """Whether to use colours: as asked, else FORCE_COLOR, NO_COLOR, and whether a terminal is there.

    >>> colours("always"), colours("never")
    (True, False)
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


class ClosedPipeError(Exception):
    """Whoever read the output has seen enough."""


def show(lines: Sequence[Styled], *, coloured: bool) -> None:
    """Print lines, with colours or without."""
    from gradsheet.writing.terminal import plain_text  # noqa: PLC0415 - brings NumPy

    if not coloured:
        write(plain_text(lines))
        return
    from io import StringIO  # noqa: PLC0415 - for colours only

    from rich.console import Console  # noqa: PLC0415 - for colours only
    from rich.text import Text  # noqa: PLC0415 - for colours only

    painted = StringIO()
    console = Console(file=painted, force_terminal=True, color_system="standard", highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((text, _LOOKS.get(style, "")) for text, style in line)))
    write(painted.getvalue())


def write(text: str) -> None:
    """Print a text as it stands; letters that the output lacks are escaped."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise ClosedPipeError from None


def write_json(data: Any) -> None:
    """Print data as JSON."""
    import json  # noqa: PLC0415 - for JSON only

    write(json.dumps(data, ensure_ascii=not shows_unicode(), allow_nan=False, indent=2) + "\n")
