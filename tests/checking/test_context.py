"""Contexts: every key is read with its place, what is wrong is said, the schema and the reader agree."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
import yaml

from gradsheet.checking.context import AliasRule, Context, Conventions, aliased, context_of, read_context_file
from gradsheet.checking.context.aliases import written_tree
from gradsheet.diagnostics import SheetError, Source
from gradsheet.manuscripts import Formula, Manuscript, Place, Prose
from gradsheet.syntax.plain import plain

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/context.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/context.md").read_text(encoding="utf-8"), flags=re.DOTALL)


def of(text: str, name: str = "context.yaml") -> Context:
    return context_of(file=Source(text, name))


def page(words: str, front: str = "") -> Manuscript:
    """A manuscript by hand: `# …` is a heading, `$…$` a formula."""
    head = f"---\n{front}---\n" if front else ""
    source = Source(head + words, "page.md")
    pieces: list[Formula | Prose] = []
    for number, line in enumerate(source.text.split("\n"), 1):
        if line.startswith("$"):
            count = sum(isinstance(piece, Formula) for piece in pieces) + 1
            text, place = line.strip("$"), Place(number, 1)
            pieces.append(Formula(count, display=False, spelling="latex", latex=text, text=text, start=0, place=place))
        elif line.startswith("#"):
            pieces.append(Prose(line.lstrip("# "), "heading", Place(number, 1)))
    return Manuscript(source, tuple(pieces))


# ---------------------------------------------------------------- examples and schema


@pytest.mark.parametrize("text", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_document_is_read(text: str, tmp_path: Path):
    for sheet in re.findall(r"\w+\.sheet", text):
        (tmp_path / sheet).write_text("x ∈ ℝ\n", encoding="utf-8")
    VALIDATOR.validate(yaml.safe_load(text) if "relu'" in text or ":" in text else {})
    found = of(text, str(tmp_path / "context.yaml"))
    assert found.problems == ()
    assert found.remarks == ()
    assert found != Context(origin="context", source=found.source)


def test_the_examples_show_every_key():
    told = {key for text in EXAMPLES for key in yaml.safe_load(text)}
    assert told == set(SCHEMA["properties"])
    asked = set(SCHEMA["$defs"]["question"]["properties"])
    assert asked == (told - {"questions"}) | {"at", "line", "formula"}


REFUSED = {
    "an unknown key": "shets: a.sheet",
    "a list of aliases": "aliases: [a, b]",
    "a convention that is none": "conventions: {vectors: diagonal}",
    "one definition only": "alternatives: [{w: [1]}]",
    "no place": "questions: [{sheet: a.sheet}]",
    "two places": "questions: [{line: 1, formula: 2}]",
    "an empty value": "given: {x: []}",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_schema_and_reader_refuse_alike(text: str):
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(yaml.safe_load(text))
    found = of(text)
    assert found.problems or found.remarks


# ---------------------------------------------------------------- what is wrong is said, with its place

PROBLEMS = [
    ("GS710", "anchors", "a: &x 1\nb: *x\n", 1, 4),
    ("GS710", "no YAML", "aliases: {a: b\n", 1, None),
    ("GS710", "deeply", "a: " + "[" * 40 + "]" * 40, 1, None),
    ("GS710", "too long", "# " + "x" * 300_000, None, None),
    ("GS711", "is no table", "- sheet\n", 1, 1),
    ("GS711", "aliases is a table", "sheet: []\naliases: W\n", 2, 10),
    ("GS711", "stands twice", "shapes: {W: 2, W: 3}\n", 1, 16),
    ("GS711", "vectors cannot be up", "conventions:\n  vectors: up\n", 2, 12),
    ("GS711", "different lengths", "given: {W: [[1, 2], [3]]}\n", 1, 12),
    ("GS711", "one place", "questions:\n  - {at: A, line: 3}\n", 2, 5),
    ("GS711", "does not say where", "questions:\n  - {sheet: []}\n", 2, 5),
    ("GS711", "one definition", "alternatives:\n  - w: [2]\n", 2, 8),
    ("GS711", "has no =", "schemes: dq\n", 1, 10),
    ("GS711", "no part of", "schemes: 'a = ∂J/∂q'\n", 1, 10),
    ("GS712", "cannot be read", "given: {x: '1 +'}\n", 1, 12),
    ("GS712", "the alias", "aliases: {'W^{': W}\n", 1, 11),
    ("GS712", "does not stand", "aliases: {'W^{(l)}': 'W{k}'}\n", 1, 11),
    ("GS712", "exactly one letter", "aliases: {W: {1: A}}\n", 1, 11),
    ("GS713", "there is no sheet", "sheet: no-such.sheet\n", 1, 8),
]


@pytest.mark.parametrize(("code", "words", "text", "line", "column"), PROBLEMS)
def test_what_is_wrong_is_said_with_its_place(code, words, text, line, column):
    found = of(text).problems
    assert [problem.code for problem in found] == [code]
    assert words in found[0].message
    place = found[0].to_json()
    if line is not None:
        assert place["line"] == line
    if column is not None:
        assert place["column"] == column


def test_one_wrong_key_does_not_hide_the_others():
    found = of("aliases: 3\ngiven: {w: 2}\nconventions: {layout: jacobian}\n")
    assert len(found.problems) == 1
    assert plain(found.given[0].value) == "2"
    assert found.conventions.layout == "jacobian"


def test_an_unknown_key_names_the_one_that_was_meant():
    found = of("aliasses: {n: η}\nconventions: {vector: rows}\nfoo: 1\n")
    told = [remark.message for remark in found.remarks]
    assert "did you mean aliases?" in told[0]
    assert "did you mean vectors?" in told[1]
    assert "known are sheet" in told[2]


def test_front_matter_of_other_programs_is_left_alone():
    manuscript = page("# A\n", "title: x\nlayout: post\nauthor: y\nfoo: 1\nalises: {}\n")
    assert [remark.message for remark in context_of(manuscript).remarks] == [
        "alises is no key of a context: did you mean aliases?"
    ]


def test_places_in_front_matter_are_those_of_the_page():
    manuscript = page("# A\n", "given:\n  x: '1 +'\n")
    [problem] = context_of(manuscript).problems
    assert problem.to_json()["line"] == 3
    assert problem.to_json()["column"] == 6


def test_a_file_that_is_no_context_is_said(tmp_path: Path):
    with pytest.raises(SheetError, match="GS710"):
        read_context_file(tmp_path / "none.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [", encoding="utf-8")
    with pytest.raises(SheetError, match="GS710"):
        read_context_file(bad)
    good = tmp_path / "good.yaml"
    good.write_text("given: {x: 2}\n", encoding="utf-8")
    data, source = read_context_file(good)
    assert data == {"given": {"x": 2}}
    assert plain(context_of(file=source).given[0].value) == "2"


# ---------------------------------------------------------------- values, shapes, conventions


def test_values_are_exact_and_lists_are_arrays():
    found = of('given: {a: 0.1, x: [1, 0], V: [[1, 2], [3, 4]], W: "[1, 2; 3, 4]", b: -1/2, e: 1e-3}\n').given
    assert [plain(rule.value) for rule in found] == [
        "0.1", "[1, 0]", "[1, 2; 3, 4]", "[1, 2; 3, 4]", "-1/2", "1e-3",
    ]  # fmt: skip
    assert found[0].value.value == Fraction(1, 10)


def test_shapes_in_every_spelling():
    found = of("shapes: {W: 4x4, V: n × m, x: 4, t: scalar, b: vector, A: [3, k], U: n x 3}\n").shapes
    told = [(rule.written, None if rule.axes is None else [plain(a) for a in rule.axes], rule.rank) for rule in found]
    assert told == [
        ("W", ["4", "4"], 2), ("V", ["n", "m"], 2), ("x", ["4"], 1), ("t", [], 0), ("b", None, 1),
        ("A", ["3", "k"], 2), ("U", ["n", "3"], 2),
    ]  # fmt: skip


def test_conventions():
    found = of("conventions: {vectors: rows, layout: gradient, \"relu'(0)\": 0.5, products: loose, sums: einstein}\n")
    assert found.conventions == Conventions("rows", "gradient", Fraction(1, 2), "loose", "einstein")


def test_schemes_of_both_kinds():
    found = of('schemes: ["\\\\delta_q = \\\\partial J/\\\\partial q", "dq = ∂L/∂q", "δ_q = ∂L/∂q"]\n')
    assert found.problems == ()
    told = [(plain(s.left).replace("[q]", "_q"), plain(s.of), s.variable, s.prefix) for s in found.schemes]
    assert told == [("δ_q", "J", "q", ""), ("dq", "L", "q", "d"), ("δ_q", "L", "q", "")]


def test_assumptions():
    found = of('assume: ["Σ_k y_k = 1", symmetric A, "σ is positive"]\n').assume
    assert [(a.attribute, a.symbol and plain(a.symbol)) for a in found] == [
        ("", None), ("symmetric", "A"), ("positive", "σ"),
    ]  # fmt: skip
    assert found[0].tree is not None


# ---------------------------------------------------------------- aliases

ALIASES = [
    ("W^{(l)}", "W{l}", r"W^{(2)} x", "W2 x"),
    ("W^{(l)}", "W{l}", r"W^{(2)T} x", "W2^T x"),
    ("W^{(l)}", "W{l}", r"W_{1,2}^{(3)}", "W3[1,2]"),
    ("W^{(l)}", "W{l}", r"W^{(l)} x", "W^(l) x"),
    ("a^{(l)}", "h{l-1}", r"a^{(3)}", "h2"),
    ("W_l", "W[l]", r"W_{k+1} x", "W[k+1] x"),
    ("W_l", "W{l}", r"W_2 + W_{12}", "W2 + W12"),
    ("W_1", "A", r"W_1 + W_2", "A + W_2"),
    ("w_{ij}", "W[i,j]", r"w_{12} + w_{kj}", "W[1,2] + W[k,j]"),
    ("z_t^{(l)}", "z[l,t]", r"z_t^{(2)}", "z[2,t]"),
    ("z_out", "yout", r"z_{out} + z_{\text{out}}", "yout + yout"),
    (r"\hat y", "ŷ", r"\hat{y} - y", "ŷ - y"),
    (r"\mathbf{x}", "u", r"\mathbf{x} + x", "u + u"),
    ("n", "η", r"w - n g_n", "w - η g_n"),
    ("E(v,h)", "E", r"-E(v,h) + 1", "-E + 1"),
]


@pytest.mark.parametrize(("left", "right", "text", "meant"), ALIASES)
def test_an_alias_stands_for_what_it_says(left, right, text, meant):
    rule = AliasRule.of(left, right)
    assert plain(aliased(written_tree(text), [rule])) == meant


def test_a_table_by_number():
    found = of('aliases: {"h^{(l)}": {0: x, 2: ŷ}}\n').aliases
    assert plain(aliased(written_tree("h^{(0)} + h^{(1)} + h^{(2)}"), found)) == "x + h^(1) + ŷ"


# ---------------------------------------------------------------- by question, and two sources


def test_a_question_holds_from_its_place_on():
    text = "# Question 1\n$a$\n# Question 12\n$b$\n# Question 2: more\n$c$\n$d$\n"
    front = "aliases: {n: η, m: M}\n"
    front += "questions:\n  - {at: question 2, aliases: {n: N}}\n  - {formula: 4, given: {t: 1}}\n"
    manuscript = page(text, front)
    found = context_of(manuscript)
    assert found.problems == ()
    lines = [formula.place.line for formula in manuscript.formulas]

    def rights(line: int) -> dict[str, str]:
        return {rule.written: rule.right for rule in found.at(line).aliases}

    assert rights(lines[0]) == rights(lines[1]) == {"n": "η", "m": "M"}
    assert rights(lines[2]) == {"n": "N", "m": "M"}
    assert rights(lines[3]) == {"n": "η", "m": "M"}
    assert found.at(lines[3]).given[0].written == "t"
    assert found.at(lines[2]).given == ()


def test_a_place_that_is_not_there_is_said():
    found = context_of(page("# A\n", "questions: [{at: B, given: {x: 1}}]\n"))
    assert "nothing on the page begins with “B”" in found.remarks[0].message
    assert found.at(99).given == ()


def test_the_file_wins_entry_by_entry_and_says_so():
    manuscript = page("# A\n", "aliases: {n: η, m: M}\ngiven: {x: 1}\nconventions: {vectors: rows, sums: einstein}\n")
    found = context_of(manuscript, Source("aliases: {n: N}\nconventions: {vectors: columns}\n", "c.yaml"))
    assert {rule.written: rule.right for rule in found.aliases} == {"n": "N", "m": "M"}
    assert found.conventions == Conventions(vectors="columns", sums="einstein")
    assert found.given[0].written == "x"
    assert any("aliases and conventions" in remark.message for remark in found.remarks)


def test_relative_paths_are_seen_from_the_file(tmp_path: Path):
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "a.sheet").write_text("x ∈ ℝ\n", encoding="utf-8")
    found = of("sheet: sheets/a.sheet\n", str(tmp_path / "c.yaml"))
    assert found.sheets[0].path.is_file()


HOSTILE = ["!!python/object/apply:os.system [ls]", "a: !!python/name:os.system", "{" * 2000, "a: " + "{b: " * 2000,
           "\t", "? [a]\n: b", "<<: {a: 1}", "given: {x: !!binary aaaa}", "marks: {a: 2001-13-45}", "given: {? [1]: 2}",
           "sheet: {a: b}", "questions: 3", "assume: {a: 1}", "schemes: [[1]]"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_read_or_refused(text: str):
    found = of(text)
    assert isinstance(found, Context)
    assert all(problem.code.startswith("GS71") for problem in found.problems)
