"""Whether a module is well formed: every value stands before its uses and in their scope, and types agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.kernels.errors import KernelError
from gradsheet.kernels.statements import For, Function, If, Let, Store, handed_on, used
from gradsheet.kernels.types import I1, I64, VOID
from gradsheet.kernels.values import Call, Carried, Constant, Index, Parameter, Result

if TYPE_CHECKING:
    from gradsheet.kernels.statements import Module, Statement
    from gradsheet.kernels.values import Value


def validate(module: Module) -> None:
    """Raise `KernelError` where a module means nothing."""
    known: set[Function] = set()
    names: set[str] = set()
    for function in module.functions:
        if function.name in names:
            raise KernelError(f"two functions are called {function.name}")
        if not (function.name.isascii() and function.name.isidentifier()):
            raise KernelError(f"{function.name} is no name for a function")
        _Scope(function, known).check()
        names.add(function.name)
        known.add(function)


class _Scope:
    """The values that are defined at a place of a function."""

    def __init__(self, function: Function, known: set[Function]) -> None:
        self._function = function
        self._known = known
        self._visible: set[Value] = set()
        self._ever: set[Value] = set()
        self._order: list[Value] = []

    def check(self) -> None:
        names = [p.name for p in self._function.parameters]
        if len(set(names)) < len(names):
            raise self._error("two parameters have one name")
        for parameter in self._function.parameters:
            if parameter.of == VOID:
                raise self._error(f"parameter {parameter.name} has no type")
            self._define(parameter)
        self._block(self._function.body)
        if self._function.result is not None:
            self._use(self._function.result)
            if self._function.result.type == VOID:
                raise self._error("the result has no type")

    def _block(self, body: tuple[Statement, ...]) -> None:
        for statement in body:
            for value in used(statement):
                self._use(value)
            match statement:
                case Let(value=value):
                    self._let(value)
                case Store():
                    pass
                case For():
                    self._loop(statement)
                case If():
                    self._branch(statement)

    def _let(self, value: Value) -> None:
        if isinstance(value, Parameter | Index | Carried | Result):
            raise self._error(f"{type(value).__name__} is not computed by a statement")
        if value.typed() != value.type:
            raise self._error(f"{type(value).__name__} is {value.typed()}, not {value.type}")
        if isinstance(value, Call) and value.function not in self._known:
            raise self._error(f"{value.function.name} does not stand before it in the module")
        self._define(value)

    def _loop(self, loop: For) -> None:
        for value in (loop.start, loop.stop, loop.step):
            if value.type != I64:
                raise self._error(f"a loop runs over i64, not {value.type}")
        if isinstance(loop.step, Constant) and not (isinstance(loop.step.value, int) and loop.step.value > 0):
            raise self._error(f"the step of a loop is positive, not {loop.step.value}")
        outside = self._enter()
        self._define(loop.index)
        for a in loop.along:
            self._define(a.carried)
        self._block(loop.body)
        for value in handed_on(loop):
            self._use(value)
        for a in loop.along:
            if a.next.type != a.carried.type or a.result.type != a.carried.type:
                raise self._error(f"{a.carried.name} is {a.carried.type} in every pass, not {a.next.type}")
        if loop.until is not None and loop.until.type != I1:
            raise self._error(f"a loop ends by i1, not {loop.until.type}")
        self._leave(outside)
        for a in loop.along:
            self._define(a.result)

    def _branch(self, branch: If) -> None:
        if branch.condition.type != I1:
            raise self._error(f"a branch is taken by i1, not {branch.condition.type}")
        outside = self._enter()
        self._block(branch.then)
        for choice in branch.choices:
            self._use(choice.then)
        self._leave(outside)
        self._block(branch.otherwise)
        for choice in branch.choices:
            self._use(choice.otherwise)
            if not choice.then.type == choice.otherwise.type == choice.result.type:
                raise self._error(f"{choice.result.name} is {choice.then.type} or {choice.otherwise.type}")
        self._leave(outside)
        for choice in branch.choices:
            self._define(choice.result)

    def _enter(self) -> int:
        return len(self._order)

    def _leave(self, outside: int) -> None:
        """What was defined inside is not to be seen any more."""
        self._visible.difference_update(self._order[outside:])
        del self._order[outside:]

    def _define(self, value: Value) -> None:
        if value in self._ever:
            raise self._error(f"{_called(value)} is defined twice")
        self._ever.add(value)
        self._visible.add(value)
        self._order.append(value)

    def _use(self, value: Value) -> None:
        if not isinstance(value, Constant) and value not in self._visible:
            place = "outside of its scope" if value in self._ever else "before it is defined"
            raise self._error(f"{_called(value)} is used {place}")

    def _error(self, message: str) -> KernelError:
        return KernelError(f"{self._function.name}: {message}")


def _called(value: Value) -> str:
    name = getattr(value, "name", None)
    return str(name) if name else f"a value of {type(value).__name__}"
