"""`gradsheet solve SHEET`: the worked solution, its hints, or its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gradsheet.cli import pages
from gradsheet.cli.pages import FORMATS
from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.sheet import Sheet
    from gradsheet.solution import Solution
    from gradsheet.writing.components import Component
    from gradsheet.writing.report import Report

NOTATIONS = ("matrix", "index", "jacobian", "delta")
_PRECISIONS = (128, 256, 512, 1024, 2048, 4096)
_MOST_DIGITS = 1000
_BITS_PER_DIGIT = 3.4
_EXAMPLES = """\b
Examples:
  gradsheet solve mlp.sheet --set "x=[1, 0, 1, 0]" --steps 10
  gradsheet solve mlp.sheet --wrt "W1[1,2]"
  gradsheet solve mlp.sheet -o solution.html
"""


@click.command(epilog=_EXAMPLES)
@click.argument("sheet")
@click.option("--given", multiple=True, metavar="FILE", help="Values from a .json or .npz file; may be repeated.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="One value, as in a sheet; may be repeated."
)
@click.option("--wrt", multiple=True, metavar="NAME", help='Only this derivative; "W1[1,2]" is one entry of it.')
@click.option("--of", "of", metavar="NAME", help="Differentiate this instead of the objective.")
@click.option("--steps", type=click.IntRange(min=0), metavar="N", help="Take N steps of the update.")
@click.option(
    "--notation", type=click.Choice(NOTATIONS), default="matrix", show_default=True,
    help="Matrices, indices, chains of Jacobians, or a δ for each layer.",
)
@click.option("--inline", is_flag=True, help="Put derivatives by intermediate results into the gradients.")
@click.option("--steps-of", multiple=True, metavar="NAME", help="The small steps of one derivative, rule by rule.")
@click.option("--hints", is_flag=True, help="One line at a time, for trying first.")
@click.option("--digits", type=click.IntRange(1, _MOST_DIGITS), default=5, show_default=True, help="Decimals to print.")
@click.option("--exact", is_flag=True, help="Certified numbers however long they take; exact forms.")
@click.option("--float", "floats", is_flag=True, help="Double-precision numbers.")
@click.option("--full", is_flag=True, help="Print every entry of large arrays, every member, every step.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="How to write it; by default as FILE ends, else as text."
)
@click.option("-o", "--out", metavar="FILE", help="Write to FILE: .txt, .md, .tex, .html, .pdf, .svg or .json.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Use the signs of a plain keyboard only.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colours."
)
def solve(*, sheet: str, given: tuple[str, ...], settings: tuple[str, ...], **options: Any) -> None:
    """Derive, evaluate and verify SHEET and print the worked solution; `-` reads standard input."""
    from gradsheet.cli.read import say_remarks  # noqa: PLC0415 - a sibling, not for --help
    from gradsheet.cli.sheets import STDIN, gather, load  # noqa: PLC0415 - not for --help

    if options["exact"] and options["floats"]:
        refuse("GS601", "--exact and --float exclude each other")
    if options["inline"] and options["notation"] == "delta":
        refuse("GS601", "--inline leaves no δ to name: delta notation puts in what lies between the layers")
    if options["steps_of"] and (options["hints"] or any("[" in name for name in options["wrt"])):
        other = "--hints" if options["hints"] else "an entry in --wrt"
        refuse("GS601", f"--steps-of and {other} exclude each other")
    if options["hints"] and STDIN in {sheet, *given}:
        hint = "put the sheet into a file"
        refuse("GS601", "--hints waits for lines on standard input, which is taken", suggestion=hint)
    options["out"] = None if options["out"] == STDIN else options["out"]
    options["form"] = pages.chosen(options)
    pages.check(options)
    found = load(sheet)
    values = gather(given, settings)
    job = _Job(found, values, options, _origin(given, settings))
    text = job.run()
    if options["form"] != "json":
        say_remarks(found, tuple(job.solution.remarks))
    text()


def _origin(given: Sequence[str], settings: Sequence[str]) -> str:
    return ", ".join([*given, *(["--set"] if settings else [])]) or "the sheet"


class _Job:
    """One run of the command: solve, insist on verification, write."""

    solution: Solution

    def __init__(self, sheet: Sheet, values: dict[str, Any], options: dict[str, Any], origin: str) -> None:
        from gradsheet.cli.output import shows_unicode, width  # noqa: PLC0415 - not for --help
        from gradsheet.writing.arrays import NumberStyle  # noqa: PLC0415 - brings NumPy

        self.sheet, self.values, self.options, self.origin = sheet, values, options, origin
        self.width = width()
        printed = options["form"] == "text" and options["out"] is None
        ascii_only = options["ascii_only"] or (printed and not shows_unicode())
        self.style = NumberStyle(options["digits"], ascii_only, options["exact"], options["full"])
        self.components = _components(sheet, options["wrt"])

    def run(self) -> Callable[[], None]:
        """Solve with as many bits as the digits need; what is returned prints the result."""
        from gradsheet.numerics.balls import working_precision  # noqa: PLC0415 - brings flint
        from gradsheet.numerics.digits import NeedsPrecisionError  # noqa: PLC0415 - brings flint

        for bits in (b for b in _PRECISIONS if b >= _BITS_PER_DIGIT * self.style.digits):
            with working_precision(bits):
                self.solution = self.solve()
                insist(self.solution)
                try:
                    return self.written()
                except NeedsPrecisionError:
                    continue
        message = f"{self.style.digits} digits need more than {_PRECISIONS[-1]} bits"
        return refuse("GS407", message, suggestion="ask for fewer --digits, or --float")

    def solve(self) -> Solution:
        """The sheet's solution, of what was asked."""
        from gradsheet.derivation import derive  # noqa: PLC0415 - not for --help
        from gradsheet.solution import solve  # noqa: PLC0415 - not for --help

        options = self.options
        kind = "float64" if options["floats"] else "certified" if options["exact"] else None
        steps, derivation = options["steps"], None
        if self.components or options["of"] is not None:
            of = _symbol(self.sheet, options["of"]) if options["of"] is not None else None
            wrt = list(dict.fromkeys(_symbol(self.sheet, c.name) for c in self.components)) or None
            derivation = derive(self.sheet, of, wrt)
            steps = 0
        return solve(self.sheet, self.values, kind=kind, steps=steps, derivation=derivation, origin=self.origin)

    def written(self) -> Callable[[], None]:
        """The result as text, before anything is printed."""
        from gradsheet.cli import output  # noqa: PLC0415 - not for --help
        from gradsheet.writing.report import report  # noqa: PLC0415 - brings NumPy

        result = self.shown(report(self.solution, self.options["notation"], inline=self.options["inline"]))
        if self.options["form"] != "text":
            page = pages.page(result, self.style, self.options)
            return lambda: pages.deliver(page, self.options)
        from gradsheet.writing.terminal import Terminal  # noqa: PLC0415 - for the terminal only

        coloured = output.colours(self.options["color"], to_file=self.options["out"] is not None)
        terminal = Terminal(result, self.width, self.style)
        if self.options["hints"]:
            from gradsheet.cli.hints import ask  # noqa: PLC0415 - for hints only

            return lambda: ask(terminal, coloured=coloured)
        stepwise = bool(self.options["steps_of"])
        lines = terminal.small_steps() if stepwise else terminal.components() if self.entries else terminal.lines()
        return lambda: pages.deliver(output.painted(lines, coloured=coloured), self.options)

    @property
    def entries(self) -> list[Component]:
        """Components with a place: single entries, or members of families."""
        return [c for c in self.components if c.place]

    def shown(self, result: Report) -> Report:
        """All of it, or single entries only, or what is asked for rule by rule."""
        if self.options["steps_of"]:
            return self.stepwise(result)
        from gradsheet.writing.components import OutOfRangeError, only  # noqa: PLC0415 - for entries only

        if not self.entries:
            return result
        try:
            return only(result, self.entries)
        except OutOfRangeError as problem:
            refuse("GS206", str(problem), suggestion="the entries are counted as in the sheet")


    def stepwise(self, result: Report) -> Report:
        """The report with nothing but the derivatives that are asked for."""
        from gradsheet.writing.notations.steps import NoSuchDerivativeError, steps_only  # noqa: PLC0415 - for steps only

        try:
            return steps_only(result, self.options["steps_of"])
        except NoSuchDerivativeError as problem:
            refuse("GS201", str(problem), self.sheet.source.name, problem.suggestion)


