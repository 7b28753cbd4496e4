"""Named functions and bars: how each joins shapes, and the forms that are no plain elementwise call."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Configurations,
    Expr,
    Index,
    Invoke,
    Lambda,
    Number,
    OverData,
    Power,
    Reduce,
    Role,
    Symbol,
    number,
    substitute,
)
from gradsheet.operations import ARRAY_OPERATIONS, T
from gradsheet.sheet.literals import concatenate
from gradsheet.sheet.model import FunctionDefinition
from gradsheet.sheet.scope import Scope
from gradsheet.sheet.tensors import Tensor, atoms, delta, fresh_indices, multiply, scalar
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.diagnostics import Span
    from gradsheet.operations import ArrayOperation, Elementwise
    from gradsheet.sheet.expressions import ExpressionReader

_DEFAULTS: dict[str, Fraction] = {"leaky_relu": Fraction(1, 100), "elu": Fraction(1)}


# ---------------------------------------------------------------- bars and norms


def bars(reader: ExpressionReader, node: tree.Bars, scope: Scope) -> Tensor:
    """|s| is an absolute value; |v| and ‖v‖ a length; ‖W‖ the Frobenius norm; ‖·‖₁ and ‖·‖_∞ as usual."""
    tensor = reader.read(node.body, scope)
    which = _subscript(node.subscript)
    if tensor.rank == 0:
        return scalar(Call("abs", (tensor.body,)))
    if node.kind == "|":
        if tensor.rank > 1:
            raise reader.fail("GS301", "bars around a matrix have no one meaning", node.span, "det(A), ‖A‖, or abs(A)?")
        reader.diagnostics.remark("bars around a vector are read as its length", node.span)
    if which not in {"", "2", "1", "∞", "F"}:
        raise reader.fail(
            "GS108", f"the norm with index {which} is not part of the language", node.span, "‖x‖, ‖x‖₁ or ‖x‖_∞"
        )
    if which == "2" and tensor.rank > 1:
        raise reader.fail(
            "GS108", "the spectral norm is not part of the language", node.span, "‖A‖ is the Frobenius norm"
        )
    if which in {"1", "∞"}:
        if tensor.rank > 1:
            raise reader.fail(
                "GS108",
                f"‖A‖ with index {which} of a matrix has two readings",
                node.span,
                "sum(abs(A)) or max(abs(A))?",
            )
        absolute = Tensor(tensor.indices, Call("abs", (tensor.body,)))
        return reader.rules.sum_all(absolute) if which == "1" else extreme("max", absolute)
    squares = reader.rules.sum_all(Tensor(tensor.indices, Power(tensor.body, number(2))))
    return scalar(Power(squares.body, number(Fraction(1, 2))))


def _subscript(node: tree.Expression | None) -> str:
    match node:
        case None:
            return ""
        case tree.Num(text=text) | tree.Name(key=text):
            return text
        case _:
            return "?"


# ---------------------------------------------------------------- elementwise


def fill_defaults(reader: ExpressionReader, record: Elementwise, values: list[Tensor], span: Span) -> list[Tensor]:
    """The usual second argument where it is left out: leaky ReLU 0.01, ELU 1."""
    if len(values) == record.arity - 1 and record.name in _DEFAULTS:
        default = _DEFAULTS[record.name]
        reader.diagnostics.remark(f"{record.name} without a second argument takes {float(default):g}", span)
        return [*values, scalar(Number(default))]
    if record.name in {"max", "min"} and len(values) > 2:
        return values
    if len(values) != record.arity:
        raise reader.fail(
            "GS209",
            f"'{record.spellings[0]}' takes {record.arity} argument{'s' * (record.arity != 1)}, here are {len(values)}",
            span,
        )
    return values


def differentiated(
    reader: ExpressionReader, record: Elementwise, arguments: tuple[Expr, ...], primes: int, span: Span
) -> Expr:
    """The function, or its derivative for tanh'(z)."""
    if record.name in {"max", "min"} and len(arguments) > 2:
        result: Expr = Call(record.name, arguments[-2:])
        for argument in reversed(arguments[:-2]):
            result = Call(record.name, (argument, result))
        return result
    node: Expr = Call(record.name, arguments)
    if primes > 1 or (primes and record.arity != 1):
        raise reader.fail("GS214", "higher derivatives of a named function are not written with primes", span)
    if primes:
        if record.derivative is None:
            raise reader.fail("GS501", f"the derivative of {record.name} has no rule here", span)
        return record.derivative(*(T(a) for a in arguments), T(node))[0].expr
    return node


