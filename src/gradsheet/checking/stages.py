"""The sheets that may be meant at a place of a document, each with its names, surveyed once over the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.checking.binding.forms import layered_letters
from gradsheet.checking.binding.patterns import pattern
from gradsheet.checking.context import NOTHING
from gradsheet.checking.judging.stage import Stage
from gradsheet.checking.judging.variants import variants
from gradsheet.checking.meaning.points import Model
from gradsheet.checking.network import networks_of
from gradsheet.sheet.reader import load_sheet
from gradsheet.syntax.reading import read_source
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import Additive, Binder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.checking.context import Context, Declared
    from gradsheet.checking.limits import Limits
    from gradsheet.checking.model import BoundName
    from gradsheet.checking.network import PageNetwork
    from gradsheet.checking.reading.model import Chain
    from gradsheet.sheet import Sheet

_MOST_READINGS = 4


class Stages:
    """The stages of one document; `sheets` are those that were handed in."""

    def __init__(
        self,
        chains: Sequence[Chain],
        sheets: Sequence[Sheet],
        context: Context,
        limits: Limits,
        deadline: float | None,
        said: Declared = NOTHING,
    ) -> None:
        self.chains = chains
        self.said = said
        self.sheets = list(sheets)
        said_sums = said.einstein and context.conventions.sums is None
        sums = replace(context.conventions, sums="einstein") if said_sums else context.conventions
        self.context = replace(context, conventions=sums)
        self.limits = limits
        self.deadline = deadline
        self._stages: dict[tuple[object, ...], list[Stage]] = {}
        self._networks: list[tuple[int, PageNetwork]] | None = None

    def at(self, chain: Chain) -> list[Stage]:
        """The sheets that may be meant where a chain stands, else the network that the document itself defines."""
        formula = chain.formulas[0]
        here = self.context.at(formula.place.line)
        here = replace(
            here, schemes=(*here.schemes, *self.said.schemes), assume=(*here.assume, *self.said.assume)
        )
        return self.stages_at(here) or self.networks_at(formula.number, here)

    def __iter__(self) -> Iterator[Stage]:
        return (stage for stages in self._stages.values() for stage in stages)

    def stages_at(self, here: Context) -> list[Stage]:
        """The sheets that are named here, with their names."""
        key: tuple[object, ...] = (_signature(here),) if self.context.questions else ()
        found = self._stages.get(key)
        if found is None:
            found = [self.stage(sheet, here) for sheet in self.sheets_for(here)]
            self._stages[key] = found
        return found

    def networks_at(self, number: int, here: Context) -> list[Stage]:
        """What the document itself defines, from a formula on: one stage with every reading of its shapes."""
        if self._networks is None:
            self._networks = networks_of(self.chains, self.context)
        begun = [(start, network) for start, network in self._networks if start <= number]
        if not begun:
            return []
        start, network = begun[-1]
        key = ("network", start)
        found = self._stages.get(key)
        if found is None:
            sheets = [load_sheet(read_source(text, "the document")) for text in network.sheets[:_MOST_READINGS]]
            models = [Model(sheet, f"the shapes are as in reading {k}") for k, sheet in enumerate(sheets, 1)]
            own = replace(here, aliases=(*here.aliases, *network.aliases), origin="context")
            stage = Stage(models, own, self.limits, self.deadline)
            stage.binder.own = True
            stage.defining = tuple(self.chains[k].sides[0] for k in network.definitions)
            self.survey(stage)
            stage.binder.notes[:] = [
                replace(note, origin="document") if note.origin == "context" else note for note in stage.binder.notes
            ]
            found = self._stages[key] = [stage]
        return found

    def sheets_for(self, here: Context) -> list[Sheet]:
        """The sheets that a context names, else those that were handed in."""
        if not here.sheets:
            return self.sheets
        return [load_sheet(read_source(named.path.read_bytes(), str(named.written))) for named in here.sheets]

    def stage(self, sheet: Sheet, here: Context) -> Stage:
        """A sheet with what the context says of it, surveyed once over the page."""
        models = [Model(variant, name) for variant, name in variants(sheet, here)]
        stage = Stage(models, here, self.limits, self.deadline)
        self.survey(stage)
        return stage

    def survey(self, stage: Stage) -> None:
        """Look over the page once: which letters carry layers, which spellings are close to names of the sheet."""
        stage.declaring = self.said.formulas
        trees = [side.tree for chain in self.chains for side in chain.sides if side.tree is not None]
        aliased = set(stage.binder.layered)
        for question in {c.question for c in self.chains}:
            own = [s.tree for c in self.chains if c.question == question for s in c.sides if s.tree is not None]
            stage.layered[question] = aliased | layered_letters(own)
        defined = {
            found.key
            for chain in self.chains
            if chain.relations
            and chain.sides[0].tree is not None
            and not _updates(chain)
            and (found := pattern(chain.sides[0].tree)) is not None
        }
        stage.binder.survey(trees, defined)
        stage.binder.sums_written = any(isinstance(n, Binder) and n.kind == "sum" for t in trees for n in walk(t))

    def bindings(self) -> list[BoundName]:
        """What each name of the page was taken for."""
        found: dict[tuple[str, str], BoundName] = {}
        for stage in self:
            for note in stage.binder.notes:
                found.setdefault((note.written, note.stands_for), note)
        return list(found.values())


def _updates(chain: Chain) -> bool:
    """`w = w − η ∂L/∂w` defines no w."""
    right = chain.sides[1].tree
    return isinstance(right, Additive) and right.terms[0].item == chain.sides[0].tree


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
