"""The statements of one network in the names of a sheet: equations in order, inputs, functions, values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.checking.network.letters import Letters, Untranslated
from gradsheet.checking.network.statements import CONSTANTS, KNOWN_FUNCTIONS, symbol_key, symbol_of, symbols_in
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Additive,
    Bars,
    Binder,
    Expression,
    Factor,
    Group,
    Name,
    Node,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Subscript,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gradsheet.checking.network.statements import Page, Raw
    from gradsheet.checking.reading.model import Chain

FUNCTION_LETTERS = frozenset("fgφϕψρFGs")
_LAST = re.compile(r"(?:\\(?:l?dots|cdots)|…|\.\.\.?|,|-|–|to)\s*,?\s*(\d+|[A-Z])\s*\W*$")


@dataclass(slots=True)
class Equation:
    """`target = value`, or a function with its formal arguments."""

    name: str
    target: Expression
    value: Expression
    chain: int
    formals: tuple[str, ...] | None = None
    letter: str = ""
    """The layer or time over which it runs."""


@dataclass(slots=True)
class Plan:
    """All that one sheet will say, before shapes are known."""

    letters: Letters
    equations: list[Equation] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    functions: dict[str, Equation] = field(default_factory=dict)
    unspecified: list[str] = field(default_factory=list)
    families: set[str] = field(default_factory=set)
    """Names with widths of their own for each layer."""
    letter: str = ""
    depth: str = ""
    first: int = 1
    states: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)
    renamed: list[tuple[Expression, str]] = field(default_factory=list)
    """Calls of the page, `E(v, h)`, that are plain names in the sheet."""
    lacks: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)


def names_in(node: Node) -> Iterator[str]:
    """The keys of all names in a tree."""
    for part in walk(node):
        if isinstance(part, Name):
            yield part.key


def plan_of(raws: Sequence[Raw], page: Page, chains: Sequence[Chain]) -> Plan:
    """Translate definitions; what cannot be translated is left out and said."""
    raws = _without_general_forms(list(raws))
    trees = [tree for number, tree in page.trees if any(raw.chain == number for raw in raws)]
    plan = Plan(Letters.of(raws, trees))
    _calls(raws, plan)
    _evaluated(raws)
    _recursion(raws, plan, chains)
    for raw in raws:
        _translate(raw, plan)
    _initial(plan)
    _classify(plan)
    return plan


def _without_general_forms(raws: list[Raw]) -> list[Raw]:
    """Layers that are written one by one need no `z^{(l)}` beside them."""
    numbered = {
        raw.target.base for raw in raws
        if isinstance(raw.target.mark, Num) and raw.target.mark.value != 0
    }  # fmt: skip

    last = {
        base: max(int(r.target.mark.value) for r in raws if r.target.base == base and isinstance(r.target.mark, Num))
        for base in numbered
    }

    def ended(node: Any) -> Any:
        """`h^{(L)}` with numbered layers is the last of them."""
        if isinstance(node, tuple):
            return tuple(ended(part) for part in node)
        if not isinstance(node, Node):
            return node
        symbol = symbol_of(node)
        if symbol is not None and symbol.base in last and isinstance(symbol.mark, Name) and symbol.mark.key.isupper():
            number = Num(Fraction(last[symbol.base]), str(last[symbol.base]))
            return _with_mark(node, number)
        return replace(node, **{f.name: ended(getattr(node, f.name)) for f in fields(node) if f.compare})

    raws = [replace(raw, value=ended(raw.value)) for raw in raws]

    def general(raw: Raw) -> bool:
        return any(
            symbol.base in numbered and symbol.mark is not None and not isinstance(symbol.mark, Num)
            and any(isinstance(part, Name) and len(part.key) == 1 for part in walk(symbol.mark))
            for symbol in (raw.target, *symbols_in(raw.value))
        )  # fmt: skip

    return [raw for raw in raws if not general(raw)]


def _with_mark(node: Any, mark: Expression) -> Any:
    """A symbol with another layer."""
    if isinstance(node, Power):
        return replace(node, exponent=Group((mark,)))
    return replace(node, base=_with_mark(node.base, mark))


# ---------------------------------------------------------------- functions of arguments


def _calls(raws: list[Raw], plan: Plan) -> None:
    """`E(v, h)` that is only ever called by these names is the quantity E; what is called otherwise is a function."""
    for at, raw in enumerate(raws):
        if raw.arguments is None:
            continue
        formals = tuple(name.key for name in raw.arguments)
        others = [
            call for other in raws for call in _calls_of(raw.target.base, other.value)
            if tuple(plain(item) for item in call.items) != tuple(plain(name) for name in raw.arguments)
        ]  # fmt: skip
        summed = any(
            isinstance(part, Binder) and {i.name.key for i in part.indices if i.domain is None} & set(formals)
            for other in raws for part in walk(other.value)
        )  # fmt: skip
        if others or summed:
            continue
        raws[at] = replace(raw, arguments=None)
        if raw.called is not None:
            plan.renamed.append((raw.called, raw.target.base))
        for number, other in enumerate(raws):
            raws[number] = replace(other, value=_uncalled(raw.target.base, other.value))


def _evaluated(raws: list[Raw]) -> None:
    """`h^{(0)}(x)` with h⁽⁰⁾ defined without arguments is h⁽⁰⁾, and x says at what."""
    plain_symbols = {symbol_key(raw.target) for raw in raws if raw.arguments is None}

    def bare(node: Any) -> Any:
        if isinstance(node, tuple):
            return tuple(bare(part) for part in node)
        if not isinstance(node, Node):
            return node
        if isinstance(node, Product):
            kept: list[Factor] = []
            for factor in node.factors:
                before = symbol_of(kept[-1].item) if kept else None
                point = (
                    factor.sign == ""
                    and isinstance(factor.item, Group)
                    and all(isinstance(item, Name) for item in factor.item.items)
                )
                if point and before is not None and symbol_key(before) in plain_symbols:
                    continue
                kept.append(replace(factor, item=bare(factor.item)))
            return kept[0].item if len(kept) == 1 else replace(node, factors=tuple(kept))
        return replace(node, **{f.name: bare(getattr(node, f.name)) for f in fields(node) if f.compare})

    for at, raw in enumerate(raws):
        raws[at] = replace(raw, value=bare(raw.value))


def _calls_of(base: str, node: Expression) -> Iterator[Group]:
    for part in walk(node):
        if isinstance(part, Product):
            for first, second in zip(part.factors, part.factors[1:], strict=False):
                symbol = symbol_of(first.item)
                if symbol is not None and symbol.base == base and second.sign == "" and isinstance(second.item, Group):
                    yield second.item


def _uncalled(base: str, node: Any) -> Any:
    if isinstance(node, tuple):
        return tuple(_uncalled(base, part) for part in node)
    if not isinstance(node, Node):
        return node
    if isinstance(node, Product):
        kept: list[Factor] = []
        for factor in node.factors:
            before = symbol_of(kept[-1].item) if kept else None
            if before is not None and before.base == base and factor.sign == "" and isinstance(factor.item, Group):
                continue
            kept.append(replace(factor, item=_uncalled(base, factor.item)))
        return kept[0].item if len(kept) == 1 else Product(tuple(kept))
    return replace(node, **{f.name: _uncalled(base, getattr(node, f.name)) for f in fields(node) if f.compare})


# ---------------------------------------------------------------- layers and time steps


def _recursion(raws: list[Raw], plan: Plan, chains: Sequence[Chain]) -> None:
    """The letter of a recursion, and whether it counts layers with widths of their own."""
    found: dict[str, set[str]] = {}
    for raw in raws:
        for symbol in (raw.target, *symbols_in(raw.value)):
            for item in _marks(symbol):
                if isinstance(item, Additive):
                    for letter in {part.key for part in walk(item) if isinstance(part, Name)}:
                        found.setdefault(letter, set()).add(symbol.base)
    defined = {raw.target.base for raw in raws}
    recursive = [letter for letter in found if found[letter] & defined]
    if not recursive:
        return
    letter = recursive[0]
    plan.letter = letter
    carried = {
        symbol.base for raw in raws for symbol in (raw.target, *symbols_in(raw.value))
        if any(letter in names_in(item) for item in _marks(symbol))
    }  # fmt: skip
    plan.letters.entries |= carried
    capital = any(base[:1].isupper() for base in carried - defined)
    if letter == "l" or capital:
        plan.families = carried
    plan.depth = _depth(raws, plan, chains) or ("D" if plan.families else "T")
    if plan.depth == "L" and "L" in defined:
        plan.letters.depth = plan.depth = "D"


def _marks(symbol: Any) -> tuple[Expression, ...]:
    if symbol.mark is not None:
        return (symbol.mark,)
    return tuple(symbol.items[:1]) if symbol.items else ()


def _depth(raws: list[Raw], plan: Plan, chains: Sequence[Chain]) -> str:
    for raw in raws:
        chain = chains[raw.chain]
        for condition in chain.conditions:
            last = _LAST.search(condition.text)
            if last is not None and plan.letter in condition.text:
                return last[1]
    for raw in raws:
        for symbol in (raw.target, *symbols_in(raw.value)):
            if symbol.base in plan.letters.entries:
                for item in _marks(symbol):
                    if isinstance(item, Name) and len(item.key) == 1 and item.key.isupper():
                        return item.key
    for raw in raws:
        for part in walk(raw.value):
            if isinstance(part, Binder):
                for index in part.indices:
                    if index.name.key == plan.letter and isinstance(index.domain, Range):
                        return plain(index.domain.high)
    return ""


def _initial(plan: Plan) -> None:
    """A recursion whose first member nobody gives begins with an input."""
    if not plan.letter:
        return
    earlier = {name for equation in plan.equations if equation.letter for name in delayed(equation.value)}
    for name in sorted(earlier):
        own = [equation for equation in plan.equations if equation.name == name]
        if own and all(equation.letter for equation in own):
            start = Name(f"{name}0", f"{name}0")
            target = Subscript(Name(name, name), (Num(Fraction(0), "0"),))
            plan.equations.insert(0, Equation(name, target, start, -1))


def delayed(node: Expression) -> set[str]:
    """Names that are used at an earlier step, h[t-1]."""
    return {
        part.base.key for part in walk(node)
        if isinstance(part, Subscript) and isinstance(part.base, Name) and isinstance(part.items[0], Additive)
    }  # fmt: skip


# ---------------------------------------------------------------- translation


def _translate(raw: Raw, plan: Plan) -> None:
    letters = plan.letters
    try:
        target = letters.name_of(raw.target)
        value = letters.translated(raw.value)
    except Untranslated as problem:
        plan.lacks.append(f"the definition of {raw.target.base} is left out: {problem} cannot be read as a symbol")
        return
    base = target.base if isinstance(target, Subscript) else target
    if not isinstance(base, Name):
        return
    letter = ""
    if isinstance(target, Subscript) and plan.letter and plan.letter in set(names_in(target.items[0])):
        letter = plan.letter
    formals = None if raw.arguments is None else tuple(name.key for name in raw.arguments)
    entry = isinstance(target, Subscript)
    same = [e for e in plan.equations if e.name == base.key and (e.target == target or not entry)]
    if same or base.key in plan.functions:
        return  # the first holds, what comes later is claimed
    made = Equation(base.key, target, value, raw.chain, formals, letter)
    plan.used.add(raw.chain)
    if formals is None:
        plan.equations.append(made)
    else:
        plan.functions[base.key] = made


def _classify(plan: Plan) -> None:
    """Which names are inputs, sizes, functions that are left open, states that are summed over."""
    bodies = [*plan.equations, *plan.functions.values()]
    defined = {equation.name for equation in bodies}
    applied, otherwise = _applications(bodies)
    for equation in bodies:
        for part in walk(equation.value):
            if isinstance(part, Binder):
                for index in part.indices:
                    if isinstance(index.domain, Range):
                        plan.sizes |= {n for n in names_in(index.domain.high) if n not in defined}
                    elif index.domain is None and _is_state(index.name.key, bodies):
                        plan.states.add(index.name.key)
    plan.unspecified = [
        name for name in applied
        if name not in otherwise | defined | KNOWN_FUNCTIONS and (name[0] in FUNCTION_LETTERS or len(name) > 2)
    ]  # fmt: skip
    indices = plan.letters.indices - plan.states
    for equation in bodies:
        local = set(equation.formals or ())
        bare = _bare_names(equation.value, indices)
        for name in bare:
            if name in defined | KNOWN_FUNCTIONS | plan.sizes | set(plan.unspecified) or name in plan.inputs:
                continue
            if name in CONSTANTS or (name in local and name not in plan.states) or name == plan.depth:
                continue
            plan.inputs.append(name)
    for name in sorted(plan.states - set(plan.inputs) - defined):
        plan.inputs.append(name)


def _is_state(name: str, bodies: Iterable[Equation]) -> bool:
    """A sum runs over the values of a name that stands by itself, not over an index."""
    return any(name in (equation.formals or ()) for equation in bodies)


def _bare_names(node: Any, indices: set[str]) -> list[str]:
    """Names that are no indices, in order."""
    found: list[str] = []

    def visit(part: Any) -> None:
        match part:
            case Subscript(base=base, items=items):
                visit(base)
                for item in items:
                    for inner in walk(item):
                        if isinstance(inner, Name) and inner.key not in indices and inner.key not in found:
                            found.append(inner.key)
            case Binder(body=body) | Bars(body=body):
                visit(body)
            case Name(key=key):
                if key not in found:
                    found.append(key)
            case tuple():
                for inner in part:
                    visit(inner)
            case Node():
                for f in fields(part):
                    if f.compare:
                        visit(getattr(part, f.name))

    visit(node)
    return found


def _applications(bodies: Iterable[Equation]) -> tuple[list[str], set[str]]:
    """Names that stand before brackets, and names that stand elsewhere."""
    applied: list[str] = []
    otherwise: set[str] = set()

    def visit(part: Any) -> None:
        if isinstance(part, Product):
            for at, factor in enumerate(part.factors):
                after = part.factors[at + 1] if at + 1 < len(part.factors) else None
                head = factor.item
                while isinstance(head, Power | Prime):
                    head = head.base
                call = after is not None and after.sign == "" and isinstance(after.item, Group)
                if isinstance(head, Name) and call:
                    if head.key not in applied:
                        applied.append(head.key)
                else:
                    visit(factor.item)
        elif isinstance(part, Name):
            otherwise.add(part.key)
        elif isinstance(part, tuple):
            for inner in part:
                visit(inner)
        elif isinstance(part, Node):
            for f in fields(part):
                if f.compare:
                    visit(getattr(part, f.name))

    for equation in bodies:
        visit(equation.value)
    return applied, otherwise
