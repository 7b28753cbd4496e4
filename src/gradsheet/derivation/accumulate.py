"""Reverse accumulation over the equation graph: one adjoint per symbol, the sum over its uses."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gradsheet.calculus import Carried, Differentiator, Log, NoRuleError, Simplifier, cost, steps
from gradsheet.calculus.configurations import expectations
from gradsheet.calculus.folding import fold_quotient
from gradsheet.calculus.pattern import Pattern, pattern_of
from gradsheet.calculus.terms import split
from gradsheet.derivation.model import Adjoint
from gradsheet.derivation.sentences import headline
from gradsheet.diagnostics import Diagnostic, SheetError
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    AnyNode,
    ArrayCall,
    Configurations,
    Expr,
    Index,
    Integer,
    Junction,
    Multiply,
    Partial,
    Piecewise,
    Reduce,
    Relation,
    Role,
    Symbol,
    key,
    number,
    replace_symbols,
    substitute,
    transform,
    walk,
)
from gradsheet.records import dataclass
from gradsheet.sheet import Equation, derivative_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gradsheet.calculus import Step
    from gradsheet.derivation.graph import Graph

    Seed = Callable[[tuple[Affine, ...], tuple[Affine, ...]], Expr]


@dataclass(frozen=True, slots=True)
class _Use:
    """One place where an equation uses a variable, the equation's indices renamed so that none clashes."""

    equation: Equation
    wrt: Symbol
    place: tuple[Affine, ...]
    indices: tuple[Index, ...]
    body: Expr
    pattern: tuple[Affine, ...]


