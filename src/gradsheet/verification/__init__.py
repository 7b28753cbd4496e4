"""Every gradient against directional derivatives that share nothing with the rules."""

from gradsheet.verification.cache import verified
from gradsheet.verification.comparison import Check
from gradsheet.verification.verify import Verification, verify

__all__ = ["Check", "Verification", "verified", "verify"]
