"""The looks of a picture: colours for light, dark and paper; nothing depends on colour alone."""

from __future__ import annotations

_FONT = '"STIX Two Text","STIX Two Math",STIXGeneral,Cambria,"Times New Roman","Liberation Serif","DejaVu Serif",serif'
_SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,"DejaVu Sans",sans-serif'

_SHAPES = f"""
.gs-picture{{max-width:none}}
.gs-picture text{{font-family:{_FONT};fill:#1f2328}}
.gs-picture .gs-number{{font-family:{_SANS}}}
.gs-picture .gs-i{{font-style:italic}}
.gs-picture .gs-paper{{fill:#fff}}
.gs-picture .gs-edge{{fill:none;stroke:#57606a;stroke-width:1.3}}
.gs-picture .gs-dashed{{stroke-dasharray:4 3}}
.gs-picture .gs-head{{fill:#57606a}}
.gs-picture .gs-shape{{fill:#fff;stroke:#57606a;stroke-width:1.3}}
.gs-picture .gs-gate .gs-shape{{fill:#eef2f8}}
.gs-picture .gs-parameter .gs-shape{{fill:#fff4d6;stroke:#9a6700}}
.gs-picture .gs-input .gs-shape,.gs-picture .gs-result .gs-shape{{stroke:#8c959f}}
.gs-picture .gs-function .gs-shape,.gs-picture .gs-rest .gs-shape{{stroke-dasharray:5 3}}
.gs-picture .gs-frame{{fill:none;stroke:#8c959f;stroke-dasharray:2 3}}
.gs-picture .gs-quiet{{fill:#57606a}}
.gs-picture .gs-value{{fill:#116329}}
.gs-picture .gs-gradient{{fill:#a40e26}}
.gs-picture .gs-tag{{fill:#fff;stroke:#57606a}}
.gs-picture .gs-mark{{fill:#1f2328;font-weight:bold}}
.gs-picture .gs-step{{display:none}}
.gs-picture .gs-step:target{{display:inline}}
.gs-picture a:hover .gs-shape,.gs-picture a:focus .gs-shape{{stroke:#0969da;stroke-width:2.2}}
.gs-picture a:hover text,.gs-picture a:focus text{{text-decoration:underline}}
@media print{{.gs-picture{{max-width:100%;height:auto}}}}
"""

_DARK = {
    "text": "fill:#e6edf3",
    ".gs-paper": "fill:#0d1117",
    ".gs-edge": "stroke:#9198a1",
    ".gs-head": "fill:#9198a1",
    ".gs-shape": "fill:#161b22;stroke:#9198a1",
    ".gs-gate .gs-shape": "fill:#1f2937",
    ".gs-parameter .gs-shape": "fill:#3a2d08;stroke:#d4a72c",
    ".gs-input .gs-shape": "stroke:#6e7681",
    ".gs-result .gs-shape": "stroke:#6e7681",
    ".gs-frame": "stroke:#6e7681",
    ".gs-quiet": "fill:#9198a1",
    ".gs-value": "fill:#56d364",
    ".gs-gradient": "fill:#ff8182",
    ".gs-mark": "fill:#e6edf3",
    ".gs-tag": "fill:#161b22;stroke:#9198a1",
}
"""Selectors below the picture, and what they look like on a dark page."""


def _dark(scope: str) -> str:
    return "".join(f"{scope} .gs-picture {where}{{{look}}}" for where, look in _DARK.items())


def _dark_alone(scope: str) -> str:
    """The same for a picture that is the document itself."""
    return "".join(f"{scope}.gs-picture {where}{{{look}}}" for where, look in _DARK.items())


STYLE = (
    _SHAPES
    + "@media screen and (prefers-color-scheme:dark){"
    + _dark(":root:not([data-theme=light])")
    + _dark_alone(":root")
    + "}"
    + "@media screen{"
    + _dark(":root[data-theme=dark]")
    + "}"
).replace("\n", "")
