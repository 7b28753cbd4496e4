"""Whether an expression is a number, a column, a row or a matrix, as far as the names tell: enough to skip nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gradsheet.checking.slips.products import Unit, is_call, units
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    Conditional,
    Derivative,
    Group,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Subscript,
    Transpose,
    Underbrace,
)

if TYPE_CHECKING:
    from gradsheet.checking.slips.vocabulary import Vocabulary
    from gradsheet.syntax.tree import Node

Form = Literal["scalar", "column", "row", "matrix"]

_OF_RANK: dict[int | None, Form] = {0: "scalar", 1: "column", 2: "matrix"}
_TURNED: dict[Form | None, Form] = {"scalar": "scalar", "column": "row", "row": "column", "matrix": "matrix"}
_TIMES: dict[tuple[Form, Form], Form] = {
    ("column", "row"): "matrix",
    ("row", "column"): "scalar",
    ("matrix", "column"): "column",
    ("row", "matrix"): "row",
    ("matrix", "matrix"): "matrix",
}
_REDUCING = frozenset({"tr", "trace", "det", "logdet", "sum", "norm", "mean", "max", "min", "lse", "logsumexp", "prod"})


def form_of(node: Node, vocabulary: Vocabulary) -> Form | None:
    """The form of an expression; None where it is not known."""
    match node:
        case Num():
            return "scalar"
        case Name():
            facts = vocabulary.facts(node.key)
            if facts is None:
                return "scalar" if node.key in vocabulary.indices or node.key in {"e", "π"} else None
            return _OF_RANK.get(facts.rank) if facts.leading == 0 else None
        case Subscript(base=Name(key=key), items=items):
            facts = vocabulary.facts(key)
            if facts is None or facts.rank is None:
                return None
            return _OF_RANK.get(facts.rank - max(0, len(items) - facts.leading))
        case Subscript(base=Subscript() | Group()):
            return "scalar"
        case Group(items=(item,)) | Underbrace(base=item):
            return form_of(item, vocabulary)
        case Transpose(base=base) | Prime(base=base):
            return _TURNED.get(form_of(base, vocabulary))
        case Power(base=base) | Binder(body=base) | Conditional(then=base):
            return form_of(base, vocabulary)
        case Bars(kind=kind, body=body):
            return "scalar" if kind == "‖" else form_of(body, vocabulary)
        case Array(rows=rows):
            return "column" if len(rows) == 1 or len(rows[0]) == 1 else "matrix"
        case Additive(terms=terms):
            forms = [form_of(term.item, vocabulary) for term in terms]
            return next((form for form in forms if form not in {None, "scalar"}), None if None in forms else "scalar")
        case Product():
            return _product(node, vocabulary)
        case Derivative(of=of, by=by):
            above = form_of(of, vocabulary)
            return form_of(by[0], vocabulary) if above == "scalar" and len(by) == 1 else None
        case _:
            return None


def form_of_unit(unit: Unit, vocabulary: Vocabulary) -> Form | None:
    """The form of a factor, or of a call with its argument."""
    if not is_call(unit):
        return form_of(unit[0].item, vocabulary)
    head = unit[0].item
    while isinstance(head, Prime | Power | Subscript):
        head = head.base
    assert isinstance(head, Name)
    argument = form_of(unit[-1].item, vocabulary)
    if head.key in _REDUCING:
        return "scalar"
    if head.key == "diag":
        return "matrix" if argument == "column" else None
    return argument


def _product(node: Product, vocabulary: Vocabulary) -> Form | None:
    form: Form | None = "scalar"
    for unit in units(node):
        factor = form_of_unit(unit, vocabulary)
        sign = unit[0].sign
        if form is None or factor is None:
            return None
        if factor == "scalar":
            continue
        if form == "scalar" or (sign in {"⊙", "⊘"} and form == factor):
            form = factor
        elif sign == "⊗":
            form = "matrix"
        else:
            form = _TIMES.get((form, factor))
    return form
