"""What an engine makes of a workload: something that runs, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from workloads import Arrays, Network


@dataclass(frozen=True)
class Job:
    """`run(n)` makes n calls and waits for the last; one call does `steps` steps."""

    run: Callable[[int], object]
    steps: int
    result: Arrays
    """What the first call gave: parameters after the first rows, or everything that was computed."""
    notes: dict[str, object] = field(default_factory=dict)
    shares: Callable[[], dict[str, float] | str] | None = None
    """Where the time goes: seconds of each part."""


class MissingError(Exception):
    """Something that the engine does not have: the row says so instead of a figure."""


def changes(network: Network, after: Arrays) -> Arrays:
    """How far the first rows moved the parameters: small against their values, so it is what has to agree."""
    return {name: np.asarray(after[name], float) - value for name, value in network.parameters().items()}


__all__ = ["Job", "MissingError", "changes"]
