"""What a sheet computes, as machine code that takes and gives NumPy arrays."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.evaluation import ValueReader
from gradsheet.expressions import OverData, walk
from gradsheet.native.runtime import Runnable, aligned, compile_program, name_of, raise_array
from gradsheet.programs.lowering import Request
from gradsheet.records import dataclass
from gradsheet.syntax.names import canonical_key
from gradsheet.verification import verified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gradsheet.api.names import Shape
    from gradsheet.derivation import Derivation
    from gradsheet.evaluation import Inputs
    from gradsheet.expressions import Symbol
    from gradsheet.native.runtime import Precision
    from gradsheet.programs.model import Program
    from gradsheet.programs.rows import Weight

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True, slots=True)
class Many:
    """How much is done at once: copies of a model, and threads."""

    copies: int = 1
    threads: int = 1


class Compiled:
    """A compiled function of a sheet: `value`, `gradient`, `update`, or what was named.

    Called with the parameters as a dictionary, which an update changes in place, and the data by name.
    """

    def __init__(
        self, derivation: Derivation, request: Request, precision: Precision, inputs: Inputs, many: Many
    ) -> None:
        self._derivation, self._request, self._precision, self._inputs = derivation, request, precision, inputs
        self._many = many
        self._runnable = compile_program(derivation, request, precision, many.copies, many.threads)
        self._rests: dict[int, Runnable] = {}
        program = self._runnable.program
        self._names = tuple(self._result_name(k) for k in range(len(program.results)))
        self._keys = tuple((canonical_key(name_of(a)), a) for a in self._runnable.arguments)
        self._rows = tuple(a for a in self._runnable.arguments if a.part == "data")

    # ------------------------------------------------------------ what it takes and gives

    @property
    def program(self) -> Program:
        """The program that was compiled."""
        return self._runnable.program

    @property
    def batch(self) -> int | None:
        """Rows of data in one step; None for a single example."""
        return None if self.program.rows is None else self._runnable.rows

    @property
    def arguments(self) -> dict[str, Shape]:
        """Names with shapes: parameters first, then the data (with the rows of one step), then constants."""
        return {name_of(a): tuple(_length(i) for i in a.symbol.axes) for a in self._runnable.arguments}

    @property
    def data(self) -> tuple[str, ...]:
        """The names that have a row for each example."""
        return tuple(name_of(a) for a in self._rows)

    @property
    def results(self) -> tuple[str, ...]:
        """The names of what comes back; those that update a parameter are the parameter's."""
        return self._names

    def parameters(self) -> Arrays:
        """Fresh arrays for the parameters, with the values that the sheet gives; zeros where it gives none."""
        made: Arrays = {}
        for argument in self._runnable.arguments:
            if argument.part != "parameter":
                continue
            held = self._given(argument.name, argument.member)
            lengths = tuple(_length(i) for i in argument.symbol.axes)
            array = aligned(self._runnable.shape(argument.symbol), self._precision)
            if held is not None:
                given = np.asarray(held, dtype=float).reshape(lengths)
                array[...] = given[..., np.newaxis] if self._many.copies > 1 else given
            made[name_of(argument)] = array
        return made

    def _given(self, name: str, member: tuple[int, ...] | None) -> Any:
        for symbol, value in self._inputs.values.items():
            if symbol.name == name and symbol not in self._inputs.data:
                return value.get(member) if isinstance(value, dict) else value
        return None

    # ------------------------------------------------------------ running

    def __call__(self, parameters: Mapping[str, Any] | None = None, /, **data: Any) -> Arrays:
        """One step. Values of the sheet stand in for what is not handed in, except for parameters that change."""
        values = self._values(parameters, data)
        found = self._runnable.run(values, {})
        return {name: found[r.symbol] for name, r in zip(self._names, self.program.results, strict=True)}

    def epoch(self, parameters: Mapping[str, Any], /, **data: Any) -> Arrays:
        """All rows of the data once, in their order, `batch` rows a step; a last, shorter step for what is left.

        What comes back is what the last step gave.
        """
        if self.program.rows is None:
            msg = "an epoch needs rows of data: compile with batch=…"
            raise ValueError(msg)
        values = self._values(parameters, data)
        rows, batch = self._count(values), self._runnable.rows
        full, rest = divmod(rows, batch)
        found: dict[Symbol, NDArray[Any]] = {}
        if full:
            held = self._cut(values, 0, full * batch) if rest else values
            found = self._runnable.epoch(held, full)
        results = [found.get(r.symbol) for r in self.program.results]
        if rest:
            runnable = self._rest(rest)
            last = self._cut(values, full * batch, rows)
            translated = dict(zip([a.symbol for a in runnable.arguments], self._in_order(last), strict=True))
            made = runnable.run(translated, {})
            results = [made[r.symbol] for r in runnable.program.results]
        return {n: a for n, a in zip(self._names, results, strict=True) if a is not None}

    def _rest(self, rows: int) -> Runnable:
        """The same program for a last step of fewer rows."""
        if rows not in self._rests:
            request = replace(self._request, rows=rows)
            self._rests[rows] = compile_program(
                self._derivation, request, self._precision, self._many.copies, self._many.threads, seldom=True
            )
        return self._rests[rows]

    def _in_order(self, values: Mapping[Symbol, Any]) -> list[Any]:
        return [values[a.symbol] for a in self._runnable.arguments]

    def _cut(self, values: Mapping[Symbol, Any], start: int, stop: int) -> dict[Symbol, Any]:
        rows = {a.symbol for a in self._rows}
        return {s: v[start:stop] if s in rows else v for s, v in values.items()}

    def _count(self, values: Mapping[Symbol, Any]) -> int:
        lengths = [len(values[a.symbol]) for a in self._rows]
        if len(set(lengths)) > 1:
            counts = zip(self.data, lengths, strict=True)
            msg = "the data differ in their rows: " + ", ".join(f"{n} has {k}" for n, k in counts)
            raise ValueError(msg)
        return lengths[0] if lengths else 0

    def _values(self, parameters: Mapping[str, Any] | None, data: Mapping[str, Any]) -> dict[Symbol, Any]:
        # Python writes the name of a keyword in its composed form, whatever stood in the source: ȳ as one letter.
        given = {canonical_key(name): value for name, value in {**(parameters or {}), **data}.items()}
        values: dict[Symbol, Any] = {}
        for name, argument in self._keys:
            if name in given:
                values[argument.symbol] = given.pop(name)
                continue
            changes = argument.symbol in self._runnable.plan.written
            held = None if changes else self._given(argument.name, argument.member)
            if held is not None:
                values[argument.symbol] = np.asarray(held, dtype=float)
        if given:
            msg = f"nothing here is called {', '.join(given)}; there is {', '.join(self.arguments)}"
            raise TypeError(msg)
        for _, argument in self._keys:
            if argument.symbol not in values:
                raise_array("GS401", f"'{name_of(argument)}' has no value")
        return values

    def _result_name(self, place: int) -> str:
        result = self.program.results[place]
        member = "" if result.member is None else f"[{','.join(map(str, result.member))}]"
        return result.name + member

    def __repr__(self) -> str:
        what = ", ".join(self._request.wanted)
        return f"<Compiled {what} in {self._precision}: {', '.join(self.arguments)}>"


