"""The chains of a page one after the other: what each is, and the verdict on each of its relations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from gradsheet.checking.judging.claims import Claims
from gradsheet.checking.judging.definitions import Definitions
from gradsheet.checking.judging.impositions import values_of
from gradsheet.checking.judging.records import Judged
from gradsheet.checking.judging.shapes import labelled_claims, product_claim, shape_claims
from gradsheet.checking.judging.sides import EQUALITIES, bound_conditions, bound_side
from gradsheet.checking.judging.spelling import plain
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from gradsheet.checking.judging.records import Bound, Draft
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.model import Kind
    from gradsheet.checking.reading.model import Chain


class Judge:
    """Goes over chains with one stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.definitions = Definitions(stage)
        self.claims = Claims(stage)

    def judge(self, chain: Chain) -> Judged:
        """All that is said of a chain."""
        result = Judged()
        if chain.struck:
            result.kinds = [(f, "fragment") for f in chain.formulas]
            return result
        if chain.formulas[0].number in self.stage.declaring:
            result.kinds = [(f, "definition") for f in chain.formulas]
            return result
        self.definitions.braces(chain)
        sides = [bound_side(self.stage, side, chain) for side in chain.sides]
        if not chain.relations:
            found = labelled_claims(self.stage, chain.sides[0], chain.formulas[0])
            result.drafts.extend(found)
            result.kinds = [(chain.formulas[0], "shape" if found else "mention")]
            result.readings = [(chain.formulas[0], plain(b.tree)) for b in sides if b.tree is not None]
            return result
        if self.assumption(chain, sides):
            result.kinds = [(f, "given") for f in chain.formulas]
            return result
        conditions, unreadable = bound_conditions(self.stage, chain)
        first = 0 if chain.continues else self.definitions.opening(chain, sides, result)
        for k in range(first, len(chain.relations)):
            kind, drafts = self.shapes(chain, sides, k) or self.claim(chain, sides, k, conditions, unreadable)
            result.kinds.append((chain.formulas[k], kind))
            if kind == "claim":
                drafts[0].opens = k == 0 and result.defines and not result.again
                self.place(drafts[0], sides[k].tree if k else None, result)
            result.drafts.extend(drafts)
        self.tell(chain, sides, result)
        return result

    def shapes(self, chain: Chain, sides: list[Bound], k: int) -> tuple[Kind, list[Draft]] | None:
        """A relation that states a shape, or that claims nothing; None where it is an equation."""
        left, right, formula = sides[k], sides[k + 1], chain.formulas[k]
        if left.side.kind == "shape":
            return "shape", labelled_claims(self.stage, left.side, formula)
        equation = chain.relations[k] in EQUALITIES
        product = product_claim(left, right, formula) if equation else None
        if product is not None:
            return "shape", [product]
        if right.side.kind in {"shape", "set"}:
            return "shape", shape_claims(self.stage, left, right, formula)
        if equation:
            return None
        return ("shape" if chain.relations[k] in {":", "∈"} else "mention"), []

    def claim(
        self, chain: Chain, sides: list[Bound], k: int, conditions: tuple[tree.Expression, ...], unreadable: str
    ) -> tuple[Kind, list[Draft]]:
        """The claim of an equation, unless a condition beside it leaves it open."""
        draft = self.claims.relation(chain, sides, k, conditions)
        if draft is None:
            return "fragment", []
        unsettled = draft.verdict == "undecided" and (draft.numeric or bool(draft.conditions))
        if (chain.cases or self.stage.assumed) and (draft.verdict in {"wrong", "inherited"} or unsettled):
            draft = self.in_case(chain, sides, k, conditions, draft)
        if unreadable and draft.verdict in {"right", "arrangement", "wrong", "inherited"}:
            draft.verdict, draft.slip = "undecided", None
            draft.reason = f"the condition “{unreadable}” could not be read"
        if draft.narrowed and draft.verdict == "wrong":
            draft.verdict, draft.slip = "undecided", None
            draft.reason = "a condition beside it is not about its letters"
        return "claim", [draft]

    def assumption(self, chain: Chain, sides: list[Bound]) -> bool:
        """Whether a chain only says what holds of inputs: Σ_k y_k = 1, ‖w‖ = 1, t ∈ {−1, 1}."""
        if len(chain.relations) != 1 or chain.continues or chain.conditions or sides[0].tree is None:
            return False
        left, right = sides
        shown = [plain(part.side.tree) for part in sides if part.side.tree is not None]
        words = f" {chain.relations[0]} ".join(shown)
        if isinstance(right.side.tree, tree.FiniteSet) and left.tree is not None:
            words = f"{shown[0]} ∈ {{{', '.join(map(plain, right.side.tree.values))}}}"
            return self.stage.assumes(values_of(left.tree, right.side.tree.values), words)
        if chain.relations[0] not in {"=", ">", "≥", "<"} or right.tree is None or isinstance(left.tree, tree.Name):
            return False
        relation = cast("tree.Relation", chain.relations[0])
        return self.stage.assumes(tree.Comparison((cast("tree.Expression", left.tree), right.tree), (relation,)), words)

    def in_case(
        self, chain: Chain, sides: list[Bound], k: int, conditions: tuple[tree.Expression, ...], draft: Draft
    ) -> Draft:
        """What does not hold for all values, where the page has supposed something: wrong if it fails there as well."""
        said = ", ".join([*(words for _, words in self.stage.assumed), *(case.text for case in chain.cases)])
        supposed, unreadable = bound_conditions(self.stage, replace(chain, conditions=chain.cases))
        supposed = (*(condition for condition, _ in self.stage.assumed), *supposed)
        other = None if unreadable else self.claims.relation(chain, sides, k, (*conditions, *supposed))
        if draft.verdict == "undecided":
            return other if other is not None and other.verdict == "right" else draft
        if other is None or other.verdict in {"undecided", "unreadable"}:
            draft.verdict, draft.slip, draft.carried_from = "undecided", None, None
            draft.reason = f"it does not hold for all values, and “{said}” cannot be tried"
            return draft
        if other.verdict in {"right", "arrangement"}:
            other.assumptions = (*other.assumptions, said)
        return other

    def place(self, draft: Draft, before: tree.Expression | None, result: Judged) -> None:
        """Remember the expression before a claim, and the claim itself where it is wrong."""
        if before is not None and before is not draft.left:
            draft.before = before
            draft.before_verdict = next((d.verdict for d in reversed(result.drafts) if d.right is before), None)
        if draft.verdict == "wrong":
            self.claims.wrong.append(draft)

    @staticmethod
    def tell(chain: Chain, sides: list[Bound], result: Judged) -> None:
        """How each formula was read."""
        for b, formula in zip(sides[1:], chain.formulas, strict=False):
            if b.tree is not None:
                left = sides[sides.index(b) - 1].tree
                shown = "…" if left is None else plain(left)
                result.readings.append((formula, f"{shown} = {plain(b.tree)}"))
