"""Given values as arrays of certified numbers: literals, fractions, constants, nested lists."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import Diagnostic, Diagnostics, SheetError
from gradsheet.evaluation.domains import Array, CertifiedDomain
from gradsheet.evaluation.evaluate import Evaluator
from gradsheet.expressions import walk
from gradsheet.numerics.certified import certify
from gradsheet.sheet.expressions import ExpressionReader
from gradsheet.sheet.model import Sheet
from gradsheet.sheet.scope import Scope
from gradsheet.sheet.sizes import SizeTable
from gradsheet.sheet.tensors import Unreadable
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.diagnostics import Source, Span

Nested = Any
"""A certified scalar, an object array, or a list of such with shapes of their own (a ragged family)."""


def read_literal(node: tree.Expression, source: Source) -> Nested:
    """The value that a line of `given` states.

    Rows of one length become an array; `[1, 2; 3, 4]` and `[[1, 2], [3, 4]]` are the same; lists of different lengths
    stay lists, for families whose members differ in shape.
    """
    match node:
        case tree.Array(rows=rows):
            if len(rows) > 1:
                return _join([_join([read_literal(i, source) for i in row]) for row in rows])
            return _join([read_literal(i, source) for i in rows[0]]) if rows else _join([])
        case tree.Group(items=(item,)):
            return read_literal(item, source)
        case tree.Num(value=value):
            return certify(value)
        case tree.Additive(terms=(tree.Term(sign="-", item=tree.Num(value=value)),)):
            return certify(-value)
        case _:
            return _constant(node, source)


def _join(parts: list[Nested]) -> Nested:
    shapes = {np.shape(p) if isinstance(p, np.ndarray) else () if not isinstance(p, list) else None for p in parts}
    shape = next(iter(shapes), None)
    if len(shapes) != 1 or shape is None:
        return parts
    result: Array = np.empty((len(parts), *shape), dtype=object)
    for k, part in enumerate(parts):
        result[k] = part
    return result


def _constant(node: tree.Expression, source: Source) -> Nested:
    diagnostics = Diagnostics(source)
    reader = ExpressionReader(Sheet(source, tree.Document(())), diagnostics, SizeTable())
    try:
        value = reader.read(node, Scope())
    except Unreadable:
        first = diagnostics.errors[0]
        hint = first.suggestion if first.code != "GS201" else "values are numbers, such as 0.1, 1/3 or sqrt(2)"
        raise SheetError(
            (Diagnostic("GS406", f"this value cannot be read: {first.message}", first.span, source, None, hint),)
        ) from None
    if value.rank or any(n.symbols for n in walk(value.body)):
        raise SheetError((_unreadable("a number or a list of numbers is expected", node.span, source),))
    result = Evaluator(CertifiedDomain(), {}, {}, {}).evaluate(value.body).data
    if result.is_undefined:
        raise SheetError((Diagnostic("GS405", f"this value is undefined: {result.reason}", node.span, source),))
    return result


def _unreadable(message: str, span: Span, source: Source) -> Diagnostic:
    return Diagnostic("GS406", message, span, source)


def from_python(value: Any) -> Nested:
    """Values from Python or JSON: numbers, strings such as "1/3", lists, arrays.

    >>> from_python([1, "1/3"])
    array([Certified(1), Certified(1/3)], dtype=object)
    """
    if isinstance(value, np.ndarray) and value.dtype != object:
        if value.dtype.kind not in "fiub":
            msg = f"numbers are expected, not {value.dtype}"
            raise TypeError(msg)
        return value.astype(np.float64) if value.dtype.kind == "f" else _exact_integers(value)
    if isinstance(value, (list, tuple)):
        return _join([from_python(v) for v in value])
    if isinstance(value, str):
        return certify(Fraction(value.replace("−", "-")))
    if isinstance(value, bool):
        return certify(int(value))
    if isinstance(value, float) and not np.isfinite(value):
        msg = "a finite number is expected"
        raise ValueError(msg)
    return certify(value.item() if isinstance(value, np.generic) else value)


def _exact_integers(value: Array) -> Array:
    result = np.empty(value.shape, dtype=object)
    for place in np.ndindex(value.shape):
        result[place] = certify(int(value[place]))
    return result
