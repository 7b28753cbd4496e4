"""The equation graph and its adjoints: a derivation as data."""

from gradsheet.derivation.derive import derive
from gradsheet.derivation.graph import Graph
from gradsheet.derivation.model import Adjoint, Derivation

__all__ = ["Adjoint", "Derivation", "Graph", "derive"]
