"""The equation graph and its adjoints: a derivation as data."""

from gradsheet.derivation.derive import derive
from gradsheet.derivation.graph import Graph
from gradsheet.derivation.model import Adjoint, Derivation
from gradsheet.derivation.passes import Pass, needed_inputs

__all__ = ["Adjoint", "Derivation", "Graph", "Pass", "derive", "needed_inputs"]
