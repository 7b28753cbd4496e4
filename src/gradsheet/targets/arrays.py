"""Expressions in components as code on whole arrays: every free index becomes an axis, and no loop is written."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, assert_never

from gradsheet.expressions import (
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Condition,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Invoke,
    Junction,
    Multiply,
    Negation,
    Number,
    OverData,
    Partial,
    Piecewise,
    Power,
    Reduce,
    Relation,
    number,
    walk,
)
from gradsheet.operations import ELEMENTWISE
from gradsheet.operations.terms import T
from gradsheet.targets.pieces import Level, Piece, united
from gradsheet.targets.products import Products, conjuncts, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.targets.places import Outside

_SIGNS = {"=": "==", "≠": "!=", "<": "<", "≤": "<=", ">": ">", "≥": ">="}
_PLAIN = (
    "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "tanh", "sin", "cos", "tan", "sinh", "cosh",
    "erf", "lgamma",
)  # fmt: skip
MATH = {
    **{name: f"math.{name}({{0}})" for name in _PLAIN},
    "arcsin": "math.asin({0})", "arccos": "math.acos({0})", "arctan": "math.atan({0})", "arsinh": "math.asinh({0})",
    "abs": "abs({0})", "max": "max({0}, {1})", "min": "min({0}, {1})",
}  # fmt: skip
"""Functions of numbers of Python, which are computed by Python: an array's precision stays what it is."""
_PARTIAL = {"log", "log2", "log10", "log1p", "sqrt", "arcsin", "arccos", "lgamma", "digamma"}
_UNEVEN = {"softmax", "logsoftmax", "logsumexp", "argmaximum"}


