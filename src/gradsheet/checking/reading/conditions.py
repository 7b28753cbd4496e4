"""Conditions in words: `if z > 0` binds a sentence, `Suppose z > 0.` and `Case 1: y = 1` what follows them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.checking.reading.model import Condition
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import (
    Additive,
    Comparison,
    Expression,
    Lowered,
    Name,
    Num,
    Power,
    Range,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from gradsheet.checking.reading.model import Chain
    from gradsheet.syntax.tree import Relation

ORDER = frozenset({"≠", "<", "≤", ">", "≥", "∈"})
_NUMBER = r"\(?(?:[0-9]{1,2}|[ivx]{1,4}|[a-dA-D])\)?"
_CASE = re.compile(rf"\b(?:case|fall|cas)\s*{_NUMBER}\W*$", re.IGNORECASE)
_SUPPOSE = re.compile(
    r"\b(?:suppose|assume|supposons|angenommen)(?:\s+(?:that|first|now|next|then|further|also|again|instead|otherwise"
    r"|for (?:the moment|now|simplicity)|from now on|throughout))*\s*[:,]?\s*$",
    re.IGNORECASE,
)
_NEAR = re.compile(
    r"\b(if|when|whenever|provided|assuming|unless|suppose|assume)\s+(?:[^\W\d]+\s+){1,3}$", re.IGNORECASE
)
_GENERAL = re.compile(
    r"\b(?:in general|generally|always|otherwise|altogether|overall|all together|taken together|together|combin\w+"
    r"|in (?:all|both|either|any) cases?|regardless|without (?:this|that|the) assumption|whatever|in every case"
    r"|back to|allgemein|insgesamt|en général)\b",
    re.IGNORECASE,
)
_UNREAD = re.compile(
    r"(?:^|[\s,;:(])((?:if|unless|provided(?: that)?|assuming(?: that)?|suppose(?: that)?|assume(?: that)?|in case"
    r"|whenever|as long as)\b(?!\s+(?:we|you|one|i|so|not|needed|necessary|possible|any|desired)\b).*)",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:learn(?:t|ed|able)|train(?:ed|able)|given|fixed|constant|known|unknown|used|parameters?|needed|shared|free"
    r"|treated|considered|included|optimi[sz]ed|differentiated|written|read|seen|interpreted|ignored|required|expanded"
    r"|a function of|function)\b",
    re.IGNORECASE,
)
_SIGNS: tuple[tuple[str, Relation], ...] = (
    ("non-?negative", "≥"), ("non-?positive", "≤"), ("positive", ">"), ("negative", "<"),
    ("(?:non-?zero|not zero)", "≠"), ("(?:zero|0)", "="),
)  # fmt: skip
_IS_SIGNED = re.compile(
    r"^\s*(?:is|are|was)\s+(?:strictly |all )?(?:" + "|".join(f"(?P<s{k}>{word})" for k, (word, _) in enumerate(_SIGNS))
    + r")\b",
    re.IGNORECASE,
)  # fmt: skip


def opens_case(words: str) -> str:
    """Whether the formula behind these words says what holds from here on: "case", "suppose" or "".

    >>> opens_case("Case 1:"), opens_case("Now suppose that"), opens_case("In this case,"), opens_case("**Case (b)** (")
    ('case', 'suppose', '', 'case')
    """
    if _CASE.search(words):
        return "case"
    return "suppose" if _SUPPOSE.search(words) else ""


def near(words: str) -> str:
    """The word of a condition that a few words part from its formula: `if the margin $m > 0$`."""
    found = _NEAR.search(words + " ")
    return found[1].lower() if found is not None else ""


def ends_case(words: str) -> bool:
    """Whether words say that what was supposed holds no longer."""
    return _GENERAL.search(words) is not None


def unread(words: str) -> str:
    """A condition that has no formula, `if the unit is active`; "" where there is none."""
    found = _UNREAD.search(words)
    return re.sub(r"\s+", " ", found[1]).strip(" ,;:") if found is not None else ""


def restricts_nothing(phrase: str) -> bool:
    """Whether a condition in words is none for the values: `if τ is learnt`."""
    return _HARMLESS.search(phrase) is not None


def signed(subject: Chain, words: str, word: str) -> Condition | None:
    """`if $z$` and `is positive` as z > 0; None where the words say something else."""
    found = _IS_SIGNED.match(words)
    tree = subject.sides[0].tree
    if found is None or subject.relations or not isinstance(tree, Name | Lowered | Subscript | Power):
        return None
    sign = next(sign for k, (_, sign) in enumerate(_SIGNS) if found[f"s{k}"])
    zero = Num(Fraction(0), "0", span=tree.span)
    comparison = Comparison((tree, zero), (sign,), span=tree.span)
    return Condition(word, f"{word} {subject.sides[0].latex.strip()} {found[0].strip()}", (comparison,))


def subjects(condition: Condition) -> set[str]:
    """What a condition is about: the names in it."""
    return {part.key for node in condition.trees for part in walk(node) if isinstance(part, Name)}


def contradicts(one: Condition, other: Condition) -> bool:
    """Whether two conditions compare the same things in different ways: z > 0 and z < 0."""
    pairs = [c.trees[0] if len(c.trees) == 1 else None for c in (one, other)]
    first, second = pairs
    if not isinstance(first, Comparison) or not isinstance(second, Comparison):
        return False
    return first.items == second.items and first.relations != second.relations


def comparison_of(chain: Chain) -> Comparison | None:
    """A chain as one comparison."""
    known = {"=", *ORDER}
    if not chain.relations or any(relation not in known for relation in chain.relations):
        return None
    items: list[Expression] = []
    for side in chain.sides:
        if side.kind != "expression" or side.tree is None or side.also:
            return None
        items.append(side.tree)  # type: ignore[arg-type]
    span = items[0].span.to(items[-1].span)
    return Comparison(tuple(items), chain.relations, span=span)  # type: ignore[arg-type]


def restricts(comparison: Comparison, word: str) -> bool:
    """Whether a comparison restricts what stands with it rather than saying what a symbol stands for."""
    if any(relation in ORDER for relation in comparison.relations):
        return True
    if word in ("where", "given") or len(comparison.items) != 2:
        return False
    left, right = comparison.items
    if word == "suppose":  # suppose x = 2: a value that is given
        return isinstance(left, Name | Lowered) and isinstance(right, Num) and right.value in {0, 1}
    short = isinstance(right, Additive) and len(right.terms) <= 2
    simple = all(isinstance(part, Num | Name | Lowered | Additive | Term) for part in walk(right))
    return isinstance(left, Name | Lowered) and (isinstance(right, Num | Range | Name | Lowered) or (short and simple))