def extreme(kind: str, tensor: Tensor) -> Tensor:
    """max(v), min(v): over all entries."""
    body = tensor.body
    for index in reversed(tensor.indices):
        body = Reduce(kind, index, body)  # type: ignore[arg-type]
    return scalar(body)


# ---------------------------------------------------------------- arrays


def array_function(reader: ExpressionReader, record: ArrayOperation, tensor: Tensor, span: Span) -> Tensor:
    """softmax, logsumexp of a vector; inverse and determinants of a square matrix."""
    if record.argument_rank == 1:
        if tensor.rank != 1:
            what = "a scalar" if tensor.rank == 0 else f"{tensor.rank} axes"
            raise reader.fail(
                "GS303", f"{record.spellings[0]} of {what} needs its axis", span, f"{record.spellings[0]}[j](S[i,j])"
            )
        return reader.rules.array_call(record.name, tensor, record.result_rank)
    tensor = reader.rules.square_matrix(tensor, span, record.spellings[0])
    return reader.rules.array_call(record.name, tensor, record.result_rank)


def array_binder(
    reader: ExpressionReader, node: tree.Binder, indices: tuple[Index, ...], scope: Scope, outer: Scope
) -> Tensor:
    """`softmax[j](S[i,j])`: normalised over j, and j stays as the index of the result (a vector if it is not bound)."""
    if len(indices) != 1:
        raise reader.fail("GS209", f"{node.kind} runs over one index", node.span)
    index = indices[0]
    body = reader.read(node.body, scope)
    if body.rank:
        raise reader.fail(
            "GS301", f"the body of {node.kind}[{index.name}] must be a scalar for each {index.name}", node.body.span
        )
    record = ARRAY_OPERATIONS[{"softmax": "softmax", "logsumexp": "logsumexp", "logsoftmax": "logsoftmax"}[node.kind]]
    inner = index.fresh()
    argument = Lambda((inner,), substitute(body.body, {index: Affine.atom(inner)}))
    if record.result_rank == 0:
        return scalar(ArrayCall(record.name, argument, ()))
    place = outer.indices.get(node.indices[0].name.key)
    if place is not None:
        reader.rules.conform(place, index, node.span, f"the index {index.name} of {node.kind}")
        return scalar(ArrayCall(record.name, argument, (Affine.atom(place),)))
    free = index.fresh()
    return Tensor((free,), ArrayCall(record.name, argument, (Affine.atom(free),)))


def log_partition(reader: ExpressionReader, node: tree.Binder, variables: Sequence[Symbol], scope: Scope) -> Tensor:
    """`logsumexp[v, h](−E(v, h))` over finite sets: log Σ_v Σ_h exp(…)."""
    body = reader.read(node.body, scope)
    if body.rank:
        raise reader.fail("GS301", f"the body of {node.kind} over a finite set must be a scalar", node.body.span)
    total: Expr = Call("exp", (body.body,))
    for variable in reversed(variables):
        total = Configurations(variable, total)
    return scalar(Call("log", (total,)))


def is_determinant(tensor: Tensor) -> bool:
    """Whether this is det(A) itself, so that log det(A) is one function, with the gradient A⁻ᵀ."""
    return isinstance(tensor.body, ArrayCall) and tensor.body.operation == "det"


