"""Other people's functions behind one interface: `torch.autograd.Function`, `jax.custom_vjp`, a NumPy pair."""

from gradsheet.auditing.peers.loading import CannotLoadError, load_peer, peer_of
from gradsheet.auditing.peers.model import (
    Answer,
    Argument,
    Array,
    Description,
    Layout,
    Parameter,
    Peer,
    Problem,
    Request,
    Returned,
)

__all__ = [
    "Answer", "Argument", "Array", "CannotLoadError", "Description", "Layout", "Parameter", "Peer", "Problem",
    "Request", "Returned", "load_peer", "peer_of",
]  # fmt: skip
