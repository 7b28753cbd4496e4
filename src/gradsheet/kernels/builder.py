"""Kernels written down in order: each call appends a statement, and gives the value that it computes.

    module = ModuleBuilder()
    with module.function("axpy", {"n": I64, "a": F64, "x": pointer(F64, readonly=True), "y": pointer(F64)},
                         exported=True) as b:
        n, a, x, y = b.parameters
        with b.loop("i", 0, n) as i:
            b.store(y, i, b.muladd(a, b.load(x, i), b.load(y, i)))

Python numbers become constants of the type at hand. Nothing is simplified; types that do not agree raise at once.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING

from gradsheet.kernels import values as v
from gradsheet.kernels.errors import KernelError
from gradsheet.kernels.statements import Along, Choice, For, Function, If, Let, Module, Statement, Store
from gradsheet.kernels.terms import Term
from gradsheet.kernels.types import I32, I64, Type
from gradsheet.kernels.validate import validate
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gradsheet.kernels.types import AnyType, Kind
    from gradsheet.kernels.values import BinaryOperation, Relation, UnaryOperation, Value


class ModuleBuilder:
    """Functions in the order in which they are written; each can be called by those after it."""

    def __init__(self, summary: str = "") -> None:
        self._summary = summary
        self._functions: dict[str, Function] = {}

    @contextmanager
    def function(
        self, name: str, parameters: Mapping[str, AnyType], *, exported: bool = False, summary: str = ""
    ) -> Iterator[FunctionBuilder]:
        """A function, complete where the block ends. Only exported ones can be called from outside."""
        if name in self._functions:
            raise KernelError(f"there is a function {name} already")
        b = FunctionBuilder(self, name, parameters)
        yield b
        self._functions[name] = b.complete(exported=exported, summary=summary)

    def __contains__(self, name: str) -> bool:
        return name in self._functions

    def __getitem__(self, name: str) -> Function:
        """A function that is complete."""
        if name not in self._functions:
            raise KernelError(f"there is no function {name} yet")
        return self._functions[name]

    def build(self) -> Module:
        """The module of all functions so far, validated."""
        module = Module(tuple(self._functions.values()), self._summary)
        validate(module)
        return module


@dataclass(eq=False)
class Fold:
    """A loop that is being written: `fold["s"]` is what this pass holds of s, and can be set; afterwards, the last."""

    index: Term
    _now: dict[str, Term]
    _until: Term | None = None

    def __getitem__(self, name: str) -> Term:
        return self._now[name]

    def __setitem__(self, name: str, value: Term | float) -> None:
        old = self._now[name]
        new = old.builder.term(value, old.type)
        if new.type != old.type:
            raise KernelError(f"{name} is {old.type} in every pass, not {new.type}")
        self._now[name] = new

    def until(self, condition: Term) -> None:
        """No further pass where the condition holds at the end of this one."""
        if self._until is not None:
            raise KernelError("the loop has a condition to end already: combine them with |")
        self._until = condition


@dataclass(eq=False)
class Branch:
    """A branch that is being written. What is set in it is chosen where it was taken."""

    builder: FunctionBuilder
    _before: dict[str, Term]
    _now: dict[str, Term]
    _otherwise: dict[str, Term] | None = None
    _blocks: list[tuple[Statement, ...]] = field(default_factory=list)

    def __getitem__(self, name: str) -> Term:
        return self._now[name]

    def __setitem__(self, name: str, value: Term | float) -> None:
        self._now[name] = self.builder.term(value, self._before[name].type)

    def otherwise(self) -> None:
        """What follows is done where the condition does not hold."""
        if self._otherwise is not None:
            raise KernelError("the branch has its other side already")
        self._otherwise, self._now = self._now, dict(self._before)
        self.builder.close(self._blocks)
        self.builder.open()


class FunctionBuilder:
    """A function that is being written."""

    def __init__(self, module: ModuleBuilder, name: str, parameters: Mapping[str, AnyType]) -> None:
        self.module = module
        self._name = name
        self._parameters = tuple(v.Parameter(of, p) for p, of in parameters.items())
        self._blocks: list[list[Statement]] = [[]]
        self._names: dict[Value, str] = {}
        self._result: Value | None = None
        self._folds: list[Fold] = []

    @property
    def parameters(self) -> tuple[Term, ...]:
        return tuple(Term(self, p) for p in self._parameters)

    # Numbers

    def constant(self, value: float | Sequence[float], of: Type) -> Term:
        """A number in every lane, or one for each lane."""
        if isinstance(value, float | int):
            return Term(self, v.Constant(of, _fitting(value, of)))
        return Term(self, v.Constant(of, tuple(_fitting(lane, of) for lane in value)))

    def term(self, value: Term | float, like: AnyType) -> Term:
        """A value as it is; a Python number as a constant of the type at hand."""
        if isinstance(value, Term):
            return value
        if not isinstance(like, Type):
            raise KernelError(f"{value} is no {like}")
        return self.constant(value, like)

    def unary(self, operation: UnaryOperation, x: Term) -> Term:
        return self._let(v.Unary(operation, x.value))

    def binary(self, operation: BinaryOperation, x: Term | float, y: Term | float) -> Term:
        first, second = self._alike(x, y)
        return self._let(v.Binary(operation, first.value, second.value))

    def compare(self, relation: Relation, x: Term | float, y: Term | float) -> Term:
        first, second = self._alike(x, y)
        return self._let(v.Compare(relation, first.value, second.value))

    def sqrt(self, x: Term) -> Term:
        return self.unary("sqrt", x)

    def floor(self, x: Term) -> Term:
        return self.unary("floor", x)

    def round_even(self, x: Term) -> Term:
        """The nearest integer; halves to the even one."""
        return self.unary("round_even", x)

    def minimum(self, x: Term | float, y: Term | float) -> Term:
        """The smaller, x < y ? x : y; so y with a NaN."""
        return self.binary("min", x, y)

    def maximum(self, x: Term | float, y: Term | float) -> Term:
        """The larger, x > y ? x : y; so y with a NaN."""
        return self.binary("max", x, y)

    def copysign(self, x: Term | float, y: Term) -> Term:
        return self.binary("copysign", x, y)

    def muladd(self, x: Term | float, y: Term | float, z: Term | float) -> Term:
        """The sum x y + z, fused where the processor can."""
        return self._fused(x, y, z, exact=False)

    def fma(self, x: Term | float, y: Term | float, z: Term | float) -> Term:
        """The sum x y + z, rounded once."""
        return self._fused(x, y, z, exact=True)

    def select(self, condition: Term, x: Term | float, y: Term | float) -> Term:
        first, second = self._alike(x, y)
        return self._let(v.Select(condition.value, first.value, second.value))

    def bits(self, x: Term, kind: Kind) -> Term:
        """The same bits as another kind."""
        return self._let(v.Bits(x.value, x.number.of(kind)))

    def convert(self, x: Term, kind: Kind) -> Term:
        """The number as another kind; x itself where it is of that kind."""
        of = x.number
        return x if of.kind == kind else self._let(v.Convert(x.value, of.of(kind)))

    # Lanes

    def splat(self, x: Term | float, of: Type) -> Term:
        """A scalar in every lane of a vector type; x itself where the type has one lane."""
        if not isinstance(x, Term):
            return self.constant(x, of)
        if of.lanes == 1 or x.type == of:
            return x
        return self._let(v.Splat(x.value, of.lanes))

    def vector(self, lanes: Sequence[Term]) -> Term:
        """Scalars side by side."""
        of = lanes[0].number
        made = self.constant(0, of.by(len(lanes)))
        for lane, x in enumerate(lanes):
            made = self.insert(made, x, lane)
        return made

    def extract(self, x: Term, lane: int) -> Term:
        return self._let(v.Extract(x.value, lane))

    def insert(self, x: Term, y: Term | float, lane: int) -> Term:
        return self._let(v.Insert(x.value, self.term(y, x.number.scalar).value, lane))

    def shuffle(self, x: Term, lanes: Sequence[int], y: Term | None = None) -> Term:
        """Lanes by number, of x or of x followed by y."""
        return self._let(v.Shuffle(x.value, (x if y is None else y).value, tuple(lanes)))

    def broadcast(self, x: Term, lane: int) -> Term:
        """One lane in every lane."""
        return self.shuffle(x, [lane] * x.lanes)

    def reduce(self, operation: v.Fold, x: Term) -> Term:
        """Σ, max or min of the lanes, or of a mask any or all; x itself where it has one."""
        return x if x.lanes == 1 else self._let(v.Reduce(operation, x.value))

    def sum(self, x: Term) -> Term:
        return self.reduce("add", x)

    def tail(self, start: Term | int, stop: Term | int, lanes: int) -> Term:
        """The mask of the lanes l with start + l < stop."""
        left = self.minimum(self.term(stop, I64) - self.term(start, I64), lanes)
        counted = self.constant(tuple(range(lanes)), I32.by(lanes))
        return counted < self.splat(self.convert(left, "i32"), I32.by(lanes))

    # Memory

    def load(
        self,
        pointer: Term,
        offset: Term | int,
        lanes: int = 1,
        *,
        mask: Term | None = None,
        alignment: int = 0,
        volatile: bool = False,
    ) -> Term:
        """Elements p[offset], …; `volatile` for what another thread may write meanwhile, such as a flag to stop."""
        return self._let(v.Load(pointer.value, self._offset(offset), lanes, _plain(mask), alignment, volatile))

    def load_strided(self, pointer: Term, offset: Term | int, stride: Term | int, lanes: int) -> Term:
        """Lane l is p[offset + l stride], by a scalar load each."""
        first, step = self.term(offset, I64), self.term(stride, I64)
        return self.vector([self.load(pointer, first + step * lane if lane else first) for lane in range(lanes)])

    def store(
        self,
        pointer: Term,
        offset: Term | int,
        value: Term | float,
        *,
        mask: Term | None = None,
        alignment: int = 0,
    ) -> None:
        at = self._offset(offset)
        of = v.element(pointer.value, at)
        stored = self.term(value, of).value
        self._append(Store(pointer.value, at, stored, _plain(mask), alignment))

    def advance(self, pointer: Term, offset: Term | int) -> Term:
        """The address p + offset."""
        return self._let(v.Advance(pointer.value, self._offset(offset)))

    def local(self, name: str, to: Type, count: int, *, alignment: int = 64) -> Term:
        """An array on the stack, its values unknown."""
        return self._let(v.Local(to, count, alignment)).named(name)

    def table(self, name: str, to: Type, numbers: Sequence[float]) -> Term:
        """Numbers that are part of the code, to be loaded."""
        return self._let(v.Table(to, tuple(_fitting(x, to) for x in numbers))).named(name)

    # Calls

    def call(self, function: Function | str, *arguments: Term | float) -> Term:
        """A function of the module; numbers take the types of its parameters."""
        called = self.module[function] if isinstance(function, str) else function
        given = [self.term(a, p.of) for a, p in zip(arguments, called.parameters, strict=False)]
        given += [a for a in arguments[len(given) :] if isinstance(a, Term)]
        return self._let(v.Call(called, tuple(a.value for a in given)))

    def call_outside(self, code: Term, *arguments: Term) -> Term:
        """A function given by its address."""
        return self._let(v.CallOutside(code.value, tuple(a.value for a in arguments)))

    # Order

    @contextmanager
    def loop(self, name: str, start: Term | int, stop: Term | int, step: Term | int = 1) -> Iterator[Term]:
        """For i from start while i < stop. `until` ends it early."""
        with self.fold(name, start, stop, {}, step=step) as fold:
            yield fold.index

    @contextmanager
    def fold(
        self,
        name: str,
        start: Term | int,
        stop: Term | int,
        initial: Mapping[str, Term],
        *,
        step: Term | int = 1,
    ) -> Iterator[Fold]:
        """A loop whose passes hand values on."""
        first, last, by = (self.term(t, I64).value for t in (start, stop, step))
        index = v.Index(name)
        carried = {key: v.Carried(key, x.value) for key, x in initial.items()}
        fold = Fold(Term(self, index), {key: Term(self, c) for key, c in carried.items()})
        self._folds.append(fold)
        self.open()
        yield fold
        body: list[tuple[Statement, ...]] = []
        self.close(body)
        self._folds.pop()
        along = tuple(Along(c, fold[key].value, v.Result(key, c.type)) for key, c in carried.items())
        until = _plain(fold._until)  # noqa: SLF001 - the loop and its builder are one thing
        self._append(For(index, first, last, by, body[0], along, until))
        for a in along:
            fold[a.carried.name] = Term(self, a.result)

    def until(self, condition: Term) -> None:
        """The innermost loop ends after this pass where the condition holds."""
        if not self._folds:
            raise KernelError("until stands in a loop")
        self._folds[-1].until(condition)

    @contextmanager
    def when(self, condition: Term, values: Mapping[str, Term] | None = None) -> Iterator[Branch]:
        """A block for where the condition holds; after `otherwise()`, one for where it does not."""
        before = dict(values or {})
        branch = Branch(self, before, dict(before))
        self.open()
        yield branch
        self.close(branch._blocks)  # noqa: SLF001 - the branch and its builder are one thing
        blocks = branch._blocks  # noqa: SLF001 - the same
        then, otherwise = branch._now, before  # noqa: SLF001 - the same
        if branch._otherwise is not None:  # noqa: SLF001 - the same
            then, otherwise = branch._otherwise, then  # noqa: SLF001 - the same
        choices = tuple(Choice(then[k].value, otherwise[k].value, v.Result(k, x.type)) for k, x in before.items())
        self._append(If(condition.value, blocks[0], blocks[1] if len(blocks) > 1 else (), choices))
        for choice in choices:
            branch[choice.result.name] = Term(self, choice.result)

    def returns(self, value: Term) -> None:
        """What the function gives, once its body is done."""
        if self._result is not None:
            raise KernelError(f"{self._name} has its result already")
        self._result = value.value

    def name(self, value: Value, name: str) -> None:
        self._names[value] = name

    def open(self) -> None:
        """A block inside the one at hand."""
        self._blocks.append([])

    def close(self, into: list[tuple[Statement, ...]]) -> None:
        into.append(self._named(self._blocks.pop()))

    def complete(self, *, exported: bool, summary: str) -> Function:
        (body,) = self._blocks
        return Function(self._name, self._parameters, self._named(body), self._result, exported, summary)

    def _named(self, block: list[Statement]) -> tuple[Statement, ...]:
        return tuple(Let(s.value, self._names.get(s.value)) if isinstance(s, Let) else s for s in block)

    def _append(self, statement: Statement) -> None:
        self._blocks[-1].append(statement)

    def _let(self, value: Value) -> Term:
        self._append(Let(value))
        return Term(self, value)

    def _fused(self, x: Term | float, y: Term | float, z: Term | float, *, exact: bool) -> Term:
        first, second, third = (t.value for t in self._alike(x, y, z))
        return self._let(v.Fused(first, second, third, exact))

    def _offset(self, offset: Term | int) -> Value:
        return self.term(offset, I64).value

    def _alike(self, *given: Term | float) -> tuple[Term, ...]:
        """Numbers take the type of the first operand that is no number."""
        for t in given:
            if isinstance(t, Term):
                return tuple(self.term(other, t.number) for other in given)
        raise KernelError("an operation needs an operand whose type is known")


def _fitting(value: float, of: Type) -> float | int:
    """2 is 2.0 for floats; 2.0 is no integer."""
    return float(value) if of.is_float else value


def _plain(term: Term | None) -> Value | None:
    return None if term is None else term.value
