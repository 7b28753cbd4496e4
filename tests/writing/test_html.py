"""One HTML file that needs nothing else: well-formed, self-contained, readable, and at home on every screen."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser

import html5lib
import pytest

from browser import browser, missing
from gradsheet.writing.formats.html import fragment, page
from writing.pages import EXAMPLES, SHEETS, composed

NAMES = ["odd", "long", *(path.stem for path in EXAMPLES)]
WIDEST = 500_000
"""Bytes that the 4-4-3-3 page may have, font, picture and small steps included."""


@cache
def written(name: str, *, small_steps: bool = True) -> str:
    return page(composed(name, small_steps=small_steps, drawn=True))


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_well_formed(name: str):
    html5lib.HTMLParser(strict=True).parse(written(name))


def test_a_planted_fault_is_seen():
    with pytest.raises(html5lib.html5parser.ParseError):
        html5lib.HTMLParser(strict=True).parse(written("circuit").replace("</section>", "", 1))


def loads(text: str) -> list[str]:
    """Whatever a page would fetch from somewhere else."""
    attributes = [value for _, a in Elements(text).found for key, value in a.items() if key in {"src", "href", "data"}]
    styles = re.findall(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']?([^\"';]+)", text)
    places = [*attributes, *(part for pair in styles for part in pair if part)]
    return [place for place in places if not place.startswith(("#", "data:"))]


@pytest.mark.parametrize("name", NAMES)
def test_it_fetches_nothing(name: str):
    assert loads(written(name)) == []


def test_a_planted_script_is_seen():
    assert loads('<script src="https://a.example/b.js"></script><style>p{background:url(c.png)}</style>') == [
        "https://a.example/b.js", "c.png",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, "gru", "attention", "boltzmann"])
def test_every_link_leads_to_a_step(name: str):
    if name not in SHEETS and name not in NAMES:
        pytest.skip("there is no such sheet")
    elements = Elements(written(name)).found
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(set(ids)) == len(ids)
    assert {a["href"] for _, a in elements if a.get("href", "").startswith("#")} <= {f"#{i}" for i in ids}


def test_those_who_listen_are_told():
    elements = Elements(written("mlp-4433")).found
    assert dict(elements)["html"]["lang"] == "en"
    inline = [a for tag, a in elements if tag == "math" and "display" not in a]
    assert inline
    assert all(a.get("alttext") for a in inline)
    assert next(tag for tag, _ in elements if re.fullmatch("h[1-6]", tag)) == "h1"
    assert all("aria-label" in a or "class" in a for tag, a in elements if tag == "button")


def test_without_a_script_no_button_is_promised():
    assert all("hidden" in a for tag, a in Elements(written("mlp-4433")).found if tag == "button")


def test_the_page_is_light():
    assert len(written("mlp-4433").encode()) < WIDEST


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * d for d in digits)
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_words_stand_out_from_the_paper():
    """At least 4.5 to 1, in light and in dark, on paper and on the tint of the step that a link led to."""
    rules = re.findall(r"--paper:[^}]+", written("circuit"))
    assert len(rules) >= 4
    for rule in rules:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", rule))
        for words in ("ink", "quiet", "mark"):
            for behind in ("paper", "tint"):
                assert contrast(colours[words], colours[behind]) >= 4.5, (words, behind, rule)


def test_a_pale_grey_is_seen():
    assert contrast("#aaa", "#fff") < 4.5
    assert contrast("#000", "#fff") == pytest.approx(21)


def test_a_piece_for_a_notebook_stays_inside():
    text = fragment(composed("circuit"))
    html5lib.HTMLParser(strict=True).parseFragment(text)
    style = re.search(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    assert style is not None
    selectors = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@font-face\{[^}]*\}", "", style[1]))
    assert all(one.strip().startswith(".gradsheet") for group in selectors for one in group.split(","))
    assert "<script" not in text


# ---------------------------------------------------------------- in a browser

in_a_browser = pytest.mark.skipif(missing() is not None, reason=missing() or "")


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


@in_a_browser
@pytest.mark.parametrize("name", NAMES)
def test_no_page_is_wider_than_its_screen(name: str, chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(written(name), encoding="utf-8")
    for width in (375, 768, 1280):
        chromium.resize(width)
        chromium.open(path)
        chromium.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert chromium.run("return document.documentElement.scrollWidth") <= width
    assert chromium.complaints() == []


@in_a_browser
def test_a_page_that_is_too_wide_is_seen(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<!doctype html><p style='width:600px'>x<script>nothing()</script>", encoding="utf-8")
    chromium.resize(375)
    chromium.open(path)
    assert chromium.run("return document.documentElement.scrollWidth") > 375
    assert "nothing is not defined" in chromium.complaints()[0]


@in_a_browser
def test_the_font_is_there_and_formulas_have_a_height(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(written("mlp-4433"), encoding="utf-8")
    chromium.resize(1280)
    chromium.open(path)
    assert chromium.run("return [...document.fonts].map(f => f.status)") == ["loaded"]
    flat = "return [...document.querySelectorAll('li math')].filter(m => m.checkVisibility() && !m.clientHeight).length"
    assert chromium.run(flat) == 0
    height = "const m = document.querySelector('#step-dL-dW3 mtable'); return m.getBoundingClientRect().height"
    assert chromium.run(height) > 40


@in_a_browser
def test_light_and_dark(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(written("circuit"), encoding="utf-8")
    colour = "return getComputedStyle(document.documentElement).backgroundColor"
    seen = {}
    for dark in (False, True):
        chromium.resize(800, dark=dark)
        chromium.open(path)
        before = chromium.run(colour)
        chromium.run("document.getElementById('looks').click()")
        seen[dark] = (before, chromium.run(colour))
    assert seen[False] == tuple(reversed(seen[True]))
    assert seen[False][0] != seen[True][0]


@in_a_browser
def test_small_steps_open_together_and_on_paper(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(written("mlp-4433"), encoding="utf-8")
    chromium.resize(800)
    chromium.open(path)
    opened = "return document.querySelectorAll('details[open]').length"
    total = chromium.run("return document.querySelectorAll('details').length")
    assert (chromium.run(opened), total) == (0, 11)
    chromium.run("document.querySelector('button.all').click()")
    assert chromium.run(opened) == total
    chromium.run("document.querySelector('button.all').click()")
    assert chromium.run(opened) == 0
    chromium.run("dispatchEvent(new Event('beforeprint'))")
    assert chromium.run(opened) == total
    chromium.run("dispatchEvent(new Event('afterprint'))")
    assert chromium.run(opened) == 0
    assert chromium.print().startswith(b"%PDF")


@in_a_browser
def test_a_link_leads_to_its_step(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(written("mlp-4433"), encoding="utf-8")
    chromium.resize(800)
    chromium.open(path)
    chromium.run("document.querySelector('a[href=\"#step-dL-dW1\"]').dispatchEvent(new MouseEvent('click'))")
    chromium.run("location.hash = '#step-dL-dW1'")
    assert chromium.run("return document.querySelector(':target').querySelectorAll('math').length") > 0
