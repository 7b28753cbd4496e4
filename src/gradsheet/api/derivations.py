"""∂L/∂W2 = ∂L/∂z2 h1ᵀ, with its rule, its conditions and every step: derivations as Python objects."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradsheet.api.names import Shape, shape_of
from gradsheet.expressions import Affine, substitute
from gradsheet.records import dataclass
from gradsheet.sheet import Equation
from gradsheet.writing.equations import taken_names, write_equation
from gradsheet.writing.naming import Names
from gradsheet.writing.spelling import Spelling
from gradsheet.writing.views import View

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from gradsheet import calculus, derivation
    from gradsheet.expressions import Expr
    from gradsheet.sheet import Sheet
    from gradsheet.solution import Solution
    from gradsheet.writing.equations import Line
    from gradsheet.writing.notations.matrix import NotationName


@dataclass(frozen=True, slots=True)
class Step:
    """One application of a rule: its name, the sentence a person would write, what stood before, what stands after."""

    rule: str
    sentence: str
    before: str
    after: str
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        relied = f"  [{'; '.join(self.conditions)}]" if self.conditions else ""
        return f"{self.before}  →  {self.after}    {self.sentence}{relied}"


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact about a sum over configurations: its lines, the rule that gave it, and what keeps all its terms."""

    text: str
    latex: str
    rule: str
    note: str

    def __str__(self) -> str:
        return self.text


