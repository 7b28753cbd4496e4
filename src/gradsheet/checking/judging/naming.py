"""The slip behind a wrong claim: the search for the edit that makes it right, with the names of the page."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.counting import mentions_sizes
from gradsheet.checking.judging.differences import difference, replacements, symbol
from gradsheet.checking.judging.letters import free_letters
from gradsheet.checking.judging.widening import widened
from gradsheet.checking.meaning.indices import names_in
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.slips import IndexFacts, NameFacts, Vocabulary, search
from gradsheet.diagnostics import Span
from gradsheet.expressions import Role
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import children, kept, rewritten, walk
from gradsheet.typesetting import latex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gradsheet.checking.judging.records import Draft
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.meaning.points import Point
    from gradsheet.checking.meaning.scope import Scope
    from gradsheet.checking.model import Slip
    from gradsheet.checking.slips import Edit, Findings
    from gradsheet.expressions import Symbol

    Test = Callable[[tree.Expression, tree.Expression], bool]

_SECONDS = 12.0
"""A net for slow machines: what a search may compute is counted, so that it comes to the same under any load."""
_EFFORT = 60_000
_ARRANGING = 6_000
"""So many values of formulas."""
_TRIVIAL = 6
"""At so many points both sides of a corrected line may be 0 before it says nothing."""
_BUDGET = 800


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
        for key, known in model.symbols.items():
            if key not in self.members:
                found[key] = self._of(key, known)
        for view, entries in self.stage.binder.views.items():
            first = next(iter(entries.values()))
            base = first
            while isinstance(base, tree.Subscript):
                base = base.base
            shared = model.symbols.get(base.key) if isinstance(base, tree.Name) else None
            if shared is None:
                continue
            inner = self._of(view, shared)
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
                    tree.Name(view, view, span=part.span),
                    (tree.Num(Fraction(number), str(number), span=Span(part.span.end, part.span.end)),),
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
                    member = plain(self.stage.binder.views[key][other])
                    shown = self.spelled.get(f"{key}[{other}]") or self.spelled.get(member)
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

        return rewritten(node, change)  # type: ignore[return-value]


_SIGNS = {"": "", "·": r"\cdot ", "⊙": r"\odot ", "*": "* ", "×": r"\times "}


def name_slips(
    draft: Draft,
    stage: Stage,
    siblings: Sequence[tree.Expression],
    known: list[Slipped],
    *,
    learned: Mapping[str, str],
    deadline: float | None,
) -> None:
    """Fill in the slip, the right form, and the ties."""
    if draft.left is None or draft.right is None or (draft.slip is not None and not draft.numeric):
        return
    if draft.numeric and draft.conditions:
        return  # the right number is known, and edits are tried at other values
    names = Names(stage)
    names.spelled.update(learned)
    left, right = names.as_members(draft.left), names.as_members(draft.right)
    case = _Case(draft, stage, names, left, right)
    if draft.conditions and _vanishes(draft, stage, names):
        return
    earlier = _as_before(draft, names, right)
    if earlier is None and _again(case, known):
        return
    found = None if earlier is not None and symbol(earlier[0]) else case.found(siblings, deadline)
    if earlier is not None and not (found is not None and found.edits and _within(found.edits[0], earlier[0])):
        _take_before(draft, names, *earlier)
        return
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


def _vanishes(draft: Draft, stage: Stage, names: Names) -> bool:
    """Whether the left side is 0 under the conditions: any factor would do then, and that is what was lost."""
    assert draft.left is not None
    zero = tree.Num(Fraction(0), "0")
    if stage.compare(draft.left, zero, draft.conditions).outcome != "right":
        return False
    draft.slip, draft.reason = "factor", "it is 0 here: a factor that is 0 is lost"
    draft.expected, draft.expected_text = f"{names.spell(draft.left)} = 0", f"{names.say(draft.left)} = 0"
    return True


def arrange(draft: Draft, stage: Stage, *, learned: Mapping[str, str]) -> None:
    """The precise form of a line that is right up to arrangement, where one or two turns or swaps give it."""
    if draft.left is None or draft.right is None or "values" in draft.certainty:
        return
    names = Names(stage)
    names.spelled.update(learned)
    case = _Case(draft, stage, names, names.as_members(draft.left), names.as_members(draft.right))
    late = _late(stage, _ARRANGING, None)
    found = search(case.left, case.right, case.vocabulary(()), case.test({"right"}), budget=240, late=late)
    edit = next((e for e in found.edits if e.kind == "arrangement" and e.side == "right"), None)
    if edit is None and found.pair is not None and all(e.kind == "arrangement" for e in found.pair):
        edit = found.pair[1]
    if edit is not None:
        draft.expected = f"{names.spell(edit.left)} = {names.spell(edit.right)}"
        draft.expected_text = f"{names.say(edit.left)} = {names.say(edit.right)}"


@dataclass(frozen=True, slots=True)
class Slipped:
    """A slip that was found in an earlier line, one symbol for another: it may have been made again."""

    wrong: tree.Node
    meant: tree.Node
    kind: Slip
    line: int


def _as_before(draft: Draft, names: Names, right: tree.Expression) -> tuple[tree.Node, tree.Node] | None:
    """What stands in the place of one symbol of the expression before it, which is right: the slip is there."""
    if draft.before is None or draft.before_verdict not in {"right", None}:
        return None
    parts = difference(right, names.as_members(draft.before))
    return None if parts is None or parts[0] == right or not symbol(parts[1]) else parts


def _within(edit: Edit, part: tree.Node) -> bool:
    """Whether an edit changes something inside of a part: it tells more than that another symbol was meant."""
    span = edit.span
    return edit.side == "right" and span is not None and part.span.start <= span.start <= span.end <= part.span.end


def _take_before(draft: Draft, names: Names, wrong: tree.Node, meant: tree.Node) -> None:
    """The symbol of the expression before it as what was meant."""
    same = isinstance(wrong, tree.Subscript) and isinstance(meant, tree.Subscript) and wrong.base == meant.base
    draft.slip = "index" if same else "operand"
    draft.reason = f"{names.say(wrong)} for {names.say(meant)}"
    assert draft.before is not None
    draft.expected = f"{names.spell(draft.left)} = {names.spell(draft.before)}" if draft.left is not None else None
    draft.expected_text = f"{plain(draft.left)} = {plain(draft.before)}" if draft.left is not None else None
    if wrong.span.end > wrong.span.start:
        draft.patch = (wrong.span, names.spell(meant))  # type: ignore[arg-type]


def _again(case: _Case, known: Sequence[Slipped]) -> bool:
    """Whether undoing a slip of an earlier line makes this one right as well."""
    draft, names, left, right = case.draft, case.names, case.left, case.right
    if draft.numeric:
        return False
    holds = case.test({"right", "arrangement"})
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


@dataclass(frozen=True, slots=True)
class _Case:
    """A wrong claim with what the search for its slip needs."""

    draft: Draft
    stage: Stage
    names: Names
    left: tree.Expression
    right: tree.Expression

    def found(self, siblings: Sequence[tree.Expression], deadline: float | None) -> Findings | None:
        """What the search comes to."""
        draft = self.draft
        late = _late(self.stage, _EFFORT, deadline)
        vocabulary = self.vocabulary(siblings)
        if draft.numeric:
            test = self.numeric_test()
            return search(self.left, self.right, vocabulary, test, budget=400, late=late, paired=False)
        strict = self.test({"right"})
        found = search(self.left, self.right, vocabulary, strict, budget=_BUDGET, late=late)
        if found.edits or draft.certainty.startswith("differs at a random"):
            return found
        late = _late(self.stage, _EFFORT, deadline)
        wide = self.test({"right", "arrangement"})
        loosely = search(self.left, self.right, vocabulary, wide, budget=_BUDGET // 2, late=late)
        return loosely if loosely.edits or not found.pair else found

    def vocabulary(self, siblings: Sequence[tree.Expression]) -> Vocabulary:
        """What may stand in place of what was written."""
        draft, names = self.draft, self.names
        formula = draft.formula
        left_here = draft.left_side is None or draft.left_side.formula is formula
        return Vocabulary(
            names.facts,
            self.indices(),
            (),
            tuple(names.as_members(s) for s in siblings[-24:]),
            names.spell,
            names.say,
            formula.text if draft.right_side is not None and draft.right_side.formula is formula else "",
            left_text=None if left_here or draft.left_side is None else draft.left_side.formula.text,
            notation=formula.spelling,
            value=self.value if draft.numeric else None,
        )

    def indices(self) -> dict[str, IndexFacts]:
        """The free letters of the claim."""
        interpreter = Interpreter(self.stage.comparers[0].point("generic", 1), self.stage.scope())
        keys = free_letters(self.left, interpreter) | free_letters(self.right, interpreter)
        return {key: IndexFacts(key) for key in sorted(keys)}

    def test(self, wanted: set[str]) -> Test:
        """Whether an edited claim is true: at one point first, then everywhere."""
        draft, stage = self.draft, self.stage
        scope = stage.scope()
        quick = [comparer.quick(arranges="arrangement" in wanted) for comparer in stage.comparers]
        at_values = "values" in draft.certainty
        sized = mentions_sizes(draft.right, scope) if draft.right is not None else False
        witnesses = draft.witnesses or (None,) * len(quick)
        if sized or wanted != {"right"}:  # a shape that differs may be right at the sheet's sizes, or once arranged
            witnesses = tuple(w if w is not None and w.conforms else None for w in witnesses)

        named = isinstance(self.left, tree.Derivative | tree.Name | tree.Subscript)
        named = named and not _holding(self.left)(self.right)
        holds_itself = lru_cache(1)(_holding)  # most edits leave the left side alone
        twice = _differentiated_twice(scope)
        once = not twice(self.left) and not twice(self.right)

        reaches = draft.right is not None and widened(draft.right) != draft.right

        def holds(left: tree.Expression, right: tree.Expression) -> bool:
            return agrees(left, right) or (reaches and agrees(widened(left), widened(right)))

        def agrees(left: tree.Expression, right: tree.Expression) -> bool:
            if left == right or (named and holds_itself(left)(right)):
                return False  # what only says that something is itself is no correction
            if once and (twice(left) or twice(right)):
                return False  # nobody slips from a first derivative to the derivative of one
            pairs = zip(quick, witnesses, strict=True)
            standing = [comparer for comparer, w in pairs if w is None or comparer.stands(w, scope, left, right)]
            if not standing:
                return False
            if at_values:
                points = stage.points_at_values(stated=True)
                return bool(points) and stage.comparers[0].over_points(points[:1], scope, left, right).outcome in wanted
            if self.trivial(left, right):
                return False  # 0 = 0
            for comparer in standing:
                first = comparer.compare(scope, left, right, draft.conditions, thorough=sized)
                if first.outcome in wanted and stage.compare(left, right, draft.conditions).outcome in wanted:
                    return True
            return False

        return holds

    def trivial(self, left: tree.Expression, right: tree.Expression) -> bool:
        """Whether an edit makes both sides 0, where neither was."""
        comparer = self.stage.comparers[0]
        points = [comparer.point("generic", seed) for seed in range(1, min(comparer.points, _TRIVIAL) + 1)]
        return all(self.vanishes(left, p) and self.vanishes(right, p) for p in points) and not all(
            self.vanishes(self.left, p) for p in points
        )

    def vanishes(self, node: tree.Expression, point: Point) -> bool:
        """Whether a formula is 0 at a point."""
        return self.stage.vanishes(point, node)

    def numeric_test(self) -> Test:
        """Whether an edited number is the value at the given values."""
        stage = self.stage

        def holds(left: tree.Expression, right: tree.Expression) -> bool:
            entries = numbers.printed(right)
            if entries is None:
                return False
            generic = stage.comparers[0].point("generic", 1)
            for point in [*stage.points_at_values(stated=True)[:1], generic]:
                value = stage.value(point, left)
                if not isinstance(value, str) and numbers.agrees(value, entries):
                    return True
            return False

        return holds

    def value(self, node: tree.Expression) -> Fraction | None:
        """The value of a formula, where it is one number."""
        points = self.stage.points_at_values(stated=True)
        point = points[0] if points else self.stage.comparers[0].point("generic", 1)
        held = self.stage.value(point, node)
        if isinstance(held, str) or held.data.ndim:
            return None
        return Fraction(float(held.data.item().value.mid()))


def _late(stage: Stage, most: int, deadline: float | None) -> Callable[[], bool]:
    """Whether a search that begins now has computed enough, or the time is over."""
    spent = stage.spends(most)
    limit = min(time.monotonic() + _SECONDS, deadline or math.inf)
    return lambda: spent() or time.monotonic() > limit


def _holding(left: tree.Expression) -> Callable[[tree.Node], bool]:
    """Whether a formula stands somewhere in another."""
    named = names_in(left)

    @kept
    def holds(node: tree.Node) -> bool:
        return node == left or (named <= names_in(node) and any(map(holds, children(node))))

    return holds


def _differentiated_twice(scope: Scope) -> Callable[[tree.Node], bool]:
    """Whether a formula differentiates what is a derivative itself, be it by the page's definition of a name."""

    @kept
    def differentiates(node: tree.Node) -> bool:
        if tree.Derivative not in scope.reach(node).kinds:
            return False
        if isinstance(node, tree.Derivative) and tree.Derivative in scope.reach(node.of).kinds:
            return True
        return any(map(differentiates, children(node)))

    return differentiates


def _take(draft: Draft, edit: Edit, names: Names) -> None:
    """An edit as the slip of a claim."""
    draft.slip = edit.kind
    told = draft.reason if draft.reason != "the shapes differ" else ""
    draft.reason = f"{edit.sentence}; {told}" if told else edit.sentence
    text = draft.formula.text
    start, end = draft.span.start, draft.span.end
    here = edit.side == "right" or (draft.left_side is not None and draft.left_side.formula is draft.formula)
    draft.patch = None if edit.span is None or not here else (edit.span, edit.replacement)
    if edit.span is not None and here and start <= edit.span.start <= edit.span.end <= end:
        draft.expected = text[start : edit.span.start] + edit.replacement + text[edit.span.end : end]
    else:
        draft.expected = f"{names.spell(edit.left)} = {names.spell(edit.right)}"
    draft.expected_text = f"{names.say(edit.left)} = {names.say(edit.right)}"
