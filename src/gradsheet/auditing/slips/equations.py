"""The derivation with one thing changed: a term, a factor, a sum, an exponent, an operand, a path cut off."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from gradsheet.auditing.model import Slip
from gradsheet.auditing.slips.scene import Candidate
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Call,
    Expr,
    Integer,
    Multiply,
    Negation,
    Number,
    OverData,
    Piecewise,
    Power,
    Reduce,
    Role,
    number,
    replace_symbols,
    substitute,
    transform,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gradsheet.auditing.peers import Array
    from gradsheet.auditing.slips.scene import Scene
    from gradsheet.expressions import AnyNode, Symbol
    from gradsheet.sheet import Equation

_MINUS = number(-1)


@dataclass(frozen=True, slots=True)
class _Edit:
    """One right-hand side, changed: `cost` orders the likely before the far-fetched."""

    kind: str
    sentence: str
    body: Expr
    cost: int


def of_equations(scene: Scene) -> Iterator[Candidate]:
    """Changes of derived equations and of definitions as the backward pass sees them, the likeliest first."""
    derivation = scene.contract.derivation
    needed = derivation.graph.needed_for(*(derivation.gradients[s].symbol for s in scene.wrong))
    adjoints = [a.equation for a in derivation.adjoints if a.symbol in needed]
    forward = [e for e in derivation.graph.equations if e.symbol in needed and e.symbol.role is Role.DEFINITION]
    yield from _constants(scene)
    found: list[tuple[int, Candidate]] = []
    cut = [e for e in adjoints if _through(e) is not None]
    for equation in adjoints:
        found.extend(_of_one(scene, equation, detour=0))
    for count in (1, 2):
        found.extend(_detached(scene, chosen) for chosen in combinations(cut, count))
    for equation in forward:
        found.extend(_of_one(scene, equation, detour=10))
    for _, candidate in sorted(found, key=lambda pair: pair[0]):
        yield candidate


def _of_one(scene: Scene, equation: Equation, *, detour: int) -> Iterator[tuple[int, Candidate]]:
    body = scene.contract.derivation.graph.body(equation)
    seen = {body}
    for edit in _edits(scene, equation, body):
        if edit.body in seen:
            continue
        seen.add(edit.body)
        in_ = f"in {equation.symbol.name}, as the backward pass has it, " if detour else f"in {equation.symbol.name}, "
        slip = _said(scene, equation, edit.kind, in_ + edit.sentence, edit.body)
        yield edit.cost + detour, Candidate(slip, _prediction(scene, {equation: edit.body}))


def _said(scene: Scene, equation: Equation, kind: str, sentence: str, body: Expr) -> Callable[[], Slip]:
    """The slip with what the function computes and what it should."""
    def slip() -> Slip:
        wording = scene.wording
        return Slip(kind, sentence, wording.equation(equation, body), wording.equation(equation))

    return slip


def _prediction(scene: Scene, changed: Mapping[Equation, Expr]) -> Callable[[int], Mapping[Symbol, Array] | None]:
    def predict(at: int) -> Mapping[Symbol, Array] | None:
        found = scene.truth.attempt(scene.points[at], changed)
        return None if found is None else found.gradients

    return predict


# ---------------------------------------------------------------- whole derivations


def _through(equation: Equation) -> Symbol | None:
    """The definition whose adjoint an equation gives."""
    of = equation.symbol.adjoint_of
    return of[1][-1] if of is not None and of[1][-1].role is Role.DEFINITION else None


def _detached(scene: Scene, cut: tuple[Equation, ...]) -> tuple[int, Candidate]:
    """The gradient as if one or two definitions were constant: their adjoints are 0."""
    names = " and ".join(of.name for e in cut if (of := _through(e)) is not None)
    bars = " or ".join(e.symbol.name for e in cut)
    verb = "is taken as constant" if len(cut) == 1 else "are taken as constants"
    sentence = f"{names} {verb}: nothing comes through {bars}"

    def slip() -> Slip:
        computed = tuple(f"{e.symbol.name} = 0" for e in cut)
        return Slip("detached", sentence, computed, tuple(line for e in cut for line in scene.wording.equation(e)))

    return len(cut) - 2, Candidate(slip, _prediction(scene, dict.fromkeys(cut, ZERO_EXPR)))


def _constants(scene: Scene) -> Iterator[Candidate]:
    """ε left out of the backward pass, or put outside of the root that it stands in; a gain taken as 1."""
    graph = scene.contract.derivation.graph
    inputs = {s for e in scene.truth.equations for s in graph.body(e).symbols if s.role is Role.INPUT}
    for symbol in sorted(inputs, key=lambda s: s.serial):
        if symbol.is_integer:
            continue
        changes = [("factor", f"{symbol.name} is taken as 1 in the backward pass", _replaced(symbol))]
        if not symbol.axes:
            node = Access(symbol, ())
            changes = [
                ("constant", f"{symbol.name} is left out of the backward pass", _left_out(node)),
                ("constant", f"{symbol.name} is added outside of the root in the backward pass", _outside(node)),
                *changes,
            ]
        for kind, sentence, change in changes:
            changed: dict[Equation, Expr] = {}
            for equation in scene.truth.equations:
                body = graph.body(equation)
                new = transform(body, change)
                if new is not body:
                    changed[equation] = new
            if changed:
                yield Candidate(_plainly(kind, sentence), _prediction(scene, changed))


def _plainly(kind: str, sentence: str) -> Callable[[], Slip]:
    return lambda: Slip(kind, sentence)


def _replaced(symbol: Symbol) -> Callable[[AnyNode], AnyNode]:
    return lambda node: ONE_EXPR if isinstance(node, Access) and node.symbol is symbol else node


def _left_out(node: Access) -> Callable[[AnyNode], AnyNode]:
    def change(current: AnyNode) -> AnyNode:
        if isinstance(current, Add) and node in current.terms:
            return _sum(tuple(t for t in current.terms if t is not node))
        return current

    return change


def _outside(node: Access) -> Callable[[AnyNode], AnyNode]:
    def change(current: AnyNode) -> AnyNode:
        match current:
            case Call(function="sqrt", arguments=(Add(terms=terms),)) if node in terms:
                return Add((Call("sqrt", (_sum(tuple(t for t in terms if t is not node)),)), node))
            case Power(base=Add(terms=terms), exponent=Number(value=value)) if node in terms and value.denominator == 2:
                inner = Call("sqrt", (_sum(tuple(t for t in terms if t is not node)),))
                return Power(Add((inner, node)), number(2 * value))
            case _:
                return current

    return change


def _sum(terms: tuple[Expr, ...]) -> Expr:
    return terms[0] if len(terms) == 1 else Add(terms) if terms else ZERO_EXPR


def _product(factors: tuple[Expr, ...]) -> Expr:
    return factors[0] if len(factors) == 1 else Multiply(factors) if factors else ONE_EXPR


# ---------------------------------------------------------------- one right-hand side


def _edits(scene: Scene, equation: Equation, body: Expr) -> Iterator[_Edit]:
    for symbol in sorted(body.symbols, key=lambda s: s.serial):
        for other in _like(scene, equation, symbol):
            new: Expr = replace_symbols(body, {symbol: _moved(symbol, other)})
            yield _Edit("operand", f"{other.name} stands for {symbol.name}", new, 2)
    for node in walk(body):
        for kind, sentence, new, cost in _changes(scene, equation, node):
            yield _Edit(kind, sentence, _with(body, node, new), cost)


def _with(body: Expr, old: AnyNode, new: AnyNode) -> Expr:
    result: Expr = transform(body, lambda node: new if node is old else node)
    return result


def _changes(scene: Scene, equation: Equation, node: AnyNode) -> Iterator[tuple[str, str, AnyNode, int]]:
    def text(part: Expr) -> str:
        return scene.wording.part(equation, part)

    match node:
        case Add(terms=terms):
            squared = _one_minus(terms, 2)
            if squared is not None:
                slope = Multiply((squared, Add((ONE_EXPR, Multiply((_MINUS, squared))))))
                yield "operand", f"the slope of σ, h (1 − h), stands for that of tanh, 1 − h², at h = {text(squared)}", slope, 2
            for k, term in enumerate(terms):
                rest = terms[:k] + terms[k + 1 :]
                yield "lost term", f"the term {text(term)} is lost", _sum(rest), 0
                if scene.contract.over_data and not isinstance(term, OverData):
                    often = (*terms[:k], OverData("sum", term), *terms[k + 1 :])
                    yield "mean for sum", f"the term {text(term)} is counted once for each row of the data", Add(often), 2
                flipped = (*terms[:k], Multiply((_MINUS, term)), *terms[k + 1 :])
                yield "sign", f"the term {text(term)} has the wrong sign", Add(flipped), 1
        case Multiply(factors=factors):
            for k, factor in enumerate(factors):
                other = _one_minus(factor.terms, 1) if isinstance(factor, Add) else None
                if other is not None and other in factors:
                    rest = tuple(f for f in factors if f is not other and f is not factor)
                    square = Add((ONE_EXPR, Multiply((_MINUS, Power(other, number(2))))))
                    sentence = f"the slope of tanh, 1 − h², stands for that of σ, h (1 − h), at h = {text(other)}"
                    yield "operand", sentence, _product((*rest, square)), 2
            for k, factor in enumerate(factors):
                rest = factors[:k] + factors[k + 1 :]
                if factor is _MINUS:
                    continue
                yield "factor", f"the factor {text(factor)} is lost", _product(rest), 1
                yield ("factor", f"the factor {text(factor)} stands twice",
                       Multiply((*rest, factor, factor)), 4)  # fmt: skip
                inverse = Power(factor, _MINUS)
                yield "factor", f"{text(factor)} divides where it multiplies", Multiply((*rest, inverse)), 4
        case Power(base=base, exponent=Number(value=value)):
            others = (value + 1, value - 1, -value, value / 2, value * 2)
            for other in dict.fromkeys(o for o in others if o not in {value, Fraction(0)}):
                sentence = f"{text(base)} has the exponent {_signed(other)} for {_signed(value)}"
                yield "power", sentence, Power(base, number(other)), 3
        case Reduce(kind="sum", index=index, body=inner):
            name = index.name
            length = Integer(index.high - index.low + 1)
            yield ("mean for sum", f"the mean over {name} is taken for the sum",
                   Multiply((Power(length, _MINUS), node)), 2)  # fmt: skip
            yield ("missing sum", f"the sum over {name} is missing: only its first term counts",
                   substitute(inner, {index: index.low}), 3)  # fmt: skip
            yield ("missing sum", f"the sum over {name} is missing: only its last term counts",
                   substitute(inner, {index: index.high}), 3)  # fmt: skip
            for other in equation.free:
                if other is index or other.range != index.range:
                    continue
                moved = substitute(inner, {index: Affine.atom(other)})
                yield "missing sum", f"the sum over {name} is missing: its diagonal is taken", moved, 3
                for outer in (i for i in equation.free if i is not other and i in inner.free):
                    over = outer.fresh()
                    turned = substitute(inner, {index: Affine.atom(other), outer: Affine.atom(over)})
                    yield ("missing sum", f"the sum runs over the wrong axis: over {outer.name} for {name}",
                           Reduce("sum", over, turned), 2)  # fmt: skip
        case OverData(kind=kind, body=inner):
            other_kind: Literal["mean", "sum"] = "sum" if kind == "mean" else "mean"
            yield "mean for sum", f"the {other_kind} over the data is taken for the {kind}", OverData(other_kind, inner), 1
        case Access(symbol=symbol, at=at):
            yield from _operands(scene, equation, node, symbol, at)
        case Call(function=str(), arguments=(argument,)):
            yield "operand", f"{text(argument)} stands for {text(node)}", argument, 3
            yield "sign", f"{text(node)} has the wrong sign", Multiply((_MINUS, node)), 4
        case Piecewise(condition=condition, then=then, otherwise=otherwise):
            yield "condition", "the condition is left out", then, 1
            yield "condition", "the condition is the wrong way round", Piecewise(Negation(condition), then, otherwise), 2
        case _:
            return


def _one_minus(terms: tuple[Expr, ...], power: int) -> Expr | None:
    """h where the terms are 1 − h or 1 − h²."""
    if len(terms) != 2 or ONE_EXPR not in terms:
        return None
    other = terms[1] if terms[0] is ONE_EXPR else terms[0]
    if not isinstance(other, Multiply) or len(other.factors) != 2 or other.factors[0] is not _MINUS:
        return None
    base = other.factors[1]
    if power == 1:
        return base
    if isinstance(base, Power) and isinstance(base.exponent, Number) and base.exponent.value == 2:
        return base.base
    return None


def _signed(value: Fraction) -> str:
    return str(value).replace("-", "−")


def _operands(
    scene: Scene, equation: Equation, node: Access, symbol: Symbol, at: tuple[Affine, ...]
) -> Iterator[tuple[str, str, AnyNode, int]]:
    """Another quantity of the same shape, the same one transposed, or a function's input for its output."""
    if len(at) == 2:
        swapped = Access(symbol, (at[1], at[0]))
        if _lengths(symbol)[0] == _lengths(symbol)[1]:
            yield "transpose", f"{symbol.name} is transposed", swapped, 1
    for k, (place, axis) in enumerate(zip(at, symbol.axes, strict=True)):
        if not place.is_constant:
            backwards = (*at[:k], axis.low + axis.high - place, *at[k + 1 :])
            which = "" if len(at) == 1 else f" along its {('first', 'second', 'third')[k] if k < 3 else 'last'} axis"
            yield "operand", f"{symbol.name} is read backwards{which}", Access(symbol, backwards), 3
    for other in _like(scene, equation, symbol):
        yield "operand", f"{other.name} stands for {symbol.name}", _moved(symbol, other)(at), 3


def _like(scene: Scene, equation: Equation, symbol: Symbol) -> list[Symbol]:
    """Quantities of the shape of another, which may be taken for it."""
    if not symbol.axes or symbol.is_integer:
        return []
    known = [s for s in scene.values[0].all if s is not equation.symbol and s is not symbol and not s.is_integer]
    return [s for s in known if s.rank == symbol.rank and _lengths(s) == _lengths(symbol)]


def _moved(symbol: Symbol, other: Symbol) -> Callable[[tuple[Affine, ...]], Access]:
    """A component of another quantity at the place of one, wherever their axes begin."""
    return lambda at: Access(
        other, tuple(a + o.low - s.low for a, o, s in zip(at, other.axes, symbol.axes, strict=True))
    )


def _lengths(symbol: Symbol) -> list[Affine]:
    return [a.high - a.low for a in symbol.axes]
