"""The equation graph and its adjoints: a derivation as data."""

from gradsheet.derivation.deltas import Delta, DeltaRow, delta_rows
from gradsheet.derivation.derive import derive
from gradsheet.derivation.graph import Graph
from gradsheet.derivation.jacobians import Contribution, Jacobians, LocalJacobian, guarded
from gradsheet.derivation.model import Adjoint, Derivation
from gradsheet.derivation.passes import Pass, needed_inputs
from gradsheet.derivation.small_steps import WholeStep, small_steps
from gradsheet.derivation.statements import Partition, Statement
from gradsheet.derivation.substitution import Rewritten, Substitution, needed, put_in

__all__ = [
    "Adjoint", "Contribution", "Delta", "DeltaRow", "Derivation", "Graph", "Jacobians", "LocalJacobian", "Partition",
    "Pass", "Rewritten", "Statement", "Substitution", "WholeStep", "delta_rows", "derive", "guarded", "needed",
    "needed_inputs", "put_in", "small_steps",
]  # fmt: skip
