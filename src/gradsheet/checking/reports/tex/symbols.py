r"""What commands show: \alpha is α, \leq is ≤, \sin is sin. Tables only."""

from __future__ import annotations

LETTERS: dict[str, str] = {
    r"\alpha": "α", r"\beta": "β", r"\gamma": "γ", r"\delta": "δ", r"\epsilon": "ϵ", r"\varepsilon": "ε", r"\zeta": "ζ",
    r"\eta": "η", r"\theta": "θ", r"\vartheta": "ϑ", r"\iota": "ι", r"\kappa": "κ", r"\lambda": "λ", r"\mu": "μ",
    r"\nu": "ν", r"\xi": "ξ", r"\omicron": "ο", r"\pi": "π", r"\varpi": "ϖ", r"\rho": "ρ", r"\varrho": "ϱ",
    r"\sigma": "σ", r"\varsigma": "ς", r"\tau": "τ", r"\upsilon": "υ", r"\phi": "ϕ", r"\varphi": "φ", r"\chi": "χ",
    r"\psi": "ψ", r"\omega": "ω", r"\ell": "ℓ", r"\imath": "ı", r"\jmath": "ȷ", r"\hbar": "ℏ", r"\wp": "℘",
}  # fmt: skip
UPRIGHT: dict[str, str] = {
    r"\Gamma": "Γ", r"\Delta": "Δ", r"\Theta": "Θ", r"\Lambda": "Λ", r"\Xi": "Ξ", r"\Pi": "Π", r"\Sigma": "Σ",
    r"\Upsilon": "Υ", r"\Phi": "Φ", r"\Psi": "Ψ", r"\Omega": "Ω", r"\infty": "∞", r"\partial": "∂", r"\nabla": "∇",
    r"\emptyset": "∅", r"\varnothing": "∅", r"\R": "ℝ", r"\Re": "ℜ", r"\Im": "ℑ", r"\top": "⊤", r"\bot": "⊥",
    r"\intercal": "⊺", r"\aleph": "ℵ", r"\checkmark": "✓", r"\#": "#", r"\$": "$", r"\%": "%", r"\&": "&", r"\_": "_",
    r"\square": "□", r"\Box": "□", r"\blacksquare": "■", r"\dag": "†", r"\dagger": "†", r"\prime": "′", r"\S": "§",
    r"\P": "¶", r"\angle": "∠", r"\triangle": "△", r"\degree": "°",
}  # fmt: skip
SIGNS: dict[str, str] = {
    r"\cdot": "⋅", r"\times": "×", r"\div": "÷", r"\pm": "±", r"\mp": "∓", r"\ast": "∗", r"\star": "⋆", r"\circ": "∘",
    r"\bullet": "•", r"\odot": "⊙", r"\oplus": "⊕", r"\otimes": "⊗", r"\ominus": "⊖", r"\oslash": "⊘", r"\cap": "∩",
    r"\cup": "∪", r"\setminus": "∖", r"\backslash": "\\", r"\wedge": "∧", r"\land": "∧", r"\vee": "∨", r"\lor": "∨",
    r"\neg": "¬", r"\lnot": "¬", r"\leq": "≤", r"\le": "≤", r"\geq": "≥", r"\ge": "≥", r"\neq": "≠", r"\ne": "≠",
    r"\leqslant": "⩽", r"\geqslant": "⩾", r"\ll": "≪", r"\gg": "≫", r"\approx": "≈", r"\equiv": "≡", r"\sim": "∼",
    r"\simeq": "≃", r"\cong": "≅", r"\propto": "∝", r"\doteq": "≐", r"\triangleq": "≜", r"\coloneqq": "≔", r"\in": "∈",
    r"\notin": "∉", r"\ni": "∋", r"\subset": "⊂", r"\subseteq": "⊆", r"\supset": "⊃", r"\supseteq": "⊇", r"\to": "→",
    r"\rightarrow": "→", r"\longrightarrow": "⟶", r"\leftarrow": "←", r"\gets": "←", r"\longleftarrow": "⟵",
    r"\leftrightarrow": "↔", r"\Rightarrow": "⇒", r"\Longrightarrow": "⟹", r"\implies": "⟹", r"\Leftarrow": "⇐",
    r"\Leftrightarrow": "⇔", r"\iff": "⟺", r"\mapsto": "↦", r"\longmapsto": "⟼", r"\uparrow": "↑", r"\downarrow": "↓",
    r"\nearrow": "↗", r"\searrow": "↘", r"\nwarrow": "↖", r"\swarrow": "↙",
    r"\leadsto": "⇝", r"\rightsquigarrow": "⇝", r"\hookrightarrow": "↪",
    r"\curvearrowright": "↷", r"\forall": "∀", r"\exists": "∃", r"\mid": "∣", r"\parallel": "∥", r"\perp": "⊥",
    r"\vdash": "⊢", r"\models": "⊨", r"\colon": ":", r"\dots": "…", r"\ldots": "…", r"\cdots": "⋯", r"\vdots": "⋮",
    r"\ddots": "⋱", r"\dotsc": "…", r"\dotsb": "⋯", r"\therefore": "∴", r"\because": "∵", r"\prec": "≺", r"\succ": "≻",
    r"\preceq": "⪯", r"\succeq": "⪰", r"\lesssim": "≲", r"\gtrsim": "≳", r"\ltimes": "⋉", r"\bmod": "mod",
}  # fmt: skip
BIG: dict[str, str] = {
    r"\sum": "∑", r"\prod": "∏", r"\coprod": "∐", r"\bigcup": "⋃", r"\bigcap": "⋂", r"\bigoplus": "⨁",
    r"\bigotimes": "⨂", r"\bigodot": "⨀", r"\bigwedge": "⋀", r"\bigvee": "⋁",
}  # fmt: skip
INTEGRALS: dict[str, str] = {r"\int": "∫", r"\iint": "∬", r"\iiint": "∭", r"\oint": "∮"}
FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh coth exp log ln lg arg deg dim hom ker".split()  # noqa: SIM905 - a row of words is easier to read
)
LIMIT_FUNCTIONS = frozenset("max min sup inf lim limsup liminf det gcd Pr argmax argmin".split())  # noqa: SIM905 - a row of words is easier to read
FENCES: dict[str, str] = {
    "(": "(", ")": ")", "[": "[", "]": "]", r"\{": "{", r"\}": "}", r"\lbrace": "{", r"\rbrace": "}", "|": "|",
    r"\|": "‖", r"\vert": "|", r"\Vert": "‖", r"\lvert": "|", r"\rvert": "|", r"\lVert": "‖", r"\rVert": "‖",
    r"\langle": "⟨", r"\rangle": "⟩", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", ".": "",
    "/": "/", "<": "⟨", ">": "⟩", r"\lbrack": "[", r"\rbrack": "]", r"\backslash": "\\", r"\uparrow": "↑",
    r"\downarrow": "↓",
}  # fmt: skip
ACCENTS: dict[str, str] = {
    r"\hat": "ˆ", r"\widehat": "ˆ", r"\tilde": "˜", r"\widetilde": "˜", r"\bar": "¯", r"\overline": "¯", r"\vec": "→",
    r"\overrightarrow": "→", r"\overleftarrow": "←", r"\dot": "˙", r"\ddot": "¨", r"\check": "ˇ", r"\breve": "˘",
    r"\acute": "´", r"\grave": "`", r"\mathring": "˚",
}  # fmt: skip
WIDE = frozenset({r"\overline", r"\widehat", r"\widetilde", r"\overrightarrow", r"\overleftarrow"})
SPACES: dict[str, str] = {
    r"\,": "0.1667em", r"\:": "0.2222em", r"\>": "0.2222em", r"\;": "0.2778em", r"\!": "-0.1667em", r"\ ": "0.25em",
    "\\\n": "0.25em", r"\quad": "1em", r"\qquad": "2em", r"\enspace": "0.5em", r"\thinspace": "0.1667em",
    r"\medspace": "0.2222em", r"\thickspace": "0.2778em", r"\enskip": "0.5em", r"\hfill": "1em", r"\space": "0.25em",
    r"\negthinspace": "-0.1667em",
}  # fmt: skip
SILENT = frozenset(
    (  # noqa: SIM905 - a row of words is easier to read
        r"\displaystyle \textstyle \scriptstyle \scriptscriptstyle \limits \nolimits \nonumber \notag \hline \noindent "
        r"\centering \allowbreak \nobreak \rm \it \bf \cal \sf \tt \mathstrut \strut \relax \par \\* \/ \-"
    ).split()
)
"""Commands that say how to set, not what: dropped."""
SIZES = frozenset(f"\\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m"))
ENVIRONMENTS: dict[str, tuple[str, str, str]] = {
    "matrix": ("", "", "center"), "smallmatrix": ("", "", "center"), "pmatrix": ("(", ")", "center"),
    "bmatrix": ("[", "]", "center"), "Bmatrix": ("{", "}", "center"), "vmatrix": ("|", "|", "center"),
    "Vmatrix": ("‖", "‖", "center"), "array": ("", "", "center"), "cases": ("{", "", "left"),
    "dcases": ("{", "", "left"), "rcases": ("", "}", "left"), "aligned": ("", "", "aligned"),
    "align": ("", "", "aligned"), "alignat": ("", "", "aligned"), "alignedat": ("", "", "aligned"),
    "flalign": ("", "", "aligned"), "split": ("", "", "aligned"), "eqnarray": ("", "", "eqnarray"),
    "gather": ("", "", "center"), "gathered": ("", "", "center"), "equation": ("", "", "aligned"),
    "multline": ("", "", "left"), "math": ("", "", "aligned"), "displaymath": ("", "", "aligned"),
    "subarray": ("", "", "center"),
}  # fmt: skip
"""For each environment its brackets, and how its columns stand."""
ALPHABETS: dict[str, str] = {
    r"\mathrm": "upright", r"\mathbf": "bold upright", r"\boldsymbol": "bold", r"\bm": "bold", r"\pmb": "bold",
    r"\mathsf": "upright", r"\mathtt": "upright", r"\mathit": "", r"\mathnormal": "", r"\mathbb": "double",
    r"\mathcal": "script", r"\mathscr": "script", r"\mathfrak": "fraktur", r"\operatorname": "operator",
    r"\operatorname*": "operator", r"\mathop": "", r"\mathbin": "", r"\mathrel": "", r"\mathord": "", r"\mathopen": "",
    r"\mathclose": "", r"\mathpunct": "", r"\mathinner": "", r"\ensuremath": "", r"\smash": "", r"\mathbbm": "double",
    r"\mathds": "double",
}  # fmt: skip
TEXTS = frozenset(
    r"\text \textrm \textnormal \textit \textbf \textsf \texttt \textsc \emph \mbox \hbox \textup \textsl".split()  # noqa: SIM905 - a row of words is easier to read
)
_EXCEPTIONS = {
    "double": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
}
_FIRST = {"double": (0x1D538, 0x1D552), "script": (0x1D49C, 0x1D4B6), "fraktur": (0x1D504, 0x1D51E)}


def in_alphabet(char: str, alphabet: str) -> str:
    """A letter in double-struck, script or Fraktur type; any other sign stays.

    >>> in_alphabet("R", "double"), in_alphabet("L", "script"), in_alphabet("1", "fraktur")
    ('ℝ', 'ℒ', '1')
    """
    if alphabet == "double" and char == "1":
        return "𝟙"
    if not (char.isascii() and char.isalpha()):
        return char
    capital, small = _FIRST[alphabet]
    plain = chr(capital + ord(char) - ord("A")) if char.isupper() else chr(small + ord(char) - ord("a"))
    return _EXCEPTIONS[alphabet].get(char, plain)
