"""A sheet written by a Python program, line by line, and read by the one reader that there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.api.sheets import Sheet, loads
from gradsheet.builder.terms import Operand, Term, term
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIMPLE = re.compile(r"\w+")


class Builder:
    """Collects declarations, equations and the task; `text` is the sheet so far, `sheet()` reads it.

    >>> import gradsheet as gs
    >>> b = gs.Builder("one layer")
    >>> x, y = b.input("x", 4), b.input("y", 3)
    >>> W, c = b.parameter("W", 3, 4), b.parameter("c", 3)
    >>> z = b.define("z", gs.tanh(W @ x + c))
    >>> L = b.define("L", gs.norm(z - y) ** 2 / 2)
    >>> b.minimize(L, rate=0.1)
    >>> print(b.text, end="")
    # one layer
    <BLANKLINE>
    x ∈ ℝ^4
    y ∈ ℝ^3
    W ∈ ℝ^(3×4)
    c ∈ ℝ^3
    <BLANKLINE>
    z = tanh(W x + c)
    L = ‖z - y‖² / 2
    <BLANKLINE>
    parameters W, c
    minimize L by sgd(η = 0.1)
    >>> b.sheet().derive("L", "c").text
    '∂L/∂c = ∂L/∂z ⊙ (1 − z²)'
    """

    def __init__(self, title: str = "") -> None:
        self.title = title
        self._declared: list[str] = []
        self._equations: list[str] = []
        self._parameters: list[str] = []
        self._task: list[str] = []

    # ------------------------------------------------------------ names

    def size(self, name: str) -> Term:
        """A size that is left open: an axis, a number (`1 / n`), an end of a range."""
        return Term(tree.Name(name, name), 0)

    def input(self, name: str, *axes: int | str | Term, set: str = "ℝ") -> Term:  # noqa: A002 - the language's word
        """Declare what is given: `input("x", 4)`, `input("x", "T", "0..R")`, `input("y", set="onehot(3)")`."""
        own = re.match(r"(onehot|simplex)\(", set) is not None
        self._declared.append(f"{name} ∈ {set}{_axes(axes)}")
        return Term(tree.Name(name, name), len(axes) + own)

    def parameter(self, name: str, *axes: int | str | Term) -> Term:
        """Declare what is differentiated by and updated."""
        declared = self.input(name, *axes)
        self._parameters.append(name)
        return declared

    # ------------------------------------------------------------ equations

    def define(self, target: str, value: Operand, *, over: str | None = None) -> Term:
        """An equation; the target may have indices, `define("Z[i,j]", X[i,k] * …, over="i in 1..N")`."""
        made = term(value)
        written = value if isinstance(value, str) else plain(made.tree)
        self._equations.append(f"{target} = {written}" + (f"   for {over}" if over else ""))
        name, _, inner = target.partition("[")
        name = name.strip()
        leading = len(inner.split(",")) if inner else 0
        rank = None if made.rank is None else made.rank + leading
        return Term(tree.Name(name, name), rank)

    def write(self, text: str) -> None:
        """Lines as they stand, among the equations: families, functions of arguments, remarks."""
        self._equations.extend(text.strip("\n").split("\n"))

    # ------------------------------------------------------------ tasks

    def minimize(self, value: Operand, *, rate: float | str | None = None) -> None:
        """State the objective, and the learning rate of a step of gradient descent."""
        self._objective("minimize", value, rate)

    def maximize(self, value: Operand, *, rate: float | str | None = None) -> None:
        """State the objective, and the learning rate of a step of gradient ascent."""
        self._objective("maximize", value, rate)

    def _objective(self, sense: str, value: Operand, rate: float | str | None) -> None:
        written = value if isinstance(value, str) else plain(term(value).tree)
        method = "" if rate is None else f" by sgd(η = {rate})"
        self._task.append(f"{sense} {written}{method}")

    def pullback(self, *results: Term | str) -> None:
        """Ask for the backward pass of results that are no scalars, for any upstream gradient."""
        self._task.append("pullback " + ", ".join(str(result) for result in results))

    # ------------------------------------------------------------ the sheet

    @property
    def text(self) -> str:
        """The sheet as text."""
        parameters = [f"parameters {', '.join(self._parameters)}"] if self._parameters else []
        parts = [[f"# {self.title}"] if self.title else [], self._declared, self._equations, [*parameters, *self._task]]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def sheet(self) -> Sheet:
        """Read the sheet; raises `SheetError` for what does not fit."""
        return loads(self.text, name=f"<{self.title}>" if self.title else "<builder>")

    def __str__(self) -> str:
        return self.text


def _axes(axes: Sequence[int | str | Term]) -> str:
    """`^4`, `^(3×4)`, `^(T × 0..R)`."""
    written = [str(axis) for axis in axes]
    if not written:
        return ""
    if len(written) == 1 and _SIMPLE.fullmatch(written[0]):
        return f"^{written[0]}"
    sign = "×" if all(_SIMPLE.fullmatch(w) for w in written) else " × "
    return f"^({sign.join(written)})"