class Arrays(Products):
    """Prints any right-hand side of a program."""

    def expr(self, node: Expr, outside: Outside = "never") -> Piece:
        match node:
            case Number(value=value):
                return _number(value)
            case Constant(name=name):
                if name == "∞":
                    return Piece(f"{self.dialect.prefix}.inf", kind="number")
                return Piece(f"{self.dialect.prefix}.{'pi' if name == 'π' else 'e'}", kind="number")
            case Integer(value=value):
                return self.floats(self.whole(value))
            case Access():
                return self.floats(self.access(node, "clip" if outside == "clip" else "never"))
            case Add(terms=terms):
                return self._add(terms, outside)
            case Multiply(factors=factors):
                return self._product(node, factors, outside)
            case Power(base=base, exponent=exponent):
                return self._power(base, exponent, outside)
            case Call(function=str() as function, arguments=arguments):
                return self._call(function, arguments, outside)
            case Piecewise(condition=condition, then=then, otherwise=otherwise):
                return self._choice(node, condition, then, otherwise)
            case Reduce():
                return self._reduce(node, outside)
            case ArrayCall():
                return self._array_call(node, outside)
            case Call() | Configurations() | Invoke() | OverData() | Partial():
                raise AssertionError(node)  # the passes before have taken these apart
            case _:
                assert_never(node)

    # ------------------------------------------------------------ sums and products

    def _add(self, terms: Sequence[Expr], outside: Outside) -> Piece:
        parts: list[tuple[str, Piece]] = []
        for term in terms:
            sign, bare = _signed(term)
            parts.append((sign, self.floats(self.expr(bare, outside))))
        if parts[0][0] == "-":  # b − a is read more easily than −a + b
            later = next((k for k, (sign, _) in enumerate(parts) if sign == "+"), None)
            if later is not None:
                parts.insert(0, parts.pop(later))
        axes = united([p for _, p in parts], self.order)
        text = ""
        for sign, part in parts:
            own = self.aligned(part, axes)
            if not text:
                text = f"-{own.at(Level.SIGN)}" if sign == "-" else own.at(Level.SUM)
            else:
                text += f" {sign} {own.at(Level.PRODUCT)}"
        return Piece(text, Level.SUM, axes, _together([p for _, p in parts]))

    def _product(self, node: Multiply, factors: Sequence[Expr], outside: Outside) -> Piece:
        guarded = self._guarded_product(node)
        if guarded is not None:
            return guarded
        above: list[Piece] = []
        below: list[Piece] = []
        coefficient = Fraction(1)
        for factor in factors:
            match factor:
                case Number(value=value):
                    coefficient *= value
                case Power(base=base, exponent=Number(value=value)) if value < 0:
                    below.append(self.floats(self.expr(_raised(base, -value), outside)))
                case Piecewise(condition=condition, then=Number(value=one), otherwise=Number(value=zero)) if (
                    one == 1 and zero == 0
                ):
                    above.append(self.mask(condition))
                case _:
                    above.append(self.expr(factor, outside))
        above = self._numeric(above, below)
        return self._quotient(coefficient, above, below)

    def _guarded_product(self, node: Multiply) -> Piece | None:
        """A product of components that conditions on places guard."""
        factors, conditions = opened(node)
        if not conditions or not all(_on_places(c) for c in conditions):
            return None
        numbers = [f for f in factors if isinstance(f, Number)]
        reads = [f for f in factors if not isinstance(f, Number)]
        if not reads or not all(isinstance(f, Access) for f in reads):
            return None
        pieces = self._factors(reads, conditions)
        return self.scaled(numbers, self.times(pieces)) if pieces is not None else None

    def _numeric(self, above: list[Piece], below: list[Piece]) -> list[Piece]:
        """Factors such that truth values never are all there is: true · true is true, not 1."""
        if any(p.kind == "array" for p in (*above, *below)):
            return [p if p.kind != "test" else Piece(f"float{_wrapped(p.text)}", kind="number") for p in above]
        made = [Piece(f"float{_wrapped(p.text)}", kind="number") if p.kind == "test" else p for p in above]
        masks = [k for k, p in enumerate(made) if p.kind in {"mask", "whole"}]
        if masks:
            made[masks[0]] = self.floats(made[masks[0]])
        return made

    def _quotient(self, coefficient: Fraction, above: list[Piece], below: list[Piece]) -> Piece:
        scale = abs(coefficient)
        text_number = _number(scale)
        numerator = scale.numerator if text_number.level != Level.ATOM else None
        whole = [*above]
        if numerator is not None:
            below = [Piece(str(scale.denominator), kind="number"), *below]
            text_number = Piece(str(numerator), kind="number")
        if text_number.text not in {"1", "1.0"}:
            whole.insert(0, text_number)
        axes = united([*whole, *below], self.order)
        outer = self._outer(whole, axes)
        texts = [outer] if outer is not None else [self.aligned(p, axes) for p in whole]
        if texts:
            first, *rest = texts
            text, level = first.text, first.level
            if rest:
                text = " * ".join([first.at(Level.PRODUCT), *(t.at(Level.SIGN) for t in rest)])
                level = Level.PRODUCT
        else:
            text, level = "1", Level.ATOM
        if below:
            divisors = [self.aligned(p, axes) for p in below]
            head = Piece(text, level).at(Level.PRODUCT)
            if len(divisors) == 1:
                text = f"{head} / {divisors[0].at(Level.SIGN)}"
            else:
                inner = " * ".join(d.at(Level.SIGN) for d in divisors)
                text = f"{head} / ({inner})"
            level = Level.PRODUCT
        if coefficient < 0:
            if text.startswith("-") and level in {Level.SIGN, Level.PRODUCT}:
                text, level = text[1:], Level.PRODUCT  # two signs are none
            else:
                text = f"-{Piece(text, level).at(Level.PRODUCT)}"
                level = Level.PRODUCT if level != Level.ATOM else Level.SIGN
        kind = _together([*whole, *below])
        return Piece(text, level, axes, kind)

    def _outer(self, pieces: Sequence[Piece], axes: Sequence[Index]) -> Piece | None:
        """Vectors over two indices, and nothing else."""
        vectors = [p for p in pieces if p.axes]
        if any(len(p.axes) != 1 or p.kind != "array" for p in vectors) or len({p.axes for p in vectors}) != 2:
            return None
        one, two = (self.times([p for p in vectors if p.axes == (i,)]) for i in axes)
        made = Piece(self.dialect.outer(one.text, two.text), Level.ATOM, (*one.axes, *two.axes))
        scalars = [p for p in pieces if not p.axes]
        return self.times([*scalars, made]) if scalars else made

    def scaled(self, coefficient: Sequence[Expr], piece: Piece) -> Piece:
        value = Fraction(1)
        for factor in coefficient:
            assert isinstance(factor, Number)
            value *= factor.value
        return self._quotient(value, [piece], []) if value != 1 else piece

    def _power(self, base: Expr, exponent: Expr, outside: Outside) -> Piece:
        if isinstance(exponent, Number):
            if exponent.value == Fraction(1, 2):
                return self._call("sqrt", (base,), outside)
            if exponent.value < 0:
                divisor = self.floats(self.expr(_raised(base, -exponent.value), outside))
                return self._quotient(Fraction(1), [], [divisor])
        below, above = self.floats(self.expr(base, outside)), self.floats(self.expr(exponent, outside))
        axes = united([below, above], self.order)
        low, high = self.aligned(below, axes), self.aligned(above, axes)
        text = f"{low.at(Level.ATOM)} ** {high.at(Level.SIGN)}"
        return Piece(text, Level.POWER, axes, _together([below, above]))

    # ------------------------------------------------------------ functions

    def _call(self, function: str, arguments: Sequence[Expr], outside: Outside) -> Piece:
        pieces = [self.floats(self.expr(a, outside)) for a in arguments]
        if all(p.kind == "number" for p in pieces):
            if function in MATH:
                self.used.add("math")
                return Piece(MATH[function].format(*(p.text for p in pieces)), kind="number")
            self.used.add("dtype")
            pieces[0] = Piece(self.dialect.filled("()", pieces[0].text))
        axes = united(pieces, self.order)
        own = [self.aligned(p, axes) for p in pieces]
        if function in {"max", "min"}:
            a, b = own if own[0].kind != "number" else own[::-1]
            text = self.dialect.extreme(function, a.text, b.text, number=b.kind == "number")
            return Piece(text, Level.ATOM, axes)
        template = self.dialect.functions.get(function)
        if template is None:
            definition = ELEMENTWISE[function].definition
            if definition is None:
                raise self.lacks(f"calls {function}")
            return self.expr(definition(*(T(a) for a in arguments)).expr, outside)
        return self._filled_in(template, own, axes)

    def _filled_in(self, template: str, pieces: Sequence[Piece], axes: Sequence[Index]) -> Piece:
        text = template.replace("{np}", self.dialect.prefix)
        for k, piece in enumerate(pieces):
            bare = piece.text.removeprefix("-") if piece.level is Level.SIGN else f"-{piece.at(Level.ATOM)}"
            text = text.replace(f"-{{{k}!}}", bare).replace(f"{{{k}}}", piece.text)
        self.used |= {name for name in self.dialect.helpers if re.search(rf"\b{name}\(", template)}
        if template.startswith(("F.", "-F.")):
            self.used.add("F")
        level = Level.SIGN if text.startswith("-") else Level.ATOM
        return Piece(text, level, tuple(axes))

    def _array_call(self, node: ArrayCall, outside: Outside) -> Piece:
        """An operation along the last axes of an array, at some places of its result."""
        indices = node.argument.indices
        self.order.extend(indices)
        try:
            uneven = any(not self.is_even(i) for i in indices)
            inner = self.floats(self.expr(node.argument.body, "clip" if uneven else outside))
            inner = self._even(inner, indices, node.operation)
            outer = [a for a in inner.axes if a not in indices]
            axes = [*outer, *indices]
            inner = self.sorted(inner, axes)
            if len(inner.axes) < len(axes):
                made = self.aligned(inner, axes, whole=True)
                text = self.dialect.broadcast(made.text, self.shape(axes))
                inner = Piece(text, Level.ATOM, tuple(axes))
        finally:
            del self.order[len(self.order) - len(indices) :]
        made = self._filled_in(self.dialect.functions[node.operation], [inner], axes)
        if not node.at:
            return made.named(outer)
        places = [p.single for p in node.at]
        named = [p for p in places if isinstance(p, Index) and p not in self.loops and p not in outer]
        if len(set(named)) == len(places) and all(
            self.widest(p) == self.widest(i) for p, i in zip(named, indices, strict=True)
        ):
            return made.named([*outer, *named])
        base = Piece(self.names.fresh(f"{node.operation}s"))
        self.lines.append(f"{base.text} = {made.text}")
        lows = [self.widest(i)[0] for i in axes]
        own = [Index(i.name, Affine(), self.widest(i)[1] - low) for i, low in zip(axes, lows, strict=True)]
        whole = [*(Affine.atom(i) for i in outer), *node.at]
        return self.component(base, own, [p - low for p, low in zip(whole, lows, strict=True)], "clip")

    def _even(self, inner: Piece, indices: Sequence[Index], operation: str) -> Piece:
        """The array with −∞ beyond ranges that depend on other axes."""
        for index in indices:
            if self.is_even(index):
                continue
            if operation not in _UNEVEN:
                raise self.lacks(f"takes the {operation} of arrays of different sizes")
            inner = self._within(index, inner, f"-{self.dialect.prefix}.inf")
        return inner

    def _within(self, index: Index, piece: Piece, otherwise: str) -> Piece:
        """The array inside the range of an index, and something else beyond it."""
        low, high = self.widest(index)
        bounds: list[Condition] = []
        if index.low != low:
            bounds.append(Relation("≤", Integer(index.low), Integer(Affine.atom(index))))
        if index.high != high:
            bounds.append(Relation("≤", Integer(Affine.atom(index)), Integer(index.high)))
        mask = self._joined("and", [self.mask(b) for b in bounds])
        axes = united([mask, piece], self.order)
        own, other = self.aligned(mask, axes), self.aligned(piece, axes)
        return Piece(self.dialect.where(own.text, other.text, otherwise), Level.ATOM, axes)

    # ------------------------------------------------------------ reductions

    def _reduce(self, node: Reduce, outside: Outside) -> Piece:
        if node.kind == "sum":
            product = self.summed(node, outside)
            if product is not None:
                return product
        indices: list[Index] = []
        body: Expr = node
        while isinstance(body, Reduce) and body.kind == node.kind:
            indices.append(body.index)
            body = body.body
        self.order.extend(indices)
        try:
            uneven = [i for i in indices if not self.is_even(i)]
            piece = self.floats(self.expr(body, "clip" if uneven else outside))
            infinite = f"{self.dialect.prefix}.inf"
            neutral = {"sum": "0", "prod": "1", "max": f"-{infinite}", "min": infinite}
            for index in uneven:
                piece = self._within(index, self._array(piece), neutral[node.kind])
        finally:
            del self.order[len(self.order) - len(indices) :]
        own = [k for k, a in enumerate(piece.axes) if a in indices]
        rest = tuple(a for a in piece.axes if a not in indices)
        idle = [i for i in indices if i not in piece.axes]
        if own:
            piece = Piece(self.dialect.reduced(node.kind, piece.text, own if rest else None), Level.ATOM, rest)
        for index in idle:
            extent = Piece(self.extent(index), Level.SUM, kind="number")
            if node.kind == "sum":
                piece = self.times([extent, piece])
            elif node.kind == "prod":
                piece = Piece(f"{piece.at(Level.ATOM)} ** {extent.at(Level.ATOM)}", Level.POWER, rest, piece.kind)
        return piece

    def _array(self, piece: Piece) -> Piece:
        if piece.kind != "number":
            return piece
        self.used.add("dtype")
        return Piece(self.dialect.filled("()", piece.text))

    # ------------------------------------------------------------ choices

    def _choice(self, node: Piecewise, condition: Condition, then: Expr, otherwise: Expr) -> Piece:
        if isinstance(otherwise, Number) and not otherwise.value and _on_places(condition):
            guarded = self._guarded_product(Multiply((node,)))
            if guarded is not None:
                return guarded
        mask = self.mask(condition)
        if mask.kind == "mask" and then is number(1) and otherwise is number(0):
            return mask
        if _may_fail(then) or _may_fail(otherwise):
            self.used.add("errstate")
        outside: Outside = "clip" if mask.kind == "mask" else "never"
        a, b = self.floats(self.expr(then, outside)), self.floats(self.expr(otherwise, outside))
        if mask.kind == "test":
            axes = united([a, b], self.order)
            one, two = self.aligned(a, axes), self.aligned(b, axes)
            if one.kind == "number" and two.kind == "array":
                one = self._array(one)
            text = f"{one.at(Level.COMPARISON)} if {mask.text} else {two.at(Level.COMPARISON)}"
            return Piece(text, Level.CHOICE, axes, _together([a, b]))
        if a.kind == b.kind == "number":
            a = self._array(a)
        axes = united([mask, a, b], self.order)
        texts = [self.aligned(p, axes).text for p in (mask, a, b)]
        return Piece(self.dialect.where(*texts), Level.ATOM, axes)

    def mask(self, condition: Condition) -> Piece:
        match condition:
            case Relation(sign=sign, left=Integer(value=left), right=Integer(value=right)):
                balanced, one, two = _balanced(sign, left, right)
                return self._compared(balanced, self.whole(one), self.whole(two))
            case Relation(sign=sign, left=a, right=b):
                return self._compared(sign, self.floats(self.expr(a, "clip")), self.floats(self.expr(b, "clip")))
            case Junction(kind=kind, conditions=conditions):
                return self._joined(kind, [self.mask(c) for c in conditions])
            case Negation(condition=inner):
                piece = self.mask(inner)
                if piece.kind == "test":
                    return Piece(f"not {piece.at(Level.SUM)}", Level.CHOICE, kind="test")
                return Piece(f"~{piece.at(Level.ATOM)}", Level.SIGN, piece.axes, "mask")
            case _:
                assert_never(condition)

    def _compared(self, sign: str, a: Piece, b: Piece) -> Piece:
        axes = united([a, b], self.order)
        texts = [self.aligned(p, axes).at(Level.SUM) for p in (a, b)]
        kind: Literal["test", "mask"] = "test" if a.kind == b.kind == "number" else "mask"
        return Piece(f"{texts[0]} {_SIGNS[sign]} {texts[1]}", Level.COMPARISON, axes, kind)

    def _joined(self, kind: str, parts: Sequence[Piece]) -> Piece:
        if all(p.kind == "test" for p in parts):
            return Piece(f" {kind} ".join(p.at(Level.COMPARISON) for p in parts), Level.CHOICE, kind="test")
        if len(parts) == 1:
            return parts[0]
        axes = united(parts, self.order)
        sign = " & " if kind == "and" else " | "
        return Piece(sign.join(self.aligned(p, axes).at(Level.ATOM) for p in parts), Level.COMPARISON, axes, "mask")


