"""What the chains of a page define, give and say of shapes, before any name is bound."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.operations import ARRAY_SPELLINGS, ELEMENTWISE_SPELLINGS
from gradsheet.syntax import parse_latex_expression
from gradsheet.syntax import tree as nodes
from gradsheet.syntax.scripts import layer, spelled
from gradsheet.syntax.traversal import children, unlabelled, walk
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    Comparison,
    Derivative,
    Expression,
    Factor,
    FiniteSet,
    Group,
    Interval,
    Lowered,
    Nabla,
    Name,
    Node,
    Num,
    Power,
    Prime,
    Product,
    Reals,
    Set,
    Simplex,
    Slice,
    Subscript,
    Transpose,
    Underbrace,
)
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.syntax.written_names import faces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.checking.reading.model import Chain

KNOWN_FUNCTIONS = FUNCTIONS | set(ELEMENTWISE_SPELLINGS) | set(ARRAY_SPELLINGS) | {"eye", "ones", "zeros", "onehot"}
CONSTANTS = frozenset({"e", "π", "∞", "I"})
TRANSPOSES = frozenset({"T", "⊤", "top"})
DEFINING = frozenset({"=", ":=", "≡", "≈"})


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter with what stands above it in brackets and below it."""

    base: str
    mark: Expression | None = None
    items: tuple[Expression | Slice, ...] | None = None
    node: Expression | None = field(default=None, compare=False)
    brackets: bool = field(default=False, compare=False)
    """The indices stand in square brackets, and are nothing else."""


def face(name: Name) -> str:
    """A letter without its face: bold letters and those with an arrow are the plain ones; ℒ is not L."""
    first = name.key[:1]
    bold = "\U0001d400" <= first <= "\U0001d7ff" and "BOLD" in unicodedata.name(first, "")
    return list(faces(name.key))[-1] if bold or "\u20d7" in name.key else name.key


def is_mark(exponent: Expression, base: str) -> Expression | None:
    """What stands above a symbol and is no power: a number or a letter in brackets, and `l` or `l-1` without."""
    found = layer(exponent)
    if found is not None and found[1] is None:
        only = found[0]
        return only.items[1] if isinstance(only, Comparison) and only.relations == ("=",) else only  # h^{(l=L)}
    letters = {name.key for name in walk(exponent) if isinstance(name, Name)}
    if letters and letters <= {"l", "L"} and base != "e" and isinstance(exponent, Name | Additive):
        return exponent
    return None


def symbol_of(node: Any) -> Symbol | None:
    """The symbol that a node is, with its decorations in either order; None if it is something else."""
    match node:
        case Name():
            return Symbol(face(node), node=node)
        case Subscript(base=base, items=items):
            inner = symbol_of(base)
            if inner is None or inner.items is not None:
                return None
            return Symbol(inner.base, inner.mark, items, node, not isinstance(node, Lowered))
        case Power(base=base, exponent=exponent):
            inner = symbol_of(base)
            if inner is None or inner.mark is not None:
                return None
            mark = is_mark(exponent, inner.base)
            if mark is None:
                return None
            return Symbol(inner.base, mark, inner.items, node, inner.brackets)
        case _:
            return None


def symbols_in(node: Any) -> Iterator[Symbol]:
    """Every symbol in a tree, outermost decorations first; names of functions and of constants are among them."""
    found = symbol_of(node)
    if found is not None:
        yield found
        inside: list[Any] = [*(found.items or ()), *(() if found.mark is None else (found.mark,))]
        for part in inside:  # indices are no symbols of their own, but what is computed in them may be
            if isinstance(part, Subscript):
                yield from symbols_in(part)
        return
    if isinstance(node, Binder):
        yield from symbols_in(node.body)
        return
    if isinstance(node, Bars):
        yield from symbols_in(node.body)
        return
    if isinstance(node, Power):
        yield from symbols_in(node.base)
        if not (isinstance(node.exponent, Name) and node.exponent.key in TRANSPOSES):
            split = layer(node.exponent)
            yield from symbols_in(node.exponent if split is None or split[1] is None else split[1])
        return
    for part in children(node):
        yield from symbols_in(part)


