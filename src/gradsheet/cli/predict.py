"""`gradsheet predict FOLDER --data FILE`: what a trained model says of new rows, and how good it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from gradsheet.diagnostics import refuse

if TYPE_CHECKING:
    from gradsheet.training.model import Predictions

_EXAMPLES = """\b
Examples:
  gradsheet predict run/ --data new.npz
  gradsheet predict run/ --data test.csv --score
  gradsheet predict run/ --data new.parquet -o predictions.npz
"""


@click.command(epilog=_EXAMPLES)
@click.argument("model")
@click.option("--data", multiple=True, required=True, metavar="FILE", help="Rows, as for training; may be repeated.")
@click.option("--map", "mapping", multiple=True, metavar="NAME=COLUMNS", help="Which columns a symbol is.")
@click.option("--what", metavar="NAME", help="A definition of the sheet; by default its prediction.")
@click.option("--score", is_flag=True, help="Print loss and accuracy or R² instead: the data have the targets.")
@click.option("-o", "--out", metavar="FILE", help="Write to FILE: .csv or .npz; by default CSV to standard output.")
@click.option("--force", is_flag=True, help="Replace what exists.")
@click.option("--json", "as_json", is_flag=True, help="Print scores, or predictions, as JSON.")
def predict(*, model: str, data: tuple[str, ...], mapping: tuple[str, ...], score: bool, **options: Any) -> None:
    """Print what MODEL, a file or the folder of a run, says of each row of data."""
    from gradsheet.cli.output import write, write_json  # noqa: PLC0415 - siblings, not for --help
    from gradsheet.files import check_target, write_file  # noqa: PLC0415 - not for --help
    from gradsheet.training.data import read_mapping  # noqa: PLC0415 - brings NumPy
    from gradsheet.training.model import load_model  # noqa: PLC0415 - the same

    out = options["out"]
    if out is not None:
        if not out.endswith((".csv", ".npz")):
            refuse("GS601", f"predictions are written as .csv or .npz, not as '{out}'")
        check_target(out, force=options["force"])
    held = load_model(model)
    for remark in held.remarks:
        click.echo(f"remark: {remark}", err=True)
    mapped = read_mapping(mapping)
    what = options["what"]
    if score:
        if what is not None or out is not None:
            refuse("GS601", "--score prints loss and metric: it excludes --what and -o")
        numbers = {**held.score(list(data), mapped).written()}
        if options["as_json"]:
            write_json({"schema_version": 1, **numbers})
        else:
            write("".join(_line(name, value) for name, value in numbers.items()))
        return
    found = held.predict(list(data), mapped, what=what)
    if options["as_json"]:
        if out is not None:
            refuse("GS601", "--json prints the predictions, -o writes them: they exclude each other")
        labels = None if found.labels is None else found.labels.tolist()
        values = _finite(found.values.tolist())
        notes = {"schema_version": 1, "name": found.name, "target": found.target}
        write_json({**notes, "labels": labels, "values": values})
    elif out is None:
        write(csv(found))
    else:
        write_file(out, _archive(found) if out.endswith(".npz") else csv(found).encode(), force=options["force"])


def _finite(values: Any) -> Any:
    """Numbers as JSON has them: None for those that are not finite."""
    match values:
        case list():
            return [_finite(v) for v in values]
        case float():
            return values if math.isfinite(values) else None
    return values


def _line(name: str, value: float | None) -> str:
    title = {"r2": "R²"}.get(name, name)
    text = "not finite" if value is None else f"{value:.2%}" if name == "accuracy" else f"{value:.6g}"
    return f"{title.ljust(8)}  {text}\n"


def csv(found: Predictions) -> str:
    """A line of names, then a line for each row: the class, where there are classes, and every number."""
    import csv as writer  # noqa: PLC0415 - for predictions only
    from io import StringIO  # noqa: PLC0415 - the same

    values = found.values.reshape(len(found.values), -1)
    shape = found.values.shape[1:]
    names = [found.name]
    if shape:
        import numpy as np  # noqa: PLC0415 - the same

        names = [f"{found.name}[{','.join(str(k + 1) for k in place)}]" for place in np.ndindex(shape)]
    if found.labels is not None and len(shape) == 1:
        names = [f"{found.name}[{c}]" for c in found.classes]
    classes: list[Any] = [[]] * len(values)
    if found.labels is not None:
        labels = found.labels.reshape(len(values), -1)
        classes = labels.tolist()
        count = labels.shape[1]
        names = [*([f"{found.target}[{k + 1}]" for k in range(count)] if count > 1 else [str(found.target)]), *names]
    text = StringIO()
    lines = writer.writer(text, lineterminator="\n")
    lines.writerow(names)
    for label, row in zip(classes, values.tolist(), strict=True):
        lines.writerow([*label, *row])
    return text.getvalue()


def _archive(found: Predictions) -> bytes:
    from io import BytesIO  # noqa: PLC0415 - for archives only

    import numpy as np  # noqa: PLC0415 - the same

    arrays: dict[str, Any] = {found.name: found.values}
    if found.labels is not None:
        arrays[str(found.target)] = found.labels
    buffer = BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


__all__ = ["csv", "predict"]
