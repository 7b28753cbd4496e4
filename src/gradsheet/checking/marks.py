"""Points for required results: full for a right one, a share where it only follows from an earlier slip.

The last claim about a result that was decided counts: a slip that is corrected further down costs nothing, a right line
that is spoilt further down earns nothing. What could not be decided earns nothing either, and is named for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, TypeAlias

from gradsheet.diagnostics import Diagnostic, SheetError, Source
from gradsheet.syntax import canonical_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gradsheet.checking.model import CheckedFormula, CheckReport, Claim, Verdict

Status: TypeAlias = Literal["right", "follow-through", "wrong", "open", "missing"]
_STATUS: Final[dict[Verdict, Status]] = {
    "right": "right", "arrangement": "right", "inherited": "follow-through", "wrong": "wrong", "undecided": "open",
    "unreadable": "open",
}  # fmt: skip
_OPEN: Final = frozenset({"undecided", "unreadable"})
_VERDICTS: Final = ("right", "arrangement", "inherited", "wrong", "undecided", "unreadable")
_MOST: Final = Fraction(1_000_000)
_NUMBER: Final = re.compile(r"-?(?:\d{1,12}(?:\.\d{1,15})?|\.\d{1,15})(?:/0*[1-9]\d{0,11})?|-?\d(?:\.\d+)?e-\d\d?")


@dataclass(frozen=True, slots=True)
class Required:
    """A result that has to be there, by its name in the sheet: ∂L/∂W3."""

    name: str
    points: Fraction
    follow_through: Fraction = Fraction(0)
    """Share of the points for a line that is right but for an earlier slip."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What earns how many points."""

    results: tuple[Required, ...]
    total: Fraction
    other: Mapping[Verdict, Fraction] = field(default_factory=dict)
    """For each further claim, by its verdict."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of the table: what was to be had, what was got, and where it was seen."""

    name: str
    points: Fraction
    got: Fraction
    status: Status
    formula: int = 0
    """The formula that decided it; 0 if there is none."""
    corrected: bool = False
    """An earlier line about it was wrong."""


@dataclass(frozen=True, slots=True)
class Score:
    """The points of one document."""

    marks: tuple[Mark, ...]
    total: Fraction
    other: Fraction = Fraction(0)
    """For all further claims together."""
    others: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def got(self) -> Fraction:
        """All points, between nothing and the total."""
        return max(Fraction(0), min(self.total, sum((mark.got for mark in self.marks), self.other)))

    @property
    def open(self) -> tuple[Mark, ...]:
        """What a person has to look at."""
        return tuple(mark for mark in self.marks if mark.status == "open")


def points_text(points: Fraction) -> str:
    """Points as people write them: at most three decimals, none that are not needed.

    >>> points_text(Fraction(5, 2)), points_text(Fraction(2)), points_text(Fraction(1, 3))
    ('2.5', '2', '0.333')
    """
    return f"{float(points):.3f}".rstrip("0").rstrip(".")


# ---------------------------------------------------------------- the scheme


def read_scheme(data: Any, name: str = "marks") -> Scheme:
    """A scheme from plain data, as front matter or a context holds it under `marks`; raises `SheetError`.

    >>> scheme = read_scheme({"results": [{"name": "dL/dW3", "points": 2, "follow_through": 0.5}]})
    >>> scheme.total, scheme.results[0].follow_through
    (Fraction(2, 1), Fraction(1, 2))
    """
    return _SchemeReader(name).scheme(data)


