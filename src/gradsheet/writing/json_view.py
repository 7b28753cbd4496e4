"""A solution as plain data: what `solve --json` prints. docs/schema/solve.schema.json describes it.

Numbers are float64 whatever the terminal rounds to, with exact strings beside them where those are short; infinities
and undefined values are the strings "inf", "-inf" and "nan". Without values, values are null.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.numerics.digits import exact_text
from gradsheet.syntax import tree
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.errors import SCHEMA_VERSION
from gradsheet.writing.rows import RowWriter
from gradsheet.writing.spelling import Spelling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.writing.equations import Line
    from gradsheet.writing.notations.steps import SmallStep
    from gradsheet.writing.report import Item, Member, Report


def to_json(report: Report) -> dict[str, Any]:
    """The whole solution."""
    solution = report.solution
    view = _View(report)
    derivation, objective = solution.derivation, solution.sheet.objective
    name = derivation.targets[0].name if derivation.targets and not derivation.cotangents else None
    sense = objective.sense if objective is not None and objective.symbol.name == name else None
    verification = solution.verification
    values = [number(v) for v in report.objectives]
    return {
        "schema_version": SCHEMA_VERSION,
        "title": report.title or None,
        "objective": name,
        "sense": "pullback" if derivation.cotangents else sense,
        "parameters": [s.name for s in solution.sheet.parameters],
        "kind": solution.kind,
        "rows": solution.row_count or None,
        "notation": report.notation,
        "conventions": [*report.conventions, *report.notes],
        "remarks": list(solution.remarks),
        "given": [view.named(part, item) for item in report.given for part in item.parts],
        "forward": [view.equation(part, item) for item in report.forward for part in item.parts],
        "sums": [view.statement(item) for item in report.sums],
        "local": [view.equation(part, item) for item in report.local for part in item.parts],
        "backward": [view.derivative(part, item) for item in report.backward for part in item.parts],
        "update": [view.equation(part, item) for item in report.update for part in item.parts],
        "objective_value": values[0] if values else None,
        "objective_exact": exact(report.objectives[0]) if values else None,
        "objective_after": values[-1] if len(values) > 1 else None,
        "steps": values,
        "verified": None if verification is None else verification.passed,
        "verification": None if verification is None else _verification(verification),
    }


def _verification(verification: Any) -> dict[str, Any]:
    return {
        "passed": verification.passed,
        "summary": verification.summary(),
        "checks": [
            {"of": c.of, "wrt": list(c.wrt)} | {k: getattr(c, k) for k in ("where", "method", "digits", "passed")}
            for c in verification.checks
        ],
        "problems": list(verification.problems),
    }


class _View:
    """Entries of the lists; text in the notation of the terminal."""

    def __init__(self, report: Report) -> None:
        self.spelling = Spelling(report.solution.sheet)
        self.writer = RowWriter(self.spelling, NumberStyle())
        self.stepwise = report.stepwise

    def named(self, part: Member, item: Item) -> dict[str, Any]:
        """A name with its shape and value."""
        return {"name": self.name(part.lines, item), "shape": list(part.shape), **values_of(part.value, item.rows)}

    def equation(self, part: Member, item: Item) -> dict[str, Any]:
        """A definition, a local Jacobian, or an update with the value after the last step."""
        return {
            "name": self.name(part.lines, item),
            "shape": list(part.shape),
            "text": self.text(part.lines, item.sign),
            "latex": self.latex(part.lines, item.sign),
            **values_of(part.value, item.rows),
        }

    def statement(self, item: Item) -> dict[str, Any]:
        """A fact about sums over configurations: `F(v)`, `p(h[i] = 1 | v)`, `Z`."""
        whole = self.equation(item.parts[0], item)
        name = ascii_minus(self.spelling.formula(item.lines[0].left))
        return {**whole, "name": name, "rule": self.spelling.prose(item.rule), "note": self.spelling.prose(item.note)}

    def derivative(self, part: Member, item: Item) -> dict[str, Any]:
        """An adjoint with the rule that gave it."""
        entry = self.equation(part, item)
        return {
            "of": item.of,
            "wrt": self.wrt(part.lines, item),
            "order": len(item.wrt),
            **entry,
            "rule": self.spelling.prose(item.rule),
            "conditions": list(item.conditions),
            "uses": list(item.uses),
            "small_steps": [self.small_step(step) for step in item.steps] if self.stepwise else None,
        }

    def small_step(self, step: SmallStep) -> dict[str, Any]:
        """The whole right side after one rule."""
        right = f"{self.spelling.formula(step.left)} = {self.spelling.formula(step.right)}"
        fragment = step.fragment and " = ".join(map(self.spelling.formula, step.fragment))
        return {
            "text": right,
            "latex": f"{self.spelling.latex(step.left)} = {self.spelling.latex(step.right)}",
            "rule": step.rule,
            "sentence": self.spelling.prose(step.sentence),
            "conditions": list(step.conditions),
            "fragment": fragment,
        }

    def wrt(self, lines: Sequence[Line], item: Item) -> str:
        """`W1`, `z[2]`; several variables with commas."""
        left = principal(lines).left
        if item.entry:
            return item.entry
        if isinstance(left, tree.Derivative):
            return ", ".join(self.bare(v, item) for v in left.by)
        indices = left.items if isinstance(left, tree.Subscript) else ()
        whole = tree.Name(item.wrt[-1], item.wrt[-1])
        return self.bare(tree.Subscript(whole, indices) if indices else whole, item)

    def bare(self, node: tree.Expression, item: Item) -> str:
        """A name with the indices of its family only: `w`, not `w[i,j,k]`."""
        if isinstance(node, tree.Subscript):
            kept = node.items[: item.symbol.leading]
            node = replace(node, items=kept) if kept else node.base
        if isinstance(node, tree.Subscript) and isinstance(node.base, tree.Name):
            node = replace(node, base=_as_typed(node.base))
        return ascii_minus(self.spelling.formula(_as_typed(node) if isinstance(node, tree.Name) else node))

    def name(self, lines: Sequence[Line], item: Item) -> str:
        """`z1`, `z[2]`, `∂L/∂W[2]`; what has indices of its own is named without them."""
        left = principal(lines).left
        local = isinstance(left, tree.Derivative) and not item.of
        if local or (not item.symbol.leading and not item.entry):
            return item.symbol.name
        if isinstance(left, tree.Derivative):
            return f"∂{item.of}/∂{self.wrt(lines, item)}"
        return self.bare(left, item)

    def text(self, lines: Sequence[Line], sign: str) -> str:
        """Whole equations, one on each line."""
        return "\n".join(
            "   ".join(part for part in (f"{r.left} {sign} {r.right}", r.ranges) if part)
            for r in (self.writer.formula(replace(line, continues=False)) for line in lines)
        )

    def latex(self, lines: Sequence[Line], sign: str) -> str:
        """The same as LaTeX."""
        return self.spelling.latex_lines((line.left, sign, line.right, line.ranges) for line in lines)


def _as_typed(name: tree.Name) -> tree.Name:
    """A name as the author types it, `mu` and not μ: by it the values are given."""
    return tree.Name(name.text, name.text)


def principal(lines: Sequence[Line]) -> Line:
    """The general equation of a family, rather than one of its end cases."""
    return max(lines, key=lambda line: len(line.ranges))


def ascii_minus(text: str) -> str:
    """Indices in names are written as in a sheet: `h[l-1]`."""
    return text.replace("−", "-")


# ---------------------------------------------------------------- numbers


def values_of(value: Any, rows: int = 0) -> dict[str, Any]:
    """`value`, `exact`, and the number of data rows that they carry first.

    >>> values_of(None)
    {'value': None, 'exact': None, 'rows': None}
    """
    if value is None:
        return {"value": None, "exact": None, "rows": None}
    if isinstance(value, dict):  # members of different shapes, by their place
        parts = [value[place] for place in sorted(value)]
        return {"value": [nested(p, number) for p in parts], "exact": [nested(p, exact) for p in parts], "rows": None}
    return {"value": nested(value, number), "exact": nested(value, exact), "rows": rows or None}


def nested(value: Any, convert: Any) -> Any:
    """An array as nested lists.

    >>> nested(np.array([[1.0, 0.5]]), number)
    [[1.0, 0.5]]
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return convert(array[()])
    return [nested(part, convert) for part in array]


def number(value: Any) -> float | str:
    """A number as float64; what JSON has no number for is a string.

    >>> number(0.25), number(-math.inf)
    (0.25, '-inf')
    """
    result = float(value)
    return result + 0.0 if math.isfinite(result) else str(result)


def exact(value: Any) -> str | None:
    """The exact number in ASCII where it is short: "-1/16", "log(3)"."""
    if isinstance(value, float | np.floating):
        return None
    return exact_text(value, ascii_only=True)