def insist(solution: Solution) -> None:
    """Never show a gradient that could not be verified; one that fails has raised `CheckError` already."""
    verification = solution.verification
    if verification is not None and not verification.passed:
        advice = "give values at which everything is defined"
        refuse("GS503", verification.summary(), solution.sheet.source.name, advice)


def _symbol(sheet: Sheet, name: str) -> Any:
    """A name of the sheet."""
    from gradsheet.syntax import canonical_key  # noqa: PLC0415 - not for --help

    symbol = sheet.symbols.get(canonical_key(name))
    if symbol is None:
        import difflib  # noqa: PLC0415 - for mistakes only

        near = difflib.get_close_matches(name, sheet.symbols, 1)
        hint = f"did you mean {near[0]}?" if near else "its names are " + ", ".join(sheet.symbols)
        refuse("GS201", f"the sheet has no name '{name}'", sheet.source.name, hint)
    return symbol


def _components(sheet: Sheet, asked: Sequence[str]) -> list[Component]:
    """`W1`, `W1[1,2]`: names, with the indices of one entry or of one member of a family."""
    from gradsheet.writing.components import Component  # noqa: PLC0415 - for --wrt only

    found = []
    for text in asked:
        name, bracket, rest = text.replace("][", ",").partition("[")
        symbol = _symbol(sheet, name.strip())
        if not bracket:
            found.append(Component(symbol.name))
            continue
        numbers = [n.strip() for n in rest.removesuffix("]").split(",")]
        if not rest.endswith("]") or not all(n.lstrip("-").isdigit() for n in numbers):
            refuse("GS601", f"--wrt takes a name or one entry, not '{text}'", suggestion=f"--wrt '{symbol.name}[1,2]'")
        if len(numbers) not in {symbol.rank, symbol.leading}:
            refuse("GS209", f"'{symbol.name}' has {symbol.rank} indices, '{text}' gives {len(numbers)}")
        found.append(Component(symbol.name, tuple(map(int, numbers))))
    return found
