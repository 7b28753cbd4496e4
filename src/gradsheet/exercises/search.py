"""Draw, compute, compare: the variants of a sheet, the same ones for the same sheet and seed.

Variant k is drawn from (what the sheet says, seed, k), so it does not depend on how many are asked for. A candidate is
computed like the author's own numbers and measured by the table of criteria; the first few that meet all of them are
compared by how much there is to write. Where none meets all, the least important criteria are given up, and named.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, NoReturn

from gradsheet.derivation import derive
from gradsheet.diagnostics import Diagnostic, SheetError, Source, Span
from gradsheet.evaluation import ValueReader
from gradsheet.exercises.blanks import Completed, completed
from gradsheet.exercises.criteria import CRITERIA, Context, failures, penalty, score, signature
from gradsheet.exercises.model import Exercises, Variant
from gradsheet.exercises.numerals import rational
from gradsheet.exercises.outcome import Kind, Laboratory, Outcome, takes_data
from gradsheet.exercises.places import Draw, Edit, Place, kept, places_of
from gradsheet.exercises.styles import Grid
from gradsheet.expressions import Call, Unspecified, walk
from gradsheet.numerics.balls import working_precision
from gradsheet.records import dataclass
from gradsheet.sheet import load_sheet
from gradsheet.solution import solve
from gradsheet.solution.solve import required_inputs
from gradsheet.syntax import canonical_key, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gradsheet.evaluation import Inputs
    from gradsheet.expressions import Symbol
    from gradsheet.sheet import Sheet

BITS = 128
MOST_DRAWS = 300
FEWEST_DRAWS = 40
_WORK = 60_000
"""Arguments of functions that the draws for one variant may evaluate."""
_EVERYTHING = frozenset(c.name for c in CRITERIA)
_FINEST = 1000
"""Denominators up to which the argument of a function counts as one that a bias can balance."""
GOOD = 3
"""Candidates that meet everything and are then compared by their score."""
_PROBES = 16
_LARGEST_CERTIFIED = 2000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller asks for: names to vary or to keep, sizes, a value on a kink."""

    vary: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    sizes: Mapping[str, int] | None = None
    kinks: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    rank: tuple[tuple[bool, ...], float, int]
    draw: Draw
    outcome: Outcome
    missed: frozenset[str]


