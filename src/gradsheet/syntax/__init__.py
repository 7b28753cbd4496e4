"""From text to a tree and back: one operator-precedence parser, plain text and LaTeX before it, a printer behind it."""

from gradsheet.syntax.front import front_matter
from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.reading import (
    parse_document,
    parse_expression,
    parse_latex_equation,
    parse_latex_expression,
    read_source,
)

__all__ = [
    "canonical_key",
    "front_matter",
    "parse_document",
    "parse_expression",
    "parse_latex_equation",
    "parse_latex_expression",
    "read_source",
]
