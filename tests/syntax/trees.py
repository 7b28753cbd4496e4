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
    Assignment,
    Assumption,
    Bars,
    Binder,
    BoundIndex,
    Comparison,
    Conditional,
    Conditioned,
    Declaration,
    Definition,
    Derivative,
    Document,
    Expression,
    Factor,
    Family,
    FiniteSet,
    Given,
    Group,
    IndexSet,
    Interval,
    Logic,
    Maps,
    Method,
    Name,
    Node,
    Num,
    Objective,
    Parameters,
    Power,
    Prime,
    Product,
    Pullback,
    Range,
    Reals,
    Set,
    Simplex,
    Sizes,
    Slice,
    Statement,
    Subscript,
    Term,
    Transpose,
    Underbrace,
    Update,
)
from gradsheet.syntax.vocabulary import BINDERS


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
        case Underbrace():
            return f"{shape(node.base)}_brace({shape(node.label)})"
        case Conditioned():
            return " | ".join(", ".join(map(shape, part)) for part in (node.events, node.given))


# ---------------------------------------------------------------- equality up to grouping


def ungrouped(node: Any, *, keyboard: bool = False) -> Any:
    """A tree without brackets around one thing and labels; with `keyboard`, what ASCII cannot tell apart is equal."""
    if isinstance(node, tuple):
        return tuple(ungrouped(part, keyboard=keyboard) for part in node)
    if not isinstance(node, Node):
        return node
    if isinstance(node, Group) and len(node.items) == 1:
        return ungrouped(node.items[0], keyboard=keyboard)
    if isinstance(node, Underbrace):
        return ungrouped(node.base, keyboard=keyboard)
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
_leaves = names | numbers
_signs = st.sampled_from(["", "", "", "*", "/", "⊙", "⊘", "·", "×", "⊗"])
_relations = st.sampled_from(["=", "≠", "<", "≤", ">", "≥", "∈"])
_binders = st.sampled_from(["sum", "prod", "max", "min", "mean", "softmax", "logsumexp", "logsoftmax"])
_norms = st.sampled_from([None, Num(Fraction(2), "2"), Name("F", "F"), Name("∞", "∞")])
_PLAIN = Derivative(Name("L", "L"), (Name("W", "W"),), (Name("dL", "dL"), Name("dW", "dW")))
_KINDS = (
    "leaf product product sum group subscript prime transpose power comparison logic not conditional range binder "
    "abs norm array iverson derivative plain underbrace"
).split()


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> Expression:
    """Any expression, at most so deep."""
    kind = draw(st.sampled_from(_KINDS)) if depth else "leaf"
    below = expressions(depth - 1)

    def some(most: int, least: int = 1) -> tuple[Expression, ...]:
        return tuple(draw(st.lists(below, min_size=least, max_size=most)))

    def comparison() -> Comparison:
        items = some(3, 2)
        return Comparison(items, tuple(draw(_relations) for _ in items[1:]))

    def index() -> BoundIndex:
        return BoundIndex(draw(variables), draw(st.none() | st.builds(Range, below, below)))

    def variable() -> Name | Subscript:
        name = draw(variables)
        return draw(st.sampled_from([name, Subscript(name, (draw(below),))]))

    match kind:
        case "product":
            first, *rest = some(4, 2)
            return Product((Factor("", first), *(Factor(draw(_signs), item) for item in rest)))
        case "sum":
            items = some(3)
            terms = tuple(Term(draw(st.sampled_from(["+", "-"])), item) for item in items)
            return Additive(terms) if len(terms) > 1 else Additive((Term("-", items[0]),))
        case "group":
            return Group(some(2))
        case "subscript":
            slices = st.builds(Slice, below, below) | st.just(Slice(None, None))
            return Subscript(draw(below), tuple(draw(st.lists(below | slices, min_size=1, max_size=2))))
        case "prime":
            return Prime(draw(below), draw(st.integers(1, 3)))
        case "transpose":
            return Transpose(draw(below))
        case "power":
            return Power(draw(below), draw(below))
        case "comparison":
            return comparison()
        case "logic":
            return Logic(draw(st.sampled_from(["and", "or"])), some(3, 2))
        case "not":
            return Logic("not", (draw(below),))
        case "conditional":
            return Conditional(draw(below), draw(below), draw(below))
        case "range":
            return Range(draw(below), draw(below))
        case "binder":
            return Binder(draw(_binders), tuple(index() for _ in range(draw(st.integers(1, 2)))), draw(below))
        case "abs":
            return Bars("|", draw(below))
        case "norm":
            return Bars("‖", draw(below), draw(_norms))
        case "array":
            return Array(tuple(some(3) for _ in range(draw(st.integers(1, 2)))))
        case "iverson":
            return Array(((comparison(),),))
        case "derivative":
            by = tuple(variable() for _ in range(draw(st.integers(1, 3))))
            return Derivative(draw(below) if draw(st.booleans()) else variable(), by)
        case "underbrace":
            return Underbrace(draw(below), draw(below))
        case "plain":
            return _PLAIN
        case _:
            return draw(_leaves)


