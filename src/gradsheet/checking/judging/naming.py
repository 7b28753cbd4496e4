"""The slip behind a wrong claim: the search for the edit that makes it right, with the names of the page."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.comparison import Comparer, mentions_sizes
from gradsheet.checking.judging.differences import difference, replacements, symbol
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.slips import IndexFacts, NameFacts, Vocabulary, search
from gradsheet.diagnostics import Span
from gradsheet.expressions import Role
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import rewritten, walk
from gradsheet.syntax.written_names import written
from gradsheet.typesetting import latex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradsheet.checking.judging.records import Draft
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.model import Slip
    from gradsheet.checking.slips import Edit, Findings
    from gradsheet.expressions import Symbol

_SECONDS = 1.5
_BUDGET = 1500


class Names:
    """What may stand in place of what was written, and how the author writes it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.spelled: dict[str, str] = {}
        self.members: dict[str, tuple[str, int]] = {}
        for view, entries in stage.binder.views.items():
            for number, target in entries.items():
                self.members.setdefault(plain(target), (view, number))
        self.facts = self._facts()

    def _facts(self) -> dict[str, NameFacts]:
        model = self.stage.models[0]
        found: dict[str, NameFacts] = {}
        for key, symbol in model.symbols.items():
            if key not in self.members:
                found[key] = self._of(key, symbol)
        for view, entries in self.stage.binder.views.items():
            first = next(iter(entries.values()))
            base = first
            while isinstance(base, tree.Subscript):
                base = base.base
            symbol = model.symbols.get(base.key) if isinstance(base, tree.Name) else None
            if symbol is None:
                continue
            inner = self._of(view, symbol)
            found[view] = replace(inner, leading=1, members=tuple(Fraction(n) for n in sorted(entries)))
        for key, local in self.stage.binder.locals.items():
            if local.function:
                found[key] = NameFacts(key, "function")
            elif key not in found:
                found[key] = NameFacts(key, "forward", leading=len(local.parameters))
        for size in model.sheet.sizes:
            found.setdefault(size, NameFacts(size, "size", 0))
        for name in model.unspecified:
            found.setdefault(name, NameFacts(name, "function"))
        return found

    def _of(self, key: str, symbol: Symbol) -> NameFacts:
        model = self.stage.models[0]
        rest = symbol.axes[symbol.leading :]
        kind = "forward"
        if symbol.role is Role.FUNCTION:
            kind = "function"
        elif symbol in model.sheet.parameters:
            kind = "parameter"
        elif symbol not in model.graph.clauses:
            kind = "target" if self._is_target(symbol) else "input"
        axes = tuple(str(axis.high) for axis in rest)
        return NameFacts(key, kind, len(rest), axes, symbol.leading, word="step" if symbol.leading else "layer")  # type: ignore[arg-type]

    def _is_target(self, symbol: Symbol) -> bool:
        """Whether an input enters the objective itself: t of ½ (y − t)²."""
        model = self.stage.models[0]
        objective = model.sheet.objective
        if objective is None:
            return False
        return any(symbol in model.graph.body(e).symbols for e in model.graph.clauses.get(objective.symbol, ()))

    # ------------------------------------------------------------ spelling

    def as_members(self, node: tree.Expression) -> tree.Expression:
        """W2 as W[2], where the page has layers: then the layer can be another one."""

        def change(part: tree.Node) -> tree.Node:
            if isinstance(part, tree.Name) and not isinstance(part, tree.FunctionName) and part.key in self.members:
                view, number = self.members[part.key]
                return tree.Subscript(
                    tree.Name(view, view, span=part.span), (tree.Num(Fraction(number), str(number), span=Span(part.span.end, part.span.end)),),
                    span=part.span,
                )
            return part

        return rewritten(node, change)

    def learn(self, node: tree.Expression, text: str) -> None:
        """How the author writes the names in a formula."""
        for part in walk(node):
            if isinstance(part, tree.Name | tree.Subscript | tree.Derivative) and part.span.end > part.span.start:
                shown = text[part.span.start : part.span.end]
                if shown.strip():
                    self.spelled.setdefault(plain(part), shown)

    def spell(self, node: tree.Expression) -> str:
        """LaTeX in the author's own notation as far as it is known."""
        known = self.spelled.get(plain(node))
        if known is not None:
            return known
        match node:
            case tree.Subscript(base=tree.Name(key=key), items=(tree.Num(text=number),)):
                for other in self.stage.binder.views.get(key, {}):
                    shown = self.spelled.get(f"{key}[{other}]") or self.spelled.get(plain(self.stage.binder.views[key][other]))
                    if shown is not None and re.search(rf"(?<!\d){other}(?!\d)", shown):
                        return re.sub(rf"(?<!\d){other}(?!\d)", number, shown, count=1)
            case tree.Derivative(of=of, by=(by,)):
                return rf"\frac{{\partial {self.spell(of)}}}{{\partial {self.spell(by)}}}"
            case tree.Group(items=(item,)):
                return f"({self.spell(item)})"
            case tree.Transpose(base=base):
                return rf"{self.spell(base)}^\top"
            case tree.Additive(terms=terms):
                parts = [(t.sign if k or t.sign == "-" else "") + " " + self.spell(t.item) for k, t in enumerate(terms)]
                return " ".join(parts).strip()
            case tree.Product(factors=factors) if all(f.sign in _SIGNS for f in factors):
                parts = [(_SIGNS[f.sign] if k else "") + self.spell(f.item) for k, f in enumerate(factors)]
                return " ".join(parts)
            case _:
                pass
        return latex(node)

    def say(self, node: tree.Node) -> str:
        """Plain text, names as the sheet has them."""
        return plain(self.as_names(node))

    def as_names(self, node: tree.Node) -> tree.Expression:
        """W[2] as W2 again, where the sheet has that name."""

        def change(part: tree.Node) -> tree.Node:
            match part:
                case tree.Subscript(base=tree.Name(key=key), items=(tree.Num(value=number), *rest)):
                    target = self.stage.binder.views.get(key, {}).get(int(number))
                    if target is not None and self.members.get(plain(target), ("", 0))[0] == key:
                        return target if not rest else tree.Subscript(target, tuple(rest), span=part.span)
                case _:
                    pass
            return part

        return rewritten(node, change)  # type: ignore[arg-type, return-value]