class Setter:
    """Sets exercises: variants of one sheet, one after the other."""

    def __init__(self, sheet: Sheet, seed: int = 1, wishes: Wishes | None = None) -> None:
        self.wishes = wishes or Wishes()
        self.exercises = Exercises(sheet, seed)
        self.author = sheet
        self.derivation = derive(sheet)
        self._refuse_unspecified()
        self.inputs, blanks = self._complete()
        self.sheet = self.derivation.sheet
        has_base = blanks is None
        if has_base:
            solve(self.sheet, derivation=self.derivation, check=False)  # says what is wrong with the author's values
        self.places = tuple(self._places(blanks))
        entries = sum(_entries(v) for v in self.inputs.values.values())
        self.draws = MOST_DRAWS
        kind: Kind = "balls" if entries <= _LARGEST_CERTIFIED else "floats"
        self.laboratory = Laboratory(self.derivation, self.inputs, kind)
        base = self._run(self.sheet) if has_base else None
        if base is not None and base.reason is not None:  # equal values that only their closed forms prove equal
            self.laboratory = Laboratory(self.derivation, self.inputs, "closed forms")
            base = self._run(self.sheet)
        self.context = Context.of(self.derivation, base, self.laboratory.kinked, compares=self.laboratory.compares)
        self.context.kinks = self.wishes.kinks
        chosen = sorted(blanks.sizes.items()) if blanks is not None else []
        self.identity = f"{identity(sheet.source.text)} {chosen}"
        self.used = {tuple(tuple(r) for r in (_numbers(p) for p in self.places))} if has_base else set()
        self.given_up: frozenset[str] = frozenset()
        self._open_fillings()

    # ------------------------------------------------------------ preparing

    def _refuse(self, message: str, hint: str | None = None) -> NoReturn:
        raise SheetError((Diagnostic("GS603", message, None, self.author.source, None, hint),))

    def _refuse_unspecified(self) -> None:
        names = sorted({
            n.function.name
            for e in self.derivation.graph.equations
            for n in walk(self.derivation.graph.body(e))
            if isinstance(n, Call) and isinstance(n.function, Unspecified)
        })  # fmt: skip
        if names:
            self._refuse(f"{', '.join(names)} is not specified, so there are no numbers to vary",
                "say what it is, for example g(x) = tanh(x)")  # fmt: skip

    def _reader(self) -> ValueReader:
        derivation = self.derivation
        bars = list(derivation.cotangents.values())
        return ValueReader(derivation.sheet, takes_data=takes_data(derivation), cotangents=bars)

    def _complete(self) -> tuple[Inputs, Completed | None]:
        """The values of the sheet; where some lack, those of the sheet completed."""
        inputs = self._reader().read()
        needed = required_inputs(self.derivation)
        missing = sorted((s for s in needed if s not in inputs.given), key=lambda s: s.serial)
        if not missing:
            if self.wishes.sizes:
                name = next(iter(self.wishes.sizes))
                raise SheetError((Diagnostic("GS601", f"the size '{name}' follows from the values of the sheet", None,
                    self.author.source),))  # fmt: skip
            return inputs, None
        blanks = completed(self.derivation, inputs, missing, self.wishes.sizes or {})
        sheet = load_sheet(Source(blanks.text, self.author.source.name))
        self.derivation = derive(sheet)
        names = ", ".join(s.name for s in missing)
        told = ", ".join(f"{n} = {v}" for n, v in blanks.sizes.items())
        with_sizes = f", for {told}" if told else ""
        self.exercises.remarks.append(f"the sheet gives no values for {names}: they are drawn{with_sizes}")
        return self._reader().read(), blanks

    def _places(self, blanks: Completed | None) -> Iterator[Place]:
        vary = {canonical_key(n.strip()) for n in self.wishes.vary}
        keep = {canonical_key(n.strip()) for n in self.wishes.keep}
        known = {g.key for g in self.sheet.given}
        if self.sheet.rate is not None:
            known.add(canonical_key(self.sheet.rate.name))
        for name in sorted((vary | keep) - known):
            message = f"'{name}' has no value in the sheet"
            hint = f"it gives {', '.join(sorted(known))}" if known else None
            raise SheetError((Diagnostic("GS601", message, None, self.author.source, None, hint),))
        for name in sorted(vary & keep):
            raise SheetError((Diagnostic("GS601", f"'{name}' is to be varied and to be kept"),))
        styles = blanks.styles if blanks is not None else {}
        found = []
        for place in places_of(self.derivation, self.inputs, frozenset(vary), styles):
            key = canonical_key(place.name.partition("[")[0].strip())
            if key not in keep and (not vary or key in vary):
                found.append(place)
        told = kept(self.derivation, [p.at for p in found], keep)
        if not found or all(p.at < 0 for p in found):
            reasons = "; ".join(f"{name} is {why}" for name, why in told) or "every value is to be kept"
            self._refuse(f"there is nothing to vary: {reasons}", "--vary NAME varies a value that is zero")
        if told and not vary:
            listed = ", ".join(f"{name} ({why})" for name, why in told)
            self.exercises.remarks.append(f"kept as in the sheet: {listed}")
        yield from found

    def _open_fillings(self) -> None:
        """One number for a whole matrix can make gradients cancel; then one such matrix gets entries of its own.

        Where that does not help either, the gradients that are zero in the author's solution stay zero.
        """
        context = self.context
        dead = self._dead(self.places)
        fills = [k for k, p in enumerate(self.places) if p.fills and p.symbol in self.sheet.parameters]
        for k in reversed(fills if dead else []):
            opened = (*self.places[:k], self.places[k].opened(), *self.places[k + 1 :])
            if not self._dead(opened):
                name = self.places[k].name
                self.exercises.remarks.append(
                    f"{name} is filled with one number in the sheet, and gets entries of its own here: "
                    f"else {_listed(dead)} would be zero throughout"
                )
                self.places = opened
                rng = Random(f"{self.identity}:exact")
                outcomes = [self._run(_drawn(opened, rng, k).sheet(self.sheet)) for k in range(_PROBES)]
                rational = (s for s in context.exact if any(None not in o.fractions(s) for o in outcomes))
                context.exact = frozenset(rational)
                return
        if dead and context.base is not None:
            base = context.base
            still = tuple(s for s in dead if not base.numbers(s).any())
            context.lively = tuple(s for s in context.answers if s not in still)
            if still:
                self.exercises.remarks.append(f"{_listed(still)}: zero throughout, as in the sheet")

    def _dead(self, places: Sequence[Place]) -> tuple[Symbol, ...]:
        """The gradients that are zero throughout in each of some draws."""
        rng = Random(f"{self.identity}:fillings")
        dead = self.context.answers
        for attempt in range(_PROBES):
            outcome = self._run(_drawn(places, rng, attempt).sheet(self.sheet))
            if outcome.reason is None:
                dead = tuple(s for s in dead if not outcome.numbers(s).any())
            if not dead:
                break
        return dead

    def _run(self, sheet: Sheet) -> Outcome:
        with working_precision(BITS):
            outcome = self.laboratory.run(sheet)
        work = max(1, outcome.work)
        self.draws = max(FEWEST_DRAWS, min(MOST_DRAWS, _WORK // work))
        return outcome

    # ------------------------------------------------------------ drawing

    def variants(self, count: int) -> Iterator[Variant]:
        """The variants from where this left off, up to number `count`."""
        for number in range(len(self.exercises.variants) + 1, count + 1):
            found = self._search(number)
            self.used.add(found.draw.numbers)
            self.context.seen.add(signature(found.outcome, self.context.answers))
            self.given_up |= found.missed
            missed = tuple(c.missed for c in CRITERIA if c.name in found.missed)
            variant = self._settled(number, found.draw, missed)
            self.exercises.variants.append(variant)
            yield variant

    def _search(self, number: int) -> _Found:
        """The best candidate for one variant."""
        rng = Random(f"{self.identity}:{self.exercises.seed}:{number}")
        best: _Found | None = None
        good = 0
        reasons: list[str] = []
        draws, patience = self.draws, self.draws // 4
        for attempt in range(draws):
            draw = _drawn(self.places, rng, attempt)
            if draw.numbers in self.used:
                continue
            outcome = self._run(draw.sheet(self.sheet))
            if outcome.reason is not None:
                reasons.append(outcome.reason)
                continue
            found = self._measured(draw, outcome, attempt)
            if "exact" in found.missed - self.given_up:
                others = (self._measured(d, self._run(d.sheet(self.sheet)), attempt) for d in self._balanced(found))
                found = min((found, *others), key=lambda f: f.rank)
            if best is None or found.rank < best.rank:
                best = found
            good += not found.missed
            if good >= GOOD or (attempt >= patience and best.missed <= self.given_up):
                break
        if best is None and reasons:
            common = max(dict.fromkeys(reasons), key=reasons.count)
            self._refuse(f"{draws} draws, and with none of them everything is defined: {common}",
                "give values in the sheet, as an example to vary")  # fmt: skip
        if best is None:
            had = number - 1
            self._refuse(f"there are no more than {had} different variants" if had else "there is no other variant",
                f"ask for fewer, -n {had}, or vary more" if had else "vary more")  # fmt: skip
        return best

    def _measured(self, draw: Draw, outcome: Outcome, attempt: int) -> _Found:
        """A candidate with its rank; one that is undefined, or that there was before, comes last."""
        if outcome.reason is not None or draw.numbers in self.used:
            return _Found(((True,) * (len(CRITERIA) + 2), 0.0, attempt), draw, outcome, _EVERYTHING)
        missed = failures(outcome, self.context)
        rank = (penalty(missed, kinks=self.wishes.kinks), score(outcome, self.context), attempt)
        return _Found(rank, draw, outcome, missed)

    def _balanced(self, found: _Found) -> Iterator[Draw]:
        """The same numbers with one parameter moved so that the argument of σ or tanh becomes 0: a bias can do that."""
        arguments = found.outcome.seen.of(("sigmoid", "tanh"))
        scores = {abs(Fraction(float(s)).limit_denominator(_FINEST)) for s in arguments}
        if len(scores) != 1:
            return
        (gap,) = scores
        draw = found.draw
        for k, place in enumerate(draw.places):
            if place.symbol not in self.sheet.parameters or place.full or not isinstance(place.style, Grid):
                continue
            (held,) = draw.numbers[k]
            for moved in (held - gap, held + gap):
                if place.style.holds(moved):
                    yield Draw(draw.places, (*draw.numbers[:k], (moved,), *draw.numbers[k + 1 :]))

    def _settled(self, number: int, draw: Draw, missed: tuple[str, ...]) -> Variant:
        """The variant as a sheet of its own: read, derived, solved and verified like any other."""
        first = f"Variant {number}, seed {self.exercises.seed}: the values are drawn."
        if self.context.base is not None and "#" in self.author.source.text:
            first += " Other comments are the original's, and may speak of its values."
        notes = [first, *self.exercises.remarks, *(f"Given up: {m}." for m in missed)]
        at = min(p.value.span.start for p in draw.places if p.at >= 0)
        text = draw.text(self.sheet.source.text, note(self.sheet, at, notes))
        sheet = load_sheet(Source(text, f"{self.author.source.name}, variant {number}"))
        solution = solve(sheet)
        verification = solution.verification
        if verification is not None and not verification.passed:
            raise SheetError((Diagnostic("GS503", verification.summary(), None, sheet.source),))
        return Variant(number, text, solution, missed)


def set_exercises(sheet: Sheet, count: int, seed: int = 1, wishes: Wishes | None = None) -> Exercises:
    r"""`count` variants of a sheet.

    >>> from gradsheet.diagnostics import Source
    >>> sheet = load_sheet(Source("x, w ∈ ℝ\nL = (w x - 1)²\nparameters w\nminimize L\ngiven x = 2, w = 3\n"))
    >>> [v.text.splitlines()[-1] for v in set_exercises(sheet, 2).variants]
    ['given x = 3, w = -3', 'given x = 3, w = 2']
    """
    setter = Setter(sheet, seed, wishes)
    for _ in setter.variants(count):
        pass
    return setter.exercises


def refined(exercises: Exercises) -> Exercises:
    """The same exercises, solved again at the precision that holds now."""
    return replace(exercises, variants=[replace(v, solution=solve(v.sheet)) for v in exercises.variants])


def identity(text: str) -> str:
    r"""What a sheet says, whatever its comments and its layout: part of what variants are drawn from.

    >>> identity("x  ∈ ℝ   # a number\n\ny = x²\n")
    'x ∈ ℝ y = x²'
    """
    return " ".join(re.sub(r"#[^\n]*", "", text).split())


def note(sheet: Sheet, at: int, lines: Sequence[str]) -> Edit:
    """A comment above the values that were drawn, which stand in the statement at an offset."""
    text = sheet.source.text
    starts = [s.span.start for s in sheet.document.statements if isinstance(s, tree.Given) and s.span.start <= at]
    line = text.rfind("\n", 0, max(starts, default=at)) + 1
    return Span(line, line), "".join(f"# {words}\n" for words in lines)


def _drawn(places: Sequence[Place], rng: Random, attempt: int) -> Draw:
    return Draw(tuple(places), tuple(tuple(p.draw(rng, attempt)) for p in places))


def _numbers(place: Place) -> tuple[Fraction, ...]:
    return tuple(n for n in map(rational, place.leaves) if n is not None)


def _listed(symbols: Sequence[Symbol]) -> str:
    return ", ".join(s.name for s in symbols)


def _entries(value: object) -> int:
    if isinstance(value, dict):
        return sum(_entries(v) for v in value.values())
    return int(getattr(value, "size", 1))


__all__ = ["Setter", "Wishes", "refined", "set_exercises"]