def _length(index: Any) -> int:
    return int(index.high.constant - index.low.constant + 1)


def compiled(  # noqa: PLR0913 - each is a choice of its own
    derivation: Derivation,
    wanted: Sequence[str],
    *,
    precision: Precision,
    batch: int | None,
    data: Sequence[str] | None,
    weight: Weight,
    sizes: Mapping[str, Any],
    many: Many,
) -> Compiled:
    """The function of a derivation for what is wanted, once its derivatives are verified."""
    checks = verified(derivation, None, "symbolic")
    if checks.failures():
        raise SheetError((Diagnostic("GS503", checks.summary(), None, derivation.sheet.source),))
    if not checks.passed:
        warnings.warn(f"the derivatives are {checks.summary()}", RuntimeWarning, stacklevel=3)
    inputs = known_inputs(derivation, sizes)
    request = Request(
        tuple(wanted), inputs.sizes.values, inputs.sizes.families, batch, tuple(data) if data is not None else None,
        weight,
    )  # fmt: skip
    return Compiled(derivation, request, precision, inputs, many)


def known_inputs(derivation: Derivation, sizes: Mapping[str, Any]) -> Inputs:
    """The values that the sheet gives, and the sizes that follow from them or are given here."""
    takes_data = any(isinstance(n, OverData) for e in derivation.graph.equations for n in walk(e.body))
    reader = ValueReader(derivation.sheet, takes_data=takes_data, cotangents=list(derivation.cotangents.values()))
    return reader.read(dict(sizes) or None, "sizes")


__all__ = ["Compiled", "compiled", "known_inputs"]
