"""−1/16, √2/2, 1 − tanh(3/10)², exp(2/5)/(1 + exp(2/5)): closed constants as a person writes them.

One walk serves both notations; a `Notation` says how each spells fractions, powers, roots and names. Terms are sorted
by what they look like, so that the text does not hang on the order in which a session met its constants.
"""

from __future__ import annotations

from dataclasses import field
from math import gcd, lcm
from typing import TYPE_CHECKING, Final

from flint import fmpq

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gradsheet.numerics.atoms import Atom, Monomial
    from gradsheet.numerics.quotients import Terms

_HALF: Final = fmpq(1, 2)
_ONE: Final = fmpq(1)
_LARGEST_COMMON_LOG: Final = 10**6
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Notation:
    """How one notation spells its parts; functions of text to text."""

    minus: str
    infinity: str
    names: Mapping[str, str] = field(repr=False)
    call: Callable[[str, str], str] = field(repr=False)
    fraction: Callable[[str, str, bool], str] = field(repr=False)
    power: Callable[[str, fmpq], str] = field(repr=False)
    root: Callable[[str, bool], str] = field(repr=False)
    bracket: Callable[[str], str] = field(repr=False)


def _line_fraction(numerator: str, denominator: str, simple: bool) -> str:  # noqa: FBT001 - a column of a table
    return f"{numerator}/{denominator}" if simple else f"{numerator}/({denominator})"


def _line_exponent(q: fmpq) -> str:
    return str(q) if q.q == 1 and q > 0 else f"({q})"


UNICODE: Final = Notation(
    minus="−",
    infinity="∞",
    names={"sigmoid": "σ", "exp": "exp", "e": "e", "π": "π", "digamma": "ψ", "lgamma": "logΓ"},
    call=lambda name, argument: f"{name}({argument})",
    fraction=_line_fraction,
    power=lambda base, q: base + (str(q).translate(_SUPERSCRIPTS) if q.q == 1 else "^" + _line_exponent(q)),
    root=lambda argument, simple: f"√{argument}" if simple else f"√({argument})",
    bracket=lambda text: f"({text})",
)
PLAIN: Final = Notation(
    minus="-",
    infinity="inf",
    names={"e": "e", "π": "pi"},
    call=lambda name, argument: f"{name}({argument})",
    fraction=_line_fraction,
    power=lambda base, q: f"{base}^{_line_exponent(q)}",
    root=lambda argument, _: f"sqrt({argument})",
    bracket=lambda text: f"({text})",
)


def write(terms: Terms, notation: Notation) -> str:
    """Σ c·m: the positive terms before the negative ones where the first would be negative."""
    if not terms:
        return "0"
    logs, rest = _common_logarithm(terms)
    written = [(*_order(m), c > 0, _term(abs(c), m, notation)) for m, c in rest.items()]
    if logs:
        q, argument = logs
        log = notation.call(notation.names.get("log", "log"), _rational(argument, notation))
        written.append((1, 0, q > 0, _quotient(abs(q), [log], [], notation)))
    written.sort(key=lambda t: (t[0], t[1], t[3]))
    if not written[0][2]:
        written.sort(key=lambda t: not t[2])
    parts = [text if positive else notation.minus + text for _, _, positive, text in written[:1]]
    parts += [f" {'+' if positive else notation.minus} {text}" for _, _, positive, text in written[1:]]
    return "".join(parts)


def _order(monomial: Monomial) -> tuple[int, int]:
    return len(monomial), sum(a.size for a, _ in monomial)


def _term(coefficient: fmpq, monomial: Monomial, notation: Notation) -> str:
    above: list[str] = []
    below: list[str] = []
    radicands: dict[fmpq, int] = {}
    exponent: Terms = {}
    for generator, q in monomial:
        if generator.kind == "exp":
            ((m, _),) = generator.argument.terms.items()
            exponent[m] = q
        elif generator.kind == "base":
            radicands[q] = radicands.get(q, 1) * generator.base
    roots = [
        notation.root(str(n), True) if q == _HALF else notation.power(str(n), q)  # noqa: FBT003 - a column of a table
        for q, n in sorted(radicands.items(), reverse=True)
    ]
    if exponent:
        above.append(_exponential(exponent, notation))
    for generator, q in monomial:
        if generator.kind not in {"exp", "base"}:
            (above if q > 0 else below).append(_power(generator, abs(q), notation))
    return _quotient(coefficient, roots + sorted(above), sorted(below), notation)


def _exponential(exponent: Terms, notation: Notation) -> str:
    if exponent == {(): _ONE}:
        return notation.names["e"]
    return notation.call(notation.names.get("exp", "exp"), write(exponent, notation))


def _bare(generator: Atom, notation: Notation) -> str:
    """A generator where nothing can touch it."""
    if generator.kind == "group":
        return write(generator.argument.terms, notation)
    if generator.kind == "π":
        return notation.names["π"]
    name = notation.names.get(generator.kind, generator.kind)
    return notation.call(name, write(generator.argument.terms, notation))


def _power(generator: Atom, q: fmpq, notation: Notation) -> str:
    inner = _bare(generator, notation)
    base = notation.bracket(inner) if generator.kind == "group" else inner
    if q == 1:
        return base
    return notation.root(inner, generator.kind == "π") if q == _HALF else notation.power(base, q)


def _quotient(coefficient: fmpq, above: list[str], below: list[str], notation: Notation) -> str:
    p, q = int(coefficient.p), int(coefficient.q)
    numerator = " ".join(([str(p)] if p != 1 or not above else []) + above)
    if q == 1 and not below:
        return numerator
    simple = len(below) + (q != 1) == 1
    denominator = " ".join(([str(q)] if q != 1 else []) + below)
    return notation.fraction(numerator, denominator, simple)


def _rational(q: fmpq, notation: Notation) -> str:
    return _quotient(q, [], [], notation)


def _common_logarithm(terms: Terms) -> tuple[tuple[fmpq, fmpq] | None, Terms]:
    """(c, r) with c log r = Σ cᵢ log pᵢ over the whole numbers pᵢ, r > 1, and the other terms.

    Logarithms are kept by prime factors, so that equal ones meet; people write log 6 for log 2 + log 3.
    """
    logs: dict[int, fmpq] = {}
    rest: Terms = {}
    for monomial, coefficient in terms.items():
        if len(monomial) == 1 and monomial[0][1] == 1 and monomial[0][0].kind == "log":
            argument = monomial[0][0].argument
            if argument.is_rational:
                logs[int(argument.rational.p)] = coefficient
                continue
        rest[monomial] = coefficient
    if not logs:
        return None, rest
    denominator = lcm(*(int(c.q) for c in logs.values()))
    powers = {n: int((c * denominator).p) for n, c in logs.items()}
    common = gcd(*powers.values())
    bits = sum(abs(k) // common * n.bit_length() for n, k in powers.items())
    if bits > 2 * _LARGEST_COMMON_LOG.bit_length():
        return (None, terms) if len(logs) > 1 else (_only(logs), rest)
    product = fmpq(1)
    for n, k in powers.items():
        product *= fmpq(n) ** (k // common)
    scale = fmpq(common, denominator)
    return ((scale, product) if product > 1 else (-scale, 1 / product)), rest


def _only(logs: dict[int, fmpq]) -> tuple[fmpq, fmpq]:
    ((n, c),) = logs.items()
    return c, fmpq(n)
