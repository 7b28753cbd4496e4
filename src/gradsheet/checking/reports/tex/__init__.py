r"""The author's LaTeX as it stands, set as MathML: \frac{a}{b} is a fraction, whatever a and b mean.

Nothing is understood here, so nothing can be misunderstood: what a command means on the page is known, or the whole
formula is shown as its source.
"""

from gradsheet.checking.reports.tex.elements import Mark
from gradsheet.checking.reports.tex.setting import CannotSetError, set_formula

__all__ = ["CannotSetError", "Mark", "set_formula"]
