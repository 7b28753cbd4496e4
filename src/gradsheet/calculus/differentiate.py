"""∂ expression / ∂ one component of a symbol, by named rules; what has no rule is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.calculus import steps
from gradsheet.calculus.terms import is_index_condition
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    ArrayCall,
    Call,
    Condition,
    Configurations,
    Constant,
    Expr,
    Index,
    Integer,
    Invoke,
    Junction,
    Lambda,
    Multiply,
    Number,
    OverData,
    Partial,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Symbol,
    Unspecified,
    apply,
    number,
    rename_bound,
    replace_symbols,
    substitute,
    transform,
)
from gradsheet.operations import ARRAY_OPERATIONS, ELEMENTWISE, T

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradsheet.calculus.steps import Log, Rule
    from gradsheet.sheet.model import FunctionDefinition


class NoRuleError(Exception):
    """An operation whose derivative rule is missing; never a silent zero."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no derivative rule for {name}")
        self.name = name


class Differentiator:
    """Differentiates by one component symbol[at], logging each rule."""

    def __init__(
        self, symbol: Symbol, at: tuple[Affine, ...], functions: Mapping[Symbol, FunctionDefinition], log: Log
    ) -> None:
        self.symbol = symbol
        self.at = at
        self.functions = functions
        self.log = log

    def _note(self, rule: Rule, body: Expr, result: Expr, *conditions: str) -> Expr:
        self.log.add(rule, Partial(body, self.symbol, self.at), result, *conditions)
        return result

    def derivative(self, body: Expr) -> Expr:
        """∂body/∂symbol[at]; exactly zero only where the body does not contain the symbol."""
        if self.symbol not in body.symbols and not isinstance(body, Invoke):
            return ZERO_EXPR
        match body:
            case Access(at=at):
                return self._note(steps.VARIABLE, body, delta_product(at, self.at))
            case Number() | Constant() | Integer():
                return ZERO_EXPR
            case Add(terms=terms):
                kept = [self.derivative(t) for t in terms if self._depends(t)]
                return self._note(steps.SUM, body, kept[0] if len(kept) == 1 else Add(tuple(kept)))
            case Multiply(factors=factors):
                return self._product(body, factors)
            case Power():
                return self._power(body)
            case Call():
                return self._call(body)
            case Piecewise(condition=condition, then=then, otherwise=otherwise):
                result: Expr = Piecewise(condition, self.derivative(then), self.derivative(otherwise))
                guard = is_index_condition(condition)
                return self._note(steps.GUARD if guard else steps.PIECEWISE, body, result)
            case Reduce():
                return self._reduce(body)
            case Configurations(variable=variable, body=inner):
                return self._note(steps.CONFIGURATIONS, body, Configurations(variable, self.derivative(inner)))
            case ArrayCall(operation=operation, argument=argument):
                record = ARRAY_OPERATIONS[operation]
                result = record.differential(body, lambda at: self.derivative(apply(argument, at)))
                return self._note(steps.Rule(operation, record.sentence), body, result)
            case Invoke():
                return self._invoke(body)
            case OverData(kind=kind, body=inner):
                return self._note(steps.DATA, body, OverData(kind, self.derivative(inner)))
            case Partial():
                raise NoRuleError("a derivative that is not carried out")

    def _depends(self, body: Expr) -> bool:
        return self.symbol in body.symbols or _invokes(body)

    def _product(self, body: Expr, factors: tuple[Expr, ...]) -> Expr:
        terms: list[Expr] = []
        for k, factor in enumerate(factors):
            if self._depends(factor):
                terms.append(Multiply((*factors[:k], self.derivative(factor), *factors[k + 1 :])))
        return self._note(steps.PRODUCT, body, terms[0] if len(terms) == 1 else Add(tuple(terms)))

    def _power(self, body: Power) -> Expr:
        base, exponent = body.base, body.exponent
        if not self._depends(exponent):
            inner = self.derivative(base)
            if isinstance(exponent, Number):
                outer = lowered(base, exponent)
                return self._note(steps.POWER, body, Multiply((exponent, outer, inner)))
            reduced = Power(base, Add((exponent, number(-1))))
            return self._note(steps.POWER, body, Multiply((exponent, reduced, inner)))
        logarithm = Call("log", (base,))
        inner = Multiply((logarithm, self.derivative(exponent)))
        if self._depends(base):
            ratio = Multiply((exponent, Power(base, number(-1)), self.derivative(base)))
            inner = Add((inner, ratio))
        return self._note(steps.EXPONENTIAL, body, Multiply((body, inner)))

    def _call(self, body: Call) -> Expr:
        if body.function == "log" and isinstance(body.arguments[0], Multiply):
            return self._logarithm(body, body.arguments[0].factors)
        if isinstance(body.function, Unspecified):
            primed = body.function.prime()
            outer: list[Expr] = [Call(primed, body.arguments)]
            rule = steps.Rule(
                steps.CHAIN.name, f"{body.function.name} is not specified: its derivative stays {primed!r}"
            )
        else:
            record = ELEMENTWISE.get(body.function)
            if record is None or record.derivative is None:
                raise NoRuleError(body.function)
            outer = [t.expr for t in record.derivative(*(T(a) for a in body.arguments), T(body))]
            rule = steps.Rule(record.name, record.sentence)
        terms: list[Expr] = []
        for partial, argument in zip(outer, body.arguments, strict=True):
            if self._depends(argument):
                terms.append(Multiply((partial, self.derivative(argument))))
        return self._note(rule, body, terms[0] if len(terms) == 1 else Add(tuple(terms)))

    def _logarithm(self, body: Call, factors: tuple[Expr, ...]) -> Expr:
        """(log Π fᵏ)' = Σ k f'/f: the other factors cancel."""
        terms: list[Expr] = []
        for factor in factors:
            if not self._depends(factor):
                continue
            base, times = factor, ONE_EXPR
            if isinstance(factor, Power) and isinstance(factor.exponent, Number):
                base, times = factor.base, factor.exponent
            terms.append(Multiply((times, Power(base, number(-1)), self.derivative(base))))
        return self._note(steps.LOGARITHM, body, terms[0] if len(terms) == 1 else Add(tuple(terms)))

    def _reduce(self, body: Reduce) -> Expr:
        index, inner = body.index, body.body
        match body.kind:
            case "sum":
                return self._note(steps.SUM, body, Reduce("sum", index, self.derivative(inner)))
            case "prod":
                other = index.fresh()
                others = Piecewise(
                    Relation("=", Integer(Affine.atom(other)), Integer(Affine.atom(index))),
                    ONE_EXPR,
                    substitute(rename_bound(inner), {index: Affine.atom(other)}),
                )
                result: Expr = Reduce("sum", index, Multiply((self.derivative(inner), Reduce("prod", other, others))))
                return self._note(steps.FACTORS, body, result)
            case "max" | "min":
                sign: Expr = number(1 if body.kind == "max" else -1)
                argument = Lambda((index,), inner if body.kind == "max" else Multiply((sign, inner)))
                chosen = ArrayCall("argmaximum", argument, (Affine.atom(index),))
                result = Reduce("sum", index, Multiply((chosen, self.derivative(inner))))
                return self._note(steps.EXTREME, body, result, "at a tie the first entry counts")

    def _invoke(self, body: Invoke) -> Expr:
        unfolded = unfold(body, self.functions)
        if self.symbol not in unfolded.symbols and not _invokes(unfolded):
            return ZERO_EXPR
        return self._note(steps.UNFOLD, body, self.derivative(unfolded))


