"""`gradsheet verify SHEET --against file.py:Function`: a hand-written backward pass against the derived one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from gradsheet.auditing import Audit

_MOST_POINTS = 1000
_EXAMPLES = """\b
Examples:
  gradsheet verify rms-norm.sheet --against kernels.py:RMSNorm
  gradsheet verify rms-norm.sheet --against rms.py:forward,backward --inputs x,g,ε
"""


@click.command(epilog=_EXAMPLES)
@click.argument("sheet")
@click.option("--against", required=True, metavar="FILE:NAME", help="A torch.autograd.Function, a jax.custom_vjp "
              "function, or a NumPy pair as FILE:forward,backward. The file is run.")  # fmt: skip
@click.option("--inputs", metavar="NAMES", help="What the parameters are, in order: names of the sheet, index(y) for "
              "the classes of a one-hot y, or values; by default they are matched by name.")  # fmt: skip
@click.option("--outputs", metavar="NAMES", help="What the function returns, in order; by default what the sheet "
              "pulls back or minimises.")  # fmt: skip
@click.option("--batch", metavar="NAMES", help="Inputs of which the function takes many, one in each row, where the "
              "sheet states one example.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A constant of the sheet; repeatable.")
@click.option("--size", "sizes", multiple=True, metavar="NAME=N", help="A size that is demanded; repeatable.")
@click.option("--points", type=click.IntRange(1, _MOST_POINTS), metavar="N", help="Random points.  [default: 4]")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, metavar="N", help="Of the points.")
@click.option("--tolerance", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="T",
              help="Of the largest entry, beyond rounding.  [default: 1e-9]")  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True,
              metavar="SECONDS", help="For the function, in all.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(("text", "json")), help="How to write it.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Use the signs of a plain keyboard only.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colours."
)
def verify(*, sheet: str, against: str, **options: Any) -> int:
    """Verify a hand-written backward pass: run it at random points, and name the slip where it differs.

    The function's file is Python, and is run, in a process of its own. The exit status is 1 if anything differs.
    """
    from gradsheet.cli import output  # noqa: PLC0415 - not for --help

    if options["as_json"] and options["form"] not in {None, "json"}:
        refuse("GS601", f"--json and --format {options['form']} exclude each other")
    report = _report(sheet, against, options)
    if options["as_json"] or options["form"] == "json":
        from gradsheet.auditing.reports.data import audit_data  # noqa: PLC0415 - for JSON only

        output.write_json(audit_data(report))
    else:
        from gradsheet.auditing.reports.terminal import terminal_lines  # noqa: PLC0415 - for text only

        plain = bool(options["ascii_only"]) or not output.shows_unicode()
        lines = terminal_lines(report, width=output.width(), ascii_only=plain)
        output.show(lines, coloured=output.colours(options["color"]))
    return int(not report.agrees)


def _report(sheet: str, against: str, options: dict[str, Any]) -> Audit:
    """The audit, with the function in a process of its own."""
    from gradsheet.auditing import POINTS, TOLERANCE, CannotLoadError, RemotePeer, Wishes, audit  # noqa: PLC0415 - brings the engine
    from gradsheet.cli.sheets import gather, load, read_bytes  # noqa: PLC0415 - not for --help

    file, colon, name = against.rpartition(":")
    if not colon or not file or not name.strip():
        refuse("GS601", f"--against takes FILE:NAME, not '{against}'", suggestion="for example kernels.py:RMSNorm")
    model = load(sheet)
    read_bytes(file, 1)  # a path that leads nowhere is said as for sheets
    wishes = Wishes(_names(options["inputs"]), _names(options["outputs"]), gather((), options["settings"]),
                    dict(_size(s) for s in options["sizes"]), _names(options["batch"]))  # fmt: skip
    try:
        with RemotePeer(file, name, options["time_limit"]) as peer:
            return audit(
                model, peer, wishes,
                points=options["points"] or POINTS, seed=options["seed"],
                tolerance=options["tolerance"] or TOLERANCE,
            )  # fmt: skip
    except CannotLoadError as problem:
        refuse(problem.code, problem.message, against, problem.suggestion)


def _names(text: str | None) -> tuple[str, ...]:
    """Names between commas; a comma inside brackets belongs to a value.

    >>> _names("x, index(y), (1, 2)")
    ('x', 'index(y)', '(1, 2)')
    """
    if text is None or not text.strip():
        return ()
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return tuple(part.strip() for part in parts)


def _size(text: str) -> tuple[str, int]:

    name, sign, number = text.partition("=")
    if not sign or not number.strip().isdecimal() or not 1 <= int(number) <= 512:
        refuse("GS601", f"--size takes NAME=N with N from 1 to 512, not '{text}'", suggestion="for example --size d=8")
    return name.strip(), int(number)
