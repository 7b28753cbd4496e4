"""∂L/∂W[i,j] = Σ ∂L/∂z[k] ∂z[k]/∂W[i,j] = … = ∂L/∂z[i] x[j]: the small steps of one adjoint on paper."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.derivation import small_steps
from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.expressions import Add
from gradsheet.records import dataclass
from gradsheet.syntax import canonical_key, parse_expression, tree
from gradsheet.writing.equations import ranges_of
from gradsheet.writing.notations.components import component

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.derivation import Adjoint, Derivation
    from gradsheet.writing.notations.letters import Letters
    from gradsheet.writing.report import Report
    from gradsheet.writing.trees import Tree


@dataclass(frozen=True, slots=True)
class SmallStep:
    """One application of a rule: the whole right-hand side after it, in components, and why."""

    left: Tree
    right: Tree
    rule: str
    sentence: str
    conditions: tuple[str, ...] = ()
    fragment: tuple[Tree, Tree] | None = None
    """What stood before and after, where the place of the rule in the whole was not found; `right` has not changed."""
    ranges: tuple[tree.BoundIndex, ...] = ()
    """The indices of the left side."""


def written_steps(derivation: Derivation, adjoint: Adjoint, letters: Letters) -> tuple[SmallStep, ...]:
    """The small steps of an adjoint, the same letters throughout; the last right side is the printed one."""
    equation = adjoint.equation
    found = small_steps(derivation, adjoint)
    left = (adjoint.symbol, equation.pattern)
    last = letters.names(left, equation.free, equation.body)
    fixed = {index: last.of[index] for index in equation.free}
    everything = [e for s in found for e in (s.whole, *(s.fragment or ()))]
    names = letters.names(left, equation.free, Add(tuple(everything)), fixed=fixed)
    shown = names.component(adjoint.symbol, [names.affine(p) for p in equation.pattern])
    ranges = ranges_of(equation.free, names)
    written: list[SmallStep] = []
    for step in found:
        fragment = step.fragment and (component(step.fragment[0], names), component(step.fragment[1], names))
        right = component(step.whole, names)
        if written and fragment is None and right == written[-1].right:
            continue  # the same on paper
        rule = step.rule
        written.append(SmallStep(shown, right, rule.name, rule.sentence, step.conditions, fragment, ranges))
    return tuple(written)


class NoSuchDerivativeError(ValueError):
    """The derivation has no derivative of this name; the suggestion lists what it has."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        super().__init__(f"there is no derivative '{text}' in this derivation")
        self.suggestion = "there are " + ", ".join(dict.fromkeys(names))


def steps_only(report: Report, names: Sequence[str]) -> Report:
    """The report with nothing but some derivatives, which are to be shown rule by rule."""
    derivation = report.solution.derivation
    items = []
    for text in names:
        adjoint = adjoint_named(derivation, text)
        if adjoint is None:
            raise NoSuchDerivativeError(text, [a.symbol.name for a in derivation.adjoints])
        items.append(report.item_of(adjoint))
    return replace(report, given=[], forward=[], sums=[], local=[], update=[], backward=items, stepwise=True)


def adjoint_named(derivation: Derivation, text: str) -> Adjoint | None:
    """The adjoint that a text names: `W1`, `z[l]`, `∂L/∂W1`, `dL/dW1`, `x̄`; a gradient of the objective first."""
    source = Source(text, "<name>")
    problems = Diagnostics(source)
    try:
        node = parse_expression(source, problems)
    except SheetError:
        return None
    if isinstance(node, tree.Derivative):
        wanted = (_key(node.of), tuple(map(_key, node.by)))
        return next((a for a in derivation.adjoints if _full_name(a) == wanted), None)
    name = _key(node)
    by_name = [a for a in derivation.adjoints if canonical_key(a.symbol.name) == name]
    own = [a for a in derivation.adjoints if a.order == 1 and canonical_key(a.wrt[-1].name) == name]
    own.sort(key=lambda a: a.of not in derivation.targets)
    return next(iter([*by_name, *own]), None)


def _full_name(adjoint: Adjoint) -> tuple[str, tuple[str, ...]]:
    of, by = adjoint.symbol.adjoint_of or (adjoint.of, adjoint.wrt)
    return canonical_key(of.name), tuple(canonical_key(s.name) for s in by)


def _key(node: tree.Expression) -> str:
    """A name without the indices of a member or an entry."""
    while isinstance(node, tree.Subscript):
        node = node.base
    return canonical_key(node.key) if isinstance(node, tree.Name) else ""
