"""One sheet with its page: the alternatives of the sheet, the names of the page, what the page gives and states."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.binding.binder import Binder
from gradsheet.checking.binding.errors import BindingError
from gradsheet.checking.judging.comparison import Comparer, Finding
from gradsheet.checking.judging.impositions import imposition, property_of
from gradsheet.checking.judging.numbers import as_nested, printed, rounding
from gradsheet.checking.judging.problems import PROBLEMS, reason_of
from gradsheet.checking.judging.widening import widened
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.meaning.points import BITS, Model
from gradsheet.checking.meaning.readings import Reading
from gradsheet.checking.meaning.references import locate_symbol
from gradsheet.checking.meaning.tensors import MismatchError
from gradsheet.numerics.balls import working_precision
from gradsheet.syntax import canonical_key, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gradsheet.checking.context import Assumption, Context, GivenRule
    from gradsheet.checking.judging.numbers import Entries
    from gradsheet.checking.limits import Limits
    from gradsheet.checking.meaning.points import Point
    from gradsheet.checking.meaning.scope import Scope
    from gradsheet.checking.meaning.tensors import Value
    from gradsheet.checking.reading.model import Side
    from gradsheet.expressions import Symbol


_FILLINGS = 6
"""So many fillings of what is not given have to agree: a value may hang on signs alone."""


@dataclass(slots=True)
class Stated:
    """A value that the page prints for a computed quantity, and whether that was right."""

    entries: Entries
    right: bool


@dataclass(slots=True)
class Stage:
    """A sheet on the page."""

    models: list[Model]
    """The sheet, once for each alternative that a context leaves open."""
    context: Context | None
    limits: Limits
    deadline: float | None
    binder: Binder = field(init=False)
    comparers: list[Comparer] = field(init=False)
    given: dict[str, Any] = field(default_factory=dict)
    """Values of inputs by name, as nested lists."""
    stated: dict[str, Stated] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Quantities whose definition the page has shown."""
    written: dict[tree.Expression, tree.Expression] = field(default_factory=dict)
    """Definitions of the page that could not be bound, as they are written: L(θ) = Σᵢ L(f(xᵢ; θ), yᵢ)."""
    assumed: list[tuple[tree.Expression, str]] = field(default_factory=list)
    """What holds on the page though it does not follow, Σ_k y_k = 1, with its words."""
    declaring: frozenset[int] = frozenset()
    """Formulas that declare a scheme of names."""
    defining: tuple[Side, ...] = ()
    """Left sides of the lines of the page from which the sheet was made, where the page is its own sheet."""
    layered: dict[int, set[str]] = field(default_factory=dict)
    """By question: letters that carry a layer above them there."""
    _points: dict[Any, Point | None] = field(default_factory=dict)
    _scopes: dict[Any, Scope] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.binder = Binder(self.models[0], self.context)
        self.comparers = [
            Comparer(m, self.limits.points, self.limits.sum_terms, self.deadline) for m in self.models
        ]
        if self.context is not None:
            for rule in self.context.given:
                self._give(rule)
            for said in self.context.assume:
                self._assume(said)

    def state(self) -> dict[str, Any]:
        """What the page has taught so far, to be put back where another sheet turns out to be meant."""
        names = self.binder
        return {
            "views": {k: dict(v) for k, v in names.views.items()}, "locals": dict(names.locals),
            "functions": dict(names.functions), "numbers": dict(names.numbers), "bare": set(names.bare),
            "lettered": {k: dict(v) for k, v in names.lettered.items()},
            "taught": {k: set(v) for k, v in names.taught.items()},
            "notes": list(names.notes), "given": dict(self.given), "stated": dict(self.stated), "seen": set(self.seen),
            "written": dict(self.written), "assumed": list(self.assumed),
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Forget what was learned since."""
        for key in ("views", "locals", "functions", "numbers", "bare", "lettered", "taught", "notes"):
            setattr(self.binder, key, state[key])
        for key in ("given", "stated", "seen", "written", "assumed"):
            setattr(self, key, state[key])
        self.binder.changed()

    def _give(self, rule: GivenRule) -> None:
        entries = printed(rule.value)
        if entries is None:
            return
        key = self.name_of(rule.left, rule.written)
        symbol = None if key is None else self.models[0].symbols.get(key)
        if symbol is None or key is None:
            number = entries.reshape(-1)[0].value if entries.size == 1 else None
            if isinstance(rule.left, tree.Name) and number is not None and number.denominator == 1:
                self.binder.numbers[rule.left.key] = int(number)  # L = 3: how many layers there are
                self.binder.changed()
            return
        if symbol in self.models[0].graph.clauses:
            self.stated[key] = Stated(entries, right=True)
        else:
            self.given[key] = as_nested(entries)

    def _assume(self, said: Assumption) -> None:
        try:
            if said.symbol is not None:
                symbol = self.binder.bind(said.symbol, said.written)
                self.assumes(property_of(symbol, said.attribute), said.written)
            elif said.tree is not None:
                self.assumed.append((self.binder.bind(said.tree, said.written), said.written))
        except (BindingError, RecursionError):
            return  # about names that this sheet does not have

    def assumes(self, condition: tree.Expression, words: str) -> bool:
        """Take a condition on inputs as one that holds on the whole page; False if it is no such condition."""
        point = self.comparers[0].point("generic", 1)
        if imposition(Interpreter(point, self.scope()), condition) is None:
            return False
        if all(known != condition for known, _ in self.assumed):
            self.assumed.append((condition, words))
        return True

    def name_of(self, left: tree.Expression, text: str) -> str | None:
        """The sheet's name of what is written."""
        try:
            bound = self.binder.bind(left, text)
        except (BindingError, RecursionError):
            return None  # a name that cannot be bound gives nothing
        found = self.quantity(bound)
        return None if found is None else canonical_key(found.name)

    @property
    def name(self) -> str:
        """Of the sheet."""
        return self.models[0].name

    # ------------------------------------------------------------ comparing

    def compare(
        self,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression] = (),
        *,
        carried: Mapping[str, tree.Expression] | None = None,
        identities: bool = False,
    ) -> Finding:
        """Whether left = right under every alternative: wrong only what is wrong under each."""
        scope = self.scope(carried)
        found: list[Finding] = [
            c.compare(scope, left, right, conditions, identities=identities) for c in self.comparers
        ]
        if all(f.outcome not in {"right", "arrangement"} for f in found):
            broad = widened(left), widened(right)
            if broad != (left, right):
                wide = [c.compare(scope, *broad, conditions, identities=identities) for c in self.comparers]
                found = [w if w.outcome in {"right", "arrangement"} else f for w, f in zip(wide, found, strict=True)]
        for outcome in ("right", "arrangement", "open"):
            for model, finding in zip(self.models, found, strict=True):
                if finding.outcome == outcome:
                    if outcome != "open" and len(found) > 1 and any(f.outcome != outcome for f in found):
                        said = (*finding.assumptions, f"right if {model.name}")
                        return Finding(finding.outcome, finding.reason, finding.certainty, finding.reading, said)
                    return finding
        return replace(found[0], witnesses=tuple(f.witness for f in found))

    def scope(self, carried: Mapping[str, tree.Expression] | None = None) -> Scope:
        """The names as they are now; the same object until they change."""
        base = self.binder.scope()
        key = (id(self.binder.table), tuple(sorted((k, id(v)) for k, v in (carried or {}).items())), len(base.numbers))
        found = self._scopes.get(key)
        if found is None:
            found = self._scopes[key] = replace(base, carried=dict(carried or {}))
        return found

    # ------------------------------------------------------------ at values

    def points_at_values(self, *, stated: bool, all_stated: bool = False) -> list[Point]:
        """The given values, several times with other numbers for what is not given; [] where nothing is given."""
        result: list[Point] = []
        for seed in range(1, _FILLINGS + 1):
            if result and not result[0].drawn:
                break  # everything is given
            held = tuple((k, id(v)) for k, v in self.stated.items())
            given = tuple((k, v if isinstance(v, Fraction) else id(v)) for k, v in self.given.items())
            key = ("values", seed, stated, all_stated, given, held)
            if key not in self._points:
                with working_precision(BITS):
                    self._points[key] = self._at_values(seed, stated=stated, all_stated=all_stated)
            point = self._points[key]
            if point is None:
                return []
            result.append(point)
        return result

    def _at_values(self, seed: int, *, stated: bool, all_stated: bool) -> Point | None:
        model = self.models[0]
        chosen: dict[Symbol, Any] = {}
        if stated:
            plain = model.at_values(self.given, {}, seed)
            for key, entry in self.stated.items():
                symbol = model.symbols.get(key)
                if symbol is None:
                    continue
                known = plain is not None and not plain.drawn & {s.name for s in model.upstream(symbol)}
                if known and not all_stated:
                    continue  # it can be computed: the page's number is not needed
                chosen[symbol] = _numbers(entry.entries)
        return model.at_values(self.given, chosen, seed)

    def slopes(self) -> list[Fraction]:
        """The slopes on a kink that are right: what the page states, else those of both sides and all between."""
        conventions = None if self.context is None else self.context.conventions
        stated = None if conventions is None else conventions.relu_at_zero
        return [Fraction(0), Fraction(1)] if stated is None else [stated]

    def value(
        self,
        point: Point,
        node: tree.Expression,
        carried: Mapping[str, tree.Expression] | None = None,
        *,
        rounded: bool = False,
    ) -> Value | str:
        """The value of a formula at a point, or why there is none; with decimals as balls of their last digit."""
        with working_precision(BITS):
            for reading in (Reading(), Reading(jacobian=True), Reading(chain=True), Reading(norms=True)):
                try:
                    kind = Rounded if rounded else Interpreter
                    return kind(point, self.scope(carried), reading).evaluate(node)
                except MismatchError as problem:
                    last = str(problem)
                except PROBLEMS as problem:
                    return reason_of(problem)
            return last

    def has_value(self, node: tree.Expression) -> bool:
        """Whether a formula can be computed at all: then it is itself."""
        return self.compare(node, node).outcome != "open"

    def spends(self, most: int) -> Callable[[], bool]:
        """Whether from now on more than so many values of formulas were computed."""
        started = sum(comparer.budget.done for comparer in self.comparers)
        return lambda: sum([comparer.budget.done for comparer in self.comparers]) - started > most

    def vanishes(self, point: Point, node: tree.Expression) -> bool:
        """Whether a formula is 0 at a point; what was computed there is kept."""
        with working_precision(BITS):
            for reading in (Reading(), Reading(jacobian=True), Reading(chain=True), Reading(norms=True)):
                try:
                    value = self.comparers[0].interpreter(point, self.scope(), reading).evaluate(node)
                except MismatchError:
                    continue
                except PROBLEMS:
                    return False
                return all(entry.is_zero for entry in value.data.reshape(-1))
        return False

    def holds(self, point: Point, condition: tree.Expression) -> bool:
        """Whether a condition is met at a point; False where that cannot be seen."""
        with working_precision(BITS):
            try:
                return bool(np.all(Interpreter(point, self.scope()).truth(condition, {})))
            except (*PROBLEMS, MismatchError):
                return False

    def quantity(self, node: tree.Expression) -> Symbol | None:
        """The symbol of the sheet that a formula names as a whole, a member of a view included."""
        point = self.comparers[0].point("generic", 1)
        return locate_symbol(Interpreter(point, self.binder.scope()), node)


class Rounded(Interpreter):
    """Reads a decimal of a few digits as all numbers that are rounded to it."""

    def _dispatch(self, node: tree.Expression, known: dict[str, Any]) -> Value:
        if isinstance(node, tree.Num) and (ball := rounding(node)) is not None:
            return self.number(ball)
        return super()._dispatch(node, known)


def _numbers(entries: Entries) -> Any:
    result = np.empty(entries.shape, dtype=object)
    for place in np.ndindex(entries.shape):
        result[place] = entries[place].value
    return result
