"""What a question says and what its solution says: reports without answers, tasks in words, sections of documents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.operations import ELEMENTWISE
from gradsheet.syntax import canonical_key, tree
from gradsheet.syntax.plain import plain
from gradsheet.typesetting import ranges_box
from gradsheet.typesetting.boxes import EMPTY, Between, row
from gradsheet.writing.documents import composition
from gradsheet.writing.documents.displays import Aligned
from gradsheet.writing.documents.model import Display, Displays, Given, Paragraph, Section, Steps
from gradsheet.writing.documents.typist import Typist
from gradsheet.writing.documents.valued import Values
from gradsheet.writing.report import report
from gradsheet.writing.task import steps_follow, title
from gradsheet.writing.trees import comparison, name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.exercises.model import Variant
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Sheet
    from gradsheet.writing.arrays import NumberStyle
    from gradsheet.writing.documents.model import Block, Formula, Words
    from gradsheet.writing.documents.prose import Prose
    from gradsheet.writing.report import Item, Report

_GAP = 2.0
"""Em between two formulas on one line."""
_PHONE = 20.0
"""Em that a small screen offers to formulas side by side."""
_LABELS = {
    "forward": "Forward pass:", "sums": "Sums over configurations:", "backward": "Backward pass:", "update": "{title}:",
}  # fmt: skip


def heading(variant: Variant) -> str:
    """Exercise 3."""
    return f"Exercise {variant.number}"


def short_title(sheet: Sheet) -> str:
    r"""The beginning of the comment at the head of a sheet: what follows it may speak of the author's numbers.

    >>> from gradsheet.diagnostics import Source
    >>> from gradsheet.sheet import load_sheet
    >>> short_title(load_sheet(Source("# A chain of Jacobians: ReLU, then σ. The component is -1/16.\ny = 1\n")))
    'A chain of Jacobians'
    """
    text = title(sheet)
    return composition.title_and_lead(text)[0] if text else "Exercises"


# ---------------------------------------------------------------- what is asked


def question(variant: Variant) -> Report:
    """A report that keeps the answers to itself: equations without values, the given numbers, no derivatives."""
    full = report(variant.solution)
    rules = [_without_values(item) for item in full.update] if variant.sheet.updates else []
    bare = [_without_values(item) for item in full.forward]
    return replace(full, title="", task="", forward=bare, sums=[], local=[], backward=[], update=rules)


def _without_values(item: Item) -> Item:
    members = None if item.members is None else tuple(replace(m, value=None) for m in item.members)
    return replace(item, value=None, members=members)


def task(variant: Variant) -> Prose:
    r"""What is to be computed: words, and formulas as trees.

    >>> from gradsheet.exercises.search import set_exercises
    >>> from gradsheet.sheet import load_sheet
    >>> from gradsheet.diagnostics import Source
    >>> text = "x, w ∈ ℝ\nL = (w x - 1)²\nparameters w\nminimize L by sgd(η = 1)\ngiven x = 2, w = 3\n"
    >>> told(task(set_exercises(load_sheet(Source(text)), 1).variants[0]))
    'L, ∂L/∂w, and w and L after one step down the gradient with η = 1'
    """
    solution = variant.solution
    sheet, derivation = solution.sheet, solution.derivation
    gradients = [derivation.gradients[p].symbol for p in sheet.parameters if p in derivation.gradients]
    if derivation.cotangents:
        bars = listed([*derivation.cotangents.values()])
        return (*listed([*derivation.cotangents, *gradients]), " for the upstream gradient ", *bars)
    if not derivation.targets:
        return listed(list(dict.fromkeys(e.symbol for e in sheet.equations)))
    target = derivation.targets[0]
    wanted = [target, *gradients]
    if not steps_follow(solution):
        return listed(wanted)
    moved = sheet.parameters if sheet.rate else [u.symbol for u in sheet.updates]
    after = listed([*dict.fromkeys(moved), target])
    if sheet.rate is None:
        return (*_commas(wanted), ", and ", *after, " after one update")
    way = "up" if sheet.objective is not None and sheet.objective.sense == "maximize" else "down"
    rate = comparison(name(sheet.rate.name), "=", sheet.rate.value)
    return (*_commas(wanted), ", and ", *after, f" after one step {way} the gradient with ", rate)


def told(prose: Prose, blank: str = " ") -> str:
    """The same as plain text, with a blank of one's own inside formulas."""
    return "".join(p if isinstance(p, str) else plain(p).replace(" ", blank) for p in prose)


def listed(symbols: Sequence[Symbol]) -> Prose:
    """Names in a sentence: a, b and c."""
    if len(symbols) < 2:
        return _commas(symbols)
    return (*_commas(symbols[:-1]), " and ", _tree(symbols[-1]))


def _commas(symbols: Sequence[Symbol]) -> Prose:
    return tuple(part for k, s in enumerate(symbols) for part in (((", ",) if k else ()) + (_tree(s),)))


def _tree(symbol: Symbol) -> tree.Expression:
    """A name, or ∂L/∂W where that is the name of a derivative (in a pullback it is x̄)."""
    if symbol.adjoint_of is None or not symbol.name.startswith("∂"):
        return name(symbol.name)
    of, by = symbol.adjoint_of
    return tree.Derivative(name(of.name), tuple(name(s.name) for s in by))


