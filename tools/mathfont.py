"""Cut STIX Two Math down to what formulas use: src/gradsheet/typesetting/fonts/gradsheet-math.woff2.

python tools/mathfont.py STIXTwoMath-Regular.ttf

Needs fonttools and brotli, which are no dependencies of the package. STIX Two Math, version 2.11, is found at
https://github.com/stipub/stixfonts and in the wheel of `ziamath` on PyPI. The licence of the font asks for its text
beside every copy (fonts/OFL.txt); the subset has a name of its own. The same input gives the same file.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = Path(__file__).resolve().parent.parent / "src" / "gradsheet" / "typesetting" / "fonts" / "gradsheet-math.woff2"
FAMILY = "Gradsheet Math"
_KEPT_NAMES = {0, 13, 14}  # copyright, licence, address of the licence
_RANGES = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xFF),  # Latin-1: words with accents, ¬ ± × ÷
    (0x391, 0x3D6),  # Greek
    (0x1D400, 0x1D4CF),  # bold, italic, bold italic, script
    (0x1D504, 0x1D56B),  # Fraktur, double-struck
    (0x1D6A4, 0x1D755),  # dotless i and j; Greek bold, Greek italic
    (0x1D7CE, 0x1D7E1),  # digits, bold and double-struck
)
_SIGNS = (
    "ıȷˆˇˉ˘˙˚˜ϕϵϑϱ–—‘’“”†‡•…′″‴⁗⁄‖"
    "ℂℊℋℌℍℎℏℐℑℒℓℕ℘ℙℚℛℜℝℤℨℬℭℯℰℱℳℴℵ"
    "←↑→↓↔↦⇐⇒⇔∀∂∃∅∆∇∈∉∋∏∑−∓∕∖∗∘∙√∝∞∣∥∧∨∩∪∫∴∼≃≈≔≠≡≤≥≪≫≺≻⊂⊃⊆⊇⊕⊖⊗⊘⊙⊤⊥⋅⋆⋮⋯⋰⋱⌈⌉⌊⌋⏜⏝⏞⏟⟨⟩⟵⟶⟹"
    "\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u030c\u20d7\u2061\u2062"
)


def subset(source: Path, target: Path) -> int:
    """Write the subset; its size in bytes."""
    from fontTools.subset import Options, Subsetter  # noqa: PLC0415 - the tests import this file, and need no fonttools
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - the same

    os.environ["SOURCE_DATE_EPOCH"] = "0"
    font = TTFont(source, recalcTimestamp=False)
    options = Options()
    options.layout_features = ["ssty", "dtls", "flac", "kern", "mark", "mkmk", "ccmp"]
    options.hinting = False
    options.name_IDs = ["*"]
    options.notdef_outline = True
    options.drop_tables += ["DSIG"]
    subsetter = Subsetter(options)
    unicodes = [code for low, high in _RANGES for code in range(low, high + 1)] + [ord(sign) for sign in _SIGNS]
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)
    names = font["name"]
    names.names = [record for record in names.names if record.nameID in _KEPT_NAMES]
    for name_id, text in ((1, FAMILY), (2, "Regular"), (4, FAMILY), (6, FAMILY.replace(" ", "")), (3, FAMILY)):
        names.setName(text, name_id, 3, 1, 0x409)
    font.flavor = "woff2"
    target.parent.mkdir(exist_ok=True)
    font.save(target)
    return target.stat().st_size


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the command line's arguments; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="STIXTwoMath-Regular.ttf or .otf")
    parser.add_argument("--output", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    print(f"{options.output.name}: {subset(options.source, options.output):,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
