"""A tree as LaTeX, set as a textbook would set it.

Quotients become fractions, `if` becomes cases, primes of anything but a function ⊤. Brackets go where a fraction, an
exponent or a root makes them needless, and are added where LaTeX would suggest another order of products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gradsheet.syntax.latex_names import escaped, latex_name
from gradsheet.syntax.plain import decimal, is_condition, leftmost, level_of, runs
from gradsheet.syntax.precedence import Level
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Bars,
    Binder,
    BoundIndex,
    Comparison,
    Conditional,
    Derivative,
    Expression,
    Factor,
    Group,
    Logic,
    Name,
    Num,
    Power,
    Prime,
    Product,
    Range,
    Slice,
    Subscript,
    Transpose,
)
from gradsheet.syntax.vocabulary import APPLIED_BINDERS, FUNCTIONS, VULGAR_FRACTIONS

if TYPE_CHECKING:
    from collections.abc import Container

_OPERATORS = frozenset({
    "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "coth", "csc", "det", "exp", "ln", "log", "max", "min", "sec",
    "sin", "sinh", "tan", "tanh",
})  # fmt: skip
_NAMES = {"trace": r"\operatorname{tr}", "tr": r"\operatorname{tr}", "logsumexp": r"\operatorname{lse}"}
_SIGNS = {"*": r"\cdot", "·": r"\cdot", "×": r"\times", "⊙": r"\odot", "⊘": r"\oslash", "⊗": r"\otimes"}
_STRONG = frozenset({"×", "⊙", "⊘", "⊗"})
_RELATIONS = {"=": "=", "≠": r"\neq", "<": "<", "≤": r"\leq", ">": ">", "≥": r"\geq", "∈": r"\in"}
_TALL = (r"\frac", r"\sum", r"\prod", r"\begin", r"\left", r"\sqrt")
_MOST_PRIMES = 3
_LONGEST_DECIMAL = 12


def latex(node: Expression, *, functions: Container[str] = FUNCTIONS) -> str:
    r"""An expression as LaTeX. `functions` are the keys of the names that are functions.

    >>> from gradsheet.diagnostics import Diagnostics, Source
    >>> from gradsheet.syntax.reading import parse_expression
    >>> def show(text):
    ...     source = Source(text)
    ...     print(latex(parse_expression(source, Diagnostics(source))))
    >>> show("1/2 ‖W1' x - ŷ‖²")
    \frac{1}{2} \lVert W_1^{\top} x - \hat{y}\rVert^{2}
    >>> show("∂L/∂W1[i,j] = sum[k] σ'(z[k]) / n")
    \frac{\partial L}{\partial [W_1]_{i,j}} = \sum_{k} \frac{\sigma'(z_{k})}{n}
    """
    return _LatexWriter(functions).text(node)


class _LatexWriter:
    """Writes expressions; knows which names are functions."""

    def __init__(self, functions: Container[str]) -> None:
        self.functions = functions

    def text(self, node: Expression, level: Level = Level.CONDITIONAL) -> str:
        """A node where something that binds at least as tightly as `level` may stand."""
        if level_of(node) < level:
            return brackets(self.text(node))
        match node:
            case Num():
                return number(node)
            case Name():
                return self.name(node)
            case Group():
                return brackets(", ".join(self.text(item) for item in node.items))
            case Subscript():
                return self.subscript(node)
            case Prime():
                return self.prime(node)
            case Transpose():
                return self.raised(node.base) + r"^{\top}"
            case Power():
                return f"{self.raised(node.base)}^{{{self.bare(node.exponent)}}}"
            case Product():
                return self.product(node)
            case Additive():
                return self.additive(node)
            case Comparison():
                out = self.text(node.items[0], Level.RANGE)
                for relation, item in zip(node.relations, node.items[1:], strict=True):
                    out += f" {_RELATIONS[relation]} {self.text(item, Level.RANGE)}"
                return out
            case Logic(kind="not"):
                return rf"\lnot {brackets(self.text(node.items[0]))}"
            case Logic():
                below = Level.NOT if node.kind == "and" else Level.AND
                return rf" \text{{ {node.kind} }} ".join(self.text(item, below) for item in node.items)
            case Conditional():
                return self.conditional(node)
            case Range():
                return rf"\{{{self.text(node.low, Level.SUM)}, \dots, {self.text(node.high, Level.SUM)}\}}"
            case Binder():
                return self.binder(node)
            case Bars():
                return self.bars(node)
            case Array():
                return self.array(node)
            case Derivative():
                return self.derivative(node)
            case _:
                assert_never(node)

    def bare(self, node: Expression) -> str:
        """A node where braces or a fraction line already group."""
        if isinstance(node, Group) and len(node.items) == 1:
            node = node.items[0]
        return self.text(node)

    # ------------------------------------------------------------ operands

    def is_function(self, node: Expression) -> bool:
        """Whether a node is the name of a function, perhaps with an index, a prime, a power."""
        name = leftmost(node)
        return isinstance(name, Name) and name.key in self.functions

    def name(self, node: Name) -> str:
        """A name; the name of a known function is set upright."""
        key = node.key
        if key in _OPERATORS:
            return f"\\{key}"
        if key in self.functions and len(key) > 1 and key.replace("_", "").isalpha():
            return _NAMES.get(key) or rf"\operatorname{{{escaped(key)}}}"
        return str(latex_name(key))

    def subscript(self, node: Subscript) -> str:
        """`X_{i}`; square brackets keep an index apart from what already stands below or above."""
        items = ",".join(self.index(item) for item in node.items)
        base = node.base
        if isinstance(base, Name) and not latex_name(base.key).below:
            return f"{self.name(base)}_{{{items}}}"
        if isinstance(base, Group):
            return f"{self.text(base)}_{{{items}}}"
        inner = self.text(base)
        return f"\\left[{inner}\\right]_{{{items}}}" if is_tall(inner) else f"[{inner}]_{{{items}}}"

    def index(self, node: Expression | Slice) -> str:
        """One index of an entry."""
        if not isinstance(node, Slice):
            return self.text(node)
        ends = ("" if end is None else self.text(end, Level.SUM) for end in (node.low, node.high))
        return ":".join(ends)

    def raised(self, base: Expression) -> str:
        """What stands below a power or a transpose."""
        plain = isinstance(base, Name | Group | Subscript | Bars) or (isinstance(base, Num) and number(base).isdigit())
        decimal_point = isinstance(base, Num) and number(base).replace(".", "").isdigit()
        return self.text(base) if plain or decimal_point else brackets(self.text(base))

    def prime(self, node: Prime) -> str:
        """`f'` after a function, ⊤ after anything else."""
        if isinstance(node.base, Name | Subscript) and (node.count > 1 or self.is_function(node.base)):
            base = self.text(node.base)
            return base + ("'" * node.count if node.count <= _MOST_PRIMES else f"^{{({node.count})}}")
        mark = r"\top" if node.count == 1 else r"\prime" * node.count
        return f"{self.raised(node.base)}^{{{mark}}}"

    def bars(self, node: Bars) -> str:
        r"""`\lVert x\\rVert_{2}`."""
        body = self.text(node.body)
        kind = "vert" if node.kind == "|" else "Vert"
        left, right = (r"\left", r"\right") if is_tall(body) else ("", "")
        below = "" if node.subscript is None else f"_{{{self.bare(node.subscript)}}}"
        return f"{left}\\l{kind} {body}{right}\\r{kind}{below}"

    def array(self, node: Array) -> str:
        """A matrix, or an Iverson bracket."""
        if is_condition(node):
            return f"[{self.text(node.rows[0][0])}]"
        rows = node.rows
        if len(rows) == 1:
            nested = [item.rows[0] for item in rows[0] if isinstance(item, Array) and len(item.rows) == 1]
            if len(nested) == len(rows[0]) and len({len(row) for row in nested}) == 1:
                rows = tuple(nested)
        body = r" \\ ".join(" & ".join(self.text(item) for item in row) for row in rows)
        return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"

    def derivative(self, node: Derivative) -> str:
        r"""`\frac{\partial L}{\partial W_1}`."""
        order = len(node.by)
        raised = "" if order == 1 else f"^{{{order}}}"
        below = []
        for variable, times in runs(node.by):
            power = "" if times == 1 else f"^{{{times}}}"
            below.append(rf"\partial {self.text(variable, Level.OPERAND)}{power}")
        of = self.text(node.of, Level.PRODUCT)
        return rf"\frac{{\partial{raised} {of}}}{{{' '.join(below)}}}"

    # ------------------------------------------------------------ products

    def product(self, node: Product) -> str:
        """Factors from left to right; a quotient takes everything before it above its line."""
        out = ""
        whole: Expression | None = None  # the only unit so far, whose brackets a fraction makes needless
        strong = ""  # the last sign that binds less tightly on paper than factors side by side
        at = 0
        while at < len(node.factors):
            sign = node.factors[at].sign
            begin, at = at, self.unit_end(node.factors, at)
            one = node.factors[begin].item if at == begin + 1 else None
            if begin == 0:
                out, whole = self.unit(node.factors[begin:at]), one
                continue
            if sign == "/":
                above = self.bare(whole) if whole is not None else out
                below = self.bare(one) if one is not None else self.unit(node.factors[begin:at])
                out, strong = rf"\frac{{{above}}}{{{below}}}", ""
            else:
                if strong and (sign != strong or sign == "⊘"):
                    out, strong = brackets(out), ""
                text = self.unit(node.factors[begin:at])
                mark = _SIGNS.get(sign) or (r"\cdot" if text[0].isdigit() else "")
                out += f" {mark} {text}" if mark else f" {text}"
                strong = sign if sign in _STRONG else strong
            whole = None
        return out

    def unit_end(self, factors: tuple[Factor, ...], at: int) -> int:
        """Where the factors end that belong together: a function and its argument."""
        while self.is_function(factors[at].item) and at + 1 < len(factors) and factors[at + 1].sign == "":
            called = isinstance(leftmost(factors[at + 1].item), Group)
            at += 1
            if called:
                break
        return at + 1

    def unit(self, factors: tuple[Factor, ...]) -> str:
        """One factor, or a function with its argument."""
        out = ""
        for at, factor in enumerate(factors):
            item = factor.item
            before = factors[at - 1].item if at else None
            if isinstance(before, Name) and before.key == "sqrt":
                root = self.root(item)
                if root is not None:
                    out = out.removesuffix(r"\operatorname{sqrt}") + root
                    continue
            text = self.factor(item)
            argument = at > 0 and isinstance(leftmost(item), Group)
            out += text if at == 0 or argument else f" {text}"
        return out

    def root(self, node: Expression) -> str | None:
        r"""`\sqrt{x}` of an argument in brackets, with a power if it has one."""
        match node:
            case Group(items=(item,)):
                return rf"\sqrt{{{self.text(item)}}}"
            case Power(base=Group(items=(item,))):
                return rf"\sqrt{{{self.text(item)}}}^{{{self.bare(node.exponent)}}}"
            case _:
                return None

    def factor(self, node: Expression) -> str:
        """One factor by itself."""
        if isinstance(node, Binder):
            return self.text(node)
        if isinstance(node, Product) and node.factors[-1].sign == "/":
            text = self.text(node)
            if text.startswith(r"\frac"):
                return text
        return self.text(node, Level.OPERAND)

    # ------------------------------------------------------------ sums, binders, cases

    def additive(self, node: Additive) -> str:
        """Terms with their signs."""
        out = ""
        for at, term in enumerate(node.terms):
            item = self.text(term.item, Level.PRODUCT)
            if at == 0:
                out = f"-{item}" if term.sign == "-" else item
            else:
                out += f" {term.sign} {item}"
        return out

    def binder(self, node: Binder) -> str:
        r"""`\sum_{k}`, `\sum_{i=1}^{N}`, `\operatorname{softmax}_{j}(…)`."""
        if node.kind in ("sum", "prod"):
            body = self.text(node.body, Level.PRODUCT)
            head = self.limits(f"\\{node.kind}", node.indices)
            return f"{head} {body}"
        below = ", ".join(self.bound(index) for index in node.indices)
        if node.kind in APPLIED_BINDERS:
            body = self.text(node.body) if isinstance(node.body, Group) else brackets(self.text(node.body))
            return rf"\operatorname{{{node.kind}}}_{{{below}}}{body}"
        name = rf"\operatorname*{{{node.kind}}}" if node.kind == "mean" else f"\\{node.kind}"
        return f"{name}_{{{below}}} {self.text(node.body, Level.PRODUCT)}"

    def limits(self, sign: str, indices: tuple[BoundIndex, ...]) -> str:
        """One sign for indices without ranges, one for each index with a range."""
        out: list[str] = []
        waiting: list[str] = []
        for index in indices:
            if isinstance(index.domain, Range):
                if waiting:
                    out.append(f"{sign}_{{{', '.join(waiting)}}}")
                    waiting = []
                low, high = index.domain.low, index.domain.high
                out.append(f"{sign}_{{{self.name(index.name)}={self.text(low)}}}^{{{self.text(high)}}}")
            else:
                waiting.append(self.bound(index))
        if waiting:
            out.append(f"{sign}_{{{', '.join(waiting)}}}")
        return " ".join(out)

    def bound(self, index: BoundIndex) -> str:
        r"""`k` or `k \in \{1, \dots, N\}`."""
        name = self.name(index.name)
        return name if index.domain is None else rf"{name} \in {self.text(index.domain, Level.RANGE)}"

    def conditional(self, node: Conditional) -> str:
        """Cases."""
        lines = []
        rest: Expression = node
        while isinstance(rest, Conditional):
            lines.append(rf"{self.text(rest.then)} & \text{{if }} {self.text(rest.condition)}")
            rest = rest.otherwise
        lines.append(rf"{self.text(rest)} & \text{{otherwise}}")
        body = r" \\ ".join(lines)
        return rf"\begin{{cases}} {body} \end{{cases}}"


def is_tall(text: str) -> bool:
    """Whether brackets around a formula have to grow."""
    return any(command in text for command in _TALL)


def brackets(text: str) -> str:
    """A formula in round brackets."""
    return rf"\left({text}\right)" if is_tall(text) else f"({text})"


def number(node: Num) -> str:
    """A number as it was spelled; powers of ten and fractions are set."""
    mantissa, _, exponent = node.text.replace("E", "e").partition("e")
    written = decimal(node.value)
    if exponent and len(written) > _LONGEST_DECIMAL:
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"
    if node.text.replace(".", "").isdigit() and node.text.isascii():
        return node.text
    if written and not (node.text and node.text in VULGAR_FRACTIONS):
        return written
    sign = "-" if node.value < 0 else ""
    return rf"{sign}\frac{{{abs(node.value.numerator)}}}{{{node.value.denominator}}}"
