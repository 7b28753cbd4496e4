"""`gradsheet read SHEET`: check a sheet, and say what it declares and defines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from gradsheet.sheet import Sheet


@click.command()
@click.argument("sheet")
@click.option("--json", "as_json", is_flag=True, help="Print the symbols as JSON.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Use the signs of a plain keyboard only.")
def read(*, sheet: str, as_json: bool, ascii_only: bool) -> None:
    """Check SHEET and list its symbols with their shapes; `-` reads standard input."""
    from gradsheet.cli.output import shows_unicode, write, write_json  # noqa: PLC0415 - not for --help
    from gradsheet.cli.sheets import load  # noqa: PLC0415 - not for --help
    from gradsheet.writing.arrays import NumberStyle  # noqa: PLC0415 - brings NumPy
    from gradsheet.writing.members import extents  # noqa: PLC0415 - brings NumPy
    from gradsheet.writing.rows import RowWriter  # noqa: PLC0415 - brings NumPy
    from gradsheet.writing.spelling import Spelling  # noqa: PLC0415 - not for --help

    found = load(sheet)
    entries = _symbols(found, extents)
    if as_json:
        write_json({
            "schema_version": 1,
            "symbols": entries,
            "sizes": sorted(found.sizes),
            "parameters": [s.name for s in found.parameters],
            "objective": found.objective.symbol.name if found.objective else None,
            "sense": found.objective.sense if found.objective else "pullback" if found.pullbacks else None,
            "remarks": remarks_json(found),
        })  # fmt: skip
        return
    say_remarks(found)
    spelling = Spelling(found, ascii_only=ascii_only or not shows_unicode())
    width = max((len(spelling.prose(e["name"])) for e in entries), default=0)
    writer = RowWriter(spelling, NumberStyle())
    shapes = [writer.shape(e["shape"]) or "scalar" for e in entries]
    room = max(map(len, shapes), default=0)
    for entry, shape in zip(entries, shapes, strict=True):
        name = spelling.prose(entry["name"])
        write(f"{name.ljust(width)}   {shape.ljust(room)}   {entry['role']}\n")


def _symbols(sheet: Sheet, extents: Any) -> list[dict[str, Any]]:
    """Every name of a sheet with its shape and its part; families by their index."""
    functions = {s.name for s in sheet.functions}
    defined = {e.symbol for e in sheet.equations}
    entries = []
    for symbol in sheet.symbols.values():
        leading = [i.name for i in symbol.axes[: symbol.leading]]
        role = (
            "function" if symbol.name in functions
            else "parameter" if symbol in sheet.parameters
            else "definition" if symbol in defined
            else "input"
        )  # fmt: skip
        name = f"{symbol.name}[{','.join(leading)}]" if leading else symbol.name
        entries.append({"name": name, "shape": extents(symbol.axes[symbol.leading :], None), "role": role})
    entries.extend({"name": name, "shape": [], "role": "unspecified function"} for name in sheet.unspecified)
    return entries


def remarks_json(sheet: Sheet) -> list[dict[str, Any]]:
    """Readings that were chosen for the author, with their lines."""
    return [
        {"message": r.message, "line": sheet.source.position(r.span.start)[0] if r.span is not None else None}
        for r in sheet.remarks
    ]


def say_remarks(sheet: Sheet, others: tuple[str, ...] = ()) -> None:
    """The same on standard error."""
    own = {r.message for r in sheet.remarks}
    for remark in remarks_json(sheet):
        place = f"{sheet.source.name}:{remark['line']}: " if remark["line"] else ""
        click.echo(f"remark: {place}{remark['message']}", err=True)
    for message in others:
        if message not in own:
            click.echo(f"remark: {message}", err=True)
