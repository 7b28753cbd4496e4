"""The check of one document: its chains, the sheets that it may be about, a verdict on every claim."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.context import Context, declared
from gradsheet.checking.judging.doubts import Drafted, corroborate, give_up, misread
from gradsheet.checking.judging.judge import Judge
from gradsheet.checking.judging.naming import Names, Slipped, arrange, name_slips
from gradsheet.checking.judging.proofs import prove
from gradsheet.checking.judging.records import Draft, Judged
from gradsheet.checking.limits import Limits
from gradsheet.checking.model import CheckedFormula, CheckReport, Reference
from gradsheet.checking.reading.chains import chains
from gradsheet.checking.stages import Stages
from gradsheet.expressions import rare_collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.model import Claim, Kind, Verdict
    from gradsheet.checking.reading.model import Chain
    from gradsheet.diagnostics import Diagnostic, Remark
    from gradsheet.manuscripts import Formula, Manuscript, Piece
    from gradsheet.sheet import Sheet


def check(
    manuscript: Manuscript,
    sheets: Sequence[Sheet] = (),
    context: Context | None = None,
    limits: Limits | None = None,
) -> CheckReport:
    """Every claim of a document with its verdict.

    `sheets` hold from the start; a context may name others, question by question. Without any, the document's own
    definitions are taken as the sheet where they define a network completely.
    """
    with rare_collection():
        return _Checker(manuscript, sheets, context or Context(), limits or Limits()).report()


class _Checker:
    """One document."""

    def __init__(self, manuscript: Manuscript, sheets: Sequence[Sheet], context: Context, limits: Limits) -> None:
        self.manuscript = manuscript
        self.context = context.located(manuscript)
        self.limits = limits
        self.started = time.monotonic()
        self.deadline = self.started + limits.seconds if limits.seconds else None
        self.remarks: list[Remark] = [*manuscript.remarks, *self.context.remarks]
        self.problems: list[Diagnostic] = [*manuscript.problems, *self.context.problems]
        self.stopped = ""
        if len(manuscript.formulas) > limits.formulas:
            manuscript = replace(manuscript, pieces=_first(manuscript, limits.formulas))
            self.stopped = f"the limit of {limits.formulas:,} formulas"
        self.chains = chains(manuscript)
        self.sheets = sheets
        self.stages = Stages(self.chains, sheets, self.context, self.limits, self.deadline, declared(manuscript))
        self._judges: dict[int, Judge] = {}
        self._spelled: dict[int, dict[str, str]] = {}
        self.used: dict[str, None] = {}
        self.drafts: list[Drafted] = []
        self.kinds: dict[int, list[Kind]] = defaultdict(list)
        self.readings: dict[int, list[str]] = defaultdict(list)

    def judge_of(self, stage: Stage) -> Judge:
        """The judge of a stage, who remembers what was wrong on it."""
        found = self._judges.get(id(stage))
        if found is None:
            found = Judge(stage)
            self._judges[id(stage)] = found
        return found

    # ------------------------------------------------------------ the page

    def report(self) -> CheckReport:
        """Go over the chains, then name the slips."""
        active: list[Stage] = []
        before: list[Stage] = []
        for chain in self.chains:
            if len(self.drafts) >= self.limits.claims:
                self.stopped = f"the limit of {self.limits.claims:,} claims"
                break
            if self.deadline is not None and time.monotonic() > self.deadline:
                self.stopped = f"the time limit of {self.limits.seconds:g} s"
                self.leave(chain)
                continue
            stages = self.stages.at(chain)
            if stages is not before:
                active, before = list(stages), stages
            active = self.one(chain, stages, active)
        give_up(self.drafts)
        misread(self.drafts)
        if self.deadline is None or time.monotonic() < self.deadline:
            self.name()
        corroborate(self.drafts)
        self.prove()
        return self.assembled()

    def prove(self) -> None:
        """What the rules can derive is proved."""
        by_stage: dict[int, tuple[Stage, list[Draft]]] = {}
        for draft, stage in self.drafts:
            if stage is not None:
                by_stage.setdefault(id(stage), (stage, []))[1].append(draft)
        for stage, drafts in by_stage.values():
            if not self.late():
                prove(stage, drafts)

    def leave(self, chain: Chain) -> None:
        """A chain after the end of the time."""
        for k, relation in enumerate(chain.relations):
            if relation in {"=", "≈", "≡"}:
                side = chain.sides[k + 1]
                draft = Draft(chain.formulas[k], side.span, side.latex, side.latex, "undecided", self.stopped)
                self.drafts.append((draft, None))

    def one(self, chain: Chain, stages: list[Stage], active: list[Stage]) -> list[Stage]:
        """One chain under every sheet that may be meant; the sheets that may still be meant after it."""
        if not stages:
            self.unbound(chain)
            return active
        results: dict[int, Judged] = {}
        before = {id(s): (s.state(), len(self.judge_of(s).claims.wrong)) for s in stages if s not in active}
        for stage in stages:
            results[id(stage)] = self.judge_of(stage).judge(chain)
        defining = [s for s in stages if results[id(s)].defines]
        if defining and len(stages) > 1:
            fitting = [s for s in stages if results[id(s)].agrees and results[id(s)].defines]
            clean = [s for s in fitting if not any(d.verdict == "wrong" for d in results[id(s)].drafts)]
            for choice in (clean, fitting):
                if choice:
                    active = [s for s in active if s in choice] or choice
                    break
        for stage in stages:
            if id(stage) in before and stage not in active:
                state, count = before[id(stage)]
                stage.restore(state)
                del self.judge_of(stage).claims.wrong[count:]
        best = max(active, key=lambda s: results[id(s)].score)
        result = results[id(best)]
        if result.drafts:
            self.used.setdefault(best.models[0].sheet.source.name)
        for draft in result.drafts:
            self.drafts.append((draft, best))
        for formula, kind in result.kinds:
            self.kinds[formula.number].append(kind)
        for formula, text in result.readings:
            self.readings[formula.number].append(text)
        return active

    def unbound(self, chain: Chain) -> None:
        """No sheet, and the document defines none."""
        for k, relation in enumerate(chain.relations):
            formula = chain.formulas[k]
            side = chain.sides[k + 1]
            if relation in {"=", "≈", "≡"} and side.kind in {"expression", "unreadable"}:
                verdict: Verdict = "unreadable" if side.kind == "unreadable" else "undecided"
                draft = Draft(formula, side.span, side.latex, side.latex, verdict, "no sheet says what its symbols are")
                self.drafts.append((draft, None))
                self.kinds[formula.number].append("claim")

    def name(self) -> None:
        """The slip behind each wrong claim."""
        known: list[Slipped] = []
        right = [(d, s) for d, s in self.drafts if d.verdict == "right" and d.right is not None]
        for draft, stage in self.drafts:
            if draft.verdict == "wrong" and stage is not None:
                if self.deadline is not None and time.monotonic() > self.deadline:
                    self.stopped = f"the time limit of {self.limits.seconds:g} s"
                    return
                siblings = [d.right for d, s in right if s is stage and d.right is not None]
                if draft.numeric and draft.slip == "shape":
                    continue
                name_slips(draft, stage, siblings, known, learned=self.spelled(stage), deadline=self.deadline)
            elif draft.verdict == "arrangement" and stage is not None and not self.late():
                arrange(draft, stage, learned=self.spelled(stage))

    def late(self) -> bool:
        """Whether the time is over."""
        return self.deadline is not None and time.monotonic() > self.deadline

    def spelled(self, stage: Stage) -> dict[str, str]:
        """How the author writes each name, from all formulas that were bound."""
        found = self._spelled.get(id(stage))
        if found is None:
            names = Names(stage)
            for draft, own in self.drafts:
                if own is stage:
                    for node, side in ((draft.left, draft.left_side), (draft.right, draft.right_side)):
                        if node is not None and side is not None:
                            names.learn(node, side.formula.text)
            found = names.spelled
            self._spelled[id(stage)] = found
        return found

    # ------------------------------------------------------------ the report

    def assembled(self) -> CheckReport:
        """The drafts, counted, with the formulas to which they belong."""
        by_formula: dict[int, list[Draft]] = defaultdict(list)
        for draft, _ in self.drafts:
            by_formula[draft.formula.number].append(draft)
        references: dict[int, Reference] = {}
        for number, own in by_formula.items():
            for step, draft in enumerate(own, 1):
                references[id(draft)] = Reference(number, step)
        checked = []
        for formula in self.manuscript.formulas:
            own = by_formula.get(formula.number, [])
            claims: list[Claim] = [
                d.claim(step, references.get(id(d.carried_from)) if d.carried_from is not None else None)
                for step, d in enumerate(own, 1)
            ]
            reading = "; ".join(dict.fromkeys(self.readings.get(formula.number, [])))
            checked.append(CheckedFormula(formula, self.kind_of(formula, claims), reading, tuple(claims)))
        return CheckReport(
            self.manuscript,
            tuple(self.used) or tuple(s.source.name for s in self.sheets),
            tuple(checked),
            tuple(self.stages.bindings()),
            tuple(dict.fromkeys(self.remarks)),
            tuple(self.problems),
            self.stopped,
            seconds=time.monotonic() - self.started,
        )

    def kind_of(self, formula: Formula, claims: Sequence[Claim]) -> Kind:
        """What a formula is as a whole."""
        if claims:
            return "claim"
        kinds = Counter(self.kinds.get(formula.number, ["fragment" if formula.struck else "mention"]))
        order: tuple[Kind, ...] = ("definition", "given", "update", "shape", "mention", "fragment")
        return next((k for k in order if k in kinds), "mention")


def _first(manuscript: Manuscript, count: int) -> tuple[Piece, ...]:
    """The pieces of a document up to some number of formulas."""
    last = manuscript.formulas[count - 1] if count else None
    return manuscript.pieces[: manuscript.pieces.index(last) + 1] if last is not None else ()
