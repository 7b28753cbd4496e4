"""What went wrong: named changes of the derived gradient, each tried at every point until one gives what was found."""

from gradsheet.auditing.slips.scene import Finding, Scene
from gradsheet.auditing.slips.search import name_slips

__all__ = ["Finding", "Scene", "name_slips"]
