"""After names are bound: functions marked, transposes of any spelling, points of evaluation left out."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.binding.forms import TRANSPOSE, name_of, with_primes
from gradsheet.checking.binding.names import root_of
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from gradsheet.checking.binding.names import PageNames


class Completion:
    """Makes a bound tree one of the sheet's language."""

    def __init__(self, names: PageNames, *, latex: bool = False) -> None:
        self.names = names
        self.latex = latex
        """Whether a page in LaTeX is read, where a prime is hardly ever a transpose."""

    def finished(self, node: Any) -> Any:
        """After names are bound: functions marked, transposes of any spelling, points of evaluation left out."""
        if isinstance(node, tuple):
            return tuple(self.finished(part) for part in node)
        if not isinstance(node, tree.Node):
            return node
        match node:
            case tree.FunctionName():
                return node
            case tree.Name(key=key):
                if self.names.is_function(key):
                    return tree.FunctionName(key, node.text, span=node.span)
                if key == "e" and key not in self.names.names():
                    raise BindingError("nothing says what e is, where it has no exponent")
                return node
            case tree.Power(base=tree.Name(key="e") as euler, exponent=exponent) if "e" not in self.names.names():
                return tree.Power(euler, self.finished(exponent), span=node.span)
            case tree.Subscript(base=base, items=(tree.Product(factors=factors),)) if not any(
                f.sign for f in factors
            ) and self.names.rank(base) == len(factors):
                return self.finished(replace(node, items=tuple(f.item for f in factors)))
            case tree.Power(base=base, exponent=tree.Name(key=key)) if key in TRANSPOSE - {"t"} and (
                key not in self.names.scalars() or self._has_axes(base)
            ):
                return tree.Transpose(self.finished(base), span=node.span)
            case tree.Power(
                base=base, exponent=tree.Product(factors=(first, tree.Factor(sign="", item=tree.Name(key="T"))))
            ) if first.sign == "" and "T" not in self.names.scalars():
                inner = tree.Power(base, first.item, span=node.span)
                return tree.Transpose(self.finished(inner), span=node.span)
            case tree.Derivative(of=of, by=by):
                return tree.Derivative(
                    self._bare(self.finished(of)), tuple(self._bare(self.finished(b)) for b in by), span=node.span
                )
            case tree.Subscript(base=tree.Name(key=key), items=(tree.Name(key=letter), *rest)) if (
                letter in self.names.lettered.get(key, {})
            ):
                own = name_of(self.names.lettered[key][letter])
                items = self.finished((node.items[0], *rest))
                return tree.Subscript(replace(own, span=node.base.span), items, span=node.span)
            case tree.Subscript(base=tree.Name(key=key), items=items) if len(self.names.lettered.get(key, {})) > 1:
                raise BindingError(f"{key} means different things by its index, and this is none of them")
            case tree.Product(factors=factors):
                return self._product(node, tuple(replace(f, item=self.finished(f.item)) for f in factors))
            case tree.Binder(indices=indices) if any(i.name.key.endswith("′") for i in indices):
                primed = {i.name.key for i in indices if i.name.key.endswith("′")}
                changes = {
                    f.name: self.finished(with_primes(getattr(node, f.name), primed)) for f in fields(node) if f.compare
                }
                return replace(node, **changes)
            case tree.Prime(base=base, count=count):
                inner = self.finished(base)
                if self.latex and not isinstance(inner, tree.FunctionName):
                    raise BindingError("a prime on something that is no function: a transpose, or another name?")
                return tree.Prime(inner, count, span=node.span)
            case _:
                return replace(
                    node, **{f.name: self.finished(getattr(node, f.name)) for f in fields(node) if f.compare}
                )

    def _has_axes(self, node: tree.Expression) -> bool:
        """Whether something is certainly no scalar: then T above it is its transpose, whatever else T may be."""
        if isinstance(node, tree.Subscript) and any(isinstance(i, tree.Slice) for i in node.items):
            return True
        rank = self.names.rank(node)
        if rank is None and isinstance(node, tree.Group | tree.Additive | tree.Product):
            return any(
                (inner := self.names.rank(part)) is not None and inner > 0
                for part in walk(node)
                if isinstance(part, tree.Name) and not isinstance(part, tree.FunctionName)
            )
        return rank is not None and rank > 0

    # ------------------------------------------------------------ points of evaluation

    def _product(self, node: tree.Product, factors: tuple[tree.Factor, ...]) -> tree.Expression:
        kept: list[tree.Factor] = []
        for factor in factors:
            if (
                kept
                and factor.sign == ""
                and isinstance(factor.item, tree.Group)
                and self._is_place(kept[-1].item, factor.item)
            ):
                continue
            kept.append(factor)
        if len(kept) == 1 and kept[0].sign == "":
            return kept[0].item
        return replace(node, factors=tuple(kept))

    def _bare(self, node: tree.Expression) -> tree.Expression:
        """`r(t)` above the line of a derivative is r."""
        match node:
            case tree.Product(
                factors=(
                    tree.Factor(item=tree.Name() | tree.Subscript() as head),
                    tree.Factor(sign="", item=tree.Group(items=items)),
                )
            ):
                if not isinstance(head, tree.FunctionName) and all(
                    isinstance(i, tree.Name | tree.Subscript) for i in items
                ):
                    return head
            case _:
                pass
        return node

    def _is_place(self, head: tree.Expression, group: tree.Group) -> bool:
        """Whether a bracket behind a quantity says where it is taken: `∂l/∂w(y, t)`, `h(x)`, `w(v)`."""
        named = [root_of(item) for item in group.items]
        if any(key is None for key in named):
            return False
        if isinstance(head, tree.Derivative):
            own = {n.key for n in walk(head) if isinstance(n, tree.Name)}
            return len(named) > 1 or named[0] in own or self.names.reaches(named, root_of(head.of))
        root = root_of(head)
        if root is None or isinstance(head, tree.Group | tree.Product):
            return False
        return self.names.reaches(named, root) or (len(named) > 1 and root in self.names.names())
