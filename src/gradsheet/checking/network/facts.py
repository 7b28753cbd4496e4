"""What a page and its context say of shapes and values, in the names of a sheet."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.checking.network.letters import Letters, Untranslated
from gradsheet.checking.network.plan import Plan, names_in
from gradsheet.checking.network.search import Facts
from gradsheet.checking.network.statements import TRANSPOSES, Page, Raw, Symbol, symbol_of
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Expression,
    Factor,
    Group,
    Name,
    Num,
    Power,
    Product,
    Subscript,
    Term,
    Transpose,
)
from gradsheet.syntax.written_names import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.context import Context
    from gradsheet.checking.reading.model import Chain

_ROW = re.compile(
    r"^\s*(?:\\left)?[\[(]\s*(?P<items>-?[\d.]+(?:(?:\s|,|~|&|\\[ ,;]|\\quad)+-?[\d.]+)+)\s*(?:\\right)?[\])]\s*"
    r"(?P<transposed>\^\s*\{?\s*(?:\\top|\\intercal|T|\\mathsf\{T\}|\\mathrm\{T\})\s*\}?)?\s*[.,;]?\s*$"
)


def name_of(letters: Letters, symbol: Symbol) -> str | None:
    """The name that a symbol is; None if it is an entry, or nothing."""
    try:
        found = letters.name_of(symbol)
    except Untranslated:
        return None
    if isinstance(found, Subscript):
        return None
    return found.key if isinstance(found, Name) else None


def facts_of(plan: Plan, page: Page, chains: Sequence[Chain], context: Context | None, span: tuple[int, int]) -> Facts:
    """Shapes, values and habits; what stands in the part of the page that is meant comes first."""
    facts = Facts()
    defined = {equation.name for equation in plan.equations} | set(plan.functions)
    for stated in page.shapes:
        name = name_of(plan.letters, stated.target)
        if name is not None and (name not in facts.stated or span[0] <= stated.chain < span[1]):
            facts.stated[name] = stated.sizes
    for given in sorted(page.given, key=lambda raw: (not span[0] <= raw.chain < span[1], raw.chain)):
        name = name_of(plan.letters, given.target)
        value = _value(given, chains)
        if name is not None and value is not None and name not in defined:
            facts.values.setdefault(name, value)
    for symbol, reason in page.skipped.items():
        name = name_of(plan.letters, symbol)
        if name in plan.inputs and name not in facts.values:
            facts.missing[name] = reason
    if context is not None:
        _from_context(facts, plan, context)
        facts.rows = context.conventions.vectors == "rows"
    for _, tree in page.trees:
        for part in walk(tree):
            if isinstance(part, Name) and _bold(part.key) is not None:
                facts.bold.add(_bold(part.key) or part.key)
    bodies = [*plan.equations, *plan.functions.values()]
    names = {name for equation in bodies for name in (*names_in(equation.value), equation.name)}
    facts.own = (
        any(_has_arrays(equation.value) for equation in bodies)
        or bool(facts.bold & names)
        or any(sizes for name, sizes in facts.stated.items() if name in names)
        or any(isinstance(value, Array) for name, value in facts.values.items() if name in names)
        or any(rank for name, rank in facts.ranks.items() if name in names)
    )
    facts.arrays = facts.own or any(_has_arrays(tree) for _, tree in page.trees)
    return facts


def _has_arrays(tree: Expression) -> bool:
    """Something that only vectors and matrices have."""
    for part in walk(tree):
        match part:
            case Transpose() | Bars(kind="‖"):
                return True
            case Array(rows=rows) if len(rows) > 1:
                return True
            case Power(exponent=Name(key=key)) if key in TRANSPOSES:
                return True
            case Power(exponent=Product(factors=(*_, Factor(item=Name(key=key))))) if key in TRANSPOSES:
                return True
            case Name(key=key) if (len(key) == 1 or key[1:].isdigit()) and key[:1] in "WUVXAB":
                return True
            case Name(key="softmax"):
                return True
            case Product(factors=factors) if any(factor.sign in {"⊙", "⊘", "⊗"} for factor in factors):
                return True
            case _:
                continue
    return False


def _bold(key: str) -> str | None:
    folded = unicodedata.normalize("NFKC", key)
    if folded == key or not key or not "\U0001d400" <= key[0] <= "\U0001d7ff":
        return None
    return folded if "BOLD" in unicodedata.name(key[0], "") else None


def _from_context(facts: Facts, plan: Plan, context: Context) -> None:
    known = {written(name): name for name in (*plan.inputs, *(equation.name for equation in plan.equations))}

    def named(left: Expression) -> str | None:
        symbol = symbol_of(left)
        name = None if symbol is None else name_of(plan.letters, symbol)
        return None if name is None else known.get(written(name), name)

    for rule in context.shapes:
        name = named(rule.left)
        if name is None:
            continue
        if rule.axes is None:
            facts.ranks[name] = rule.rank
        else:
            facts.stated[name] = rule.axes
    for given in context.given:
        name = named(given.left)
        if name is not None:
            facts.values[name] = given.value


def _value(given: Raw, chains: Sequence[Chain]) -> Expression | None:
    """A value that the page states, as a number or an array of numbers."""
    for side in chains[given.chain].sides[1:2]:
        found = _ROW.match(side.latex)
        if found is not None:
            items = tuple(_numeral(text) for text in re.findall(r"-?[\d.]+", found["items"]))
            array = Array(tuple((item,) for item in items)) if found["transposed"] else Array((items,))
            return None if any(item is None for item in items) else array
    return _closed(given.value)


def _numeral(text: str) -> Any:
    try:
        number = Fraction(text)
    except ValueError:
        return None
    plain_number = Num(abs(number), text.lstrip("-"))
    return plain_number if number >= 0 else Additive((Term("-", plain_number),))


def _closed(value: Expression) -> Expression | None:
    match value:
        case Transpose(base=base) | Power(base=base, exponent=Name(key="T" | "⊤")):
            inner = _closed(base)
            if isinstance(inner, Array):
                return Array(tuple(zip(*inner.rows, strict=True)))
            return inner
        case Group(items=(item,)) if isinstance(item, Array):
            return _closed(item)
        case Group(items=items) if len(items) > 1:
            return Array((items,))
        case Array(rows=rows):
            return value if len({len(row) for row in rows}) == 1 else None
        case _ if any(isinstance(part, Array) for part in walk(value)):
            return None
        case _:
            return value
