r"""What LaTeX's commands stand for: letters, signs, functions, accents, type styles, and what only moves ink."""

from __future__ import annotations

import unicodedata

from gradsheet.syntax.names import GREEK

LETTERS: dict[str, str] = {
    **GREEK,
    "varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "varrho": "ρ", "varsigma": "ς", "varkappa": "κ", "omicron": "ο",
    "varGamma": "Γ", "varDelta": "Δ", "varTheta": "Θ", "varLambda": "Λ", "varXi": "Ξ", "varPi": "Π", "varSigma": "Σ",
    "varPhi": "Φ", "varPsi": "Ψ", "varOmega": "Ω", "ell": "ℓ", "hbar": "ħ", "infty": "∞", "imath": "i", "jmath": "j",
    "wp": "℘", "aleph": "ℵ", "eth": "ð",
}  # fmt: skip
"""Commands that are one letter, by its key."""

FUNCTION_COMMANDS: dict[str, str] = {
    **{name: name for name in (
        "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "coth", "csc", "det", "exp", "ln", "log", "max", "min",
        "sec", "sin", "sinh", "tan", "tanh",
    )},
    "tr": "tr", "Tr": "tr", "erf": "erf", "softmax": "softmax", "diag": "diag",
}  # fmt: skip
"""Commands that are the name of a function."""

SUMS: dict[str, str] = {"sum": "∑", "prod": "∏"}
"""Signs that bind an index below them."""

SIGNS: dict[str, str] = {
    "cdot": "·", "cdotp": "·", "bullet": "·", "times": "×", "otimes": "⊗", "odot": "⊙", "circ": "⊙", "oslash": "⊘",
    "ast": "*", "div": "/", "slash": "/", "pm": "±", "mp": "∓", "oplus": "⊕",
    "leq": "≤", "le": "≤", "leqslant": "≤", "geq": "≥", "ge": "≥", "geqslant": "≥", "neq": "≠", "ne": "≠",
    "lt": "<", "gt": ">", "in": "∈", "to": "→", "rightarrow": "→", "longrightarrow": "→", "mapsto": "→",
    "leftarrow": "←", "gets": "←", "longleftarrow": "←", "coloneqq": ":=", "coloneq": ":=", "colon": ":",
    "land": "and", "wedge": "and", "lor": "or", "vee": "or", "lnot": "not", "neg": "not", "prime": "'",
    "partial": "∂", "lbrack": "[", "rbrack": "]",
    "approx": "≈", "simeq": "≈", "cong": "≅", "equiv": "≡", "sim": "∼", "propto": "∝", "triangleq": "≜",
    "Rightarrow": "⇒", "implies": "⇒", "Longrightarrow": "⇒", "iff": "⇔", "Leftrightarrow": "⇔", "notin": "∉",
    "subset": "⊂", "subseteq": "⊆", "cup": "∪", "cap": "∩", "setminus": "∖", "ll": "≪", "gg": "≫",
}  # fmt: skip
"""Operators, relations and arrows by their sign; the parser knows some of them, and says which it does not."""

ACCENTS: dict[str, str] = {
    "grave": "\u0300", "acute": "\u0301", "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303",
    "widetilde": "\u0303", "bar": "\u0304", "overline": "\u0304", "breve": "\u0306", "dot": "\u0307",
    "ddot": "\u0308", "check": "\u030c", "widecheck": "\u030c", "mathring": "\u030a", "vec": "\u20d7",
}  # fmt: skip
"""Marks over a letter, as combining characters."""

UPRIGHT = frozenset({
    "mathrm", "operatorname", "operatorname*", "mathup", "mathnormal", "mathit", "rm", "textrm",
})  # fmt: skip
"""Commands whose argument is one word, a name."""

WORDS = frozenset({"text", "mbox", "hbox", "textnormal", "textit", "textsf", "texttt", "intertext", "textup", "emph"})
"""Commands whose argument is prose: the words of the language, or names."""

_MATH_LETTERS = {
    "mathbf": "BOLD", "boldsymbol": "BOLD", "bm": "BOLD", "symbf": "BOLD", "pmb": "BOLD", "textbf": "BOLD",
    "mathcal": "SCRIPT", "mathscr": "SCRIPT", "cal": "SCRIPT", "mathfrak": "FRAKTUR", "mathbb": "DOUBLE-STRUCK",
    "mathds": "DOUBLE-STRUCK", "mathbbm": "DOUBLE-STRUCK", "mathsf": "SANS-SERIF", "mathtt": "MONOSPACE",
}  # fmt: skip
STYLES = frozenset(_MATH_LETTERS)
"""Commands that set letters in another face."""
ONE_LETTER = frozenset({"mathsf", "mathtt", "mathbf", "textbf"})
"""Those whose argument is one name if it is a word."""

TRANSPARENT = frozenset({
    "boxed", "ensuremath", "mathop", "mathrel", "mathbin", "mathord", "mathopen", "mathclose", "mathinner", "mathstrut",
    "underline", "smash", "textstyle", "displaystyle", "scriptstyle", "scriptscriptstyle", "limits", "nolimits",
    "bf", "it", "left", "right", "middle", "nonumber", "notag", "allowbreak", "nobreak", "null", "relax",
    "big", "Big", "bigg", "Bigg", "bigl", "Bigl", "biggl", "Biggl", "bigr", "Bigr", "biggr", "Biggr",
    "bigm", "Bigm", "biggm", "Biggm", "hline",
})  # fmt: skip
"""Commands that mean nothing; what is in their argument stands for itself."""

