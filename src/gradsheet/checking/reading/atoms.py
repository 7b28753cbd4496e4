r"""A formula's text as a row of atoms: relations, signs, words, brackets, and whatever else is an operand.

Nothing is read here that names decide, and nothing inside of brackets but what tells a remark from an argument. What
does not belong to any side (`&`, row ends, struck text, `\boxed{` around a statement) is blanked, so that every other
character keeps its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

AtomKind = Literal[
    "operand", "operator", "relation", "bracket", "comma", "semicolon", "colon", "stop", "gap", "cell", "row", "begin",
    "end", "words", "arrow", "label", "dots", "placeholder", "pointer", "forall", "struck",
]  # fmt: skip


class Atom(NamedTuple):
    """One atom; `text` is the sign of a relation, the words of words, the width of a gap."""

    kind: AtomKind
    text: str
    start: int
    end: int
    inner: tuple[Atom, ...] = ()
    """The atoms inside of a bracket."""
    note: str = ""
    """What stands above or below a sign: `def`, an arrow's reason."""


@dataclass(slots=True)
class Outline:
    """The atoms of a formula, and the ranges of its text that belong to no side."""

    atoms: list[Atom]
    blanks: list[tuple[int, int]] = field(default_factory=list)
    inside: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """For each bracket, by its place, what is blanked if it is opened as a statement of its own."""

    def blanked(self, text: str) -> str:
        """The text with blanks for what belongs to no side; every other character keeps its place."""
        out, at = [], 0
        for start, end in sorted(self.blanks):
            if end <= at:
                continue
            first = max(start, at)
            out.append(text[at:first])
            out.append(" " * (end - first))
            at = end
        out.append(text[at:])
        return "".join(out)


RELATIONS: dict[str, str] = {
    "=": "=", "==": "=", "≈": "≈", "≃": "≈", "∝": "∝", "≡": "≡", ":=": ":=", "≔": ":=", "≝": ":=", "≜": ":=",
    "=:": "=:", "≕": "=:",
    "←": "←", "<-": "←", "⟵": "←", "≠": "≠", "!=": "≠", "<": "<", "≤": "≤", "<=": "≤", "⩽": "≤", "≦": "≤", ">": ">",
    "≥": "≥", ">=": "≥", "⩾": "≥", "≧": "≥", "∈": "∈", "≐": "=",
}  # fmt: skip
RELATION_COMMANDS: dict[str, str] = {
    "approx": "≈", "simeq": "≈", "approxeq": "≈", "doteq": "=", "propto": "∝", "equiv": "≡", "coloneqq": ":=",
    "coloneq": ":=", "eqqcolon": "=:", "eqcolon": "=:",
    "triangleq": ":=", "eqdef": ":=", "defeq": ":=", "leftarrow": "←", "gets": "←",
    "longleftarrow": "←", "neq": "≠", "ne": "≠", "leq": "≤", "le": "≤", "leqslant": "≤", "geq": "≥", "ge": "≥",
    "geqslant": "≥", "lt": "<", "gt": ">", "in": "∈", "eq": "=", "xlongequal": "=",
}  # fmt: skip
ARROWS: dict[str, str] = {
    "⇒": "⇒", "⟹": "⇒", "→": "→", "⟶": "→", "->": "→", "⇔": "⇔", "⟺": "⇔", "∴": "∴", "∵": "∵", "↦": "→", "⇝": "→",
    "=>": "⇒",
}  # fmt: skip
ARROW_COMMANDS: dict[str, str] = {
    "Rightarrow": "⇒", "implies": "⇒", "Longrightarrow": "⇒", "rightarrow": "→", "to": "→", "longrightarrow": "→",
    "mapsto": "→", "longmapsto": "→", "iff": "⇔", "Leftrightarrow": "⇔", "Longleftrightarrow": "⇔", "therefore": "∴",
    "because": "∵", "leadsto": "→", "rightsquigarrow": "→", "Leftarrow": "⇐", "impliedby": "⇐", "leftrightarrow": "⇔",
    "hookrightarrow": "→", "curvearrowright": "→",
}  # fmt: skip
POINTERS = frozenset({
    "downarrow", "uparrow", "Downarrow", "Uparrow", "nearrow", "nwarrow", "searrow", "swarrow", "updownarrow",
    "hookleftarrow", "Lsh", "Rsh", "checkmark",
})  # fmt: skip
POINTER_SIGNS = frozenset("↓↑↗↖↘↙↳↵⤷✓✗")
OPERATORS = frozenset("+-−*/±∓·⋅∙×⊙⊗∘⊘⊕÷∗")
OPERATOR_COMMANDS: dict[str, str] = {
    "cdot": "·", "cdotp": "·", "times": "×", "otimes": "⊗", "odot": "⊙", "circ": "⊙", "ast": "*", "div": "/",
    "pm": "±", "mp": "∓", "oplus": "⊕", "oslash": "⊘", "star": "*",
}  # fmt: skip
BULLETS = frozenset({"•", "▪", "◦", "‣", "○", "●", "■", "➢", "▶", "⋄"})
BULLET_COMMANDS = frozenset({"bullet", "blacktriangleright", "triangleright", "diamond"})
DOTS = frozenset("…⋯⋮⋱")
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳❶❷❸❹❺❻❼❽❾❿"

QUAD = 0.9
"""Blanks of at least so many em stand between statements."""
HALF = 0.5
"""Blanks of at least so many em stand between statements that are complete."""
