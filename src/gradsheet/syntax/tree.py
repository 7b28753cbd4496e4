"""The syntax tree: what was written, in its order and spelling, with a span on every node.

The tree is neutral where only names decide: `f (x)` is a product of the items `f` and `(x)`, `x'` is a prime,
`A^T` is a power, `dL/dW` a derivative or a quotient. The sheet layer decides when names are bound.
Spans do not take part in equality: two trees are equal if they would print the same.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Literal

from gradsheet.diagnostics.source import Span
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from fractions import Fraction

NOWHERE = Span(0, 0)


class _Kept:
    """Room for what is computed from a node once: the nodes directly below, its hash."""

    __slots__ = ("_below", "_hash")

    _below: tuple[Node, ...]
    _hash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(_Kept):
    """Anything that was read; knows where."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Num(Node):
    """A number with its exact value: `0.1` is 1/10. `text` keeps the spelling."""

    value: Fraction
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name. `key` is what is compared (NFC, Greek letters for Greek words); `text` is the author's spelling.

    The names `∞`/`inf`, `π`, `e`, `:` and operators never arrive here except `∞` (key "∞").
    """

    key: str
    text: str = field(compare=False)


class FunctionName(Name):
    """A name that is applied, whatever it is called: `f (x)` with it is a call, with a plain name a product."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Conditioned(Node):
    """`h[j] = 1 | v` between the brackets of a probability: events, and what is given."""

    events: tuple[Expression, ...]
    given: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Group(Node):
    """Round brackets: one item is grouping or an argument, several are arguments."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`a..b` or `a:b` between index brackets, both ends included; `:` alone has neither."""

    low: Expression | None
    high: Expression | None


@dataclass(frozen=True, slots=True)
class Subscript(Node):
    """`base[i, j]`, `V[:,c]`, `x[1..3]`."""

    base: Expression
    items: tuple[Expression | Slice, ...]


@dataclass(frozen=True, slots=True)
class Lowered(Subscript):
    r"""`x_{i,j}` in LaTeX, before names are bound: an entry of x, or a name whose second part stands below.

    `gradsheet.syntax.binding` decides; who does not ask reads an entry.
    """


@dataclass(frozen=True, slots=True)
class Prime(Node):
    """`base'`: a derivative after a function, else a transpose. `count` primes."""

    base: Expression
    count: int


@dataclass(frozen=True, slots=True)
class Transpose(Node):
    """`baseᵀ` (the sign itself; `A^T` is a `Power` whose meaning names decide)."""

    base: Expression


@dataclass(frozen=True, slots=True)
class Power(Node):
    """`base^exponent`, `base²`, `base⁻¹`."""

    base: Expression
    exponent: Expression


ProductSign = Literal["", "*", "/", "⊙", "⊘", "·", "×", "⊗"]


@dataclass(frozen=True, slots=True)
class Factor(Node):
    """One item of a product with the sign before it; "" is juxtaposition (and the first item)."""

    sign: ProductSign
    item: Expression


@dataclass(frozen=True, slots=True)
class Product(Node):
    """Two or more items joined from left to right by juxtaposition, `*`, `/`, `⊙`, `⊘`."""

    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Term(Node):
    """One item of a sum with its sign, "+" or "-"."""

    sign: Literal["+", "-"]
    item: Expression


@dataclass(frozen=True, slots=True)
class Additive(Node):
    """Items joined by + and −; a leading minus alone is one term. One "+" term alone never occurs."""

    terms: tuple[Term, ...]


Relation = Literal["=", "≠", "<", "≤", ">", "≥", "∈"]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`a < b ≤ c`: items and the relations between them."""

    items: tuple[Expression, ...]
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`p and q`, `p or q`, `not p`."""

    kind: Literal["and", "or", "not"]
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`then if condition else otherwise`, nested to the right."""

    then: Expression
    condition: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`low..high`, both ends included; stands in sets, after `in`, and in sizes."""

    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class BoundIndex(Node):
    """`k`, or `k in 1..N` between the brackets of a sum or after `for`."""

    name: Name
    domain: Expression | None


