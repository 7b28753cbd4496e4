"""A function against a sheet: its outputs, its gradients, and its habits, at random points."""

from __future__ import annotations

import time
from dataclasses import field
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from gradsheet.auditing import closeness
from gradsheet.auditing.blindness import blind_spots
from gradsheet.auditing.closeness import close
from gradsheet.auditing.contract import Wishes, agree, refusal
from gradsheet.auditing.forward import judge_forward
from gradsheet.auditing.habits import habits
from gradsheet.auditing.model import Audit, Compared, Fault, Slip
from gradsheet.auditing.points import Drawing, Point, request
from gradsheet.auditing.slips import Scene, name_slips
from gradsheet.auditing.truth import Truth
from gradsheet.auditing.wording import Wording, chain
from gradsheet.diagnostics import CheckError
from gradsheet.evaluation import UndefinedValueError
from gradsheet.records import dataclass
from gradsheet.verification import verify as verify_derivation
from gradsheet.verification.sampling import NoPointError

if TYPE_CHECKING:
    from gradsheet.auditing.contract import Contract
    from gradsheet.auditing.peers import Answer, Array, Peer, Problem
    from gradsheet.auditing.truth import Values
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Sheet

POINTS = 4
_ATTEMPTS = 12
_SEARCH = 60.0
"""Seconds in which a slip is looked for; small sizes take one."""


@dataclass(slots=True)
class _Trial:
    """One point: what the sheet has there, what the function gave, and what rounding may do."""

    point: Point
    values: Values
    answer: Answer
    outputs: dict[Symbol, float]
    gradients: dict[Symbol, float]
    claims: dict[Symbol, Array | None] = field(default_factory=dict)


def audit(
    sheet: Sheet,
    peer: Peer,
    wishes: Wishes | None = None,
    *,
    points: int = POINTS,
    seed: int = 1,
    tolerance: float = closeness.TOLERANCE,
) -> Audit:
    """Compare a function with a sheet; raises `SheetError` where the two cannot be compared.

    The derived equations are verified first, by Taylor series in ball arithmetic, as `solve` does.
    """
    contract = agree(sheet, peer.description, wishes or Wishes())
    failures = verify_derivation(contract.derivation).failures()
    if failures:
        names = ", ".join(f"∂{c.of}/∂{w}" for c in failures for w in c.wrt)
        raise CheckError(f"derived gradients failed their verification ({names}); this is a fault of gradsheet")
    return _Auditor(contract, peer, points, seed, tolerance).audit()


