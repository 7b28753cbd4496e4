"""The program carried out in float64 by the evaluator of sheets: what every result is held to."""

from __future__ import annotations

import unicodedata

from engines.compiled import compiled, plain
from engines.job import Job, changes
from gradsheet.native.runtime import name_of
from gradsheet.programs.reference import evaluate
from workloads import Arrays, Network, Workload


def make(workload: Workload, _variant: str) -> Job:
    one = workload.single if isinstance(workload, Network) else workload
    program = compiled(one).program
    symbols = {unicodedata.normalize("NFC", name_of(a)): a.symbol for a in program.arguments if a.part != "table"}
    if not isinstance(workload, Network):
        found = evaluate(program, {s: workload.values[name] for name, s in symbols.items()})
        return Job(lambda _: None, 1, {plain(r.name): found[r.symbol] for r in program.results})
    values: Arrays = {name: value.astype(float) for name, value in workload.parameters().items()}
    for start in range(0, workload.checked, workload.batch):
        rows = {name: array[start : start + workload.batch] for name, array in workload.data.items()}
        found = evaluate(program, {s: {**values, **rows}[name] for name, s in symbols.items()})
        values = {r.name: found[r.symbol] for r in program.results}
    return Job(lambda _: None, 1, changes(workload, values))


__all__ = ["make"]
