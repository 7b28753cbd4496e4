"""The splitter: what a person sees in a formula, as chains; the table of cases is `splitting.txt`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checking.splitting import read, shown
from gradsheet.checking.reading.chains import LONGEST, chains
from gradsheet.diagnostics import Diagnostics, SheetError, Source
from gradsheet.manuscripts import read_manuscript
from gradsheet.syntax import parse_expression, parse_latex_expression
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import walk
from gradsheet.syntax.tree import Derivative, Ellipsis, Nabla, Underbrace  # noqa: A004 - the node is called what it is

HERE = Path(__file__).parent
DOCUMENTS = HERE.parents[2] / "shared" / "documents"


def _table() -> list[tuple[str, str, list[str]]]:
    found: list[tuple[str, str, list[str]]] = []
    spelling = ""
    for line in (HERE / "splitting.txt").read_text().splitlines():
        if line.startswith("# "):
            spelling = line[2:]
        elif line.startswith("    "):
            found[-1][2].append(line.strip())
        elif line:
            found.append((spelling, line, []))
    return found


TABLE = _table()


@pytest.mark.parametrize(("spelling", "text", "expected"), TABLE, ids=[row[1][:40] for row in TABLE])
def test_a_formula_is_split_as_a_person_would(spelling: str, text: str, expected: list[str]) -> None:
    assert ([shown(chain) for chain in read(text, spelling)] or ["(nothing)"]) == expected


def test_the_table_is_large() -> None:
    assert len(TABLE) >= 150


def test_sides_and_nodes_know_where_they_stand() -> None:
    text = (
        r"\begin{aligned} \text{so } \frac{\partial L}{\partial W} &= \delta x^T \\"
        r" &= \underbrace{p - y}_{\delta} x^T \end{aligned}"
    )
    (chain,) = read(text)
    for side in chain.sides:
        assert text[side.span.start : side.span.end] == side.latex
    assert isinstance(chain.sides[0].tree, Derivative)
    (brace,) = (part for part in walk(chain.sides[2].tree) if isinstance(part, Underbrace))
    assert text[brace.base.span.start : brace.base.span.end] == "p - y"
    assert text[brace.label.span.start : brace.label.span.end] == r"\delta"


def test_what_cannot_be_read_says_where() -> None:
    text = r"a = b + \unknown{c} = d"
    (chain,) = read(text)
    assert [side.kind for side in chain.sides] == ["expression", "unreadable", "expression"]
    problem = chain.sides[1].problem
    assert problem is not None
    assert problem.span is not None
    assert text[problem.span.start : problem.span.end] == r"\unknown"
    assert problem.source is not None
    assert problem.source.text == text


def test_labels_of_sizes_are_kept() -> None:
    (chain,) = read(r"\overset{a}{2} \times \overset{h}{(2 \times 1)} \Rightarrow 2 \times 2")
    labels = [plain(part.label) for part in walk(chain.sides[0].tree) if isinstance(part, Underbrace)]
    assert labels == ["a", "h"]


# ---------------------------------------------------------------- over several formulas


def lines(page: str) -> list[str]:
    return [shown(chain) for chain in chains(read_manuscript(page))]


def test_a_display_that_begins_with_its_relation_goes_on_with_the_display_before() -> None:
    page = "$$z = W x + b$$\n\nSince $x = 1$\n\n$$= 3$$\n\n$(= 3 + 0)$\n"
    assert lines(page) == [
        "z = W x + b", 'x = 1   || "Since"', "W x + b = 3   || continues", "3 = 3 + 0   || continues",
    ]  # fmt: skip


def test_values_that_are_given_between_two_displays_are_passed_over() -> None:
    page = "$$z = W x + b$$\n\n$$x = [1, 2]$$\n\n$$b = 0$$\n\n$$= [3, 4]$$\n\n$$= [3, 4] + 0$$\n"
    assert lines(page)[-2:] == ["W x + b = [3, 4]   || continues", "[3, 4] = [3, 4] + 0   || continues"]


def test_a_sum_that_goes_on_belongs_to_the_formula_of_the_relation() -> None:
    page = "$$g = a$$\n\n$$- b$$\n"
    first, second = chains(read_manuscript(page))
    assert shown(first) == "g = a - b"
    assert first.formulas[0].number == 1
    (rest,) = first.sides[1].rest
    assert rest.formula.number == 2
    assert second.aside
    moved = first.sides[1].tree.terms[1].item  # type: ignore[union-attr]
    shift = len(first.formulas[0].text) + 1
    assert rest.formula.text[moved.span.start - shift : moved.span.end - shift] == "b"


def test_a_relation_at_the_end_of_a_display_and_at_the_start_of_the_next_is_one() -> None:
    assert lines("$$a = b =$$\n\n$$= c$$\n") == ["a = b", "b = c   || continues"]
    assert lines("$$a =$$\n\n$$b + c$$\n") == ["a = b + c", "b + c"]
    assert lines("$$a = b +$$\n\n$$c$$\n")[0] == "a = b + c"


def test_a_condition_in_words_binds_its_sentence() -> None:
    page = "For $l = 3$ we have\n\n$$a = b$$\n\nThis is all. Now $c = d$ if $x > 0$. And $e = f$.\n"
    assert lines(page) == [
        'l = 3   || "For"', 'a = b   || "we have" <for: l = 3>', 'c = d   || "Now" <if: x > 0>', 'x > 0   || "if"',
        'e = f   || "And"',
    ]  # fmt: skip


def test_a_heading_ends_a_condition_and_a_chain() -> None:
    page = "For $l = 3$:\n\n$$a = b$$\n\n## Next\n\n$$= c$$\n\n$$d = e$$\n"
    assert lines(page)[2:] == ["<empty> = c   || continues", "d = e"]
    assert [chain.question for chain in chains(read_manuscript(page))] == [0, 0, 1, 1]


def test_the_page_says_what_it_defines() -> None:
    page = "We define $d = a - b$, where $a = f(x)$, and then $d = 0$.\n"
    assert [chain.definition for chain in chains(read_manuscript(page))] == [True, True, False]


def test_struck_formulas_are_marked_and_nothing_goes_on_with_them() -> None:
    found = chains(read_manuscript("$$a = b$$\n\n~~$$c = d$$~~\n\n$$= e$$\n"))
    assert [chain.struck for chain in found] == [False, True, False]
    assert shown(found[2]) == "b = e   || continues"


# ---------------------------------------------------------------- documents only


@pytest.mark.parametrize(
    "text", [r"\nabla_\theta L", r"[0.1 \ \dots \ 0.1]", r"\cancel{a} b", r"\left. f \right|_{x=0}"]
)
def test_a_sheet_does_not_have_what_only_documents_say(text: str) -> None:
    source = Source(text)
    with pytest.raises(SheetError):
        parse_latex_expression(source, Diagnostics(source))
    assert read(text)[0].sides[0].kind == "expression"


def test_a_sheet_of_unicode_has_no_nabla() -> None:
    source = Source("∇L")
    with pytest.raises(SheetError):
        parse_expression(source, Diagnostics(source))
    assert isinstance(read("∇L", "plain")[0].sides[0].tree, Nabla)


def test_dots_stand_only_among_entries() -> None:
    assert any(isinstance(part, Ellipsis) for part in walk(read(r"[1 \ \dots \ 1]^T")[0].sides[0].tree))
    assert read(r"a_1 + \dots + a_n")[0].sides[0].kind == "unreadable"


# ---------------------------------------------------------------- hostile input

HOSTILE = {
    "brackets": "(" * 5000, "braces": "{" * 5000 + "}" * 5000, "fractions": r"\frac{" * 2000, "relations": "a=" * 4000,
    "commas": "a," * 4000, "rows": r"a = b \\ " * 1000, "environments": r"\begin{aligned}" * 500,
    "boxes": r"\boxed{" * 900,
    "words": r"\text{if }" * 900,
    "maths in words": r"\text{$" * 900, "arrows": r"\to " * 1500, "cells": "&" * 4000,
    "scripts": "x^" * 4000, "minuses": "-" * 4000, "backslashes": "\\" * 3999, "remarks": "(a = b) " * 1000,
    "lists": r"[1 \ " * 900, "strikes": r"\cancel{" * 900, "nothing": "", "a blank": " ", "controls": "\x01\x7f\u200b",
}  # fmt: skip


@pytest.mark.parametrize("spelling", ["latex", "plain"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_formulas_end_in_chains(text: str, spelling: str) -> None:
    for chain in read(text, spelling):
        assert shown(chain)


def test_a_formula_that_is_too_long_is_not_read() -> None:
    (chain,) = read("a = " + "b" * LONGEST)
    assert chain.sides[0].kind == "unreadable"
    assert not chain.relations


# ---------------------------------------------------------------- the source documents

LEDGER = json.loads((DOCUMENTS / "ledger.json").read_text()) if (DOCUMENTS / "ledger.json").exists() else []
GARBLED = {("000", 10), ("000", 14), ("000", 15), ("001", 14), ("002", 58), ("002", 60)}
"""Unbalanced, abandoned, a scribble, a misread logarithm, a garbled remark: unreadable by right."""
ROLES = {"claim", "definition", "given", "shape", "assignment"}
NOT_RELATIONS = {("000", 2): 0, ("002", 29): 1, ("002", 60): -1, ("004", 43): -1}
"""Where a step of the ledger is no relation: `= ?`, a remark, a connector."""


@pytest.mark.skipif(not LEDGER, reason="the source documents are not here")
@pytest.mark.parametrize("document", sorted({entry["document"] for entry in LEDGER}))
def test_the_source_documents_read(document: str) -> None:
    manuscript = read_manuscript(DOCUMENTS / f"{document}.md")
    found = chains(manuscript)
    for entry in (entry for entry in LEDGER if entry["document"] == document):
        here = (document, entry["formula"])
        mine = [chain for chain in found if any(formula.number == here[1] for formula in chain.formulas)]
        if entry["role"] in ROLES and here not in GARBLED:
            assert mine, here
            assert all(side.kind != "unreadable" for chain in mine for side in chain.sides), here
        steps = len(entry.get("steps") or [])
        relations = sum(formula.number == here[1] for chain in mine if chain.relations for formula in chain.formulas)
        if steps:
            assert relations == steps + NOT_RELATIONS.get(here, 0), here
