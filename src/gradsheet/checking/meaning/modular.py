"""A sheet and what a page says of it modulo a prime: where two sides are one there, they are one everywhere."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsheet.checking.meaning.points import Point
from gradsheet.checking.meaning.tensors import mapped
from gradsheet.derivation.passes import needed_inputs
from gradsheet.evaluation import Inputs, JetDomain, UndecidedError, UndefinedValueError
from gradsheet.expressions import Role
from gradsheet.numerics import linear
from gradsheet.numerics.residue_functions import Functions
from gradsheet.numerics.residues import Residue
from gradsheet.verification.sampling import NoPointError, draw_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

    from gradsheet.checking.meaning.points import Model
    from gradsheet.evaluation import Sizes
    from gradsheet.evaluation.domains import Array
    from gradsheet.evaluation.named import Values
    from gradsheet.expressions import Symbol


class Residues(JetDomain):
    """Truncated Taylor series modulo a prime, with the functions of one random point."""

    name = "residue"

    def __init__(self, order: int, functions: Functions) -> None:
        super().__init__(order)
        self.functions = functions
        self.undefined = Residue.undecided(order)

    def number(self, value: Fraction | int) -> Any:
        """A rational number."""
        return Residue.number(value, self.order)

    def variable(self, value: Fraction | int, direction: int) -> Any:
        """The number x + t v."""
        return Residue.variable(value, direction, self.order)

    def of_order(self, order: int) -> Residues:
        """The same numbers with as many derivatives."""
        return Residues(order, self.functions)

    def constant(self, name: str) -> Any:
        """π and e, which are indeterminates; ∞ is undecided."""
        return self.functions.constant(name, self.order)

    def elementwise(self, name: str, *arguments: Any) -> Any:
        """A function of the table, entry by entry."""
        return np.frompyfunc(self.functions.table[name], len(arguments), 1)(*arguments)

    def array(self, name: str, argument: Array) -> Any:
        """A function of vectors or matrices."""
        table = self.functions.table
        data = np.asarray(argument, dtype=object)
        if any(entry.is_undecided for entry in data.reshape(-1)):
            return _undecided(name, data)
        match name:
            case "softmax":
                return linear.softmax(data, table["exp"])
            case "logsumexp":
                return linear.logsumexp(data, table["exp"], table["log"])
            case "log_determinant":
                return mapped(table["log"], np.asarray(linear.determinant(data), dtype=object))[()]
            case "determinant" if data.shape[-1] <= _LARGEST_BY_FORMULA:
                return linear.determinant(data)
            case "inverse" if data.ndim == 2:
                return _inverse(data)
            case _:
                return _undecided(name, data)

    def why_undefined(self, value: Any) -> None:
        """What is undecided is so for itself and what is made of it; the rest of a sheet has values."""

    def unspecified(self, function: Callable[[int], tuple[Fraction, ...]], times: int, argument: Any) -> Any:
        """An unspecified function: an indeterminate for each argument and each derivative."""
        return np.frompyfunc(lambda x: self.functions.opaque(function, x, times), 1, 1)(argument)


_LARGEST_BY_FORMULA = 3
_MOST_DRAWN = 8
"""So many points are drawn until the sheet's own roots are there."""
_TRIED = 6
"""So many other choices of sizes are looked at."""


def _undecided(name: str, data: Array) -> Any:
    lost = {"logsumexp": 1, "determinant": 2, "log_determinant": 2}.get(name, 0)
    result: Any = np.empty(data.shape[: data.ndim - lost], dtype=object)
    result.fill(data.reshape(-1)[0].as_undecided())
    return result if result.ndim else result[()]


def _inverse(A: Array) -> Array:
    """A⁻¹ by elimination; any pivot that is not 0 will do."""
    n = len(A)
    zero = A[0, 0] * 0
    rows = np.concatenate([A, np.where(np.eye(n, dtype=bool), zero + 1, zero)], axis=1)
    for k in range(n):
        usable = [i for i in range(k, n) if rows[i, k].coefficients[0]]
        if not usable:
            return np.full((n, n), zero.as_undecided(), dtype=object)
        rows[[k, usable[0]]] = rows[[usable[0], k]]
        rows[k] = rows[k] / rows[k, k]
        for i in range(n):
            if i != k and not rows[i, k].is_zero:
                rows[i] = rows[i] - rows[k] * rows[i, k]
    result: Array = rows[:, n:]
    return result