class Accumulator:
    """Derives the adjoints of one target; `registry` holds the symbol of every derivative that has a name."""

    def __init__(
        self,
        graph: Graph,
        row_sums: Mapping[Symbol, str],
        registry: dict[tuple[Symbol, tuple[Symbol, ...]], Symbol],
        cotangents: Mapping[Symbol, Symbol] | None = None,
    ) -> None:
        self.graph = graph
        self.distributions = {d.partition: d for d in graph.distributions}
        self.row_sums = row_sums
        self.registry = registry
        self.named = set(registry.values())
        self.cotangents = dict(cotangents or {})
        self.bodies: dict[Symbol, Adjoint] = {}
        self.known: dict[tuple[Any, ...], tuple[Expr, tuple[Step, ...], Pattern]] = {}
        """Contributions by their pattern: identical layers are derived once and renamed."""
        self.path: set[Symbol] = set()
        self.active: set[Symbol] = set()

    # ------------------------------------------------------------ symbols

    def adjoint_symbol(self, of: Symbol, wrt: Symbol) -> Symbol:
        """The symbol of ∂of/∂wrt: its axes are those of `of`, then those of `wrt`."""
        root, by = of.adjoint_of or (of, ())
        identity = (root, (*by, wrt))
        known = self.registry.get(identity)
        if known is not None:
            return known
        if self.cotangents:
            name = f"{wrt.name[0]}̄{wrt.name[1:]}"
            axes = _copied(wrt.axes)
        else:
            name = derivative_name(root, (*by, wrt))
            axes = (*_copied(of.axes), *_copied(wrt.axes))
        leading, symmetric = (0, False) if of.axes else (wrt.leading, wrt.symmetric)
        symbol = Symbol(name, axes, Role.ADJOINT, leading, wrt.row, symmetric=symmetric, adjoint_of=identity)
        self.registry[identity] = symbol
        return symbol

    # ------------------------------------------------------------ the walk

    def run(self, of: Symbol, wrt: Sequence[Symbol]) -> list[Adjoint]:
        """Adjoints of `of` by every symbol between, from the last equation back, then by `wrt` in their order."""
        path = self.graph.between(wrt, of)
        self.path, self.active = set(path), {*path, *wrt}
        order = [s for s in reversed(path) if s is not of and s not in wrt]
        return _interleaved([self._adjoint(of, v) for v in order], [self._adjoint(of, v) for v in wrt])

    def pull_back(self, wrt: Sequence[Symbol]) -> list[Adjoint]:
        """Adjoints for upstream gradients of several results at once."""
        self.path = {s for target in self.cotangents for s in self.graph.between(wrt, target)}
        self.active = {*self.path, *wrt}
        order = sorted(self.path - set(wrt), key=lambda s: -self.graph.position[s])
        anchor = next(iter(self.cotangents))
        inner = [s for s in order if s not in self.cotangents or self._has_users(s)]
        return _interleaved([self._adjoint(anchor, v) for v in inner], [self._adjoint(anchor, v) for v in wrt])

    def _has_users(self, symbol: Symbol) -> bool:
        return any(e.symbol in self.path for e in self.graph.users.get(symbol, ()))

    def _adjoint(self, of: Symbol, wrt: Symbol) -> Adjoint:
        log = Log()
        symbol = self.adjoint_symbol(of, wrt)
        if not of.axes and symbol not in self.named:
            self._restrict(symbol, wrt)
        indices = _copied(symbol.axes)
        at = tuple(Affine.atom(i) for i in indices)
        outer, place = at[: len(at) - wrt.rank], at[len(at) - wrt.rank :]
        parts: list[Expr] = []
        uses: list[Symbol] = []
        for equation in self.graph.users.get(wrt, ()):
            if equation.symbol not in self.path:
                continue
            parts.append(self._contribution(of, wrt, equation, outer, place, log))
            if equation.symbol not in uses:
                uses.append(equation.symbol)
        if wrt in self.cotangents:
            parts.insert(0, Access(self.cotangents[wrt], place))
        body = parts[0] if len(parts) == 1 else self._joined(parts, log)
        body = self._named_weights(body, log)
        self._compare(parts, uses, body, log)
        if wrt.symmetric and wrt.role is Role.INPUT and wrt.rank == 2:
            body = self._symmetric(body, indices, log)
        by = (*(of.adjoint_of or (of, ()))[1], wrt)
        equation = Equation(symbol, at, indices, body, None, self._facts(wrt))
        linear = all(wrt not in p.symbols for p in parts)
        adjoint = Adjoint(of, by, equation, headline(log, wrt, uses, linear=linear), tuple(uses), log.conditions, log)
        self.bodies[symbol] = adjoint
        return adjoint

    def _facts(self, wrt: Symbol) -> tuple[Affine, ...]:
        """The ranges of the equations that use a symbol are not empty."""
        found: dict[Affine, None] = {}
        for equation in self.graph.users.get(wrt, ()):
            sums = [n.index for n in walk(self.graph.body(equation)) if isinstance(n, Reduce)]
            for index in (*equation.free, *sums):
                gap = index.high - index.low
                if gap.terms and not any(isinstance(a, Index) for a in gap.atoms()):
                    found[gap] = None
        return tuple(found)

    def _named_weights(self, body: Expr, log: Log) -> Expr:
        """exp(A(x))/Z is p(x), also where it was there before anything was put in."""
        for partition, distribution in self.distributions.items():
            if partition not in body.symbols:
                continue
            simplifier = Simplifier(self.row_sums)
            opened = simplifier.tidy(body, expand=True)
            found = expectations(opened, distribution, simplifier)
            while found is not (again := expectations(found, distribution, simplifier)):
                found = again
            result = simplifier.simplify(found)
            if found is not opened and cost(result) < cost(body):
                log.add(steps.EXPECTATION, body, result)
                body = result
        return body

    def _compare(self, parts: Sequence[Expr], uses: Sequence[Symbol], body: Expr, log: Log) -> None:
        """What the data say, and its expectation under the model, side by side."""
        if steps.EXPECTATION not in log.rules or len(parts) < 2:
            return
        model = [p for p, u in zip(parts, uses, strict=False) if u in self.distributions]
        data = [p for p in parts if p not in model]
        if not model or not data or any(isinstance(n, Configurations) for p in data for n in walk(p)):
            return
        signs = {t.coefficient < 0 for part in model for t in split(part, expand=False)}
        if len(signs) == 1:
            log.add(steps.DATA_MINUS_MODEL if signs == {True} else steps.MODEL_MINUS_DATA, body, body)

    def _joined(self, parts: list[Expr], log: Log) -> Expr:
        if not parts:
            return ZERO_EXPR
        total = Add(tuple(parts))
        result = Simplifier(self.row_sums, log).simplify(total)
        log.add(steps.USES, total, result)
        return result

    def _symmetric(self, body: Expr, indices: tuple[Index, ...], log: Log) -> Expr:
        i, j = indices[-2], indices[-1]
        swapped = substitute(body, {i: Affine.atom(j), j: Affine.atom(i)})
        half = number(1) if key(swapped) == key(body) else None
        result = (
            body
            if half is not None
            else Simplifier(self.row_sums, log).simplify(Multiply((number(Fraction(1, 2)), Add((body, swapped)))))
        )
        log.add(steps.SYMMETRIC, body, result, "the variable is symmetric")
        return result

    def _restrict(self, symbol: Symbol, wrt: Symbol) -> None:
        """Where base cases of a family do not depend on the parameters, its adjoint is not needed there."""
        clauses = self.graph.clauses.get(wrt, [])
        needed = [c for c in clauses if self.graph.body(c).symbols & self.active]
        if len(clauses) < 2 or len(needed) != 1:
            return
        axes = list(symbol.axes)
        for position, place in enumerate(needed[0].pattern[: wrt.leading]):
            index = place.single
            if isinstance(index, Index) and index.range != axes[position].range:
                narrowed = Index(axes[position].name, *index.range)
                mapping = {axes[position]: Affine.atom(narrowed)}
                axes[position] = narrowed
                for k in range(position + 1, len(axes)):
                    a = axes[k]
                    axes[k] = Index(a.name, a.low.substitute(mapping), a.high.substitute(mapping))
        symbol.axes = tuple(axes)

    # ------------------------------------------------------------ one use

    def _contribution(
        self,
        of: Symbol,
        wrt: Symbol,
        equation: Equation,
        outer: tuple[Affine, ...],
        place: tuple[Affine, ...],
        log: Log,
    ) -> Expr:
        indices, mapping = _fresh(equation.free)
        body = substitute(self.graph.body(equation), mapping)
        pattern = tuple(p.substitute(mapping) for p in equation.pattern)
        written = self._upstream(of, equation.symbol, outer, pattern)
        earlier = self._known(of, equation.symbol, outer, pattern)
        whole = _summed(indices, Multiply((written, Partial(body, wrt, place))))
        shape = self._pattern(whole, earlier, equation.symbol, wrt)
        if shape is not None and shape.key in self.known:
            result, entries, template = self.known[shape.key]
            rename = shape.renaming(template)
            log.extend([Carried(entries, rename)])
            return rename(result)
        own = Log()
        result = self._derived(_Use(equation, wrt, place, indices, body, pattern), written, earlier, own)
        log.extend(own.entries)
        if shape is not None and not own.conditions:
            self.known[shape.key] = (result, tuple(own.steps), shape)
        return result

    def _pattern(self, whole: Expr, earlier: Expr | None, user: Symbol, wrt: Symbol) -> Pattern | None:
        """The shape of a contribution without its names, if names are all that two layers differ in."""
        nodes = [whole] if earlier is None else [whole, earlier]
        shape = pattern_of(nodes, (user, wrt), self.row_sums)
        return shape if shape.usable else None

    def _derived(self, use: _Use, written: Expr, earlier: Expr | None, log: Log) -> Expr:
        equation, indices = use.equation, use.indices
        try:
            inner = Differentiator(use.wrt, use.place, self.graph.functions, log).derivative(use.body)
        except NoRuleError as error:
            span = equation.syntax.span if equation.syntax else None
            raise SheetError(
                (Diagnostic("GS501", f"{error} in the equation of {equation.symbol.name}", span),)
            ) from None
        folded = fold_output(inner, use.body, equation.symbol, use.pattern, indices)
        name = (equation.symbol, use.pattern)
        folded = fold_quotient(folded, use.body, name, indices, Simplifier(self.row_sums))
        if folded is not inner:
            log.add(steps.FOLD, inner, folded)
        whole = _summed(indices, Multiply((written, folded)))
        if equation.symbol in self.distributions and earlier is not None:
            expected = self._expectation(equation.symbol, whole, _summed(indices, Multiply((earlier, folded))), log)
            if expected is not None:
                return expected
        plain = Simplifier(self.row_sums, log).simplify(whole)
        if earlier is None or written is ONE_EXPR:
            return plain
        trial = Log()
        put_in = Simplifier(self.row_sums, trial).simplify(_summed(indices, Multiply((earlier, folded))))
        if not earlier.symbols or _simpler(put_in, plain):
            log.add(steps.SUBSTITUTE, plain, put_in)
            log.extend(trial.entries)
            return put_in
        return plain

    def _expectation(self, partition: Symbol, plain: Expr, put_in: Expr, log: Log) -> Expr | None:
        """∂L/∂Z with its 1/Z put in turns Σ exp(A) A' into Σ p A'; None where there is no 1/Z."""
        trial = Log()
        simplifier = Simplifier(self.row_sums, trial)
        simple = simplifier.simplify(put_in)
        expected = expectations(simple, self.distributions[partition], simplifier)
        if expected is simple:
            return None
        log.add(steps.SUBSTITUTE, plain, put_in)
        log.extend(trial.entries)
        log.add(steps.EXPECTATION, simple, expected)
        return Simplifier(self.row_sums, log).simplify(expected)

    def _upstream(self, of: Symbol, user: Symbol, outer: tuple[Affine, ...], pattern: tuple[Affine, ...]) -> Expr:
        if user in self.cotangents and not self._has_users(user):
            return Access(self.cotangents[user], pattern)
        if user is of and not self.cotangents:
            return _delta(outer, pattern)
        return Access(self.adjoint_symbol(of, user), (*outer, *pattern))

    def _known(self, of: Symbol, user: Symbol, outer: tuple[Affine, ...], pattern: tuple[Affine, ...]) -> Expr | None:
        """The body of an adjoint that was derived before, at given indices."""
        if (user is of and not self.cotangents) or (user in self.cotangents and not self._has_users(user)):
            return None
        known = self.bodies.get(self.adjoint_symbol(of, user))
        if known is None:
            return None
        result: Expr = substitute(known.equation.body, dict(zip(known.equation.free, (*outer, *pattern), strict=True)))
        return result


