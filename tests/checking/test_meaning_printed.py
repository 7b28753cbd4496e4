"""Every gradient that the engine prints, as a claim: ∂L/∂w = …, where ∂L/∂w is what pushing w does to L.

The two sides share no rule: the right one was made by rules of differentiation, the left one by Taylor series. A line that
is not found right is named with its reason in `OPEN`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checking.evaluating import with_functions
from engine.reading_back import printed
from engine.running import derived, read_text
from gradsheet.checking.judging.comparison import Comparer
from gradsheet.checking.meaning.points import Model
from gradsheet.checking.meaning.scope import Local, Scope
from gradsheet.derivation import derivation as _unused  # noqa: F401
from gradsheet.sheet.known import function_names
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain

SHEETS = sorted((Path(__file__).parent.parent / "sheets").glob("*.sheet"))
