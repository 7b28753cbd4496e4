"""Every gradient against directional derivatives that share nothing with the rules."""

from gradsheet.verification.cache import verified
from gradsheet.verification.verify import Check, Verification, verify

__all__ = ["Check", "Verification", "verified", "verify"]
