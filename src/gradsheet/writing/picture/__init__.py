"""The graph of a sheet as a picture: values above the edges, gradients below them."""

from gradsheet.writing.picture.draw import picture
from gradsheet.writing.picture.layout import can_draw

__all__ = ["can_draw", "picture"]
