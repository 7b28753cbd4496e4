"""The words and signs of the language, in one place for the readers and the printers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsheet.syntax.tree import BinderKind, ProductSign, Relation

BINDERS: dict[str, BinderKind] = {
    "sum": "sum",
    "Σ": "sum",
    "∑": "sum",
    "prod": "prod",
    "Π": "prod",
    "∏": "prod",
    "max": "max",
    "min": "min",
    "mean": "mean",
    "softmax": "softmax",
    "logsumexp": "logsumexp",
    "lse": "logsumexp",
    "logsoftmax": "logsoftmax",
    "log_softmax": "logsoftmax",
}
"""Words that bind an index when one follows: `sum[i]`, `Σ_i`, `Σᵢ`."""

APPLIED_BINDERS: frozenset[BinderKind] = frozenset({"softmax", "logsumexp", "logsoftmax"})
"""Binders that end at a bracketed argument; the others reach over the product to their right."""

FUNCTIONS: frozenset[str] = frozenset(
    {
        "abs", "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "csc", "det", "diag", "digamma", "elu",
        "erf", "exp", "expm1", "gelu", "inv", "lgamma", "ln", "log", "log1p", "log_softmax", "logdet",
        "logsoftmax", "logsumexp", "lse", "max", "mean", "min", "norm", "prod", "relu", "sec", "sigmoid",
        "sign", "silu", "sin", "sinh", "softmax", "softplus", "sqrt", "sum", "swish", "tan", "tanh", "tr",
        "trace", "vec", "σ",
    }
)  # fmt: skip
"""Names set as functions by the printers when nobody says which names are functions."""

RESERVED: frozenset[str] = frozenset({"in", "if", "else", "for", "and", "or", "not"})
"""Words that are never names."""

STATEMENTS: dict[str, str] = {
    "sizes": "sizes",
    "parameters": "parameters",
    "minimize": "minimize",
    "minimise": "minimize",
    "maximize": "maximize",
    "maximise": "maximize",
    "update": "update",
    "pullback": "pullback",
    "given": "given",
    "for": "for",
}
"""Words that begin a statement, where they stand first in a line; names everywhere else (but for `for`)."""

ATTRIBUTES: frozenset[str] = frozenset({"symmetric", "positive", "nonnegative"})

PRODUCT_SIGNS: dict[str, ProductSign] = {
    "*": "*", "/": "/", "⊙": "⊙", "⊘": "⊘", "·": "·", "×": "×", "⊗": "⊗",
}  # fmt: skip

RELATIONS: dict[str, Relation] = {
    "=": "=", "==": "=", "≠": "≠", "<": "<", "≤": "≤", ">": ">", "≥": "≥", "∈": "∈",
}  # fmt: skip

OPENING: dict[str, str] = {"(": ")", "[": "]", "{": "}"}
CLOSING: dict[str, str] = {close: open_ for open_, close in OPENING.items()}

SUPERSCRIPTS: dict[str, str] = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ",
        "0123456789+-=()niabcdefghjklmoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ",
        strict=True,
    )
)
SUBSCRIPTS: dict[str, str] = dict(
    zip(
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        "0123456789+-=()aehijklmnoprstuvxβγρφχ",
        strict=True,
    )
)
VULGAR_FRACTIONS = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
