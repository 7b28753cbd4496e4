"""MathML as a browser needs it: which element, which attributes, which space."""

from __future__ import annotations

import re

import pytest

from gradsheet.syntax.tree import Name, Underbrace
from gradsheet.typesetting import layout, mathml, mathml_of
from gradsheet.typesetting.boxes import Letter
from syntax.trees import read
from typesetting.formulas import element

CLOSE = ' lspace="0" rspace="0"'
THIN = '<mspace width="0.1667em"/>'


def inside(text: str, **options: object) -> str:
    """The children of the `math` element."""
    whole = mathml_of(layout(read(text), **options))
    return whole.removeprefix("<math>").removesuffix("</math>")


OPEN = f'<mo form="prefix" stretchy="false"{CLOSE}>(</mo>'
SHUT = f'<mo form="postfix" stretchy="false"{CLOSE}>)</mo>'
PLUS = '<mo form="infix" lspace="0.2222em" rspace="0.2222em">+</mo>'
LESS = '<mo form="infix" lspace="0.2778em" rspace="0.2778em">&lt;</mo>'
SUM = f'<mo form="prefix" largeop="true" movablelimits="true"{CLOSE}>∑</mo>'
MAX = f'<mo form="prefix" movablelimits="true"{CLOSE}>max</mo>'
FROM_ONE = f"<mrow><mi>i</mi><mo{CLOSE}>=</mo><mn>1</mn></mrow>"
APPLY = "<mo>\u2061</mo>"
TIMES = "<mo>\u2062</mo>"
ROWS = [
    ("x", "<mi>x</mi>"),
    ("loss", "<mi>loss</mi>"),
    ("Γ", '<mi mathvariant="normal">Γ</mi>'),
    ("0.25", "<mn>0.25</mn>"),
    ("ŷ", '<mover accent="true"><mi>y</mi><mo stretchy="false">ˆ</mo></mover>'),
    ("W1", "<msub><mi>W</mi><mn>1</mn></msub>"),
    ("W1'", "<msubsup><mi>W</mi><mn>1</mn><mi>⊤</mi></msubsup>"),
    ("a/b", "<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
    ("(a+b)/c", f"<mfrac><mrow><mi>a</mi>{PLUS}<mi>b</mi></mrow><mi>c</mi></mfrac>"),
    ("-x", f'<mo form="prefix"{CLOSE}>−</mo><mi>x</mi>'),
    ("a x", f"<mi>a</mi>{TIMES}<mi>x</mi>"),
    ("σ(x)", f"<mi>σ</mi>{APPLY}<mrow>{OPEN}<mi>x</mi>{SHUT}</mrow>"),
    ("σ'(x)", f'<mrow><mi>σ</mi><mo form="postfix"{CLOSE}>′</mo></mrow>{APPLY}<mrow>{OPEN}<mi>x</mi>{SHUT}</mrow>'),
    ("log p", f"<mi>log</mi>{APPLY}{THIN}<mi>p</mi>"),
    ("h[l-1]", f"<msub><mi>h</mi><mrow><mi>l</mi><mo{CLOSE}>−</mo><mn>1</mn></mrow></msub>"),
    ("½ x", f"<mfrac><mn>1</mn><mn>2</mn></mfrac>{TIMES}{THIN}<mi>x</mi>"),
    ("a < b", f"<mi>a</mi>{LESS}<mi>b</mi>"),
    ("sqrt(x)", "<msqrt><mi>x</mi></msqrt>"),
    ("sum[i in 1..N] x", f"<munderover>{SUM}{FROM_ONE}<mi>N</mi></munderover>{THIN}<mi>x</mi>"),
    ("max[j] x", f"<munder>{MAX}<mi>j</mi></munder>{APPLY}{THIN}<mi>x</mi>"),
    ("dW", '<mrow><mi mathvariant="normal">d</mi><mi>W</mi></mrow>'),
]


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_elements(text, expected):
    assert inside(text) == expected


def test_brackets_grow_only_around_what_is_tall():
    assert 'stretchy="false"' in inside("(x) y")
    assert "stretchy" not in inside("(a/b) y")


def test_an_exponent_stands_at_the_height_of_its_bracket():
    flat = inside("(y - ŷ)²")
    assert flat.endswith(f'<msup><mo form="postfix" stretchy="false"{CLOSE}>)</mo><mn>2</mn></msup></mrow>')
    tall = inside("(a/b)²")
    assert tall.startswith("<msup><mrow>")
    assert tall.endswith("</mrow><mn>2</mn></msup>")


def test_a_matrix_stands_between_brackets_and_cases_behind_one_brace():
    matrix = element(mathml(read("[1, 2; 3, 4]")))
    assert [["".join(cell.itertext()) for cell in line] for line in matrix.iter("mtr")] == [["1", "2"], ["3", "4"]]
    assert [sign.text for sign in matrix.iter("mo")] == ["[", "]"]
    cases = element(mathml(read("a if x > 0 else b")))
    (table,) = cases.iter("mtable")
    assert table.get("columnalign") == "left left"
    assert all(cell.get("style") == "text-align:left" for cell in table.iter("mtd"))
    assert [words.text for words in cases.iter("mtext")] == ["if\u00a0", "otherwise"]


def test_a_row_stands_on_the_line():
    gap = '<mspace width="0.8em"/>'
    opened, shut = OPEN.replace("(", "["), SHUT.replace(")", "]")
    assert inside("[[1, x]]'") == f"<mrow>{opened}<mn>1</mn>{gap}<mi>x</mi><msup>{shut}<mi>⊤</mi></msup></mrow>"


def test_a_label_stands_below_a_brace_that_stretches():
    label = mathml_of(layout(Underbrace(read("W x"), read("m"))))
    assert f'<munder><munder><mrow><mi>W</mi>{TIMES}<mi>x</mi></mrow><mo stretchy="true">⏟</mo></munder>' in label
    assert label.endswith("<mi>m</mi></munder></math>")


def test_the_plain_text_is_there_for_those_who_listen():
    root = element(mathml(read("a < b"), display=True))
    assert (root.get("alttext"), root.get("display")) == ("a < b", "block")
    assert "display" not in mathml(read("x"))
    assert mathml_of(Letter("x")) == "<math><mi>x</mi></math>"


def test_nothing_of_a_name_is_read_as_markup():
    name = Name("a<b>&c", "a<b>&c")
    assert element(mathml(name))[0].text == "a<b>&c"
    assert element(mathml(name)).get("alttext") == "a<b>&c"


def test_a_derivative_sign_belongs_to_what_follows():
    (fraction,) = element(mathml(read("∂(a/b)/∂w")))
    assert [part.tag for part in fraction[0]] == ["mi", "mrow"]


def test_words_are_apart_and_letters_are_not():
    assert re.findall(r"<mspace[^>]*>", inside("a b c")) == []
    assert len(re.findall(r"<mspace[^>]*>", inside("rate b loss"))) == 2
