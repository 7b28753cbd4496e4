"""What people see of a check: every report says the same, and none spoils the author's page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import html5lib
import jsonschema
import pytest
from markdown_it import MarkdownIt

from browser import browser, missing
from checking.papers import PAGE, Paper, bad_file, example
from fences import ROOT
from gradsheet.checking.marks import give_marks, read_scheme
from gradsheet.checking.reports.data import report_data
from gradsheet.checking.reports.entries import SIGNS, WORDS
from gradsheet.checking.reports.html import fragment, page
from gradsheet.checking.reports.markdown import markdown
from gradsheet.checking.reports.terminal import Wishes, terminal_lines
from gradsheet.checking.reports.tex import CannotSetError, Mark, set_formula
from gradsheet.writing.terminal import plain_text

SCHEMA = json.loads((ROOT / "docs" / "schema" / "check.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SCORE = ROOT.parent / "shared" / "documents" / "score"


def marked():
    scheme = read_scheme({"total": 5, "results": [{"name": "∂L/∂W3", "points": 2}, {"name": "z3", "points": 1}]})
    report = example()
    return replace(report, marks=give_marks(report, scheme))


def test_a_page_is_headed_by_the_name_of_its_file():
    report = example()
    source = replace(report.manuscript.source, name="somewhere/else/solution.md")
    far = replace(report, manuscript=replace(report.manuscript, source=source), sheets=("../sheets/mlp.sheet",))
    assert '<h1><span title="somewhere/else/solution.md">solution.md</span></h1>' in page(far)
    assert 'Checked against <span title="../sheets/mlp.sheet">mlp.sheet</span>.' in page(far)


# ---------------------------------------------------------------- the terminal

EXPECTED = """\
checked against mlp.sheet
read as
  W⁽ˡ⁾ = W{l}   proposed
  ŷ    = z3     document, line 3

remark: line 3: ŷ is taken for z3

solution.md:3  ✗ … = [0.16936, …]ᵀ   0.16396; two digits swapped
    3 | … $z^{(3)} = W^{(3)} h^{(2)} + b^{(3)} = [0.16936, 0.16936, 0.16936]^{\\top}$, as all units …
      |                                           ^^^^^^^
    should be: [0.16396, 0.16396, 0.16396]ᵀ
solution.md:7  ✗ ŷ − y = ∂L/∂z⁽²⁾    this is ∂L/∂z⁽³⁾: layer 2 for 3
    7 | $$\\hat y - y = \\frac{\\partial L}{\\partial z^{(2)}}$$
      |                                           ^^^^^^^
    should be: ŷ − y = ∂L/∂z⁽³⁾
    or: the left side would be h⁽²⁾ᵀ δ
solution.md:13 ≈ … = (ŷ − y) h⁽²⁾    3×1 times 3×1 does not conform
    13 | &= (\\hat y - y) h^{(2)}
       |  ^^^^^^^^^^^^^^^^^^^^^^
    should be: (ŷ − y) h⁽²⁾ᵀ
