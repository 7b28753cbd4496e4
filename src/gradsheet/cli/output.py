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


def colours(choice: str, *, to_file: bool = False) -> bool:
    """Whether to use colours: as asked, else not in files, else by FORCE_COLOR, NO_COLOR and the terminal.

    >>> colours("always"), colours("never")
    (True, False)
    """
    if choice != "auto":
        return choice == "always"
    if to_file or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


class ClosedPipeError(Exception):
    """Whoever read the output has seen enough."""


def show(lines: Sequence[Styled], *, coloured: bool) -> None:
    """Print lines, with colours or without."""
    write(painted(lines, coloured=coloured))


def painted(lines: Sequence[Styled], *, coloured: bool) -> str:
    """Lines as text, with colours or without."""
    from gradsheet.writing.terminal import plain_text  # noqa: PLC0415 - brings NumPy

    if not coloured:
        return plain_text(lines)
    from io import StringIO  # noqa: PLC0415 - for colours only

    from rich.console import Console  # noqa: PLC0415 - for colours only
    from rich.text import Text  # noqa: PLC0415 - for colours only

    canvas = StringIO()
    console = Console(file=canvas, force_terminal=True, color_system="standard", highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((text, _LOOKS.get(style, "")) for text, style in line)))
    return canvas.getvalue()


def write(text: str) -> None:
    """Print a text as it stands; letters that the output lacks are escaped."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        raise ClosedPipeError from None


def write_bytes(data: bytes) -> None:
    """Print what is no text."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ClosedPipeError from None


def write_json(data: Any) -> None:
    """Print data as JSON."""
    write(json_text(data, ascii_only=not shows_unicode()))


def json_text(data: Any, *, ascii_only: bool = False) -> str:
    """Data as JSON, with a line for each entry."""
    import json  # noqa: PLC0415 - for JSON only

    return json.dumps(data, ensure_ascii=ascii_only, allow_nan=False, indent=2) + "\n"
