"""What no single gradient shows: arrays of others overwritten, another order in memory, a second backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from gradsheet.auditing.closeness import close, scale
from gradsheet.auditing.model import Fault
from gradsheet.auditing.points import request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.auditing.contract import Contract
    from gradsheet.auditing.peers import Answer, Array, Layout, Peer
    from gradsheet.auditing.points import Point

_SAME = 1e-10
_CALLED: Final[dict[Layout, str]] = {
    "strided inputs": "inputs that are not contiguous",
    "strided upstream": "an upstream gradient that is not contiguous",
    "expanded upstream": "an expanded upstream gradient, as y.sum().backward() sends it",
}


def habits(peer: Peer, contract: Contract, point: Point, answer: Answer) -> tuple[list[Fault], list[str]]:
    """Faults and remarks; `answer` is that of the plain call at this point, asked twice for the backward."""
    faults = _overwritten(answer)
    remarks: list[str] = []
    if answer.again_problem is not None:
        said = answer.again_problem.message
        faults.append(Fault("in place", f"a second backward pass over what was saved raises {said}"))
    elif answer.again and answer.problem is None and not _same(answer.gradients, answer.again):
        faults.append(Fault("in place", "a second backward pass gives other gradients: the first one changes what was "
                                        "saved"))  # fmt: skip
    if answer.problem is None:
        for layout in peer.description.layouts[1:]:
            found, is_remark = _under(peer, contract, point, answer, layout)
            if found is not None and is_remark:
                remarks.append(found.sentence)
            elif found is not None:
                faults.append(found)
    return faults, remarks


def _overwritten(answer: Answer) -> list[Fault]:
    found = []
    for name in answer.changed:
        what = f"the upstream gradient of {name.removeprefix('upstream ')}" if name.startswith("upstream ") else name
        found.append(Fault("in place", f"{what} is overwritten"))
    return found


def _under(
    peer: Peer, contract: Contract, point: Point, plain: Answer, layout: Layout
) -> tuple[Fault | None, bool]:
    """The same numbers in another order in memory must give the same gradients."""
    if layout == "expanded upstream":
        point = point.with_upstream({o: np.full_like(u, 0.7) for o, u in point.upstream.items()})
        plain = peer.call(request(contract, point))
        if plain.problem is not None:
            return None, False
    moved = peer.call(request(contract, point, layout=layout))
    if moved.problem is not None:
        sentence = f"{_CALLED[layout]}: the {moved.problem.stage} pass raises {moved.problem.message}"
        return Fault("layout", sentence), layout == "strided inputs"  # who asks for contiguous inputs says so aloud
    if not _same(plain.outputs, moved.outputs):
        return Fault("layout", f"{_CALLED[layout]}: the outputs are others"), False
    if not _same(plain.gradients, moved.gradients):
        return Fault("layout", f"{_CALLED[layout]}: the gradients are others, for the same numbers"), False
    return None, False


def _same(first: Sequence[Array | None], second: Sequence[Array | None]) -> bool:
    if len(first) != len(second):
        return False
    for a, b in zip(first, second, strict=True):
        if a is None or b is None:
            if a is not b:
                return False
        elif not close(a, b, _SAME * max(scale(a), 1e-12)) and not (np.isnan(a).any() and np.isnan(b).any()):
            return False
    return True
