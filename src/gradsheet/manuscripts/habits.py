r"""Habits that would be misread: `.*` of MATLAB, `x.T` of NumPy, `\operatorname { t a n h }` of an OCR.

What they stand for takes their place with the same length, so that every position stays true.
"""

from __future__ import annotations

import re

_SPACED = re.compile(r"(\\(?:operatorname|mathrm|text|mathsf|mathit)\s*\*?\s*\{)(\s*[A-Za-z](?:\s+[A-Za-z])+\s*)(\})")
_COMMA = re.compile(r"(?<![\d,}])(\d+)\s?\{\s?,\s?\}\s?(\d+)(?![\d{])")
_WORDS = frozenset(
    {
        "tanh", "sigmoid", "softmax", "relu", "ReLU", "RELU", "log", "ln", "exp", "sin", "cos", "max", "min", "diag",
        "tr", "Tr", "det", "sign", "sgn", "argmax", "argmin", "softplus", "logsumexp", "erf", "vec", "out", "in",
        "loss",
    }
)  # fmt: skip
_PLAIN = (
    (re.compile(r"\.\*"), "⊙ "),
    (re.compile(r"\./"), "/ "),
    (re.compile(r"\.T(?![A-Za-z0-9_])"), " ᵀ"),
    (re.compile(r"(?<=\s)@(?=\s)"), "·"),
    (re.compile(r"(?<!\w)np\."), "   "),
    (re.compile(r"(?<!\w)d\((\w+)\)(\s*/\s*)d(\w+)"), r"∂\1\2∂\3  "),
)

_LATEX = (
    (re.compile(r"(?<=[A-Za-z0-9_)}\]])\.T(?![A-Za-z0-9_])"), "^T"),
    (re.compile(r"(?<=\s)@(?=\s)"), "·"),
    (re.compile(r"(?<![\w\\])np\."), "   "),
)


def readable(text: str, spelling: str) -> str:
    r"""A formula with such habits in the spelling that is read.

    >>> readable("dW = d .* x.T", "plain")
    'dW = d ⊙  x ᵀ'
    >>> readable("dW = X.T @ (P - Y)", "latex")
    'dW = X^T · (P - Y)'
    >>> readable(r"\mathrm { t a n h } (x)", "latex")
    '\\mathrm {tanh     } (x)'
    """
    if spelling == "latex":
        text = _with_points(_SPACED.sub(_joined, text))
    for habit, meant in _LATEX if spelling == "latex" else _PLAIN:
        text = habit.sub(meant, text)
    return text


def _with_points(text: str) -> str:
    r"""`0{,}5` as 0.5. What may be thousands, `1{,}000`, stays, unless another number of the formula tells.

    >>> _with_points(r"0{,}5 + 1{,}125"), _with_points(r"1{,}125")
    ('0.5   + 1.125  ', '1{,}125')
    """
    found = list(_COMMA.finditer(text))
    if not any(number[1] == "0" or len(number[2]) != 3 for number in found):
        return text
    return _COMMA.sub(r"\1.\2  ", text)


def _joined(found: re.Match[str]) -> str:
    word = "".join(found[2].split())
    if word not in _WORDS:
        return found[0]
    return found[1] + word + " " * (len(found[2]) - len(word)) + found[3]
