"""Write again what gradsheet prints: the examples' solutions, and the outputs that stand in the documents.

python tools/regenerate.py           examples/solutions/*.txt
python tools/regenerate.py --docs    README.md, docs/*.md, examples/*.md, docs/images/*.svg
python tools/regenerate.py --check   change nothing; exit 1 if a solution is not what is printed now
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from fences import ROOT, documents, fences, fresh_copy, refresh, run, session

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = ROOT / "examples"
SOLUTIONS = EXAMPLES / "solutions"
IMAGES = ROOT / "docs" / "images"


def sheets() -> list[Path]:
    """The example sheets, in the order of their names."""
    return sorted(EXAMPLES.glob("*.sheet"))


def solution_of(sheet: Path) -> str:
    """What `gradsheet solve` prints for a sheet, in a terminal of 100 columns without colour."""
    (lines,) = run([f"gradsheet solve --color never {sheet.name}"], sheet.parent)
    return "".join(f"{line}\n" for line in lines)


def solution_path(sheet: Path) -> Path:
    """Where a sheet's solution is kept."""
    return SOLUTIONS / f"{sheet.stem}.txt"


def pictures() -> list[Path]:
    """The pictures in the documents that are drawn from an example of the same name."""
    return sorted(path for path in IMAGES.glob("*.svg") if (EXAMPLES / f"{path.stem}.sheet").exists())


def picture_of(path: Path) -> str:
    """What `gradsheet solve --format svg` draws for the example of a picture's name."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / path.name
        run([f"gradsheet solve {path.stem}.sheet -o {shlex.quote(str(new))}"], EXAMPLES)
        return new.read_text(encoding="utf-8")


def training_pictures() -> dict[str, str]:
    """The curve of the run in the README, and what its model says of every place, by the names of the pictures."""
    first = next(f for f in fences(ROOT / "README.md") if f.text.startswith("$ gradsheet train"))
    command, _ = session(first)[0]
    folder = command.split()[-1]
    with fresh_copy() as copy:
        run([command, f"python examples/training/two_moons.py picture {folder} boundary.svg"], copy)
        texts = [(copy / name).read_text(encoding="utf-8") for name in (f"{folder}/curve.svg", "boundary.svg")]
    return dict(zip(("two-moons-curve.svg", "two-moons.svg"), texts, strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the command line's arguments; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", action="store_true", help="the outputs in the documents instead of the solutions")
    parser.add_argument("--check", action="store_true", help="compare only")
    options = parser.parse_args(arguments)
    if options.docs:
        for path in documents():
            if path.exists():
                print(f"{'written' if refresh(path) else 'as it was'}  {path.relative_to(ROOT)}")
        for path in pictures():
            path.write_text(picture_of(path), encoding="utf-8")
        for name, text in training_pictures().items():
            (IMAGES / name).write_text(text, encoding="utf-8")
        return 0
    stale = 0
    SOLUTIONS.mkdir(exist_ok=True)
    for sheet in sheets():
        new, path = solution_of(sheet), solution_path(sheet)
        if path.exists() and path.read_text(encoding="utf-8") == new:
            continue
        stale += 1
        if not options.check:
            path.write_text(new, encoding="utf-8")
        print(f"{'stale' if options.check else 'written'}  {path.relative_to(ROOT)}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
