"""Take the picture of the 4-4-3-3 page that stands in the README.

python tools/screenshot.py    docs/images/page.png; needs chromium and chromedriver, and pngquant to make it small
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from browser import browser, missing
from fences import ROOT

IMAGE = ROOT / "docs" / "images" / "page.png"
SHEET = ROOT / "examples" / "mlp-4433.sheet"
WIDTH, HEIGHT, SCALE = 900, 1180, 1.5
LARGEST = 200_000
"""Bytes that a picture in the README may have."""
SHOWN = """
document.documentElement.style.scrollBehavior = 'auto';
document.querySelector('#step-dL-dW3 details').open = true;
document.querySelector('#forward').scrollIntoView();
scrollBy(0, -24);
"""


def taken() -> bytes:
    """The page as a browser shows it, from the forward pass on, with the small steps of one derivative open."""
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        page = Path(folder, "solution.html")
        subprocess.run([sys.executable, "-m", "gradsheet", "solve", str(SHEET), "-o", str(page)], check=True)
        chromium.resize(WIDTH, HEIGHT, scale=SCALE)
        chromium.open(page)
        chromium.run(SHOWN)
        return chromium.screenshot()


def main() -> int:
    """Write the picture; the exit status."""
    reason = missing()
    if reason is not None:
        print(reason)
        return 1
    picture = taken()
    if shutil.which("pngquant"):
        command = ["pngquant", "--speed", "1", "--strip", "32", "-"]
        picture = subprocess.run(command, input=picture, capture_output=True, check=True).stdout
    if len(picture) > LARGEST:
        print(f"{len(picture):,} bytes are more than {LARGEST:,}; pngquant makes it smaller")
        return 1
    IMAGE.write_bytes(picture)
    print(f"written  {IMAGE.relative_to(ROOT)}, {len(picture):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
