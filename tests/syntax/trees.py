"""Trees for tests: a compact spelling that shows every grouping, random ones, and equality up to grouping."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax import parse_document, parse_expression
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    BoundIndex,
    Comparison,
    Conditional,
    Derivative,
    Document,
    Expression,
    Factor,
    Group,
    Logic,
    Name,
    Node,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Slice,
    Subscript,
    Term,
    Transpose,
)


def read(text: str) -> Expression:
    source = Source(text)
    return parse_expression(source, Diagnostics(source))


def read_sheet(text: str) -> Document:
    source = Source(text)
    diagnostics = Diagnostics(source)
    document = parse_document(source, diagnostics)
    diagnostics.raise_errors()
    return document


def problems(text: str) -> list[tuple[str, str]]:
    """Code and message of everything that is wrong with a sheet."""
    source = Source(text)
    diagnostics = Diagnostics(source)
    parse_document(source, diagnostics)
    return [(problem.code, problem.message) for problem in diagnostics.errors]


def shape(node: Expression | Slice) -> str:
    """The tree, spelled with every bracket: `{a b}` is a product, `<+a -b>` a sum."""
    match node:
        case Num():
            return str(node.value)
        case Name():
            return node.key
        case Group():
            return f"({', '.join(map(shape, node.items))})"
        case Subscript():
            return f"{shape(node.base)}[{', '.join(map(shape, node.items))}]"
        case Slice():
            return ":".join("" if end is None else shape(end) for end in (node.low, node.high))
        case Prime():
            return f"prime{node.count}({shape(node.base)})"
        case Transpose():
            return f"T({shape(node.base)})"
        case Power():
            return f"pow({shape(node.base)}, {shape(node.exponent)})"
        case Product():
            return "{" + " ".join(f"{f.sign} {shape(f.item)}".strip() for f in node.factors) + "}"
        case Additive():
            return "<" + " ".join(t.sign + shape(t.item) for t in node.terms) + ">"
        case Comparison():
            rest = (f" {r} {shape(i)}" for r, i in zip(node.relations, node.items[1:], strict=True))
            return f"cmp({shape(node.items[0])}{''.join(rest)})"
        case Logic():
            return f"{node.kind}({', '.join(map(shape, node.items))})"
        case Conditional():
            return f"if({shape(node.condition)}: {shape(node.then)}; {shape(node.otherwise)})"
        case Range():
            return f"{shape(node.low)}..{shape(node.high)}"
        case Binder():
            indices = (i.name.key + (f" in {shape(i.domain)}" if i.domain else "") for i in node.indices)
            return f"{node.kind}[{', '.join(indices)}]({shape(node.body)})"
        case Bars():
            below = f"; {shape(node.subscript)}" if node.subscript else ""
            return f"{node.kind}{shape(node.body)}{below}{node.kind}"
        case Array():
            return "[" + "; ".join(", ".join(map(shape, row)) for row in node.rows) + "]"
        case Derivative():
            kind = "D" if node.plain is None else f"D<{node.plain[0].key}/{node.plain[1].key}>"
            return f"{kind}({shape(node.of)}; {', '.join(map(shape, node.by))})"


# ---------------------------------------------------------------- equality up to grouping


def ungrouped(node: Any, *, keyboard: bool = False) -> Any:
    """A tree without brackets around one thing; with `keyboard`, with what ASCII cannot tell apart made equal."""
    if isinstance(node, tuple):
        return tuple(ungrouped(part, keyboard=keyboard) for part in node)
    if not isinstance(node, Node):
        return node
    if isinstance(node, Group) and len(node.items) == 1:
        return ungrouped(node.items[0], keyboard=keyboard)
    changes = {f.name: ungrouped(getattr(node, f.name), keyboard=keyboard) for f in fields(node) if f.compare}
    node = replace(node, **changes)
    if keyboard:
        match node:
            case Transpose():
                return Prime(node.base, 1)
            case Derivative():
                return replace(node, plain=None)
            case Factor(sign="·" | "×"):
                return replace(node, sign="*")
            case Num() if not node.text.isascii() and node.value.denominator == 3:
                numerator = Num(Fraction(node.value.numerator), "")
                return Product((Factor("", numerator), Factor("/", Num(Fraction(3), ""))))
            case _:
                pass
    return node


# ---------------------------------------------------------------- random trees

KEYS = (
    "x y z W1 β1 λ_1 ŷ x₁ x̄ σ f g d dx dist d2L T e F x2 log sqrt sum max softmax Σ R ℓ onehot positive update Δx"
).split()
VARIABLES = [Name(key, key) for key in KEYS]
names = st.sampled_from([*VARIABLES, Name("∞", "∞")])
numbers = st.sampled_from(
    [
        Num(Fraction(0), "0"),
        Num(Fraction(1), "1"),
        Num(Fraction(2), "2"),
        Num(Fraction(13), "13"),
        Num(Fraction(1, 2), "0.5"),
        Num(Fraction(1, 2), ".5"),
        Num(Fraction(1, 1000), "1e-3"),
        Num(Fraction(1, 2), "½"),
        Num(Fraction(1, 3), "⅓"),
    ]
)
variables = st.sampled_from(VARIABLES)


def _products(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    signs = st.sampled_from(["", "", "", "*", "/", "⊙", "⊘", "·", "×", "⊗"])
    rest = st.lists(st.builds(Factor, signs, items), min_size=1, max_size=3)
    return st.builds(lambda first, more: Product((Factor("", first), *more)), items, rest)


def _sums(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    terms = st.lists(st.builds(Term, st.sampled_from(["+", "-"]), items), min_size=1, max_size=3)
    return terms.filter(lambda found: len(found) > 1 or found[0].sign == "-").map(lambda found: Additive(tuple(found)))


def _indices(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[tuple[BoundIndex, ...]]:
    domains = st.none() | st.builds(Range, items, items)
    return st.lists(st.builds(BoundIndex, variables, domains), min_size=1, max_size=2).map(tuple)


def _comparisons(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    relations = st.lists(st.sampled_from(["=", "≠", "<", "≤", ">", "≥", "∈"]), min_size=1, max_size=2)
    return relations.flatmap(
        lambda found: st.tuples(*[items] * (len(found) + 1)).map(lambda parts: Comparison(parts, tuple(found)))
    )


def _derivatives(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    entries = st.builds(Subscript, variables, st.tuples(items))
    variable = variables | entries
    partial = st.builds(Derivative, variable | items, st.lists(variable, min_size=1, max_size=3).map(tuple))
    plain = Derivative(Name("L", "L"), (Name("W", "W"),), (Name("dL", "dL"), Name("dW", "dW")))
    return partial | st.just(plain)


def _larger(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    slices = st.builds(Slice, items, items) | st.sampled_from([Slice(None, None)])
    rows = st.lists(st.lists(items, min_size=1, max_size=3).map(tuple), min_size=1, max_size=2).map(tuple)
    kinds = st.sampled_from(["sum", "prod", "max", "min", "mean", "softmax", "logsumexp", "logsoftmax"])
    below = st.none() | st.sampled_from([Num(Fraction(2), "2"), Name("F", "F"), Name("∞", "∞")])
    return st.one_of(
        _products(items),
        _products(items),
        _sums(items),
        st.builds(Group, st.lists(items, min_size=1, max_size=2).map(tuple)),
        st.builds(Subscript, items, st.lists(items | slices, min_size=1, max_size=2).map(tuple)),
        st.builds(Prime, items, st.integers(1, 3)),
        st.builds(Transpose, items),
        st.builds(Power, items, items),
        _comparisons(items),
        st.builds(lambda kind, *parts: Logic(kind, parts), st.sampled_from(["and", "or"]), items, items),
        st.builds(lambda part: Logic("not", (part,)), items),
        st.builds(Conditional, items, items, items),
        st.builds(Range, items, items),
        st.builds(Binder, kinds, _indices(items), items),
        st.builds(lambda body: Bars("|", body), items),
        st.builds(lambda body, sub: Bars("‖", body, sub), items, below),
        st.builds(Array, rows),
        _comparisons(items).map(lambda condition: Array(((condition,),))),
        _derivatives(items),
    )


expressions = st.recursive(names | numbers, _larger, max_leaves=12)
