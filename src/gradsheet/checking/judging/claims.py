"""The claims of a chain: what each relation says, and the verdict on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.chain_rule import chain_rule
from gradsheet.checking.judging.comparison import Finding
from gradsheet.checking.judging.follow_through import follow
from gradsheet.checking.judging.identities import identity
from gradsheet.checking.judging.letters import free_letters
from gradsheet.checking.judging.linearity import linear
from gradsheet.checking.judging.numeric import entries_of, judge_number, number_under
from gradsheet.checking.judging.proportions import up_to_constant, up_to_factor, without_constant
from gradsheet.checking.judging.records import Draft
from gradsheet.checking.judging.sides import QUIET, formula_of, relevant
from gradsheet.checking.judging.spelling import names_something, plain
from gradsheet.checking.judging.substitution import put_in, renamed
from gradsheet.checking.judging.values import at_values, drawn, is_value, lacking, with_zeros
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.diagnostics import Span
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from gradsheet.checking.judging.records import Bound
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.reading.model import Chain, Side


class Claims:
    """Judges relations over one stage; earlier wrong claims and what each chain is about are remembered."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.anchors: dict[tuple[int, int, int], tree.Expression] = {}
        self.wrong: list[Draft] = []

    def relation(
        self, chain: Chain, sides: list[Bound], k: int, conditions: tuple[tree.Expression, ...]
    ) -> Draft | None:
        """The claim of one relation; None where it claims nothing."""
        a, b = sides[k], sides[k + 1]
        if b.side.kind in QUIET or a.side.kind == "placeholder":
            return None
        anchor = self.anchor(chain, sides, k)
        draft = self.draft(chain, a, b, k)
        draft.conditions = relevant(self.stage, conditions, anchor, b.tree)
        draft.narrowed = len(draft.conditions) < len(conditions)
        if b.tree is None:
            draft.verdict = "unreadable" if b.side.kind == "unreadable" else "undecided"
            draft.reason = b.reason
            self.by_rule(draft, chain, k)
            return draft
        if anchor is None:
            if a.side.kind == "empty" or (a.side.kind in QUIET and k == 0 and not chain.continues):
                draft.reason = "what it continues is not clear"
            else:
                draft.reason = a.reason or "its left side could not be read"
                if a.side.kind == "unreadable":
                    draft.verdict = "unreadable"
            self.remember(b, b.tree)
            return draft
        self.remember(b, anchor)
        draft.left, draft.right = anchor, b.tree
        put_in(self.stage, anchor, b.tree)
        draft.quantity = plain(anchor) if names_something(anchor) else ""
        before = a.tree if a.tree is not None and a.tree is not anchor else None
        if before is not None and numbers.is_closed(before) and numbers.is_closed(b.tree):
            anchor = draft.left = before  # arithmetic is judged by itself
            before = None
        numeric = not self.has_letters(anchor) and entries_of(self.stage, anchor, b) is not None
        if numeric and draft.conditions:
            if not self.where_it_holds(draft, anchor, b.tree):
                number_under(self.stage, self.wrong, draft, anchor, before, b)
        elif numeric:
            judge_number(self.stage, self.wrong, draft, anchor, before, b)
        else:
            self.symbolic(draft, anchor, before, b.tree, chain.relations[k])
            self.by_rule(draft, chain, k)
        return draft

    def draft(self, chain: Chain, a: Bound, b: Bound, k: int) -> Draft:
        """The claim as it is written, not judged yet."""
        formula = chain.formulas[k]
        if a.side.formula is b.side.formula and a.side.formula is formula:
            span = Span(min(a.side.span.start, b.side.span.start), max(a.side.span.end, b.side.span.end))
            latex = f"{a.side.latex} = {b.side.latex}"
        else:
            span = b.side.span if b.side.formula is formula else Span(0, len(formula.text))
            latex = f"… = {b.side.latex}"
        left = plain(a.tree) if a.tree is not None else "…"
        right = plain(b.tree) if b.tree is not None else b.side.latex
        sign = chain.relations[k] if chain.relations[k] in {"∝", "≈"} else "="
        return Draft(
            formula, span, latex, f"{left} {sign} {right}", "undecided", left_side=a.side, right_side=b.side,
            bound=bool(chain.conditions or chain.cases),
        )  # fmt: skip

    def anchor(self, chain: Chain, sides: list[Bound], k: int) -> tree.Expression | None:
        """What the chain is about: its first side that has a value, or that of the chain that it continues."""
        if chain.continues:
            held = self.anchors.get(_place(chain.sides[0]))
            if held is not None:
                return held
        start = max((j + 1 for j in range(k) if chain.relations[j] == "∝"), default=0)
        for b in sides[start : k + 1]:
            if b.tree is not None:
                return b.tree  # what stands behind ∝ is another quantity than what stands before it
        return None

    def remember(self, b: Bound, anchor: tree.Expression) -> None:
        """What the chain is about, for a chain that goes on from this side."""
        self.anchors[_place(b.side)] = anchor

    # ------------------------------------------------------------ between formulas

    def symbolic(
        self,
        draft: Draft,
        anchor: tree.Expression,
        before: tree.Expression | None,
        right: tree.Expression,
        relation: str,
    ) -> None:
        """A claim between formulas."""
        bare = without_constant(right)
        if relation == "∝" or bare is not None:
            self.steady(draft, anchor, right if bare is None else bare, quotient=relation == "∝")
            return
        conditions = draft.conditions
        finding = self.stage.compare(anchor, right, conditions, identities=True)
        if finding.outcome in {"different", "shapes", "open"}:
            other = with_zeros(self.stage, anchor, right, conditions)
            if other is None and (numbers.has_numbers(right) or numbers.is_closed(right) or finding.outcome == "open"):
                other = at_values(self.stage, anchor, right)
            if other is not None and (finding.outcome != "open" or other.outcome in {"right", "arrangement"}):
                finding = other
        if finding.outcome in {"different", "shapes"} and "values" not in finding.certainty and is_value(right):
            finding = Finding("open", lacking(self.stage, anchor, sorted(drawn(self.stage))))
        draft.certainty, draft.assumptions = finding.certainty, finding.assumptions
        match finding.outcome:
            case "right" | "arrangement":
                draft.verdict = "right" if finding.outcome == "right" else "arrangement"
                if finding.outcome == "arrangement":
                    draft.reason = "the factors have to be arranged"
                if before is not None:
                    self.step(draft, before, right)
                self.layout(draft, anchor, right)
            case "open" if before is not None and before != anchor and not self.stage.has_value(anchor):
                draft.left = before  # what cannot be computed says nothing of what follows
                self.symbolic(draft, before, None, right, relation)
            case "open":
                draft.verdict, draft.reason = "undecided", finding.reason
                self.other_letter(draft, anchor, right)
            case _:
                draft.verdict = "wrong"
                alone = (finding.witness,) if len(self.stage.models) == 1 else ()
                draft.witnesses = finding.witnesses or alone
                draft.reason = finding.reason if finding.outcome == "shapes" else ""
                follow(self.stage, self.wrong, draft, anchor, before, right)
        if relation == "≈" and draft.verdict == "wrong":
            draft.verdict, draft.slip, draft.reason = "undecided", None, "≈ between formulas"

    def layout(self, draft: Draft, anchor: tree.Expression, right: tree.Expression) -> None:
        """A line `∂r/∂w = −X` shows which layout the Jacobians of the page have: from then on they have it."""
        stage = self.stage
        if draft.verdict != "right" or stage.binder.turned is not None or not self.jacobian(anchor):
            return
        if any(self.differentiates(n) for n in walk(right)):
            return
        holds = {
            turned: stage.comparers[0].compare(replace(stage.scope(), turned=turned), anchor, right).outcome == "right"
            for turned in (False, True)
        }
        if holds[False] != holds[True]:
            stage.binder.turned = holds[True]
            stage.binder.changed()

    def jacobian(self, node: tree.Expression) -> bool:
        """Whether something is the derivative of a vector by a vector, or a name for one."""
        if isinstance(node, tree.Name):
            local = self.stage.binder.locals.get(node.key)
            return local is not None and not local.parameters and self.jacobian(local.body)
        ranks = self.stage.binder.rank
        return isinstance(node, tree.Derivative) and len(node.by) == 1 and ranks(node.of) == ranks(node.by[0]) == 1

    def differentiates(self, node: tree.Node) -> bool:
        """Whether a part is a derivative, or a name for one."""
        local = self.stage.binder.locals.get(node.key) if isinstance(node, tree.Name) else None
        return isinstance(node, tree.Derivative) or (
            local is not None and any(isinstance(n, tree.Derivative) for n in walk(local.body))
        )

    def where_it_holds(self, draft: Draft, anchor: tree.Expression, right: tree.Expression) -> bool:
        """Whether `∂L/∂w = 0 if z < 0` is true of all values that meet its condition."""
        finding = self.stage.compare(anchor, right, draft.conditions, identities=True)
        if finding.outcome != "right":
            return False
        draft.verdict, draft.certainty, draft.assumptions = "right", finding.certainty, finding.assumptions
        return True

    def steady(self, draft: Draft, anchor: tree.Expression, right: tree.Expression, *, quotient: bool) -> None:
        """A claim up to a factor or up to a constant."""
        finding = (up_to_factor if quotient else up_to_constant)(self.stage, anchor, right)
        draft.certainty, draft.reason = finding.certainty, finding.reason
        if finding.outcome == "right":
            draft.verdict = "right"
        elif finding.outcome == "open":
            draft.verdict = "undecided"
        else:
            draft.verdict, draft.slip = "wrong", "factor" if quotient else "term"

    def step(self, draft: Draft, before: tree.Expression, right: tree.Expression) -> None:
        """Whether a right line also follows from the expression before it."""
        finding = self.stage.compare(before, right, draft.conditions, identities=True)
        if finding.outcome not in {"right", "arrangement"} and draft.certainty.endswith("given values"):
            finding = at_values(self.stage, before, right) or finding
        if finding.outcome in {"right", "arrangement"}:
            draft.step_valid = True
        elif finding.outcome in {"different", "shapes"}:
            draft.step_valid = False
            draft.reason = "right, though it does not follow from the expression before it"

    def other_letter(self, draft: Draft, anchor: tree.Expression, right: tree.Expression) -> None:
        """A letter on the right that stands nowhere on the left: wrong if another letter of the left makes it true."""
        point = self.stage.comparers[0].point("generic", 1)
        interpreter = Interpreter(point, self.stage.scope())
        left_letters, right_letters = free_letters(anchor, interpreter), free_letters(right, interpreter)
        for stray in sorted(right_letters - left_letters):
            for meant in sorted(left_letters - right_letters):
                other = renamed(right, stray, meant)
                if self.stage.compare(anchor, other, draft.conditions).outcome == "right":
                    draft.verdict, draft.slip = "wrong", "index"
                    draft.certainty = "the letters differ"
                    draft.reason = f"{stray} on the right, {meant} on the left"
                    draft.expected_text = f"{plain(anchor)} = {plain(other)}"
                    return

    def has_letters(self, node: tree.Expression) -> bool:
        """Whether a formula has free indices: it is compared for all of them, also with a number."""
        point = self.stage.comparers[0].point("generic", 1)
        return bool(free_letters(node, Interpreter(point, self.stage.scope())))

    # ------------------------------------------------------------ without a sheet

    def by_rule(self, draft: Draft, chain: Chain, k: int) -> None:
        """A line about functions that nobody specifies may be the chain rule."""
        left, right = formula_of(chain.sides[0]), formula_of(chain.sides[k + 1])
        if draft.verdict != "undecided" or left is None or right is None:
            return
        if draft.left is not None and draft.right is not None:
            self.for_all(draft)
        if draft.verdict != "undecided" or not isinstance(left, tree.Derivative | tree.Nabla):
            return
        if linear(left, right, self.stage.written):
            draft.verdict, draft.certainty = "right", "proved"
            draft.reason = "the derivative of a sum is the sum of the derivatives"
            return
        found = chain_rule(left, right)
        if found is not None and found[0].outcome in {"right", "arrangement"}:
            draft.verdict, draft.certainty, draft.reason = "right", found[0].certainty, "the chain rule"
            draft.assumptions = (found[1],)

    def for_all(self, draft: Draft) -> None:
        """An identity in letters of its own, such as σ(x) = e^x/(1 + e^x): right if it holds for all numbers."""
        assert draft.left is not None
        assert draft.right is not None
        finding = identity(draft.left, draft.right, self.stage.scope(), self.stage.binder.names())
        if finding is not None and finding.outcome == "right":
            draft.verdict, draft.certainty, draft.reason = "right", finding.certainty, "for all numbers"
            draft.assumptions = finding.assumptions


def _place(side: Side) -> tuple[int, int, int]:
    return (side.formula.number, side.span.start, side.span.end)