def _invokes(body: Expr) -> bool:
    """Whether the sheet's own functions are called below: their bodies may hold the symbol."""
    return any(s.parameters for s in body.symbols)


def unfold(body: Invoke, functions: Mapping[Symbol, FunctionDefinition]) -> Expr:
    """f(a) by its definition."""
    definition = functions[body.function]
    result = apply(rename_bound(definition.body), body.at)
    mapping = {
        formal: (lambda at, argument=argument: apply(argument, at))
        for formal, argument in zip(definition.formals, body.arguments, strict=True)
    }
    replaced: Expr = replace_symbols(result, mapping)
    return replaced


def unfold_all(body: Expr, functions: Mapping[Symbol, FunctionDefinition]) -> Expr:
    """Every call of a function of the sheet by its definition."""

    def rewrite(node: object) -> object:
        if isinstance(node, Invoke):
            return unfold_all(unfold(node, functions), functions)
        return node

    if not _invokes(body):
        return body
    result: Expr = transform(body, rewrite)  # type: ignore[arg-type]
    return result


def lowered(base: Expr, exponent: Number) -> Expr:
    """base^(n−1), with base¹ and base⁰ as they are read."""
    value = exponent.value - 1
    if value == 1:
        return base
    return ONE_EXPR if value == 0 else Power(base, number(value))


def delta_product(a: tuple[Affine, ...], b: tuple[Affine, ...]) -> Expr:
    """1 where all indices agree, else 0."""
    conditions: list[Condition] = [Relation("=", Integer(x), Integer(y)) for x, y in zip(a, b, strict=True) if x != y]
    if not conditions:
        return ONE_EXPR
    condition = conditions[0] if len(conditions) == 1 else Junction("and", tuple(conditions))
    return Piecewise(condition, ONE_EXPR, ZERO_EXPR)


__all__ = ["Differentiator", "Index", "NoRuleError", "delta_product", "unfold", "unfold_all"]
