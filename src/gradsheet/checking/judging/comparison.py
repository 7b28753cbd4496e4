"""Whether two formulas are one: at generic points in each reading that a page may mean, at its sizes, at its values."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradsheet.checking.judging.impositions import about_values, imposed
from gradsheet.checking.judging.letters import Sides, assignments, sizes_in_indices, sorted_sides
from gradsheet.checking.meaning import equality, loose
from gradsheet.checking.meaning.errors import OutOfRangeError, StoppedError, UnboundError, UnsupportedError
from gradsheet.checking.meaning.indices import has_square, kept, kinds, names_in
from gradsheet.checking.meaning.interpreter import Interpreter
from gradsheet.checking.meaning.names import stands
from gradsheet.checking.meaning.points import BITS, MissingError, Model
from gradsheet.checking.meaning.readings import AS_WRITTEN, Budget, Reading
from gradsheet.checking.meaning.tensors import MismatchError, Value, shape_text
from gradsheet.evaluation import UndecidedError
from gradsheet.numerics.balls import working_precision
from gradsheet.syntax import tree
from gradsheet.syntax.traversal import children, walk
from gradsheet.verification.sampling import NoPointError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.checking.judging.impositions import Imposed
    from gradsheet.checking.meaning.points import Point
    from gradsheet.checking.meaning.readings import Environment
    from gradsheet.checking.meaning.scope import Scope

_SIZED = frozenset({"𝟏", "𝟙", "1", "I"})
"""Names whose size the formula around them decides."""
Outcome = Literal["right", "arrangement", "different", "shapes", "open"]
_MEETING = 12
"""So many points are looked at where only some of them meet a condition, z > 0."""
PROBLEMS = (
    UnboundError,
    UnsupportedError,
    MissingError,
    OutOfRangeError,
    StoppedError,
    UndecidedError,
    NoPointError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Witness:
    """A point, numbers for the letters and a reading at which two sides differ: what is right must not differ there."""

    point: Point
    known: dict[str, int]
    reading: Reading


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


@dataclass(slots=True)
class Comparer:
    """Compares formulas over one sheet; points are drawn once and kept."""

    model: Model
    points: int = 3
    terms: int = 4096
    deadline: float | None = None
    letters: int = 64
    """How many choices of numbers for free letters are tried at a point."""
    witness: Witness | None = None
    turned: bool = False
    """Where the page declares rows: a side of the last comparison was a column."""
    _points: dict[tuple[str, int, Imposed], Point] = field(default_factory=dict)
    _interpreters: dict[tuple[int, int, Reading], Interpreter] = field(default_factory=dict)
    _scopes: list[Scope] = field(default_factory=list)
    _sized: dict[tuple[int, frozenset[str]], tuple[Scope, Scope]] = field(default_factory=dict)

    def point(self, kind: Literal["generic", "sized"], seed: int, fixed: Imposed = ()) -> Point:
        """A point, drawn when it is first asked for; some inputs may be fixed."""
        found = self._points.get((kind, seed, fixed))
        if found is None:
            draw = self.model.generic if kind == "generic" else self.model.sized
            with working_precision(BITS):
                found = draw(seed, (), dict(fixed))
            self._points[kind, seed, fixed] = found
        return found

    def interpreter(self, point: Point, scope: Scope, reading: Reading) -> Interpreter:
        """An interpreter; those of the same scope keep what they have computed."""
        key = (id(point), id(scope), reading)
        found = self._interpreters.get(key)
        if found is None:
            if len(self._interpreters) > 400:
                self._interpreters.clear()
                self._scopes.clear()
            found = Interpreter(point, scope, reading, budget=Budget(self.terms, self.deadline))
            self._interpreters[key] = found
            self._scopes.append(scope)
        return found

    def quick(self) -> Comparer:
        """One that looks at a single point; points and values are shared, drawn and computed once."""
        return replace(self, points=1, letters=min(24, self.letters))

    # ------------------------------------------------------------ comparing

    def compare(
        self,
        scope: Scope,
        left: tree.Expression,
        right: tree.Expression,
        conditions: Sequence[tree.Expression] = (),
        *,
        thorough: bool = True,
    ) -> Finding:
        """Whether left = right, as far as can be seen."""
        with working_precision(BITS):
            try:
                return self._compare(scope, left, right, conditions, thorough=thorough)
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
    ) -> Finding:
        found = self._at("generic", scope, left, right, conditions)
        if found.outcome in {"right", "arrangement"}:
            return found
        if thorough and found.outcome != "right" and (mentions_sizes(left) or mentions_sizes(right)):
            try:
                sized = self._at("sized", scope, left, right, conditions)
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
    ) -> Finding:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise StoppedError("the time limit")
        if not conditions:
            points = [self.point(kind, seed) for seed in range(1, self.points + 1)]
            return self.over(points, scope, left, right)
        interpreter = self.interpreter(self.point(kind, 1), scope, Reading())
        fixed, rest = imposed(interpreter, conditions)
        count = max(self.points, _MEETING) if about_values(interpreter, rest) else self.points
        points = [self.point(kind, seed, fixed) for seed in range(1, count + 1)]
        return self.over(points, scope, left, right, rest)

    def stands(self, witness: Witness, scope: Scope, left: tree.Expression, right: tree.Expression) -> bool:
        """Whether two sides agree where the first try was seen to differ: quick, and turns most others down."""
        with working_precision(BITS):
            interpreter = self.interpreter(witness.point, scope, witness.reading)
            plain = self.interpreter(witness.point, scope, Reading())
            try:
                a = evaluated(interpreter, plain, left, witness.known)
                b = evaluated(interpreter, plain, right, witness.known)
            except UnboundError:
                return True  # another letter stands there now: the whole comparison decides
            except OutOfRangeError:
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
        interpreter = self.interpreter(points[0], scope, Reading())
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
        self.witness, self.turned = None, False
        failure: Exception | None = None
        shapes: MismatchError | None = None
        conforms = False
        alone: tuple[str, ...] = ()
        for reading in readings_for(scope, left, right):
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
        if not conforms or scope.loose:
            found = self._loosely(points, scope, left, right, conditions)
            if found is not None:
                return found
        if conforms:
            return Finding("different", certainty="differs at a random point: certain", witness=self.witness)
        reason = f"{shapes}" if shapes is not None else self._shapes(points[0], scope, left, right, conditions)
        return Finding("shapes", reason, certainty="the shapes differ: certain", conforms=False)

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
            plain = self.interpreter(point, scope, Reading())
            sides = sorted_sides(left, right, interpreter, conditions)
            most = self.letters // (1 if not position else 3 if position == 1 else 6)
            chosen = assignments(sides, interpreter, conditions, most)
            members = [m for m in sides.free if picks_member(interpreter, sides, m)]
            on_left, on_right = (
                self.interpreter(point, scope, that_matters(own, side, scope))
                for own, side in ((replace(reading, explicit=False), sides.left), (reading, sides.right))
            )
            holding: list[dict[str, int]] = []
            failing: list[tuple[dict[str, int], equality.Outcome]] = []
            for known in chosen:
                try:
                    a = evaluated(on_left, plain, sides.left, known)
                    b = beside(on_right, plain, sides.right, a, known)
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
                        self.witness = Witness(point, known, reading)
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
            interpreter = self.interpreter(point, scope, Reading())
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
        for reading in readings_for(scope, sides.left, sides.left):
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
        interpreter = self.interpreter(point, scope, Reading())
        sides = sorted_sides(left, right, interpreter, conditions)
        for known in assignments(sides, interpreter, conditions, 12):
            try:
                a, b = interpreter.evaluate(sides.left, known), interpreter.evaluate(sides.right, known)
            except (*PROBLEMS, MismatchError):
                continue
            return f"{shape_text(a.shape)} against {shape_text(b.shape)}"
        return "the shapes differ"


def _lies_otherwise(a: Value, b: Value) -> bool:
    """Whether one side is a row and the other a column."""
    if a.literal or b.literal:
        return False
    rows = [x.data.ndim == 2 and x.shape[0] == 1 and x.shape[1] > 1 for x in (a, b)]
    columns = [x.data.ndim == 1 for x in (a, b)]
    return any(rows) and any(columns)


def picks_member(interpreter: Interpreter, sides: Sides, letter: str) -> bool:
    """Whether a letter counts layers or steps: the first index of a view or of a family."""
    for side in (sides.left, sides.right):
        for node in walk(side):
            if not isinstance(node, tree.Subscript) or not isinstance(node.base, tree.Name):
                continue
            key = node.base.key
            symbol = interpreter.point.model.symbols.get(key)
            leading = symbol.leading if symbol is not None else int(key in interpreter.scope.views)
            if any(letter in names_in(item) for item in node.items[:leading]):
                return True
    return False


def _spoken(letters: Sequence[str]) -> str:
    return ", ".join(letters)


def beside(
    interpreter: Interpreter, plain: Interpreter, node: tree.Expression, left: Value, known: dict[str, Any]
) -> Value:
    """The right side; I and the column of ones in it are as large as they have to be."""
    special = {key for key in names_in(node) if key in _SIZED and not stands(interpreter, key)}
    if not special:
        return evaluated(interpreter, plain, node, known)
    problem: Exception | None = None
    found: Value | None = None
    for size in sorted(
        {*interpreter.point.sizes.values.values(), *left.shape} - {1}, key=lambda n: n not in left.shape
    ):
        one, zero = (interpreter.number(n).data[()] for n in (1, 0))
        column = np.full(size, one, dtype=object)
        unit = np.full((size, size), zero, dtype=object)
        np.fill_diagonal(unit, one)
        own = {key: Value(unit, 1) if key == "I" else Value(column) for key in special}
        try:
            value = evaluated(interpreter, plain, node, {**known, **own})
        except (MismatchError, UnsupportedError) as mismatch:
            problem = problem or mismatch
            continue
        if equality.compare(left, value) == "equal":
            return value
        found = found or value
    if found is None:
        raise problem or UnsupportedError("how large it is is not said")
    return found


def evaluated(interpreter: Interpreter, plain: Interpreter, node: tree.Expression, known: Environment) -> Value:
    """A side in a reading; where the reading does not fit it, as it is written."""
    try:
        return interpreter.evaluate(node, known)
    except MismatchError:
        if interpreter is plain:
            raise
        return plain.evaluate(node, known)


def readings_for(scope: Scope, left: tree.Expression, right: tree.Expression) -> list[Reading]:
    """The readings to be tried, the plainest first."""
    both = kinds(left) | kinds(right)
    derivatives, products = tree.Derivative in both, tree.Product in both
    found = [Reading()]
    if scope.layout == "jacobian":
        found = [Reading(jacobian=True)]
    elif scope.layout is None and derivatives:
        found += [Reading(jacobian=True), Reading(turned=True)]
    if derivatives and products:
        found.append(Reading(chain=True))
    if derivatives and scope.layout != "jacobian" and tree.Additive in kinds(right) and tree.Product in kinds(right):
        found.append(Reading(explicit=True))
    if has_square(left) or has_square(right):
        found += [replace(r, norms=True) for r in list(found)]
    return found


def that_matters(reading: Reading, node: tree.Expression, scope: Scope) -> Reading:
    """A reading without what makes no difference to a formula, so that its value is computed once for several."""
    if scope.carried or any(local.function for local in scope.locals.values()) or names_in(node) & scope.locals.keys():
        return reading
    found = kinds(node)
    derivatives = tree.Derivative in found
    return Reading(
        jacobian=reading.jacobian and derivatives,
        turned=reading.turned and derivatives,
        chain=reading.chain and tree.Product in found,
        norms=reading.norms and has_square(node),
        explicit=reading.explicit and derivatives,
    )


@kept
def mentions_sizes(node: tree.Node) -> bool:
    """Whether a formula hangs on the number of entries: an index, an end of a sum or an array by number."""
    match node:
        case tree.Subscript(items=items) if any(isinstance(i, tree.Num) for i in items):
            return True
        case tree.BoundIndex(domain=tree.Range(high=tree.Num())) | tree.Array():
            return True
        case _:
            return any(map(mentions_sizes, children(node)))


def reason_of(problem: Exception) -> str:
    """Why something could not be evaluated, for people."""
    match problem:
        case UnboundError(key=key):
            return f"nothing says what {key} is"
        case MissingError(name=name):
            return f"needs {name}"
        case OutOfRangeError():
            return str(problem) or "an index is out of its range"
        case UndecidedError():
            return "a condition sits on its boundary"
        case NoPointError():
            return "no point was found at which everything is defined"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return str(problem) or type(problem).__name__


def _said(reading: Reading) -> tuple[str, ...]:
    said = ("a square of a column is read as its squared length",) if reading.norms else ()
    if reading.explicit:
        said = (*said, "derivatives on the right are taken with all else in that definition left alone")
    return said
