"""W1, W1[1,2], ∂L/∂W1, x̄: what a name in a Python string refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

from gradsheet.diagnostics import Diagnostic, Diagnostics, SheetError, Source
from gradsheet.records import dataclass
from gradsheet.sheet import literal
from gradsheet.syntax import canonical_key, parse_expression, tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import Index, Symbol
    from gradsheet.sheet import Sheet

Shape = tuple[int | str, ...]
"""Sizes from the outermost axis in: numbers where they are known, else as the sheet writes them, `"n"`, `"0..R"`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A symbol, and the indices of one of its components or family members."""

    symbol: Symbol
    items: tuple[int, ...] = ()


def symbol_of(sheet: Sheet, text: str) -> Reference:
    """The symbol that a name stands for: `W1`, `W1[1,2]`, `eta` for η.

    Raises `SheetError` for what the sheet does not have.
    """
    return _named(sheet, _parsed(text), text)


def value_of(sheet: Sheet, derivation: Derivation, text: str) -> Reference:
    """A symbol of the sheet, or a derivative: `∂L/∂W1`, `dL/dW1`, `∂L/∂W1[1,2]`, `x̄`."""
    node = _parsed(text)
    if isinstance(node, tree.Derivative):
        parts = [_named(sheet, part, text) for part in (node.of, *node.by)]
        of, by = parts[0].symbol, tuple(p.symbol for p in parts[1:])
        for adjoint in derivation.adjoints:
            if adjoint.of is of and adjoint.wrt == by:
                return Reference(adjoint.symbol, tuple(i for part in parts for i in part.items))
        raise _refusal(
            "GS201", f"'{text}' is not part of this derivation", _known(a.symbol.name for a in derivation.adjoints)
        )
    base = node.base if isinstance(node, tree.Subscript) else node
    if isinstance(base, tree.Name) and base.key not in sheet.symbols:
        extra = [*derivation.cotangents.values(), *(a.symbol for a in derivation.adjoints)]
        for symbol in extra:
            if normalize("NFC", symbol.name) == base.key:
                return Reference(symbol, _items(node, text))
    return _named(sheet, node, text)


def _parsed(text: str) -> tree.Expression:
    source = Source(text, "<name>")
    return parse_expression(source, Diagnostics(source))


def _named(sheet: Sheet, node: tree.Expression, text: str) -> Reference:
    base = node.base if isinstance(node, tree.Subscript) else node
    if not isinstance(base, tree.Name):
        raise _refusal(
            "GS201", f"'{text}' is not a name", "a name such as W1, one entry W1[1,2], or a derivative ∂L/∂W1"
        )
    symbol = sheet.symbols.get(base.key) or sheet.symbols.get(canonical_key(base.text))
    if symbol is None:
        raise _refusal("GS201", f"the sheet has no '{base.text}'", _known(s.name for s in sheet.symbols.values()))
    items = _items(node, text)
    if len(items) > symbol.rank:
        raise _refusal("GS209", f"'{base.text}' has {symbol.rank} axes, '{text}' names {len(items)} indices", None)
    return Reference(symbol, items)


def _items(node: tree.Expression, text: str) -> tuple[int, ...]:
    if not isinstance(node, tree.Subscript):
        return ()
    return tuple(_whole(item, text) for item in node.items)


def _whole(node: tree.Expression | tree.Slice, text: str) -> int:
    match node:
        case tree.Num(value=value) if value.denominator == 1:
            return int(value)
        case tree.Additive(terms=(tree.Term(sign="-", item=item),)):
            return -_whole(item, text)
        case _:
            raise _refusal("GS209", f"an index in '{text}' is not a whole number", "W1[1,2]")


def _known(names: Iterable[str]) -> str:
    return "there are " + ", ".join(dict.fromkeys(names))


def _refusal(code: str, message: str, suggestion: str | None) -> SheetError:
    return SheetError((Diagnostic(code, message, suggestion=suggestion),))


def shape_of(axes: tuple[Index, ...]) -> Shape:
    """Sizes as numbers where they are known, as text where they are not."""
    return tuple(_size(axis) for axis in axes)


def _size(axis: Index) -> int | str:
    count = literal(axis.high - axis.low + 1)
    if count is not None:
        return count
    return repr(axis.high) if literal(axis.low) == 1 else f"{axis.low}..{axis.high}"
