"""Products from left to right, and which neighbours are a function and its argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Call, Number, Power, Role
from gradsheet.operations import ARRAY_OPERATIONS, ARRAY_SPELLINGS, ELEMENTWISE, ELEMENTWISE_SPELLINGS
from gradsheet.sheet import functions
from gradsheet.sheet.scope import function_kind
from gradsheet.sheet.tensors import Unreadable
from gradsheet.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradsheet.diagnostics import Span
    from gradsheet.expressions import Symbol
    from gradsheet.sheet.expressions import ExpressionReader
    from gradsheet.sheet.scope import Scope
    from gradsheet.sheet.tensors import Tensor


class ProductReader:
    """Walks the items of a product; whether `f (x)` is a call or a product is decided here, where names are known."""

    def __init__(self, reader: ExpressionReader) -> None:
        self.reader = reader

    def read(self, node: tree.Product, scope: Scope) -> Tensor:
        factors = node.factors
        result, position = self.operand(factors, 0, scope)
        start = factors[0].item.span
        divided = False
        while position < len(factors):
            sign, item = factors[position].sign, factors[position].item
            before = position
            right, position = self.operand(factors, position, scope)
            span = start.to(factors[position - 1].item.span)
            plain = all(isinstance(f.item, tree.Num) for f in factors[:before])
            head, _, _ = _function_head(item)
            function = head is not None and self._is_function(head, scope)
            if sign == "" and divided and not plain and _symbolic(item) and not function:
                shown = self._shown(factors[before - 1].item), self._shown(item)
                self.reader.diagnostics.remark(f"/ {shown[0]} {shown[1]} is read as (… / {shown[0]}) {shown[1]}", span)
            divided = sign == "/"
            left_item = factors[before - 1].item
            if isinstance(left_item, tree.Name):
                self.reader.rules.transposed_left = f"{left_item.text}' {self._shown(item)}"
            result = self.combine(result, sign, right, span)
        return result

    def _shown(self, item: tree.Expression) -> str:
        return self.reader.diagnostics.source.text[item.span.start : item.span.end]

    def combine(self, left: Tensor, sign: str, right: Tensor, span: Span) -> Tensor:
        rules = self.reader.rules
        match sign:
            case "/" | "⊘":
                return rules.divide(left, right, span)
            case "⊙":
                return rules.hadamard(left, right, span)
            case _:
                return rules.product(left, right, span, sign=sign)

    # ------------------------------------------------------------ functions and their arguments

    def operand(self, factors: Sequence[tree.Factor], position: int, scope: Scope) -> tuple[Tensor, int]:
        """The factor at a position; a function takes what stands right of it."""
        item = factors[position].item
        head, primes, exponent = _function_head(item)
        if head is None or not self._is_function(head, scope):
            return self.reader.read(item, scope), position + 1
        following = position + 1
        if (following >= len(factors) or factors[following].sign != "") and (
            (following < len(factors) and factors[following].sign in {"⊙", "·", "*", "/"}) or following >= len(factors)
        ):
            raise self.reader.fail(
                "GS208", f"the function '{head.text}' needs its argument", item.span, f"{head.text}(…)"
            )
        argument = factors[following].item
        core, rewrap = _split_postfix(argument)
        if isinstance(core, tree.Group):
            arguments = list(core.items)
            result = self.call(head, primes, arguments, item, scope)
            if exponent is not None:
                result = self._power(result, exponent, item, scope)
            for postfix in rewrap:
                result = self._postfix(result, postfix, scope)
            return result, following + 1
        if isinstance(core, tree.Num) and following + 1 < len(factors) and factors[following + 1].sign == "":
            number_text = self._shown(argument)
            rest = self._shown(factors[following + 1].item)
            name = head.text
            raise self.reader.fail(
                "GS106",
                f"'{name} {number_text} {rest}' has two readings",
                item.span.to(factors[following + 1].item.span),
                f"{name}({number_text}) {rest} or {name}({number_text} {rest})?",
            )
        inner, after = self.operand(factors, following, scope)
        result = self.apply(head, primes, [inner], [argument], item, scope)
        if exponent is not None:
            result = self._power(result, exponent, item, scope)
        return result, after

    def _power(self, tensor: Tensor, exponent: tree.Expression, item: tree.Expression, scope: Scope) -> Tensor:
        value = self.reader.read(exponent, scope).body
        if isinstance(value, Number) and value.value < 0:
            raise self.reader.fail(
                "GS108", "an inverse function is not written this way", item.span, "1/f(x), or the name of the inverse"
            )
        return self.reader.rules.elementwise(lambda b: Power(b[0], value), (tensor,), item.span, "this power")

    def _postfix(self, tensor: Tensor, postfix: tree.Expression, scope: Scope) -> Tensor:
        reader = self.reader
        match postfix:
            case tree.Power(exponent=tree.Name(key="T")) | tree.Transpose():
                return reader.rules.transpose(tensor, postfix.span)
            case tree.Prime(count=count):
                return reader.rules.transpose(tensor, postfix.span) if count % 2 else tensor
            case tree.Power(exponent=exponent):
                value = reader.read(exponent, scope).body
                if tensor.rank == 2 and isinstance(value, Number) and value.value.denominator == 1:
                    return reader.rules.matrix_power(tensor, int(value.value), postfix.span)
                return reader.rules.elementwise(lambda b: Power(b[0], value), (tensor,), postfix.span, "this power")
            case tree.Subscript(items=items):
                return reader.component(tensor, items, postfix.span, scope, "this")
            case _:
                raise AssertionError(postfix)

    def _is_function(self, name: tree.Name, scope: Scope) -> bool:
        key = name.key
        if key in scope.indices:
            return False
        symbol = scope.locals.get(key) or self.reader.sheet.symbols.get(key)
        if symbol is not None:
            return symbol.role is Role.FUNCTION
        if key in self.reader.sheet.unspecified or key in self.reader.templates:
            return True
        return key not in self.reader.sheet.sizes and function_kind(key) is not None

    def call(
        self, head: tree.Name, primes: int, arguments: list[tree.Expression], item: tree.Expression, scope: Scope
    ) -> Tensor:
        special = functions.special(self.reader, head, arguments, item, scope) if not primes else None
        if special is not None and not self._declared(head, scope):
            return special
        return self.apply(head, primes, [self.reader.read(a, scope) for a in arguments], arguments, item, scope)

    def _with_these_shapes(
        self, head: tree.Name, symbol: Symbol, values: list[Tensor], trees: list[tree.Expression]
    ) -> Tensor | None:
        """A function of undeclared arguments at vectors and matrices, if its body reads with these shapes.

        A function of scalars still acts entry by entry on a matrix, and wherever its body does not read otherwise.
        """
        reader = self.reader
        most = max((v.rank for v in values), default=0)
        by_entry = not reader.sheet.functions[symbol].body.indices
        if head.key not in reader.templates or most == 0 or (most > 1 and by_entry):
            return None
        errors, remarks = len(reader.diagnostics.errors), len(reader.diagnostics.remarks)
        poisoned = set(reader.poisoned)
        try:
            return functions.invoke_template(reader, head, values, trees, head.span)
        except Unreadable:
            del reader.diagnostics.errors[errors:]
            del reader.diagnostics.remarks[remarks:]
            reader.poisoned = poisoned
            return None

    def _declared(self, head: tree.Name, scope: Scope) -> bool:
        reader = self.reader
        return any(
            head.key in known
            for known in (reader.sheet.symbols, scope.locals, reader.sheet.unspecified, reader.templates)
        )

    def apply(
        self,
        head: tree.Name,
        primes: int,
        values: list[Tensor],
        trees: list[tree.Expression],
        item: tree.Expression,
        scope: Scope,
    ) -> Tensor:
        reader, key = self.reader, head.key
        span = item.span.to(trees[-1].span) if trees else item.span
        symbol = scope.locals.get(key) or reader.sheet.symbols.get(key)
        if symbol is None and key in reader.templates:
            return functions.invoke_template(reader, head, values, trees, span)
        if symbol is not None and symbol.role is Role.FUNCTION:
            shaped = None if primes else self._with_these_shapes(head, symbol, values, trees)
            if shaped is not None:
                return shaped
            if primes:
                raise reader.fail(
                    "GS214", f"the derivative of '{head.text}' is not written with a prime here", item.span
                )
            return functions.invoke(reader, symbol, values, trees, span)
        if key in reader.sheet.unspecified:
            function = reader.sheet.unspecified[key]
            for _ in range(primes):
                function = function.prime()
            if len(values) != 1:
                raise reader.fail("GS209", f"'{head.text}' takes one argument, here are {len(values)}", span)
            return reader.rules.elementwise(lambda b: Call(function, tuple(b)), values, span, head.text)
        if key in ELEMENTWISE_SPELLINGS:
            record = ELEMENTWISE[ELEMENTWISE_SPELLINGS[key]]
            if record.name in {"max", "min"} and len(values) == 1:
                return functions.extreme(record.name, values[0])
            values = functions.fill_defaults(reader, record, values, span)
            if record.name == "log" and len(values) == 1 and functions.is_determinant(values[0]):
                return functions.log_determinant(values[0])
            return reader.rules.elementwise(
                lambda b: functions.differentiated(reader, record, tuple(b), primes, span),
                values,
                span,
                f"{head.text}(…)",
            )
        if key in ARRAY_SPELLINGS:
            if primes:
                raise reader.fail("GS214", f"the derivative of '{head.text}' is not written with a prime", item.span)
            record_array = ARRAY_OPERATIONS[ARRAY_SPELLINGS[key]]
            if len(values) != 1:
                raise reader.fail("GS209", f"'{head.text}' takes one argument, here are {len(values)}", span)
            return functions.array_function(reader, record_array, values[0], span)
        result = functions.special_on_tensors(reader, head, values, span)
        if result is None:
            raise reader.fail("GS209", f"'{head.text}' cannot be used this way", span)
        return result


def _function_head(item: tree.Expression) -> tuple[tree.Name | None, int, tree.Expression | None]:
    """`f`, `f'`, `f''`, `f²` as the head of an application: the name, its primes, its exponent."""
    match item:
        case tree.Name():
            return item, 0, None
        case tree.Prime(base=tree.Name() as name, count=count):
            return name, count, None
        case tree.Power(base=tree.Name() as name, exponent=exponent):
            return name, 0, exponent
        case _:
            return None, 0, None


def _split_postfix(item: tree.Expression) -> tuple[tree.Expression, list[tree.Expression]]:
    """A bracketed argument and the postfixes that belong to the result of the call: `f(b)²` is (f(b))²."""
    postfixes: list[tree.Expression] = []
    core = item
    while isinstance(core, (tree.Power, tree.Prime, tree.Transpose, tree.Subscript)):
        postfixes.append(core)
        core = core.base
    postfixes.reverse()
    return (core, postfixes) if isinstance(core, tree.Group) else (item, [])


def _symbolic(item: tree.Expression) -> bool:
    core, _ = (item.base, None) if isinstance(item, (tree.Power, tree.Subscript)) else (item, None)
    return isinstance(core, tree.Name)
