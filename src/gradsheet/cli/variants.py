"""`gradsheet variants SHEET`: exercises with other numbers, the questions in one file, the solutions in another."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.exercises import Exercises, Variant, Wishes
    from gradsheet.exercises.pages import Kind, Pages
    from gradsheet.sheet import Sheet

_ENDINGS = {"markdown": "md", "text": "txt", "latex": "tex", "html": "html", "pdf": "pdf"}
_MOST = 1000
_MOST_DIGITS = 30
_PRECISIONS = (128, 256, 512, 1024)
_EXAMPLES = """\b
Examples:
  gradsheet variants mlp.sheet -n 30 --seed 1
  gradsheet variants mlp.sheet -n 30 -o week-3 --sheets week-3 --keep x,y
"""


class _Names(click.ParamType):  # type: ignore[type-arg]  # generic in some versions of click
    """`x,y`: names, separated by commas."""

    name = "names"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> tuple[str, ...]:
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class _Sizes(click.ParamType):  # type: ignore[type-arg]  # the same
    """`n=2,m=3`: sizes, separated by commas."""

    name = "sizes"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[str, int], ...]:  # fmt: skip
        found = []
        for part in str(value).split(","):
            name, sign, number = part.partition("=")
            if not (name.strip() and sign and number.strip().isdecimal() and int(number) > 0):
                self.fail(f"sizes are whole numbers from 1 on, as in n=2,m=3, not '{part.strip()}'", param, ctx)
            found.append((name.strip(), int(number)))
        return tuple(found)


@click.command(epilog=_EXAMPLES)
@click.argument("sheet")
@click.option("-n", "--count", type=click.IntRange(1, _MOST), default=10, show_default=True, help="How many variants.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other variants.")
@click.option("-o", "--out", metavar="NAME", help="Write NAME-questions and NAME-solutions; by default SHEET's name.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.option(
    "--format", "form", type=click.Choice(sorted(_ENDINGS)), default="markdown", show_default=True, help="Of the files."
)
@click.option("--sheets", metavar="FOLDER", help="Write each variant as a sheet into FOLDER, too.")
@click.option("--vary", type=_Names(), multiple=True, metavar="NAMES", help="Vary only these values: --vary x,W1.")
@click.option("--keep", type=_Names(), multiple=True, metavar="NAMES", help="Keep these values as they are in SHEET.")
@click.option(
    "--sizes", type=_Sizes(), multiple=True, metavar="n=2,m=3", help="Sizes that SHEET leaves open; rows=3 for data."
)
@click.option("--kinks", is_flag=True, help="Put a value on the kink of ReLU, |x|, max or a choice.")
@click.option("--title", metavar="TEXT", help="Title of both files; by default the first sentence of SHEET's comment.")
@click.option("--digits", type=click.IntRange(1, _MOST_DIGITS), default=5, show_default=True, help="Decimals to print.")
@click.option("--json", "as_json", is_flag=True, help="Print the variants as JSON; files are written with -o only.")
def variants(*, sheet: str, **options: Any) -> None:
    """Draw variants of SHEET: other numbers that stay pleasant by hand, each with its verified solution.

    The same sheet and seed give the same variants, and variant 3 does not depend on how many are asked for.
    """
    from gradsheet.cli.sheets import load  # noqa: PLC0415 - not for --help
    from gradsheet.exercises import Wishes  # noqa: PLC0415 - brings NumPy

    found = load(sheet)
    vary, keep, sizes = (_flat(options[name]) for name in ("vary", "keep", "sizes"))
    wishes = Wishes(vary, keep, dict(sizes), options["kinks"])
    files = _Files(sheet, options)
    files.check()
    exercises = _drawn(found, wishes, options["count"], options["seed"])
    files.write(exercises)
    if options["as_json"]:
        from gradsheet.cli.output import write_json  # noqa: PLC0415 - for JSON only

        write_json(_data(exercises, files))
    _say(exercises, files)


def _flat(parts: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
    return tuple(item for part in parts for item in part)


def _drawn(sheet: Sheet, wishes: Wishes, count: int, seed: int) -> Exercises:
    """The variants, with a line that counts them where somebody is watching."""
    from gradsheet.exercises import Setter  # noqa: PLC0415 - brings NumPy

    setter = Setter(sheet, seed, wishes)
    for _ in counted(setter.variants(count), count):
        pass
    return setter.exercises


def counted(found: Iterator[Variant], count: int) -> Iterator[Variant]:
    """The same variants, counted on standard error where somebody is watching."""
    watched = sys.stderr.isatty()
    try:
        for variant in found:
            if watched:
                sys.stderr.write(f"\r{variant.number} of {count}")
                sys.stderr.flush()
            yield variant
    finally:
        if watched:
            sys.stderr.write("\r" + " " * len(f"{count} of {count}") + "\r")
            sys.stderr.flush()


class _Files:
    """Where everything goes; nothing is written before all of it is there."""

    def __init__(self, sheet: str, options: dict[str, Any]) -> None:
        from gradsheet.cli.sheets import STDIN  # noqa: PLC0415 - not for --help

        self.options = options
        self.force: bool = options["force"]
        base = options["out"] or ("exercises" if sheet == STDIN else Path(sheet).stem)
        ending = _ENDINGS[options["form"]]
        base = base.removesuffix(f".{ending}")
        wanted = options["out"] is not None or not options["as_json"]
        kinds: tuple[Kind, ...] = ("questions", "solutions") if wanted else ()
        self.pages = {kind: f"{base}-{kind}.{ending}" for kind in kinds}
        self.folder: str | None = options["sheets"]
        stem = Path(base).name
        width = len(str(options["count"]))
        self.sheets = [
            str(Path(self.folder) / f"{stem}-{number:0{width}}.sheet") for number in range(1, options["count"] + 1)
        ] if self.folder is not None else []  # fmt: skip

    @property
    def names(self) -> list[str]:
        """Every file, pages first."""
        return [*self.pages.values(), *self.sheets]

    def check(self) -> None:
        """Refuse what could not be written, before the work begins."""
        from gradsheet.files import check_target  # noqa: PLC0415 - not for --help

        for name in self.pages.values():
            check_target(name, force=self.force)
        if self.folder is None:
            return
        folder = Path(self.folder)
        if folder.exists() and not folder.is_dir():
            refuse("GS602", "this is a file, not a folder", self.folder)
        if not folder.exists():
            check_target(self.folder)
            return
        for name in self.sheets:
            check_target(name, force=self.force)

    def write(self, exercises: Exercises) -> None:
        """All files, each whole or not at all."""
        from gradsheet.exercises.pages import Pages  # noqa: PLC0415 - brings NumPy
        from gradsheet.exercises.questions import short_title  # noqa: PLC0415 - the same
        from gradsheet.files import write_file  # noqa: PLC0415 - not for --help
        from gradsheet.writing.arrays import NumberStyle  # noqa: PLC0415 - brings NumPy

        title = self.options["title"] or short_title(exercises.sheet)
        texts = self.printed(Pages(exercises, title, NumberStyle(self.options["digits"])))
        if self.folder is not None:
            self._make_folder(self.folder)
            texts.update(zip(self.sheets, (v.text.encode() for v in exercises.variants), strict=True))
        for name, data in texts.items():
            write_file(name, data, force=self.force)

    def printed(self, pages: Pages) -> dict[str, bytes]:
        """The pages by the names of their files, with as many bits as their digits need."""
        from gradsheet.exercises import refined  # noqa: PLC0415 - brings NumPy
        from gradsheet.numerics.balls import working_precision  # noqa: PLC0415 - brings flint
        from gradsheet.numerics.digits import NeedsPrecisionError  # noqa: PLC0415 - brings flint

        for bits in _PRECISIONS:
            with working_precision(bits):
                exact = pages if bits == _PRECISIONS[0] else replace(pages, exercises=refined(pages.exercises))
                try:
                    return {name: exact.written(kind, self.options["form"]) for kind, name in self.pages.items()}
                except NeedsPrecisionError:
                    continue
        return refuse("GS407", f"{self.options['digits']} digits need more than {_PRECISIONS[-1]} bits")

    @staticmethod
    def _make_folder(folder: str) -> None:

        try:
            Path(folder).mkdir(exist_ok=True)
        except OSError as problem:
            refuse("GS602", f"the folder cannot be made: {problem.strerror}", folder)


def _say(exercises: Exercises, files: _Files) -> None:
    """What was given up and where the files are, on standard error."""
    for remark in exercises.remarks:
        click.echo(f"remark: {remark}", err=True)
    for reason, numbers in _given_up(exercises).items():
        click.echo(f"remark: in {_variants(numbers, len(exercises.variants))}, {reason}", err=True)
    if files.pages:
        count = len(exercises.variants)
        what = "1 exercise" if count == 1 else f"{count} exercises"
        click.echo(f"{' and '.join(files.pages.values())} are written: {what}, seed {exercises.seed}", err=True)
    if files.folder is not None:
        click.echo(f"{files.folder} holds the sheets", err=True)


def _given_up(exercises: Exercises) -> dict[str, list[int]]:
    """Variants by what they miss."""
    found: dict[str, list[int]] = {}
    for variant in exercises.variants:
        for missed in variant.missed:
            found.setdefault(missed, []).append(variant.number)
    return found


def _variants(numbers: list[int], count: int) -> str:
    """`all variants`, `variants 3, 7 and 12`."""
    if len(numbers) == count:
        return "every variant"
    if len(numbers) == 1:
        return f"variant {numbers[0]}"
    return f"variants {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _data(exercises: Exercises, files: _Files) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "seed": exercises.seed,
        "remarks": exercises.remarks,
        "variants": [{"number": v.number, "sheet": v.text, "given_up": list(v.missed)} for v in exercises.variants],
        "files": files.names,
    }
