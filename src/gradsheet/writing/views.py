"""Matrix notation found again in components: products, transposes, ⊙, outer products, diag, norms; else Σ with indices.

A view abstracts a component over zero, one or two indices and writes it as a scalar, a column vector or a matrix.
Where nothing fits it returns None, and the caller writes indices: a formula is never bent to fit.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.calculus.terms import conjuncts, is_index_condition
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Condition,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Invoke,
    Junction,
    Lambda,
    Multiply,
    Negation,
    Number,
    OverData,
    Partial,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Unspecified,
    key,
    substitute,
)
from gradsheet.operations import ARRAY_OPERATIONS, ELEMENTWISE
from gradsheet.syntax import tree
from gradsheet.writing.contractions import Contraction
from gradsheet.writing.naming import Names, number_tree
from gradsheet.writing.recognition import (
    axis_range,
    free_indices,
    is_inner,
    is_reciprocal,
    is_safe,
    is_symmetric,
    signed,
    solved,
    square_sum,
    without_sign,
)
from gradsheet.writing.trees import (
    FunctionName,
    Tree,
    additive,
    applied,
    below_line,
    call,
    comparison,
    entry,
    is_call,
    iverson,
    name,
    negate,
    power,
    product,
    transpose,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.trees import Sign

Axes = tuple[Index, ...]


class View:
    """Writes components over given axes; `names` holds the names of all other indices."""

    chain_first = False
    """(Wᵀ δ) ⊙ a rather than a ⊙ (Wᵀ δ)."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def within(self, indices: Sequence[Index]) -> View:
        """The same view where more indices have names: under a Σ over them."""
        return type(self)(self.names.with_indices(indices))

    # ------------------------------------------------------------ entry points

    def tensor(self, axes: Axes, body: Expr) -> Tree | None:
        """A scalar (no axes), a column (one) or a matrix (two); None where only indices can say it."""
        if len(axes) > 2:
            return None
        match body:
            case Number(value=value):
                return number_tree(value)
            case Constant(name=text):
                return name(text)
            case Integer(value=value):
                held = value.single
                if axes and isinstance(held, Access):
                    return self.access(axes, held)  # labels as a vector: the y of f(y)
                if any(i in free_indices(value) for i in axes):
                    return None
                return self.names.affine(value)
            case Access():
                return self.access(axes, body)
            case Add(terms=terms):
                return self.sum(axes, terms)
            case Multiply(factors=factors):
                return self.multiplied(axes, factors)
            case Power(base=base, exponent=exponent):
                return self.power(axes, base, exponent)
            case Call():
                return self.call(axes, body)
            case Piecewise():
                return self.piecewise(axes, body)
            case Reduce():
                return self.reduce(axes, body)
            case ArrayCall():
                return self.array_call(axes, body)
            case Invoke(function=function, arguments=arguments, at=at):
                return self._invoke(axes, function.name, arguments, at)
            case Configurations(variable=variable, body=inner):
                part = self.tensor(axes, inner)
                if part is None:
                    return None
                return tree.Binder("sum", (tree.BoundIndex(name(variable.name), None),), part)
            case Partial(body=inner, symbol=symbol, at=at):
                part = self.tensor(axes, inner)
                if part is None or any(i in free_indices(a) for a in at for i in axes):
                    return None
                by = self.names.component(symbol, [self.names.affine(a) for a in at])
                by = tree.Group((by,)) if " " in symbol.name else by  # ∂J/∂(mean L)
                of = part if isinstance(part, (tree.Name, tree.Subscript)) or is_call(part) else tree.Group((part,))
                return tree.Derivative(of, (by,))
            case OverData(kind=kind, body=inner):
                part = self.tensor(axes, inner)
                if part is None:
                    return None
                return (
                    call(kind, part)
                    if not isinstance(part, (tree.Name, tree.Derivative))
                    else product([("", name(kind)), ("", part)])
                )

    # ------------------------------------------------------------ leaves

    def access(self, axes: Axes, body: Access) -> Tree | None:
        symbol, at = body.symbol, body.at
        items: list[Tree | tree.Slice] = []
        order: list[Index] = []
        for place, axis in zip(at, symbol.axes, strict=True):
            if (
                (symbol.rank == 1 or axes)
                and symbol.rank <= 2
                and axis is symbol.axes[-1]
                and not symbol.leading
                and axis.low == axis.high == place
            ):
                items.append(tree.Slice(None, None))  # n×1 and n are one thing for columns
                continue
            used = [i for i in axes if i in free_indices(place)]
            if not used:
                items.append(self.names.affine(place))
                continue
            index = place.single
            if not isinstance(index, Index) or index in order:
                return None
            order.append(index)
            low, high = axis_range(symbol.axes, at, axis)
            if (low, high) == index.range:
                items.append(tree.Slice(None, None))
            else:
                items.append(tree.Slice(self.names.affine(index.low), self.names.affine(index.high)))
                if index.low != Affine(1) and len(axes) > 1:
                    return None
        written = self.names.component(symbol, items)
        if len(order) == 2 and tuple(order) != axes:
            return written if symbol.symmetric else transpose(written)
        if order and len(order) < len(axes):
            return None  # a vector beside a matrix is no broadcast of ours
        if symbol.row and len(order) == 1:
            written = transpose(written)
        return written

    def _invoke(self, axes: Axes, function: str, arguments: Sequence[Lambda], at: Sequence[Affine]) -> Tree | None:
        if len(axes) == 0:
            parts = []
            for argument in arguments:
                part = View(self.names).tensor(argument.indices, argument.body)
                if part is None:
                    return None
                parts.append(part)
            written = call(function, *parts)
            return entry(written, tuple(self.names.affine(a) for a in at)) if at else written
        return None

    # ------------------------------------------------------------ sums and products

    def sum(self, axes: Axes, terms: Sequence[Expr]) -> Tree | None:
        parts = []
        for term in terms:
            negative, rest = signed(term)
            part = self.tensor(axes, rest)
            if part is None:
                return None
            parts.append(("-" if negative else "+", part))
        if parts[0][0] == "-" and any(sign == "+" for sign, _ in parts):
            k = next(k for k, (sign, _) in enumerate(parts) if sign == "+")
            parts.insert(0, parts.pop(k))
        return additive(parts)  # type: ignore[arg-type]

    def multiplied(self, axes: Axes, factors: Sequence[Expr]) -> Tree | None:
        negative, factors = without_sign(factors)
        written = self._product(axes, factors)
        if written is None:
            return None
        return negate(written) if negative else written

    def _product(self, axes: Axes, factors: Sequence[Expr]) -> Tree | None:
        coefficient = Fraction(1)
        scalars: list[Expr] = []
        inner: list[Expr] = []
        for factor in factors:
            if isinstance(factor, Number):
                coefficient *= factor.value
            elif any(i in factor.free for i in axes):
                inner.append(factor)
            else:
                scalars.append(factor)
        core: Tree | None = None
        if inner:
            core = Contraction(self, axes, (), tuple(inner)).write()
            if core is None:
                return None
        elif axes:
            core = None
        return self.scaled(coefficient, scalars, core)

    def scaled(self, coefficient: Fraction, scalars: Sequence[Expr], core: Tree | None) -> Tree | None:
        """Number and scalars before, denominators behind (those of sizes with the number: 1/N)."""
        front: list[Tree] = []
        below: list[Tree] = []
        leading_below: list[Tree] = []
        inner: list[Tree] = []
        if coefficient.denominator != 1:
            leading_below.append(whole(coefficient.denominator))
        for scalar in sorted(scalars, key=lambda f: not isinstance(f, Integer)):
            if isinstance(scalar, Power) and isinstance(scalar.exponent, Number) and scalar.exponent.value < 0:
                positive = -scalar.exponent.value
                base = self.tensor((), scalar.base) if positive == 1 else self.power((), scalar.base, Number(positive))
                if base is None:
                    return None
                (leading_below if isinstance(scalar.base, Integer) else below).append(base)
                continue
            part = self.tensor((), scalar)
            if part is None:
                return None
            if isinstance(scalar, Reduce) and isinstance(part, tree.Product) and not is_call(part):
                inner.append(part)  # a row times a column
            front.append(part)
        brackets = [p for p in front if isinstance(p, tree.Array)]
        front = [p for p in front if not isinstance(p, tree.Array)]
        items: list[tuple[Sign, Tree]] = []
        if isinstance(core, tree.Binder) and not front and not brackets:
            leading_below, below = [*leading_below, *below], []
        if core is None and front and leading_below and below:
            leading_below, below = [], [*leading_below, *below]  # L/(2 x) rather than 1/2 L/x
        if coefficient.numerator != 1 or leading_below or not (front or core or brackets):
            above: Tree = whole(coefficient.numerator)
            plain = next((k for k, part in enumerate(front) if isinstance(part, tree.Name)), None)
            if coefficient.numerator == 1 and leading_below and plain is not None:
                above = front.pop(plain)  # λ/2 rather than 1/2 λ
            items.append(("", above))
            items.extend(below_line(leading_below))
        several = len(front) > 1 or core is not None
        bracketed = (part for part in front if is_inner(part) or any(part is i for i in inner))
        grouped = {id(part) for part in bracketed} if several else set()
        items.extend(("", tree.Group((part,)) if id(part) in grouped else part) for part in front)
        if core is not None and items and is_reciprocal(core):
            assert isinstance(core, tree.Product)
            items.extend((f.sign, f.item) for f in core.factors[1:])  # 2 · (1/s) is 2/s
        elif core is not None:
            items.append(("", core))
        items.extend(("", part) for part in brackets)
        items.extend(below_line(below))
        if core is not None and isinstance(core, tree.Binder) and items[-1][1] is not core:
            k = next(k for k, (_, t) in enumerate(items) if t is core)
            items[k] = (items[k][0], tree.Group((core,)))
        return product(items)

    def power(self, axes: Axes, base: Expr, exponent: Expr) -> Tree | None:
        part = self.tensor(axes, base)
        if part is None or (len(axes) == 2 and any(i in base.free for i in axes)):
            return self._entries_power(part, exponent)
        if isinstance(exponent, Number):
            value = exponent.value
            squares = square_sum(base) if value.denominator == 2 and value > 0 and not axes else None
            if squares is not None:
                inner = self.tensor(squares.indices, squares.body)
                if inner is not None:
                    norm = tree.Bars("‖", inner)
                    return norm if value.numerator == 1 else power(norm, whole(value.numerator))
            if value == Fraction(1, 2):
                return call("sqrt", part)
            if value < 0:
                below = part if value == -1 else self.power(axes, base, Number(-value))
                return None if below is None else product([("", whole(1)), ("/", below)])
            return power(part, number_tree(value) if value.denominator == 1 else tree.Group((number_tree(value),)))
        top = self.tensor((), exponent)
        if top is None or any(i in exponent.free for i in axes):
            return None
        return power(part, top if isinstance(top, (tree.Name, tree.Num)) else tree.Group((top,)))

    def _entries_power(self, part: Tree | None, exponent: Expr) -> Tree | None:
        """A² of a matrix would be the matrix power: entry by entry it is A ⊙ A."""
        if part is None or not isinstance(exponent, Number) or exponent.value.denominator != 1:
            return None
        count = abs(int(exponent.value))
        if not 1 <= count <= 3:
            return None
        positive = product([("⊙" if k else "", part) for k in range(count)])
        return positive if exponent.value > 0 else product([("", whole(1)), ("/", positive)])

    # ------------------------------------------------------------ functions, choices

    def call(self, axes: Axes, body: Call) -> Tree | None:
        parts = []
        for argument in body.arguments:
            part = self.tensor(axes, argument)
            if part is None:
                return None
            parts.append(part)
        if isinstance(body.function, Unspecified):
            head: Tree = FunctionName(body.function.name, body.function.name)
            if body.function.times:
                head = tree.Prime(head, body.function.times)
            return applied(head, *parts)
        if body.function == "abs" and not axes:
            return tree.Bars("|", parts[0])
        if body.function == "exp" and not axes:
            exponent = parts[0]
            return power(
                name("e"), exponent if isinstance(exponent, (tree.Name, tree.Num)) else tree.Group((exponent,))
            )
        return call(ELEMENTWISE[body.function].spellings[0], *parts)

    def piecewise(self, axes: Axes, body: Piecewise) -> Tree | None:
        if body.then is ONE_EXPR and body.otherwise is ZERO_EXPR:
            special = self._delta(axes, body.condition)
            if special is not None:
                return special
        elif (
            body.otherwise is ZERO_EXPR
            and axes
            and is_index_condition(body.condition)
            and (is_safe(body.then) or any(a in body.condition.free for a in axes))
        ):
            brackets = tuple(Piecewise(c, ONE_EXPR, ZERO_EXPR) for c in conjuncts(body.condition))
            inner = body.then.factors if isinstance(body.then, Multiply) else (body.then,)
            return self.multiplied(axes, (*inner, *brackets))
        condition = self.condition(axes, body.condition)
        if condition is None:
            return None
        if body.then is ONE_EXPR and body.otherwise is ZERO_EXPR:
            return iverson(condition)
        then, otherwise = self.tensor(axes, body.then), self.tensor(axes, body.otherwise)
        if then is None or otherwise is None:
            return None
        if body.otherwise is ZERO_EXPR and is_safe(body.then):
            return product([("", then), ("⊙" if axes else "", iverson(condition))])
        then = tree.Group((then,)) if isinstance(then, tree.Conditional) else then
        return tree.Conditional(then, condition, otherwise)

    def _delta(self, axes: Axes, condition: Condition) -> Tree | None:
        """δ_ij is the identity; δ with a fixed index is a one-hot vector."""
        if not (
            isinstance(condition, Relation)
            and condition.sign == "="
            and isinstance(condition.left, Integer)
            and isinstance(condition.right, Integer)
        ):
            return None
        a, b = condition.left.value, condition.right.value
        if len(axes) == 2 and {a.single, b.single} == set(axes) and axes[0].range == axes[1].range:
            return name("I")
        if len(axes) == 1:
            for one, other in ((a, b), (b, a)):
                if one.single is axes[0] and axes[0] not in free_indices(other):
                    atom = other.single
                    at = self.names.affine(other)
                    if isinstance(atom, Access) and atom.symbol.domain.bounds == axes[0].range:
                        return call("onehot", at)
                    return call("onehot", at, self._size(axes[0]))
        return None

    def _size(self, index: Index) -> Tree:
        if index.low == Affine(1):
            return self.names.affine(index.high)
        return tree.Range(self.names.affine(index.low), self.names.affine(index.high))

    def condition(self, axes: Axes, condition: Condition) -> Tree | None:
        match condition:
            case Relation(sign=sign, left=Integer(value=low), right=Integer(value=high)) if not axes and (
                (turned := solved(sign, low, high)) is not None
            ):
                index, relation, rest = turned
                return comparison(self.names.atom(index), relation, self.names.affine(rest))
            case Relation(sign=sign, left=left, right=right):
                if isinstance(left, Integer) and any(i in condition.free for i in axes):
                    return None
                a, b = self.tensor(axes, left), self.tensor(axes, right)
                return None if a is None or b is None else comparison(a, sign, b)
            case Junction(kind=kind, conditions=conditions):
                parts = [self.condition(axes, c) for c in conditions]
                if any(p is None for p in parts):
                    return None
                return tree.Logic(kind, tuple(p for p in parts if p is not None))
            case Negation(condition=inner):
                part = self.condition(axes, inner)
                return None if part is None else tree.Logic("not", (part,))

    def array_call(self, axes: Axes, body: ArrayCall) -> Tree | None:
        record = ARRAY_OPERATIONS[body.operation]
        argument = self.within(()).tensor(body.argument.indices, body.argument.body)
        if argument is None:
            return self._array_by_index(axes, body)
        if any(i in body.argument.free for i in axes):
            return self._array_by_index(axes, body)
        if body.operation == "inverse":
            whole_thing: Tree = power(argument, negate(whole(1)))
        elif body.operation == "argmaximum":
            return self._argmaximum(axes, body, argument)
        else:
            whole_thing = call(record.spellings[0], argument)
        if record.result_rank == 0:
            return whole_thing
        used = [a.single for a in body.at]
        if axes and all(any(u is i for i in axes) for u in used) and len(used) == len(axes):
            if len(used) == 2 and used != list(axes) and not is_symmetric(body):
                return transpose(whole_thing)
            return whole_thing
        if not axes:
            return entry(whole_thing, tuple(self.names.affine(a) for a in body.at))
        return None

    def _argmaximum(self, axes: Axes, body: ArrayCall, argument: Tree) -> Tree | None:
        """1 where an entry is the largest: [x = max(x)] (ties are said among the conditions)."""
        function, entry = "max", body.argument.body
        if isinstance(entry, Multiply) and entry.factors[0] == Number(Fraction(-1)):
            function = "min"
            rest = entry.factors[1:]
            entry = rest[0] if len(rest) == 1 else Multiply(rest)
            again = View(self.names).tensor(body.argument.indices, entry)
            if again is None:
                return None
            argument = again
        place = dict(zip(body.argument.indices, body.at, strict=True))
        here = self.tensor(axes, substitute(entry, place))
        return None if here is None else iverson(comparison(here, "=", call(function, argument)))

    def _largest(self, index: Index, body: ArrayCall) -> Tree | None:
        """[x[j] = max[k] x[k]], where the entries depend on other indices too."""
        names = self.names.with_indices((index,))
        every = type(self)(names).tensor((), body.argument.body)
        here = self.tensor((), substitute(body.argument.body, {index: body.at[0]}))
        if every is None or here is None:
            return None
        bound = tree.BoundIndex(name(names.of[index]), self.domain(index))
        return iverson(comparison(here, "=", tree.Binder("max", (bound,), every)))

    def _array_by_index(self, axes: Axes, body: ArrayCall) -> Tree | None:
        """softmax[j](S[i,j]) where rows are kept apart by an index."""
        if axes or len(body.argument.indices) != 1:
            return None
        if body.operation == "argmaximum":
            (index,) = body.argument.indices
            return self._largest(index, body)
        kinds = {"softmax": "softmax", "logsumexp": "logsumexp", "logsoftmax": "logsoftmax"}
        if body.operation not in kinds:
            return None
        (index,) = body.argument.indices
        bare = body.at[0].single if body.at else None
        names = self.names.copy()
        along = isinstance(bare, Index) and bare.range == index.range
        if along and isinstance(bare, Index):
            names.of[index] = names.of.get(bare, bare.name)
        else:
            names.add(index)
        inner = type(self)(names).tensor((), body.argument.body)
        if inner is None:
            return None
        bound = tree.BoundIndex(name(names.of[index]), None)
        every = tree.Binder(kinds[body.operation], (bound,), tree.Group((inner,)))  # type: ignore[arg-type]
        return every if along or not body.at else entry(every, (self.names.affine(body.at[0]),))

    # ------------------------------------------------------------ reductions

    def reduce(self, axes: Axes, body: Reduce) -> Tree | None:
        if body.kind != "sum":
            return self._running(axes, body)
        sums: list[Index] = []
        inner: Expr = body
        while isinstance(inner, Reduce) and inner.kind == "sum":
            sums.append(inner.index)
            inner = inner.body
        guards: list[Condition] = []
        while isinstance(inner, Piecewise) and inner.otherwise is ZERO_EXPR and is_index_condition(inner.condition):
            guards.extend(conjuncts(inner.condition))
            inner = inner.then
        factors = inner.factors if isinstance(inner, Multiply) else (inner,)
        return Contraction(self, axes, tuple(sums), tuple(factors), tuple(guards)).write()

    def _running(self, axes: Axes, body: Reduce) -> Tree | None:
        names = self.names.with_indices((body.index,))
        inner = type(self)(names).tensor(axes, body.body)
        if inner is None:
            return None
        domain = self.domain(body.index)
        bound = tree.BoundIndex(name(names.of[body.index]), domain)
        return tree.Binder(body.kind, (bound,), inner)

    def domain(self, index: Index) -> Tree:
        return tree.Range(self.names.affine(index.low), self.names.affine(index.high))


__all__ = ["View", "key"]