# ---------------------------------------------------------------- numbers


def _number(value: Fraction) -> Piece:
    """A rational: as a decimal where it is one, else as a quotient."""
    if value.denominator == 1:
        text = str(value.numerator) if abs(value) < 10**16 else repr(float(value))
        return Piece(text, Level.SIGN if value < 0 else Level.ATOM, kind="number")
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest == 1 or value.denominator > 10**6:
        return Piece(repr(float(value)), Level.SIGN if value < 0 else Level.ATOM, kind="number")
    return Piece(f"{value.numerator} / {value.denominator}", Level.PRODUCT, kind="number")


def _balanced(sign: str, left: Affine, right: Affine) -> tuple[str, Affine, Affine]:
    """A comparison of whole numbers with every term on the side where it is positive: i < n for i + 1 ≤ n."""
    difference = right - left
    one = Affine(0, tuple((a, c) for a, c in difference.terms if c > 0))
    two = Affine(0, tuple((a, -c) for a, c in difference.terms if c < 0))
    constant = difference.constant
    if (sign, constant) in {("≤", -1), (">", -1)}:
        sign, constant = {"≤": "<", ">": "≥"}[sign], 0
    elif (sign, constant) in {("<", 1), ("≥", 1)}:
        sign, constant = {"<": "≤", "≥": ">"}[sign], 0
    return (sign, two, one + constant) if constant > 0 or not two.terms else (sign, two - constant, one)