class Drawn(Inputs):
    """Inputs as indeterminates: what a sheet says of its rows (their sum is 1) and of its matrices holds of them."""

    def arrays(self, domain: Any, row: int | None = None) -> dict[Symbol, Values]:
        """The same indeterminates with as many derivatives."""
        whole = {s: held for s, held in self.values.items() if s.is_integer}
        found = Inputs(self.sizes, whole).arrays(domain, row)
        for symbol, held in self.values.items():
            if not symbol.is_integer:
                found[symbol] = _as_order(held, domain.order)
        return found

    @staticmethod
    def like(values: Mapping[Symbol, Any], sizes: Any, functions: Functions) -> Drawn:
        """Indeterminates in the shapes of some values."""
        made = {s: held if s.is_integer else _free(s, held, functions, ()) for s, held in values.items()}
        return Drawn(sizes, made, given=frozenset(made))


class ModularPoint(Point):
    """A point whose numbers are residues."""

    def __init__(self, model: Model, inputs: Inputs, functions: Functions) -> None:
        names = {name: _Named(name) for name in model.unspecified}
        super().__init__(model, inputs, names)
        self.table = functions

    def jets(self, order: int) -> Residues:
        """The numbers with which everything is computed here."""
        return Residues(order, self.table)


class _Named(str):
    """An unspecified function, of which only the name is known."""

    __slots__ = ()

    def __call__(self, _order: int) -> tuple[Fraction, ...]:
        """No coefficients."""
        return ()


def modular(model: Model, seed: int, *, beside: Sizes | None) -> ModularPoint | None:
    """A random point modulo a prime; None where a sheet has more than fields know: classes by number, comparisons.

    Sizes are fresh and, as far as possible, others than those of a point; without one they are the sheet's own.
    """
    inputs = needed_inputs(model.graph, model.graph.equations)
    inputs |= {s for s in model.sheet.symbols.values() if s.role is Role.INPUT}
    if any(s.is_integer for s in inputs):
        return None
    rng = random.Random(15485863 * seed)
    found: ModularPoint | None = None
    for _ in range(_MOST_DRAWN):
        found = _drawn(model, inputs, rng, beside)
        if found is None or not found.table.lacks_root:
            break
    return found


def _drawn(model: Model, inputs: set[Symbol], rng: random.Random, beside: Sizes | None) -> ModularPoint | None:
    try:
        sizes = model.draw_sizes(rng, fresh=beside is not None)
        if beside is not None:
            others = [sizes, *(model.draw_sizes(rng, fresh=True) for _ in range(_TRIED))]
            sizes = min(others, key=lambda s: sum(n == beside.values.get(size) for size, n in s.values.items()))
        functions = Functions(rng.getrandbits(64))
        values = draw_values(inputs - set(model.graph.clauses), sizes, rng, 0)
        point = ModularPoint(model, Drawn.like(values, sizes, functions), functions)
        point.values()
    except (NoPointError, UndecidedError, UndefinedValueError, ArithmeticError):
        return None
    return point


def _as_order(values: Any, order: int) -> Any:
    if isinstance(values, dict):
        return {k: _as_order(v, order) for k, v in values.items()}
    return mapped(lambda entry: entry.still(0, order), values)


def _free(symbol: Symbol, values: Any, functions: Functions, member: tuple[Any, ...]) -> Any:
    if isinstance(values, dict):
        return {k: _free(symbol, part, functions, (k,)) for k, part in values.items()}
    shape = np.shape(values)
    result = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        at = tuple(sorted(place)) if symbol.symmetric and len(shape) == 2 else place
        result[place] = functions.indeterminate((symbol, *member, at))
    if symbol.domain.kind in {"onehot", "simplex"}:
        for row in np.ndindex(shape[:-1]):
            result[(*row, -1)] = Residue.number(1) - sum(result[row][:-1], Residue.number(0))
    return result


__all__ = ["Drawn", "ModularPoint", "Residues", "modular"]
