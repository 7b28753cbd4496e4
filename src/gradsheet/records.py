"""Data classes that are made quickly: `dataclasses.dataclass`, without its compiling of six methods for each class.

Hundreds of classes are loaded before a sheet is read, and a third of a millisecond for each was a fifth of the time to
the first result. What is the same for all classes is a closure over the names of their fields here; the constructor,
which is not, is compiled when the first object is made, which for most classes is never.

What comes out is a data class for `fields`, `replace` and `match`. Not offered: order, `InitVar`, `unsafe_hash`.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import dataclass as _dataclass
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import Field, dataclass
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        eq: bool = True,
        frozen: bool = False,
        slots: bool = False,
        kw_only: bool = False,
    ) -> Any:
        """A class with its fields as a constructor, a `repr`, and, unless told otherwise, equality.

        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> Point(1), Point(1) == Point(1, 0), hash(Point(1)) == hash(Point(1, 0))
        (Point(x=1, y=0), True, True)
        >>> Point(1).x = 2
        Traceback (most recent call last):
        dataclasses.FrozenInstanceError: cannot assign to field 'x'
        """

        def made(plain: type) -> type:
            bare = plain.__doc__ is None
            if bare:
                plain.__doc__ = plain.__name__  # else a signature is written, of a constructor that is not there yet
            kept = _dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(plain)
            if bare:
                kept.__doc__ = None
            return _completed(kept, eq=eq, frozen=frozen, slots=slots)

        return made if cls is None else made(cls)


def _completed(cls: type, *, eq: bool, frozen: bool, slots: bool) -> type:
    """Give a class its methods, but those that it has of its own."""
    own = vars(cls)
    found = fields(cls)
    methods: dict[str, Any] = {}
    if eq:
        methods |= _equality([f for f in found if f.compare], frozen=frozen, hashed=own.get("__hash__"))
    if frozen:
        methods |= _frozen(cls, frozenset(f.name for f in found))
        if slots:
            methods |= _state([f.name for f in found])
    methods["__repr__"] = _representation([f.name for f in found if f.repr])
    methods["__init__"] = _Constructor(cls, frozen=frozen)
    for name, method in methods.items():
        if name not in own or (name == "__hash__" and own[name] is None):
            if callable(method):
                method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
            setattr(cls, name, method)
    return cls


def _equality(compared: Sequence[Field[Any]], *, frozen: bool, hashed: Any) -> dict[str, Any]:
    """Equality by the fields that are compared, and the hash that goes with it: none where fields may change."""
    values = _values([f.name for f in compared])

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    if not frozen:
        return {"__eq__": equal, "__hash__": hashed}
    of_hash = _values([f.name for f in compared if f.hash is not False])

    def hashing(self: object) -> int:
        return hash(of_hash(self))

    return {"__eq__": equal, "__hash__": hashing}


def _values(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    """The function that reads attributes into a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda _: ()
    only = attrgetter(names[0])
    return lambda held: (only(held),)


def _frozen(cls: Any, names: frozenset[str]) -> dict[str, Any]:
    """What refuses changes of the fields; classes below may have attributes of other kinds."""

    def refuse_setting(self: object, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def refuse_deleting(self: object, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": refuse_setting, "__delattr__": refuse_deleting}


def _state(names: Sequence[str]) -> dict[str, Any]:
    """What copies and pickles: an object whose fields cannot be set is filled from below."""

    def state(self: object) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: object, values: list[Any]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": state, "__setstate__": restore}


def _representation(names: Sequence[str]) -> Callable[[object], str]:
    @recursive_repr()
    def represented(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return represented


class _Constructor:
    """Compiles a constructor, and gives it its place, when the first object is made or its signature is asked for."""

    def __init__(self, cls: type, *, frozen: bool) -> None:
        self.cls, self.frozen = cls, frozen

    def __get__(self, held: object, owner: type | None = None) -> Any:
        return self.made.__get__(held, owner)

    @property
    def made(self) -> Callable[..., None]:
        """The constructor, from now on in the class."""
        made = _compiled(self.cls, frozen=self.frozen)
        if vars(self.cls)["__init__"] is self:
            setattr(self.cls, "__init__", made)  # noqa: B010 - mypy refuses the plain form
        return made


def _compiled(cls: type, *, frozen: bool) -> Callable[..., None]:
    """The constructor, written out: fields in order, defaults, what `__post_init__` does."""
    space: dict[str, Any] = {"_missing": MISSING, "_put": object.__setattr__}
    places: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for field in fields(cls):
        name, default = field.name, f"_default_{field.name}"
        value = name
        if field.default_factory is not MISSING:
            space[default] = field.default_factory
            value = f"{default}() if {name} is _missing else {name}" if field.init else f"{default}()"
            written = f"{name}=_missing"
        elif field.default is not MISSING:
            space[default] = field.default
            value = name if field.init else default
            written = f"{name}={default}"
        else:
            written = name
            if not field.init:
                continue
        if field.init:
            (named if field.kw_only else places).append(written)
        lines.append(f"_put(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join(["self", *places, *(["*", *named] if named else [])])
    body = "\n    ".join(lines or ["pass"])
    exec(f"def __init__({parameters}):\n    {body}", space)  # noqa: S102 - the text is made of names of fields
    made: Callable[..., None] = space["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


__all__ = ["dataclass"]
