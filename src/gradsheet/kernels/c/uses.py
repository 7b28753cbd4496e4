"""What a function needs of its values: which are of use, how often, and whether only in the block where they stand."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.kernels.statements import For, If, Let, Store, is_pure
from gradsheet.kernels.values import Call, CallOutside, operands
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from gradsheet.kernels.statements import Along, Function, Statement
    from gradsheet.kernels.values import Value


@dataclass(eq=False)
class Uses:
    """Of one function."""

    count: Counter[Value] = field(default_factory=Counter)
    far: set[Value] = field(default_factory=set)
    """Values that are used in a block inside the one where they stand."""
    carried: set[Along] = field(default_factory=set)
    """What loops hand on to some purpose."""
    _home: dict[Value, int] = field(default_factory=dict)
    _blocks: int = 0

    @classmethod
    def of(cls, function: Function) -> Uses:
        """The least set of uses: a value that only feeds itself from pass to pass is of none."""
        carried: set[Along] = set()
        while True:
            uses = cls(carried=set(carried))
            if function.result is not None:
                uses._use(function.result, 0)
            uses._block(function.body, 0)
            if uses.carried == carried:
                return uses
            carried = uses.carried

    def once(self, value: Value) -> bool:
        """Used once, in its own block."""
        return self.count[value] == 1 and value not in self.far

    def _block(self, body: tuple[Statement, ...], number: int) -> None:
        """Backwards: what nothing needs does not count as a use."""
        for statement in reversed(body):
            match statement:
                case Let(value=value):
                    if self._home.get(value, number) != number:
                        self.far.add(value)
                    self._home[value] = number
                    if self.count[value] or has_effect(value):
                        for x in operands(value):
                            self._use(x, number)
                case Store(pointer=pointer, offset=offset, value=value, mask=mask):
                    for x in (pointer, offset, value, *(() if mask is None else (mask,))):
                        self._use(x, number)
                case For(body=inner, start=start, stop=stop, step=step, along=along):
                    self.carried |= {a for a in along if self.count[a.result]}
                    following = [a.next for a in along if a in self.carried]
                    self._inner(inner, (*following, *(() if statement.until is None else (statement.until,))))
                    self.carried |= {a for a in along if self.count[a.carried]}
                    for x in (start, stop, step, *(a.carried.initial for a in along if a in self.carried)):
                        self._use(x, number)
                case If(then=then, otherwise=otherwise, choices=choices, condition=condition):
                    chosen = [choice for choice in choices if self.count[choice.result]]
                    self._inner(then, tuple(choice.then for choice in chosen))
                    self._inner(otherwise, tuple(choice.otherwise for choice in chosen))
                    self._use(condition, number)

    def _inner(self, body: tuple[Statement, ...], last: tuple[Value, ...]) -> None:
        self._blocks += 1
        number = self._blocks
        for value in last:
            self._use(value, number)
        self._block(body, number)

    def _use(self, value: Value, number: int) -> None:
        """The first use that is met, the last one of the text, says where the value would stand if it stood there."""
        self.count[value] += 1
        if self._home.setdefault(value, number) != number:
            self.far.add(value)


def has_effect(value: Value) -> bool:
    """It does more than giving a value."""
    return isinstance(value, CallOutside) or (isinstance(value, Call) and not is_pure(value.function))
