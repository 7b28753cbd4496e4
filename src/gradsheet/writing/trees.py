"""Small constructors for syntax trees, as the views write them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from gradsheet.syntax import canonical_key, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

Tree = tree.Expression
FunctionName = tree.FunctionName


def name(text: str) -> tree.Name:
    """A name; `mu` in the sheet is μ on the page."""
    return tree.Name(canonical_key(text), text)


def whole(value: int) -> Tree:
    """A whole number; below zero it is the sum −n."""
    if value < 0:
        return tree.Additive((tree.Term("-", whole(-value)),))
    return tree.Num(Fraction(value), str(value))


def transpose(item: Tree) -> Tree:
    """(itemᵀ)ᵀ is the item."""
    if isinstance(item, tree.Transpose):
        base = item.base
        bare = isinstance(base, tree.Group) and len(base.items) == 1 and isinstance(base.items[0], tree.Derivative)
        return base.items[0] if bare and isinstance(base, tree.Group) else base
    if is_call(item):
        assert isinstance(item, tree.Product)
        return tree.Product((item.factors[0], tree.Factor("", tree.Transpose(item.factors[1].item))))
    if isinstance(item, (tree.Derivative, tree.Power)):
        return tree.Transpose(tree.Group((item,)))
    return tree.Transpose(_operand(item))


def _operand(item: Tree) -> Tree:
    """Something that may carry a postfix: a product or sum goes into brackets."""
    return (
        tree.Group((item,))
        if isinstance(item, (tree.Product, tree.Additive, tree.Conditional, tree.Binder, tree.Comparison))
        else item
    )


def power(base: Tree, exponent: Tree) -> Tree:
    """Base ^ exponent, with brackets around a base that needs them; f(x)² is (f(x))²."""
    if is_call(base):
        assert isinstance(base, tree.Product)
        return tree.Product((base.factors[0], tree.Factor("", tree.Power(base.factors[1].item, exponent))))
    if isinstance(base, (tree.Power, tree.Transpose, tree.Derivative)):
        base = tree.Group((base,))
    return tree.Power(_operand(base), exponent)


def call(function: str, *arguments: Tree) -> Tree:
    """f(a, b)."""
    return applied(FunctionName(canonical_key(function), function), *arguments)


def applied(head: Tree, *arguments: Tree) -> Tree:
    """A function, or its derivative f', applied to arguments."""
    return tree.Product((tree.Factor("", head), tree.Factor("", tree.Group(tuple(arguments)))))


def _core(item: Tree) -> Tree:
    while isinstance(item, (tree.Power, tree.Transpose)):
        item = item.base
    return item.base if isinstance(item, tree.Subscript) and isinstance(item.base, tree.Group) else item


def entry(item: Tree, items: tuple[Tree | tree.Slice, ...]) -> Tree:
    """Component of something; one of a call stands behind its brackets: softmax(z)[k]."""
    if is_call(item):
        assert isinstance(item, tree.Product)
        argument = tree.Subscript(item.factors[1].item, items)
        return tree.Product((item.factors[0], tree.Factor("", argument)))
    return tree.Subscript(item if isinstance(item, tree.Name) else tree.Group((item,)), items)


def is_call(item: Tree) -> bool:
    """Whether an item is one function applied to its arguments."""
    if not isinstance(item, tree.Product) or len(item.factors) != 2:
        return False
    head = item.factors[0].item
    head = head.base if isinstance(head, tree.Prime) else head
    return isinstance(head, FunctionName) and isinstance(_core(item.factors[1].item), tree.Group)


Sign = tree.ProductSign


def product(factors: Sequence[tuple[Sign, Tree]]) -> Tree:
    """Items from left to right; sums and nested products get brackets, calls do not."""
    if len(factors) == 1:
        return factors[0][1]
    flat: list[tree.Factor] = []
    for position, (sign, item) in enumerate(factors):
        if is_call(item) and sign in {"", "⊙", "/", "⊘"}:
            assert isinstance(item, tree.Product)
            flat.append(tree.Factor(sign if position else "", item.factors[0].item))
            flat.append(item.factors[1])
            continue
        if isinstance(item, tree.Product) and position == 0 and not _entrywise(item):
            flat.extend(item.factors)
            continue
        if isinstance(item, tree.Product) and position == 0 and factors[1][0] in {"⊙", "⊘", "/"}:
            flat.extend(item.factors)
            continue
        if (
            isinstance(item, tree.Product)
            and sign == ""
            and all(f.sign == "" for f in item.factors)
            and flat
            and not any(f.sign in {"⊙", "⊘"} for f in flat)
        ):
            flat.extend(item.factors)  # products of conforming factors are associative
            continue
        last = position == len(factors) - 1
        if isinstance(item, (tree.Additive, tree.Conditional, tree.Comparison, tree.Product)) or (
            isinstance(item, tree.Binder) and not (last and sign == "")
        ):
            flat.append(tree.Factor(sign if position else "", tree.Group((item,))))
        else:
            flat.append(tree.Factor(sign if position else "", item))
    return tree.Product(tuple(_dotted(flat)))


def _dotted(factors: Sequence[tree.Factor]) -> list[tree.Factor]:
    """2 · 2 x: two numbers side by side would be read as one."""
    return [
        tree.Factor("·", f.item)
        if k and f.sign == "" and isinstance(f.item, tree.Num) and isinstance(factors[k - 1].item, tree.Num)
        else f
        for k, f in enumerate(factors)
    ]


def below_line(parts: Sequence[Tree]) -> list[tuple[Sign, Tree]]:
    """All denominators as one: a/(b c) rather than a/b/c."""
    if len(parts) < 2:
        return [("/", part) for part in parts]
    return [("/", tree.Group((product([("", part) for part in parts]),)))]


def _entrywise(item: tree.Product) -> bool:
    return any(f.sign in {"⊙", "⊘"} for f in item.factors)


def additive(terms: Sequence[tuple[Literal["+", "-"], Tree]]) -> Tree:
    """Terms with signs; one that is itself a sum is spliced in, or bracketed after a minus."""
    flat: list[tree.Term] = []
    for sign, item in terms:
        if isinstance(item, tree.Additive) and sign == "+":
            flat.extend(item.terms)
        elif isinstance(item, tree.Additive):
            flat.extend(tree.Term("-" if t.sign == "+" else "+", t.item) for t in item.terms)
        elif isinstance(item, tree.Conditional):
            flat.append(tree.Term(sign, tree.Group((item,))))
        else:
            flat.append(tree.Term(sign, item))
    if flat[0].sign == "-":
        first = next((k for k, t in enumerate(flat) if t.sign == "+"), 0)
        flat.insert(0, flat.pop(first))  # ŷ − y rather than −y + ŷ
    if len(flat) == 1 and flat[0].sign == "+":
        return flat[0].item
    return tree.Additive(tuple(flat))


def negate(item: Tree) -> Tree:
    """−item, term by term for a sum."""
    return additive([("-", item)])


def comparison(left: Tree, sign: tree.Relation, right: Tree) -> Tree:
    """One relation: left < right."""
    return tree.Comparison((left, right), (sign,))


def iverson(condition: Tree) -> Tree:
    """[condition]: 1 where it holds, else 0."""
    return tree.Array(((condition,),))


def juxtaposed(*items: Tree) -> Tree:
    """A B c, without signs between."""
    return product([("", item) for item in items])