@dataclass(frozen=True, slots=True)
class Raw:
    """`target = value` on the page."""

    chain: int
    target: Symbol
    value: Expression
    arguments: tuple[Name, ...] | None = None
    """Of a function, `E(v, h) = …`."""
    question: int = 0
    called: Expression | None = None
    stated: bool = False
    """The page says that it defines."""


@dataclass(frozen=True, slots=True)
class Stated:
    """`W ∈ ℝ^{m×n}`, `a : 2×1`."""

    chain: int
    target: Symbol
    sizes: tuple[Expression, ...]


@dataclass(slots=True)
class Page:
    """All that matters for the network."""

    definitions: list[Raw] = field(default_factory=list)
    given: list[Raw] = field(default_factory=list)
    shapes: list[Stated] = field(default_factory=list)
    derivatives: list[tuple[int, Derivative]] = field(default_factory=list)
    trees: list[tuple[int, Expression]] = field(default_factory=list)
    """Every side that was read, with its chain."""
    squares: dict[str, Expression] = field(default_factory=dict)
    """What is defined as a square, `σ² = …`, is a quantity with a name of its own."""
    skipped: dict[Symbol, str] = field(default_factory=dict)
    """Symbols whose definition could not be taken over, with the reason."""


def is_closed(node: Expression) -> bool:
    """Numbers, constants and functions of them only."""
    return all(s.base in CONSTANTS | TRANSPOSES or s.base in KNOWN_FUNCTIONS for s in symbols_in(node))


def has_derivative(node: Expression) -> bool:
    """Something is differentiated in it."""
    return any(
        isinstance(part, Derivative | Nabla) or (isinstance(part, Name) and part.key in {"∂", "∇"})
        for part in walk(node)
    )


def target_of(node: Expression) -> tuple[Symbol, tuple[Name, ...] | None] | None:
    """What a left side defines: a symbol, or a function of named arguments; None if it is no such thing."""
    found = symbol_of(node)
    if found is not None:
        operator = found.base in {"𝕀", "𝟙", "∇", "∂", "δ"}  # δ = ŷ - y is the backward pass
        return None if operator or found.base in KNOWN_FUNCTIONS - {"σ"} else (found, None)
    match node:
        case Product(factors=(Factor(item=head), Factor(sign="", item=Group(items=items)))):
            symbol = symbol_of(head)
            if symbol is not None and all(isinstance(item, Name) for item in items):
                return symbol, tuple(item for item in items if isinstance(item, Name))
    return None


def collect(chains: Sequence[Chain]) -> Page:
    """Sort the chains: definitions, values, shapes; what ties a symbol to a derivative is none of them."""
    page = Page()
    chains = _prepared(chains, page)
    for number, chain in enumerate(chains):
        if chain.struck:
            continue
        for side in chain.sides:
            for tree in (side.tree, *side.also):
                if tree is not None and side.kind == "expression":
                    page.trees.append((number, cast("Expression", tree)))
                    for part in walk(tree):
                        if isinstance(part, Derivative):
                            page.derivatives.append((number, part))
                        elif isinstance(part, Nabla) and part.by is not None:
                            page.derivatives.append((number, Derivative(part.of, (part.by,))))
    tied = _tied(chains)
    for number, chain in enumerate(chains):
        if chain.struck or len(chain.sides) < 2:
            continue
        if chain.relations[0] in {"∈", ":"}:
            page.shapes.extend(_shapes(number, chain))
        elif chain.relations[0] in DEFINING and not (chain.continues and not chain.definition):
            _sort(number, chain, tied, page)
    return page


def _tied(chains: Sequence[Chain]) -> set[Symbol]:
    """Symbols that an equality ties to a derivative when they first occur: they are names of gradients."""
    found: set[Symbol] = set()
    seen: set[tuple[Any, ...]] = set()
    for chain in chains:
        trees = _trees(chain)
        symbols = [symbol for tree in trees if (symbol := symbol_of(unlabelled(tree))) is not None]
        if any(_only_derivatives(unlabelled(tree)) for tree in trees):
            found |= {symbol for symbol in symbols if symbol_key(symbol) not in seen}
        for tree in trees:
            for part in walk(tree):
                if isinstance(part, Underbrace) and has_derivative(part.base):
                    symbol = symbol_of(part.label)
                    found |= set() if symbol is None else {symbol}
            seen |= {symbol_key(symbol) for symbol in symbols_in(tree)}
    return found


