"""Documents as they are handed in: where their formulas stand, and the words between them."""

from gradsheet.manuscripts.model import Formula, Manuscript, Piece, Place, Prose

__all__ = ["Formula", "Manuscript", "Piece", "Place", "Prose"]
