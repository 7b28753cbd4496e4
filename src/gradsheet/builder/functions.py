"""tanh(z), norm(z - y), sum[i](x[i] * y[i]), softmax[j](S[i, j]): the functions of the language as Python objects."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, cast

from gradsheet.builder.terms import Operand, Term, call, term
from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax import parse_expression, tree

if TYPE_CHECKING:
    from collections.abc import Callable

Rank = int | None


class Function:
    """A function of the language; those that run over an index take it in square brackets.

    >>> x = Term(tree.Name("x", "x"), 1)
    >>> i = indices("i")[0]
    >>> print(tanh(x), sum[i](x[i] ** 2), sum["i in 2..3"](x[i]))
    tanh(x) sum[i] x[i]² sum[i in 2..3] x[i]
    """

    def __init__(self, name: str, rank: Callable[[list[Rank]], Rank]) -> None:
        self.name = name
        self._rank = rank

    def __call__(self, *arguments: Operand) -> Term:
        """The function of its arguments."""
        if not arguments:
            msg = f"{self.name} needs an argument"
            raise TypeError(msg)
        terms = [term(a) for a in arguments]
        return call(self.name, terms, self._rank([t.rank for t in terms]))

    def __repr__(self) -> str:
        return f"<Function {self.name}>"


class Over(Function):
    """A function that also runs over indices: `sum[i, j](…)`."""

    def __getitem__(self, over: Operand | tuple[Operand, ...]) -> Callable[[Operand], Term]:
        """The same over named indices; text may state a range, `"i in 1..N"`."""
        bound = tuple(_bound(item) for item in (over if isinstance(over, tuple) else (over,)))
        kind = cast("tree.BinderKind", self.name)

        def applied(body: Operand) -> Term:
            node = term(body).tree
            if kind in {"softmax", "logsumexp", "logsoftmax"} and not isinstance(node, tree.Group):
                node = tree.Group((node,))
            return Term(tree.Binder(kind, bound, node), 0)

        return applied


def _bound(item: Operand) -> tree.BoundIndex:
    if isinstance(item, str) and " in " in item:
        name, _, limits = item.partition(" in ")
        source = Source(limits)
        return tree.BoundIndex(_index(term(name)), parse_expression(source, Diagnostics(source)))
    return tree.BoundIndex(_index(term(item)), None)


def _index(item: Term) -> tree.Name:
    if not isinstance(item.tree, tree.Name):
        msg = f"an index is a name, not {item}"
        raise TypeError(msg)
    return item.tree


def indices(names: str) -> tuple[Term, ...]:
    """Indices by their names.

    >>> i, j = indices("i j")
    >>> print(i + 1, j)
    i + 1 j
    """
    return tuple(Term(tree.Name(name, name), 0) for name in names.replace(",", " ").split())


def where(condition: Operand, then: Operand, otherwise: Operand) -> Term:
    """A choice: `then if condition else otherwise`.

    >>> z = Term(tree.Name("z", "z"), 1)
    >>> print(where(z > 0, z, 0.1 * z))
    z if z > 0 else 0.1 z
    """
    parts = term(then), term(condition), term(otherwise)
    ranks = [part.rank for part in parts]
    return Term(tree.Conditional(*(part.tree for part in parts)), _same(ranks))


def norm(x: Operand) -> Term:
    """‖x‖: the length of a vector, the Frobenius norm of a matrix."""
    return Term(tree.Bars("‖", term(x).tree), 0)


def onehot(index: Operand, size: Operand) -> Term:
    """The vector of a size with 1 at an index, else 0."""
    return call("onehot", [term(index), term(size)], 1)


def _same(ranks: list[Rank]) -> Rank:
    """Entry by entry: scalars go with anything."""
    known = [rank for rank in ranks if rank is not None]
    highest = builtins.max(known, default=0)
    return highest if highest or len(known) == len(ranks) else None


def _scalar(_ranks: list[Rank]) -> Rank:
    return 0


def _extreme(ranks: list[Rank]) -> Rank:
    """The largest of several entry by entry, of one over its entries."""
    return 0 if len(ranks) == 1 else _same(ranks)


def _diagonal(ranks: list[Rank]) -> Rank:
    return None if ranks[0] is None else 3 - ranks[0]


abs = Function("abs", _same)  # noqa: A001 - the language's own name
arctan = Function("arctan", _same)
cos = Function("cos", _same)
elu = Function("elu", _same)
erf = Function("erf", _same)
exp = Function("exp", _same)
gelu = Function("gelu", _same)
leaky_relu = Function("leaky_relu", _same)
log = Function("log", _same)
relu = Function("relu", _same)
sigmoid = Function("σ", _same)
sign = Function("sign", _same)
silu = Function("silu", _same)
sin = Function("sin", _same)
softplus = Function("softplus", _same)
sqrt = Function("sqrt", _same)
tan = Function("tan", _same)
tanh = Function("tanh", _same)

logsoftmax = Over("logsoftmax", _same)
logsumexp = Over("logsumexp", _scalar)
max = Over("max", _extreme)  # noqa: A001 - the language's own name
mean = Over("mean", _scalar)
min = Over("min", _extreme)  # noqa: A001 - the language's own name
prod = Over("prod", _scalar)
softmax = Over("softmax", _same)
sum = Over("sum", _scalar)  # noqa: A001 - the language's own name

det = Function("det", _scalar)
diag = Function("diag", _diagonal)
inv = Function("inv", _same)
logdet = Function("logdet", _scalar)
trace = Function("trace", _scalar)