class _Auditor:
    def __init__(self, contract: Contract, peer: Peer, points: int, seed: int, tolerance: float) -> None:
        self.contract, self.peer, self.count, self.tolerance = contract, peer, points, tolerance
        self.truth = Truth(contract)
        self.drawing = Drawing(contract, seed)
        self.wording = Wording(contract.sheet)
        description = peer.description
        self.result = Audit(contract.sheet.source.name, description.name, description.kind, seed=seed)
        self.trials: list[_Trial] = []

    def audit(self) -> Audit:
        for number in range(self.count):
            trial = self.trial(number)
            self.trials.append(trial)
            self.result.points.append(self.described(trial.point))
        seen = []
        for t in self.trials:
            allowed = {s: self.allowed(v, t.outputs[s]) for s, v in t.values.outputs.items()}
            seen.append((t.point, t.values.outputs, t.answer, allowed))
        self.result.forward = judge_forward(self.peer, self.contract, seen)
        self.remarks()
        if self.countable():
            self.gradients()
        faults, remarks = habits(self.peer, self.contract, self.trials[0].point, self.trials[0].answer)
        self.result.faults.extend(faults)
        self.result.remarks.extend(remarks)
        return self.result

    def allowed(self, truth: Array, rounding: float) -> float:
        return self.tolerance * closeness.scale(truth) + rounding

    # ------------------------------------------------------------ calls

    def trial(self, number: int) -> _Trial:
        point, values = self.drawn(number)
        answer = self.peer.call(request(self.contract, point, again=number == 0))
        if answer.problem is not None and (answer.problem.stage == "forward" or answer.returned is None):
            self.raised(answer.problem, point)
        outputs, gradients = self.truth.rounding(point, values)
        trial = _Trial(point, values, answer, outputs, gradients)
        for place, bound in enumerate(self.contract.arguments):
            if bound.wanted and bound.symbol is not None:
                trial.claims[bound.symbol] = self.claim(answer, place, bound.symbol)
        return trial

    def drawn(self, number: int) -> tuple[Point, Values]:
        for attempt in range(_ATTEMPTS):
            try:
                point = self.drawing.draw(number, attempt)
                values = self.truth.at(point)
            except (UndefinedValueError, NoPointError):
                continue
            if all(np.all(np.isfinite(v)) for v in (*values.outputs.values(), *values.gradients.values())):
                return point, values
        name = self.contract.sheet.source.name
        message = "no random point was found at which the sheet has a value"
        raise refusal("GS909", message, name, "--size n=… or --set ε=…")

    def claim(self, answer: Answer, place: int, symbol: Symbol) -> Array | None:
        """The gradient by one argument: as the framework gives it, or as it was returned where that refused."""
        claim = answer.gradients[place] if place < len(answer.gradients) else None
        returned = answer.returned
        if claim is None and answer.problem is not None and returned is not None and place < len(returned):
            claim = returned[place].value
        if claim is not None and symbol.symmetric and claim.ndim == 2 and claim.shape[0] == claim.shape[1]:
            claim = (claim + claim.T) / 2
        return claim

    def raised(self, problem: Problem, point: Point) -> NoReturn:
        place = f"line {problem.line}: {problem.text}" if problem.line is not None else "outside of the file"
        message = f"the {problem.stage} pass raised {problem.message} ({place}; at {self.described(point)})"
        if ":" not in problem.message.split(" ")[0]:
            message = f"the {problem.stage} pass cannot be compared: {problem.message} (at {self.described(point)})"
        code = "GS905" if ":" in problem.message.split(" ")[0] else "GS907"
        way = "--size n=… where a function needs particular sizes" if code == "GS905" else None
        raise refusal(code, message, self.peer.description.name, way)

    def described(self, point: Point) -> str:
        sizes = [f"{s.name} = {n}" for s, n in point.sizes.values.items() if s.literal is None]
        sizes += [f"{name}[{k}] = {n}" for name, members in point.sizes.families.items() for k, n in members.items()]
        rows = [f"{point.rows} rows"] if point.rows else []
        return ", ".join([*sizes, *rows, point.style])

    # ------------------------------------------------------------ what is said once

    def remarks(self) -> None:
        if self.contract.batch:
            shared = [s.name for s in self.contract.wanted if s not in self.contract.batch]
            said = "the equations are those of one row"
            sums = f", and the gradients by {', '.join(shared)} are summed" if shared else ""
            self.result.remarks.append(said + sums)
        notes = dict.fromkeys(n for t in self.trials for n in t.answer.notes)
        for note in notes:
            if note.startswith("the rule"):
                self.result.faults.append(Fault("forward", note))
            else:
                self.result.remarks.append(note)

    def countable(self) -> bool:
        """Whether there is one gradient for each argument."""
        returned = self.trials[0].answer.returned
        expected = len(self.contract.arguments)
        if returned is None or len(returned) >= expected:
            return True
        plural = "gradient" if len(returned) == 1 else "gradients"
        said = f"the backward returns {len(returned)} {plural} for {expected} arguments"
        self.result.faults.append(Fault("shape", said))
        note = "which gradient belongs to it cannot be told"
        self.result.gradients.extend(
            Compared(self.bar(s), "not compared", derived=chain(self.contract.derivation, s, self.wording), note=note)
            for s in self.contract.wanted
        )
        return False

    # ------------------------------------------------------------ gradients

    def bar(self, symbol: Symbol) -> str:
        return self.contract.derivation.gradients[symbol].symbol.name

    def gradients(self) -> None:
        found = {symbol: self.compared(symbol) for symbol in self.contract.wanted}
        wrong = [s for s, c in found.items() if c.verdict == "differs" and c.slip is None]
        if wrong:
            scene = self.scene(wrong)
            for symbol, slip in name_slips(scene).items():
                found[symbol].slip = slip
            for symbol, blind in blind_spots(self.peer, scene).items():
                found[symbol].blind = blind
        self.result.gradients.extend(found.values())

    def scene(self, wrong: list[Symbol]) -> Scene:
        return Scene(
            self.contract, self.truth, self.wording, [t.point for t in self.trials], [t.values for t in self.trials],
            [{s: c for s, c in t.claims.items() if c is not None} for t in self.trials],
            [{s: self.allowed(v, t.gradients[s]) for s, v in t.values.gradients.items()} for t in self.trials],
            wrong, time.monotonic() + _SEARCH,
        )  # fmt: skip

    def compared(self, symbol: Symbol) -> Compared:
        """One gradient at every point; a slip only where no search is needed to see it."""
        bar = self.bar(symbol)
        result = Compared(bar, "agrees", derived=chain(self.contract.derivation, symbol, self.wording))
        claims = [t.claims[symbol] for t in self.trials]
        truths = [t.values.gradients[symbol] for t in self.trials]
        if any(c is None for c in claims):
            return self.absent(result, symbol, truths)
        arrays = [np.asarray(c, dtype=np.float64) for c in claims]
        if any(a.shape != t.shape for a, t in zip(arrays, truths, strict=True)):
            return self.misshapen(result, symbol, arrays, truths)
        errors = [closeness.relative(a, t) for a, t in zip(arrays, truths, strict=True)]
        allowed = [self.allowed(t.values.gradients[symbol], t.gradients[symbol]) for t in self.trials]
        result.digits = closeness.digits(errors)
        if all(close(a, t, m) for a, t, m in zip(arrays, truths, allowed, strict=True)):
            return result
        types = self.types(symbol)
        note = closeness.imprecise(arrays, truths, types)
        if note is not None:
            result.verdict, result.note = "imprecise", note
            return result
        result.verdict = "differs"
        worst = int(np.argmax([e if np.isfinite(e) else np.inf for e in errors]))
        result.difference = closeness.difference(arrays[worst], truths[worst], allowed[worst], self.lows(symbol, worst))
        if not all(np.all(np.isfinite(a)) for a in arrays):
            result.slip = Slip("not a number", f"{bar} has entries that are no numbers")
        return result

    def lows(self, symbol: Symbol, at: int) -> list[int]:
        """Where the axes of a gradient begin."""
        sizes = self.trials[at].point.sizes
        rows = [1] if symbol in self.trials[at].point.data else []
        return rows + [sizes.evaluate(axis.low) or 0 for axis in symbol.axes]

    def types(self, symbol: Symbol) -> list[str]:
        place = next(k for k, a in enumerate(self.contract.arguments) if a.symbol is symbol)
        returned = self.trials[0].answer.returned or []
        own = [returned[place].dtype] if place < len(returned) else []
        return own + self.trials[0].answer.dtypes

    def absent(self, result: Compared, symbol: Symbol, truths: list[Array]) -> Compared:
        if all(not np.any(t) for t in truths):
            result.note = "there is none, and the derived one is 0"
            return result
        if symbol not in self.contract.required and self.contract.sheet.parameters:
            result.verdict, result.note = "not compared", "the function has no gradient by it, and it is no parameter"
            return result
        result.verdict = "differs"
        result.slip = Slip("missing gradient", f"there is no {result.name}: the backward returns None for it")
        return result

    def misshapen(self, result: Compared, symbol: Symbol, claims: list[Array], truths: list[Array]) -> Compared:
        """Another shape: a broadcast that was not summed out, axes of size 1, a transpose."""
        result.verdict = "differs"
        claim, truth = claims[0], truths[0]
        shapes = f"{result.name} has the shape {_shape(claim)}, and {symbol.name} has {_shape(truth)}"

        def holds(change: str) -> bool:
            return all(
                (b := _changed(a, t, change)) is not None and b.shape == t.shape
                and close(b, t, 10 * self.allowed(t, trial.gradients[symbol]))
                for a, t, trial in zip(claims, truths, self.trials, strict=True)
            )  # fmt: skip

        other = self.in_its_place(symbol, claims)
        if other is not None:
            sentence = f"{self.bar(other)} stands in the place of {result.name}"
            result.slip = Slip("swapped", sentence)
        elif claim.ndim > truth.ndim and holds("summed"):
            extra = claim.ndim - truth.ndim
            axes = "its first axis is" if extra == 1 else f"its first {extra} axes are"
            result.slip = Slip("missing sum", f"{shapes}: {axes} not summed out")
        elif holds("turned"):
            result.slip = Slip("transpose", f"{shapes}: it is transposed")
        elif holds("reshaped"):
            result.slip = Slip("shape", f"{shapes}: the entries are right")
        else:
            result.slip = Slip("shape", shapes)
        return result

    def in_its_place(self, symbol: Symbol, claims: list[Array]) -> Symbol | None:
        """Whose gradient it is, if it is that of another input."""
        for other in self.contract.wanted:
            truths = [(t.values.gradients[other], t.gradients[other]) for t in self.trials]
            if other is not symbol and all(
                c.shape == t.shape and close(c, t, self.allowed(t, r)) for c, (t, r) in zip(claims, truths, strict=True)
            ):
                return other
        return None


def _changed(claim: Array, truth: Array, change: str) -> Array | None:
    match change:
        case "summed":
            return np.asarray(claim.sum(axis=tuple(range(claim.ndim - truth.ndim))))
        case "turned":
            return claim.T
        case _:
            return claim.reshape(truth.shape) if claim.size == truth.size else None


def _shape(array: Array) -> str:
    return "×".join(map(str, array.shape)) or "scalar"