def log_determinant(tensor: Tensor) -> Tensor:
    """One function for log det(A), given det(A)."""
    assert isinstance(tensor.body, ArrayCall)
    return scalar(ArrayCall("logdet", tensor.body.argument, ()))


# ---------------------------------------------------------------- functions of the sheet


def invoke(
    reader: ExpressionReader, symbol: Symbol, values: Sequence[Tensor], trees: Sequence[tree.Expression], span: Span
) -> Tensor:
    """E(v, h): the arguments have the shapes of the formal ones; a scalar function acts entry by entry."""
    definition = reader.sheet.functions[symbol]
    if len(values) != len(definition.formals):
        raise reader.fail(
            "GS209", f"'{symbol.name}' takes {len(definition.formals)} arguments, here are {len(values)}", span
        )
    if all(f.rank == 0 for f in definition.formals) and not definition.body.indices and any(v.rank for v in values):
        return reader.rules.elementwise(
            lambda b: Invoke(symbol, tuple(Lambda((), x) for x in b), ()), values, span, f"{symbol.name}(…)"
        )
    arguments: list[Lambda] = []
    for given, formal, place in zip(values, definition.formals, trees, strict=True):
        value = reader.rules.as_scalar(given, place.span, "this argument") if formal.rank == 0 else given
        if value.rank != formal.rank:
            wanted = Tensor(formal.axes, ZERO_EXPR).describe()
            raise reader.fail(
                "GS301",
                f"the argument '{formal.name}' of {symbol.name} is {wanted}, here is {value.describe()}",
                place.span,
            )
        for a, b in zip(formal.axes, value.indices, strict=True):
            reader.rules.conform(a, b, place.span, f"the argument '{formal.name}' of {symbol.name}")
        arguments.append(value.function)
    result = fresh_indices(definition.body.indices)
    return Tensor(result, Invoke(symbol, tuple(arguments), atoms(result)))


def invoke_template(
    reader: ExpressionReader, head: tree.Name, values: Sequence[Tensor], trees: Sequence[tree.Expression], span: Span
) -> Tensor:
    """A function whose arguments are declared nowhere, read with the shapes of this call."""
    template = reader.templates[head.key]
    if len(values) != len(template.names):
        raise reader.fail("GS209", f"'{head.text}' takes {len(template.names)} arguments, here are {len(values)}", span)
    shapes = tuple((tuple((i.low, i.high) for i in v.indices), v.row) for v in values)
    symbol = template.made.get(shapes)
    if symbol is None:
        formals = tuple(
            Symbol(n.text, fresh_indices(v.indices), Role.LOCAL, row=v.row, span=n.span)
            for n, v in zip(template.names, values, strict=True)
        )
        scope = Scope().with_locals({n.key: f for n, f in zip(template.names, formals, strict=True)})
        body = reader.read(template.syntax.value, scope)
        symbol = Symbol(head.text, (), Role.FUNCTION, span=head.span, parameters=formals)
        indices = fresh_indices(body.indices)
        function = Lambda(indices, body.at(atoms(indices)))
        reader.sheet.functions[symbol] = FunctionDefinition(symbol, formals, function, template.syntax)
        template.made[shapes] = symbol
    return invoke(reader, symbol, values, trees, span)


# ---------------------------------------------------------------- special forms


