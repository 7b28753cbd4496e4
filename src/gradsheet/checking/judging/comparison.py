"""Whether two formulas are one: at generic points in each reading that a page may mean, at its sizes, at its values."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from gradsheet.checking.judging.counting import mentions_sizes
from gradsheet.checking.judging.impositions import about_values, imposed
from gradsheet.checking.judging.letters import Sides, assignments, picks_member, sizes_in_indices, sorted_sides
from gradsheet.checking.judging.problems import PROBLEMS, reason_of
from gradsheet.checking.judging.two_sides import beside, evaluated, readings_for
from gradsheet.checking.meaning import equality, loose
from gradsheet.checking.meaning.errors import OutOfRangeError, StoppedError, UnboundError, UnsupportedError
from gradsheet.checking.meaning.indices import letters
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.meaning.kinks import Cover
from gradsheet.checking.meaning.modular import modular
from gradsheet.checking.meaning.points import BITS, MissingError, Model
from gradsheet.checking.meaning.readings import AS_WRITTEN, Budget, Reading
from gradsheet.checking.meaning.tensors import MismatchError, Value, shape_text
from gradsheet.numerics.balls import working_precision
from gradsheet.syntax.traversal import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.impositions import Imposed
    from gradsheet.checking.meaning.modular import ModularPoint
    from gradsheet.checking.meaning.points import Point
    from gradsheet.checking.meaning.scope import Scope
    from gradsheet.syntax import tree

Outcome = Literal["right", "arrangement", "different", "shapes", "open"]
IDENTITY = "an identity modulo a prime, error below 1e-15"
_BOTH_SIDES = ", on both sides of each kink"
_MOST_MODULAR = 4
"""So many points modulo a prime are tried where a root is missing: at another it may be there."""
_MEETING = 12
"""So many points are looked at where only some of them meet a condition, z > 0."""
_MOST_KEPT = 100
_MOST_DRAWN = 32
_MOST_IDLE = 10
"""So many draws that show nothing new end the search for points."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A point and numbers for the letters at which two sides differ: what is right must not differ there."""

    point: Point
    known: dict[str, int]
    conforms: bool
    """Whether the shapes are one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a comparison showed; `reason` says what is missing where it is open, or what differs."""

    outcome: Outcome
    reason: str = ""
    certainty: str = ""
    reading: Reading = AS_WRITTEN
    assumptions: tuple[str, ...] = ()
    conforms: bool = True
    """Whether some strict reading had the right shape."""
    witness: Witness | None = None
    """Where the sides were seen to differ."""
    witnesses: tuple[Witness | None, ...] = ()
    """The same under each alternative of the sheet."""


