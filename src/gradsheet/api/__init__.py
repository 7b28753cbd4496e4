"""What Python programs use: sheets, their derivations, their solutions."""

from gradsheet.api.derivations import Derivation, Derivative, Step
from gradsheet.api.sheets import Sheet, load, loads, mlp
from gradsheet.api.solutions import Solution

__all__ = ["Derivation", "Derivative", "Sheet", "Solution", "Step", "load", "loads", "mlp"]
