"""Factors: lost, extra, above the line for below, exponents."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from gradsheet.checking.slips.forms import form_of_unit
from gradsheet.checking.slips.material import lost_factors
from gradsheet.checking.slips.products import (
    Unit,
    based,
    bracketed,
    call,
    ends_open,
    is_call,
    is_call_of,
    item_of,
    number,
    product_of,
    units,
)
from gradsheet.checking.slips.rationals import exact, is_number
from gradsheet.checking.slips.rules import EditRule
from gradsheet.checking.slips.scene import extended
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    Expression,
    Factor,
    FunctionName,
    Group,
    Name,
    Num,
    Power,
    Product,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from gradsheet.checking.slips.forms import Form
    from gradsheet.checking.slips.model import Change
    from gradsheet.checking.slips.places import Place
    from gradsheet.checking.slips.scene import Scene
    from gradsheet.syntax.tree import BinderKind, ProductSign

_MOST_CANDIDATES = 80


def extra(scene: Scene) -> Iterator[Change]:
    """`a b` → a; a/b → a."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or place.variable:
            continue
        parts = units(node)
        for at, unit in enumerate(parts):
            if len(parts) == 1:
                continue
            rest = product_of(parts[:at] + parts[at + 1 :])
            if rest is None:
                continue
            item = item_of(unit)
            cost = 1.6 if isinstance(item, Num) else 2.0
            if isinstance(item, Num) and item.value == 1 and at == 0:
                continue  # the 1 of 1/x is no factor
            over = "1/" if unit[0].sign in {"/", "⊘"} else ""
            what = scene.vocabulary.say(bracketed(item)) if over else scene.say(item)
            yield scene.set(
                place, rest, f"the factor {over}{what} is extra", cost + _hidden(place),
                ("extra", scene.say(item)), partial(scene.without_unit, place, at),
            )  # fmt: skip
        flat = [unit for unit in parts if isinstance(unit[0].item, Num) and not is_call(unit)]
        if len(flat) == 2 and len(parts) > 2 and flat[0][0].sign == "" and flat[1][0].sign == "/":
            rest = product_of([unit for unit in parts if unit not in flat])
            if rest is not None:
                text = "/".join(scene.say(unit[0].item) for unit in flat)
                yield scene.set(place, rest, f"the factor {text} is extra", 1.6)


