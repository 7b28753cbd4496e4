"""What a picture says about a symbol: its equation, its shape, its value, its gradient, and where a page tells more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsheet.expressions import OverData, walk
from gradsheet.writing.anchors import anchor
from gradsheet.writing.layout import wrap_formula
from gradsheet.writing.members import extents
from gradsheet.writing.picture.text import Text, formula, width, words
from gradsheet.writing.picture.values import brief, told
from gradsheet.writing.rows import RowWriter
from gradsheet.writing.spelling import Spelling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.derivation import Adjoint
    from gradsheet.expressions import Symbol
    from gradsheet.solution import Solution
    from gradsheet.syntax import tree
    from gradsheet.writing.arrays import NumberStyle
    from gradsheet.writing.equations import Line
    from gradsheet.writing.report import Item, Report


_LETTERS = 15.0
_WIDEST = 280.0
"""The width of a formula in a box, in letters of that size, before it is broken into lines of `_COLUMNS`."""
_COLUMNS = 36
_MOST_LINES = 3


class Steps:
    """Looks things up in a report, and spells them."""

    def __init__(self, report: Report, style: NumberStyle) -> None:
        self.report = report
        self.solution = report.solution
        self.sheet = report.solution.sheet
        self.style = style
        self.spelling = Spelling(self.sheet, ascii_only=style.ascii_only)
        self.writer = RowWriter(self.spelling, style)
        self.sizes = self.solution.inputs.sizes if self.solution.inputs is not None else None
        self.state = self.solution.states[0].values if self.solution.states else {}
        self.forward: dict[Symbol, list[Item]] = {}
        for item in report.forward:
            self.forward.setdefault(item.symbol, []).append(item)
        self.given = {item.symbol: item for item in report.given}
        self.targets = [t.name for t in self.solution.derivation.targets]
        self.loss = _row_loss(self.solution)
        """For a mean over data: the loss of one row."""
        self.panels: dict[str, tuple[Text, ...]] = {}
        """What the steps say that the picture leads to, by their anchors."""

    # ------------------------------------------------------------ derivatives

    def derivative(self, symbol: Symbol) -> Item | None:
        """The step that gives the derivative of what is asked by a symbol; of something else where that is all."""
        found = [i for i in self.report.backward if i.wrt == (symbol.name,)]
        return next((i for i in found if i.of in self.targets), found[0] if found else None)

    def adjoint(self, symbol: Symbol, *, of_row: bool = False) -> Adjoint | None:
        """The derivation behind it; with `of_row` that of the loss of one row of the data, where there is one."""
        found = [a for a in self.solution.derivation.adjoints if a.wrt == (symbol,)]
        targets = self.solution.derivation.targets
        rows = self.loss is not None
        return next((a for a in found if (a.of in targets) != (of_row and rows)), found[0] if found else None)

    def gradient(self, symbol: Symbol) -> Any:
        """Its value, where there are values."""
        found = self.adjoint(symbol)
        return self.state.get(found.symbol) if found is not None else None

    def derivative_name(self, symbol: Symbol) -> str:
        """`∂L/∂z1`; "" where nothing was derived."""
        adjoint = self.adjoint(symbol)
        return self.spelling.prose(adjoint.symbol.name) if adjoint is not None else ""

    # ------------------------------------------------------------ texts

    def set(self, text: str) -> Text:
        """A formula as it stands in the picture."""
        return formula(text, self.sheet.symbols)

    def broken(self, text: str) -> list[Text]:
        """An equation in a box: broken at its operators where it is long, cut where it is too long."""
        if width(self.set(text), _LETTERS) <= _WIDEST:
            return [self.set(text)]
        pieces = wrap_formula(text, _COLUMNS)
        if len(pieces) > _MOST_LINES:
            pieces = [*pieces[: _MOST_LINES - 1], f"{pieces[_MOST_LINES - 1]} …"]
        return [self.set(piece.strip()) for piece in pieces]

    def expression(self, node: tree.Expression) -> str:
        return self.spelling.formula(node)

    def line(self, line: Line) -> str:
        """`z1 = W1 x + b1`."""
        return f"{self.spelling.formula(line.left)} = {self.spelling.formula(line.right)}"

    def shape(self, symbol: Symbol) -> str:
        """`4×3`; "" for a scalar."""
        return self.writer.shape(extents(symbol.axes[symbol.leading :], self.sizes))

    def brief(self, value: Any, rows: int = 0) -> Text:
        """A value on an edge."""
        return words(brief(value, self.style)) if not rows else words(f"{rows} rows, {brief(value, self.style)}")

    # ------------------------------------------------------------ tooltips

    def told(
        self, symbol: Symbol, lines: tuple[Line, ...] = (), value: Any = None, gradient: Any = None
    ) -> tuple[str, ...]:
        """The equation of a symbol with its value, then its derivative with its value and its rule."""
        out = [self.line(line) + self.ranges(line) for line in lines] or [self.declared(symbol)]
        out.extend(told(value, self.style))
        item = self.derivative(symbol)
        if item is not None:
            out.append("")
            out.extend(self.line(line) + self.ranges(line) for line in item.lines)
            out.extend(told(gradient, self.style))
            out.append(self.writer.reason(item))
        return tuple(out)

    def ranges(self, line: Line) -> str:
        """`  for l in 1..D`."""
        text = self.writer.ranges(line.ranges)
        return f"   {text}" if text else ""

    def declared(self, symbol: Symbol) -> str:
        """`W1, parameter, 4×3`."""
        part = "parameter" if symbol in self.solution.derivation.gradients else "given"
        shape = self.shape(symbol)
        return f"{symbol.name}, {part}{', ' if shape else ''}{shape}"

    def told_use(
        self, symbol: Symbol, gradient: Any, *, name: str = "", shared: bool = False, value: Any = None
    ) -> tuple[str, ...]:
        """The value that an edge carries, and the gradient that comes back along it, by its name."""
        out = told(value, self.style)
        out[:1] = [f"{symbol.name}: {out[0]}"] if out and symbol.name else out[:1]
        back = told(gradient, self.style)
        if back:
            named = name or (f"∂{self.targets[0]}/∂{symbol.name}" if symbol.name else "gradient")
            part = ", the part along this edge" if shared else ""
            out.extend([f"{named}{part}: {back[0]}", *back[1:]])
        return tuple(out)

    # ------------------------------------------------------------ links

    def definition_anchor(self, symbol: Symbol) -> str | None:
        """Where a page says what a symbol is."""
        if symbol not in self.forward and symbol not in self.given:
            return None
        return self._known(anchor(symbol), symbol)

    def derivative_anchor(self, symbol: Symbol) -> str | None:
        """Where a page derives its gradient."""
        item = self.derivative(symbol)
        return self._known(anchor(item.symbol), symbol) if item is not None else None

    def _known(self, address: str, symbol: Symbol) -> str:
        if address not in self.panels:
            self.panels[address] = tuple(self._panel(symbol))
        return address

    def _panel(self, symbol: Symbol) -> Iterator[Text]:
        """A step in a few lines: the definition, the derivative, the reason."""
        lines = [line for item in self.forward.get(symbol, ()) for line in item.lines]
        text = self.line(lines[-1]) + self.ranges(lines[-1]) if lines else self.declared(symbol)
        yield (*self.set(text), *self._valued(self.state.get(symbol)))
        item = self.derivative(symbol)
        if item is None:
            return
        line = item.lines[-1]
        yield (*self.set(self.line(line) + self.ranges(line)), *self._valued(self.gradient(symbol)))
        yield words(self.writer.reason(item))

    def _valued(self, value: Any) -> Text:
        return words(f"   = {brief(value, self.style)}") if value is not None else ()


def _row_loss(solution: Solution) -> Symbol | None:
    """What a mean or a sum over the data is taken of."""
    targets = solution.derivation.targets
    over = [n for e in solution.sheet.equations if e.symbol in targets for n in walk(e.body) if isinstance(n, OverData)]
    if not over:
        return None
    return next((a.of for a in solution.derivation.adjoints if a.of not in targets and not a.of.axes), None)
