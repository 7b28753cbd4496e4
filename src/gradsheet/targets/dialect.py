"""How a library of arrays writes each operation: a table of templates, and the calls whose form differs."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gradsheet.programs.model import Program


@dataclass(frozen=True)
class Dialect:
    """What the printer of array code has to know about a library.

    `functions` gives the template of each elementwise function and of each operation on whole arrays; a name that
    starts with an underscore is a function of ours, whose source stands in `helpers` and is printed where it is used.
    The methods are those of NumPy, which JAX shares but for assignment; PyTorch has its own.
    """

    name: str
    prefix: str
    imports: tuple[str, ...]
    functions: Mapping[str, str]
    helpers: Mapping[str, str] = field(default_factory=dict)
    dtype: str = "{array}.dtype"
    reserved: frozenset[str] = frozenset()
    """Names that mean something else there."""
    fixed: bool = False
    """Sizes and rows have to be numbers."""
    passes: tuple[Callable[[Program], Program], ...] = ()
    """What is done to a program after the passes that all targets share."""
    immutable: bool = False
    """Arrays cannot be assigned to: a new array takes the place of the old one."""

    # ------------------------------------------------------------ arrays that are made

    def filled(self, shape: str, value: str | None = None) -> str:
        """Zeros, or an array that holds one value."""
        if value is None:
            return f"{self.prefix}.zeros({shape}, dtype=dtype)"
        return f"{self.prefix}.full({shape}, {value}, dtype=dtype)"

    def table(self, rows: str, *, whole: bool = False) -> str:
        """An array of numbers that are written out; `whole` for places."""
        return f"{self.prefix}.array({rows}, dtype={'int' if whole else 'dtype'})"

    def whole(self, low: str, stop: str) -> str:
        """low, …, stop − 1 as whole numbers."""
        return f"{self.prefix}.arange({stop})" if low == "0" else f"{self.prefix}.arange({low}, {stop})"

    def floats(self, text: str) -> str:
        """Truth values or whole numbers as numbers of the precision in use."""
        return f"{text}.astype(dtype)"

    def broadcast(self, text: str, shape: str) -> str:
        """The array, repeated along the axes that it lacks."""
        return f"{self.prefix}.broadcast_to({text}, {shape})"

    # ------------------------------------------------------------ axes

    def permuted(self, text: str, order: Sequence[int]) -> str:
        """Axes in another order; `text` is an operand of a dot."""
        if tuple(order) == (1, 0):
            return f"{text}.T"
        return f"{text}.transpose({', '.join(map(str, order))})"

    def flipped(self, text: str, axis: int) -> str:
        """An axis read from its end."""
        return f"{self.prefix}.flip({text}, axis={axis})"

    def padded(self, text: str, widths: Sequence[tuple[str, str]]) -> str:
        """Zeros around an array."""
        inner = ", ".join(f"({low}, {high})" for low, high in widths)
        return f"{self.prefix}.pad({text}, ({inner}{',' if len(widths) == 1 else ''}))"

    def clipped(self, text: str, high: str) -> str:
        """Places that are kept inside 0..high."""
        return f"{self.prefix}.clip({text}, 0, {high})"

    def windows(self, text: str, axis: int, length: str) -> str:
        """Every run of some length along an axis; the runs' own axis comes last."""
        return f"sliding_window_view({text}, {length}, axis={axis})"

    # ------------------------------------------------------------ sums and choices

    def reduced(self, kind: str, text: str, axes: Sequence[int] | None) -> str:
        """Σ, Π, max, min over axes; over all of them for None."""
        name = {"sum": "sum", "prod": "prod", "max": "max", "min": "min"}[kind]
        if axes is None:
            return f"{self.prefix}.{name}({text})"
        where = str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"
        return f"{self.prefix}.{name}({text}, axis={where})"

    def where(self, mask: str, then: str, otherwise: str) -> str:
        return f"{self.prefix}.where({mask}, {then}, {otherwise})"

    def triangle(self, text: str, offset: str, *, lower: bool) -> str:
        """The entries of a matrix on one side of a diagonal."""
        name = "tril" if lower else "triu"
        return f"{self.prefix}.{name}({text})" if offset == "0" else f"{self.prefix}.{name}({text}, {offset})"

    def outer(self, left: str, right: str) -> str:
        return f"{self.prefix}.outer({left}, {right})"

    def einsum(self, subscripts: str, operands: Sequence[str]) -> str:
        return f'{self.prefix}.einsum("{subscripts}", {", ".join(operands)})'

    def solved(self, matrix: str, right: str) -> str:
        return f"{self.prefix}.linalg.solve({matrix}, {right})"

    def extreme(self, kind: str, left: str, right: str, *, number: bool) -> str:
        """The larger or the smaller of two; `number`: whether the right one is a number of Python."""
        del number
        return f"{self.prefix}.{'maximum' if kind == 'max' else 'minimum'}({left}, {right})"

    # ------------------------------------------------------------ assignments

    def assigned(self, target: str, place: str, value: str) -> str:
        return f"{target}[{place}] = {value}"

    def scattered(self, target: str, places: Sequence[str], axis: int, value: str) -> str:
        """Values added where whole numbers say; a place may occur many times."""
        del axis
        return f"{self.prefix}.add.at({target}, ({', '.join(places)}{',' if len(places) == 1 else ''}), {value})"


__all__ = ["Dialect"]
