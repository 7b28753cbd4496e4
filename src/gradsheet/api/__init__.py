"""What Python programs use: sheets, their derivations and solutions, checked work of others."""

from gradsheet.api.audits import Verified, verify
from gradsheet.api.checks import Check, check
from gradsheet.api.derivations import Derivation, Derivative, Step
from gradsheet.api.sheets import Sheet, load, loads, mlp
from gradsheet.api.solutions import Solution

__all__ = [
    "Check", "Derivation", "Derivative", "Sheet", "Solution", "Step", "Verified", "check", "load", "loads", "mlp",
    "verify",
]  # fmt: skip