class _SchemeReader:
    """Reads plain data; says where something is not as it should be."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.remarks: list[str] = []

    def scheme(self, data: Any) -> Scheme:
        table = self.table(data, "marks", {"total", "results", "other"})
        entries = table.get("results") or []
        if not isinstance(entries, list):
            self.refuse("'results' is a list of results, each with name and points")
        results = tuple(self.required(entry) for entry in entries)
        doubled = sorted({r.name for r in results if sum(_key(r.name) == _key(o.name) for o in results) > 1})
        if doubled:
            self.refuse(f"'{doubled[0]}' is required twice")
        other = self.other(table.get("other") or {})
        if not results and not other:
            self.refuse("there is nothing to give points for")
        total = (
            self.number(table["total"], "total") if "total" in table else sum((r.points for r in results), Fraction())
        )
        return Scheme(results, total, other, tuple(self.remarks))

    def required(self, entry: Any) -> Required:
        table = self.table(entry, "a result", {"name", "points", "follow_through"})
        name = table.get("name")
        if not isinstance(name, str) or not name.strip():
            self.refuse("a result has no name", "name: ∂L/∂W3")
        if "points" not in table:
            self.refuse(f"'{name}' has no points", "points: 2")
        share = self.number(table.get("follow_through", 0), f"follow_through of '{name}'")
        if share > 1:
            self.refuse(f"follow_through of '{name}' is a share of the points, from 0 to 1")
        return Required(name.strip(), self.number(table["points"], f"points of '{name}'"), share)

    def other(self, data: Any) -> dict[Verdict, Fraction]:
        table = self.table(data, "'other'", set(_VERDICTS))
        found: dict[Verdict, Fraction] = {}
        for verdict in _VERDICTS:
            if verdict in table:
                found[verdict] = self.number(table[verdict], f"'other: {verdict}'", negative=True)
        if "right" in found:
            found.setdefault("arrangement", found["right"])
        return found

    def table(self, data: Any, what: str, keys: set[str]) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.refuse(f"{what} has no entries with names")
        strange = sorted(str(key) for key in data if key not in keys)
        self.remarks.extend(f"marks: '{key}' is not known here, and is left out" for key in strange)
        return {key: value for key, value in data.items() if key in keys}

    def number(self, value: Any, what: str, *, negative: bool = False) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
            self.refuse(f"{what} is no number")
        if isinstance(value, int | float) and abs(value) > _MOST:
            self.refuse(f"{what} is out of range")
        text = f"{value:.12g}" if isinstance(value, float) else str(value).strip()
        if not _NUMBER.fullmatch(text):  # no exponents: 1e999999999 is a short text and a long number
            self.refuse(f"{what} is no number: {text[:40]}")
        found = Fraction(text)
        if abs(found) > _MOST or (found < 0 and not negative):
            self.refuse(f"{what} is out of range: {text}")
        return found

    def refuse(self, message: str, hint: str | None = None) -> NoReturn:
        raise SheetError((Diagnostic("GS720", message, None, Source("", self.name), None, hint),)) from None


# ---------------------------------------------------------------- the score


def give_marks(report: CheckReport, scheme: Scheme) -> Score:
    """The points of a checked document."""
    wanted = {_key(required.name): required for required in scheme.results}
    about: dict[str, list[tuple[CheckedFormula, Claim]]] = {key: [] for key in wanted}
    other, others = Fraction(0), 0
    for checked, claim, names in _claims(report):
        met = [key for key in wanted if key in names]
        for key in met:
            about[key].append((checked, claim))
        if not met:
            points = scheme.other.get(claim.verdict, Fraction(0))
            other += points
            others += claim.verdict in scheme.other
    marks = tuple(_mark(required, about[key]) for key, required in wanted.items())
    return Score(marks, scheme.total, other, others, scheme.remarks)


def _mark(required: Required, claims: list[tuple[CheckedFormula, Claim]]) -> Mark:
    """The last claim that was decided counts."""
    decided = [pair for pair in claims if pair[1].verdict not in _OPEN]
    if not claims:
        return Mark(required.name, required.points, Fraction(0), "missing")
    checked, claim = (decided or claims)[-1]
    status = _STATUS[claim.verdict]
    share = {"right": Fraction(1), "follow-through": required.follow_through}.get(status, Fraction(0))
    corrected = status == "right" and any(c.verdict in {"wrong", "inherited"} for _, c in decided)
    return Mark(required.name, required.points, required.points * share, status, checked.formula.number, corrected)


def _claims(report: CheckReport) -> Iterator[tuple[CheckedFormula, Claim, frozenset[str]]]:
    """Every claim with the keys of the quantities that it is about."""
    for checked in report.formulas:
        read = frozenset(_key(side) for side in re.split(r"\s[=≈∝≡]\s", checked.reading) if side.strip())
        for claim in checked.claims:
            yield checked, claim, frozenset({_key(claim.quantity)}) if claim.quantity else read


_PLAIN_DERIVATIVE = re.compile(r"\bd([^\W\d_][\w\u0300-\u036f\[\],]*)/d([^\W\d_][\w\u0300-\u036f\[\],]*)$")
_RAISED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def _key(name: str) -> str:
    """One spelling for ∂L/∂W3, dL/dW3 and ∂L / ∂W₃.

    >>> _key("dL/dW3") == _key("∂L / ∂W₃")
    True
    """
    bare = re.sub(r"\s+", "", name).translate(_RAISED)
    bare = _PLAIN_DERIVATIVE.sub(r"∂\1/∂\2", bare)
    return canonical_key(bare)
