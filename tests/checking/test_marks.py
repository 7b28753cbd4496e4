"""Points: for what is right, for what only follows from a slip, for nothing else."""

from __future__ import annotations

from fractions import Fraction

import pytest

from checking.papers import Paper, example
from gradsheet.checking.marks import give_marks, points_text, read_scheme
from gradsheet.diagnostics import SheetError

W3, B3 = "∂L/∂W3", "∂L/∂b3"


def scheme(**more: object):
    return read_scheme(
        {
            "total": 10,
            "results": [{"name": W3, "points": 2, "follow_through": 0.5}, {"name": B3, "points": 1}],
            **more,
        }
    )


def marked(*verdicts: str, quantity: str = W3, **more: object):
    """A page whose lines about one quantity have these verdicts, in this order."""
    paper = Paper(" ".join(f"$a = {number}$" for number in range(len(verdicts))))
    for number, verdict in enumerate(verdicts, 1):
        paper.say(number, "a", verdict, quantity=quantity)
    return give_marks(paper.report(), scheme(**more))


@pytest.mark.parametrize(
    ("verdicts", "points", "status"),
    [
        (("right",), 2, "right"),
        (("arrangement",), 2, "right"),
        (("wrong", "right"), 2, "right"),
        (("right", "right"), 2, "right"),
        (("right", "wrong"), 0, "wrong"),
        (("wrong",), 0, "wrong"),
        (("inherited",), 1, "follow-through"),
        (("wrong", "inherited"), 1, "follow-through"),
        (("undecided",), 0, "open"),
        (("unreadable",), 0, "open"),
        (("right", "undecided"), 2, "right"),
        (("wrong", "undecided"), 0, "wrong"),
        ((), 0, "missing"),
    ],
)
def test_the_last_line_that_was_decided_counts(verdicts: tuple[str, ...], points: int, status: str):
    score = marked(*verdicts)
    assert (score.marks[0].got, score.marks[0].status) == (points, status)
    assert score.marks[1].status == "missing"
    assert score.got == points


def test_a_correction_is_named():
    assert marked("wrong", "right").marks[0].corrected
    assert not marked("right").marks[0].corrected


@pytest.mark.parametrize("name", ["dL/dW3", "∂L/∂W3", "∂L / ∂W₃"])
def test_a_quantity_has_one_name_however_it_is_spelled(name: str):
    assert marked("right", quantity=name).marks[0].status == "right"


def test_another_quantity_earns_nothing():
    assert marked("right", quantity="∂L/∂W2").got == 0


def test_without_a_quantity_the_reading_says_what_it_is():
    paper = Paper("$x = y$").say(1, "x = y", "right")
    score = give_marks(paper.report(), read_scheme({"results": [{"name": "y", "points": 3}]}))
    assert score.got == 3


def test_points_for_all_other_lines():
    score = marked("right", "wrong", "inherited", quantity="z1", other={"right": 0.25, "wrong": -0.5, "inherited": 0.1})
    assert (score.other, score.others) == (Fraction(-15, 100), 3)
    assert score.got == 0, "no score is below nothing"


def test_no_score_is_above_the_total():
    score = marked("right", other={"right": 1}, total=1)
    assert (score.got, score.total) == (1, 1)


def test_without_a_total_it_is_the_sum():
    assert read_scheme({"results": [{"name": "a", "points": 1.5}, {"name": "b", "points": "1/3"}]}).total == Fraction(
        11, 6
    )


def test_the_example_has_every_status():
    names = ["z3", W3, "∂L/∂b2", "∂L/∂b1"]
    score = give_marks(
        example(), read_scheme({"results": [{"name": n, "points": 1, "follow_through": 0.5} for n in names]})
    )
    assert [mark.status for mark in score.marks] == ["wrong", "right", "follow-through", "missing"]
    assert points_text(score.got) == "1.5"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "marks has no entries"),
        ({}, "nothing to give points for"),
        ({"results": {"a": 1}}, "list of results"),
        ({"results": [{"points": 1}]}, "no name"),
        ({"results": [{"name": "a"}]}, "no points"),
        ({"results": [{"name": "a", "points": "many"}]}, "no number"),
        ({"results": [{"name": "a", "points": True}]}, "no number"),
        ({"results": [{"name": "a", "points": -1}]}, "out of range"),
        ({"results": [{"name": "a", "points": "1e99999999999"}]}, "no number"),
        ({"results": [{"name": "a", "points": 1e300}]}, "out of range"),
        ({"results": [{"name": "a", "points": float("nan")}]}, "no number"),
        ({"results": [{"name": "a", "points": 10**5000}]}, "out of range"),
        ({"results": [{"name": "a", "points": "1/0"}]}, "no number"),
        ({"results": [{"name": "a", "points": 1, "follow_through": 2}]}, "share"),
        ({"results": [{"name": "dL/da", "points": 1}, {"name": "∂L/∂a", "points": 1}]}, "required twice"),
        ({"results": [{"name": "a", "points": 1}], "other": {"right": [1]}}, "no number"),
    ],
)
def test_what_is_no_scheme_is_refused(data: object, said: str):
    with pytest.raises(SheetError) as caught:
        read_scheme(data)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "GS720"
    assert said in diagnostic.message


def test_strange_keys_are_said():
    found = read_scheme({"results": [{"name": "a", "points": 1, "colour": "red"}], "Total": 3})
    assert found.remarks == ("marks: 'Total' is not known here, and is left out",
                             "marks: 'colour' is not known here, and is left out")  # fmt: skip
