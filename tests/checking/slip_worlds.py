"""A few lines of arithmetic on paper: bound trees as NumPy numbers, so that the search for slips can be tried alone.

A vector is a column (n, 1), a member of a family has a key of its own ("W[2]"), a derivative is looked up by its text.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from gradsheet.checking.slips import IndexFacts, NameFacts, Vocabulary
from gradsheet.diagnostics import Diagnostics, Source, Span
from gradsheet.syntax import parse_expression
from gradsheet.syntax.document_formulas import read_part
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import rewritten, walk
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Axis,
    Bars,
    Binder,
    Comparison,
    Conditional,
    Derivative,
    FunctionName,
    Group,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Subscript,
    Transpose,
)


class Meaningless(Exception):  # noqa: N818 - no fault of the program: what stands there has no value
    """Shapes that do not fit, names that nobody knows."""


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FUNCTIONS = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "σ": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda x: -np.sin(x)),
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: 1 / x),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "f": (lambda x: np.sin(x) + x**2 / 3, lambda x: np.cos(x) + 2 * x / 3),
    "g": (lambda x: np.cos(2 * x) + x, lambda x: 1 - 2 * np.sin(2 * x)),
    "diag": (lambda x: np.diag(x[:, 0]), None),
    "tr": (lambda x: float(np.trace(x)), None),
    "sum": (np.sum, None),
}


@dataclass
class World:
    """Names with shapes, members by number, facts such as `∂L/∂z[3]` = `ŷ - y`, and the ranges of indices."""

    shapes: dict = field(default_factory=dict)
    """`"x": ()`, `"b": (3,)`, `"W": {1: (4, 5), 2: (3, 4)}`."""
    facts: dict = field(default_factory=dict)
    indices: dict = field(default_factory=dict)
    sizes: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=dict)
    lookalikes: tuple = ()
    siblings: tuple = ()
    functions: tuple = ()

    def tree(self, text):
        source = Source(text)
        if "axis" in text:  # only documents say this
            found = read_part(source, Span(0, len(text)), "plain")
        else:
            found = parse_expression(source, Diagnostics(source))
        return rewritten(
            found,
            lambda part: FunctionName(part.key, part.text, span=part.span)
            if isinstance(part, Name) and part.key in FUNCTIONS
            else part,
        )

    def vocabulary(self, text=""):
        names = {}
        for key, shape in self.shapes.items():
            family = isinstance(shape, dict)
            members = tuple(Fraction(value) for value in shape) if family else ()
            rank = len(next(iter(shape.values()))) if family else len(shape)
            names[key] = NameFacts(
                key, self.kinds.get(key, "forward"), rank, leading=1 if family else 0, members=members
            )
        for key in self.functions:
            names[key] = NameFacts(key, "function")
        for key in self.sizes:
            names[key] = NameFacts(key, "size", 0)
        indices = {key: IndexFacts(key) for key in self.indices}
        siblings = tuple(self.tree(line) for line in self.siblings)
        return Vocabulary(
            names, indices, lookalikes=self.lookalikes, siblings=siblings, spell=plain, text=text, notation="plain"
        )

    def values(self, seed):
        draw = np.random.default_rng(seed)
        found = {"e": math.e, **self.sizes}
        for key, shape in self.shapes.items():
            members = {f"{key}[{m}]": s for m, s in shape.items()} if isinstance(shape, dict) else {key: shape}
            for name, size in members.items():
                if size:
                    found[name] = draw.uniform(0.2, 1.7, size if len(size) == 2 else (*size, 1))
                else:
                    found[name] = float(draw.uniform(0.2, 1.7))
        for text, formula in self.facts.items():
            found[plain(self.tree(text))] = Paper(self, found).value(self.tree(formula), {})
        return found

    def test(self, *, digits=False):
        """Whether a claim holds at three points, for every value of its free indices."""
        points = [Paper(self, self.values(seed)) for seed in (1, 2, 3)]

        def true(left, right):
            try:
                return all(point.agree(left, right, digits=digits) for point in points)
            except (Meaningless, ValueError, ArithmeticError, IndexError, TypeError):
                return False

        return true


class Paper:
    """One point: values for all names."""

    def __init__(self, world, values):
        self.world = world
        self.values = values

    def agree(self, left, right, *, digits):
        used = {part.key for side in (left, right) for part in walk(side) if isinstance(part, Name)}
        free = [key for key in self.world.indices if key in used]
        for point in itertools.product(*(self.world.indices[key] for key in free)):
            at = dict(zip(free, point, strict=True))
            one, two = (np.asarray(self.value(side, at), dtype=float) for side in (left, right))
            if one.shape != two.shape:
                return False
            places = max((len(n.text.partition(".")[2]) for n in walk(right) if isinstance(n, Num)), default=0)
            close = 0.5001 * 10.0**-places if digits else 1e-9
            if not np.all(np.abs(one - two) <= close * (1 if digits else 1 + np.abs(one))):
                return False
        return True

    def value(self, node, at):
        with np.errstate(all="ignore"):
            return self._value(node, at)

    def _value(self, node, at):
        match node:
            case Num(value=value):
                return float(value)
            case Name(key=key) if key in at:
                return at[key]
            case Name(key=key) if key in self.values:
                return self.values[key]
            case Group(items=(item,)):
                return self._value(item, at)
            case Subscript():
                return self.entry(node, at)
            case Transpose(base=base) | Prime(base=base):
                found = self._value(base, at)
                return found.T if isinstance(found, np.ndarray) else found
            case Power(base=base, exponent=exponent):
                below, above = self._value(base, at), self._value(exponent, at)
                if isinstance(below, np.ndarray) and above == -1 and below.shape[0] == below.shape[1] > 1:
                    return np.linalg.inv(below)
                return below**above
            case Additive(terms=terms):
                return self.sum(terms, at)
            case Product(factors=factors):
                return self.product(factors, at)
            case Derivative():
                return self.known(node, at)
            case Bars(kind="‖", body=body):
                return float(np.linalg.norm(self._value(body, at)))
            case Bars(body=body):
                return np.abs(self._value(body, at))
            case Binder():
                return self.binder(node, at)
            case Array():
                return self.array(node, at)
            case Conditional(then=then, condition=condition, otherwise=otherwise):
                return self._value(then if self.holds(condition, at) else otherwise, at)
            case _:
                raise Meaningless(plain(node))

    def known(self, node, at):
        text = plain(node)
        if text not in self.values:
            for key, value in sorted(at.items()):  # ∂L/∂w[i] at i = 2
                text = text.replace(f"[{key}]", f"[{value}]")
        if text not in self.values:
            raise Meaningless(text)
        return self.values[text]

    def entry(self, node, at):
        spelled = [f"{self._value(item, at):g}" for item in node.items]
        name = plain(node.base)
        if f"{name}[{spelled[0]}]" in self.values:
            found, rest = self.values[f"{name}[{spelled[0]}]"], node.items[1:]
        else:
            found, rest = self._value(node.base, at), node.items
        places = [int(self._value(item, at)) - 1 for item in rest]
        if not places:
            return found
        if not isinstance(found, np.ndarray) or any(place < 0 for place in places):
            raise Meaningless(plain(node))
        vector = found.shape[1] == 1
        if len(places) != (1 if vector else 2):
            raise Meaningless(plain(node))
        return float(found[places[0], 0] if vector else found[places[0], places[1]])

    def sum(self, terms, at):
        total = None
        for term in terms:
            value = self._value(term.item, at)
            value = -value if term.sign == "-" else value
            if total is None:
                total = value
                continue
            if np.shape(total) != np.shape(value) and np.ndim(total) and np.ndim(value):
                raise Meaningless
            total = total + value
        return total

    def product(self, factors, at):
        result, position = self.operand(factors, 0, at)
        while position < len(factors):
            sign = factors[position].sign
            right, position = self.operand(factors, position, at)
            if sign in {"/", "⊘"}:
                if np.ndim(right) and np.shape(result) != np.shape(right):
                    raise Meaningless
                result = result / right
            elif sign == "×":
                result = np.append(result, right)  # what is stated of a shape
            elif sign == "⊙":
                if np.shape(result) != np.shape(right):
                    raise Meaningless
                result = result * right
            elif np.ndim(result) == 0 or np.ndim(right) == 0:
                result = result * right
            else:
                result = result @ right
                result = float(result[0, 0]) if result.shape == (1, 1) else result
        return result

    def operand(self, factors, position, at):
        item = factors[position].item
        head, order, exponent = item, 0, None
        if isinstance(head, Power):
            head, exponent = head.base, head.exponent
        if isinstance(head, Prime):
            head, order = head.base, head.count
        if not isinstance(head, FunctionName):
            return self._value(item, at), position + 1
        if head.key == "sum":
            return self.along(factors[position + 1].item, at), position + 2
        if position + 1 == len(factors) or order > 1 or head.key not in FUNCTIONS:
            raise Meaningless
        argument = factors[position + 1].item
        postfix = None
        if isinstance(argument, Power) and isinstance(argument.base, Group):
            argument, postfix = argument.base, argument.exponent
        function = FUNCTIONS[head.key][order]
        if function is None:
            raise Meaningless
        value = function(self._value(argument, at))
        for power in (exponent, postfix):
            value = value if power is None else value ** self._value(power, at)
        return value, position + 2

    def along(self, argument, at):
        match argument:
            case Group(items=(base, Axis(number=axis))):
                return np.sum(self._value(base, at), axis=axis).reshape(-1, 1)
            case _:
                raise Meaningless

    def binder(self, node, at):
        ranges = []
        for bound in node.indices:
            if isinstance(bound.domain, Range):
                ends = (int(self._value(end, at)) for end in (bound.domain.low, bound.domain.high))
                low, high = ends
                ranges.append(range(low, high + 1))
            elif bound.name.key in self.world.indices:
                ranges.append(self.world.indices[bound.name.key])
            else:
                raise Meaningless
        keys = [bound.name.key for bound in node.indices]
        values = [self._value(node.body, {**at, **dict(zip(keys, p, strict=True))}) for p in itertools.product(*ranges)]
        if not values:
            return 0.0
        return sum(values[1:], values[0]) / (len(values) if node.kind == "mean" else 1)

    def array(self, node, at):
        if len(node.rows) == 1 and isinstance(node.rows[0][0], Comparison):
            return float(self.holds(node.rows[0][0], at))
        rows = node.rows
        if len(rows) == 1 and not isinstance(rows[0][0], Array):
            rows = tuple((item,) for item in rows[0])
        if len(rows) == 1 and isinstance(rows[0][0], Array):
            rows = rows[0][0].rows
        return np.array([[self._value(item, at) for item in row] for row in rows])

    def holds(self, node, at):
        while isinstance(node, Group):
            node = node.items[0]
        one, two = (self._value(item, at) for item in node.items)
        return {"=": one == two, ">": one > two, "≥": one >= two, "<": one < two, "≤": one <= two}[node.relations[0]]
