"""What the splitter makes of a formula: chains `a = b = c`, with the words, labels and conditions around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gradsheet.diagnostics import Diagnostic, Span
    from gradsheet.manuscripts import Formula
    from gradsheet.syntax.tree import Expression, Set

SideKind = Literal["expression", "shape", "set", "dots", "placeholder", "elided", "empty", "unreadable"]
"""`shape`: 2×1, a product of sizes with the sign × (or one size), where a shape is stated. `set`: ℝ^{m×n}, {0,1}; its
tree is a `syntax.tree.Set`. `dots`: … alone. `placeholder`: ? or a box. `elided`: an array with nothing but dots.
`empty`: a chain that begins or ends with its relation."""

Relation = Literal["=", "≈", "∝", "≡", ":=", "=:", "←", "→", "≠", "<", "≤", ">", "≥", "∈", ":"]
"""`:` states a shape or a set (`a : 2×1`, `h is ℝ`); `→` shows what becomes of something; `=:` is
turned round by the splitter."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a relation. `span` is in the text of its formula; `tree` is neutral, names are not bound."""

    kind: SideKind
    latex: str
    span: Span
    formula: Formula
    tree: Expression | Set | None = None
    problem: Diagnostic | None = None
    also: tuple[Expression, ...] = ()
    """Further items of a list, `a, b, c`: mentions, or the several things of which a shape is stated."""
    rest: tuple[Side, ...] = ()
    """Where a side runs on in later formulas, those pieces; `tree` is the whole of them. The places of the nodes of a
    piece are those in the text of its own formula, moved by the length of all texts before it and one for each."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`for l = 3`, `if m = l`, `when x > 0`, `i ≠ j`: binds the chain that it stands with, and nothing else."""

    word: str
    text: str
    trees: tuple[Expression, ...]
    """Comparisons; empty where it cannot be read: the claim is then undecided."""


@dataclass(frozen=True, slots=True)
class Chain:
    """s₀ R₁ s₁ R₂ s₂ …: `relations[k]` stands between `sides[k]` and `sides[k+1]`.

    A chain with one side is a mention. A claim belongs to the formula of its relation, `formulas[k]`.
    """

    sides: tuple[Side, ...]
    relations: tuple[Relation, ...]
    formulas: tuple[Formula, ...]
    """For each relation the formula that holds it; for a mention its formula alone."""
    words: str = ""
    """The words before it, in the formula or in the sentence that leads to it."""
    label: str = ""
    """`(4)`, `①`, `1)`, `•`, an equation number."""
    conditions: tuple[Condition, ...] = ()
    aside: bool = False
    """A remark beside a row or in brackets: `(∂z₄/∂w = 0)` behind the line that it explains."""
    continues: bool = False
    """It begins with a relation: its first side is the last side of the chain that it continues."""
    struck: bool = False
    definition: bool = False
    """`:=`, `≝`, "let", "define", "where … is": the page itself says that it defines."""
    question: int = 0
    """How many headings or question numbers stand before it: contexts may differ by question."""
    cases: tuple[Condition, ...] = ()
    """What was supposed before, `Case 1: y = 1`, and what is said in words alone: it may be meant here, or not."""
