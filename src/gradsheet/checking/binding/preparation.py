"""Before names are bound: gradients by ∇, notes of shapes below a name, layers without brackets, δ of two indices."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.binding.forms import TRANSPOSE, apart, is_layer, is_shape, name_of
from gradsheet.checking.binding.patterns import folded
from gradsheet.syntax import tree
from gradsheet.syntax.scripts import spelled
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.written_names import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.binding.names import PageNames


class Preparation:
    """Makes the neutral tree of one formula ready for the sheet's names; `text` is what was written."""

    def __init__(self, names: PageNames, text: str) -> None:
        self.names = names
        self.text = text

    def prepared(self, node: Any) -> Any:
        """Before names are bound: gradients by ∇, notes of shapes below a name, layers without brackets."""
        if isinstance(node, tuple):
            return tuple(self.prepared(part) for part in node)
        if not isinstance(node, tree.Node):
            return node
        match node:
            case tree.Nabla(of=of, by=by, order=order):
                variable = by if by is not None else self._variable(of)
                if variable is None:
                    raise BindingError("∇ without the variable by which it differentiates")
                return tree.Derivative(self.prepared(of), (self.prepared(variable),) * order, span=node.span)
            case tree.Evaluated(base=base):
                raise BindingError("a value at a place that is named behind a bar")
            case tree.Product(factors=factors) if (merged := self._compounds(factors)) is not factors:
                if len(merged) == 1 and merged[0].sign == "":
                    return self.prepared(merged[0].item)
                return self.prepared(replace(node, factors=merged))
            case tree.Lowered(base=tree.Name(key="δ") as name, items=items) if self._is_kronecker(items):
                letters = tuple(part for item in items for part in apart(item))
                return tree.Subscript(name, self.prepared(letters), span=node.span)
            case tree.Lowered(base=tree.Name(key=key) as name, items=(tree.Num(value=number), *rest)) if rest and int(
                number
            ) in self.names.views.get(folded(key), {}):
                member = self.names.views[folded(key)][int(number)]
                entries = tuple(part for item in rest for part in apart(item))
                return tree.Subscript(replace(member, span=name.span), self.prepared(entries), span=node.span)
            case tree.Power(base=tree.Lowered(base=tree.Name(key=key)) as base, exponent=exponent) if self._bare_layer(
                folded(key), exponent
            ):
                return self.prepared(tree.Power(base, tree.Group((exponent,), span=exponent.span), span=node.span))
            case tree.Power(base=tree.Derivative(of=of, by=(*before, last)), exponent=exponent) if self._moves_in(
                last, exponent
            ):
                layered = tree.Power(last, exponent, span=last.span.to(exponent.span))
                return self.prepared(tree.Derivative(of, (*before, layered), span=node.span))
            case tree.Lowered(base=base, items=items) if is_shape(items):
                return self.prepared(base)
            case tree.Lowered(base=tree.Name(key=key), items=items) if folded(key) in self.names.layered:
                return self._below_layered(node, folded(key), items)
            case tree.Power(base=base, exponent=tree.Group(items=(tree.Comparison(items=items, relations=("=",)),))):
                return self.prepared(tree.Power(base, tree.Group((items[1],)), span=node.span))
            case tree.Power(base=tree.Lowered(base=tree.Name() as name, items=items) as base, exponent=exponent) if (
                is_layer(exponent)
            ):
                if is_shape(items):
                    return self.prepared(tree.Power(name, exponent, span=node.span))
                inner = tree.Lowered(name, self.prepared(items), span=base.span)
                return tree.Power(inner, self.prepared(exponent), span=node.span)
            case tree.Power(base=tree.Name(key=key), exponent=exponent) if self._bare_layer(folded(key), exponent):
                raised = tree.Group((exponent,), span=exponent.span)
                return tree.Power(node.base, self.prepared(raised), span=node.span)
            case _:
                changes = {f.name: self.prepared(getattr(node, f.name)) for f in fields(node) if f.compare}
                return replace(node, **changes)

    def _variable(self, of: tree.Expression) -> tree.Expression | None:
        """By what `∇f(x)` and `∇L` differentiate: the only argument, else the only parameter of the sheet."""
        match of:
            case tree.Product(factors=(tree.Factor(), tree.Factor(sign="", item=tree.Group(items=(item,))))) if (
                isinstance(item, tree.Name | tree.Lowered)
            ):
                return item
            case tree.Name():
                parameters = self.names.model.sheet.parameters
                return name_of(parameters[0].name) if len(parameters) == 1 else None
            case _:
                return None

    def _is_kronecker(self, items: Sequence[Any]) -> bool:
        """δ_{ij}, where δ is nothing that carries two indices."""
        letters = [part for item in items for part in apart(item)]
        own = self.names.locals.get("δ")
        taken = own is not None and len(own.parameters) == len(letters)
        return (
            len(letters) == 2
            and not taken
            and "δ" not in self.names.model.symbols
            and all(isinstance(part, tree.Name | tree.Num | tree.Additive) for part in letters)
        )

    def _moves_in(self, variable: tree.Expression, exponent: tree.Expression) -> bool:
        """`∂C/∂z^l`: what stands above the variable is its layer, not a power of the derivative."""
        base = variable.base if isinstance(variable, tree.Lowered) else variable
        if not isinstance(base, tree.Name):
            return False
        return self._bare_layer(folded(base.key), exponent) or (
            is_layer(exponent) and folded(base.key) in self.names.layered
        )

    def _compounds(self, factors: tuple[tree.Factor, ...]) -> tuple[tree.Factor, ...]:
        """`d W` as the one name dW, where the page or the context declares it."""
        found: list[tree.Factor] = []
        at = 0
        while at < len(factors):
            factor = factors[at]
            word = self._word(factors, at)
            if word is not None:
                found.append(replace(factor, item=word[0]))
                at = word[1]
                continue
            following = factors[at + 1] if at + 1 < len(factors) else None
            if (
                following is not None
                and following.sign == ""
                and isinstance(factor.item, tree.Name)
                and factor.item.key in {"d", "Δ", "δ"}
                and (merged := self._compound(factor.item, following.item)) is not None
            ):
                found.append(replace(factor, item=merged))
                at += 2
                continue
            found.append(factor)
            at += 1
        return tuple(found) if len(found) < len(factors) else factors

    def _word(self, factors: tuple[tree.Factor, ...], at: int) -> tuple[tree.Expression, int] | None:
        """`yhat` in LaTeX, letters side by side that are one name; and where it ends."""
        names: list[tree.Name] = []
        last: tree.Expression | None = None
        for factor in factors[at:]:
            inner = factor.item
            while isinstance(inner, tree.Lowered | tree.Subscript | tree.Power | tree.Transpose | tree.Prime):
                inner = inner.base
            joins = not names or (factor.sign == "" and names[-1].span.end == inner.span.start)
            if not isinstance(inner, tree.Name) or len(inner.key) != 1 or not inner.key.isalpha() or not joins:
                break
            names.append(inner)
            last = factor.item
            if factor.item is not inner:
                break  # an index or a power ends the word
        for count in range(len(names), 2, -1):
            key = "".join(name.key for name in names[:count])
            if key in self.names.names() and any(name.key not in self.names.names() for name in names[:count]):
                whole = tree.Name(key, key, span=names[0].span.to(names[count - 1].span))
                ends = factors[at + count - 1].item
                return (_rebased(ends, whole) if count == len(names) and last is ends else whole), at + count
        return None

    def _compound(self, sign: tree.Name, item: tree.Expression) -> tree.Expression | None:
        """A sign and the symbol behind it as one symbol, with whatever stands on it."""
        match item:
            case tree.Name(key=key):
                joint = sign.key + folded(key)
                if (
                    joint not in self.names.locals
                    and joint not in self.names.views
                    and not any(written(k).base == joint for k in (*self.names.locals, *self.names.views))
                ):
                    return None
                return tree.Name(joint, joint, span=sign.span.to(item.span))
            case tree.Lowered() | tree.Subscript() | tree.Power() | tree.Transpose() | tree.Prime():
                inner = self._compound(sign, item.base)
                return None if inner is None else replace(item, base=inner, span=sign.span.to(item.span))
            case _:
                return None

    def _bare_layer(self, key: str, exponent: tree.Expression) -> bool:
        """`a^{l-1}` of a name that is known by layers."""
        if is_layer(exponent):
            return False
        if key not in self.names.views and not (key in self.names.locals and self.names.locals[key].parameters):
            return False
        letters = {n.key for n in walk(exponent) if isinstance(n, tree.Name)}
        if not letters and key in self.names.bare:
            own = self.names.locals.get(key)
            if not isinstance(exponent, tree.Num) or exponent.value.denominator != 1:
                return False
            return int(exponent.value) in self.names.views.get(key, {}) or (own is not None and bool(own.parameters))
        return bool(letters) and letters <= {"l", "L", "k", "ℓ"} and not letters & TRANSPOSE

    def _below_layered(self, node: tree.Lowered, key: str, items: Sequence[Any]) -> tree.Expression:
        """`h_1` on a page where h^{(1)} is a layer: an entry of h, if h alone is something; else nobody knows."""
        below = spelled(tuple(items))
        if key in self.names.locals and not self.names.locals[key].parameters:
            return tree.Subscript(node.base, self.prepared(tuple(items)), span=node.span)
        if below is not None and not below.isdigit() and len(below) > 1:
            return replace(node, items=self.prepared(tuple(items)))
        if key in self.names.model.symbols:
            return replace(node, items=self.prepared(tuple(items)))
        shown = self.text[node.span.start : node.span.end]
        raise BindingError(f"{shown} may be a layer or an entry")


def _rebased(node: tree.Expression, name: tree.Name) -> tree.Expression:
    """A symbol with another name in its place: what stands on it stays."""
    if isinstance(node, tree.Lowered | tree.Subscript | tree.Power | tree.Transpose | tree.Prime):
        return replace(node, base=_rebased(node.base, name), span=name.span.to(node.span))
    return name
