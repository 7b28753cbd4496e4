r"""Aliases: `W^{(l)}` on the page is `W{l}` in the sheet, for every l."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.diagnostics import Diagnostics, Source
from gradsheet.syntax import parse_expression, parse_latex_expression
from gradsheet.syntax.scripts import spelled
from gradsheet.syntax.traversal import rewritten, walk
from gradsheet.syntax.tree import (
    BoundIndex,
    Expression,
    Factor,
    Group,
    Lowered,
    Name,
    Node,
    Num,
    Power,
    Product,
    Subscript,
)
from gradsheet.syntax.written_names import Written, faces, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.diagnostics import Span

_HOLE = re.compile(r"\{\s*([^\W\d_])\s*([+-]\s*\d+)?\s*\}")
Bound = dict[str, Expression]


def in_latex(text: str) -> bool:
    r"""Whether a spelling is LaTeX: it has a backslash, a brace or a raised part.

    >>> in_latex("W^{(1)}"), in_latex("z[l,t]"), in_latex(r"\hat y")
    (True, False, True)
    """
    return any(sign in text for sign in "\\{^") or re.search(r"_(?![\w])", text) is not None


def written_tree(text: str) -> Expression:
    """The neutral tree of a spelling, LaTeX or plain; raises `SheetError`."""
    source = Source(text)
    if in_latex(text):
        return parse_latex_expression(source, Diagnostics(source))
    return parse_expression(source, Diagnostics(source))


@dataclass(frozen=True, slots=True)
class AliasRule:
    r"""What is written so on the page stands for this in the sheet.

    >>> from gradsheet.syntax.plain import plain
    >>> layer = AliasRule.of(r"W^{(l)}", "W{l}")
    >>> plain(aliased(written_tree(r"W^{(2)T} x"), [layer]))
    'W2^T x'
    >>> plain(aliased(written_tree(r"W^{(2)}_{1,k}"), [layer]))
    'W2[1,k]'
    >>> hidden = AliasRule.of(r"h^{(l)}", {0: "x", 1: "h1", 2: "ŷ"})
    >>> plain(aliased(written_tree(r"h^{(2)} + h^{(0)} + h^{(9)}"), [hidden]))
    'ŷ + x + h^(9)'
    >>> plain(aliased(written_tree(r"z_t^{(l)} + z_s^{(k)}"), [AliasRule.of(r"z_t^{(l)}", "z[l,t]")]))
    'z[l,t] + z[k,s]'
    """

    written: str
    left: Expression
    right: str
    table: Mapping[str, str] = field(default_factory=dict)
    """By number, where one right side does not do: keys are digits."""
    parameters: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def of(cls, text: str, right: str | Mapping[int, str], span: Span | None = None) -> AliasRule:
        """The rule of two spellings; raises `SheetError` if one cannot be read, `ValueError` if the two do not fit."""
        left = written_tree(text)
        if isinstance(left, Name) and re.fullmatch(r"[^\W\d_]+_[^\W\d_]", text.strip()):  # W_l is W[l], or a name
            lowered = parse_latex_expression(Source(text), Diagnostics(Source(text)))
            left = lowered if _mentions(right, text.strip()[-1]) else left
        letters = marks_of(left)
        if isinstance(right, str):
            holes = {found[1] for found in _HOLE.finditer(right)}
            if unknown := holes - letters:
                raise ValueError(f"{{{min(unknown)}}} does not stand above or below a letter on the left")
            names = {part.key for part in walk(_template(right, dict.fromkeys(letters, 1))) if isinstance(part, Name)}
            return cls(text, left, right, {}, tuple(sorted(holes | (letters & names))), span)
        if len(letters) != 1:
            raise ValueError("a table by number needs exactly one letter above or below on the left")
        for value in right.values():
            _template(value, {})
        return cls(text, left, "", {str(k): v for k, v in right.items()}, tuple(letters), span)

    def applied(self, node: Expression) -> Expression | None:
        """What this stands for, if it is written so; what is added to it (a transpose, an entry) stays around it."""
        bound = matched(self.left, node, self.parameters)
        if bound is not None:
            return self.result(bound)
        match node:
            case Power(base=base, exponent=Product(factors=(Factor(item=Group() as mark), *rest))) if rest:
                inner = self.applied(Power(base, mark, span=node.span))
                tail = rest[0].item if len(rest) == 1 else Product(tuple(rest))
                return None if inner is None else Power(inner, tail, span=node.span)
            case Power(base=Lowered(base=base, items=items), exponent=exponent):
                inner = self.applied(Power(base, exponent, span=node.span))
                return None if inner is None else Lowered(inner, items, span=node.span)
            case _:
                return None

    def result(self, bound: Bound) -> Expression | None:
        """The right side for these parameters; None where a number is needed and a letter stands there."""
        right, numbers = self.right, {}
        for name, value in bound.items():
            if isinstance(value, Num) and value.value.denominator == 1:
                numbers[name] = int(value.value)
        if self.table:
            number = numbers.get(self.parameters[0])
            if number is None or str(number) not in self.table:
                return None
            right = self.table[str(number)]
        if any(found[1] not in numbers for found in _HOLE.finditer(right)):
            return None
        tree = _template(right, numbers)
        return rewritten(tree, lambda part: bound.get(part.key, part) if isinstance(part, Name) else part)


def _template(right: str, numbers: Mapping[str, int]) -> Expression:
    text = _HOLE.sub(lambda found: str(numbers[found[1]] + int((found[2] or "0").replace(" ", ""))), right)
    return written_tree(text)


def _mentions(right: str | Mapping[int, str], letter: str) -> bool:
    """Whether a letter is a parameter on the right."""
    if not isinstance(right, str):
        return True
    inside = {found[1] for found in _HOLE.finditer(right)}
    return letter in inside or re.search(rf"\[[^\]]*\b{re.escape(letter)}\b", right) is not None


def marks_of(left: Expression) -> set[str]:
    """Single letters above or below a symbol: what may be a parameter."""
    found: set[str] = set()
    for part in walk(left):
        below: Iterable[Node] = ()
        if isinstance(part, Subscript):
            below = part.items
        elif isinstance(part, Power):
            below = (part.exponent,)
        for item in below:
            found |= {name.key for name in walk(item) if isinstance(name, Name) and len(name.key) == 1}
    return found - {"T"}


def matched(pattern: Any, node: Any, parameters: Sequence[str]) -> Bound | None:
    """What the parameters are where the pattern is what is written; None where it is not."""
    bound: Bound = {}
    return bound if _matches(pattern, node, parameters, bound) else None


def _matches(pattern: Any, node: Any, parameters: Sequence[str], bound: Bound) -> bool:
    match pattern:
        case Name(key=key) if key in parameters:
            return isinstance(node, Node) and bound.setdefault(key, node) == node  # type: ignore[arg-type]
        case Name():
            return any(written(one) == other for one in faces(pattern.key) for other in _names_of(node))
        case Product(factors=factors) if isinstance(node, Num) and len(node.text) == len(factors):
            digits = [Num(Fraction(int(d)), d, span=node.span) for d in node.text if d.isdigit()]
            return len(digits) == len(factors) and all(
                _matches(factor.item, digit, parameters, bound) for factor, digit in zip(factors, digits, strict=True)
            )
        case tuple():
            same = isinstance(node, tuple) and len(pattern) == len(node)
            return same and all(_matches(p, n, parameters, bound) for p, n in zip(pattern, node, strict=True))
        case Node():
            return type(pattern) is type(node) and all(
                _matches(getattr(pattern, f.name), getattr(node, f.name), parameters, bound)
                for f in fields(pattern)
                if f.compare
            )
        case _:
            return bool(pattern == node)


def _names_of(node: Any) -> Iterable[Written]:
    """How paper has what a node is as a name: `z_{out}` and z_out are one."""
    match node:
        case Name(key=key):
            yield from map(written, faces(key))
        case Lowered(base=Name(key=key), items=items):
            below = spelled(items)
            if below is not None:
                yield from (Written(face, below) for face in faces(key))


def aliased(tree: Any, rules: Sequence[AliasRule]) -> Any:
    """A tree with every symbol that has an alias replaced; the first rule that fits is taken.

    A letter alone is a quantity: as an index it stays what it is.
    """
    if not rules:
        return tree
    if isinstance(tree, tuple):
        return tuple(aliased(part, rules) for part in tree)
    if not isinstance(tree, Node):
        return tree
    for rule in rules:
        found = rule.applied(tree)  # type: ignore[arg-type]
        if found is not None:
            return replace(found, span=tree.span)
    as_indices = [rule for rule in rules if not isinstance(rule.left, Name)]
    inside = {"items"} if isinstance(tree, Subscript) else {"name"} if isinstance(tree, BoundIndex) else set()
    changes = {
        f.name: aliased(getattr(tree, f.name), as_indices if f.name in inside else rules)
        for f in fields(tree) if f.compare
    }  # fmt: skip
    return replace(tree, **changes)


__all__ = ["AliasRule", "aliased", "in_latex", "marks_of", "matched", "written_tree"]
