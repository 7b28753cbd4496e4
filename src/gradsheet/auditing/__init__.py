"""Gradients that other people wrote, against the derived ones."""

from gradsheet.auditing.auditor import POINTS, audit
from gradsheet.auditing.closeness import TOLERANCE
from gradsheet.auditing.contract import Wishes
from gradsheet.auditing.model import SLIPS, Audit, Compared, Difference, Fault, Slip
from gradsheet.auditing.peers import CannotLoadError, peer_of
from gradsheet.auditing.remote import RemotePeer

__all__ = [
    "POINTS", "SLIPS", "TOLERANCE", "Audit", "CannotLoadError", "Compared", "Difference", "Fault", "RemotePeer", "Slip",
    "Wishes", "audit", "peer_of",
]  # fmt: skip
