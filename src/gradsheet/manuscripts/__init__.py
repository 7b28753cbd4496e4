"""Documents as they are handed in: where their formulas stand, and the words between them."""

from gradsheet.manuscripts.front import load_yaml
from gradsheet.manuscripts.model import Formula, Manuscript, Piece, Place, Prose
from gradsheet.manuscripts.reading import FileKind, read_manuscript

__all__ = ["FileKind", "Formula", "Manuscript", "Piece", "Place", "Prose", "load_yaml", "read_manuscript"]