solution.md:16 ↳ ∂L/∂b⁽²⁾ = ŷ − y    follows from line 7
solution.md:18 ▒ w = \\nonsense{2     a brace has no partner
    18 | - something lost: $w = \\nonsense{2$
       |                    ^^^^^^^^^^^^^^^
solution.md:19 ? ∂L/∂x = W⁽¹⁾ᵀ δ     δ is not bound

2 right, 1 right up to arrangement, 2 wrong, 1 carried, 1 not checkable, 1 unreadable

marks
  ∂L/∂W3     2 of 2   right
  z3         0 of 1   wrong
  together   2 of 5
"""


def text(report, **wishes: object) -> str:
    return plain_text(terminal_lines(report, Wishes(**wishes)))


def test_the_terminal_shows_each_line_that_is_not_right():
    assert text(marked()) == EXPECTED


def test_right_lines_only_when_asked_for():
    assert "proved" not in text(example())
    (line,) = [line for line in text(example(), everything=True).splitlines() if "proved" in line]
    assert line.split("   ")[0] == "solution.md:3  ✓ z⁽³⁾ = W⁽³⁾ h⁽²⁾ + b⁽³⁾"


def test_quiet_is_findings_and_tally():
    assert text(example(), quiet=True).startswith("solution.md:3 ")


def test_a_plain_keyboard_has_every_sign():
    assert text(marked(), ascii_only=True, everything=True, width=70).isascii()


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int):
    assert max(map(len, text(marked(), width=width, everything=True).splitlines())) <= width


def test_carets_stand_below_what_is_wrong():
    lines = text(example()).splitlines()
    found = [(lines[at - 1], line) for at, line in enumerate(lines) if line.endswith("^")]
    parts = ["".join(a for a, b in zip(above, below, strict=False) if b == "^") for above, below in found]
    assert parts == ["0.16936", "z^{(2)}", r"= (\hat y - y) h^{(2)}", r"w = \nonsense{2"]


def test_a_right_line_that_does_not_follow_is_said():
    paper = Paper("$a = b$").say(1, "a = b", "right", step_valid=False)
    assert "✓ a = b   does not follow from the expression before it" in text(paper.report())


def test_an_early_end_is_said():
    paper = Paper("$a = b$").say(1, "a = b", "undecided")
    said = text(paper.report(stopped="the time limit of 60 s"))
    assert "stopped at the time limit of 60 s: what comes after it is not checked" in said


def test_a_file_that_is_lost_says_why():
    assert "problem: GS002: byte 4 is not UTF-8" in text(bad_file())


# ---------------------------------------------------------------- data


def test_the_data_keep_to_their_schema():
    for report in (example(), marked(), bad_file()):
        VALIDATOR.validate(json.loads(json.dumps(report_data(report), allow_nan=False)))


@pytest.mark.parametrize("spoil", [
    lambda d: d["formulas"][0].pop("claims"),
    lambda d: d["formulas"][0]["claims"][0].update(verdict="fine"),
    lambda d: d["formulas"][0]["claims"][0].update(slip="typo"),
    lambda d: d.update(seconds=3),
])  # fmt: skip
def test_data_that_are_spoilt_are_seen(spoil):
    data = report_data(marked())
    spoil(data)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(data)


def test_every_formula_is_there_with_or_without_claims():
    data = report_data(example())
    assert [f["formula"] for f in data["formulas"]] == list(range(1, 9))
    assert [len(f["claims"]) for f in data["formulas"]] == [2, 1, 2, 1, 0, 1, 1, 0]
    assert data["formulas"][2]["claims"][1]["line"] == 13
    assert data["formulas"][3]["claims"][0]["carried_from"] == {"formula": 2, "step": 1}
    assert data["formulas"][1]["claims"][0]["patch"] == {
        "line": 7, "column": 43, "end_line": 7, "end_column": 50, "written": "z^{(2)}", "right": "z^{(3)}",
    }  # fmt: skip


@pytest.mark.skipif(not SCORE.exists(), reason="the scorer of the source documents is not here")
def test_the_scorer_reads_the_data(tmp_path):
    entry = {"carried_from": None, "continues_in": None, "document": "a"}
    step = [{"verdict": "right"}, {"verdict": "wrong"}]
    ledger = [
        {**entry, "formula": 1, "verdict": "wrong", "slip": "arithmetic", "steps": step},
        {**entry, "formula": 2, "verdict": "wrong", "slip": "index", "steps": [{"verdict": "wrong"}]},
        {**entry, "formula": 3, "verdict": "right", "slip": None, "steps": [{"verdict": "right"}] * 2},
        {**entry, "formula": 5, "verdict": "no-claim", "slip": None, "steps": []},
    ]
    (tmp_path / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
    (tmp_path / "a.json").write_text(json.dumps(report_data(example())), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(SCORE), str(tmp_path / "ledger.json"), f"a={tmp_path / 'a.json'}"],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "steps 5/5" in done.stdout
    assert "found 2/2, named 2/2, judged 1/1" in done.stdout


# ---------------------------------------------------------------- Markdown

FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$`]+\$", re.DOTALL)


def test_the_authors_page_is_all_there():
    """Take away what was put in, and the page is as it was."""
    body = markdown(example()).split("\n---\n\n", 1)[1]
    lines, at = [], 0
    found = body.split("\n")
    while at < len(found):
        if found[at].lstrip().startswith(">"):
            lines.pop()  # the blank line before a quotation
            while at < len(found) and found[at].lstrip().startswith(">"):
                at += 1
            continue
        lines.append(re.sub(rf"(?<=\$) [{''.join(SIGNS.values())}]+", "", found[at]))
        at += 1
    assert "\n".join(lines) == PAGE


def test_the_authors_mathematics_is_untouched():
    body = markdown(example()).split("\n---\n\n", 1)[1]
    own = "\n".join(line for line in body.split("\n") if not line.lstrip().startswith(">"))
    assert FORMULA.findall(own) == FORMULA.findall(PAGE)


def test_remarks_on_an_item_stay_in_the_list():
    body = markdown(example()).split("\n---\n\n", 1)[1]
    tokens = MarkdownIt().parse(body)
    depth, inside = 0, []
    for token in tokens:
        depth += {"bullet_list_open": 1, "bullet_list_close": -1}.get(token.type, 0)
        if token.type == "blockquote_open":
            inside.append(depth)
    assert inside == [0, 0, 0, 1]
    assert sum(token.type == "bullet_list_open" for token in tokens) == 1


def test_each_finding_is_on_the_page_of_markdown():
    said = markdown(marked())
    for words in ("0.16396; two digits swapped", "should be: $`(\\hat y - y) h^{(2)\\top}`$", "follows from line 7",
                  "| ∂L/∂W3 | 2 of 2 | right |", "or: the left side would be"):  # fmt: skip
        assert words in said


def test_front_matter_stays_first():
    paper = Paper("---\nsheet: a.sheet\n---\n\n$a = b$\n")
    paper.say(1, "a = b", "wrong")
    report = paper.report()
    report = replace(report, manuscript=replace(report.manuscript, front={"sheet": "a.sheet"}))
    assert markdown(report).startswith("---\nsheet: a.sheet\n---\n")


def test_another_kind_of_file_is_a_list():
    paper = Paper(PAGE, "solution.tex").say(2, r"\hat y - y", "wrong", reason="the sign")
    said = markdown(paper.report())
    assert "**Formula 2, line 7** ✗" in said
    assert "```math\n\\hat y - y = " in said
    assert "Exercise 7" not in said


@pytest.mark.parametrize("before", ["> quoted $a = b$ here\n> and on\n", "1. first $a = b$\n   and on\n2. second\n",
                                    "# A heading, $a = b$\nand words\n",
                                    "| a | b |\n|---|---|\n| $a = b$ | c |\n"])  # fmt: skip
def test_blocks_stay_whole(before: str):
    """A quotation, an item, a heading, a table: the same blocks as without remarks, and one quotation more."""
    paper = Paper(before + "\nMore words.\n").say(1, "a = b", "wrong", reason="the sign")
    body = markdown(paper.report()).split("\n---\n\n", 1)[1]
    kinds = [t.type for t in MarkdownIt().enable("table").parse(body) if t.type.endswith("_open")]
    plain = [t.type for t in MarkdownIt().enable("table").parse(before + "\nMore words.\n") if t.type.endswith("_open")]
    for kind in ("heading_open", "table_open", "list_item_open"):
        assert kinds.count(kind) == plain.count(kind)
    assert kinds.count("blockquote_open") == plain.count("blockquote_open") + 1


# ---------------------------------------------------------------- the page


class Elements(HTMLParser):
    """Every tag with its attributes, and the words."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.words = ""
        self.feed(written)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


def test_the_page_is_strict():
    for report in (marked(), bad_file()):
        html5lib.HTMLParser(strict=True).parse(page(report))


def test_nothing_is_loaded_and_nothing_runs():
    written = page(marked())
    assert "<script" not in written
    assert not re.findall(r"""(?:src|href)=["']?(?!#|data:)[^"'> ]+""", written.replace(" ", " "))
    assert "default-src 'none'" in written


def test_every_link_leads_somewhere():
    elements = Elements(page(marked())).found
    ids = [a["id"] for _, a in elements if "id" in a]
    links = [a["href"] for tag, a in elements if tag == "a"]
    assert len(set(ids)) == len(ids)
    assert len(links) >= 6
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_a_verdict_is_a_sign_and_a_word_not_a_colour_alone():
    elements = Elements(page(example()))
    signs = [a for _, a in elements.found if "sign" in a.get("class", "").split() and "role" in a]
    assert signs
    assert {a["aria-label"] for a in signs} == set(WORDS.values())


def test_the_part_that_is_wrong_is_marked():
    assert '<mrow class="part wrong"><mn>0.16936</mn></mrow>' in page(example())
    assert re.search(r'<mrow class="part wrong"><msup><mi>z</mi><mrow>.*?<mn>2</mn>', page(example()))


def test_what_cannot_be_set_is_shown_as_it_stands():
    assert '<code class="source"><mark class="part unreadable">w = \\nonsense{2</mark></code>' in page(example())


HOSTILE = [
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "</math><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_page_cannot_smuggle_anything_in(evil: str):
    paper = Paper(f"{evil}\n\n$\\text{{{evil}}} = {evil}$ and $\\begin{{{evil}}} = 2$", f"{evil.replace('/', '')}.md")
    for number in (1, 2):
        paper.say(number, "= ", "wrong", reason=evil, expected=evil, text=evil, ties=(evil,), expected_text=evil)
    report = paper.report(sheets=(evil,))
    for written in (page(report), fragment(report)):
        elements = Elements(written).found
        assert not [tag for tag, _ in elements if tag in {"script", "img"}]
        assert not [a for _, a in elements if any(name.startswith("on") for name in a)]


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_colours_of_verdicts_stand_out():
    """At least 4.5 to 1 on paper and on the tint of remarks, in light and in dark."""
    written = page(example())
    verdicts = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rule))
                for rule in re.findall(r"--right: #[^}]+", written)][:2]  # fmt: skip
    papers = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rule)) for rule in re.findall(r"--paper: #[^}]+", written)][
        :2
    ]
    assert len(verdicts) == len(papers) == 2
    for colours, behind in zip(verdicts, papers, strict=True):
        assert set(colours) == set(SIGNS)
        for colour in colours.values():
            for back in (behind["paper"], behind["tint"]):
                low, high = sorted((luminance(colour), luminance(back)))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (colour, back)


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
def test_no_page_is_wider_than_its_screen(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page(marked()), encoding="utf-8")
    with browser() as chromium:
        for width in (375, 768, 1280):
            chromium.resize(width)
            chromium.open(path)
            assert chromium.run("return document.documentElement.scrollWidth") <= width
        assert chromium.complaints() == []