_SIGNS = {"": "", "·": r"\cdot ", "⊙": r"\odot ", "*": "* ", "×": r"\times "}


def name_slips(draft: Draft, stage: Stage, siblings: Sequence[tree.Expression], deadline: float | None, learned: Mapping[str, str], known: list[Slipped]) -> None:
    """Fill in the slip, the right form, and the ties."""
    if draft.left is None or draft.right is None or draft.slip is not None and not draft.numeric:
        return
    names = Names(stage)
    names.spelled.update(learned)
    left, right = names.as_members(draft.left), names.as_members(draft.right)
    if _as_before(draft, names, right) or _again(draft, stage, names, left, right, known):
        return
    own_text = draft.formula.text
    right_here = draft.right_side is not None and draft.right_side.formula is draft.formula
    found = _found(draft, stage, names, left, right, siblings, own_text if right_here else "", deadline)
    if found is None:
        return
    if found.edits:
        best = found.edits[0]
        parts = difference(right, best.right) if best.side == "right" else None
        if parts is not None and best.kind in {"operand", "index"} and symbol(parts[0]) and symbol(parts[1]):
            known.append(Slipped(*parts, best.kind, draft.formula.place.line))
        _take(draft, best, names)
        draft.ties = tuple(edit.sentence for edit in found.edits[1:])
    elif found.pair is not None:
        first, second = found.pair
        _take(draft, second, names)
        draft.slip = first.kind
        draft.patch, draft.paired = None, True
        draft.reason = f"{first.sentence}; {second.sentence}"
    elif draft.slip is None:
        draft.reason = draft.reason or ""
        draft.reason = (draft.reason + "; " if draft.reason else "") + "more than one slip"


@dataclass(frozen=True, slots=True)
class Slipped:
    """A slip that was found in an earlier line, one symbol for another: it may have been made again."""

    wrong: tree.Node
    meant: tree.Node
    kind: Slip
    line: int


def _as_before(draft: Draft, names: Names, right: tree.Expression) -> bool:
    """Whether the line differs in one symbol from the expression before it, which is right: the slip is there."""
    if draft.before is None or draft.before_verdict not in {"right", None}:
        return False
    parts = difference(right, names.as_members(draft.before))
    if parts is None or parts[0] == right or not symbol(parts[1]):
        return False
    wrong, meant = parts
    same = isinstance(wrong, tree.Subscript) and isinstance(meant, tree.Subscript) and wrong.base == meant.base
    draft.slip = "index" if same else "operand"
    draft.reason = f"{names.say(wrong)} for {names.say(meant)}"
    draft.expected = f"{names.spell(draft.left)} = {names.spell(draft.before)}" if draft.left is not None else None
    draft.expected_text = f"{plain(draft.left)} = {plain(draft.before)}" if draft.left is not None else None
    if wrong.span.end > wrong.span.start:
        draft.patch = (wrong.span, names.spell(meant))  # type: ignore[arg-type]
    return True


def _again(
    draft: Draft, stage: Stage, names: Names, left: tree.Expression, right: tree.Expression, known: Sequence[Slipped]
) -> bool:
    """Whether undoing a slip of an earlier line makes this one right as well."""
    if draft.numeric:
        return False
    holds = _test(stage, draft, {"right", "arrangement"})
    for slip in dict.fromkeys(known):
        for other, place in replacements(right, slip.wrong, slip.meant):
            if not holds(left, other):
                continue
            draft.slip = slip.kind
            draft.reason = f"{names.say(slip.wrong)} for {names.say(slip.meant)}, as in line {slip.line}"
            draft.expected = f"{names.spell(left)} = {names.spell(other)}"
            draft.expected_text = f"{names.say(left)} = {names.say(other)}"
            here = draft.right_side is not None and draft.right_side.formula is draft.formula
            if here and place is not None and place.span.end > place.span.start:
                draft.patch = (place.span, names.spell(slip.meant))  # type: ignore[arg-type]
            return True
    return False


