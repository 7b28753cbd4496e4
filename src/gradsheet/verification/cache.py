"""Verifications that were done before: by the sheet's text, the version, the derived equations and the values."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.expressions import key
from gradsheet.files import cache_folder
from gradsheet.verification.comparison import Check
from gradsheet.verification.verify import Verification, verify

if TYPE_CHECKING:
    from gradsheet.derivation import Derivation
    from gradsheet.evaluation import Inputs

_LONGEST = 200_000


def verified(derivation: Derivation, inputs: Inputs | None, kind: str) -> Verification:
    """A verification from the cache where exactly this was verified before, else a new one.

    The key holds the derived equations themselves, so a change of any rule is verified anew. `GRADSHEET_CACHE` names
    the folder (empty: no cache); only verifications that passed are kept.
    """
    place = _place(derivation, inputs, kind)
    if place is not None and place.is_file():
        known = _read(place)
        if known is not None:
            return known
    result = verify(derivation, inputs, kind)
    if place is not None and result.passed and result.checks:
        _write(place, result)
    return result


def _place(derivation: Derivation, inputs: Inputs | None, kind: str) -> Path | None:
    base = cache_folder("verified")
    text = derivation.sheet.source.text
    if base is None or len(text) > _LONGEST:
        return None
    digest = hashlib.sha256()
    digest.update(str(getattr(sys.modules["gradsheet"], "__version__", "")).encode())
    digest.update(text.encode())
    digest.update(kind.encode())
    names = {s: k for k, s in enumerate(sorted(_symbols(derivation), key=lambda s: s.serial))}
    for adjoint in derivation.adjoints:
        digest.update(adjoint.symbol.name.encode())
        digest.update(_nameless(key(adjoint.equation.body), names).encode())
    for body in _sums(derivation):
        digest.update(_nameless(key(body), names).encode())
    if inputs is not None:
        for symbol in sorted(inputs.values, key=lambda s: s.name):
            digest.update(symbol.name.encode())
            digest.update(_values(inputs.values[symbol]).encode())
    return base / f"{digest.hexdigest()}.json"


def _sums(derivation: Derivation) -> list[Any]:
    """What is stated of sums over configurations."""
    partition = derivation.partition
    return [*(e.body for e in partition.rewritten.values()), *(s.equation.body for s in partition.statements)]


def _symbols(derivation: Derivation) -> set[Any]:
    found: set[Any] = set()
    for adjoint in derivation.adjoints:
        found |= adjoint.equation.body.symbols
    for body in _sums(derivation):
        found |= body.symbols
    return found


def _nameless(parts: Any, names: dict[Any, int]) -> str:
    """A canonical key as text; serial numbers, which differ from run to run, by order of appearance."""
    serials = {s.serial: k for s, k in names.items()}
    seen: dict[int, int] = {}

    def plain(part: Any) -> Any:
        if not isinstance(part, tuple):
            return part
        if len(part) == 3 and part[0] == "access":
            return ("access", serials.get(part[1], -1), plain(part[2]))
        if len(part) == 2 and part[0] == "index":
            return ("index", seen.setdefault(part[1], len(seen)))
        if len(part) == 4 and part[0] == "size":
            return ("size", part[2], seen.setdefault(-part[3], len(seen)) if part[3] else 0)
        return tuple(plain(p) for p in part)

    return repr(plain(parts))


def _values(value: Any) -> str:
    if isinstance(value, dict):
        return repr({k: _values(v) for k, v in sorted(value.items())})
    if isinstance(value, np.ndarray) and value.dtype != object:
        return hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    return repr(np.asarray(value, dtype=object).tolist())


def _read(place: Path) -> Verification | None:
    try:
        data = json.loads(place.read_text(encoding="utf-8"))
        return Verification([Check(**{**c, "wrt": tuple(c["wrt"])}) for c in data["checks"]], [])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(place: Path, result: Verification) -> None:
    """Write beside and move into place, so that no reader sees half a file; a cache that cannot be written is none."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=place.parent, delete=False) as file:
            json.dump({"checks": [asdict(c) for c in result.checks]}, file)
        Path(file.name).replace(place)
    except OSError:
        return
