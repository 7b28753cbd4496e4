"""Why a formula cannot be bound."""

from __future__ import annotations


class BindingError(Exception):
    """A formula in which a name can be two things, or none."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
