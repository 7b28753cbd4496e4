"""From text to a tree and back: one operator-precedence parser, its tokenizer for plain text, and the printer of it."""

from gradsheet.syntax.names import canonical_key
from gradsheet.syntax.reading import parse_document, parse_expression, read_source

__all__ = ["canonical_key", "parse_document", "parse_expression", "read_source"]