def _interleaved(inner: list[Adjoint], parameters: list[Adjoint]) -> list[Adjoint]:
    """Each parameter's adjoint right after that of the last definition that uses it, as on paper."""
    place = {a.wrt[-1]: k for k, a in enumerate(inner)}
    after: dict[int, list[Adjoint]] = {}
    for adjoint in parameters:
        used = [place[s] for s in adjoint.uses if s in place]
        after.setdefault(max(used, default=-1), []).append(adjoint)
    result = list(after.get(-1, ()))
    for k, adjoint in enumerate(inner):
        result.append(adjoint)
        result.extend(after.get(k, ()))
    return result


def _simpler(put_in: Expr, plain: Expr) -> bool:
    # A rule that was worth naming (a row sum, a cancellation) must leave less to write.
    return cost(put_in) < cost(plain)


def _copied(axes: Iterable[Index]) -> tuple[Index, ...]:
    return _fresh(tuple(axes))[0]


def _fresh(indices: tuple[Index, ...]) -> tuple[tuple[Index, ...], dict[Index, Affine]]:
    mapping: dict[Index, Affine] = {}
    result = []
    for index in indices:
        new = Index(index.name, index.low.substitute(mapping), index.high.substitute(mapping))
        mapping[index] = Affine.atom(new)
        result.append(new)
    return tuple(result), mapping


