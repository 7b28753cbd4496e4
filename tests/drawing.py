"""How many examples Hypothesis draws: few where every change waits for them, many with `--hypothesis-profile=thorough`.

A number in `settings` outweighs that of a profile, so tests ask here for theirs.
"""

from __future__ import annotations

from hypothesis import settings

THOROUGH = settings.get_current_profile_name() == "thorough"
"""Whether this run searches: other examples each time, and many."""


def examples(few: int, many: int | None = None) -> int:
    """The number of examples; thoroughly, forty times as many where nothing else is said."""
    return (many or 40 * few) if THOROUGH else few
