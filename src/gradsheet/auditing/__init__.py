"""Gradients that other people wrote, against the derived ones.

Everything is loaded when it is first asked for: the process of somebody's function needs no engine.
"""

import importlib as _importlib
import typing as _typing

if _typing.TYPE_CHECKING:
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

_HOME = {
    "auditor": ("POINTS", "audit"),
    "closeness": ("TOLERANCE",),
    "contract": ("Wishes",),
    "model": ("SLIPS", "Audit", "Compared", "Difference", "Fault", "Slip"),
    "peers": ("CannotLoadError", "peer_of"),
    "remote": ("RemotePeer",),
}
_PLACE = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> _typing.Any:
    """Load a public name when it is first asked for."""
    if name not in __all__:
        msg = f"module 'gradsheet.auditing' has no attribute '{name}'"
        raise AttributeError(msg)
    value = getattr(_importlib.import_module(f"gradsheet.auditing.{_PLACE[name]}"), name)
    globals()[name] = value
    return value
