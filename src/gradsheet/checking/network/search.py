"""Which shapes fit: the readings of all inputs under which every equation conforms, the most likely first."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from gradsheet.checking.network.dimensions import SCALAR, Mismatch, Shape
from gradsheet.checking.network.inference import Habit, Typing, free_shape
from gradsheet.checking.network.plan import Equation, delayed, names_in
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import rewritten
from gradsheet.syntax.tree import Additive, Array, Bars, Expression, Group, Name, Node, Num, Power, Subscript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gradsheet.checking.network.plan import Plan

_WIDTH = 48
_MOST_COMBINATIONS = 243
_GREEK_SCALARS = frozenset("ηλαγεκρτν")
_LAYOUTS = ((0, -1), (-1, 0), (1, 0), (0, 1), (0, 0))
Maker = tuple[float, "Callable[[Typing, str], None]"]


@dataclass(slots=True)
class Facts:
    """What the page says of shapes besides its equations."""

    stated: dict[str, tuple[Expression, ...]] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    values: dict[str, Expression] = field(default_factory=dict)
    bold: set[str] = field(default_factory=set)
    arrays: bool = False
    """Vectors and matrices are about: transposes, norms, capitals, columns of numbers."""
    own: bool = False
    """They are about in the definitions themselves."""
    rows: bool = False
    missing: dict[str, str] = field(default_factory=dict)
    """Names whose definition is lost, with the reason: what needs them is left out."""
    loss: str = ""
    scalar_loss: bool = False


@dataclass(slots=True)
class Reading:
    """One consistent assignment of shapes, with the equations as the sheet will have them."""

    typing: Typing
    values: list[tuple[Equation, Expression]]

    @property
    def cost(self) -> float:
        return self.typing.cost


def readings(plan: Plan, facts: Facts) -> tuple[list[Reading], list[str]]:
    """Consistent readings, the most likely first; and what had to be left out for lack of any."""
    start = Typing(
        functions=frozenset((*plan.functions, *plan.unspecified)),
        families=frozenset(plan.families),
        states=frozenset(plan.states),
    )
    for size in sorted(plan.sizes):
        start.sizes.fresh(size)
    start.templates = {name: (e.formals or (), e.value) for name, e in plan.functions.items()}
    beam = []
    for habit, cost in habits(facts).items():
        other = start.copy()
        other.habit, other.cost = habit, cost
        beam.append(Reading(other, []))
    lacks: list[str] = []
    left_out: set[str] = set(facts.missing)
    for equation in ordered(plan.equations):
        gone = sorted(left_out & set(names_in(equation.value)))
        if gone:
            left_out.add(equation.name)
            lacks.append(f"{equation.name} is left out: it needs {gone[0]}")
            continue
        found = [new for reading in beam for new in _extended(reading, equation, plan, facts)]
        if not found:
            left_out.add(equation.name)
            lacks.append(f"no shapes were found under which the definition of {equation.name} conforms")
            continue
        found.sort(key=lambda reading: reading.cost)
        beam = found[:_WIDTH]
    for function in plan.functions.values():  # what only a function uses gets its shape from its body
        formals = set(function.formals or ())
        body = replace(function, name=f"{function.name}()", target=Name(f"{function.name}()", ""), formals=None)
        if formals <= set(plan.inputs) and not left_out & set(names_in(function.value)):
            found = [new for reading in beam for new in _extended(reading, body, plan, facts)]
            found.sort(key=lambda reading: reading.cost)
            beam = [Reading(new.typing, new.values[:-1]) for new in found[:_WIDTH]] or beam
    return beam, lacks


def habits(facts: Facts) -> dict[Habit, float]:
    """How small letters may be meant, and how unlikely that is: a page that says nothing may write rows, too."""
    if not facts.arrays:
        return {"scalars": 0.0, "columns": 1.5}
    if facts.rows:
        return {"rows": 0.0, "columns": 1.0}
    if not facts.own:  # vectors are about on the page, but nothing in these definitions needs one
        return {"scalars": 0.5, "weights": 0.7, "columns": 0.8, "rows": 1.5}
    return {"columns": 0.0, "rows": 1.2, "weights": 1.5, "scalars": 2.5}


def ordered(equations: list[Equation]) -> list[Equation]:
    """Equations after those that they need; what is in a circle keeps its place."""
    remaining, done = list(equations), []
    names = {equation.name for equation in equations}
    known: set[str] = set()
    while remaining:
        for equation in remaining:
            needs = (set(names_in(at_once(equation.value))) & names) - known - {equation.name}
            if not needs:
                break
        else:
            equation = remaining[0]
        remaining.remove(equation)
        done.append(equation)
        if not equation.letter or all(other.name != equation.name for other in remaining):
            known.add(equation.name)
    return done


def cheapest(choices: list[list[Maker]]) -> Iterator[list[Maker]]:
    """One option for each, the likeliest combinations first, as many as are looked at."""
    ranked = [sorted(options_, key=lambda option: option[0]) for options_ in choices]
    start = (0,) * len(ranked)
    waiting: list[tuple[float, tuple[int, ...]]] = [(sum(options_[0][0] for options_ in ranked), start)]
    seen = {start}
    for _ in range(max(4, min(_MOST_COMBINATIONS, 2000 // max(len(ranked), 1)))):
        if not waiting:
            return
        cost, places = heappop(waiting)
        yield [options_[at] for options_, at in zip(ranked, places, strict=True)]
        for k, at in enumerate(places):
            if at + 1 < len(ranked[k]):
                next_ = (*places[:k], at + 1, *places[k + 1 :])
                if next_ not in seen:
                    seen.add(next_)
                    heappush(waiting, (cost + ranked[k][at + 1][0] - ranked[k][at][0], next_))


def at_once(node: Any) -> Any:
    """A tree without what it takes from an earlier step."""
    if isinstance(node, Subscript) and isinstance(node.items[0], Additive):
        return Num(Fraction(0), "0")
    if isinstance(node, tuple):
        return tuple(at_once(part) for part in node)
    if isinstance(node, Node):
        return replace(node, **{f.name: at_once(getattr(node, f.name)) for f in fields(node) if f.compare})
    return node


def _extended(reading: Reading, equation: Equation, plan: Plan, facts: Facts) -> Iterable[Reading]:
    typing = reading.typing
    known = set(typing.shapes) | set(typing.layout)
    needed = list(dict.fromkeys(names_in(equation.value)))
    for name in needed:  # a call needs what the function's body needs
        if name in plan.functions:
            needed.extend(n for n in names_in(plan.functions[name].value) if n not in needed)
    unknown = [
        name for name in needed
        if name not in known and (name in plan.inputs or name in plan.families or name in delayed(equation.value))
    ]  # fmt: skip
    choices = [options(name, plan, facts, habit=typing.habit) for name in unknown]
    for makers in cheapest(choices):
        new = typing.copy()
        try:
            for name, (cost, make) in zip(unknown, makers, strict=True):
                new.cost += cost
                make(new, name)
            value = _conform(new, equation, plan, facts)
            yield Reading(new, [*reading.values, *_helpers(new, equation), (equation, value)])
        except Mismatch:
            continue


def _helpers(typing: Typing, equation: Equation) -> list[tuple[Equation, Expression]]:
    found = []
    for target, value in typing.helpers:
        base = target.base if isinstance(target, Subscript) else target
        assert isinstance(base, Name)
        found.append((Equation(base.key, target, value, equation.chain), value))
    return found


def _conform(typing: Typing, equation: Equation, plan: Plan, facts: Facts) -> Expression:
    target = equation.target
    if equation.letter and not plan.families:
        depth = int(plan.depth) if plan.depth.isdigit() else plan.depth
        typing.indices[equation.letter] = typing.sizes.fresh(depth)
    if isinstance(target, Subscript) and equation.name in typing.families:
        return _family(typing, equation)
    shape, value = typing.of(equation.value)
    if facts.scalar_loss and equation.name == facts.loss and shape.rank and not isinstance(target, Subscript):
        value = _squared_length(equation.value, typing)
        shape = SCALAR
    whole = free_shape(typing, target, shape)
    inside = set(names_in(target)) if isinstance(target, Subscript) else set()
    for letter, axis in typing.indices.items():
        if letter not in inside and letter != equation.letter:
            if letter in typing.constants:
                typing.sizes.unite(typing.constants[letter], axis)
            typing.constants[letter] = axis
    if whole.row:  # a row that has a name is an array of one row
        whole = Shape((typing.sizes.fresh(1), *whole.dims))
        typing.cost += 0.5
    if isinstance(target, Subscript) and isinstance(target.items[0], Num):  # h[0] = h0
        if equation.name not in typing.shapes:
            typing.shapes[equation.name] = whole
        typing.sizes.same(Shape(typing.shapes[equation.name].dims[1:]), Shape(whole.dims[1:]))
        return value
    earlier = typing.shapes.get(equation.name)
    if earlier is not None:
        typing.sizes.same(earlier, whole)
    typing.shapes[equation.name] = whole
    if equation.name in facts.stated:
        stated(typing, equation.name, facts.stated[equation.name], whole)
    elif equation.name in facts.ranks and facts.ranks[equation.name] != whole.rank:
        raise Mismatch("another shape is stated")
    if not whole.rank and equation.name in facts.bold:
        typing.cost += 2.0
    return value


def _family(typing: Typing, equation: Equation) -> Expression:
    target = equation.target
    assert isinstance(target, Subscript)
    shape, value = typing.of(equation.value)
    if equation.name not in typing.layout:
        typing.layout[equation.name] = tuple(range(0, -shape.rank, -1))[: shape.rank] if shape.rank < 2 else (0, 0)
    there, _ = typing.of(target)
    typing.sizes.same(there, shape)
    return value


def _squared_length(value: Expression, typing: Typing) -> Expression:
    """½ (t − y)² of vectors, written for ½ ‖t − y‖²: an alternative, and an unlikely one."""

    def lengthened(node: Node) -> Node:
        match node:
            case Power(base=Group(items=(inner,)), exponent=Num(value=two)) if two == 2:
                return Power(Bars("‖", inner), node.exponent)
            case _:
                return node

    new = rewritten(value, lengthened)
    if new == value or typing.of(new)[0].rank:
        raise Mismatch("a loss is a number")
    typing.cost += 3.0
    return new


# ---------------------------------------------------------------- inputs


def options(name: str, plan: Plan, facts: Facts, *, habit: Habit = "columns") -> list[Maker]:
    """The shapes that an input can have, each with how unlikely it is."""
    if name in plan.families:
        return _family_options(name)
    if name in facts.stated:
        sizes = facts.stated[name]
        found = [(0.0, _with_sizes(sizes))]
        if len(sizes) == 2 and isinstance(sizes[1], Num) and sizes[1].value == 1:
            found.insert(0, (0.0, _with_sizes(sizes[:1])))
            found[1] = (0.3, found[1][1])
        if len(sizes) == 2 and all(isinstance(size, Num) and size.value == 1 for size in sizes):
            found.insert(0, (0.0, _with_sizes(())))
        return found
    if name in facts.values:
        return _of_value(facts.values[name])
    indexed = plan.letters.ranks.get(name, 0) + (name in plan.letters.layered)
    if name in facts.ranks:
        rank = facts.ranks[name]
        return [(0.0, _with_rank(rank))]
    if plan.letter and name in plan.letters.entries and name not in plan.families:
        indexed = max(indexed, 1)
    if indexed:
        return _indexed(name, indexed, facts)
    return _by_letter(name, facts, habit)


def _indexed(name: str, indexed: int, facts: Facts) -> list[Maker]:
    more = 0.3 if facts.arrays or name in facts.bold else 1.2
    found = [(0.4 if name in facts.bold else 0.0, _with_rank(indexed)), (more, _with_rank(indexed + 1))]
    return sorted(found, key=lambda option: option[0])


def _by_letter(name: str, facts: Facts, habit: Habit) -> list[Maker]:
    letter = name[0]
    scalar, vector, matrix, row = _with_rank(0), _with_rank(1), _with_rank(2), _as_row
    if letter in _GREEK_SCALARS and name not in facts.bold:
        return [(0.0, scalar), (1.5, vector)]
    if letter.isupper() and letter.isascii():
        return [(0.0, matrix), (1.5, vector), (2.0, scalar)]
    if name in facts.bold:
        return [(0.0, row if habit == "rows" else vector), (1.5, matrix), (3.0, scalar)]
    match habit:
        case "scalars":
            return [(0.0, scalar), (1.0, vector), (2.2, matrix)]
        case "weights" if letter in "wuvθ":
            return [(0.0, matrix), (1.0, vector), (2.0, scalar)]
        case "rows":
            return [(0.0, row), (0.8, scalar), (2.0, matrix)]
        case _:
            return [(0.0, vector), (0.8, scalar), (2.0, matrix)]


def _with_rank(rank: int) -> Callable[[Typing, str], None]:
    def make(typing: Typing, name: str) -> None:
        typing.shapes[name] = Shape(tuple(typing.sizes.fresh() for _ in range(rank)))

    return make


def _as_row(typing: Typing, name: str) -> None:
    typing.shapes[name] = Shape((typing.sizes.fresh(1), typing.sizes.fresh()))


def _with_sizes(sizes: tuple[Expression, ...]) -> Callable[[Typing, str], None]:
    def make(typing: Typing, name: str) -> None:
        typing.shapes[name] = Shape(tuple(typing.sizes.fresh(_size(size)) for size in sizes))

    return make


def _size(size: Expression) -> int | str | None:
    if isinstance(size, Num):
        return int(size.value)
    return plain(size).replace("[", "_").replace("]", "") if not isinstance(size, Array) else None


def stated(typing: Typing, name: str, sizes: tuple[Expression, ...], found: Shape) -> None:
    """What the page says of the shape of something defined has to fit; n and n×1 are one thing."""
    del name
    wanted = list(sizes)
    while len(wanted) > found.rank and wanted and isinstance(wanted[-1], Num) and wanted[-1].value == 1:
        wanted.pop()
    if len(wanted) != found.rank:
        raise Mismatch("another shape is stated")
    for size, axis in zip(wanted, found.dims, strict=True):
        typing.sizes.unite(typing.sizes.fresh(_size(size)), axis)


def _of_value(value: Expression) -> list[Maker]:
    match value:
        case Array(rows=rows):
            count = [Num(Fraction(n), str(n)) for n in (len(rows), len(rows[0]))]
            if len(rows) == 1 and len(rows[0]) == 1:
                return [(0.0, _with_rank(0)), (0.5, _with_sizes((_one(), _one())))]
            if len(rows[0]) == 1:
                return [(0.0, _with_sizes((count[0],))), (0.5, _with_sizes((count[0], _one())))]
            if len(rows) == 1:
                return [(0.0, _with_sizes((count[1],))), (0.2, _with_sizes((_one(), count[1])))]
            return [(0.0, _with_sizes((count[0], count[1])))]
        case _:
            return [(0.0, _with_rank(0))]


def _one() -> Num:
    return Num(Fraction(1), "1")


def _family_options(name: str) -> list[Maker]:
    def layout(*shifts: int) -> Callable[[Typing, str], None]:
        def make(typing: Typing, inner: str) -> None:
            typing.layout[inner] = shifts

        return make

    matrices = [(0.1 * at, layout(*shifts)) for at, shifts in enumerate(_LAYOUTS)]
    if name[0].isupper():
        return [*matrices, (2.0, layout(0)), (2.5, layout())]
    return [(0.0, layout(0)), (0.8, layout()), *((cost + 1.5, make) for cost, make in matrices)]
