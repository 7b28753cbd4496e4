"""What is true of a document of the corpus, worked out without the checker: NumPy, differences, and a model beside it.

Each document has a `model.py` with `network(q)`: the page's own forward pass in NumPy. `q(name, value)` records a
value and may move it a little; so the adjoint of everything is a central difference of the objective, and no rule of
calculus is used. A ledger holds for each formula the chain of its sides in NumPy, `d_W == outer(d_z, x)`; `steps`
evaluates them.
"""

from __future__ import annotations

import importlib.util
import json
import re
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORPUS = Path(__file__).parent / "corpus"
STEP = 2e-3
EXACT = 2e-7
"""Of two values that are to be equal: relative to the larger, beyond what eighth-order differences lose."""
STENCIL = ((1, 4 / 5), (2, -1 / 5), (3, 4 / 105), (4, -1 / 280))


class Recorder:
    """q(name, value): keeps the value under its name, moved where `moves` says so."""

    def __init__(self, seed: int, moves: dict[str, tuple[tuple[int, ...], float]]):
        self.random = np.random.default_rng(seed)
        self.moves = moves
        self.values: dict[str, Any] = {}
        self.functions: dict[str, Any] = {}
        """Functions of the page, at this point."""

    def __call__(self, name: str, value: Any) -> Any:
        value = np.array(value, dtype=float)
        if name in self.moves:
            at, by = self.moves[name]
            value[at] += by
        self.values[name] = value
        return value

    def normal(self, name: str, *shape: int) -> Any:
        """A quantity that is given: random, and the same in each run of one seed."""
        return self(name, self.random.normal(size=shape))

    def positive(self, name: str, *shape: int) -> Any:
        return self(name, self.random.uniform(0.5, 2.0, size=shape))


class Truth:
    """Values and adjoints of one document at one random point."""

    def __init__(self, name: str, seed: int = 1):
        self.module = load(name)
        self.seed = seed
        recorder = self.recorded({})
        self.values, self.functions = recorder.values, recorder.functions
        self.known: dict[str, Any] = {}

    def recorded(self, moves: dict[str, tuple[tuple[int, ...], float]]) -> Recorder:
        recorder = Recorder(self.seed, moves)
        self.module.network(recorder)
        return recorder

    def run(self, moves: dict[str, tuple[tuple[int, ...], float]]) -> dict[str, Any]:
        return self.recorded(moves).values

    def jacobian(self, out: str, of: str) -> Any:
        """∂out/∂of: by central differences of eighth order, everything between moving along."""
        if (key := f"{out}|{of}") not in self.known:
            if of not in self.values or out not in self.values:
                raise NameError(f"{out} or {of}")
            shape = self.values[of].shape
            columns = {}
            for at in np.ndindex(*shape):
                total = 0.0
                for k, weight in STENCIL:
                    up = self.run({of: (at, k * STEP)})[out]
                    total = total + weight * (up - self.run({of: (at, -k * STEP)})[out]) / STEP
                columns[at] = total
            result = np.zeros(self.values[out].shape + shape)
            for at, column in columns.items():
                result[(..., *at)] = column
            self.known[key] = result
        return self.known[key]

    def adjoint(self, name: str) -> Any:
        return self.jacobian(self.module.OBJECTIVE, name)

    def names(self, text: str) -> dict[str, Any]:
        """The names that an expression of a ledger may use."""
        found: dict[str, Any] = {**HELPERS, **getattr(self.module, "HELPERS", {}), **self.functions, "J": self.jacobian}
        for name, value in self.values.items():
            base, _, index = name.partition("[")
            if index:
                found.setdefault(base, {})[index_key(index)] = value
            else:
                found[base] = value
        for base in {n.partition("[")[0] for n in self.values}:
            if re.search(rf"\bd_{re.escape(base)}\b", text):
                members = [n for n in self.values if n.partition("[")[0] == base]
                if members == [base]:
                    found["d_" + base] = self.adjoint(base)
                else:
                    found["d_" + base] = {index_key(n.partition("[")[2]): self.adjoint(n) for n in members if "[" in n}
        return found


def index_key(text: str) -> Any:
    parts = [int(p) for p in text.rstrip("]").split(",")]
    return parts[0] if len(parts) == 1 else tuple(parts)