SIZED = frozenset(command for command in TRANSPARENT if command[:3].lower() == "big")
"""Commands that make the next bracket larger."""

DROPPED: dict[str, int] = {
    "color": 1, "hspace": 1, "hspace*": 1, "vspace": 1, "vspace*": 1, "label": 1, "tag": 1, "tag*": 1, "phantom": 1,
    "hphantom": 1, "vphantom": 1, "mspace": 1, "kern": 0, "raisebox": 1,
}  # fmt: skip
"""Commands that go with so many arguments."""

COLOURED: dict[str, int] = {"textcolor": 1, "colorbox": 1, "fcolorbox": 2, "href": 1, "class": 1, "style": 1}
"""Commands that keep their last argument and drop so many before it."""

SPACES = frozenset({
    ",", ";", ":", "!", " ", ">", "quad", "qquad", "thinspace", "medspace", "thickspace", "negthinspace", "enspace",
    "enskip", "space", "nobreakspace", "/", "\n", "\t",
})  # fmt: skip
"""Commands that are white space."""

OPENERS: dict[str, str] = {"(": ")", "[": "]", "{": "}", "l|": "r|", "l‖": "r‖", "⟨": "⟩"}
"""Brackets with a side of their own, each with its partner."""

DELIMITERS: dict[str, str] = {
    "lvert": "l|", "rvert": "r|", "lVert": "l‖", "rVert": "r‖", "langle": "⟨", "rangle": "⟩", "lbrace": "{",
    "rbrace": "}", "{": "{", "}": "}", "lparen": "(", "rparen": ")", "lbrack": "[", "rbrack": "]",
}  # fmt: skip
"""Commands that are brackets of one side."""

BARS: dict[str, str] = {"|": "‖", "Vert": "‖", "vert": "|", "mid": "|"}
"""Commands that are bars of either side."""

MATRICES = frozenset({"matrix", "bmatrix", "pmatrix", "Bmatrix", "smallmatrix", "array"})
CASES = frozenset({"cases", "dcases", "rcases"})
ALIGNED = frozenset({
    "aligned", "align", "align*", "split", "gathered", "gather", "gather*", "equation", "equation*", "eqnarray",
    "eqnarray*", "displaymath", "math", "multline", "multline*", "alignat", "alignat*", "alignedat", "flalign",
    "flalign*",
})  # fmt: skip
"""Environments of rows of formulas."""
WITH_ARGUMENT = frozenset({"array", "alignat", "alignat*", "alignedat"})
"""Environments with an argument that says how columns are set."""

REFUSED: dict[str, tuple[str, str]] = {
    "nabla": ("∇ is not part of the language", r"name the derivative: \frac{\partial L}{\partial W}"),
    "forall": ("∀ is not part of the language", r"state the range after the equation: \text{for } i = 1, \dots, N"),
    "newcommand": ("macros are not read", "write out what the macro stands for"),
    "renewcommand": ("macros are not read", "write out what the macro stands for"),
    "def": ("macros are not read", "write out what the macro stands for"),
    "let": ("macros are not read", "write out what the macro stands for"),
    "DeclareMathOperator": ("macros are not read", r"write \operatorname{…} where the name stands"),
    "over": (r"\over is not read", r"a fraction is written \frac{a}{b}"),
    "arg": (r"\arg is not part of the language", r"state the objective: \text{minimize } L"),
    "int": ("integrals are not part of the language", "a sum over an index: \\sum_{i=1}^{n}"),
    "lim": ("limits are not part of the language", "write the limit itself"),
    "binom": ("binomial coefficients are not part of the language", "write out the quotient"),
    "cancel": ("struck text is not read", "leave it out"),
    "vmatrix": ("bars around a matrix are not read", r"\det A, or \lVert A \rVert"),
    "Vmatrix": ("bars around a matrix are not read", r"\det A, or \lVert A \rVert"),
}
"""Commands that are known, with the reason why they are not read and what to write instead."""

TRANSPOSES = frozenset({"top", "intercal", "transpose"})
DOTS = frozenset({"dots", "ldots", "cdots", "dotsc", "dotsb", "dotsm", "dotsi", "dotso", "hdots", "vdots", "ddots"})

NOT_FOLLOWED = {
    "SCRIPT": {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ", "g": "ℊ",
               "o": "ℴ"},
    "FRAKTUR": {"C": "ℭ", "H": "ℌ", "I": "ℑ", "R": "ℜ", "Z": "ℨ"},
    "DOUBLE-STRUCK": {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"},
}  # fmt: skip
"""Letters that Unicode had before it had the alphabets they belong to."""


def styled(command: str, letter: str) -> str:
    r"""A letter in the face of a command, as Unicode has it; the letter itself where it has none.

    >>> styled("mathbf", "z"), styled("mathcal", "L"), styled("mathbb", "R"), styled("boldsymbol", "θ")
    ('𝐳', 'ℒ', 'ℝ', '𝛉')
    """
    face = _MATH_LETTERS[command]
    early = NOT_FOLLOWED.get(face, {}).get(letter)
    if early is not None:
        return early
    name = unicodedata.name(letter, "")
    if letter.isdigit():
        name = f"MATHEMATICAL {face} {name}"
    else:
        size = "CAPITAL" if letter.isupper() else "SMALL"
        short = name.removeprefix("GREEK ").removeprefix("LATIN ").removeprefix(f"{size} LETTER ")
        name = f"MATHEMATICAL {face} {size} {short}"
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return letter