BinderKind = Literal["sum", "prod", "max", "min", "mean", "softmax", "logsumexp", "logsoftmax"]


@dataclass(frozen=True, slots=True)
class Binder(Node):
    """`sum[k, s in 0..R] body`, `softmax[j](S[i,j])`, `Σ_i body`, `max[j] body`."""

    kind: BinderKind
    indices: tuple[BoundIndex, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Bars(Node):
    """`|x|` (kind "|") or `‖x‖`, `||x||` (kind "‖"); `subscript` as in ‖x‖₁, ‖W‖_F, ‖x‖_∞."""

    kind: Literal["|", "‖"]
    body: Expression
    subscript: Expression | None = None


@dataclass(frozen=True, slots=True)
class Array(Node):
    """`[1, 2; 3, 4]`: rows of items. One row with one comparison is an Iverson bracket; the sheet layer decides."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    """`∂L/∂W`, `∂²L/∂w²`, `∂²L/∂w∂v`, `∂h[i]/∂a[j]`, and `dL/dW`, `d2L/dw2` (`plain` keeps the two names then).

    `by` repeats a variable for each time it is differentiated by: ∂²L/∂w² has (w, w).
    `plain` is (`dL`, `dW`) when spelled with d, for the case that the author declared those names; else None.
    """

    of: Expression
    by: tuple[Expression, ...]
    plain: tuple[Name, Name] | None = None


@dataclass(frozen=True, slots=True)
class Underbrace(Node):
    """`base` with a brace below it and a label below the brace: its shape m×n, or the name that it has elsewhere.

    A remark on the page: the value is that of `base`, and plain text prints nothing else.
    """

    base: Expression
    label: Expression


@dataclass(frozen=True, slots=True)
class Ellipsis(Node):  # noqa: A001 - the node is called what it is
    r"""`\dots`, `\vdots`, `\ddots` among the entries of a list: they leave something out. In documents only."""

    text: str = field(default="…", compare=False)


@dataclass(frozen=True, slots=True)
class Nabla(Node):
    r"""`\nabla_θ L`, `∇L`: the gradient of `of` by `by`, or by all that it depends on; `∇²L` the Hessian.

    In documents only.
    """

    of: Expression
    by: Expression | None = None
    order: int = 1


@dataclass(frozen=True, slots=True)
class Evaluated(Node):
    r"""`\left.\frac{∂f}{∂x}\right|_{x=0}`: `base` where `at` holds, equations or a point. In documents only."""

    base: Expression
    at: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Axis(Node):
    """`axis=0` among the arguments of a call, as programs have it: 0 is the first, −1 the last. In documents only."""

    number: int


DOCUMENT_NODES = (Ellipsis, Nabla, Evaluated, Axis)
"""What only a document may say; a sheet never has them."""


Expression = (
    Num
    | Name
    | Conditioned
    | Group
    | Subscript
    | Prime
    | Transpose
    | Power
    | Product
    | Additive
    | Comparison
    | Logic
    | Conditional
    | Range
    | Binder
    | Bars
    | Array
    | Derivative
    | Underbrace
    | Ellipsis
    | Nabla
    | Evaluated
    | Axis
)


# ---------------------------------------------------------------- sets


@dataclass(frozen=True, slots=True)
class Reals(Node):
    """`ℝ`, `ℝ^n`, `ℝ^(m × 0..R)`: axes are sizes or ranges; none for a scalar."""

    axes: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class FiniteSet(Node):
    """`{0,1}`, `{-1, 1}^n`, `{0,1}^(N×n)`."""

    values: tuple[Expression, ...]
    axes: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """`[0,1]`, `(0,1)^n`, `(0,∞)`: a real interval, each end open or closed."""

    low: Expression
    high: Expression
    low_open: bool
    high_open: bool
    axes: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Simplex(Node):
    """`onehot(3)`, `onehot(0..k)^N`, `simplex(n)`: rows along `axes`, each in the set over `size`."""

    kind: Literal["onehot", "simplex"]
    size: Expression
    axes: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class IndexSet(Node):
    """`1..n` as a set of index values; `(1..n)^N` for a vector of them."""

    range: Range
    axes: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Maps(Node):
    """`ℝ → ℝ`: an unspecified function; elementwise when both sides are ℝ."""

    domain: Reals
    codomain: Reals


Set = Reals | FiniteSet | Interval | Simplex | IndexSet | Maps


# ---------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Declaration(Node):
    """`x, w ∈ ℝ^n`, with attributes such as `symmetric`, `positive`. In a family the names are subscripted: `W[l]`."""

    names: tuple[Name | Subscript, ...]
    set: Set
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumption(Node):
    """`κ > 0` among declarations."""

    condition: Comparison


@dataclass(frozen=True, slots=True)
class Sizes(Node):
    """`sizes n[0..D], m, T`: names of sizes; one with a range is a family of sizes."""

    names: tuple[tuple[Name, Range | None], ...]


@dataclass(frozen=True, slots=True)
class Definition(Node):
    """`z = W x + b`, `E(v, h) = …`, `h[0] = x`, `z[m,τ] = … for m in 1..M, τ in 1..T`."""

    target: Name | Subscript | Product
    """A `Product` of a name and a group is the definition of a function: `E(v, h)`."""
    value: Expression
    ranges: tuple[BoundIndex, ...] = ()


@dataclass(frozen=True, slots=True)
class Family(Node):
    """`for l in 1..D` with an indented body of declarations, definitions and further families."""

    indices: tuple[BoundIndex, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Parameters(Node):
    """`parameters W1, b1`."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Method(Node):
    """`by sgd(η = 0.1)`: a name and keyword settings."""

    name: Name
    settings: tuple[tuple[Name, Expression], ...]


@dataclass(frozen=True, slots=True)
class Objective(Node):
    """`minimize mean L + λ/2 ‖w‖² by sgd(η = 0.1)`."""

    sense: Literal["minimize", "maximize"]
    value: Expression
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    """`w ← w - η ∂L/∂w`."""

    target: Name | Subscript
    value: Expression
    ranges: tuple[BoundIndex, ...] = ()


@dataclass(frozen=True, slots=True)
class Update(Node):
    """`update` with its assignments in order."""

    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Pullback(Node):
    """`pullback y, z`: results that are no scalars."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Given(Node):
    """`given x = [1, 0], W1 = 0.1`: values; a scalar fills."""

    values: tuple[tuple[Name | Subscript, Expression], ...]


@dataclass(frozen=True, slots=True)
class Initialisation(Node):
    """`W1, W2 ~ normal(0, 1/√n)`: where training begins."""

    targets: tuple[Name | Subscript, ...]
    rule: Expression


Statement = (
    Declaration | Assumption | Sizes | Definition | Family | Parameters | Objective | Update | Pullback | Given
    | Initialisation
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document(Node):
    """A whole sheet, in the author's order."""

    statements: tuple[Statement, ...]


def _keep_hashes(kind: type[Node]) -> None:
    """Let each node compute its hash once: those of edited trees are asked for again and again."""
    computed = kind.__hash__

    def kept(self: Node) -> int:
        try:
            found = self._hash
        except AttributeError:
            found = computed(self)
            object.__setattr__(self, "_hash", found)
        return found

    name = "__hash__"
    setattr(kind, name, kept)


for _kind in [kind for kind in globals().values() if isinstance(kind, type) and issubclass(kind, Node)]:
    if "__hash__" in vars(_kind):
        _keep_hashes(_kind)
