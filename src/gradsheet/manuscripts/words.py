r"""Words or a formula? What decides about `$5 and $10`, about `\[1\]`, and about lines without any TeX."""

from __future__ import annotations

import re
import unicodedata

FUNCTIONS = frozenset(
    """
    abs arccos arcsin arctan argmax argmin bce concat cos cosh cot cov crossentropy det diag dim div dot elu erf exp
    expectation for gelu grad hinge huber identity if inf inner kron layernorm leakyrelu lim ln log logit logsoftmax
    logsumexp loss lse max maximum mean min minimum mod mse nll norm normalize otimes outer pow prod rank relu rms
    round sech sgn sigmoid sign silu sin sinh softmax softplus sqrt std stack step sum sup swish tan tanh then tr trace
    var vec
    """.split()  # noqa: SIM905 - a list of words is read as words
)
"""Names of functions, and the few words that conditions are written with: none of them makes a line prose."""

SHORT = frozenset(
    """
    a an and are as at be because but by can do from get give gives had has have he hence here how in into is it its let
    may no nor not now of on or our out own per say see she since so such than that the their them then there these
    they this those thus to too two up us use was we were what when where which while who why will with yes you your
    """.split()  # noqa: SIM905 - the same
) - {"a"}
"""Short words of English sentences; other short runs of letters may be names."""

RELATION = re.compile(r"[=≈≡∝≔≕≝←⟵≠≤≥≜∈]|<-(?!-)|:=|(?<=\s)[<>](?=\s)")
"""A sign that says something of what stands on its two sides."""

_TEXT = re.compile(
    r"\\(?:text|textrm|textit|textbf|textsf|mathrm|mathit|operatorname|mbox|hbox|label|tag)\*?\s*\{[^{}]*\}"
)
_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"(?<![\w'’^⁽₍])[^\W\d_]+(?:[-'’][^\W\d_]+)*(?![\w^⁽₍]|['’(\[]|\s*[=∈])")
_STRONG = re.compile(r"\\[A-Za-z,;!{}|\\]|[_^=]")


def has_signs(text: str) -> bool:
    """Whether something stands in it that prose does not have: a command, an index, an exponent, an equals sign."""
    return _STRONG.search(text) is not None


_ACCENTED = re.compile(r"d?[^\W\d_](?:hat|bar|tilde|vec)")


def prose_words(text: str, names: frozenset[str] = frozenset()) -> int:
    r"""How many words of a sentence a text holds, outside `\text{…}`; `names` are words that stand for something.

    >>> prose_words("5 for a book and 3"), prose_words("log p + softmax(z)"), prose_words("dW = x y")
    (2, 0, 0)
    >>> prose_words("so z = W x + b follows")
    2
    """
    bare = _COMMAND.sub(" ", _TEXT.sub(" ", text)) if "\\" in text else text
    return sum(_is_word(found[0]) for found in _WORD.finditer(bare) if found[0] not in names)


def _is_word(word: str) -> bool:
    lower = word.lower()
    if lower in SHORT:
        return True
    if lower in FUNCTIONS:
        return False
    if _ACCENTED.fullmatch(word):
        return False
    if len(word) < 4 or not word[1:].islower():
        return len(word) == 3 and word.isascii() and word.islower() and _has_vowel(word)
    return _is_plain(word)


def _has_vowel(word: str) -> bool:
    return any(letter in "aeiouy" for letter in word)


def _is_plain(word: str) -> bool:
    """Whether its letters are those of words, not of formulas: `δxᵀ` is none."""
    return all(unicodedata.category(letter) in ("Lu", "Ll") or letter in "-'’" for letter in word) and (
        "LATIN" in unicodedata.name(word[0], "") or "CYRILLIC" in unicodedata.name(word[0], "") or word.isascii()
    )


def inline_is_math(content: str, before: str, after: str) -> bool:
    """Whether what stands between two single dollars is a formula; `before` and `after` stand outside of them.

    Tight dollars (`$x$`) are a formula unless money or a sentence stands between them; with blanks inside (`$ x $`, as
    scanners of handwriting write) something in it has to look like one.

    >>> inline_is_math("5 and ", "", "1"), inline_is_math("x", " ", " "), inline_is_math(" x_1 ", " ", " ")
    (False, True, True)
    >>> inline_is_math("10, or 5", " ", " "), inline_is_math("1, 2", " ", "."), inline_is_math(", 10", "5", ",")
    (False, True, False)
    >>> inline_is_math("20 for a book and 5", " ", " "), inline_is_math(" and 10 ", "5", " ")
    (False, False)
    """
    bare = content.strip()
    if not bare:
        return False
    lead, trail = content[0].isspace(), content[-1].isspace()
    if after.isdigit() and (lead or trail or "\\" not in bare):
        return False
    signs, words = has_signs(bare), prose_words(bare)
    if after.isdigit():
        return not words and _COMMAND.search(bare) is not None
    if words >= 2 and not ("\\" in bare or (signs and words <= 3)):
        return False
    if words and bare[0].isdigit() and not signs:
        return False
    if not lead and not trail:
        if before.isdigit() and not signs:
            return not re.search(r"[\s\d,.;:]", bare)
        return bool(signs or bare[0] not in ",.;:" or len(bare) == 1)
    if signs:
        return True
    if words:
        return False
    if lead and trail:
        return any(letter.isalpha() for letter in bare) or not before.isdigit()
    return not re.search(r"\s", bare) and bare[0].isalpha()


def bracket_is_math(content: str, *, square: bool) -> bool:
    r"""Whether `\(…\)` or `\[…\]` holds a formula, or words and numbers behind escaped brackets.

    >>> bracket_is_math("1", square=True), bracket_is_math("x", square=False), bracket_is_math("a + b", square=True)
    (False, True, True)
    """
    bare = content.strip()
    if not bare:
        return False
    if has_signs(bare):
        return True
    if prose_words(bare):
        return False
    return not square or any(sign in bare for sign in "+-*/<>=≤≥≈∂∇∑Σ|′ᵀ⊙·×")