@dataclass(slots=True)
class Comparer:
    """Compares formulas over one sheet; points are drawn once and kept."""

    model: Model
    points: int = 3
    terms: int = 4096
    deadline: float | None = None
    letters: int = 64
    """How many choices of numbers for free letters are tried at a point."""
    arranges: bool = True
    """Whether it looks for an arrangement of the factors where no reading conforms."""
    witness: Witness | None = None
    looked: tuple[Point, dict[str, int]] | None = None
    """Where the last comparison looked first."""
    turned: bool = False
    """Where the page declares rows: a side of the last comparison was a column."""
    budget: Budget = field(default_factory=Budget)
    """What all its interpreters have computed, those of its copies as well."""
    _points: dict[tuple[str, int, Imposed], Point] = field(default_factory=dict)
    _interpreters: dict[tuple[int, int], Interpreter] = field(default_factory=dict)
    _modular: dict[tuple[str, int], ModularPoint | None] = field(default_factory=dict)
    _covering: dict[tuple[str, Imposed], list[Point]] = field(default_factory=dict)
    _scopes: list[Scope] = field(default_factory=list)
    _sized: dict[tuple[int, frozenset[str]], tuple[Scope, Scope]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.budget.terms, self.budget.deadline = self.terms, self.deadline

    def point(self, kind: Literal["generic", "sized"], seed: int, fixed: Imposed = ()) -> Point:
        """A point, drawn when it is first asked for; some inputs may be fixed."""
        found = self._points.get((kind, seed, fixed))
        if found is None:
            draw = self.model.generic if kind == "generic" else self.model.sized
            with working_precision(BITS):
                found = draw(seed, (), dict(fixed))
            self._points[kind, seed, fixed] = found
        return found

    def covering(self, kind: Literal["generic", "sized"], fixed: Imposed = ()) -> list[Point]:
        """Points that show each side of every kink of the sheet and each of its classes, as far as draws show them.

        Kinks that have one place only are also seen in every pair of sides: ReLU(a) ReLU(b) with one of them active.
        """
        found = self._covering.get((kind, fixed))
        if found is None:
            found = [self.point(kind, seed, fixed) for seed in range(1, self.points + 1)]
            if self.model.kinked:
                cover = Cover()
                for point in found:
                    cover.add(point.branches)
                seed = idle = 0
                while not cover.complete and seed < _MOST_DRAWN and idle < _MOST_IDLE:
                    seed, idle = seed + 1, idle + 1
                    point = self.point(kind, self.points + seed, fixed)
                    if cover.add(point.branches):
                        found.append(point)
                        idle = 0
            self._covering[kind, fixed] = found
        return found

    def interpreter(self, point: Point, scope: Scope, reading: Reading) -> Interpreter:
        """An interpreter; those of the same scope keep what they have computed."""
        key = (id(point), id(scope))
        found = self._interpreters.get(key)
        if found is None:
            if len(self._interpreters) > _MOST_KEPT:
                self._interpreters.clear()
                self._scopes.clear()
            found = Interpreter(point, scope, budget=self.budget)
            self._interpreters[key] = found
            self._scopes.append(scope)
        return found.in_reading(reading)

    def quick(self, *, arranges: bool) -> Comparer:
        """One that looks at a single point; points and values are shared, drawn and computed once."""
        return replace(self, points=1, letters=min(24, self.letters), arranges=arranges)

    # ------------------------------------------------------------ comparing

    def compare(
        self,
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression] = (),
        *,
        thorough: bool = True,
        identities: bool = False,
    ) -> Finding:
        """Whether left = right, as far as can be seen; `identities`: and whether that is one modulo a prime."""
        with working_precision(BITS):
            try:
                return self._compare(scope, left, right, conditions, thorough=thorough, identities=identities)
            except PROBLEMS as problem:
                return Finding("open", reason_of(problem))

    def _compare(
        self,
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression],
        *,
        thorough: bool,
        identities: bool,
    ) -> Finding:
        found = self._at("generic", scope, left, right, conditions, identities=identities)
        if found.outcome in {"right", "arrangement"}:
            return found
        if thorough and found.outcome != "right" and (mentions_sizes(left, scope) or mentions_sizes(right, scope)):
            try:
                sized = self._at("sized", scope, left, right, conditions, identities=identities)
            except PROBLEMS:
                return found
            if sized.outcome in {"right", "arrangement"}:
                return replace(sized, certainty=sized.certainty + ", for the sizes of the sheet")
            if found.outcome == "open":
                return sized
        return found

    def _at(
        self,
        kind: Literal["generic", "sized"],
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression],
        *,
        identities: bool,
    ) -> Finding:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise StoppedError("the time limit")
        fixed: Imposed = ()
        least = 1
        if conditions:
            interpreter = self.interpreter(self.point(kind, 1), scope, AS_WRITTEN)
            fixed, conditions = imposed(interpreter, conditions)
            least = _MEETING if about_values(interpreter, conditions) else 1
        if self.points == 1:
            points = [self.point(kind, seed, fixed) for seed in range(1, least + 1)]
            return self.over(points, scope, left, right, conditions)
        plain = identities and not conditions and not fixed
        counted = mentions_sizes(left, scope) or mentions_sizes(right, scope)
        if plain and not counted and (found := self._identity(kind, scope, left, right)) is not None:
            return found
        points = self.covering(kind, fixed)
        points = [*points, *(self.point(kind, seed, fixed) for seed in range(len(points) + 1, least + 1))]
        found = self.over(points, scope, left, right, conditions)
        if found.outcome != "right" or fixed:
            return found
        found = self._beyond(kind, found, scope, left, right, conditions)
        counts = plain and counted and found.outcome == "right"
        if counts and self._is_identity(kind, scope, left, right, found.reading):
            return replace(found, certainty=IDENTITY)
        return found

    def _beyond(
        self,
        kind: Literal["generic", "sized"],
        found: Finding,
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression],
    ) -> Finding:
        """What holds on one side of a kink that the page writes itself has to hold on the other side as well."""
        points = list(self.covering(kind))
        own = kinks_of(points, scope, left, right)
        if not own:
            return found
        seed = 0
        while any(len(signs - {0}) < 2 for signs in own.values()) and seed < _MOST_DRAWN:
            seed += 1
            point = self.point(kind, seed)
            if point in points:
                continue
            try:
                other = self.over([point], scope, left, right, conditions)
            except PROBLEMS:  # a point that meets no condition, or at which something is not defined, says nothing
                continue
            if other.outcome != "right":
                return other
            points.append(point)
            own = kinks_of(points, scope, left, right)
        both = all(len(signs - {0}) == 2 for signs in own.values())
        said = f"holds at {len(points)} points" + (_BOTH_SIDES if both else "")
        return replace(found, certainty=said)

    def _identity(
        self, kind: Literal["generic", "sized"], scope: Scope, left: tree.Expression, right: tree.Expression
    ) -> Finding | None:
        """What holds at one point in balls and at one modulo a prime, where kinks are indeterminates too.

        None where that decides nothing: what differs modulo a prime may be one where functions hang together.
        """
        if (kind, 1) in self._modular and self._modular[kind, 1] is None:
            return None
        try:
            found = replace(self, arranges=False).over([self.point(kind, 1)], scope, left, right)
        except (*PROBLEMS, MismatchError):  # at another point there may be more
            return None
        if found.outcome != "right" or not self._is_identity(kind, scope, left, right, found.reading):
            return None
        own = kinks_of([self.point(kind, 1)], scope, left, right)
        return replace(found, certainty=IDENTITY + (_BOTH_SIDES if own else ""))

    def _is_identity(
        self,
        kind: Literal["generic", "sized"],
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        reading: Reading,
    ) -> bool:
        """Whether two sides are one at a random point modulo a prime."""
        for seed in range(1, _MOST_MODULAR + 1):
            if (kind, seed) not in self._modular:
                self._modular[kind, seed] = self._drawn_modular(kind, seed)
            point = self._modular[kind, seed]
            if point is None:
                return False
            try:
                outcome, _ = self._in_reading([point], scope, left, right, (), reading)
            except (*PROBLEMS, MismatchError):  # more than a field knows: it holds at points, as was seen
                return False
            if outcome == "equal":
                return True
            if not point.table.lacks_root:
                return False
        return False

    def _drawn_modular(self, kind: Literal["generic", "sized"], seed: int) -> ModularPoint | None:
        """A point modulo a prime, of other sizes than the first in balls where sizes are fresh."""
        return modular(self.model, seed, beside=self.point(kind, 1).sizes if kind == "generic" else None)

    def stands(self, witness: Witness, scope: Scope, left: tree.Expression, right: tree.Expression) -> bool:
        """Whether two sides agree where the first try was seen to differ: quick, and turns most others down."""
        with working_precision(BITS):
            plain = self.interpreter(witness.point, scope, AS_WRITTEN)
            return any(self._stands(witness, r, scope, left, right) for r in readings_for(plain, left, right))

    def _stands(
        self, witness: Witness, reading: Reading, scope: Scope, left: tree.Expression, right: tree.Expression
    ) -> bool:
        interpreter = self.interpreter(witness.point, scope, reading)
        plain = self.interpreter(witness.point, scope, AS_WRITTEN)
        try:
            if (letters(left) | letters(right)) - witness.known.keys():
                sides = sorted_sides(left, right, interpreter, ())
                if not witness.known.keys() >= set(sides.free):
                    return True  # another letter stands there now: the whole comparison decides
                left, right = sides.left, sides.right
            a = evaluated(interpreter, plain, left, witness.known)
            b = evaluated(interpreter, plain, right, witness.known)
        except OutOfRangeError:  # a member that is not there; an entry may be there at other sizes
            return bool(witness.known) or mentions_sizes(left, scope) or mentions_sizes(right, scope)
        except UnboundError:
            return True
        except (*PROBLEMS, MismatchError):
            return False
        return equality.compare(a, b) in {"equal", "open"}

    def over_points(
        self,
        points: Sequence[Point],
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression] = (),
    ) -> Finding:
        """Whether left = right at some points of one's own; where nothing can be computed it is open."""
        with working_precision(BITS):
            try:
                return self.over(points, scope, left, right, conditions)
            except PROBLEMS as problem:
                return Finding("open", reason_of(problem))

    def over(
        self,
        points: Sequence[Point],
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression] = (),
    ) -> Finding:
        """Whether left = right at each of some points; a small letter of a size in an index is free, or the size."""
        interpreter = self.interpreter(points[0], scope, AS_WRITTEN)
        sizes = sizes_in_indices((left, right), conditions, interpreter)
        if not sizes:
            return self._over(points, scope, left, right, conditions)
        try:
            found: Finding | Exception = self._over(points, scope, left, right, conditions)
        except PROBLEMS as problem:
            found = problem
        if isinstance(found, Exception) or found.outcome != "right":
            witness = self.witness
            try:
                other = self._over(points, self._with_sizes(scope, sizes), left, right, conditions)
            except PROBLEMS:
                other = Finding("open")
            if other.outcome in {"right", "arrangement"}:
                return other
            self.witness = witness
        if isinstance(found, Exception):
            raise found
        return found

    def _with_sizes(self, scope: Scope, sizes: frozenset[str]) -> Scope:
        """A scope in which some letters are the sizes of the sheet in indices too; one for each: values are kept."""
        found = self._sized.get((id(scope), sizes))
        if found is None or found[0] is not scope:
            found = self._sized[id(scope), sizes] = (scope, replace(scope, sizes=scope.sizes | sizes))
        return found[1]

    def _over(
        self,
        points: Sequence[Point],
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression],
    ) -> Finding:
        """Whether left = right at each of some points, in one reading at all of them."""
        self.witness, self.looked, self.turned = None, None, False
        failure: Exception | None = None
        shapes: MismatchError | None = None
        conforms = False
        alone: tuple[str, ...] = ()
        for reading in readings_for(self.interpreter(points[0], scope, AS_WRITTEN), left, right):
            try:
                outcome, sides = self._in_reading(points, scope, left, right, conditions, reading)
                alone = sides.alone
            except MismatchError as problem:
                shapes = shapes or problem
                continue
            except PROBLEMS as problem:
                failure = failure or problem
                continue
            if outcome == "some":
                return Finding("open", f"true for some {_spoken(sides.free)}, not for all")
            if outcome not in {"equal", "open"} and alone:
                failure = UnsupportedError(f"{', '.join(alone)} stands on one side only")
                continue
            if outcome == "equal" and self.turned:
                self.turned = False
                certainty = f"holds at {len(points)} points, but for a column where a row is declared"
                return Finding("arrangement", certainty=certainty, reading=reading)
            if outcome == "equal":
                if alone:
                    return Finding("open", f"{', '.join(alone)} stands on one side only")
                return Finding(
                    "right", certainty=f"holds at {len(points)} points", reading=reading, assumptions=_said(reading)
                )
            if outcome == "different":
                conforms = True
            elif outcome == "open":
                failure = failure or UnsupportedError("the values cannot be told apart at this precision")
        if failure is not None:
            raise failure
        if self.arranges and (not conforms or scope.loose):
            found = self._loosely(points, scope, left, right, conditions)
            if found is not None:
                return found
        if conforms:
            return Finding("different", certainty="differs at a random point: certain", witness=self.witness)
        reason = f"{shapes}" if shapes is not None else self._shapes(points[0], scope, left, right, conditions)
        witness = None if self.looked is None else Witness(*self.looked, conforms=False)
        return Finding("shapes", reason, certainty="the shapes differ: certain", conforms=False, witness=witness)

    def _in_reading(
        self,
        points: Sequence[Point],
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression],
        reading: Reading,
    ) -> tuple[equality.Outcome | Literal["some"], Sides]:
        """At every point and for all letters; "some" where it holds for some layers or steps only."""
        outcome: equality.Outcome = "equal"
        sides = Sides(left, right, ())
        seen = 0
        for position, point in enumerate(points):
            interpreter = self.interpreter(point, scope, reading)
            plain = self.interpreter(point, scope, AS_WRITTEN)
            sides = sorted_sides(left, right, interpreter, conditions)
            most = self.letters // (1 if not position else 3 if position == 1 else 6)
            chosen = assignments(sides, interpreter, conditions, most)
            members = [m for m in sides.free if picks_member(interpreter, sides, m)]
            on_left = interpreter.in_reading(reading._replace(explicit=False)) if reading.explicit else interpreter
            holding: list[dict[str, int]] = []
            failing: list[tuple[dict[str, int], equality.Outcome]] = []
            if self.looked is None and chosen:
                self.looked = point, chosen[0]
            for known in chosen:
                try:
                    a = evaluated(on_left, plain, sides.left, known)
                    b = beside(interpreter, plain, sides.right, a, known)
                except OutOfRangeError:
                    continue
                seen += 1
                found = equality.compare(a, b)
                if found == "equal" and scope.rows:
                    self.turned |= _lies_otherwise(a, b)
                if found == "equal":
                    holding.append(known)
                elif found in {"different", "shapes"}:
                    failing.append((known, found))
                    if found == "different":
                        self.witness = Witness(point, known, conforms=True)
                    if not members:
                        return found, sides
                else:
                    outcome = "open"
            if failing:
                by_member = {tuple(k[m] for m in members) for k, _ in failing}
                if any(tuple(k[m] for m in members) not in by_member for k in holding):
                    return "some", sides
                return failing[0][1], sides
        if not seen:  # at no point: one whose sizes leave nothing says nothing
            raise OutOfRangeError("no layer, step or entry for which both sides are there")
        return outcome, sides

    def _loosely(
        self,
        points: Sequence[Point],
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression],
    ) -> Finding | None:
        """Whether factors in another order, transposed or entry by entry, would make it true."""
        for point in points[:2]:
            interpreter = self.interpreter(point, scope, AS_WRITTEN)
            sides = sorted_sides(left, right, interpreter, conditions)
            seen = 0
            for known in assignments(sides, interpreter, conditions, 12):
                try:
                    if not self._arranged(point, scope, interpreter, sides, known):
                        return None
                except OutOfRangeError:
                    continue
                except (MismatchError, UnsupportedError, UnboundError, MissingError, StoppedError):
                    return None
                seen += 1
            if not seen:
                return None
        return Finding(
            "arrangement",
            certainty=f"holds at {min(2, len(points))} points once the factors are arranged",
            conforms=False,
        )

    def _arranged(
        self, point: Point, scope: Scope, interpreter: Interpreter, sides: Sides, known: dict[str, int]
    ) -> bool:
        targets: list[Value] = []
        for reading in readings_for(interpreter, sides.left, sides.left):
            try:
                targets.append(self.interpreter(point, scope, reading).evaluate(sides.left, known))
            except MismatchError:
                continue
        for target in targets[:3]:
            for candidate in loose.readings(interpreter, sides.right, target.shape, known):
                if equality.compare(target, candidate) == "equal":
                    return True
        return False

    def _shapes(
        self,
        point: Point,
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression],
    ) -> str:
        interpreter = self.interpreter(point, scope, AS_WRITTEN)
        sides = sorted_sides(left, right, interpreter, conditions)
        for known in assignments(sides, interpreter, conditions, 12):
            try:
                a, b = interpreter.evaluate(sides.left, known), interpreter.evaluate(sides.right, known)
            except (*PROBLEMS, MismatchError):
                continue
            return f"{shape_text(a.shape)} against {shape_text(b.shape)}"
        return "the shapes differ"