def _summed(indices: Sequence[Index], body: Expr) -> Expr:
    for index in reversed(indices):
        body = Reduce("sum", index, body)
    return body


def _delta(a: tuple[Affine, ...], b: tuple[Affine, ...]) -> Expr:
    if not a:
        return ONE_EXPR
    relations = tuple(Relation("=", Integer(x), Integer(y)) for x, y in zip(a, b, strict=True))
    condition = relations[0] if len(relations) == 1 else Junction("and", relations)
    return Piecewise(condition, ONE_EXPR, ZERO_EXPR)


def fold_output(
    inner: Expr, body: Expr, symbol: Symbol, pattern: tuple[Affine, ...], indices: tuple[Index, ...]
) -> Expr:
    """Write the derivative with the output: 1 − tanh(z)² becomes 1 − h², softmax(z)[k] becomes ŷ[k]."""
    output = Access(symbol, pattern)
    argument_key = key(body.argument) if isinstance(body, ArrayCall) else None
    free_at = [a.single for a in body.at] if isinstance(body, ArrayCall) else []
    if isinstance(body, (Access, Multiply, Add)) and body not in set(walk(inner)):
        return inner

    def rewrite(node: AnyNode) -> AnyNode:
        if node is body and not isinstance(body, Access):
            return output
        if (
            isinstance(node, ArrayCall)
            and isinstance(body, ArrayCall)
            and node.operation == body.operation
            and all(isinstance(a, Index) and a in indices for a in free_at)
            and key(node.argument) == argument_key
        ):
            moved = dict(zip(free_at, node.at, strict=True))
            return Access(symbol, tuple(p.substitute(moved) for p in pattern))
        return node

    return transform(inner, rewrite)  # type: ignore[no-any-return]


__all__ = ["Accumulator", "fold_output", "replace_symbols"]
