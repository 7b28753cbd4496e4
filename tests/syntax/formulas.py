"""Random formulas that somebody could mean: sums of products of entries, calls, powers, cases; conditions apart."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    BoundIndex,
    Comparison,
    Conditional,
    Derivative,
    Expression,
    Factor,
    Group,
    Logic,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Slice,
    Subscript,
    Term,
    Transpose,
    Underbrace,
)

KEYS = "x y z W1 W_1 W12 β1 λ_1 ŷ x₁ x̄ ȳ2 g d T e F R ℓ positive Δx ΔW1 loss w_out h φ ∞ x_i yhat".split()
"""Names of every kind that LaTeX sets in a way of its own; some of them alike: W1 and W_1, ŷ and yhat."""

FUNCTIONS = "tanh log σ softmax relu leaky_relu log1p f tr sqrt logsumexp".split()
INDICES = "i j k t l".split()

names = st.sampled_from([Name(key, key) for key in KEYS])
indices = st.sampled_from([Name(key, key) for key in INDICES])
functions = st.sampled_from([Name(key, key) for key in FUNCTIONS])
numbers = st.sampled_from(
    [
        Num(Fraction(0), "0"), Num(Fraction(1), "1"), Num(Fraction(2), "2"), Num(Fraction(13), "13"),
        Num(Fraction(1, 2), "0.5"), Num(Fraction(1, 1000), "1e-3"), Num(Fraction(1, 2), "½"),
        Num(Fraction(1, 10**20), "1e-20"),
    ]
)  # fmt: skip
whole = st.sampled_from([Num(Fraction(k), str(k)) for k in (0, 1, 2, 12)])


@st.composite
def places(draw: st.DrawFn) -> Expression:
    """What stands between index brackets."""
    first = draw(indices | whole | st.just(Name("n", "n")))
    match draw(st.integers(0, 4)):
        case 0:
            second = draw(indices | whole)
            return Additive((Term("+", first), Term(draw(st.sampled_from(["+", "-"])), second)))
        case 1 if isinstance(first, Name):
            return Product((Factor("", Num(Fraction(2), "2")), Factor("", first)))
        case 2 if isinstance(first, Name):
            return Subscript(Name("c", "c"), (first,))
        case _:
            return first


entries = places() | places() | st.builds(Slice, places(), places()) | st.just(Slice(None, None))
signs = st.sampled_from(["", "", "", "*", "/", "/", "⊙", "⊘", "·", "×", "⊗"])


@st.composite
def conditions(draw: st.DrawFn, depth: int) -> Expression:
    """Something that holds or does not."""
    if depth and draw(st.integers(0, 3)) == 0:
        kind = draw(st.sampled_from(["and", "or", "not"]))
        parts = [draw(conditions(depth - 1)) for _ in range(1 if kind == "not" else 2)]
        return Logic(kind, tuple(parts))
    relations = tuple(draw(st.lists(st.sampled_from(["=", "≠", "<", "≤", ">", "≥"]), min_size=1, max_size=2)))
    items = tuple(draw(formulas(max(0, depth - 1))) for _ in range(len(relations) + 1))
    return Comparison(items, relations)


@st.composite
def variables(draw: st.DrawFn) -> Expression:
    """What one differentiates, or differentiates by."""
    name = draw(st.sampled_from([Name(key, key) for key in KEYS if key not in ("∞", "d", "e")]))
    return Subscript(name, tuple(draw(st.lists(entries, min_size=1, max_size=2)))) if draw(st.booleans()) else name


@st.composite
def calls(draw: st.DrawFn, depth: int) -> tuple[Factor, ...]:
    """A function with its argument, as the factors of a product: f(x), f'(x)², f x."""
    head: Expression = draw(functions)
    inner = draw(formulas(depth - 1))
    key = head.key if isinstance(head, Name) else ""
    if key != "sqrt" and draw(st.integers(0, 3)) == 0:
        head = Prime(head, draw(st.integers(1, 3)))
    elif key != "sqrt" and draw(st.integers(0, 5)) == 0:
        head = Power(head, Num(Fraction(2), "2"))
    if draw(st.integers(0, 5)) == 0:
        return (Factor("", head), Factor("", draw(names)))
    argument: Expression = Group((inner,))
    for mark in draw(st.lists(st.sampled_from(["power", "transpose", "entry"]), max_size=3)):
        match mark:
            case "power":
                argument = Power(argument, draw(numbers))
            case "transpose":
                argument = Transpose(argument)
            case _:
                argument = Subscript(argument, (draw(places()),))
    return (Factor("", head), Factor("", argument))


@st.composite
def formulas(draw: st.DrawFn, depth: int = 3) -> Expression:
    """A formula at most so deep."""
    kind = draw(st.sampled_from(_KINDS)) if depth else "leaf"
    below = formulas(depth - 1) if depth else names

    def index() -> BoundIndex:
        return BoundIndex(draw(indices), draw(st.none() | st.builds(Range, places(), places())))

    match kind:
        case "product":
            factors: list[Factor] = []
            for _ in range(draw(st.integers(2, 4))):
                sign = draw(signs)
                if draw(st.integers(0, 3)) == 0:
                    first, *rest = draw(calls(depth))
                    factors += [Factor(sign, first.item), *rest]
                else:
                    factors.append(Factor(sign, draw(below)))
            return Product((Factor("", factors[0].item), *factors[1:]))
        case "call":
            return Product(draw(calls(depth)))
        case "sum":
            items = draw(st.lists(below, min_size=1, max_size=3))
            terms = tuple(Term(draw(st.sampled_from(["+", "-"])), item) for item in items)
            return Additive(terms) if len(terms) > 1 else Additive((Term("-", items[0]),))
        case "group":
            return Group((draw(below),))
        case "entry":
            return Subscript(draw(names | below), tuple(draw(st.lists(entries, min_size=1, max_size=2))))
        case "transpose":
            return draw(st.sampled_from([Transpose, lambda base: Prime(base, 1)]))(draw(names | below))
        case "power":
            return Power(draw(names | below), draw(numbers | below))
        case "if":
            return Conditional(draw(below), draw(conditions(depth - 1)), draw(below))
        case "binder":
            kind = draw(st.sampled_from(["sum", "sum", "prod", "max", "min", "mean", "softmax", "logsumexp"]))
            return Binder(kind, tuple(index() for _ in range(draw(st.integers(1, 2)))), draw(below))
        case "bars":
            if draw(st.booleans()):
                return Bars("|", draw(below))
            return Bars("‖", draw(below), draw(st.none() | st.sampled_from([Num(Fraction(2), "2"), Name("F", "F")])))
        case "list":
            width = draw(st.integers(1, 3))
            rows = [[draw(below) for _ in range(width)] for _ in range(draw(st.integers(1, 2)))]
            return Array(tuple(map(tuple, rows)))
        case "bracket":
            return Array(((draw(conditions(depth - 1)),),))
        case "derivative":
            by = tuple(draw(st.lists(variables(), min_size=1, max_size=2)))
            return Derivative(draw(variables()), by)
        case "label":
            size = Product((Factor("", Name("n", "n")), Factor("×", Name("m", "m"))))
            return Underbrace(draw(below), draw(st.just(size) | names))
        case _:
            return draw(names | numbers)


_KINDS = (
    "leaf leaf product product product call sum sum group entry entry transpose power if binder bars list bracket "
    "derivative label"
).split()