def _trees(chain: Chain) -> list[Expression]:
    """The sides that are expressions."""
    return [cast("Expression", s.tree) for s in chain.sides if s.tree is not None and s.kind == "expression"]


def _sort(number: int, chain: Chain, tied: set[Symbol], page: Page) -> None:
    readable = _trees(chain)
    if chain.sides[0].tree is None or chain.sides[0].kind != "expression":
        return
    if len(readable) < 2:
        lost = symbol_of(readable[0])
        if lost is not None and lost not in tied and any(side.kind == "unreadable" for side in chain.sides[1:]):
            page.skipped.setdefault(lost, "its definition cannot be read")
        return
    if any(has_derivative(tree) for tree in readable[:2]):
        lost = symbol_of(readable[0])
        if lost is not None and lost not in tied and not any(_only_derivatives(tree) for tree in readable[1:]):
            page.skipped.setdefault(lost, "a derivative stands in its definition")
        return
    for tree in readable:
        _braces(number, tree, chain.question, tied, page)
    plain = [unlabelled(tree) for tree in readable]
    left = target_of(plain[0])
    values = plain[1:]
    if left is None and len(plain) == 2 and not is_closed(plain[0]):  # ‖h - t‖² = e
        turned = target_of(plain[1])
        left, values = (turned, plain[:1]) if turned is not None and turned[1] is None else (None, values)
        if left is not None and left[0].base in KNOWN_FUNCTIONS:
            left = None
    if left is None and isinstance(plain[0], Product):
        left = None
    if left is None or left[0] in tied or _is_change(left[0]):
        return
    symbol, arguments = left
    entries = [_entries(symbol, value) for value in values]
    if any(names is not None for names in entries):
        page.shapes.extend(Stated(number, symbol, sizes) for sizes in entries[:1] if sizes)
        values = [value for value, names in zip(values, entries, strict=True) if names is None]
        if not values:
            return
    if arguments is not None and symbol.base in KNOWN_FUNCTIONS:
        return
    open_values = [value for value in values if not is_closed(value) and symbol_of(value) is None]
    renamed = [value for value in values if symbol_of(value) is not None and not is_closed(value)]
    written = {symbol_key(part) for value in open_values[:1] for part in symbols_in(value)}
    if written & {symbol_key(one) for one in tied}:
        return  # it is made of gradients: nothing of the network
    if symbol.mark is None and symbol.items is None and any(one[0] == symbol.base for one in written):
        return  # L = 1/N Σ L_i: the same letter for two things
    if open_values and symbol_key(symbol) not in written:
        raw = Raw(number, symbol, open_values[0], arguments, chain.question, plain[0], chain.definition)
        page.definitions.append(raw)
    elif not open_values and renamed and symbol_of(renamed[0]) != symbol:
        page.definitions.append(Raw(number, symbol, renamed[0], arguments, chain.question, plain[0], chain.definition))
    elif any(isinstance(part, nodes.Ellipsis) for value in values for part in walk(value)):
        return
    elif not any(isinstance(part, Num) for part in walk(values[0])):
        return  # g = tanh
    elif not open_values and not renamed and len(values) == 1 and arguments is None:
        page.given.append(Raw(number, symbol, values[0], None, chain.question, plain[0], chain.definition))


def _only_derivatives(tree: Expression) -> bool:
    """A product of derivatives, which names an adjoint."""
    match tree:
        case Derivative() | Nabla():
            return True
        case Product(factors=factors):
            return any(_only_derivatives(factor.item) for factor in factors)
        case Group(items=(item,)):
            return _only_derivatives(item)
        case _:
            return False


def _stands_alone(symbol: Expression, chains: Sequence[Chain]) -> bool:
    """Whether a symbol that is squared stands somewhere without its square: ∂K/∂σ beside σ²."""
    for chain in chains:
        for side in chain.sides:
            for part in walk(side.tree) if side.tree is not None else ():
                match part:
                    case Derivative(by=by) if symbol in by:
                        return True
                    case Product(factors=factors):
                        pairs = zip(factors, (*factors[1:], None), strict=True)
                        if any(f.item == symbol and not _is_argument(after) for f, after in pairs):
                            return True
                    case Additive(terms=terms) if any(term.item == symbol for term in terms):
                        return True
                    case _:
                        continue
    return False


