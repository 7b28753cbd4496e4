"""Rules by which parameters begin, as they are written: `W ~ normal(0, 1/√n)`, `W[l] ~ normal(0, 1/√(n[l-1]))`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from gradsheet.diagnostics import Diagnostic, Diagnostics, SheetError, Source, Span
from gradsheet.evaluation.domains import Float64
from gradsheet.evaluation.evaluate import Evaluator
from gradsheet.expressions import Affine, Index, Size
from gradsheet.sheet.expressions import ExpressionReader
from gradsheet.sheet.model import Sheet
from gradsheet.sheet.scope import Scope
from gradsheet.sheet.sizes import SizeTable
from gradsheet.sheet.tensors import Unreadable
from gradsheet.syntax import canonical_key, parse_expression, tree
from gradsheet.training.data.faults import listed, near

if TYPE_CHECKING:
    from gradsheet.evaluation.sizes import Sizes
    from gradsheet.expressions import Expr

RULES: dict[str, tuple[str, ...]] = {
    "normal": ("mean", "deviation"),
    "uniform": ("low", "high"),
    "glorot_uniform": (),
    "glorot_normal": (),
    "he_uniform": (),
    "he_normal": (),
    "lecun_uniform": (),
    "lecun_normal": (),
    "orthogonal": ("gain",),
    "zeros": (),
    "ones": (),
    "identity": (),
    "constant": ("value",),
}
"""Each rule with its numbers; the gain may be left out."""
_SHORT = {
    "glorot": "glorot_uniform", "xavier": "glorot_uniform", "xavier_uniform": "glorot_uniform",
    "xavier_normal": "glorot_normal", "he": "he_normal", "kaiming": "he_normal", "kaiming_normal": "he_normal",
    "kaiming_uniform": "he_uniform", "lecun": "lecun_normal", "zero": "zeros", "one": "ones", "const": "constant",
}  # fmt: skip
_TARGET = re.compile(r"\s*([^\[\],~]+?)\s*(?:\[([^\]]*)\])?\s*")
_EXAMPLE = "for example W ~ normal(0, 1/√n), W1, W2 ~ he or b ~ zeros"

Target = tuple[str, tuple[int, ...] | None]


@dataclass(frozen=True, slots=True)
class InitialRule:
    """A rule for some parameters."""

    kind: str
    text: str
    """The rule as it was written."""
    targets: tuple[Target, ...]
    source: Source
    arguments: tuple[Expr, ...] = ()
    letters: tuple[Index, ...] = ()
    """The indices of a family, where the left side names them."""
    fans: tuple[Size, Size] = (Size("fan_in"), Size("fan_out"))

    def covers(self, name: str, member: tuple[int, ...] | None) -> bool:
        """Whether the rule is for a parameter, or for this member of a family."""
        key = canonical_key(name)
        return any(canonical_key(n) == key and m in {None, member} for n, m in self.targets)

    def numbers(self, sizes: Sizes, member: tuple[int, ...], come: float, go: float) -> tuple[float, ...]:
        """The numbers of the rule, for one member."""
        known = {**sizes.values, self.fans[0]: round(come), self.fans[1]: round(go)}
        evaluator = Evaluator(Float64(), known, sizes.families, {})
        evaluator.fixed.update(zip(self.letters, member, strict=False))
        found = []
        for argument in self.arguments:
            try:
                value = float(np.asarray(evaluator.evaluate(argument).data))
            except (KeyError, TypeError):
                self.refuse("GS821", "the numbers of this rule hang on a size that is not known", "give it: --set n=…")
            except ZeroDivisionError:
                value = np.inf
            if not np.isfinite(value):
                self.refuse("GS821", "a number of this rule is not finite", "see what it is divided by")
            found.append(value)
        if self.kind == "normal" and found[1] < 0:
            self.refuse("GS821", f"a deviation is not negative, and this is {found[1]:g}")
        if self.kind == "uniform" and found[1] < found[0]:
            self.refuse("GS821", f"{found[1]:g} is below {found[0]:g}", "uniform(low, high)")
        return tuple(found)

    def refuse(self, code: str, message: str, suggestion: str | None = None) -> NoReturn:
        """Raise a diagnostic that shows the rule."""
        raise SheetError((Diagnostic(code, message, Span(0, len(self.source.text)), self.source, None, suggestion),))


def read_rule(text: str, sheet: Sheet) -> InitialRule:
    r"""A rule from its text.

    >>> from gradsheet.sheet import load_sheet
    >>> sheet = load_sheet(Source("x ∈ ℝ^n, W ∈ ℝ^(4×n)\nL = sum(W x)"))
    >>> rule = read_rule("W ~ normal(0, 1/√n)", sheet)
    >>> rule.kind, rule.targets
    ('normal', (('W', None),))
    """
    return _Reader(text, sheet).rule()


class _Reader:
    def __init__(self, text: str, sheet: Sheet) -> None:
        self.source, self.sheet = Source(text, "initialisation"), sheet
        match = re.search("[~∼]", text)
        left, self.right = (text[: match.start()], text[match.end() :]) if match else (text, "")
        if not left.strip() or not self.right.strip():
            self.fail("a rule is NAME ~ RULE", None, _EXAMPLE)
        self.left = left
        self.start = len(left) + 1

    def fail(self, message: str, span: Span | None, suggestion: str | None = None) -> NoReturn:
        raise SheetError(
            (Diagnostic("GS821", message, span or Span(0, len(self.source.text)), self.source, None, suggestion),)
        )

    def rule(self) -> InitialRule:
        targets, letters = self._targets()
        # Spaces stand in for the left side, so that places in the text stay what they are.
        padded = Source(" " * self.start + self.right, self.source.name)
        node = parse_expression(padded, Diagnostics(self.source))
        kind, arguments = self._call(node)
        fans = (Size("fan_in"), Size("fan_out"))
        read = tuple(self._expression(a, letters, fans) for a in arguments)
        return InitialRule(kind, self.right.strip(), targets, self.source, read, tuple(letters.values()), fans)

    def _targets(self) -> tuple[tuple[Target, ...], dict[str, Index]]:
        targets: list[Target] = []
        letters: dict[str, Index] = {}
        for part in re.findall(r"[^,\[\]]+(?:\[[^\]]*\])?", self.left.strip()):
            match = _TARGET.fullmatch(part)
            if match is None:
                self.fail(f"'{part.strip()}' is no name of a parameter", None, _EXAMPLE)
            name, inside = match.groups()
            places = [p.strip() for p in inside.split(",")] if inside is not None else []
            if places and all(re.fullmatch(r"-?\d+", p) for p in places):
                targets.append((name, tuple(map(int, places))))
                continue
            symbol = next((s for s in self.sheet.parameters if canonical_key(s.name) == canonical_key(name)), None)
            for letter, axis in zip(places, symbol.axes if symbol else (), strict=False):
                letters[canonical_key(letter)] = Index(letter, axis.low, axis.high)
            targets.append((name, None))
        return tuple(targets), letters

    def _call(self, node: tree.Expression) -> tuple[str, tuple[tree.Expression, ...]]:
        match node:
            case tree.Name(text=name):
                items: tuple[tree.Expression, ...] = ()
            case tree.Product(factors=(tree.Factor(sign="", item=tree.Name(text=name)),
                                       tree.Factor(sign="", item=tree.Group(items=items)))):  # fmt: skip
                pass
            case _:
                self.fail("a rule is a name, with its numbers in brackets", node.span, f"there is {listed(RULES)}")
        kind = _SHORT.get(name.lower(), name.lower())
        if kind not in RULES:
            close = near(kind, [*RULES, *_SHORT])
            hint = f"did you mean '{close}'? " if close else ""
            self.fail(f"there is no rule '{name}'", node.span, f"{hint}there is {listed(RULES)}")
        wanted = RULES[kind]
        if len(items) != len(wanted) and not (kind == "orthogonal" and not items):
            form = f"{kind}({', '.join(wanted)})" if wanted else kind
            self.fail(f"{kind} takes {len(wanted)} numbers, not {len(items)}", node.span, f"write {form}")
        return kind, items

    def _expression(self, node: tree.Expression, letters: dict[str, Index], fans: tuple[Size, Size]) -> Expr:
        """A number of a rule: an expression of the sheet's sizes."""
        sizes = {**{s.name: s for s in fans}, **self.sheet.sizes}
        bare = Sheet(self.source, tree.Document(()), sizes=sizes, size_families=self.sheet.size_families)
        diagnostics = Diagnostics(self.source)
        facts = tuple(side for i in letters.values() for side in (_at_least(i.low, i), _at_most(i.high, i)))
        scope = Scope(indices=letters, facts=facts)
        try:
            value = ExpressionReader(bare, diagnostics, SizeTable()).read(node, scope)
        except Unreadable:
            first = diagnostics.errors[0]
            self.fail(f"this number cannot be read: {first.message}", first.span, first.suggestion)
        if value.rank:
            self.fail("a number is expected", node.span)
        return value.body


def _at_least(low: Affine, index: Index) -> Affine:
    return Affine.atom(index) - low


def _at_most(high: Affine, index: Index) -> Affine:
    return high - Affine.atom(index)


__all__ = ["RULES", "InitialRule", "read_rule"]