def _found(
    draft: Draft, stage: Stage, names: Names, left: tree.Expression, right: tree.Expression, siblings: Sequence[tree.Expression], text: str,
    deadline: float | None,
) -> Findings | None:
    value = _value(stage) if draft.numeric else None
    vocabulary = Vocabulary(
        names.facts,
        _indices(draft, stage, left, right),
        (),
        tuple(names.as_members(s) for s in siblings[-24:]),
        names.spell,
        names.say,
        text,
        left_text=draft.left_side.formula.text if draft.left_side is not None and draft.left_side.formula is not draft.formula else None,
        notation=draft.formula.spelling,
        value=value,
    )
    limit = time.monotonic() + _SECONDS
    if deadline is not None:
        limit = min(limit, deadline)
    if draft.numeric:
        return search(left, right, vocabulary, _numeric_test(stage), budget=400, deadline=limit)
    strict = _test(stage, draft, {"right"})
    found = search(left, right, vocabulary, strict, budget=_BUDGET, deadline=limit)
    if found.edits or draft.certainty.startswith("differs at a random"):
        return found
    limit = time.monotonic() + _SECONDS
    loosely = search(left, right, vocabulary, _test(stage, draft, {"right", "arrangement"}), budget=_BUDGET // 2, deadline=limit)
    return loosely if loosely.edits or not found.pair else found


def _test(stage: Stage, draft: Draft, wanted: set[str]):  # type: ignore[no-untyped-def]
    """Whether an edited claim is true: at one point first, then everywhere."""
    scope = stage.scope()
    quick = [Comparer(m, 1, stage.limits.sum_terms, stage.deadline, letters=24) for m in stage.models]
    for comparer, full in zip(quick, stage.comparers, strict=True):
        comparer._points = full._points  # noqa: SLF001 - the same points, drawn once
        comparer._interpreters = full._interpreters  # noqa: SLF001 - what was computed stays
        comparer._scopes = full._scopes  # noqa: SLF001 - as above
    at_values = "values" in draft.certainty
    sized = mentions_sizes(draft.right) if draft.right is not None else False

    def holds(left: tree.Expression, right: tree.Expression) -> bool:
        if draft.witness is not None and len(stage.models) == 1 and not stage.comparers[0].stands(draft.witness, scope, left, right):
            return False
        if at_values:
            points = stage.points_at_values(stated=True)
            return bool(points) and stage.comparers[0].over_points(points[:1], scope, left, right).outcome in wanted
        for comparer in quick:
            first = comparer.compare(scope, left, right, draft.conditions, thorough=sized)
            if first.outcome in wanted:
                full = stage.compare(left, right, draft.conditions)
                if full.outcome in wanted:
                    return True
        return False

    return holds


def _numeric_test(stage: Stage):  # type: ignore[no-untyped-def]
    def holds(left: tree.Expression, right: tree.Expression) -> bool:
        entries = numbers.printed(right)
        if entries is None:
            return False
        generic = stage.comparers[0].point("generic", 1)
        points = stage.points_at_values(stated=True)
        for point in [*points[:1], generic]:
            value = stage.value(point, left)
            if not isinstance(value, str) and numbers.agrees(value, entries):
                return True
        return False

    return holds


def _value(stage: Stage):  # type: ignore[no-untyped-def]
    def value(node: tree.Expression) -> Fraction | None:
        points = stage.points_at_values(stated=True)
        point = points[0] if points else stage.comparers[0].point("generic", 1)
        held = stage.value(point, node)
        if isinstance(held, str) or held.data.ndim:
            return None
        return Fraction(float(held.data[()].value.mid()))

    return value


def _indices(draft: Draft, stage: Stage, left: tree.Expression, right: tree.Expression) -> dict[str, IndexFacts]:
    from gradsheet.checking.judging.letters import free_letters  # noqa: PLC0415 - letters needs the interpreter too

    interpreter = Interpreter(stage.comparers[0].point("generic", 1), stage.scope())
    keys = free_letters(left, interpreter) | free_letters(right, interpreter)
    return {key: IndexFacts(key) for key in sorted(keys)}


def _take(draft: Draft, edit: Edit, names: Names) -> None:
    """An edit as the slip of a claim."""
    draft.slip = edit.kind
    draft.reason = edit.sentence if not draft.reason or draft.reason == "the shapes differ" else f"{edit.sentence}; {draft.reason}"
    draft.patch = None if edit.span is None or edit.side == "left" else (edit.span, edit.replacement)
    text = draft.formula.text
    start, end = draft.span.start, draft.span.end
    if edit.span is not None and start <= edit.span.start <= edit.span.end <= end and (edit.side == "right" or (draft.left_side is not None and draft.left_side.formula is draft.formula)):
        draft.expected = text[start : edit.span.start] + edit.replacement + text[edit.span.end : end]
    else:
        draft.expected = f"{names.spell(edit.left)} = {names.spell(edit.right)}"
    draft.expected_text = f"{names.say(edit.left)} = {names.say(edit.right)}"


__all__ = ["Names", "name_slips", "written"]