def _is_deviation(chains: Sequence[Chain]) -> bool:
    """Whether σ is a number on this page, a standard deviation: it is differentiated by or squared, never applied."""
    sigma = Name("σ", "σ")
    seen = False
    for chain in chains:
        for side in chain.sides:
            for part in walk(side.tree) if side.tree is not None else ():
                match part:
                    case Product(factors=factors):
                        if any(f.item == sigma and _is_argument(after) for f, after in pairwise(factors)):
                            return False
                    case Prime(base=base) if base == sigma:
                        return False
                    case Derivative(by=by) if sigma in by:
                        seen = True
                    case Power(base=base) if base == sigma:
                        seen = True
                    case _:
                        continue
    return seen


def _is_argument(factor: Factor | None) -> bool:
    return factor is not None and factor.sign == "" and isinstance(factor.item, Group)


def _prepared(chains: Sequence[Chain], page: Page) -> Sequence[Chain]:
    """`σ² = …` defines the variance, not a square of σ; `W_{4×4}` is W with its shape."""
    defined = {symbol_key(s) for c in chains if (t := c.sides[0].tree) is not None and (s := symbol_of(t)) is not None}
    squares: list[tuple[Expression, str]] = []
    for chain in chains:
        match chain.sides[0].tree:
            case Power(base=base, exponent=Num(value=two)) if two == 2 and len(chain.sides) > 1:
                symbol = symbol_of(base)
                simple = symbol is not None and (symbol.items is None or spelled(symbol.items) is not None)
                alone = _stands_alone(base, chains)
                if symbol is not None and simple and symbol_key(symbol) not in defined and not alone:
                    below = "" if symbol.items is None else f"_{spelled(symbol.items)}"
                    squares.append((Power(base, Num(Fraction(2), "2")), f"{symbol.base}{below}²"))
    if _is_deviation(chains):
        squares.append((Name("σ", "σ"), "σ0"))
    page.squares = {name.replace("²", "2"): tree for tree, name in squares}
    at = 0

    def named(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(named(part) for part in value)
        if not isinstance(value, Node):
            return value
        match value:
            case Lowered(base=base, items=(Product(factors=(_, Factor(sign="×"), *_) as factors),)):
                bare = named(base)  # W_{4×4}: the shape stands below
                symbol = symbol_of(bare)
                if symbol is not None:
                    page.shapes.append(Stated(at, symbol, tuple(factor.item for factor in factors)))
                    return bare
            case Power(base=Lowered(base=base, items=(Product(factors=(_, Factor(sign="×"), *_) as factors),))):
                bare = named(replace(value, base=base))
                symbol = symbol_of(bare)
                if symbol is not None:
                    page.shapes.append(Stated(at, symbol, tuple(factor.item for factor in factors)))
                    return bare
        for tree, name in squares:
            if value == tree:
                key = name.replace("²", "2")
                return Name(key, key, span=value.span)
        return replace(value, **{f.name: named(getattr(value, f.name)) for f in fields(value) if f.compare})

    found = []
    for number, chain in enumerate(chains):
        at = number
        sides = tuple(replace(side, tree=named(side.tree), also=named(side.also)) for side in chain.sides)
        found.append(replace(chain, sides=sides))
    return found


def _entries(symbol: Symbol, value: Expression) -> tuple[Expression, ...] | None:
    """`[x_1, x_2]ᵀ` names the entries of x: its sizes; () where dots hide them; None if it is something else."""
    turned = False
    while isinstance(value, Group | Transpose | Power):
        if isinstance(value, Group):
            if len(value.items) > 1:
                value = Array((value.items,))
                break
            value = value.items[0]
            continue
        if isinstance(value, Power) and not (isinstance(value.exponent, Name) and value.exponent.key in TRANSPOSES):
            return None
        turned, value = not turned, value.base
    if not isinstance(value, Array):
        return None
    items = [item for row in value.rows for item in row]
    found = [symbol_of(item) for item in items]
    named = [one for one in found if one is not None and one.base.casefold() == symbol.base.casefold() and one.items]
    dotted = any(isinstance(item, nodes.Ellipsis) for item in items)
    if not named or len(named) + sum(isinstance(item, nodes.Ellipsis) for item in items) < len(items):
        return None
    if dotted:
        return ()
    rows, columns = len(value.rows), len(value.rows[0])
    if turned:
        rows, columns = columns, rows
    count = tuple(Num(Fraction(n), str(n)) for n in (rows, columns))
    return count[:1] if columns == 1 else count[1:] if rows == 1 else count


def _is_change(symbol: Symbol) -> bool:
    """ΔW, w_new: what an update makes."""
    below = "".join(name.key for item in symbol.items or () for name in walk(item) if isinstance(name, Name))
    above = "".join(name.key for name in walk(symbol.mark) if isinstance(name, Name)) if symbol.mark is not None else ""
    return symbol.base.startswith("Δ") or {below, above} & {"new", "neu", "old", "alt", "next"} != set()


def symbol_key(symbol: Symbol) -> tuple[Any, ...]:
    """What makes two symbols one."""
    return (symbol.base, symbol.mark, symbol.items)


def _braces(number: int, tree: Expression, question: int, tied: set[Symbol], page: Page) -> None:
    """A brace with a new letter below defines it."""
    for part in walk(tree):
        if isinstance(part, Underbrace) and not has_derivative(part.base):
            symbol = symbol_of(part.label)
            if symbol is None or symbol in tied or symbol.base in KNOWN_FUNCTIONS or is_closed(part.base):
                continue
            page.definitions.append(Raw(number, symbol, unlabelled(part.base), None, question, part.label))


def _shapes(number: int, chain: Chain) -> Iterator[Stated]:
    """Sizes that a chain states for one or several symbols."""
    if len(chain.sides) != 2:
        return
    left, right = chain.sides
    sizes = sizes_of(right.tree) if right.tree is not None else _sizes_in(right.latex)
    if sizes is None and right.kind == "shape" and right.tree is not None:
        sizes = (cast("Expression", right.tree),)
    if sizes is None:
        return
    for tree in (left.tree, *left.also):
        symbol = None if tree is None else symbol_of(tree)
        if symbol is not None:
            yield Stated(number, symbol, sizes)


_REALS = re.compile(
    r"^\s*(?:\\mathbb\s*\{?\s*R\s*\}?|\\R(?![A-Za-z])|\\Reals|ℝ)\s*(?:\^\s*(?:\{(?P<sizes>.*)\}|(?P<one>\S+)))?\s*[.,;]?\s*$"
)


def _sizes_in(latex: str) -> tuple[Expression, ...] | None:
    """The sizes of a set of reals that is no expression."""
    found = _REALS.match(latex)
    if found is None:
        return None
    text = found["sizes"] or found["one"] or ""
    sizes = []
    for part in re.split(r"\\times|×|\\cdot", text) if text.strip() else ():
        try:
            sizes.append(parse_latex_expression(Source(part.strip()), Diagnostics(Source(part.strip()))))
        except SheetError:
            return None
    return tuple(sizes)


def sizes_of(tree: Expression | Set) -> tuple[Expression, ...] | None:
    r"""The sizes in `ℝ^{m×n}`, `2×1`, `ℝ`; None if it is something else."""
    match tree:
        case Name(key="ℝ" | "R"):
            return ()
        case Power(base=Name(key="ℝ" | "R"), exponent=exponent):
            return sizes_of(exponent) or (exponent,)
        case Group(items=(item,)):
            return sizes_of(item)
        case Product(factors=factors) if all(f.sign in {"×", "*"} for f in factors[1:]):
            return tuple(factor.item for factor in factors)
        case Reals(axes=axes) | FiniteSet(axes=axes) | Interval(axes=axes):
            return axes
        case Simplex(size=size, axes=axes):
            return (*axes, size)
        case _:
            return None


__all__ = [
    "CONSTANTS", "KNOWN_FUNCTIONS", "TRANSPOSES", "Page", "Raw", "Stated", "Symbol", "collect", "has_derivative",
    "is_closed", "is_mark", "sizes_of", "symbol_of", "symbols_in", "target_of",
]  # fmt: skip
