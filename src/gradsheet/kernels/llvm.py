"""Modules as the text of LLVM IR: one definition for each function, loops as rotated loops with phis.

No flag that changes numbers is ever set: what may be fused is `llvm.fmuladd`, all else is IEEE 754 as written.
Alignment is what is known and no more. Functions that are not exported are always inlined.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, assert_never

from gradsheet.kernels import values as v
from gradsheet.kernels.names import Names
from gradsheet.kernels.statements import For, If, Let, Store, is_pure, walk
from gradsheet.kernels.types import VOID, Code, Pointer, Type, Void
from gradsheet.kernels.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.kernels.statements import Function, Module, Statement
    from gradsheet.kernels.types import AnyType
    from gradsheet.kernels.values import Value

_SCALARS = {"f32": "float", "f64": "double", "i1": "i1", "i32": "i32", "i64": "i64"}
_FLOAT_BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_INTEGER_BINARY = {
    "add": "add nsw", "sub": "sub nsw", "mul": "mul nsw", "div": "sdiv", "rem": "srem",
    "wrapping_add": "add", "wrapping_sub": "sub", "wrapping_mul": "mul", "and": "and", "or": "or", "xor": "xor",
    "shift_left": "shl", "shift_right": "ashr", "shift_right_zeros": "lshr",
}  # fmt: skip
_INTRINSICS = {
    "abs": "fabs", "sqrt": "sqrt", "floor": "floor", "ceil": "ceil", "truncate": "trunc", "round_even": "roundeven",
}  # fmt: skip
_FLOAT_RELATIONS = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
_INTEGER_RELATIONS = {"eq": "eq", "ne": "ne", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}


def llvm(module: Module) -> str:
    """The module as LLVM IR."""
    validate(module)
    declared: dict[str, str] = {}
    bodies = [_Printer(function, declared).text() for function in module.functions]
    heads = [declared[name] for name in sorted(declared)]
    attributes = [
        "attributes #0 = { nounwind }",
        "attributes #1 = { alwaysinline nounwind }",
        "attributes #2 = { alwaysinline nounwind willreturn memory(none) }",
    ]
    return "\n".join(("\n\n".join(bodies), "", *heads, "", *attributes, ""))


class _Printer:
    """One function."""

    def __init__(self, function: Function, declared: dict[str, str]) -> None:
        self._function = function
        self._declared = declared
        self._lines: list[str] = []
        self._texts: dict[Value, str] = {}
        self._names = Names({"entry"}, "._", ".")
        self._block = "entry"

    def text(self) -> str:
        function = self._function
        parameters = []
        for p in function.parameters:
            self._texts[p] = self._fresh(p.name)
            parameters.append(f"{_parameter(p.of)} {self._texts[p]}")
        result = "void" if function.result is None else _type(function.result.type)
        kind = 0 if function.exported else 2 if is_pure(function) else 1
        linkage = "" if function.exported else "internal "
        head = f"define {linkage}{result} @{function.name}({', '.join(parameters)}) #{kind} {{"
        for statement in walk(function.body):  # arrays belong to the function, however deep they stand
            if isinstance(statement, Let) and isinstance(statement.value, v.Local):
                local = statement.value
                made = f"alloca [{local.count} x {_type(local.to)}], align {local.alignment}"
                self._texts[local] = self._emit(made, statement.name)
        self._statements(function.body)
        given = "void" if function.result is None else self._typed(function.result)
        self._line(f"ret {given}")
        return "\n".join((head, "entry:", *self._lines, "}"))

    def _statements(self, body: Iterable[Statement]) -> None:
        for statement in body:
            match statement:
                case Let(value=v.Local()):
                    pass
                case Let(value=value, name=name):
                    self._let(value, name)
                case Store():
                    self._store(statement)
                case For():
                    self._loop(statement)
                case If():
                    self._branch(statement)
                case _:
                    assert_never(statement)

    def _let(self, value: Value, name: str | None) -> None:
        text = self._computed(value)
        if isinstance(value, v.Table):
            self._texts[value] = text
        elif value.type == VOID:
            self._line(text)
        else:
            self._texts[value] = self._emit(text, name)

    def _computed(self, value: Value) -> str:
        match value:
            case v.Unary():
                return self._unary(value)
            case v.Binary():
                return self._binary(value)
            case v.Fused(x=x, y=y, z=z, exact=exact):
                return self._intrinsic("fma" if exact else "fmuladd", value.number, x, y, z)
            case v.Compare(relation=relation, x=x, y=y):
                floats = x.number.is_float
                relations = _FLOAT_RELATIONS if floats else _INTEGER_RELATIONS
                return f"{'fcmp' if floats else 'icmp'} {relations[relation]} {self._typed(x)}, {self._at(y)}"
            case v.Select(condition=condition, x=x, y=y):
                return f"select {self._typed(condition)}, {self._typed(x)}, {self._typed(y)}"
            case v.Bits(x=x, to=to):
                return f"bitcast {self._typed(x)} to {_type(to)}"
            case v.Convert(x=x, to=to):
                return f"{_conversion(x.number, to)} {self._typed(x)} to {_type(to)}"
            case v.Splat(x=x):
                first = self._emit(f"insertelement {_type(value.type)} poison, {self._typed(x)}, i64 0")
                return _shuffled(_type(value.type), first, "poison", (0,) * value.lanes)
            case v.Extract(x=x, lane=lane):
                return f"extractelement {self._typed(x)}, i64 {lane}"
            case v.Insert(x=x, y=y, lane=lane):
                return f"insertelement {self._typed(x)}, {self._typed(y)}, i64 {lane}"
            case v.Shuffle(x=x, y=y, lanes=lanes):
                return _shuffled(_type(x.type), self._at(x), self._at(y), lanes)
            case v.Reduce():
                return self._reduced(value)
            case v.Load():
                return self._load(value)
            case v.Advance(pointer=pointer, offset=offset):
                return self._address(pointer, offset)
            case v.Call(function=function, arguments=arguments):
                return f"call {_type(value.type)} @{function.name}({', '.join(map(self._typed, arguments))})"
            case v.CallOutside(code=code, arguments=arguments):
                return f"call {_type(value.type)} {self._at(code)}({', '.join(map(self._typed, arguments))})"
            case v.Table(to=to, numbers=numbers, alignment=alignment):
                name = f"@{self._function.name}.table.{len(self._declared)}"
                elements = ", ".join(f"{_type(to)} {_scalar(x, to)}" for x in numbers)
                array = f"[{len(numbers)} x {_type(to)}] [{elements}], align {alignment}"
                self._declared[name] = f"{name} = private unnamed_addr constant {array}"
                return name
            case v.Constant() | v.Parameter() | v.Local() | v.Index() | v.Carried() | v.Result():
                raise AssertionError(value)
            case _:
                assert_never(value)

    def _unary(self, value: v.Unary) -> str:
        of, x = value.number, value.x
        match value.operation:
            case "neg":
                return f"fneg {self._typed(x)}" if of.is_float else f"sub nsw {_type(of)} {_zero(of)}, {self._at(x)}"
            case "not":
                return f"xor {self._typed(x)}, {_constant(v.Constant(of, 1 if of.is_mask else -1))}"
            case operation:
                return self._intrinsic(_INTRINSICS[operation], of, x)

    def _binary(self, value: v.Binary) -> str:
        of, x, y = value.number, value.x, value.y
        match value.operation:
            case "min" | "max" as operation:
                relation = {"min": "lt", "max": "gt"}[operation]
                relations = _FLOAT_RELATIONS if of.is_float else _INTEGER_RELATIONS
                compare = "fcmp" if of.is_float else "icmp"
                chosen = self._emit(f"{compare} {relations[relation]} {self._typed(x)}, {self._at(y)}")
                return f"select {_type(of.of('i1'))} {chosen}, {self._typed(x)}, {self._typed(y)}"
            case "copysign":
                return self._intrinsic("copysign", of, x, y)
            case operation:
                table = _FLOAT_BINARY if of.is_float else _INTEGER_BINARY
                return f"{table[operation]} {self._typed(x)}, {self._at(y)}"

    def _reduced(self, value: v.Reduce) -> str:
        match value.operation:
            case "any" | "all" as operation:
                of = value.x.number
                name = f"llvm.vector.reduce.{'or' if operation == 'any' else 'and'}.v{of.lanes}i1"
                self._declare(name, value.number, (_type(of),))
                return f"call i1 @{name}({self._typed(value.x)})"
            case "add" | "max" | "min" as operation:
                x = value.x
                while x.number.lanes > 2:
                    x = self._halved(operation, x)
                    self._let(x, None)
                return self._computed(self._halved(operation, x))
            case operation:
                assert_never(operation)

    def _halved(self, operation: v.BinaryOperation, x: Value) -> Value:
        """The upper half of the lanes with the lower half."""
        half = x.number.lanes // 2
        if half == 1:
            lower: Value = v.Extract(x, 0)
            upper: Value = v.Extract(x, 1)
        else:
            lower, upper = v.Shuffle(x, x, tuple(range(half))), v.Shuffle(x, x, tuple(range(half, 2 * half)))
        self._let(lower, None)
        self._let(upper, None)
        return v.Binary(operation, lower, upper)

    def _load(self, value: v.Load) -> str:
        address = self._emit(self._address(value.pointer, value.offset))
        of = value.number
        align = value.alignment or of.bytes
        if value.mask is None:
            return f"load {'volatile ' if value.volatile else ''}{_type(of)}, ptr {address}, align {align}"
        name = f"llvm.masked.load.v{of.lanes}{of.kind}.p0"
        self._declare(name, of, ("ptr", "i32 immarg", _type(of.of("i1")), _type(of)))
        given = f"ptr {address}, i32 {align}, {self._typed(value.mask)}, {_type(of)} zeroinitializer"
        return f"call {_type(of)} @{name}({given})"

    def _store(self, store: Store) -> None:
        address = self._emit(self._address(store.pointer, store.offset))
        of = store.value.number
        align = store.alignment or of.bytes
        if store.mask is None:
            self._line(f"store {self._typed(store.value)}, ptr {address}, align {align}")
            return
        name = f"llvm.masked.store.v{of.lanes}{of.kind}.p0"
        self._declare(name, VOID, (_type(of), "ptr", "i32 immarg", _type(of.of("i1"))))
        self._line(
            f"call void @{name}({self._typed(store.value)}, ptr {address}, i32 {align}, {self._typed(store.mask)})"
        )

    def _address(self, pointer: Value, offset: Value) -> str:
        assert isinstance(pointer.type, Pointer)
        return f"getelementptr inbounds {_type(pointer.type.to)}, {self._typed(pointer)}, {self._typed(offset)}"

    def _loop(self, loop: For) -> None:
        """Rotated: a test before the first pass, and one at the end of each."""
        name = loop.index.name
        head, end, before = self._names.fresh(name), self._names.fresh(f"{name}.end"), self._block
        start, stop, step = self._at(loop.start), self._at(loop.stop), self._at(loop.step)
        some = self._emit(f"icmp slt i64 {start}, {stop}")
        self._line(f"br i1 {some}, label %{head}, label %{end}")
        self._open(head)
        index = self._texts[loop.index] = self._fresh(name)
        for a in loop.along:
            self._texts[a.carried] = self._fresh(a.carried.name)
        phis = len(self._lines)
        self._statements(loop.body)
        following = self._emit(f"add nsw i64 {index}, {step}")
        again = self._emit(f"icmp slt i64 {following}, {stop}")
        if loop.until is not None:
            ended = self._emit(f"xor i1 {self._at(loop.until)}, true")
            again = self._emit(f"and i1 {again}, {ended}")
        last = self._block
        self._line(f"br i1 {again}, label %{head}, label %{end}")
        self._lines[phis:phis] = [
            f"  {index} = phi i64 [ {start}, %{before} ], [ {following}, %{last} ]",
            *(
                f"  {self._at(a.carried)} = phi {_type(a.carried.type)} "
                f"[ {self._at(a.carried.initial)}, %{before} ], [ {self._at(a.next)}, %{last} ]"
                for a in loop.along
            ),
        ]
        self._open(end)
        for a in loop.along:
            merged = f"[ {self._at(a.carried.initial)}, %{before} ], [ {self._at(a.next)}, %{last} ]"
            self._texts[a.result] = self._emit(f"phi {_type(a.result.type)} {merged}", a.result.name)

    def _branch(self, branch: If) -> None:
        then, otherwise, end = self._names.fresh("then"), self._names.fresh("otherwise"), self._names.fresh("end")
        self._line(f"br {self._typed(branch.condition)}, label %{then}, label %{otherwise}")
        ends = []
        for label, body in ((then, branch.then), (otherwise, branch.otherwise)):
            self._open(label)
            self._statements(body)
            ends.append(self._block)
            self._line(f"br label %{end}")
        self._open(end)
        for c in branch.choices:
            merged = f"[ {self._at(c.then)}, %{ends[0]} ], [ {self._at(c.otherwise)}, %{ends[1]} ]"
            self._texts[c.result] = self._emit(f"phi {_type(c.result.type)} {merged}", c.result.name)

    def _intrinsic(self, name: str, of: Type, *arguments: Value) -> str:
        full = f"llvm.{name}.{'' if of.lanes == 1 else f'v{of.lanes}'}{of.kind}"
        self._declare(full, of, (_type(of),) * len(arguments))
        return f"call {_type(of)} @{full}({', '.join(map(self._typed, arguments))})"

    def _declare(self, name: str, result: AnyType, parameters: tuple[str, ...]) -> None:
        self._declared[name] = f"declare {_type(result)} @{name}({', '.join(parameters)})"

    def _at(self, value: Value) -> str:
        return _constant(value) if isinstance(value, v.Constant) else self._texts[value]

    def _typed(self, value: Value) -> str:
        return f"{_type(value.type)} {self._at(value)}"

    def _emit(self, text: str, name: str | None = None) -> str:
        place = self._fresh(name)
        self._line(f"{place} = {text}")
        return place

    def _line(self, text: str) -> None:
        self._lines.append(f"  {text}")

    def _open(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self._block = label

    def _fresh(self, name: str | None) -> str:
        return f"%{self._names.fresh(name) if name else self._names.numbered('v')}"


def _type(of: AnyType) -> str:
    match of:
        case Type(kind=kind, lanes=lanes):
            return _SCALARS[kind] if lanes == 1 else f"<{lanes} x {_SCALARS[kind]}>"
        case Pointer() | Code():
            return "ptr"
        case Void():
            return "void"
        case _:
            assert_never(of)


def _parameter(of: AnyType) -> str:
    if not isinstance(of, Pointer):
        return _type(of)
    alias = " noalias" if of.noalias else ""
    readonly = " readonly" if of.readonly else ""
    align = f" align {of.alignment}" if of.alignment else ""
    return f"ptr{alias}{readonly}{align}"


def _constant(constant: v.Constant) -> str:
    of, value = constant.of, constant.value
    if of.lanes == 1:
        assert not isinstance(value, tuple)
        return _scalar(value, of)
    lanes = value if isinstance(value, tuple) else (value,) * of.lanes
    return f"<{', '.join(f'{_SCALARS[of.kind]} {_scalar(lane, of)}' for lane in lanes)}>"


def _scalar(value: float, of: Type) -> str:
    if of.is_mask:
        return "true" if value else "false"
    if of.is_integer:
        return str(value)
    return f"0x{struct.unpack('<Q', struct.pack('<d', of.rounded(float(value))))[0]:016X}"


def _zero(of: Type) -> str:
    return "0" if of.lanes == 1 else "zeroinitializer"


def _shuffled(of: str, x: str, y: str, lanes: tuple[int, ...]) -> str:
    order = ", ".join(f"i32 {lane}" for lane in lanes)
    return f"shufflevector {of} {x}, {of} {y}, <{len(lanes)} x i32> <{order}>"


def _conversion(of: Type, to: Type) -> str:
    if of.is_float and to.is_float:
        return "fpext" if to.bits > of.bits else "fptrunc"
    if of.is_float:
        return "fptosi"
    if to.is_float:
        return "uitofp" if of.is_mask else "sitofp"
    if of.is_mask:
        return "zext"
    return "sext" if to.bits > of.bits else "trunc"
