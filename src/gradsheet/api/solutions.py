"""A solved sheet in Python: arrays, exact values, the printed solution, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gradsheet.api.derivations import Derivation
from gradsheet.api.names import Reference, symbol_of, value_of
from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.numerics import Certified, exact_text

if TYPE_CHECKING:
    from collections.abc import Container
    from fractions import Fraction

    from numpy.typing import NDArray

    from gradsheet import solution
    from gradsheet.expressions import Symbol
    from gradsheet.writing.documents.model import Document
    from gradsheet.writing.notations.matrix import NotationName
    from gradsheet.writing.report import Report

Exact: TypeAlias = "Fraction | str | list[Exact] | None"
"""A rational number, a closed form as text, None where only digits are known; nested lists of these."""


class Solution:
    """Values, gradients and updates of a sheet, with their verification.

    >>> import gradsheet as gs
    >>> sheet = gs.loads('''
    ... x ∈ ℝ^2
    ... L = 1/2 ‖x‖²
    ... parameters x
    ... minimize L
    ... ''')
    >>> s = sheet.solve(x=[3, 4])
    >>> s.objective, s.gradient("x"), s.exact("∂L/∂x[2]")
    (12.5, array([3., 4.]), Fraction(4, 1))
    """

    def __init__(self, solved: solution.Solution, *, digits: int = 5) -> None:
        self._solved = solved
        self._digits = digits

    # ------------------------------------------------------------ numbers

    def value(self, name: str) -> NDArray[np.float64]:
        """A value before the first step, as float64; scalars have no axes.

        `name` is a name of the sheet, a component `W1[1,2]`, a member of a family `h[2]`, or a derivative `∂L/∂z1`.
        """
        return _floats(self._held(name))

    def gradient(self, wrt: str) -> NDArray[np.float64]:
        """The derivative of the objective by a parameter or any other name, as float64."""
        return _floats(self._raw(self._gradient(wrt), wrt, 0))

    def exact(self, name: str) -> Exact:
        """A value as it is: a `Fraction`, a closed form such as `"log(3)"`, or None where only digits are known."""
        return _exact(self._held(name))

    def members(self, name: str) -> dict[int, NDArray[np.float64]]:
        """The members of a family, whose shapes may differ."""
        held = self._state(0).values[self._reference(name).symbol]
        if not isinstance(held, dict):
            msg = f"'{name}' is one array, no family of members with shapes of their own: value({name!r})"
            raise ValueError(msg)  # noqa: TRY004 - the name is wrong, not the type of an argument
        return {member[0]: _floats(array) for member, array in held.items()}

    def update(self, name: str, step: int = 1) -> NDArray[np.float64]:
        """A value after an update: the first, or another `step` that was asked for."""
        return _floats(self._raw(symbol_of(self._solved.sheet, name), name, step))

    @property
    def objective(self) -> float | None:
        """The objective at the given values; None without values or for a pullback."""
        return self._objective(0)

    @property
    def objective_after(self) -> float | None:
        """The objective after the last step; None where nothing is updated."""
        return self._objective(-1) if len(self._solved.states) > 1 else None

    @property
    def objectives(self) -> list[float]:
        """The objective before each step and after the last."""
        return [float(s.objective) for s in self._solved.states if s.objective is not None]

    @property
    def verified(self) -> bool:
        """Every gradient agrees with a method that shares nothing with the rules."""
        verification = self._solved.verification
        return verification is not None and verification.passed

    @property
    def mode(self) -> str | None:
        """How numbers were computed: "exact" or "float"; None without values."""
        return {"certified": "exact", "float64": "float"}.get(self._solved.kind)

    @property
    def derivation(self) -> Derivation:
        """The derivation that these numbers come from."""
        return Derivation(self._solved.derivation)

    @property
    def conventions(self) -> tuple[str, ...]:
        """What the sheet leaves to convention."""
        return tuple(self._solved.conventions)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Readings that were chosen for the author."""
        return tuple(self._solved.remarks)

    # ------------------------------------------------------------ finding

    def _objective(self, at: int) -> float | None:
        states = self._solved.states
        if not states or states[at].objective is None:
            return None
        return float(states[at].objective)  # type: ignore[arg-type]

    def _state(self, step: int) -> solution.State:
        states = self._solved.states
        if not states:
            raise SheetError((Diagnostic("GS401", "there are no values, so there are no numbers",
                suggestion="solve(x=…), or a `given` block in the sheet"),))  # fmt: skip
        if not 0 <= step < len(states):
            msg = f"there are {len(states) - 1} steps; solve(steps={step}) goes so far"
            raise IndexError(msg)
        return states[step]

    def _reference(self, name: str) -> Reference:
        return value_of(self._solved.sheet, self._solved.derivation, name)

    def _held(self, name: str) -> Any:
        return self._raw(self._reference(name), name, 0)

    def _gradient(self, wrt: str) -> Reference:
        found = symbol_of(self._solved.sheet, wrt)
        derivation = self._solved.derivation
        known = derivation.gradients.get(found.symbol)
        if known is None:
            sources = derivation.targets
            known = next((a for a in derivation.adjoints if a.of in sources and a.wrt == (found.symbol,)), None)
        if known is None:
            message = f"the derivative by '{found.symbol.name}' is not part of this derivation"
            raise SheetError((Diagnostic("GS213", message, suggestion=f"parameters …, {found.symbol.name}"),))
        return Reference(known.symbol, found.items)

    def _raw(self, reference: Reference, name: str, step: int) -> Any:
        """The stored value of a symbol, a member, or a component."""
        symbol, items = reference.symbol, reference.items
        values = self._state(step).values
        if symbol not in values:
            message = f"'{name}' has no value" + (" after this step" if step else "")
            raise SheetError((Diagnostic("GS401", message),))
        held: Any = values[symbol]
        if isinstance(held, dict):
            if not items:
                msg = f"the members of '{name}' have shapes of their own: value('{name}[1]'), or members({name!r})"
                raise ValueError(msg)
            if items[:1] not in held:
                raise SheetError((Diagnostic("GS206", f"'{name}' is outside its range"),))
            held, used = held[items[:1]], 1
        else:
            used = 0
        lows = self._lows(symbol)[used:]
        place = tuple(item - low for item, low in zip(items[used:], lows, strict=False))
        if any(not 0 <= at < size for at, size in zip(place, np.shape(held), strict=False)):
            raise SheetError((Diagnostic("GS206", f"'{name}' is outside its range"),))
        return held[place] if place else held

    def _lows(self, symbol: Symbol) -> list[int]:
        """The first index of each axis."""
        assert self._solved.inputs is not None
        lows = [self._solved.inputs.sizes.evaluate(axis.low) for axis in symbol.axes]
        return [1 if low is None else low for low in lows]

    # ------------------------------------------------------------ showing

    def to_json(self, *, notation: NotationName = "matrix", inline: bool = False) -> dict[str, Any]:
        """The solution as plain data, as `gradsheet solve --json` prints it."""
        from gradsheet.writing.json_view import to_json  # noqa: PLC0415 - loaded when asked for

        return to_json(self._report(notation, inline=inline))

    def _report(self, notation: NotationName = "matrix", *, inline: bool = False) -> Report:
        from gradsheet.writing.report import report  # noqa: PLC0415 - loaded when asked for

        return report(self._solved, notation, inline=inline)

    def text(
        self,
        *,
        width: int = 100,
        digits: int | None = None,
        ascii_only: bool = False,
        notation: NotationName = "matrix",
        inline: bool = False,
    ) -> str:
        """The worked solution: conventions, forward pass, backward pass with rules, update, verification.

        `notation` is "matrix", "index", "jacobian" or "delta"; `inline` puts derivatives by intermediate results into
        the gradients.
        """
        from gradsheet.writing.arrays import NumberStyle  # noqa: PLC0415 - loaded when asked for
        from gradsheet.writing.terminal import Terminal  # noqa: PLC0415 - the same

        style = NumberStyle(digits=self._digits if digits is None else digits, ascii_only=ascii_only)
        lines = Terminal(self._report(notation, inline=inline), width, style).lines()
        return "\n".join("".join(piece for piece, _ in line).rstrip() for line in lines)

    def to_markdown(self) -> str:
        """The worked solution as Markdown with mathematics, as `gradsheet solve --format markdown` prints it."""
        from gradsheet.writing.formats.markdown import markdown  # noqa: PLC0415 - loaded when asked for

        return markdown(self._document())

    def to_latex(self) -> str:
        """The same as a LaTeX article."""
        from gradsheet.writing.formats.latex import latex_document  # noqa: PLC0415 - loaded when asked for

        return latex_document(self._document())

    def to_html(self) -> str:
        """The same as one HTML file that needs nothing else; with the graph, if the library that draws it is there."""
        from gradsheet.writing.formats.html import page  # noqa: PLC0415 - loaded when asked for

        return page(self._document(drawn=True))

    def to_svg(self) -> str:
        """The graph as SVG: values above the edges, gradients below; needs the library of `gradsheet[picture]`.

        Raises `SheetError` where that library is missing, or where the sheet has no equation.
        """
        from gradsheet.writing.arrays import NumberStyle  # noqa: PLC0415 - loaded when asked for
        from gradsheet.writing.picture import picture  # noqa: PLC0415 - the same
        from gradsheet.writing.report import report  # noqa: PLC0415 - the same

        drawn = picture(report(self._solved), inline=False, style=NumberStyle(self._digits))
        if drawn is None:
            raise SheetError((Diagnostic("GS604", "there is nothing to draw", None, self._solved.sheet.source,
                suggestion="a sheet with at least one equation"),))  # fmt: skip
        return drawn

    def _document(self, *, drawn: bool = False, small_steps: bool = True) -> Document:
        from gradsheet.writing.arrays import NumberStyle  # noqa: PLC0415 - loaded when asked for
        from gradsheet.writing.documents.composition import compose  # noqa: PLC0415 - the same
        from gradsheet.writing.picture import can_draw, picture  # noqa: PLC0415 - the same
        from gradsheet.writing.report import report  # noqa: PLC0415 - the same

        found, style = report(self._solved), NumberStyle(digits=self._digits)
        drawing = picture(found, inline=True, style=style) if drawn and can_draw() else None
        return compose(found, style, small_steps=small_steps, picture=drawing)

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        """What a notebook shows: the worked solution, set, without its small steps."""
        from gradsheet.writing import notebook  # noqa: PLC0415 - loaded when shown

        return notebook.bundle({
            "text/plain": self.__str__,
            "text/markdown": lambda: notebook.as_markdown(self._document(small_steps=False)),
            "text/html": lambda: notebook.as_html(self._document(drawn=True)),
        }, include, exclude)  # fmt: skip

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        shown = "" if self.objective is None else f", objective {self.objective:.6g}"
        return f"<Solution of {self._solved.sheet.source.name}{shown}>"


def _floats(held: Any) -> NDArray[np.float64]:
    array = np.asarray(held)
    if array.dtype != object:
        return np.array(array, dtype=np.float64)
    return np.array([float(v) for v in array.reshape(-1)], dtype=np.float64).reshape(array.shape)


def _exact(held: Any) -> Exact:
    if isinstance(held, np.ndarray) and held.ndim:
        return [_exact(v) for v in held]
    number = held[()] if isinstance(held, np.ndarray) else held
    if not isinstance(number, Certified):
        return None
    fraction = number.fraction
    return fraction if fraction is not None else exact_text(number, limit=10_000)