def _hidden(place: Place) -> float:
    """Slips happen where one writes, rarely deep within a formula that was copied."""
    return 0.1 * min(4, place.depth // 2)


def inverted(scene: Scene) -> Iterator[Change]:
    """`a b` → a/b; a/b → a b."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Product) or place.index or place.variable:
            continue
        parts = units(node)
        if len(parts) == 1:
            continue
        for at, unit in enumerate(parts):
            item = item_of(unit)
            if isinstance(item, Num) and item.value == 1:
                continue
            if scene.form(item) not in {None, "scalar"} and unit[0].sign != "/":
                continue
            below = unit[0].sign in {"/", "⊘"}
            sign: ProductSign = "" if below else "/"
            new = product_of([*parts[:at], (replace(unit[0], sign=sign), *unit[1:]), *parts[at + 1 :]])
            if new is None:
                continue
            said = scene.say(item)
            sentence = f"{said} is a factor, not a divisor" if below else f"{said} is a divisor, not a factor"
            yield scene.set(place, new, sentence, 2.2 + _hidden(place))


def lost(scene: Scene) -> Iterator[Change]:
    """`a` → a b, with b from the rest of the claim, from lines that were right, from the names in scope."""
    units_lost = list(lost_factors(scene))[:_MOST_CANDIDATES]
    candidates = [(unit, item_of(unit), form_of_unit(unit, scene.vocabulary), cost) for unit, cost in units_lost]
    for place in scene.spots:
        node = place.node
        assert isinstance(node, Expression)
        if is_number(node) or (isinstance(node, Additive) and len(node.terms) == 1):
            continue
        deep = 0.0 if place.depth <= 1 else 0.3 if isinstance(place.parent and place.parent.node, Term) else 0.6
        if isinstance(place.parent and place.parent.node, Power | Array):
            deep = 0.9
        form = scene.form(node)
        parts = extended(node)
        for unit, item, new_form, cost in candidates:
            if isinstance(node, Additive) and isinstance(item, Additive):
                continue
            yield from _inserted(scene, place, parts, (unit, item), (form, new_form), cost + deep)


def _inserted(
    scene: Scene,
    place: Place,
    parts: list[Unit],
    factor: tuple[Unit, Expression],
    forms: tuple[Form | None, Form | None],
    cost: float,
) -> Iterator[Change]:
    node = place.node
    unit, item = factor
    over = "1/" if unit[0].sign == "/" else ""
    said = scene.vocabulary.say(bracketed(item)) if over else scene.say(item)
    sentence = f"the factor {over}{said} is lost"
    token = ("lost", said)
    for at, sign in _positions(parts, unit, *forms):
        placed = (replace(unit[0], sign=sign), *unit[1:])
        if at == 0 and len(parts) > 0:
            first = parts[0]
            head: list[Unit] = [(Factor("", number(1)), *placed)] if sign == "/" else [placed]
            after = (replace(first[0], sign="⊙" if sign == "⊙" else ""), *first[1:])
            new = product_of([*head, after, *parts[1:]])
        else:
            new = product_of([*parts[:at], placed, *parts[at:]])
        if new is not None:
            tight = 0.0 if sign != "⊙" else 0.1
            patch = partial(scene.with_unit, place, at, placed)
            whole = isinstance(node, Additive) or (sign == "/" and at == 0)
            yield scene.set(place, new, sentence, cost + tight, token, None if whole else patch)


def _positions(
    parts: list[Unit], unit: Unit, form: Form | None, new_form: Form | None
) -> Iterator[tuple[int, ProductSign]]:
    end = len(parts)
    item = unit[0].item
    small = isinstance(item, Num) or unit[0].sign == "/" or (isinstance(item, Name) and item.key.isupper())
    if new_form == "scalar" or (new_form is None and form == "scalar"):
        front = small or ends_open(parts[-1]) or any(u[0].sign == "/" for u in parts[-1:])
        yield (0 if front else end), unit[0].sign
        return
    if new_form == form and new_form in {"column", "row"}:
        yield end, "⊙"
        return
    if unit[0].sign == "/":
        return
    yield 0, ""
    for at in range(1, end):
        yield at, ""
    if not ends_open(parts[-1]):
        yield end, ""
        if new_form == form or new_form is None:
            yield end, "⊙"


# ---------------------------------------------------------------- exponents


def exponents(scene: Scene) -> Iterator[Change]:
    """`x²` → x, x → x², x² → x³, xⁿ → xⁿ⁻¹."""
    for place in scene.places:
        node = place.node
        if not isinstance(node, Power) or place.index or place.variable:
            continue
        base, exponent = node.base, node.exponent
        said = scene.say(base)
        if isinstance(exponent, Num) and exponent.value.denominator == 1 and exponent.value > 0:
            yield scene.set(place, base, f"the exponent {exponent.value} of {said} is extra", 1.4)
            for value in (exponent.value + 1, exponent.value - 1):
                if value > 1:
                    yield _raised(scene, place, Num(value, str(value)), 1.8)
        elif isinstance(exponent, Num) or not isinstance(base, Name) or base.key != "e":
            bare = exponent.items[0] if isinstance(exponent, Group) and len(exponent.items) == 1 else exponent
            for change in (-1, 1):
                shifted = _shifted(bare, change)
                if shifted is not None:
                    yield _raised(scene, place, shifted, 1.9)
    for operand in scene.operands:
        if isinstance(operand.node, Name | Subscript | Group | Bars) or _plain_call(operand.node):
            if isinstance(operand.node, Group) and scene.form(operand.node) not in {None, "scalar", "column", "row"}:
                continue
            two = number(2)
            if isinstance(operand.node, Product):
                head = operand.node.factors[0].item
                new: Expression = Product((Factor("", Power(head, two)), *operand.node.factors[1:]))
            else:
                new = Power(based(operand.node), two)
            yield scene.swap(operand, new, f"the exponent 2 of {scene.say(operand.node)} is lost", 2.2)


def _plain_call(node: Expression) -> bool:
    return isinstance(node, Product) and len(node.factors) == 2 and isinstance(node.factors[0].item, FunctionName)


def _raised(scene: Scene, place: Place, exponent: Expression, cost: float) -> Change:
    node = place.node
    assert isinstance(node, Power)
    sentence = f"exponent {scene.say(node.exponent)} for {scene.say(exponent)}"
    inner = next(p for p in scene.places if p.parent is place and p.path[-1][0] == "exponent")
    return scene.set(inner, exponent, sentence, cost)


def _shifted(node: Expression, by: int) -> Expression | None:
    """`n` → n + by, for a letter, a sum of a letter and a number, or a number."""
    match node:
        case Num(value=value):
            return Num(value + by, "") if value + by != 0 else None
        case Name() | Subscript():
            return Additive((Term("+", node), Term("+" if by > 0 else "-", number(abs(by)))))
        case Additive(terms=(Term(sign="+", item=first), Term(sign=sign, item=Num(value=value)))):
            total = (value if sign == "+" else -value) + by
            if total == 0:
                return first
            return Additive((Term("+", first), Term("+" if total > 0 else "-", Num(abs(total), str(abs(total))))))
        case _:
            return None


def roots(scene: Scene) -> Iterator[Change]:
    """`√x` → x, x → √x."""
    for operand in scene.operands:
        node = operand.node
        if isinstance(node, Product) and is_call_of(node, "sqrt"):
            inside = node.factors[1].item
            yield scene.swap(operand, inside, f"the root of {scene.say(inside)} is extra", 1.9)
        elif isinstance(node, Group | Name | Subscript) and scene.form(node) in {None, "scalar"}:
            below = operand.sign == "/"
            if below or isinstance(node, Group):
                root = call(FunctionName("sqrt", "sqrt"), node)
                yield scene.swap(operand, root, f"the root of {scene.say(node)} is lost", 2.4 if below else 3.2)


def means(scene: Scene) -> Iterator[Change]:
    """`Σ` → mean, mean → Σ: 1/N lost or extra."""
    for place in scene.places:
        node = place.node
        if isinstance(node, Binder) and node.kind in {"sum", "mean"} and not place.index:
            other: BinderKind = "mean" if node.kind == "sum" else "sum"
            yield scene.set(place, replace(node, kind=other), f"{node.kind} for {other}", 2.0)


def numbers(scene: Scene) -> Iterator[Change]:
    """`2 x` → 3 x: a number that is a factor, for another small one or for its half or double."""
    for operand in scene.operands:
        node = operand.node
        if operand.start < 0 or not isinstance(node, Num) or node.value == 1:
            continue
        if exact(scene.root(operand.place)) is not None:
            continue  # in a calculation with numbers it is arithmetic
        values = {node.value * 2, node.value / 2, node.value + 1, node.value - 1}
        for value in sorted(values):
            if value > 0 and value != node.value and value.denominator in {1, 2, 4, 8} and value != 1:
                new = Num(value, _decimal(value))
                cost = 1.6 if value in {node.value * 2, node.value / 2} else 2.1
                yield scene.swap(operand, new, f"{scene.say(node)} for {new.text}", cost)


def _decimal(value: Fraction) -> str:
    return f"{float(value):g}"


RULES = (
    EditRule("extra factor", "factor", "a b → a", extra),
    EditRule("factor above for below", "factor", "a b → a/b", inverted),
    EditRule("lost factor", "factor", "a → a b", lost),
    EditRule("exponent", "factor", "x → x²", exponents),
    EditRule("root", "factor", "√x → x", roots),
    EditRule("mean for sum", "factor", "Σ → mean", means),
    EditRule("number as a factor", "factor", "2 x → 3 x", numbers),
)