# ---------------------------------------------------------------- random sheets


def _sizes() -> st.SearchStrategy[Expression]:
    simple = variables | st.just(Num(Fraction(3), "3"))
    larger = st.builds(Range, simple, simple) | _two(simple)
    return simple | larger | st.builds(lambda name, at: Subscript(name, (at,)), variables, simple)


def _two(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    product = st.builds(lambda a, b: Product((Factor("", a), Factor("", b))), items, items)
    return product | st.builds(lambda a, b: Additive((Term("+", a), Term("-", b))), items, items)


_axes = st.lists(_sizes(), max_size=3).map(tuple)
_short = expressions(1)
_heads = st.sampled_from([name for name in VARIABLES if name.key not in BINDERS and name.key != "update"])
_targets = _heads | st.builds(Subscript, _heads, st.tuples(variables))
_ranges = st.builds(Range, _sizes(), _sizes())
_bound = st.lists(st.builds(BoundIndex, variables, _ranges), min_size=1, max_size=2).map(tuple)


def sets() -> st.SearchStrategy[Set]:
    """Any set."""
    reals = st.builds(Reals, _axes)
    return st.one_of(
        reals,
        st.builds(FiniteSet, st.lists(numbers, min_size=2, max_size=3).map(tuple), _axes),
        st.builds(Interval, _leaves, _leaves, st.booleans(), st.booleans(), _axes),
        st.builds(Simplex, st.sampled_from(["onehot", "simplex"]), _sizes(), _axes),
        st.builds(IndexSet, _ranges, _axes),
        st.builds(Maps, reals, reals),
    )


def _simple_statements() -> st.SearchStrategy[Statement]:
    attributes = st.lists(st.sampled_from(["symmetric", "positive", "nonnegative"]), max_size=2).map(tuple)
    order = st.sampled_from(["<", "≤", ">", "≥", "≠"])
    function = st.builds(
        lambda f, group: Product((Factor("", f), Factor("", group))), _heads, st.builds(Group, st.tuples(variables))
    )
    return st.one_of(
        st.builds(Declaration, st.lists(_targets, min_size=1, max_size=2).map(tuple), sets(), attributes),
        st.builds(lambda a, r, b: Assumption(Comparison((a, b), (r,))), _heads, order, _leaves),
        st.builds(Definition, _targets | function, _short, st.just(()) | _bound),
    )


def _families() -> st.SearchStrategy[Statement]:
    body = st.lists(_simple_statements(), min_size=1, max_size=2).map(tuple)
    inner = st.builds(Family, _bound, body)
    return st.builds(Family, _bound, st.lists(inner | _simple_statements(), min_size=1, max_size=2).map(tuple))


def statements() -> st.SearchStrategy[Statement]:
    """Any statement."""
    listed = st.lists(_heads, min_size=1, max_size=3).map(tuple)
    values = st.lists(st.tuples(_targets, _short), min_size=1, max_size=2).map(tuple)
    method = st.none() | st.builds(Method, variables, st.lists(st.tuples(variables, _short), max_size=2).map(tuple))
    assignment = st.builds(Assignment, _targets, _short, st.just(()) | _bound)
    sizes = st.lists(st.tuples(_heads, st.none() | _ranges), min_size=1, max_size=2).map(tuple)
    return st.one_of(
        _simple_statements(),
        _simple_statements(),
        _families(),
        st.builds(Sizes, sizes),
        st.builds(Parameters, listed),
        st.builds(Pullback, listed),
        st.builds(Objective, st.sampled_from(["minimize", "maximize"]), _short, method),
        st.builds(Update, st.lists(assignment, min_size=1, max_size=2).map(tuple)),
        st.builds(Given, values),
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any sheet."""
    return Document(tuple(draw(st.lists(statements(), max_size=4))))
