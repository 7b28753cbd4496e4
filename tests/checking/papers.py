"""Checked documents made by hand: a page, and what is said of its lines."""

from __future__ import annotations

import re
from dataclasses import replace

from gradsheet.checking.model import BoundName, CheckedFormula, CheckReport, Claim, Reference
from gradsheet.diagnostics import Diagnostic, Remark, Source, Span
from gradsheet.manuscripts import Formula, Manuscript, Place, Prose

_FORMULA = re.compile(r"\$\$(?P<display>.+?)\$\$|\$(?P<inline>[^$]+?)\$", re.DOTALL)


class Paper:
    """A page in Markdown whose formulas stand in dollars."""

    def __init__(self, text: str, name: str = "solution.md") -> None:
        self.source = Source(text, name)
        self.claims: dict[int, list[Claim]] = {}
        self.pieces: list[Formula | Prose] = []
        self.extra: dict[str, object] = {}
        at = 0
        for number, match in enumerate(_FORMULA.finditer(text), 1):
            self._prose(at, match.start())
            kind = match.lastgroup
            inside = match[kind]
            place = Place(*self.source.position(match.start()))
            self.pieces.append(
                Formula(number, kind == "display", "latex", inside, inside, match.start(kind), place)
            )  # fmt: skip
            at = match.end()
        self._prose(at, len(text))

    def _prose(self, start: int, end: int) -> None:
        for part in re.finditer(r"(?:(?!\n\n).)+|\n\n+", self.source.text[start:end], re.DOTALL):
            if part[0].strip():
                bare = part[0].lstrip("\n")
                kind = "heading" if bare.startswith("#") else "item" if bare.startswith("- ") else "text"
                place = Place(*self.source.position(start + part.start()))
                self.pieces.append(
                    Prose(part[0], kind, place, self.source.text[start + part.end() :].startswith("\n\n"))
                )

    def formula(self, number: int) -> Formula:
        return next(p for p in self.pieces if isinstance(p, Formula) and p.number == number)

    def say(
        self, number: int, part: str, verdict: str, *, patch: tuple[str, str] | None = None, **said: object
    ) -> Paper:
        """A claim about a part of a formula; `patch` is (what is written, what should stand there)."""
        text = self.formula(number).text
        start = text.index(part)
        claims = self.claims.setdefault(number, [])
        if patch is not None:
            begin = text.index(patch[0], start)
            said["patch"] = (Span(begin, begin + len(patch[0])), patch[1])
        claims.append(
            Claim(len(claims) + 1, part, str(said.pop("text", part)), Span(start, start + len(part)), verdict, **said)
        )
        return self

    def report(self, **extra: object) -> CheckReport:
        manuscript = Manuscript(self.source, tuple(self.pieces))
        formulas = tuple(
            CheckedFormula(f, "claim" if self.claims.get(f.number) else "mention", f.latex,
                           tuple(self.claims.get(f.number, ())))
            for f in manuscript.formulas
        )  # fmt: skip
        return replace(CheckReport(manuscript, ("mlp.sheet",), formulas), **extra)


PAGE = r"""# Exercise 7

The forward pass gives $z^{(3)} = W^{(3)} h^{(2)} + b^{(3)} = [0.16936, 0.16936, 0.16936]^{\top}$, as all units agree.

Therefore

$$\hat y - y = \frac{\partial L}{\partial z^{(2)}}$$

and with it

$$\begin{aligned}
\frac{\partial L}{\partial W^{(3)}} &= \frac{\partial L}{\partial z^{(3)}} h^{(2)\top} \\
&= (\hat y - y) h^{(2)}
\end{aligned}$$

- the bias: $\frac{\partial L}{\partial b^{(2)}} = \hat y - y$.
- a letter: $\eta$
- something lost: $w = \nonsense{2$
- and the rest, $\frac{\partial L}{\partial x} = W^{(1)\top} \delta$, in some $q$.
"""


def example() -> CheckReport:
    """A page with a line of each kind."""
    paper = Paper(PAGE)
    paper.say(
        1,
        r"z^{(3)} = W^{(3)} h^{(2)} + b^{(3)}",
        "right",
        text="z⁽³⁾ = W⁽³⁾ h⁽²⁾ + b⁽³⁾",
        certainty="proved",
        quantity="z3",
    )
    paper.say(
        1, r"= [0.16936, 0.16936, 0.16936]^{\top}", "wrong", patch=("0.16936", "0.16396"), slip="arithmetic",
        text="… = [0.16936, …]ᵀ", reason="0.16396; two digits swapped", expected=r"[0.16396, 0.16396, 0.16396]^{\top}",
        expected_text="[0.16396, 0.16396, 0.16396]ᵀ", quantity="z3",
    )  # fmt: skip
    paper.say(
        2, r"\hat y - y = \frac{\partial L}{\partial z^{(2)}}", "wrong", patch=("z^{(2)}", "z^{(3)}"), slip="index",
        text="ŷ − y = ∂L/∂z⁽²⁾", reason="this is ∂L/∂z⁽³⁾: layer 2 for 3",
        expected=r"\hat y - y = \frac{\partial L}{\partial z^{(3)}}", expected_text="ŷ − y = ∂L/∂z⁽³⁾",
        ties=("the left side would be h⁽²⁾ᵀ δ",), quantity="∂L/∂z2",
    )  # fmt: skip
    first = r"\frac{\partial L}{\partial W^{(3)}} &= \frac{\partial L}{\partial z^{(3)}} h^{(2)\top}"
    paper.say(3, first, "right", text="∂L/∂W⁽³⁾ = ∂L/∂z⁽³⁾ h⁽²⁾ᵀ", certainty="holds at 3 points", quantity="∂L/∂W3")
    paper.say(
        3, r"= (\hat y - y) h^{(2)}", "arrangement", text="… = (ŷ − y) h⁽²⁾", reason="3×1 times 3×1 does not conform",
        expected=r"(\hat y - y) h^{(2)\top}", expected_text="(ŷ − y) h⁽²⁾ᵀ", quantity="∂L/∂W3",
    )  # fmt: skip
    paper.say(
        4, r"\frac{\partial L}{\partial b^{(2)}} = \hat y - y", "inherited", text="∂L/∂b⁽²⁾ = ŷ − y",
        carried_from=Reference(2, 1), quantity="∂L/∂b2",
    )  # fmt: skip
    paper.say(
        6, r"w = \nonsense{2", "unreadable", text=r"w = \nonsense{2", reason="a brace has no partner", slip="garbled"
    )
    paper.say(7, r"\frac{\partial L}{\partial x}", "undecided", text="∂L/∂x = W⁽¹⁾ᵀ δ", reason="δ is not bound")
    return paper.report(
        bindings=(
            BoundName("W⁽ˡ⁾", "W^{(l)}", "W{l}", "proposed", 0), BoundName("ŷ", r"\hat y", "z3", "document", 3),
        ),
        remarks=(Remark("ŷ is taken for z3", Span(20, 30)),),
    )  # fmt: skip


def bad_file() -> CheckReport:
    """A file of which nothing could be read."""
    source = Source("", "lost.md")
    problem = Diagnostic("GS002", "byte 4 is not UTF-8", None, source)
    return CheckReport(Manuscript(source, ()), (), (), problems=(problem,))
