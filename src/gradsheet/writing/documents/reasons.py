"""By the chain rule with tanh' = 1 − tanh²: the reason of a step as one sentence for a page.

The terminal prints an adjoint's rule in its compact form; here each of its clauses becomes part of a sentence, and its
names and formulas become formulas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.syntax import tree
from gradsheet.syntax.traversal import walk
from gradsheet.writing.documents.prose import Prose, joined, listed, pieces, sentence
from gradsheet.writing.trees import comparison, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINEAR = re.compile(r"(.+) (is|are) linear in (.+)")
_USES = re.compile(r"sum over the uses in (.+)")
_MARKS = (tree.Name("′", "′"), tree.Name("d", "d"))
"""What marks a derivative and a differential."""
_LETTERS = (tree.Name("t", "t"),)
"""Abbreviations that a rule explains."""
_ROW_SUM = re.compile(r"Σ (\S+) = 1")
_CLAUSES = {
    "chain rule with an unspecified function": "by the chain rule, with a function that is not specified",
    "each branch where it holds": "each branch is differentiated where it holds",
    "the extreme entry alone counts": "only the largest or smallest entry counts",
    "functions by their definitions": "the functions are replaced by their definitions",
    "put in and simplified": "the earlier derivative is put in, and the product becomes simpler",
    "symmetric part": "the symmetric part is taken, as the variable is symmetric",
    "data minus model": "what is left is what the data give minus what the model expects",
    "model minus data": "what is left is what the model expects minus what the data give",
}
"""Clauses of the terminal as clauses of a sentence."""
_RULES = frozenset({"power rule", "exponential rule", "product rule"})
_SAID = frozenset({"the variable is symmetric"})
"""Conditions that a clause has said already."""


def reason(
    rule: str, conditions: Sequence[str], names: Mapping[str, int], lead: str = "by the chain rule with "
) -> Prose:
    """The sentence of a step. `names` are the sheet's, with their numbers of axes; `lead` comes before formulas.

    >>> from gradsheet.syntax.plain import plain
    >>> said = reason("tanh' = 1 − tanh²; sum over the uses in h, L", (), {"h": 1, "L": 0})
    >>> print("".join(p if isinstance(p, str) else plain(p) for p in said))
    By the chain rule with tanh' = 1 - tanh²; the contributions through h and L are added.
    """
    clauses: list[Prose] = []
    formulas: list[tree.Expression] = []
    given = rule.split("; ") if rule else []
    rules_named = [f"the {clause}" for clause in given if clause in _RULES]
    if rules_named:
        clauses.append(("by " + " and ".join(rules_named),))
    for clause in (c for c in given if c not in _RULES):
        said = _clause(clause, names)
        rules = [p for p in said if isinstance(p, tree.Comparison) and p.relations == ("=",)]
        if rules and all(p == ", " or p in rules for p in said):
            formulas.extend(rules)
        else:
            clauses.append(said)
    if formulas:
        clauses.insert(0, (lead if all(map(_is_derivative, formulas)) else "by ", *listed(formulas)))
    clauses.extend(_condition(c, names) for c in conditions if c not in _SAID)
    return sentence(joined(clauses)) if clauses else ()


def _is_derivative(rule: tree.Expression) -> bool:
    """Whether a rule says what a derivative or a differential is, rather than that two expressions are equal."""
    assert isinstance(rule, tree.Comparison)
    left = list(walk(rule.items[0]))
    return any(isinstance(n, tree.Prime | tree.Derivative) or n in _MARKS for n in left) or rule.items[0] in _LETTERS


def _clause(clause: str, names: Mapping[str, int]) -> Prose:
    """One clause of a rule."""
    if clause in _CLAUSES:
        return (_CLAUSES[clause],)
    linear = _LINEAR.fullmatch(clause)
    if linear is not None:
        return (*listed(_names(linear[1], names)), f" {linear[2]} linear in ", *_names(linear[3], names))
    uses = _USES.fullmatch(clause)
    if uses is not None:
        return ("the contributions through ", *listed(_names(uses[1], names)), " are added")
    return pieces(clause, names, rule=True)


def _names(text: str, names: Mapping[str, int]) -> list[tree.Expression]:
    """`b, f`: names, or derivatives that the sheet names."""
    found: list[tree.Expression] = []
    for one in text.split(", "):
        read = pieces(one, names) if one not in names else ()
        found.append(read[0] if len(read) == 1 and not isinstance(read[0], str) else tree.Name(one, one))
    return found


def _condition(condition: str, names: Mapping[str, int]) -> Prose:
    """`Σ Y = 1: Y ∈ onehot(K)` with the index over which it is summed."""
    fact, _, ground = condition.partition(": ")
    summed = _ROW_SUM.fullmatch(fact)
    said = _row_sum(summed[1], names) if summed is not None else _clause(fact, names)
    return ("this uses ", *said, ", as ", *pieces(ground, names)) if ground else said


def _row_sum(name: str, names: Mapping[str, int]) -> Prose:
    """Σ_k Y_ik = 1."""
    letters = [k for k in "kjilmn" if k not in names]
    last, *others = [*letters, "k", "j", "i"][: max(1, names.get(name, 1))]
    indices = tuple(tree.Name(k, k) for k in (*reversed(others), last))
    entry = tree.Subscript(tree.Name(name, name), indices)
    total = tree.Binder("sum", (tree.BoundIndex(tree.Name(last, last), None),), entry)
    return (comparison(total, "=", whole(1)),)
