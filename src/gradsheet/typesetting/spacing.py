"""Thin spaces between neighbours, as TeX puts them (The TeXbook, ch. 18), for backends that do not do it themselves."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gradsheet.typesetting.boxes import (
    Accent,
    Between,
    BigSign,
    Box,
    Brace,
    Cases,
    Compound,
    Fence,
    Fraction,
    Letter,
    Limits,
    Lines,
    Matrix,
    Numeral,
    Operator,
    Root,
    Row,
    Scripts,
    Sign,
    Text,
    Word,
)

Kind: TypeAlias = Literal["ord", "op", "inner", "open", "close", "none"]

_AROUND_OPERATORS: frozenset[tuple[Kind, Kind]] = frozenset(
    {("ord", "op"), ("op", "ord"), ("op", "op"), ("close", "op"), ("inner", "op")}
)
_OF_FULL_SIZE: frozenset[tuple[Kind, Kind]] = frozenset(
    {
        ("ord", "inner"), ("inner", "ord"), ("inner", "inner"), ("inner", "open"), ("close", "inner"), ("op", "inner"),
    }
)  # fmt: skip


def thin_spaces(items: tuple[Box, ...], *, small: bool) -> list[bool]:
    """For each box of a row, whether a thin space stands before it. `small`: the row is an index or an exponent.

    >>> thin_spaces((Operator("log"), Letter("p")), small=False)
    [False, True]
    """
    out: list[bool] = []
    before: Kind = "none"
    applied = False
    for item in items:
        if isinstance(item, Between):
            out.append(False)
            applied = item.kind == "apply"
            continue
        pair = (before, kind_of(item, 0))
        wide = pair in _AROUND_OPERATORS or (not small and pair in _OF_FULL_SIZE)
        out.append(wide and not (applied and kind_of(item, 0) in ("open", "inner") and _is_fenced(item)))
        before = kind_of(item, -1)
        applied = False
    return out


def kind_of(box: Box, end: int) -> Kind:
    """What a box is to its neighbour on one side."""
    match box:
        case Letter("∂") if end == -1:
            return "none"  # it belongs to what follows
        case Letter() | Word() | Compound() | Accent() | Numeral() | Root() | Text() | Sign(spacing="ordinary"):
            return "ord"
        case Operator() | BigSign() | Limits() | Brace():
            return "op"
        case Fraction() | Matrix() | Cases() | Lines() | Fence(grows=True):
            return "inner"
        case Fence():
            return "open" if end == 0 else "close"
        case Scripts(base=base):
            return kind_of(base, end)
        case Row(items=(_, *_) as items):
            return kind_of(items[end], end)
        case _:
            return "none"


def _is_fenced(box: Box) -> bool:
    return isinstance(box.base if isinstance(box, Scripts) else box, Fence)
