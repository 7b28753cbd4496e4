"""An audit as plain data, by `docs/schema/verify.schema.json`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gradsheet.auditing.model import Audit, Compared, Difference, Slip

SCHEMA_VERSION: Final = 1


def audit_data(report: Audit) -> dict[str, Any]:
    """All of an audit; the same function, sheet and seed give the same data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "sheet": report.sheet,
        "function": report.function,
        "kind": report.kind,
        "seed": report.seed,
        "points": list(report.points),
        "agrees": report.agrees,
        "forward": [_compared(c) for c in report.forward],
        "gradients": [_compared(c) for c in report.gradients],
        "faults": [{"kind": f.kind, "sentence": f.sentence} for f in report.faults],
        "remarks": list(report.remarks),
    }


def _compared(entry: Compared) -> dict[str, Any]:
    return {
        "name": entry.name,
        "verdict": entry.verdict,
        "digits": entry.digits,
        "derived": list(entry.derived),
        "difference": _difference(entry.difference),
        "slip": _slip(entry.slip),
        "agrees_where": list(entry.blind),
        "note": entry.note or None,
    }


def _difference(difference: Difference | None) -> dict[str, Any] | None:
    if difference is None:
        return None
    return {
        "place": list(difference.place),
        "found": _number(difference.found),
        "expected": _number(difference.expected),
        "relative": _number(difference.relative),
        "count": difference.count,
        "total": difference.total,
        "where": difference.where or None,
    }


def _slip(slip: Slip | None) -> dict[str, Any] | None:
    if slip is None:
        return None
    return {
        "kind": slip.kind,
        "sentence": slip.sentence,
        "computed": list(slip.computed),
        "derived": list(slip.derived),
    }


def _number(value: float) -> float | None:
    """A number, or null for NaN and infinity, which JSON lacks."""
    return value if math.isfinite(value) else None
