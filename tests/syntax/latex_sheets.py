"""A sheet written out in LaTeX, formula by formula: the counterpart of the plain printer, for tests."""

from __future__ import annotations

from gradsheet.syntax import tree
from gradsheet.syntax.vocabulary import FUNCTIONS
from gradsheet.typesetting import latex, latex_of, ranges_box, set_box


class LatexSheet:
    """Prints statements; `names` are all names of the sheet, `functions` those that take arguments."""

    def __init__(self, names: frozenset[str], functions: frozenset[str]) -> None:
        self.names = names
        self.functions = functions

    def formula(self, node: tree.Expression) -> str:
        return latex(node, functions=self.functions, names=self.names)

    def lines(self, statement: tree.Statement) -> list[str]:
        match statement:
            case tree.Declaration(names=names, set=declared, attributes=attributes):
                left = ", ".join(map(self.formula, names))
                sign = ":" if isinstance(declared, tree.Maps) else r"\in"
                right = latex_of(set_box(declared, functions=self.functions))
                return [" ".join([f"${left} {sign} {right}$", *attributes])]
            case tree.Assumption(condition=condition):
                return [f"${self.formula(condition)}$"]
            case tree.Sizes(names=names):
                return ["sizes " + ", ".join(f"${n.key}{self.limits(r)}$" for n, r in names)]
            case tree.Definition(target=target, value=value, ranges=ranges):
                behind = rf" \quad \text{{for }} {latex_of(ranges_box(ranges))}" if ranges else ""
                return [f"${self.formula(target)} = {self.formula(value)}{behind}$"]
            case tree.Family(indices=indices, body=body):
                head = ", ".join(f"${self.formula(i.name)}$ in ${self.formula(i.domain)}$" for i in indices)
                return [f"for {head}", *("  " + line for below in body for line in self.lines(below))]
            case tree.Parameters(names=names):
                return ["parameters $" + ", ".join(map(self.formula, names)) + "$"]
            case tree.Pullback(names=names):
                return ["pullback $" + ", ".join(map(self.formula, names)) + "$"]
            case tree.Objective(sense=sense, value=value, method=None):
                return [f"{sense} ${self.formula(value)}$"]
            case tree.Objective(sense=sense, value=value, method=tree.Method(name=name, settings=settings)):
                said = ", ".join(f"${self.formula(key)} = {self.formula(number)}$" for key, number in settings)
                return [f"{sense} ${self.formula(value)}$ by {name.key}({said})"]
            case tree.Update(assignments=assignments):
                return ["update", *(f"  {self.assigned(a)}" for a in assignments)]
            case tree.Given(values=values):
                return ["given", *(f"  ${self.formula(name)} = {self.formula(value)}$" for name, value in values)]
        raise AssertionError(statement)

    def limits(self, limits: tree.Range | None) -> str:
        return "" if limits is None else f"[{self.formula(limits.low)}..{self.formula(limits.high)}]"

    def assigned(self, node: tree.Assignment) -> str:
        behind = rf" \text{{ for }} {latex_of(ranges_box(node.ranges))}" if node.ranges else ""
        return rf"${self.formula(node.target)} \leftarrow {self.formula(node.value)}{behind}$"


def latex_sheet(document: tree.Document, names: frozenset[str], functions: frozenset[str] = FUNCTIONS) -> str:
    """A whole sheet."""
    sheet = LatexSheet(names, functions)
    return "\n".join(line for statement in document.statements for line in sheet.lines(statement)) + "\n"