class Derivative:
    """One derived equation, as a person writes it.

    >>> import gradsheet as gs
    >>> d = gs.mlp([4, 3, 2]).derive("L", "W2")
    >>> print(d)
    ∂L/∂W2 = ∂L/∂z2 h1ᵀ
      z2 is linear in W2
    >>> d.shape
    (2, 3)
    """

    def __init__(
        self, sheet: Sheet, adjoint: derivation.Adjoint, derived: derivation.Derivation, items: tuple[int, ...] = ()
    ) -> None:
        self._sheet = sheet
        self._adjoint = adjoint
        self._derived = derived
        self._equation = _component(adjoint.equation, items) if items else adjoint.equation
        self._items = items
        self._spelling = Spelling(sheet)

    @property
    def of(self) -> str:
        """What is differentiated."""
        return self._adjoint.of.name

    @property
    def wrt(self) -> tuple[str, ...]:
        """By what, once for each order."""
        return tuple(s.name for s in self._adjoint.wrt)

    @property
    def name(self) -> str:
        """Its name: `∂L/∂W1`, or one component, `∂L/∂W1[1,2]`."""
        return self._adjoint.symbol.name + (f"[{','.join(map(str, self._items))}]" if self._items else "")

    @property
    def shape(self) -> Shape:
        """Its sizes; a gradient has the shape of its variable."""
        return shape_of(self._adjoint.symbol.axes[len(self._items) :])

    @cached_property
    def _lines(self) -> tuple[Line, ...]:
        return write_equation(self._equation, taken_names(self._sheet))

    @property
    def text(self) -> str:
        """The equation in plain text; a family with end cases has a line for each."""
        return "\n".join(self._written(line) for line in self._lines)

    def in_notation(self, notation: NotationName = "matrix", *, inline: bool = False) -> str:
        """The same in another notation: "matrix", "index", "jacobian" or "delta".

        Each line is an equation, the chains of Jacobians among them. A single component is written with indices always.

        >>> import gradsheet as gs
        >>> print(gs.mlp([4, 3, 2]).derive("L", "h1").in_notation("index"))
        ∂L/∂h1[j] = sum[i] ∂L/∂z2[i] W2[i,j]   for j in 1..3
        """
        from gradsheet.writing.report import report  # noqa: PLC0415 - loaded when asked for

        if self._items:
            return self.text
        item = report(_unsolved(self._derived), notation, inline=inline).item_of(self._adjoint)
        return "\n".join(self._written(line) for line in item.lines)

    @cached_property
    def small_steps(self) -> tuple[Step, ...]:
        """From the chain rule to the equation, rule by rule: the whole right-hand side before and after each.

        >>> import gradsheet as gs
        >>> for step in gs.mlp([4, 3, 2]).derive("L", "b2").small_steps:
        ...     print("=", step.after)
        = sum[j] ∂L/∂z2[j] ∂z2[j]/∂b2[i]
        = sum[j] ∂L/∂z2[j] ∂(sum[k] W2[j,k] h1[k] + b2[j])/∂b2[i]
        = sum[j] ∂L/∂z2[j] ∂b2[j]/∂b2[i]
        = sum[j] ∂L/∂z2[j] [j = i]
        = ∂L/∂z2[i]
        """
        from gradsheet.writing.notations.letters import Letters  # noqa: PLC0415 - loaded when asked for
        from gradsheet.writing.notations.steps import written_steps  # noqa: PLC0415 - the same

        found: list[Step] = []
        for step in written_steps(self._derived, self._adjoint, Letters(self._sheet)):
            before = found[-1].after if found else self._spelling.formula(step.left)
            after = self._spelling.formula(step.right)
            if step.fragment is not None:
                before, after = map(self._spelling.formula, step.fragment)
            found.append(Step(step.rule, step.sentence, before, after, step.conditions))
        return tuple(found)

    def _written(self, line: Line) -> str:
        return _one_line(line, self._spelling)

    @property
    def latex(self) -> str:
        """The equation in LaTeX; several lines are aligned, each with the ranges of its indices."""
        return self._spelling.latex_lines((line.left, "=", line.right, line.ranges) for line in self._lines)

    @property
    def rule(self) -> str:
        """The sentence that says why it has this form."""
        return self._adjoint.rule

    @property
    def conditions(self) -> tuple[str, ...]:
        """What it relies on, such as Σ y = 1."""
        return self._adjoint.conditions

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every rule that was applied, in order."""
        return tuple(self._step(step) for step in self._adjoint.log.steps)

    def _step(self, step: calculus.Step) -> Step:
        before, after = self._expression(step.before), self._expression(step.after)
        return Step(step.rule.name, step.rule.sentence, before, after, step.conditions)

    def _expression(self, expression: Expr) -> str:
        names = Names(taken_names(self._sheet))
        for index in self._adjoint.equation.free:
            names.add(index)
        shown = View(names).tensor((), expression)
        return "…" if shown is None else self._spelling.formula(shown)

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        """What a notebook shows: the formula, set, with its reason."""
        from gradsheet.writing import notebook  # noqa: PLC0415 - loaded when shown

        document = notebook.steps_of(self._sheet, [self._shown])
        return notebook.bundle({
            "text/plain": self.__str__,
            "text/markdown": lambda: notebook.as_markdown(document),
            "text/latex": lambda: notebook.as_latex(document),
            "text/html": lambda: notebook.as_html(document),
        }, include, exclude)  # fmt: skip

    @property
    def _shown(self) -> tuple[derivation.Adjoint, tuple[Line, ...], Shape]:
        return self._adjoint, self._lines, self.shape

    def __str__(self) -> str:
        notes = [self.rule, *self.conditions]
        return "\n".join([self.text, *(f"  {note}" for note in notes)])

    def __repr__(self) -> str:
        return f"<Derivative {self.text}>"


class Derivation:
    """Every adjoint, from the objective back to the parameters.

    >>> import gradsheet as gs
    >>> print(gs.mlp([2, 1], rate=None).derive())
    ∂L/∂ŷ = ŷ − y            power rule
    ∂L/∂z1 = ∂L/∂ŷ           ŷ is linear in z1
    ∂L/∂W1 = ∂L/∂z1 xᵀ       z1 is linear in W1
    ∂L/∂b1 = ∂L/∂z1          z1 is linear in b1
    """

    def __init__(self, derived: derivation.Derivation) -> None:
        self._derived = derived
        self.steps: tuple[Derivative, ...] = tuple(Derivative(derived.sheet, a, derived) for a in derived.adjoints)

    def __iter__(self) -> Iterator[Derivative]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, wrt: str) -> Derivative:
        """The derivative of the objective by a name."""
        for step in self.steps:
            if step.wrt == (wrt,) and step._adjoint.of in self._derived.targets:  # noqa: SLF001 - one module, one idea
                return step
        raise KeyError(wrt)

    @property
    def gradients(self) -> dict[str, Derivative]:
        """The derivative by each parameter."""
        by = {step._adjoint: step for step in self.steps}  # noqa: SLF001 - one module, one idea
        return {symbol.name: by[adjoint] for symbol, adjoint in self._derived.gradients.items()}

    @property
    def sums(self) -> tuple[Statement, ...]:
        r"""What is known of sums over configurations: free energies, conditional probabilities, what keeps its terms.

        >>> import gradsheet as gs
        >>> sheet = gs.loads("s ∈ {-1,1}^n, a ∈ ℝ^n\nL = logsumexp[s](a' s)\nparameters a\nminimize L\n")
        >>> for statement in sheet.derive().sums:
        ...     print(statement.text)
        p(s[i] = 1) = σ(2 a[i])   for i in 1..n
        L = sum[i] log(2 cosh(a[i]))
        """
        from gradsheet.writing.report import report  # noqa: PLC0415 - loaded when asked for

        spelling = Spelling(self._derived.sheet)
        found = []
        for item in report(_unsolved(self._derived)).sums:
            text = "\n".join(_one_line(line, spelling) for line in item.lines)
            latex = " \\\\\n".join(f"{spelling.latex(n.left)} = {spelling.latex(n.right)}" for n in item.lines)
            found.append(Statement(text, latex, item.rule, item.note))
        return tuple(found)

    @property
    def text(self) -> str:
        """Every equation, a line each."""
        return "\n".join(step.text for step in self.steps)

    def in_notation(self, notation: NotationName = "matrix", *, inline: bool = False) -> str:
        """Every equation in another notation: "matrix", "index", "jacobian" or "delta"; `inline` leaves only gradients.

        >>> import gradsheet as gs
        >>> print(gs.mlp([3, 2], rate=None).derive().in_notation("delta"))
        δ = ∂L/∂z1
        δ = ŷ − y
        ∂L/∂W1 = δ xᵀ
        ∂L/∂b1 = δ
        """
        from gradsheet.writing.report import report  # noqa: PLC0415 - loaded when asked for

        found = report(_unsolved(self._derived), notation, inline=inline)
        spelling = Spelling(self._derived.sheet)
        lines = [line for item in (*found.local, *found.backward) for line in item.lines]
        return "\n".join(_one_line(line, spelling) for line in lines)

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        """What a notebook shows: every derivative, set, with its reason."""
        from gradsheet.writing import notebook  # noqa: PLC0415 - loaded when shown

        document = notebook.steps_of(
            self._derived.sheet, [step._shown for step in self.steps]  # noqa: SLF001 - one module, one idea
        )
        return notebook.bundle({
            "text/plain": self.__str__,
            "text/markdown": lambda: notebook.as_markdown(document),
            "text/html": lambda: notebook.as_html(document),
        }, include, exclude)  # fmt: skip

    def __str__(self) -> str:
        lines: list[tuple[str, str]] = []
        for step in self.steps:
            first, *rest = step.text.split("\n")
            lines += [(first, step.rule), *((line, "") for line in rest)]
        width = min(48, max((len(line) for line, _ in lines), default=0)) + 6
        return "\n".join(f"{line:<{width}} {rule}".rstrip() for line, rule in lines)

    def __repr__(self) -> str:
        return f"<Derivation of {', '.join(t.name for t in self._derived.targets)}: {len(self)} derivatives>"


def _one_line(line: Line, spelling: Spelling) -> str:
    """`∂L/∂W[l] = δ[l] h[l−1]ᵀ   for l in 1..D`."""
    text = f"{spelling.formula(line.left)} = {spelling.formula(line.right)}"
    ranges = [f"{r.name.text} in {spelling.formula(r.domain)}" for r in line.ranges if r.domain is not None]
    return text + ("   for " + ", ".join(ranges) if ranges else "")


def _unsolved(derived: derivation.Derivation) -> Solution:
    """A derivation without numbers, as reports take it."""
    from gradsheet.solution import Solution  # noqa: PLC0415 - loaded when asked for

    return Solution(derived.sheet, derived, "symbolic")


def _component(equation: Equation, items: tuple[int, ...]) -> Equation:
    """The equation of one component: the free indices in its place take their values."""
    values = dict(zip((p.single for p in equation.pattern), items, strict=False))
    mapping = {index: Affine(values[index]) for index in equation.free if index in values}
    pattern = tuple(p.substitute(mapping) for p in equation.pattern)
    free = tuple(i for i in equation.free if i not in mapping)
    return Equation(equation.symbol, pattern, free, substitute(equation.body, mapping), None)