def test_a_piece_for_a_notebook_has_no_page_around_it():
    written = fragment(example())
    html5lib.HTMLParser(strict=True).parseFragment(written)
    assert written.startswith('<div class="gradsheet">')
    assert ":root" not in written


# ---------------------------------------------------------------- the author's LaTeX


@pytest.mark.parametrize(
    ("latex", "parts"),
    [
        (r"\frac{a}{b}", ["<mfrac><mi>a</mi><mi>b</mi></mfrac>"]),
        (r"\frac12", ["<mfrac><mn>1</mn><mn>2</mn></mfrac>"]),
        (r"W^{(2)\top}_i", ["<msubsup><mi>W</mi><mi>i</mi><mrow>", "⊤"]),
        (r"\hat{y}", ['<mover accent="true"><mi>y</mi><mo stretchy="false">ˆ</mo></mover>']),
        (r"\mathbf{W}", ['<mi mathvariant="normal" class="bold">W</mi>']),
        (r"\mathbb{R}^n", ["ℝ"]),
        (r"\sum_{i=1}^n x_i", ["<munderover>", "∑"]),
        (r"f'(x)", ["<msup><mi>f</mi><mo>′</mo></msup>"]),
        (r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{else} \end{cases}", ["<mtable>", "if\u00a0", "<mo>{</mo>"]),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", ['<mtd class="right"><mi>a</mi></mtd>', "displaystyle"]),
        (r"a &= b \\ c &= d", ["<mtable"]),
        (r"\left( x \right.", ['<mo stretchy="true">(</mo>']),
        (r"\underbrace{a+b}_{c}", ["<munder><munder>", "⏟"]),
        (r"\cancel{x}", ['<mrow class="struck"><mi>x</mi></mrow>']),
        (r"\operatorname{diag}(x)", ["<mi>diag</mi>"]),
        (r"a \not= b", ["=\u0338"]),
        (r"50\% \text{ of } x_1 % a comment", ["%", "\u00a0of\u00a0"]),
        (r"\text{if $x<1$ then}", ["<mi>x</mi><mo>&lt;</mo>"]),
        (r"x^{a^{b}}_c", ["<msubsup>"]),
    ],
)
def test_latex_is_set_as_it_stands(latex: str, parts: list[str]):
    written = set_formula(latex)
    html5lib.HTMLParser(strict=True).parseFragment(written)
    assert all(part in written for part in parts), written


@pytest.mark.parametrize("latex", [
    r"\unknown{x}", r"{a", r"a}", r"\frac{a}", r"x_a_b", r"\left( x", r"\begin{tikzpicture}\end{tikzpicture}",
    r"\begin{aligned} a \end{cases}", "{" * 500 + "}" * 500, r"\sqrt" * 500 + "x", "x" * 30_000, "a^",
    r"\href{javascript:1}{x}",
])  # fmt: skip
def test_what_is_not_known_is_not_set(latex: str):
    with pytest.raises(CannotSetError):
        set_formula(latex)


def test_a_mark_covers_what_it_says():
    def part(latex: str, text: str) -> str:
        start = latex.index(text)
        written = set_formula(latex, marks=[Mark(start, start + len(text), "part")])
        return "".join(re.findall(r'<mrow class="part">(.*?)</mrow>', written))

    assert part("a + b c", "b") == "<mi>b</mi>"
    assert part(r"\frac{a}{b}", "b") == "<mi>b</mi>"
    assert part("x^{2} + 1", "2") == "<mn>2</mn>"
    assert part(r"a = \mathbf{W} x", "W") == '<mi mathvariant="normal" class="bold">W</mi>'
    assert part("a + b + c", "b + c") == "<mi>b</mi><mo>+</mo><mi>c</mi>"
