r"""Words in and before formulas: what they do there. `if` opens a condition, `where` a definition, `so` nothing."""

from __future__ import annotations

import re
from typing import Literal

from gradsheet.syntax.vocabulary import FUNCTIONS

Role = Literal["condition", "universal", "definition", "shape", "assertion", "other"]

_CONDITION = re.compile(
    r"(?:^|[\s,;:(])(if|si|wenn|falls|for|pour|für|when|whenever|where|at|provided|assuming|unless|in case|given"
    r"|evaluated at|as long as|only if|provided that|assuming that"
    r"|given that|if and only if|for the case|in the case|for layer|and if|or if"
    r"|except|except for|but only for|only for)\s*[:,]?\s*$",
    re.IGNORECASE,
)
_OPENS = re.compile(r"^\W*(if|for|when|whenever|provided|assuming|unless|in case|as long as|only if)\b", re.IGNORECASE)
_OTHERWISE = re.compile(r"\W*(?:otherwise|else|elsewhere)\W*", re.IGNORECASE)
_UNIVERSAL = re.compile(
    r"(?:^|\s)(for all|for any|for every|for each|for arbitrary|where all|∀)\s*[:,]?\s*$", re.IGNORECASE
)
_DEFINES = re.compile(
    r"(?:\b(?:where|let|define|defines|defined|denote|denotes|denoted|set|call|write|abbreviate|introduce|put)\b"
    r"(?!\s+(?:down|out|up)\b)(?:\s+[^\s,.;]+){0,4}|\b(?:and )?with)[\s:,]*$",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    r"^\W*(is|are|is in|are in|is of|is an?|has shape|have shape|of shape|is of shape|has size|of size|is of size"
    r"|lies in|has dimensions?|has the shape|is a (?:row |column )?(?:vector|matrix) (?:in|of))\W*$",
    re.IGNORECASE,
)
_ASSERTS = re.compile(r"\b(since|because|as|using|recall|note|note that|by)\W*$", re.IGNORECASE)
COMMON = frozenset(
    [
        "a",
        "again",
        "all",
        "also",
        "an",
        "and",
        "any",
        "are",
        "as",
        "assume",
        "assuming",
        "at",
        "because",
        "but",
        "by",
        "call",
        "case",
        "cases",
        "chain",
        "claim",
        "compare",
        "compute",
        "consider",
        "const.",
        "constant.",
        "define",
        "denote",
        "denoted",
        "derivation",
        "each",
        "else",
        "equation",
        "evaluate",
        "exactly",
        "finally",
        "find",
        "first",
        "following",
        "follows",
        "for",
        "from",
        "furthermore",
        "gives",
        "given",
        "hence",
        "here",
        "holds",
        "i.e.",
        "e.g.",
        "if",
        "implied",
        "implies",
        "in",
        "instead",
        "into",
        "is",
        "it",
        "just",
        "last",
        "let",
        "likewise",
        "means",
        "moreover",
        "namely",
        "next",
        "not",
        "note",
        "now",
        "number",
        "obtain",
        "obtained",
        "of",
        "on",
        "or",
        "otherwise",
        "our",
        "over",
        "per",
        "provided",
        "recall",
        "remark",
        "respectively",
        "resp.",
        "rule",
        "same",
        "say",
        "second",
        "see",
        "similarly",
        "simplify",
        "since",
        "so",
        "solution",
        "step",
        "still",
        "such",
        "subject",
        "suppose",
        "than",
        "that",
        "the",
        "their",
        "then",
        "there",
        "therefore",
        "this",
        "thus",
        "to",
        "true",
        "under",
        "unless",
        "update",
        "use",
        "used",
        "using",
        "vs",
        "we",
        "when",
        "whenever",
        "where",
        "which",
        "while",
        "will",
        "with",
        "yields",
        "yield",
        "general",
        "know",
        "have",
        "get",
        "similar",
        "analogously",
    ]
)
"""Words of sentences; none of them is the name of anything."""
_FUNCTIONS = FUNCTIONS | {
    "ReLU", "relu", "Relu", "softmax", "Softmax", "SoftMax", "sigmoid", "Sigmoid", "tanh", "Tanh", "LeakyReLU", "ELU",
    "GELU", "Var", "Cov", "KL", "CE", "MSE", "MLP", "LN", "BN", "Attention", "LayerNorm", "sgn", "step", "argmax",
    "argmin", "logit", "logistic", "erf", "Tr", "tr", "vec", "rank", "concat", "Concat",
}  # fmt: skip
_NAME = re.compile(r"[^\W\d_][\w\u0300-\u036f]*")


def role(words: str) -> Role:
    """What words do to the formula behind them.

    >>> role("for all"), role("if"), role("and where"), role(" is "), role("so"), role("We have:")
    ('universal', 'condition', 'condition', 'shape', 'other', 'other')
    """
    text = words.strip()
    if _UNIVERSAL.search(text):
        return "universal"
    if _SHAPE.match(text):
        return "shape"
    if _CONDITION.search(text):
        return "condition"
    if _ASSERTS.search(text):
        return "assertion"
    return "definition" if _DEFINES.search(text) else "other"


def condition_word(words: str) -> str:
    """The word that opens a condition at the end of words: `if`; "" if none does."""
    found = _CONDITION.search(words.strip())
    return found[1].lower() if found else ""


def is_condition_alone(words: str) -> str:
    """The word of a condition that has no formula, `if the input is positive`; "" where this is none."""
    if _OTHERWISE.fullmatch(words):
        return "otherwise"
    found = _OPENS.match(words)
    return found[1].lower() if found and len(words.split()) > 1 else ""


def defines(words: str) -> bool:
    """Whether the words say that what follows is a definition."""
    return bool(_DEFINES.search(words))


def is_function(word: str) -> bool:
    """Whether a word is the usual name of a function."""
    return word in _FUNCTIONS


def is_name(raw: str) -> bool:
    """Whether upright words could be one name: a single word, and none of a sentence."""
    word = raw.strip()
    return bool(_NAME.fullmatch(word)) and word.lower() not in COMMON


def last_sentence(prose: str) -> str:
    """The words since the last full stop; blanks and marks of Markdown taken off.

    >>> last_sentence("That was it. Since *z* is small, we have")
    'Since z is small, we have'
    """
    tail = re.split(r"(?<=[.!?])\s+|\n\s*(?:[-*+]|[0-9]+[.)])\s+", prose.strip())[-1]
    return re.sub(r"\s+", " ", re.sub(r"[*`#>]+", "", tail)).strip(" ,;:-\t")


def ends_sentence(prose: str) -> bool:
    """Whether a sentence ends in these words, or at their end.

    >>> ends_sentence("holds. So"), ends_sentence("for 0.5 of it, e.g. this"), ends_sentence("done.")
    (True, False, True)
    """
    return bool(re.search(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bw\.r\.t)(?<!\beq)[.!?](?:\s|$)", prose, re.IGNORECASE))