def _signed(term: Expr) -> tuple[str, Expr]:
    """A term as a sign and what follows it."""
    match term:
        case Number(value=value) if value < 0:
            return "-", number(-value)
        case Multiply(factors=(Number(value=value), *rest)) if value < 0:
            kept = [number(-value), *rest] if value != -1 else rest
            return "-", kept[0] if len(kept) == 1 else Multiply(tuple(kept))
        case _:
            return "+", term


def _raised(base: Expr, exponent: Fraction) -> Expr:
    return base if exponent == 1 else Power(base, number(exponent))


def _together(pieces: Sequence[Piece]) -> Literal["number", "array"]:
    return "number" if all(p.kind in {"number", "test"} for p in pieces) else "array"


def _wrapped(text: str) -> str:
    return f"({text})"


def _on_places(condition: Condition) -> bool:
    """Whether a condition is about whole numbers alone."""
    return all(
        isinstance(c, Relation) and isinstance(c.left, Integer) and isinstance(c.right, Integer)
        for c in conjuncts(condition)
    )


def _may_fail(body: Expr) -> bool:
    """Whether an expression has no value everywhere: its warnings are about branches that are not taken."""
    return any(
        (isinstance(n, Call) and n.function in _PARTIAL)
        or (isinstance(n, Power) and not (isinstance(n.exponent, Number) and n.exponent.value.denominator == 1
            and n.exponent.value > 0))
        or (isinstance(n, ArrayCall))
        for n in walk(body)
    )  # fmt: skip


__all__ = ["MATH", "Arrays"]
