"""The chain rule about functions that nobody specifies: ∂r/∂t = Σᵢ ∂r/∂gᵢ ∂gᵢ/∂t.

A line of nothing but derivatives says itself what depends on what: each factor ∂a/∂b on the right that a depends on b.
A sheet of random functions with these dependences tells whether the line is the chain rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from gradsheet.checking.judging.comparison import Comparer
from gradsheet.checking.meaning.points import Model
from gradsheet.checking.meaning.scope import Scope
from gradsheet.diagnostics import SheetError, Source
from gradsheet.sheet.reader import load_sheet
from gradsheet.syntax import tree
from gradsheet.syntax.scripts import spelled
from gradsheet.syntax.written_names import faces

if TYPE_CHECKING:
    from gradsheet.checking.judging.comparison import Finding


class _NoRule(Exception):  # noqa: N818 - the line is something else
    pass


@dataclass(slots=True)
class _Quantity:
    """A symbol of the line: its name in the sheet, whether it carries an index, what it depends on."""

    name: str
    indexed: bool = False
    needs: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Line:
    quantities: dict[str, _Quantity] = field(default_factory=dict)
    right: bool = False

    # ------------------------------------------------------------ reading

    def symbol(self, node: tree.Expression) -> tuple[str, tree.Expression]:
        """The quantity that a symbol is, and the symbol in the sheet's language."""
        match node:
            case tree.Group(items=(item,)) | tree.Underbrace(base=item):
                return self.symbol(item)
            case tree.Product(factors=(tree.Factor(item=head), tree.Factor(sign="", item=tree.Group()))):
                return self.symbol(head)  # r(t) is r
            case tree.Name(key=key):
                return self.quantity(_bare(key), None)
            case tree.Lowered(base=tree.Name(key=key), items=items):
                below = spelled(items)
                if below is None:
                    raise _NoRule
                if len(below) == 1 and below.isalpha():
                    return self.quantity(_bare(key), items[0])  # type: ignore[arg-type]
                return self.quantity(f"{_bare(key)}_{below}", None)
            case _:
                raise _NoRule

    def quantity(self, key: str, index: tree.Expression | None) -> tuple[str, tree.Expression]:
        known = self.quantities.get(key)
        if known is None:
            known = _Quantity(f"q{len(self.quantities)}")
            self.quantities[key] = known
            known.indexed = index is not None
        elif known.indexed != (index is not None):
            raise _NoRule
        name = tree.Name(known.name, known.name)
        return key, name if index is None else tree.Subscript(name, (index,))

    def translated(self, node: tree.Expression) -> tree.Expression:
        """A side of the line with its symbols named as in the sheet."""
        match node:
            case tree.Derivative(of=of, by=(by,)):
                above, upper = self.symbol(of)
                below, lower = self.symbol(by)
                if self.right and above != below:
                    self.quantities[above].needs[below] = None
                return tree.Derivative(upper, (lower,))
            case tree.Product(factors=factors) if all(f.sign in {"", "·", "*", "×"} for f in factors):
                return tree.Product(
                    tuple(
                        tree.Factor("·" if k else "", self.translated(f.item)) for k, f in enumerate(self.told(factors))
                    )
                )
            case tree.Additive(terms=terms):
                return tree.Additive(tuple(tree.Term(t.sign, self.translated(t.item)) for t in terms))
            case tree.Group(items=(item,)):
                return tree.Group((self.translated(item),))
            case tree.Underbrace(base=base):
                return self.translated(base)
            case tree.Binder(kind="sum", indices=indices, body=body):
                free = tuple(tree.BoundIndex(i.name, None) for i in indices)
                return tree.Binder("sum", free, self.translated(body))
            case _:
                raise _NoRule

    @staticmethod
    def told(factors: tuple[tree.Factor, ...]) -> list[tree.Factor]:
        """Without brackets that only say where a derivative is taken."""
        kept: list[tree.Factor] = []
        for factor in factors:
            names = isinstance(factor.item, tree.Group) and all(
                isinstance(i, tree.Name | tree.Lowered) for i in factor.item.items
            )
            if kept and names and factor.sign == "":
                continue
            kept.append(factor)
        return kept

    # ------------------------------------------------------------ the sheet

    def sheet(self) -> str:
        """Random functions with the dependences of the line; coefficients are inputs, drawn with everything else."""
        order = list(TopologicalSorter({k: q.needs for k, q in self.quantities.items()}).static_order())
        lines: list[str] = []
        declared: list[str] = []
        for key in order:
            quantity = self.quantities[key]
            name = quantity.name
            if not quantity.needs:
                declared.append(f"{name} ∈ ℝ^n{name}" if quantity.indexed else f"{name} ∈ ℝ")
                continue
            terms = []
            for number, below in enumerate(quantity.needs):
                lower = self.quantities[below]
                axes = [f"n{x.name}" for x in (quantity, lower) if x.indexed]
                shape = f"^({' × '.join(axes)})" if axes else ""
                for power, letter in ((1, "c"), (2, "d")):
                    factor = f"{letter}{number}{name}"
                    declared.append(f"{factor} ∈ ℝ{shape}")
                    at = ",".join(["i"] * quantity.indexed + ["j"] * lower.indexed)
                    entry = f"{factor}[{at}]" if at else factor
                    value = f"{lower.name}[j]" if lower.indexed else lower.name
                    term = f"{entry} {value}^{power}"
                    terms.append(f"sum[j in 1..n{lower.name}] {term}" if lower.indexed else term)
            left = f"{name}[i]" if quantity.indexed else name
            ending = f" for i in 1..n{name}" if quantity.indexed else ""
            lines.append(f"{left} = {' + '.join(f'({t})' for t in terms)}{ending}")
        return "\n".join([*declared, "", *lines, ""])


def chain_rule(left: tree.Expression, right: tree.Expression) -> tuple[Finding, str] | None:
    """Whether a line of derivatives is the chain rule, and what that takes for granted; None where it is no such line.

    The trees are neutral: nothing in them is bound.
    """
    line = _Line()
    try:
        first = line.translated(left)
        if not isinstance(first, tree.Derivative):
            return None
        line.right = True
        second = line.translated(right)
        text = line.sheet()
        model = Model(load_sheet(Source(text, "the line")), "the line")
    except (_NoRule, CycleError, SheetError):
        return None
    if isinstance(second, tree.Derivative) or not any(q.needs for q in line.quantities.values()):
        return None
    finding = Comparer(model, 2).compare(Scope(), first, second, identities=True)
    said = "; ".join(f"{key} depends on {', '.join(q.needs)}" for key, q in line.quantities.items() if q.needs)
    return finding, f"{said}, and on nothing else between"


def _bare(key: str) -> str:
    return list(faces(key))[-1]