@cache
def load(name: str) -> Any:
    path = CORPUS / name / "model.py"
    spec = importlib.util.spec_from_file_location(f"corpus_{name.replace('-', '_')}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Rounded:
    """A decimal as the page prints it: right to half a unit of its last digit, or to as many units as are said."""

    def __init__(self, text: str, units: float = 0.5):
        digits = text.split()
        self.value = np.array([float(t) for t in digits]) if len(digits) > 1 else float(text)
        places = [-int(Decimal(t).as_tuple().exponent) for t in digits]
        self.slack = (units + 0.02) * np.array([10.0**-p for p in places]) if len(digits) > 1 else (
            (units + 0.02) * 10.0 ** -places[0]
        )


def difference(f: Callable[[Any], Any], at: Any) -> Any:
    """∂f/∂v at v = at, by the same differences."""
    at = np.array(at, dtype=float)
    parts = {}
    for index in np.ndindex(*at.shape):
        total: Any = 0.0
        for k, weight in STENCIL:
            e = np.zeros_like(at)
            e[index] = k * STEP
            total = total + weight * (np.asarray(f(at + e)) - np.asarray(f(at - e))) / STEP
        parts[index] = total
    result = np.zeros(np.shape(f(at)) + at.shape)
    for index, part in parts.items():
        result[(..., *index)] = part
    return result


def logistic(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def softmax(z: Any, axis: int = -1) -> Any:
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def total(f: Callable[..., Any], *ranges: Any) -> Any:
    """Σ f(i, j, …) over ranges; a whole number n stands for 0 … n − 1."""
    spans = [range(r) if isinstance(r, (int, np.integer)) else r for r in ranges]
    return sum((f(*at) for at in product(*spans)), start=0.0)


def conforming(a: Any, b: Any) -> Any:
    """a b, or nothing that equals anything where the two do not conform: for lines that are wrong by their shapes."""
    return a @ b if a.shape[-1] == b.shape[0] else np.nan


HELPERS: dict[str, Any] = {
    "mul": conforming,
    "np": np,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "outer": np.outer,
    "diag": np.diag,
    "tr": np.trace,
    "inv": np.linalg.inv,
    "eye": np.eye,
    "ones": np.ones,
    "norm": np.linalg.norm,
    "sg": logistic,
    "softmax": softmax,
    "S": total,
    "D": difference,
    "dec": Rounded,
    "relu": lambda z: np.maximum(z, 0),
    "array": np.array,
}

RANGES = re.compile(r"^((?:\w+\s*(?:<\s*\w+|=\s*\w+\.\.\w+|∈\s*\S+)\s*,?\s*)+):\s*(?!:)")
RANGE = re.compile(r"(\w+)\s*(?:<\s*(\w+)|=\s*(\w+)\.\.(\w+)|∈\s*([\w.]+))")


def split_chain(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    """`i<3, t=1..T: a == b == c` as its ranges and its sides."""
    ranges: list[tuple[str, str]] = []
    if head := RANGES.match(text):
        for name, below, low, high, of in RANGE.findall(head.group(1)):
            ranges.append((name, f"range({below})" if below else of or f"range({low}, {high} + 1)"))
        text = text[head.end() :]
    return ranges, [side.strip() for side in text.split(" == ")]


def evaluate(truth: Truth, text: str) -> Iterator[list[Any]]:
    """The values of the sides of a chain, for each choice of its free indices."""
    ranges, sides = split_chain(text)
    names = truth.names(text)
    spans = [np.atleast_1d(eval(r, dict(names))) for _, r in ranges]  # noqa: S307 - the corpus's own data
    for at in product(*spans):
        names.update({name: int(value) for (name, _), value in zip(ranges, at, strict=True)})
        with np.errstate(all="ignore"):
            yield [eval(side, names) for side in sides]  # noqa: S307 - the corpus's own data


def equal(a: Any, b: Any) -> bool:
    """Two values agree: a printed decimal to its last digit, anything else to the accuracy of the differences."""
    slack = 0.0
    for side in (a, b):
        if isinstance(side, Rounded):
            slack = slack + side.slack
    left, right = (np.asarray(s.value if isinstance(s, Rounded) else s, dtype=float) for s in (a, b))
    if left.shape != right.shape and left.size == right.size == 1:
        left, right = left.reshape(()), right.reshape(())
    if left.shape != right.shape and not (left.shape == () or right.shape == ()):
        return False
    scale = max(1.0, float(np.max(np.abs(left))), float(np.max(np.abs(right))))
    return bool(np.all(np.abs(left - right) <= slack + EXACT * scale))


def steps(truth: Truth, text: str) -> list[bool]:
    """For each `==` of a chain whether its right side has the value that the chain begins with."""
    found: list[bool] | None = None
    for values in evaluate(truth, text):
        now = [equal(values[0], value) for value in values[1:]]
        found = now if found is None else [a and b for a, b in zip(found, now, strict=True)]
    assert found is not None, text
    return found


def ledger(name: str) -> list[dict[str, Any]]:
    return json.loads((CORPUS / name / "ledger.json").read_text(encoding="utf-8"))


def documents() -> list[str]:
    """The names of all documents of the corpus that have a ledger."""
    return sorted(p.parent.name for p in CORPUS.glob("*/ledger.json"))


def page(name: str) -> Path:
    """The page itself, whatever its format."""
    return next(iter(sorted((CORPUS / name).glob("solution.*"))))