def kinks_of(points: Sequence[Point], scope: Scope, *sides: tree.Expression) -> dict[int, set[int]]:
    """The kinks that a claim writes, with the signs that were seen of what each hangs on."""
    found: dict[int, set[int]] = {}
    if not any(point.seen for point in points):
        return found
    waiting: list[tree.Node] = list(sides)
    named = frozenset().union(*(scope.reach(side).names for side in sides))
    waiting.extend(local.body for key, local in scope.locals.items() if key in named or local.function)
    for node in (part for root in waiting for part in walk(root)):
        for point in points:
            if id(node) in point.seen:
                found.setdefault(id(node), set()).update(point.seen[id(node)][1])
    return found


def _lies_otherwise(a: Value, b: Value) -> bool:
    """Whether one side is a row and the other a column."""
    if a.literal or b.literal:
        return False
    rows = [x.data.ndim == 2 and x.shape[0] == 1 and x.shape[1] > 1 for x in (a, b)]
    columns = [x.data.ndim == 1 for x in (a, b)]
    return any(rows) and any(columns)


def _spoken(letters: Sequence[str]) -> str:
    return ", ".join(letters)


def _said(reading: Reading) -> tuple[str, ...]:
    said = ("a square of a column is read as its squared length",) if reading.norms else ()
    if reading.explicit:
        said = (*said, "derivatives on the right are taken with all else in that definition left alone")
    return said