def kinks(variant: Variant) -> list[str]:
    """The conventions that a question must state: those for functions with a kink, where a value lies on one."""
    conventions = variant.solution.conventions
    if not any("on the kink" in c for c in conventions):
        return []
    known = {record.kink for record in ELEMENTWISE.values()}
    return [c for c in conventions if c in known]


# ---------------------------------------------------------------- sections


def question_section(variant: Variant, style: NumberStyle) -> Section:
    """Let x ∈ ℝ⁴, …, and h = …; the values are …; find L and ∂L/∂W."""
    asked = question(variant)
    typist = Typist(variant.sheet)
    found = composition.compose(asked, style, small_steps=False)
    sets = _blocks(found.sections, "setting")
    known = next((b.words for b in sets if isinstance(b, Paragraph)), ())
    blocks: list[Block] = [Paragraph(_opening(known))]
    blocks.append(Displays((Given("", (_equations(asked.forward, typist),)),)))
    if asked.update:
        blocks += [Paragraph(("The update is",)), Displays((Given("", (_equations(asked.update, typist),)),))]
    blocks.extend(_values(variant, style, typist))
    for convention in kinks(variant):
        blocks.append(Paragraph(typist.said(convention)))
    blocks.append(Paragraph(("Find ", *typist.words(task(variant)), ".")))
    return Section(f"exercise-{variant.number}", heading(variant), tuple(blocks))


def _opening(sets: Words) -> Words:
    """Let x ∈ ℝ⁴, W ∈ ℝ^(4×4), and: what stands before the equations."""
    return ("Let ", *sets[:-1], ", and") if sets else ("Let",)


def solution_section(variant: Variant, style: NumberStyle, shared: Sequence[str]) -> Section:
    """The worked solution as one section; conventions that all share stand elsewhere."""
    result = report(variant.solution)
    found = composition.compose(result, style, small_steps=False)
    typist = Typist(variant.sheet)
    own = [c for c in variant.solution.conventions if c not in shared]
    own += [f"in this variant {missed}" for missed in variant.missed]
    blocks: list[Block] = [Paragraph(typist.said(text)) for text in own]
    blocks.extend(_values(variant, style, typist))
    for section in found.sections:
        if section.key in _LABELS:
            blocks.append(Paragraph((_LABELS[section.key].format(title=section.title),)))
            blocks.extend(_readdressed(section.blocks, variant.number))
    for key in ("objective", "verified"):
        blocks.extend(_blocks(found.sections, key))
    return Section(f"exercise-{variant.number}", heading(variant), tuple(blocks))


def _values(variant: Variant, style: NumberStyle, typist: Typist) -> list[Block]:
    """The given values: what is filled with one number in a sentence, the rest as formulas."""
    solution = variant.solution
    filled = {s.key: s for s in variant.sheet.given if not s.members and not isinstance(s.value, tree.Array)}
    sizes = solution.inputs.sizes if solution.inputs is not None else None
    values = Values(typist, replace(style, decimals=True), sizes, computed=False)
    shown: list[Display | Paragraph] = []
    words: list[str | Formula] = []
    for item in report(solution).given:
        stated = filled.get(canonical_key(item.symbol.name))
        if stated is not None and item.symbol.axes:
            before, between = (", of ", " ") if words else ("Every entry of ", " is ")
            words += [before, typist.formula(name(item.symbol.name)), between, typist.formula(stated.value)]
        else:
            shown.extend(values.of(item))
    blocks: list[Block] = []
    if shown:
        blocks += [Paragraph(("The values are",)), Displays(tuple(Given("", (s,)) for s in _packed(shown)))]
    if words:
        blocks.append(Paragraph((*words, ".")))
    return blocks


def _blocks(sections: Iterable[Section], key: str) -> tuple[Block, ...]:
    return next((s.blocks for s in sections if s.key == key), ())


def _readdressed(blocks: Iterable[Block], number: int) -> Iterable[Block]:
    """Steps whose addresses are those of one exercise among many."""
    for block in blocks:
        if isinstance(block, Steps):
            moved = (replace(s, anchor=f"exercise-{number}-{s.anchor}" if s.anchor else "") for s in block.items)
            yield Steps(tuple(moved))
        else:
            yield block


def _equations(items: Iterable[Item], typist: Typist) -> Display:
    """The author's equations, aligned at their signs."""
    aligned = Aligned()
    for item in items:
        for line in item.lines:
            ranges = ranges_box(line.ranges, functions=typist.functions) if line.ranges else EMPTY
            text = f"{typist.plain(line.left)} {item.sign} {typist.plain(line.right)}"
            left = None if line.continues else typist.box(line.left)
            aligned.add(left, item.sign, typist.box(line.right), ranges, text)
    return aligned.display()


def _packed(shown: Sequence[Display | Paragraph]) -> Iterable[Display | Paragraph]:
    """Short formulas side by side, as many as a line holds."""
    line: list[Display] = []
    for item in shown:
        fits = isinstance(item, Display) and sum(d.width + _GAP for d in line) + item.width <= _PHONE
        if line and not fits:
            yield _beside(line)
            line = []
        if isinstance(item, Display):
            line.append(item)
        else:
            yield item
    if line:
        yield _beside(line)


def _beside(displays: Sequence[Display]) -> Display:
    if len(displays) == 1:
        return displays[0]
    boxes = [displays[0].box]
    for display in displays[1:]:
        boxes += [Between("qquad"), display.box]
    width = sum(d.width for d in displays) + _GAP * (len(displays) - 1)
    return Display(row(*boxes), "; ".join(d.text for d in displays), width)
