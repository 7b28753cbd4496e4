"""∂L/∂W1 ↦ `step-dL-dW1`: the address of a step within a page, the same wherever a page or a picture is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import normalize
from zlib import crc32

from gradsheet.writing.spelling import keyboard

if TYPE_CHECKING:
    from gradsheet.expressions import Symbol

_MARKS = "∂²"
"""Signs beyond ASCII whose spelling with a keyboard belongs to nothing else in a name."""


def anchor(symbol: Symbol) -> str:
    """The id of the step that gives a symbol: a definition, a derivative, a given value."""
    return anchor_of(symbol.name)


def anchor_of(name: str) -> str:
    """The id of the step that gives a name; two names of a sheet never share one.

    >>> anchor_of("∂L/∂W1"), anchor_of("z1"), anchor_of("∂²L/∂w²")
    ('step-dL-dW1', 'step-z1', 'step-d-2L-dw-2')

    A name with letters that a keyboard lacks ends in a number of its own: ŷ may stand beside yhat.

    >>> anchor_of("ŷ"), anchor_of("yhat")
    ('step-yhat-17db', 'step-yhat')
    """
    composed = normalize("NFC", name)
    slug = re.sub(r"[^0-9A-Za-z_]+", "-", keyboard(composed)).strip("-")
    if any(not sign.isascii() and sign not in _MARKS for sign in composed):
        slug += f"-{crc32(composed.encode()) & 0xFFFF:04x}"
    return f"step-{slug}"
