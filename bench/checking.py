"""How well and how fast `gradsheet check` reads pages of other people's habits, as they are and with slips planted.

python bench/checking.py           the whole corpus and every slip; writes bench/checking.md and bench/checking.json
python bench/checking.py NAME …    only these documents; prints the table and writes nothing
python bench/checking.py --each 2  only two slips of each document; prints the table and writes nothing

The corpus and the slips are in tests/checking. Its ledgers, and that each slip changes a value, were worked out without
the checker (tests/checking/truths.py).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import defaultdict
from pathlib import Path

from joblib import Parallel, delayed

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent / "tests")  # in the place of this folder, whose checking.py would hide the package

from checking import planting, scoring, truths  # noqa: E402 - the corpus is found only after its folder is named

HEAD = ["formulas", "claims", "right", "judged", "wrong", "caught", "planted", "found", "named", "left open",
        "false alarms", "false accepts", "claims per second"]
EXPLAINED = """\
- right, judged: formulas that are right, and those of them that are called right (arrangement included).
- wrong, caught: formulas that the author got wrong, and those of them that are called wrong.
- planted, found, named: slips, those that are called wrong (or right up to arrangement, where only the arrangement was
  edited), and those of them whose kind is a fair name of the edit.
- left open: slips in formulas that are undecided or unread.
- false alarms: anything else that is called wrong; beside a slip, what does not rest on it. False accepts: wrong
  formulas that are called right.
"""


def figures(own: scoring.Row, slips: scoring.Row) -> list[str]:
    seconds = own.seconds + slips.seconds
    numbers = [own.formulas, own.claims, own.right, own.judged, own.wrong, len(own.caught), slips.planted, slips.found,
               slips.named, slips.open, len(own.alarms) + len(slips.collateral), len(own.accepts) + len(slips.accepted)]
    return [*map(str, numbers), f"{(own.claims + slips.claims) / seconds:.0f}" if seconds else ""]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in [head, ["---", *["---:"] * (len(head) - 1)], *rows]]


def chosen_slips(name: str, each: int) -> list[planting.Plant]:
    slips = [slip for slip in planting.planted() if slip.document == name]
    return random.Random(name).sample(slips, min(each, len(slips))) if each else slips


def measured(name: str, each: int) -> tuple[scoring.Row, list[scoring.Row]]:
    return scoring.score_document(name, chosen_slips(name, each))


def written(found: dict[str, tuple[scoring.Row, list[scoring.Row]]], each: int) -> str:
    own = scoring.total(pair[0] for pair in found.values())
    slips = scoring.total(row for pair in found.values() for row in pair[1])
    lines = ["# Benchmark of the checker", "", "Written by `make bench`. Pages in the habits of many people, each read"]
    lines += ["as it was written, and again with one slip planted by a program, for each of the slips.", ""]
    rows = [[name, *figures(alone, scoring.total(rows))] for name, (alone, rows) in found.items()]
    lines += table(["document", *HEAD], [*rows, ["**all**", *figures(own, slips)]])
    lines += ["", EXPLAINED]
    by_edit: dict[str, list[scoring.Row]] = defaultdict(list)
    for name, (_, results) in found.items():
        for slip, row in zip(chosen_slips(name, each), results, strict=False):
            by_edit[planting.family(slip.edit)].append(row)
    lines += ["## By edit", ""]
    often = sorted(by_edit.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    sums = [(edit, scoring.total(rows)) for edit, rows in often]
    lines += table(
        ["edit", "planted", "found", "named", "left open", "false accepts"],
        [[edit, *map(str, (row.planted, row.found, row.named, row.open, len(row.accepted)))] for edit, row in sums],
    )
    lines.append("")
    for title, notes in (
        ("False alarms", [*own.alarms, *slips.collateral]),
        ("False accepts", [*own.accepts, *slips.accepted]),
        ("Crashes", [*own.crashed, *slips.crashed]),
    ):
        if notes:
            lines += [f"## {title}", "", *(f"- {note}" for note in notes), ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="documents of tests/checking/corpus; all unless named")
    parser.add_argument("--each", type=int, default=0, help="slips of each document; all unless said")
    parser.add_argument("-j", type=int, default=min(4, os.cpu_count() or 1), dest="jobs", help="processes")
    options = parser.parse_args()
    chosen = options.names or truths.documents()
    results = Parallel(n_jobs=options.jobs)(delayed(measured)(name, options.each) for name in chosen)
    found = dict(zip(chosen, results, strict=True))
    text = written(found, options.each)
    print(text)
    if not options.names and not options.each:
        (HERE / "checking.md").write_text(text, encoding="utf-8")
        data = {name: {"page": vars(own), "slips": [vars(row) for row in rows]} for name, (own, rows) in found.items()}
        (HERE / "checking.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    whole = scoring.total(row for own, rows in found.values() for row in [own, *rows])
    return 1 if whole.alarms or whole.collateral or whole.accepts or whole.accepted or whole.crashed else 0


if __name__ == "__main__":
    sys.exit(main())