def special(
    reader: ExpressionReader, head: tree.Name, arguments: Sequence[tree.Expression], item: tree.Expression, scope: Scope
) -> Tensor | None:
    """Forms whose arguments are sizes or whole numbers rather than tensors."""
    span = item.span.to(arguments[-1].span) if arguments else item.span
    match head.key:
        case "eye" if len(arguments) == 1:
            low, high = reader.bounds(arguments[0], scope)
            i, j = Index("i", low, high), Index("j", low, high)
            return Tensor((i, j), delta(Affine.atom(i), Affine.atom(j)))
        case "ones" | "zeros" if arguments:
            ranges = [reader.bounds(a, scope) for a in arguments]
            indices = tuple(Index(n, low, high) for n, (low, high) in zip("ijklmn", ranges, strict=False))
            return Tensor(indices, ONE_EXPR if head.key == "ones" else ZERO_EXPR)
        case "onehot" if arguments:
            at = reader.affine(arguments[0], scope)
            if len(arguments) > 1:
                low, high = reader.bounds(arguments[1], scope)
            else:
                atom = at.single
                if isinstance(atom, Access) and atom.symbol.domain.bounds is not None:
                    low, high = atom.symbol.domain.bounds
                elif isinstance(atom, Index):
                    low, high = atom.range
                else:
                    raise reader.fail("GS207", "onehot needs its size here", span, "onehot(c, n)")
            index = Index("i", low, high)
            return Tensor((index,), delta(Affine.atom(index), at))
        case _:
            return None


def special_on_tensors(
    reader: ExpressionReader, head: tree.Name, values: Sequence[Tensor], span: Span
) -> Tensor | None:
    """sum, mean, trace, diag and their like."""
    rules = reader.rules
    match head.key, values:
        case ("sum", [x]):
            return rules.sum_all(x) if x.rank else scalar(OverData("sum", x.body))
        case ("mean", [x]):
            if x.rank == 0:
                return scalar(OverData("mean", x.body))
            return scalar(multiply(Power(rules.count(x.indices), number(-1)), rules.sum_all(x).body))
        case ("var", [x]) if x.rank:
            mean = multiply(Power(rules.count(x.indices), number(-1)), rules.sum_all(x).body)
            fresh = fresh_indices(x.indices)
            spread = Power(Add((x.at(atoms(fresh)), multiply(number(-1), mean))), number(2))
            return scalar(
                multiply(Power(rules.count(x.indices), number(-1)), rules.sum_all(Tensor(fresh, spread)).body)
            )
        case ("prod", [x]) if x.rank:
            body = x.body
            for index in reversed(x.indices):
                body = Reduce("prod", index, body)
            return scalar(body)
        case (("trace" | "tr"), [x]):
            x = rules.square_matrix(x, span, "a trace")
            index = x.indices[0].fresh("i")
            return scalar(Reduce("sum", index, x.at((Affine.atom(index), Affine.atom(index)))))
        case ("diag", [x]) if x.rank == 1:
            i, j = x.indices[0], x.indices[0].fresh("j")
            return Tensor((i, j), multiply(x.body, delta(Affine.atom(i), Affine.atom(j))))
        case ("diag", [x]) if x.rank == 2:
            x = rules.square_matrix(x, span, "diag")
            index = x.indices[0].fresh("i")
            return Tensor((index,), x.at((Affine.atom(index), Affine.atom(index))))
        case ("norm", [x]) if x.rank:
            squares = rules.sum_all(Tensor(x.indices, Power(x.body, number(2))))
            return scalar(Power(squares.body, number(Fraction(1, 2))))
        case (("dot" | "inner"), [a, b]) if a.rank == b.rank == 1:
            return rules.product(Tensor(a.indices, a.body, row=True), Tensor(b.indices, b.body), span)
        case ("outer", [a, b]) if a.rank == b.rank == 1:
            return rules.product(Tensor(a.indices, a.body), Tensor(b.indices, b.body), span, sign="⊗")
        case ("transpose", [x]):
            return rules.transpose(x, span)
        case ("clip", [x, low, high]):
            inner = rules.elementwise(lambda b: Call("max", (b[1], b[0])), (x, low), span, "clip")
            return rules.elementwise(lambda b: Call("min", (b[1], b[0])), (inner, high), span, "clip")
        case ("concat", [_, *_]):
            return concatenate(reader, list(values), span)
        case _:
            return None
