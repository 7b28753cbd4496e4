"""What the author or the marker says of a document: its sheet, names, shapes, values, conventions, by question."""

from gradsheet.checking.context.aliases import AliasRule, aliased
from gradsheet.checking.context.declarations import NOTHING, Declared, declared
from gradsheet.checking.context.model import (
    Alternative,
    Assumption,
    Context,
    Conventions,
    GivenRule,
    Question,
    Scheme,
    ShapeRule,
    SheetPath,
)
from gradsheet.checking.context.reader import context_of, read_context_file

__all__ = [
    "NOTHING",
    "AliasRule",
    "Alternative",
    "Assumption",
    "Context",
    "Conventions",
    "Declared",
    "GivenRule",
    "Question",
    "Scheme",
    "ShapeRule",
    "SheetPath",
    "aliased",
    "context_of",
    "declared",
    "read_context_file",
]
