"""The chains of a page one after the other: what each is, and the verdict on each of its relations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gradsheet.checking.binding.binder import BindingError
from gradsheet.checking.binding.patterns import Pattern, folded, pattern
from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.chain_rule import chain_rule
from gradsheet.checking.judging.comparison import Finding
from gradsheet.checking.judging.identities import identity
from gradsheet.checking.judging.letters import free_letters
from gradsheet.checking.judging.records import Bound, Draft
from gradsheet.checking.judging.shapes import labelled_claims, product_claim, shape_claims
from gradsheet.checking.judging.stage import Stage, Stated
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.meaning.scope import Local
from gradsheet.checking.model import Kind
from gradsheet.diagnostics import Span
from gradsheet.expressions import Role
from gradsheet.syntax import canonical_key, tree
from gradsheet.syntax.plain import plain as plain_text
from gradsheet.syntax.traversal import rewritten, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.reading.model import Chain, Condition, Side
    from gradsheet.manuscripts import Formula

EQUALITIES = frozenset({"=", "≡", "≈", ":="})
QUIET = frozenset({"dots", "placeholder", "elided", "empty"})


@dataclass(slots=True)
class Judged:
    """What a chain came to: drafts in order, what each formula is, how it was read, and what the stage learns."""

    drafts: list[Draft] = field(default_factory=list)
    kinds: list[tuple[Formula, Kind]] = field(default_factory=list)
    readings: list[tuple[Formula, str]] = field(default_factory=list)
    defines: bool = False
    """A definition of the sheet was restated, rightly or not: it tells which sheet the page is about."""
    agrees: bool = True

    @property
    def score(self) -> tuple[int, int]:
        """Fewer wrong, then more right."""
        wrong = sum(d.verdict in {"wrong", "inherited"} for d in self.drafts)
        right = sum(d.verdict in {"right", "arrangement"} for d in self.drafts)
        return (-wrong - (not self.agrees), right)


class Judge:
    """Goes over chains with one stage; earlier wrong claims and anchors are remembered."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.anchors: dict[tuple[int, int, int], tuple[tree.Expression, tuple[tree.Expression, ...]]] = {}
        self.wrong: list[Draft] = []
        self.unread: set[str] = set()
        """Names that the page defines in a way that could not be read."""

    # ------------------------------------------------------------ one chain

    def judge(self, chain: Chain) -> Judged:
        """All that is said of a chain."""
        result = Judged()
        if chain.struck:
            result.kinds = [(f, "fragment") for f in chain.formulas]
            return result
        self.braces(chain)
        sides = [self.bound(side, chain) for side in chain.sides]
        if not chain.relations:
            found = labelled_claims(self.stage, chain.sides[0], chain.formulas[0])
            result.drafts.extend(found)
            result.kinds = [(chain.formulas[0], "shape" if found else "mention")]
            result.readings = [(chain.formulas[0], plain(b.tree)) for b in sides if b.tree is not None]
            return result
        conditions, unreadable = self.conditions(chain)
        first = 0
        if not chain.continues:
            first = self.opening(chain, sides, result)
        for k in range(first, len(chain.relations)):
            formula = chain.formulas[k]
            if sides[k].side.kind == "shape":
                result.kinds.append((formula, "shape"))
                result.drafts.extend(labelled_claims(self.stage, chain.sides[k], formula))
                continue
            products = product_claim(sides[k], sides[k + 1], formula) if chain.relations[k] in EQUALITIES else None
            if products is not None:
                result.kinds.append((formula, "shape"))
                result.drafts.append(products)
                continue
            if sides[k + 1].side.kind in {"shape", "set"}:
                result.kinds.append((formula, "shape"))
                result.drafts.extend(shape_claims(self.stage, chain, sides[k], sides[k + 1], formula))
                continue
            if chain.relations[k] not in EQUALITIES:
                result.kinds.append((formula, "shape" if chain.relations[k] in {":", "∈"} else "mention"))
                continue
            draft = self.relation(chain, sides, k, conditions)
            if draft is None:
                result.kinds.append((formula, "fragment"))
                continue
            if unreadable and draft.verdict in {"right", "arrangement", "wrong", "inherited"}:
                draft.verdict, draft.slip = "undecided", None
                draft.reason = f"the condition “{unreadable}” could not be read"
            if draft.narrowed and draft.verdict == "wrong":
                draft.verdict, draft.slip, draft.reason = "undecided", None, "a condition beside it is not about its letters"
            result.kinds.append((formula, "claim"))
            if sides[k].tree is not None and k and sides[k].tree is not draft.left:
                draft.before = sides[k].tree
                draft.before_verdict = next((d.verdict for d in reversed(result.drafts) if d.right is sides[k].tree), None)
            result.drafts.append(draft)
            if draft.verdict == "wrong":
                self.wrong.append(draft)
        for b, formula in zip(sides[1:], chain.formulas, strict=False):
            if b.tree is not None:
                left = sides[sides.index(b) - 1].tree
                shown = "…" if left is None else plain(left)
                result.readings.append((formula, f"{shown} = {plain(b.tree)}"))
        return result

    def bound(self, side: Side, chain: Chain) -> Bound:
        """A side with its names bound."""
        self.stage.binder.layered = self.stage.layered.get(chain.question, set())
        if side.kind == "unreadable":
            return Bound(side, None, side.problem.message if side.problem is not None else "it could not be read")
        if side.tree is None or side.kind in QUIET or side.kind in {"shape", "set"}:
            return Bound(side, None, "")
        try:
            return Bound(side, self.stage.binder.bind(side.tree, side.formula.text))
        except BindingError as problem:
            return Bound(side, None, problem.reason)
        except RecursionError:
            return Bound(side, None, "it is nested too deeply")

    def conditions(self, chain: Chain) -> tuple[tuple[tree.Expression, ...], str]:
        """Conditions as bound comparisons, and the text of one that could not be read."""
        found: list[tree.Expression] = []
        for condition in chain.conditions:
            trees = self._condition(condition, chain)
            if trees is None:
                return tuple(found), condition.text
            found.extend(trees)
        return tuple(found), ""

    def _condition(self, condition: Condition, chain: Chain) -> list[tree.Expression] | None:
        if not condition.trees:
            return None
        result = []
        for node in condition.trees:
            try:
                result.append(self.stage.binder.bind(node, chain.sides[-1].formula.text))
            except BindingError:
                return None
        return result

    # ------------------------------------------------------------ definitions

    def braces(self, chain: Chain) -> None:
        r"""`\underbrace{…}_{δ}` names what stands above it."""
        for side in chain.sides:
            if side.tree is None:
                continue
            for node in walk(side.tree):
                if not isinstance(node, tree.Underbrace):
                    continue
                found = pattern(node.label, self.meaningful())
                if found is None or found.function or self.known(found):
                    continue
                try:
                    body = self.stage.binder.bind(node.base, side.formula.text)
                except BindingError:
                    continue
                self.define(found, body, side.formula)

    def meaningful(self, right: tree.Node | None = None) -> frozenset[str]:
        """Letters that cannot be parameters of a definition: names, but for those that are indices on its right side."""
        names = {k for k in self.stage.binder.names() if len(k) == 1 and k not in self.stage.models[0].sheet.sizes}
        if right is None:
            return frozenset(names)
        below = {
            n.key
            for part in walk(right)
            if isinstance(part, tree.Lowered | tree.Subscript)
            for item in part.items
            for n in walk(item)
            if isinstance(n, tree.Name)
        }
        integers = {k for k, s in self.stage.models[0].symbols.items() if s.is_integer}
        return frozenset((names - below) | integers | set(self.stage.binder.numbers))

    def known(self, found: Pattern) -> bool:
        """Whether a name already means something."""
        binder = self.stage.binder
        if found.number is not None:
            return found.number in binder.views.get(found.key, {})
        spelled = binder.table.spelled(found.key, "") or ((found.key,) if found.key in binder.names() else ())
        if spelled:
            return True
        base, _, below = found.key.partition("_")
        held = binder.table.get(base) if below else None
        if held is not None and held.rank and below.isalpha() and len(below) <= held.rank:
            return True  # letters below an array are its indices
        return bool(below and binder.table.spelled(base, below)) or found.key in binder.table

    def define(self, found: Pattern, body: tree.Expression, formula: Formula) -> None:
        """Take a definition of the page."""
        binder = self.stage.binder
        if any(isinstance(n, tree.Name) and n.key == found.key for n in walk(body)) and not found.function:
            return  # a name in terms of itself defines nothing
        if found.number is not None:
            view = dict(binder.views.get(found.key, {}))
            view[found.number] = body
            binder.views[found.key] = view
            binder.changed()
            binder.note(f"{found.key}⁽{found.number}⁾", plain(body), "document", formula.place.line)
            return
        key = found.key
        held = binder.locals.get(key)
        if held is not None and held.parameters and found.parameters and held.parameters != found.parameters and not found.function:
            key = f"{found.key}·{found.parameters[0]}"
            by_letter = binder.lettered.setdefault(found.key, {held.parameters[0]: found.key})
            by_letter[found.parameters[0]] = key
        if found.bare:
            binder.bare.add(found.key)
        binder.define(Local(key, found.parameters, body, found.function, formula.number))
        shown = found.key
        if found.function:
            shown += f"({', '.join(found.parameters)})"
        elif found.parameters:
            shown += f"[{', '.join(found.parameters)}]"
        binder.note(shown, plain(body), "document", formula.place.line)

    def opening(self, chain: Chain, sides: list[Bound], result: Judged) -> int:
        """Whether a chain begins with a definition or a given value; the first relation that is a claim."""
        left, formula = sides[0], chain.formulas[0]
        if chain.relations[0] == "←":
            result.kinds.append((formula, "update"))
            sides[0].tree = None  # what follows says what the new value is
            return 1
        if chain.relations[0] not in EQUALITIES or left.side.kind != "expression" or left.side.tree is None:
            return 0
        if self.is_update(sides):
            result.kinds.append((formula, "update"))
            sides[0].tree = None
            return 1
        skipped = self.function_alias(sides, formula, result)
        if skipped:
            return skipped
        found = pattern(left.side.tree, self.meaningful(sides[1].side.tree))
        if found is not None and (not self.known(found) or self.rebinds(found, sides, chain)):
            return self.new_name(found, sides, chain, result)
        if self.backwards(sides, chain, result):
            return 1
        if found is not None and found.function and left.tree is None:
            result.kinds.append((formula, "definition"))
            return 1
        if self.chosen(sides, chain):
            result.kinds.append((formula, "given"))
            return 1
        given = self.given(sides, chain)
        if given:
            result.kinds.append((formula, "given"))
            return given
        return self.restated(sides, chain, result)

    def rebinds(self, found: Pattern, sides: Sequence[Bound], chain: Chain) -> bool:
        """Whether a name of the page, tied to nothing in the sheet, is given another meaning: h for the next network."""
        local = self.stage.binder.locals.get(found.key)
        if local is None or sides[1].tree is None or found.number is not None:
            return False
        if local.function or found.function:
            return local.function and found.function
        if local.parameters and found.parameters and local.parameters != found.parameters:
            told = self.stage.binder.lettered.get(found.key, {})
            return found.parameters[0] not in told and (chain.definition or isinstance(sides[1].tree, tree.Derivative))
        if any(isinstance(n, tree.Derivative) for n in walk(local.body)) or isinstance(local.body, tree.Name | tree.Subscript):
            return False
        left = sides[0].tree
        if left is None or local.formula == 0:
            return False
        return self.stage.compare(left, sides[1].tree).outcome not in {"right", "arrangement"}

    def backwards(self, sides: Sequence[Bound], chain: Chain, result: Judged) -> bool:
        """`|h − t|² = e`, where nothing says what e is: a definition from right to left."""
        right = sides[1]
        if len(chain.relations) != 1 or right.side.tree is None or sides[0].tree is None:
            return False
        found = pattern(right.side.tree, self.meaningful())
        if found is None or found.function or self.known(found) or not isinstance(right.side.tree, tree.Name):
            return False
        if isinstance(sides[0].tree, tree.Derivative):
            return False
        self.define(found, sides[0].tree, chain.formulas[0])
        result.kinds.append((chain.formulas[0], "definition"))
        return True

    def is_update(self, sides: Sequence[Bound]) -> bool:
        """`w = w − η ∂L/∂w`: an assignment."""
        left, right = sides[0].side.tree, sides[1].side.tree
        if right is None or not isinstance(right, tree.Additive) or len(right.terms) < 2 or isinstance(left, tree.Derivative):
            return False
        first = right.terms[0]
        return first.sign == "+" and first.item == left and isinstance(left, tree.Name | tree.Lowered | tree.Power | tree.Subscript)

    def function_alias(self, sides: Sequence[Bound], formula: Formula, result: Judged) -> int:
        """`g = \\tanh`: a name for a function."""
        left, right = sides[0].side.tree, sides[1].side.tree
        if not isinstance(left, tree.Name) or not isinstance(right, tree.Name):
            return 0
        binder = self.stage.binder
        if binder.is_function(right.key) and folded(left.key) not in self.stage.models[0].symbols:
            binder.functions[folded(left.key)] = binder.functions.get(right.key, right.key)
            binder.locals.pop(folded(left.key), None)
            binder.changed()
            binder.note(folded(left.key), right.key, "document", formula.place.line)
            result.kinds.append((formula, "given"))
            return 1
        return 0

    def new_name(self, found: Pattern, sides: list[Bound], chain: Chain, result: Judged) -> int:
        """A symbol that nothing says anything about before this line: the line defines it."""
        formula = chain.formulas[0]
        result.kinds.append((formula, "definition"))
        right = sides[1]
        body = right.tree
        if body is None and right.side.tree is not None and found.function:
            body = self._with_parameters(found, right)
        if body is None:
            self.unread.add(found.key)
            return 1
        if numbers.printed(body) is not None and not found.function and not found.parameters:
            self.number(found, body, formula)
            return 1
        alias = applied_to(body, found.parameters) if found.function else None
        if alias is not None:
            binder = self.stage.binder
            binder.functions[found.key] = binder.functions.get(alias, alias)
            binder.changed()
            binder.note(found.key, alias, "document", formula.place.line)
            return 1
        self.define(found, body, formula)
        sides[0].tree = self._again(sides[0])
        return 1

    def _with_parameters(self, found: Pattern, right: Bound) -> tree.Expression | None:
        """The body of a function, whose arguments are names of their own."""
        return right.tree

    def _again(self, side: Bound) -> tree.Expression | None:
        assert side.side.tree is not None
        try:
            return self.stage.binder.bind(side.side.tree, side.side.formula.text)
        except BindingError:
            return None

    def number(self, found: Pattern, body: tree.Expression, formula: Formula) -> None:
        """A new symbol that is a number, such as η = 0.1."""
        self.define(found, body, formula)

    def given(self, sides: Sequence[Bound], chain: Chain) -> int:
        """Values of inputs: how many relations only give them."""
        left = sides[0].tree
        if left is None:
            return 0
        symbol = self.stage.quantity(left)
        if symbol is None or symbol in self.stage.models[0].graph.clauses or symbol.role is Role.FUNCTION:
            return 0
        if canonical_key(symbol.name) in self.stage.given:
            return 0
        last = 0
        for k, side in enumerate(sides[1:], 1):
            node = side.side.tree
            if node is None:
                continue
            entries = numbers.printed(node, self.shape(symbol))
            if entries is not None:
                self.stage.given[canonical_key(symbol.name)] = numbers.as_nested(entries)
                last = k
            elif any(isinstance(n, tree.Ellipsis) for n in walk(node)):
                last = k
        if not last and all(s.side.kind in QUIET | {"unreadable"} for s in sides[1:]):
            return len(chain.relations)
        return last

    def chosen(self, sides: Sequence[Bound], chain: Chain) -> bool:
        """`t = X w` of an input t, `M_{ui} = 1`: a choice of what the sheet leaves free."""
        left, right = sides[0].tree, sides[1].tree
        if left is None or right is None:
            return False
        root = left
        while isinstance(root, tree.Subscript | tree.Group):
            root = root.base if isinstance(root, tree.Subscript) else root.items[0]
        symbol = self.stage.quantity(root) if isinstance(root, tree.Name) else None
        if symbol is None or symbol in self.stage.models[0].graph.clauses or symbol.role is Role.FUNCTION:
            return False
        if numbers.printed(sides[1].side.tree, None) is not None:  # type: ignore[arg-type]
            return root is not left
        if any(isinstance(n, tree.Ellipsis | tree.Array) for n in walk(right)):
            return False
        return self.stage.compare(left, right).outcome not in {"right", "arrangement"}

    def shape(self, symbol: Any) -> tuple[int, ...] | None:
        """The sheet's own sizes of a symbol, where they are numbers."""
        found = []
        for axis in symbol.axes:
            point = self.stage.comparers[0].point("sized", 1)
            low, high = point.sizes.evaluate(axis.low), point.sizes.evaluate(axis.high)
            if low is None or high is None:
                return None
            found.append(high - low + 1)
        return tuple(found)

    def restated(self, sides: Sequence[Bound], chain: Chain, result: Judged) -> int:
        """A definition of the sheet as the page has it: no claim the first time, if it is the same."""
        left, right = sides[0].tree, sides[1].tree
        if left is None or right is None or isinstance(left, tree.Derivative) or chain.relations[0] == "≈":
            return 0
        key = self.defined_key(left)
        if key is None:
            return 0
        if numbers.printed(right) is not None or numbers.is_closed(right):
            return 0
        conditions, unreadable = self.conditions(chain)
        finding = self.stage.compare(left, right, conditions)
        result.defines = finding.outcome in {"right", "arrangement", "different", "shapes"} and not unreadable
        result.agrees = finding.outcome in {"right", "arrangement"}
        if key in self.stage.seen or not result.agrees:
            return 0
        self.stage.seen.add(key)
        root = key.partition("[")[0]
        view = self.stage.binder.views.get(root)
        if "[" in key and view is not None:
            self.stage.seen |= {k for k in (self.defined_key(member) for member in view.values()) if k is not None}
        result.kinds.append((chain.formulas[0], "definition"))
        return 1

    def defined_key(self, left: tree.Expression) -> str | None:
        """By what a computed quantity of the sheet is remembered; None for anything else."""
        symbol = self.stage.quantity(left)
        if symbol is not None:
            return canonical_key(symbol.name) if symbol in self.stage.models[0].graph.clauses else None
        node = left
        while isinstance(node, tree.Subscript | tree.Group):
            node = node.base if isinstance(node, tree.Subscript) else node.items[0]
        if not isinstance(node, tree.Name) or not isinstance(left, tree.Subscript):
            return None
        model = self.stage.models[0]
        known = model.symbols.get(node.key)
        if known is not None:
            return plain(left) if known in model.graph.clauses else None
        if node.key in self.stage.binder.views:
            return f"{node.key}[{plain(left)}"
        return None

    # ------------------------------------------------------------ claims

    def relation(self, chain: Chain, sides: list[Bound], k: int, conditions: tuple[tree.Expression, ...]) -> Draft | None:
        """The claim of one relation; None where it claims nothing."""
        a, b = sides[k], sides[k + 1]
        if b.side.kind in QUIET or a.side.kind == "placeholder":
            return None
        anchor = self.anchor(chain, sides, k)
        draft = self.draft(chain, a, b, k)
        draft.conditions = self.relevant(conditions, anchor, b.tree)
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
            self.remember(b, b.tree, conditions)
            return draft
        self.remember(b, anchor, conditions)
        draft.left, draft.right = anchor, b.tree
        draft.quantity = plain(anchor) if self.names_something(anchor) else ""
        before = a.tree if a.tree is not None and a.tree is not anchor else None
        if before is not None and numbers.is_closed(before) and numbers.is_closed(b.tree):
            anchor = draft.left = before  # arithmetic is judged by itself
            before = None
        shaped = self.has_letters(anchor)
        if shaped:
            self.symbolic(draft, anchor, before, b.tree, chain.relations[k])
            self.by_rule(draft, chain, k)
        elif numbers.printed(b.tree, self.shape_of(anchor)) is not None or numbers.printed(b.side.tree, self.shape_of(anchor)) is not None:
            self.numeric(draft, anchor, before, b)
        else:
            self.symbolic(draft, anchor, before, b.tree, chain.relations[k])
            self.by_rule(draft, chain, k)
        return draft

    def relevant(
        self, conditions: tuple[tree.Expression, ...], left: tree.Expression | None, right: tree.Expression | None
    ) -> tuple[tree.Expression, ...]:
        """The conditions whose letters stand in the claim; another is about a neighbour."""
        if not conditions or left is None or right is None:
            return conditions
        here = {n.key for side in (left, right) for n in walk(side) if isinstance(n, tree.Name)}
        known = self.stage.binder.names()
        return tuple(
            c for c in conditions
            if all(n.key in here or n.key in known for n in walk(c) if isinstance(n, tree.Name))
        )

    def has_letters(self, node: tree.Expression) -> bool:
        """Whether a formula has free indices: it is compared for all of them, also with a number."""
        point = self.stage.comparers[0].point("generic", 1)
        return bool(free_letters(node, Interpreter(point, self.stage.scope())))

    def by_rule(self, draft: Draft, chain: Chain, k: int) -> None:
        """A line about functions that nobody specifies may be the chain rule."""
        left, right = chain.sides[0].tree, chain.sides[k + 1].tree
        if draft.verdict != "undecided" or left is None or right is None:
            return
        if draft.left is not None and draft.right is not None:
            self.for_all(draft)
        if draft.verdict != "undecided" or not isinstance(left, tree.Derivative):
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

    def shape_of(self, node: tree.Expression) -> tuple[int, ...] | None:
        """The sheet's own shape of what a formula names."""
        symbol = self.stage.quantity(node)
        return None if symbol is None else self.shape(symbol)

    def names_something(self, node: tree.Expression) -> bool:
        """Whether a side is a quantity or a derivative."""
        return isinstance(node, tree.Derivative | tree.Name | tree.Subscript)

    def draft(self, chain: Chain, a: Bound, b: Bound, k: int) -> Draft:
        formula = chain.formulas[k]
        if a.side.formula is b.side.formula and a.side.formula is formula:
            span = Span(min(a.side.span.start, b.side.span.start), max(a.side.span.end, b.side.span.end))
            latex = f"{a.side.latex} = {b.side.latex}"
        else:
            span = b.side.span if b.side.formula is formula else Span(0, len(formula.text))
            latex = f"… = {b.side.latex}"
        left = plain(a.tree) if a.tree is not None else "…"
        right = plain(b.tree) if b.tree is not None else b.side.latex
        return Draft(formula, span, latex, f"{left} = {right}", "undecided", left_side=a.side, right_side=b.side)

    def anchor(self, chain: Chain, sides: list[Bound], k: int) -> tree.Expression | None:
        """What the chain is about: its first side that has a value, or that of the chain that it continues."""
        if chain.continues:
            held = self.anchors.get(_place(chain.sides[0]))
            if held is not None:
                return held[0]
        for b in sides[: k + 1]:
            if b.tree is not None:
                return b.tree
        return None

    def remember(self, b: Bound, anchor: tree.Expression, conditions: tuple[tree.Expression, ...]) -> None:
        self.anchors[_place(b.side)] = (anchor, conditions)

    # ------------------------------------------------------------ with names

    def symbolic(self, draft: Draft, anchor: tree.Expression, before: tree.Expression | None, right: tree.Expression, relation: str) -> None:
        """A claim between formulas."""
        conditions = draft.conditions
        finding = self.stage.compare(anchor, right, conditions)
        if finding.outcome in {"different", "shapes", "open"}:
            other = self.with_zeros(anchor, right, conditions)
            if other is None and (numbers.has_numbers(right) or numbers.is_closed(right) or finding.outcome == "open"):
                other = self.at_values(anchor, right)
            if other is not None and (finding.outcome != "open" or other.outcome in {"right", "arrangement"}):
                finding = other
        draft.certainty, draft.assumptions = finding.certainty, finding.assumptions
        match finding.outcome:
            case "right" | "arrangement":
                draft.verdict = "right" if finding.outcome == "right" else "arrangement"
                if finding.outcome == "arrangement":
                    draft.reason = "the factors have to be arranged"
                if before is not None:
                    self.step(draft, before, right)
            case "open":
                draft.verdict, draft.reason = "undecided", finding.reason
                self.renamed(draft, anchor, right)
            case _:
                draft.verdict, draft.witness = "wrong", finding.witness
                draft.reason = finding.reason if finding.outcome == "shapes" else ""
                self.follow(draft, anchor, before, right)
        if relation == "≈" and draft.verdict == "wrong":
            draft.verdict, draft.slip, draft.reason = "undecided", None, "≈ between formulas"

    def renamed(self, draft: Draft, anchor: tree.Expression, right: tree.Expression) -> None:
        """A letter on the right that stands nowhere on the left: wrong if another letter of the left makes it true."""
        point = self.stage.comparers[0].point("generic", 1)
        interpreter = Interpreter(point, self.stage.scope())
        left_letters, right_letters = free_letters(anchor, interpreter), free_letters(right, interpreter)
        for stray in sorted(right_letters - left_letters):
            for meant in sorted(left_letters - right_letters):
                other = rewritten(right, lambda n, s=stray, m=meant: tree.Name(m, m, span=n.span) if isinstance(n, tree.Name) and n.key == s else n)
                if self.stage.compare(anchor, other, draft.conditions).outcome == "right":
                    draft.verdict, draft.slip = "wrong", "index"
                    draft.certainty = "the letters differ"
                    draft.reason = f"{stray} on the right, {meant} on the left"
                    draft.expected_text = f"{plain(anchor)} = {plain(other)}"
                    return

    def step(self, draft: Draft, before: tree.Expression, right: tree.Expression) -> None:
        """Whether a right line also follows from the expression before it."""
        finding = self.stage.compare(before, right, draft.conditions)
        if finding.outcome not in {"right", "arrangement"} and draft.certainty.endswith("given values"):
            finding = self.at_values(before, right) or finding
        if finding.outcome in {"right", "arrangement"}:
            draft.step_valid = True
        elif finding.outcome in {"different", "shapes"}:
            draft.step_valid = False
            draft.reason = "right, though it does not follow from the expression before it"

    def with_zeros(self, anchor: tree.Expression, right: tree.Expression, conditions: Sequence[tree.Expression]) -> Finding | None:
        """The same where inputs that are given as 0 are 0: a bias that the page leaves out."""
        model = self.stage.models[0]
        named = [key for key, held in self.stage.given.items() if _all_zero(held)]
        named += [
            g.key for g in model.sheet.given if g.key not in self.stage.given and not g.members and _zero_tree(g.value)
        ]
        symbols = [model.symbols[k] for k in dict.fromkeys(named) if k in model.symbols]
        if not symbols:
            return None
        comparer = self.stage.comparers[0]
        try:
            points = [model.generic(seed, symbols) for seed in (11, 12)]
            found = comparer.over_points(points, self.stage.scope(), anchor, right, conditions)
            if found.outcome not in {"right", "arrangement"}:
                points = [model.sized(seed, symbols) for seed in (11, 12)]
                found = comparer.over_points(points, self.stage.scope(), anchor, right, conditions)
        except Exception:  # noqa: BLE001 - this is one more try: without it the verdict is what it was
            return None
        if found.outcome not in {"right", "arrangement"}:
            return None
        said = ", ".join(f"{s.name} = 0" for s in symbols)
        return replace(found, assumptions=(*found.assumptions, f"with {said}, as given"))

    def at_values(self, anchor: tree.Expression, right: tree.Expression) -> Finding | None:
        """The same at the given values, where the claim has numbers put in."""
        points = self.stage.points_at_values(stated=True)
        if not points:
            return None
        if any(p.drawn for p in points) and not self.settled(points, anchor, right):
            return None
        found = self.stage.comparers[0].over_points(points, self.stage.scope(), anchor, right, ())
        if found.outcome in {"different", "open"} and numbers.is_closed(right) and self.as_rounded(points[0], anchor, right):
            return Finding("right", certainty="at the given values, to the digits shown")
        if found.outcome in {"right", "arrangement", "different", "shapes"}:
            certainty = "at the given values" if found.outcome in {"right", "arrangement"} else "differs at the given values"
            return replace(found, certainty=certainty)
        return None

    def as_rounded(self, point: Any, anchor: tree.Expression, right: tree.Expression) -> bool:
        """Whether a formula of rounded numbers comes as near to the value as its digits allow."""
        exact = self.stage.value(point, anchor)
        shown = self.stage.value(point, right, rounded=True)
        if isinstance(exact, str) or isinstance(shown, str):
            return False
        return numbers.overlap(exact, shown)

    def settled(self, points: Sequence[Any], *trees: tree.Expression) -> bool:
        """Whether formulas have the same value whatever is not given."""
        for node in trees:
            values = [self.stage.value(p, node) for p in points]
            if any(isinstance(v, str) for v in values):
                return False
            from gradsheet.checking.meaning import equality  # noqa: PLC0415 - beside its only use

            if equality.compare(values[0], values[1]) != "equal":  # type: ignore[arg-type]
                return False
        return True

    def follow(self, draft: Draft, anchor: tree.Expression, before: tree.Expression | None, right: tree.Expression) -> None:
        """Whether a line that is not right follows from an earlier wrong one."""
        for earlier in reversed(self.wrong):
            if earlier.left is None or earlier.right is None or earlier.numeric:
                continue
            if earlier.left is anchor or earlier.left == anchor:
                if self.stage.compare(earlier.right, right, draft.conditions).outcome == "right":
                    self.inherit(draft, earlier)
                    return
            for quantity, claimed in ((earlier.right, earlier.left), (earlier.left, earlier.right)):
                if not self.names_something(quantity) or quantity in (anchor, right):
                    continue
                name = plain(quantity)
                carried = {name: claimed}
                for start in (before, anchor):
                    if start is None or not (mentions(start, name) or mentions(right, name)):
                        continue
                    found = self.stage.compare(start, right, draft.conditions, carried=carried)
                    if found.outcome in {"right", "arrangement"}:
                        self.inherit(draft, earlier)
                        return

    def inherit(self, draft: Draft, earlier: Draft) -> None:
        draft.verdict, draft.carried_from = "inherited", earlier
        draft.reason = "follows from an earlier wrong line"

    # ------------------------------------------------------------ with numbers

    def numeric(self, draft: Draft, anchor: tree.Expression, before: tree.Expression | None, b: Bound) -> None:
        """A claim whose right side is a number or an array of numbers."""
        draft.numeric = True
        entries = numbers.printed(b.side.tree, self.shape_of(anchor)) if b.side.tree is not None else None
        if entries is None:
            entries = numbers.printed(b.tree, self.shape_of(anchor)) if b.tree is not None else None
        assert entries is not None
        stage = self.stage
        drawn = [c.point("generic", s) for c in stage.comparers for s in (1, 2)]
        found = [stage.value(p, anchor) for p in drawn]
        if all(not isinstance(v, str) and numbers.agrees(v, entries) for v in found):
            draft.verdict, draft.certainty = "right", "whatever the values are"
            return
        points = stage.points_at_values(stated=True)
        if numbers.is_closed(anchor) and not isinstance(found[0], str):
            self.settle(draft, numbers.agrees(found[0], entries), found[0], entries)
            return
        reason = ""
        if points and self.settled(points, anchor):
            exact = stage.value(points[0], anchor)
            if isinstance(exact, str):
                reason = exact
            else:
                holds = numbers.agrees(exact, entries)
                if holds:
                    self.settle(draft, holds, exact, entries)
                    self.state(anchor, entries, right=True)
                    return
                self.from_carried(draft, anchor, entries)
                if draft.verdict == "undecided":
                    self.settle(draft, holds, exact, entries)
                self.state(anchor, entries, right=draft.verdict == "right")
                return
        if not reason:
            first = found[0]
            drawn_names = sorted(points[0].drawn) if points else []
            reason = first if isinstance(first, str) else self.lacking(anchor, drawn_names)
        draft.verdict, draft.reason = "undecided", reason
        if before is not None and numbers.is_closed(before) and not isinstance(stage.value(drawn[0], before), str):
            held = stage.value(drawn[0], before)
            if not isinstance(held, str) and numbers.agrees(held, entries) is False:
                self.settle(draft, False, held, entries)
        self.state(anchor, entries, right=True)

    def lacking(self, anchor: tree.Expression, drawn: Sequence[str]) -> str:
        """Which inputs a value would need."""
        model = self.stage.models[0]
        used: set[str] = set()
        for node in walk(anchor):
            if isinstance(node, tree.Name):
                for symbol in self.stage.binder._symbols(node.key):  # noqa: SLF001 - the binder knows what a name is
                    used |= {s.name for s in model.upstream(symbol)}
        inputs = [s.name for s in model.sheet.inputs if s.name in used]
        missing = [n for n in inputs if not drawn or n in drawn]
        if not missing:
            return "the values that it needs are not given"
        return f"needs {', '.join(missing[:6])}" + (" …" if len(missing) > 6 else "")

    def settle(self, draft: Draft, holds: bool | None, exact: Any, entries: Any) -> None:
        """A number that is right or wrong at the given values."""
        draft.certainty = "at the given values"
        if holds:
            draft.verdict = "right"
            return
        draft.verdict = "wrong"
        draft.slip = "shape" if holds is None else "arithmetic"
        draft.expected_text = numbers.in_digits(exact, entries)
        draft.expected = draft.expected_text.replace("−", "-")

    def from_carried(self, draft: Draft, anchor: tree.Expression, entries: Any) -> None:
        """Whether a number is right when computed from the page's own numbers, right or wrong."""
        stage = self.stage
        symbol = stage.quantity(anchor)
        own = None if symbol is None else canonical_key(symbol.name)
        held = stage.stated.pop(own, None) if own is not None else None
        try:
            points = stage.points_at_values(stated=True, all_stated=True)
            value = stage.value(points[0], anchor) if points else "nothing is given"
            if not isinstance(value, str) and numbers.agrees(value, entries):
                wrong = [k for k, s in stage.stated.items() if not s.right]
                if not wrong:
                    draft.verdict, draft.certainty = "right", "from the rounded numbers before it"
                else:
                    earlier = next((d for d in reversed(self.wrong) if d.numeric), None)
                    draft.verdict, draft.carried_from = "inherited", earlier
                    draft.reason = "follows from an earlier wrong number"
        finally:
            if held is not None and own is not None:
                stage.stated[own] = held

    def state(self, anchor: tree.Expression, entries: Any, *, right: bool) -> None:
        """Remember what the page prints for a computed quantity."""
        symbol = self.stage.quantity(anchor)
        if symbol is None or symbol not in self.stage.models[0].graph.clauses:
            return
        self.stage.stated[canonical_key(symbol.name)] = Stated(entries, right)


