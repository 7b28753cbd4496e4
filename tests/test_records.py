"""Our data classes do what the library's do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import field
from typing import Any

import pytest

from gradsheet import records

FROM = {"ours": records.dataclass, "the library's": dataclasses.dataclass}


@records.dataclass(frozen=True, slots=True)
class Kept:
    """Frozen, in slots; at the top of a module, where pickles find it."""

    a: int
    b: tuple[int, ...] = ()


def family(decorator: Any) -> dict[str, Any]:
    """Classes with everything that ours use."""

    @decorator(frozen=True, slots=True, kw_only=True)
    class Base:
        place: int = field(default=0, compare=False, repr=False)

    @decorator(frozen=True, slots=True)
    class Below(Base):
        """Positional fields after one that is named."""

        x: int
        y: str = "y"
        z: list[int] = field(default_factory=list, hash=False)

    @decorator(slots=True)
    class Changing:
        x: int
        put: int = 3

    @decorator(frozen=True)
    class Computed:
        x: int
        twice: int = field(init=False, repr=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "twice", 2 * self.x)

        def __repr__(self) -> str:
            return f"computed from {self.x}"

    @decorator(frozen=True, eq=False)
    class Alone:
        x: int = 1

    class Plain(Computed):
        pass

    @decorator
    class Open:
        x: Any = None

    @decorator(frozen=True)
    class Own:
        x: int

        def __hash__(self) -> int:
            return 5

    return {k: v for k, v in locals().items() if k != "decorator"}


USES = {
    "representations": lambda f: [repr(f["Below"](1, place=3)), repr(f["Changing"](1)), repr(f["Computed"](2))],
    "equality": lambda f: [
        f["Below"](1, place=3) == f["Below"](1), f["Below"](1) == f["Below"](2), f["Below"](1) == 1,
        f["Computed"](1) == f["Plain"](1), f["Alone"]() == f["Alone"](), f["Open"]([1]) == f["Open"]([1]),
    ],
    "hashes": lambda f: [
        hash(f["Below"](1, place=3)) == hash(f["Below"](1)), hash(f["Own"](1)), f["Changing"].__hash__,
    ],
    "computed fields": lambda f: [f["Computed"](4).twice, dataclasses.replace(f["Computed"](4), x=5).twice],
    "replacing": lambda f: [repr(dataclasses.replace(f["Below"](1, "z"), x=7)), f["Changing"](1, put=9).put],
    "fields": lambda f: [[g.name for g in dataclasses.fields(f[n])] for n in ("Below", "Computed", "Alone")],
    "matching": lambda f: [f["Below"].__match_args__, f["Changing"].__match_args__],
    "copies": lambda f: [copy.deepcopy(f["Below"](1, z=[2])).z, copy.copy(f["Changing"](1)).put],
    "defaults are not shared": lambda f: [f["Below"](1).z is f["Below"](1).z],
    "names": lambda f: [f["Below"].__init__.__qualname__[-14:], f["Below"].__doc__, f["Base"].__eq__.__name__],
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_they_agree_with_the_library(use: str):
    ours, theirs = (USES[use](family(decorator)) for decorator in FROM.values())
    assert ours == theirs


REFUSED = {
    "a field of a frozen object": lambda f: setattr(f["Below"](1), "x", 2),
    "a new attribute of a frozen object": lambda f: setattr(f["Alone"](), "new", 2),
    "a field that goes": lambda f: delattr(f["Computed"](1), "x"),
    "a field, from a class below": lambda f: setattr(f["Plain"](1), "x", 2),
    "no value": lambda f: f["Changing"](),
    "a value too many": lambda f: f["Changing"](1, 2, 3),
    "an unknown name": lambda f: f["Below"](1, q=2),
    "a computed field": lambda f: f["Computed"](1, twice=3),
    "a hash of what changes": lambda f: hash(f["Changing"](1)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_they_refuse_what_the_library_refuses(what: str):
    said = []
    for decorator in FROM.values():
        with pytest.raises((AttributeError, TypeError)) as caught:
            REFUSED[what](family(decorator))
        said.append((type(caught.value), str(caught.value)))
    assert said[0] == said[1]


def test_a_class_below_may_have_attributes_of_other_kinds():
    made = family(records.dataclass)["Plain"](1)
    made.other = 3
    assert made.other == 3


def test_pickles():
    assert pickle.loads(pickle.dumps(Kept(1, (2,)))) == Kept(1, (2,))  # noqa: S301 - our own bytes


def test_a_cycle_is_written_once():
    made = family(records.dataclass)["Open"]()
    made.x = made
    assert repr(made).endswith("(x=...)")


def test_the_constructor_is_compiled_when_it_is_needed():
    changing = family(records.dataclass)["Changing"]
    before = vars(changing)["__init__"]
    changing(1)
    assert vars(changing)["__init__"] is not before


def test_a_signature_is_that_of_the_fields():
    @records.dataclass(frozen=True)
    class Point:
        x: int
        y: int = 0

    assert str(inspect.signature(Point)) == "(x, y=0)"
    assert Point(1) == Point(1, 0)
