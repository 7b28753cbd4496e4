"""The check of one document: its chains, the sheets that it may be about, a verdict on every claim."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.binding.binder import layered_letters
from gradsheet.checking.binding.patterns import pattern
from gradsheet.checking.context import Context
from gradsheet.checking.judging.judge import Judge, Judged
from gradsheet.checking.judging.records import Draft
from gradsheet.checking.judging.naming import Names, Slipped, name_slips
from gradsheet.checking.judging.stage import Stage
from gradsheet.checking.judging.variants import variants
from gradsheet.checking.limits import Limits
from gradsheet.checking.meaning.points import Model
from gradsheet.checking.model import CheckedFormula, CheckReport, Reference
from gradsheet.checking.reading.chains import chains
from gradsheet.sheet.reader import load_sheet
from gradsheet.syntax import tree
from gradsheet.syntax.reading import read_source
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.model import BoundName, Claim, Kind
    from gradsheet.checking.reading.model import Chain
    from gradsheet.diagnostics import Diagnostic, Remark
    from gradsheet.manuscripts import Formula, Manuscript
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
    return _Checker(manuscript, sheets, context or Context(), limits or Limits()).report()


class _Checker:
    """One document."""

    def __init__(self, manuscript: Manuscript, sheets: Sequence[Sheet], context: Context, limits: Limits) -> None:
        self.manuscript = manuscript
        self.context = context.located(manuscript)
        self.limits = limits
        self.started = time.monotonic()
        self.deadline = self.started + limits.seconds if limits.seconds else None
        self.sheets = list(sheets)
        self.remarks: list[Remark] = [*manuscript.remarks, *self.context.remarks]
        self.problems: list[Diagnostic] = [*manuscript.problems, *self.context.problems]
        self.stopped = ""
        self.chains = chains(manuscript)
        self._stages: dict[tuple[object, ...], list[Stage]] = {}
        self._judges: dict[int, Judge] = {}
        self._spelled: dict[int, dict[str, str]] = {}
        self.used: dict[str, None] = {}
        self.drafts: list[tuple[Draft, Stage]] = []
        self.kinds: dict[int, list[Kind]] = defaultdict(list)
        self.readings: dict[int, list[str]] = defaultdict(list)

    # ------------------------------------------------------------ stages

    def stages_at(self, line: int) -> list[Stage]:
        """The sheets that may be meant at a line, with their names."""
        here = self.context.at(line)
        key = tuple(id(part) for part in (here.sheets, here.aliases, here.given, here.alternatives)) if self.context.questions else ()
        key = (_signature(here),) if self.context.questions else ()
        found = self._stages.get(key)
        if found is None:
            found = [self.stage(sheet, here) for sheet in self.sheets_for(here)]
            self._stages[key] = found
        return found

    def sheets_for(self, here: Context) -> list[Sheet]:
        """The sheets that a context names, else those that were handed in."""
        if not here.sheets:
            return self.sheets
        found = []
        for named in here.sheets:
            found.append(load_sheet(read_source(named.path.read_bytes(), str(named.written))))
        return found

    def stage(self, sheet: Sheet, here: Context) -> Stage:
        """A sheet with what the context says of it, surveyed once over the page."""
        models = [Model(variant, name) for variant, name in variants(sheet, here)]
        stage = Stage(models, here, self.limits, self.deadline)
        trees = [side.tree for chain in self.chains for side in chain.sides if side.tree is not None]
        aliased = set(stage.binder.layered)
        for question in {c.question for c in self.chains}:
            own = [s.tree for c in self.chains if c.question == question for s in c.sides if s.tree is not None]
            stage.layered[question] = aliased | layered_letters(own)
        defined = {
            found.key
            for chain in self.chains
            if chain.relations and chain.sides[0].tree is not None
            and (found := pattern(chain.sides[0].tree)) is not None
        }
        stage.binder.survey(trees, defined)
        return stage

    def judge_of(self, stage: Stage) -> Judge:
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
            if self.deadline is not None and time.monotonic() > self.deadline:
                self.stopped = f"the time limit of {self.limits.seconds:g} s"
                self.leave(chain)
                continue
            line = chain.formulas[0].place.line
            stages = self.stages_at(line)
            if stages is not before:
                active, before = list(stages), stages
            active = self.one(chain, stages, active)
        self.taken_up()
        if not self.stopped:
            self.name()
        self.corroborate()
        return self.assembled()

    def leave(self, chain: Chain) -> None:
        """A chain after the end of the time."""
        for k, relation in enumerate(chain.relations):
            if relation in {"=", "≈", "≡"}:
                side = chain.sides[k + 1]
                draft = Draft(chain.formulas[k], side.span, side.latex, side.latex, "undecided", self.stopped)
                self.drafts.append((draft, None))  # type: ignore[arg-type]

    def one(self, chain: Chain, stages: list[Stage], active: list[Stage]) -> list[Stage]:
        """One chain under every sheet that may be meant; the sheets that may still be meant after it."""
        if not stages:
            self.unbound(chain)
            return active
        results: dict[int, Judged] = {}
        for stage in stages:
            results[id(stage)] = self.judge_of(stage).judge(chain)
        defining = [s for s in stages if results[id(s)].defines]
        if defining and len(stages) > 1:
            agreeing = [s for s in active if results[id(s)].agrees and results[id(s)].defines]
            switched = [s for s in stages if results[id(s)].agrees and results[id(s)].defines]
            active = agreeing or switched or active
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
                verdict = "unreadable" if side.kind == "unreadable" else "undecided"
                draft = Draft(formula, side.span, side.latex, side.latex, verdict, "no sheet says what its symbols are")
                self.drafts.append((draft, None))  # type: ignore[arg-type]
                self.kinds[formula.number].append("claim")

    def taken_up(self) -> None:
        """A line that the next one begins again and completes: `∂f/∂w = ∂f/∂a`, then `∂f/∂w = ∂f/∂a ∂a/∂w`."""
        for k, (draft, _) in enumerate(self.drafts):
            if draft.verdict != "wrong" or draft.right is None:
                continue
            for later, _ in self.drafts[k + 1 : k + 6]:
                if later.left == draft.left and later.verdict == "right" and _begins(later.right, draft.right):
                    draft.verdict, draft.slip = "undecided", None
                    draft.reason = f"given up: line {later.formula.place.line} begins again and completes it"
                    break

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
                name_slips(draft, stage, siblings, self.deadline, self.spelled(stage), known)

    def corroborate(self) -> None:
        """A line that disagrees in more than one slip is only called wrong where the page confirms what its names are.

        A name that the sheet spells exactly so needs no confirmation; one that was proposed, or that the page defines,
        has to stand in some line that is right.
        """
        confirmed: dict[int, set[str]] = defaultdict(set)
        for draft, stage in self.drafts:
            if draft.verdict in {"right", "arrangement"} and stage is not None:
                confirmed[id(stage)] |= names_of(draft)
        doubtful: set[int] = set()
        for draft, stage in self.drafts:
            if stage is None or draft.numeric or draft.verdict not in {"wrong", "inherited"}:
                continue
            if draft.verdict == "inherited":
                if draft.carried_from is not None and id(draft.carried_from) in doubtful:
                    self.doubt(draft, doubtful, "it follows from a line that is not decided")
                continue
            if draft.slip is not None and not draft.paired and not (_is_zero(draft.right) and draft.slip != "index"):
                continue
            if is_condition(draft):
                self.doubt(draft, doubtful, "an equation that may be a condition: it does not hold for all values")
                continue
            guessed = {*stage.binder.views, *stage.binder.locals}
            unsure = sorted((names_of(draft) & guessed) - confirmed[id(stage)])
            if unsure:
                said = f"it does not agree with the sheet, and no other line confirms what {', '.join(unsure)} is here"
                self.doubt(draft, doubtful, said)

    @staticmethod
    def doubt(draft: Draft, doubtful: set[int], reason: str) -> None:
        """Not decided after all."""
        doubtful.add(id(draft))
        draft.verdict, draft.slip, draft.carried_from, draft.reason = "undecided", None, None, reason
        draft.expected = draft.expected_text = draft.patch = None
        draft.ties = ()

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
            tuple(self.bindings()),
            tuple(dict.fromkeys(self.remarks)),
            tuple(self.problems),
            self.stopped,
            time.monotonic() - self.started,
        )

    def kind_of(self, formula: Formula, claims: Sequence[Claim]) -> Kind:
        """What a formula is as a whole."""
        if claims:
            return "claim"
        kinds = Counter(self.kinds.get(formula.number, ["fragment" if formula.struck else "mention"]))
        order: tuple[Kind, ...] = ("definition", "given", "update", "shape", "mention", "fragment")
        return next((k for k in order if k in kinds), "mention")

    def bindings(self) -> list[BoundName]:
        found: dict[tuple[str, str], BoundName] = {}
        for stages in self._stages.values():
            for stage in stages:
                for note in stage.binder.notes:
                    found.setdefault((note.written, note.stands_for), note)
        return list(found.values())


def names_of(draft: Draft) -> set[str]:
    """The names in a claim, functions left out."""
    return {
        node.key
        for side in (draft.left, draft.right)
        if side is not None
        for node in walk(side)
        if isinstance(node, tree.Name) and not isinstance(node, tree.FunctionName)
    }


def _is_zero(node: object) -> bool:
    return isinstance(node, tree.Num) and node.value == 0


def is_condition(draft: Draft) -> bool:
    """Whether a line may be an equation to be solved, C w = ρ w or ∂E/∂w = 0, rather than an identity."""
    if draft.left is None or draft.right is None:
        return False
    if _is_zero(draft.right):
        return True
    if isinstance(draft.left, tree.Derivative | tree.Name | tree.Subscript | tree.Num):
        return False
    return not any(isinstance(n, tree.Derivative) for side in (draft.left, draft.right) for n in walk(side))


def _begins(whole: object, part: object) -> bool:
    """Whether a product begins with some factors."""
    if not isinstance(whole, tree.Product):
        return False
    factors = part.factors if isinstance(part, tree.Product) else (tree.Factor("", part),)  # type: ignore[arg-type]
    return len(factors) < len(whole.factors) and whole.factors[: len(factors)] == factors


def _signature(context: Context) -> object:
    """What tells the contexts of two questions apart."""
    return (
        tuple(s.written for s in context.sheets),
        tuple((r.written, r.right, tuple(sorted(r.table.items()))) for r in context.aliases),
        tuple(r.written for r in context.given),
        tuple(s.written for s in context.schemes),
        tuple((a.name, a.options) for a in context.alternatives),
        context.conventions,
    )


__all__ = ["check", "replace"]