def plain(node: tree.Node) -> str:
    """A tree in plain text, whatever it is."""
    try:
        return plain_text(node)  # type: ignore[arg-type]
    except (AssertionError, AttributeError, TypeError, ValueError, RecursionError):
        return "…"


def applied_to(body: tree.Expression, parameters: Sequence[str]) -> str | None:
    """tanh of `h(a) = tanh(a)`: the function that a definition only gives another name."""
    match body:
        case tree.Product(factors=(tree.Factor(item=tree.FunctionName(key=key)), tree.Factor(sign="", item=argument))):
            inner = argument.items[0] if isinstance(argument, tree.Group) and len(argument.items) == 1 else argument
            if len(parameters) == 1 and isinstance(inner, tree.Name) and inner.key == parameters[0]:
                return key
        case _:
            pass
    return None


def mentions(node: tree.Expression, name: str) -> bool:
    """Whether a quantity stands in a formula, by its plain spelling."""
    return any(
        isinstance(part, tree.Name | tree.Subscript | tree.Derivative) and plain(part) == name for part in walk(node)
    )


def _place(side: Side) -> tuple[int, int, int]:
    return (side.formula.number, side.span.start, side.span.end)


def _all_zero(held: Any) -> bool:
    if isinstance(held, list):
        return all(_all_zero(entry) for entry in held)
    return bool(held == 0)


def _zero_tree(node: tree.Expression) -> bool:
    entries = numbers.printed(node)
    return entries is not None and all(e.value == 0 for e in entries.reshape(-1))
