"""What a page defines: names of its own, definitions of the sheet restated, braces that name what is above them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.binding.patterns import Pattern, folded, pattern
from gradsheet.checking.judging import numbers
from gradsheet.checking.judging.givens import is_chosen, is_update, take_given
from gradsheet.checking.judging.sides import EQUALITIES, bound_conditions, formula_of
from gradsheet.checking.judging.spelling import plain
from gradsheet.checking.judging.substitution import replaced
from gradsheet.checking.meaning.scope import Local
from gradsheet.syntax import canonical_key, tree
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.records import Bound, Judged
    from gradsheet.checking.judging.stage import Stage
    from gradsheet.checking.reading.model import Chain
    from gradsheet.manuscripts import Formula


class Definitions:
    """Takes what a page defines into the names of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def opening(self, chain: Chain, sides: list[Bound], result: Judged) -> int:
        """Whether a chain begins with a definition or a given value; the first relation that is a claim."""
        left, formula = sides[0], chain.formulas[0]
        self.note(sides)
        if chain.relations[0] == "←":
            result.kinds.append((formula, "update"))
            sides[0].tree = None  # what follows says what the new value is
            return 1
        if chain.relations[0] not in EQUALITIES - {"∝"} or left.side.kind != "expression" or left.side.tree is None:
            return 0
        if is_update(sides):
            result.kinds.append((formula, "update"))
            sides[0].tree = None
            return 1
        skipped = self.function_alias(sides, formula, result)
        if skipped:
            return skipped
        found = pattern(left.side.tree, self.meaningful(sides[1].side.tree))
        if found is not None and self.reassigned(found, sides, formula):
            result.kinds.append((formula, "update"))
            return 1
        new = found is not None and (not self.known(found) or self.hides(found, sides))
        if found is not None and (new or self.rebinds(found, sides, chain)):
            return self.new_name(found, sides, chain, result)
        if self.backwards(sides, chain, result):
            return 1
        if found is not None and found.function and left.tree is None:
            result.kinds.append((formula, "definition"))
            return 1
        if is_chosen(self.stage, sides):
            result.kinds.append((formula, "given"))
            return 1
        given = take_given(self.stage, sides)
        if given:
            result.kinds.append((formula, "given"))
            return given
        return self.restated(sides, chain, result)

    def note(self, sides: Sequence[Bound]) -> None:
        """Keep `L(θ) = Σᵢ …` as it is written: lines about functions that nobody specifies may put it in."""
        left, right = formula_of(sides[0].side), formula_of(sides[1].side)
        match left:
            case tree.Product(factors=(tree.Factor(item=tree.Name()), tree.Factor(sign="", item=tree.Group()))) if (
                right is not None
            ):
                self.stage.written[left] = right
            case _:
                pass

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

    # ------------------------------------------------------------ new names

    def meaningful(self, right: tree.Node | None = None) -> frozenset[str]:
        """Letters that cannot be parameters of a definition: names, but not indices on its right side."""
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
            own = binder.locals.get(found.key)  # δ⁽³⁾ is known where the page has said what δ⁽ˡ⁾ is
            return found.number in binder.views.get(found.key, {}) or (own is not None and own.raised)
        if found.key in {"e", "I", "π"} and found.key not in binder.names():
            return False  # a page may call something e: Euler's number is then only what has an exponent
        spelled = binder.table.spelled(found.key, "") or ((found.key,) if found.key in binder.names() else ())
        if spelled:
            return True
        base, _, below = found.key.partition("_")
        held = binder.table.get(base) if below else None
        if held is not None and held.rank and below.isalpha() and len(below) <= held.rank:
            return True  # letters below an array are its indices
        return bool(below and binder.table.spelled(base, below)) or found.key in binder.table

    def reassigned(self, found: Pattern, sides: Sequence[Bound], formula: Formula) -> bool:
        """`dH = dH * (H > 0)`, as programs have it: from here on dH is the right side, in which it is what it was."""
        local = self.stage.binder.locals.get(found.key)
        right = sides[1].tree
        if local is None or local.parameters or local.function or found.parameters or found.function or right is None:
            return False
        own = next((n for n in walk(right) if isinstance(n, tree.Name) and n.key == found.key), None)
        if own is None or right == own or not isinstance(right, tree.Product | tree.Additive):
            return False
        self.define(found, replaced(right, own, tree.Group((local.body,))), formula)
        return True

    def hides(self, found: Pattern, sides: Sequence[Bound]) -> bool:
        """Whether a name that is only a size of the sheet is called an array here: H = max(0, X W + b)."""
        binder, model = self.stage.binder, self.stage.models[0]
        if found.key not in model.sheet.sizes or found.key in {*model.symbols, *binder.locals, *binder.views}:
            return False
        right = sides[1].tree
        return right is not None and not isinstance(right, tree.Num | tree.Name) and not numbers.is_closed(right)

    def define(self, found: Pattern, body: tree.Expression, formula: Formula) -> None:
        """Take a definition of the page."""
        binder = self.stage.binder
        if any(isinstance(n, tree.Name) and n.key == found.key for n in walk(body)) and not found.function:
            return  # a name in terms of itself defines nothing
        if found.number is not None:
            view = dict(binder.views.get(found.key, {}))
            view[found.number] = body
            binder.views[found.key] = view
            binder.taught.setdefault(found.key, set()).add(found.number)
            binder.changed()
            binder.note(f"{found.key}⁽{found.number}⁾", plain(body), "document", formula.place.line)
            return
        key = found.key
        held = binder.locals.get(key)
        if (
            held is not None
            and held.parameters
            and found.parameters
            and held.parameters != found.parameters
            and not found.function
        ):
            key = f"{found.key}·{found.parameters[0]}"
            by_letter = binder.lettered.setdefault(found.key, {held.parameters[0]: found.key})
            by_letter[found.parameters[0]] = key
        if found.bare:
            binder.bare.add(found.key)
        binder.define(Local(key, found.parameters, body, found.function, formula.number, found.raised))
        shown = found.key
        if found.function:
            shown += f"({', '.join(found.parameters)})"
        elif found.parameters:
            shown += f"[{', '.join(found.parameters)}]"
        binder.note(shown, plain(body), "document", formula.place.line)

    def function_alias(self, sides: Sequence[Bound], formula: Formula, result: Judged) -> int:
        r"""`g = \tanh`: a name for a function."""
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
        if body is None:
            return 1
        if numbers.printed(body) is not None and not found.function and not found.parameters:
            self.define(found, body, formula)  # such as η = 0.1
            if isinstance(body, tree.Num) and body.value.denominator == 1:
                self.stage.binder.numbers[found.key] = int(body.value)
                self.stage.binder.changed()
            return 1
        alias = applied_to(body, found.parameters) if found.function else None
        if alias is not None:
            binder = self.stage.binder
            binder.functions[found.key] = binder.functions.get(alias, alias)
            binder.changed()
            binder.note(found.key, alias, "document", formula.place.line)
            return 1
        self.define(found, body, formula)
        sides[0].tree = self.again(sides[0])
        return 1

    def again(self, side: Bound) -> tree.Expression | None:
        """A side with its names bound once more, now that they are known."""
        formula = formula_of(side.side)
        try:
            return None if formula is None else self.stage.binder.bind(formula, side.side.formula.text)
        except BindingError:
            return None

    def rebinds(self, found: Pattern, sides: Sequence[Bound], chain: Chain) -> bool:
        """Whether a name of the page, tied to nothing in the sheet, is given another meaning: h for a next network."""
        local = self.stage.binder.locals.get(found.key)
        if local is None or sides[1].tree is None or found.number is not None:
            return False
        if local.function or found.function:
            return local.function and found.function
        if local.parameters and found.parameters and local.parameters != found.parameters:
            told = self.stage.binder.lettered.get(found.key, {})
            return found.parameters[0] not in told and (chain.definition or isinstance(sides[1].tree, tree.Derivative))
        if any(isinstance(n, tree.Derivative) for n in walk(local.body)) or isinstance(
            local.body, tree.Name | tree.Subscript
        ):
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

    # ------------------------------------------------------------ the definitions of the sheet

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
        conditions, unreadable = bound_conditions(self.stage, chain)
        finding = self.stage.compare(left, right, conditions)
        if finding.outcome in {"different", "shapes"} and self.passed_on(sides, left):
            result.defines = result.agrees = True
            result.kinds.append((chain.formulas[0], "definition"))
            return 1
        result.defines = finding.outcome in {"right", "arrangement", "different", "shapes"} and not unreadable
        result.agrees = finding.outcome in {"right", "arrangement"}
        result.again = key in self.stage.seen
        if key in self.stage.seen or not result.agrees:
            return 0
        self.stage.seen.add(key)
        root = key.partition("[")[0]
        view = self.stage.binder.views.get(root)
        if "[" in key and view is not None:
            self.stage.seen |= {k for k in (self.defined_key(member) for member in view.values()) if k is not None}
        result.kinds.append((chain.formulas[0], "definition"))
        return 1

    def passed_on(self, sides: Sequence[Bound], left: tree.Expression) -> bool:
        """`ŷ = h⁽³⁾ = softmax(z⁽³⁾)`: a name of the page in the middle of a definition of the sheet is bound anew."""
        middle = sides[1].side.tree
        if len(sides) < 3 or middle is None or not isinstance(middle, tree.Power | tree.Name | tree.Lowered):
            return False
        found = pattern(middle, frozenset())
        binder = self.stage.binder
        if found is None or found.function or found.parameters:
            return False
        own = (
            found.number in binder.taught.get(found.key, ()) if found.number is not None else found.key in binder.locals
        )
        if not own:
            return False
        if not any(
            s.tree is not None and self.stage.compare(left, s.tree).outcome in {"right", "arrangement"}
            for s in sides[2:]
        ):
            return False
        view = binder.views.get(found.key, {})
        if found.number is not None:
            binder.views[found.key] = {**view, found.number: left}
        else:
            binder.define(Local(found.key, (), left, formula=1))
        binder.changed()
        sides[1].tree = left
        return True

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


def applied_to(body: tree.Expression, parameters: Sequence[str]) -> str | None:
    """In `h(a) = tanh(a)` tanh: the function that a definition only gives another name."""
    match body:
        case tree.Product(factors=(tree.Factor(item=tree.FunctionName(key=key)), tree.Factor(sign="", item=argument))):
            inner = argument.items[0] if isinstance(argument, tree.Group) and len(argument.items) == 1 else argument
            if len(parameters) == 1 and isinstance(inner, tree.Name) and inner.key == parameters[0]:
                return key
        case _:
            pass
    return None
