"""The derivation with one thing changed: a term, a factor, a sum, an exponent, an operand, a path cut off."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from gradsheet.auditing.model import Slip
from gradsheet.auditing.slips.changes import edits, joined
from gradsheet.auditing.slips.scene import Candidate
from gradsheet.expressions import ONE_EXPR, ZERO_EXPR, Access, Add, Call, Expr, Number, Power, Role, number, transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gradsheet.auditing.peers import Array
    from gradsheet.auditing.slips.scene import Scene
    from gradsheet.expressions import AnyNode, Symbol
    from gradsheet.sheet import Equation


def of_equations(scene: Scene) -> Iterator[Candidate]:
    """Changes of derived equations and of definitions as the backward pass sees them, the likeliest first."""
    derivation = scene.contract.derivation
    needed = derivation.graph.needed_for(*(derivation.gradients[s].symbol for s in scene.wrong))
    adjoints = [a.equation for a in derivation.adjoints if a.symbol in needed]
    forward = [e for e in derivation.graph.equations if e.symbol in needed and e.symbol.role is Role.DEFINITION]
    found = list(_constants(scene))
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
    for edit in edits(scene, equation, body):
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


def _constants(scene: Scene) -> Iterator[tuple[int, Candidate]]:
    """ε left out of the backward pass, or put outside of the root that it stands in; a gain taken as 1."""
    graph = scene.contract.derivation.graph
    inputs = {s for e in scene.truth.equations for s in graph.body(e).symbols if s.role is Role.INPUT}
    for symbol in sorted(inputs, key=lambda s: s.serial):
        if symbol.is_integer:
            continue
        changes = [(5, "factor", f"{symbol.name} is taken as 1 in the backward pass", _replaced(symbol))]
        if not symbol.axes:
            node = Access(symbol, ())
            changes = [
                (-2, "constant", f"{symbol.name} is left out of the backward pass", _left_out(node)),
                (-2, "constant", f"{symbol.name} is added outside of the root in the backward pass", _outside(node)),
                *changes,
            ]
        for cost, kind, sentence, change in changes:
            changed: dict[Equation, Expr] = {}
            for equation in scene.truth.equations:
                body = graph.body(equation)
                new = transform(body, change)
                if new is not body:
                    changed[equation] = new
            if changed:
                yield cost, Candidate(_plainly(kind, sentence), _prediction(scene, changed))


def _plainly(kind: str, sentence: str) -> Callable[[], Slip]:
    return lambda: Slip(kind, sentence)


def _replaced(symbol: Symbol) -> Callable[[AnyNode], AnyNode]:
    return lambda node: ONE_EXPR if isinstance(node, Access) and node.symbol is symbol else node


def _left_out(node: Access) -> Callable[[AnyNode], AnyNode]:
    def change(current: AnyNode) -> AnyNode:
        if isinstance(current, Add) and node in current.terms:
            return joined(tuple(t for t in current.terms if t is not node))
        return current

    return change


def _outside(node: Access) -> Callable[[AnyNode], AnyNode]:
    def change(current: AnyNode) -> AnyNode:
        match current:
            case Call(function="sqrt", arguments=(Add(terms=terms),)) if node in terms:
                return Add((Call("sqrt", (joined(tuple(t for t in terms if t is not node)),)), node))
            case Power(base=Add(terms=terms), exponent=Number(value=value)) if node in terms and value.denominator == 2:
                inner = Call("sqrt", (joined(tuple(t for t in terms if t is not node)),))
                return Power(Add((inner, node)), number(2 * value))
            case _:
                return current

    return change
