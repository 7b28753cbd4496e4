"""Formulas of a sheet's own names, read from plain text and evaluated at random points."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from engine.running import read
from engine.spelled import mapped
from gradsheet.checking.meaning import equality
from gradsheet.checking.meaning.interpreter import (
    Interpreter,
    MismatchError,
    MissingError,
    OutOfRangeError,
    Reading,
    StoppedError,
    UnboundError,
    UndecidedError,
    UnsupportedError,
)
from gradsheet.checking.meaning.points import BITS, Model
from gradsheet.checking.meaning.scope import Local, Scope
from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.numerics.balls import working_precision
from gradsheet.sheet.known import function_names
from gradsheet.syntax import parse_expression, tree

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gradsheet.checking.meaning.points import Point

SHOWN = {
    MismatchError: "mismatch",
    MissingError: "missing",
    OutOfRangeError: "out of range",
    StoppedError: "stopped",
    UnboundError: "unbound",
    UndecidedError: "undecided",
    UnsupportedError: "unsupported",
}
"""What an evaluation that gives no value is called in the tables."""


@cache
def model_of(text: str) -> Model:
    return Model(read(text), "a")


@cache
def point_of(text: str, seed: int = 1, kind: str = "generic") -> Point:
    with working_precision(BITS):
        return getattr(model_of(text), kind)(seed)


def with_functions(node: Any, names: Collection[str]) -> Any:
    """A tree in which the names of functions are functions."""

    def change(part: tree.Node) -> tree.Node | None:
        if isinstance(part, tree.Name) and not isinstance(part, tree.FunctionName) and part.key in names:
            return tree.FunctionName(part.key, part.text, span=part.span)
        return None

    return mapped(node, change)


@cache
def formula(text: str, written: str, more: tuple[str, ...] = ()) -> tree.Expression:
    source = Source(written)
    diagnostics = Diagnostics(source)
    node = parse_expression(source, diagnostics)
    diagnostics.raise_errors()
    return with_functions(node, {*function_names(model_of(text).sheet), *more})


def page(text: str, *definitions: str, **more: Any) -> Scope:
    """What a page says: `δ[k] = …` and `f(x) = …` as definitions."""
    found: dict[str, Local] = {}
    functions: tuple[str, ...] = ()
    for line in definitions:
        left, right = (side.strip() for side in line.split("=", 1))
        key, bracket, inside = left.partition("(" if "(" in left else "[")
        parameters = tuple(p.strip() for p in inside[:-1].split(",")) if bracket else ()
        found[key] = Local(key, parameters, formula(text, right, functions), function=bracket == "(")
        functions = tuple(k for k, local in found.items() if local.function)
    return Scope(locals=found, **more)


def outcome(
    text: str,
    left: str,
    right: str,
    *,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    scope: Scope | None = None,
    known: Mapping[str, int] | None = None,
    seeds: Collection[int] = (1, 2),
) -> str:
    """Equal, different, open or shapes, seen at every point alike; or why there is no value."""
    scope = scope or Scope()
    functions = tuple(k for k, local in scope.locals.items() if local.function) + tuple(scope.functions)
    a, b = formula(text, left, functions), formula(text, right, functions)
    found = set()
    for seed in seeds:
        it = Interpreter(point_of(text, seed), scope, reading)
        with working_precision(BITS):
            try:
                found.add(equality.compare(it.evaluate(a, dict(known or {})), it.evaluate(b, dict(known or {}))))
            except tuple(SHOWN) as problem:
                found.add(next(word for kind, word in SHOWN.items() if isinstance(problem, kind)))
    assert len(found) == 1, found
    return found.pop()
