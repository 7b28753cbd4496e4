"""Equations with sums over configurations, as they are differentiated: free energies, log Z, probabilities.

Three rules, each a statement that is shown and verified against the author's own sum: a sum over a product set
factorises where the exponent has one term for each unit; the logarithm of a quotient is a difference; a partition
function that keeps its terms has a name, and exp(A(x))/Z is called p(x).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.calculus import Log, Simplifier, steps, unfold, unfold_all
from gradsheet.calculus.configurations import (
    Chance,
    Coupled,
    Distribution,
    Factorised,
    exponential,
    factorised,
    nested,
    over,
)
from gradsheet.calculus.variables import copies, formal_arguments, invoked, renaming
from gradsheet.derivation.statements import Partition, Statement
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    AnyNode,
    ArrayCall,
    Call,
    Configurations,
    Expr,
    Integer,
    Invoke,
    Lambda,
    Multiply,
    Number,
    Piecewise,
    Power,
    Reduce,
    Relation,
    Role,
    Symbol,
    children,
    key,
    number,
    replace_symbols,
    substitute,
    transform,
    walk,
)
from gradsheet.expressions.nodes import with_children
from gradsheet.records import dataclass
from gradsheet.sheet import Equation, FunctionDefinition

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradsheet.sheet import Sheet

    Setting = Callable[[tuple[Affine, ...]], Expr]

_MINUS_ONE = number(-1)


@dataclass(frozen=True, slots=True)
class _Named:
    """A sum that keeps its terms, under the name of its equation."""

    symbol: Symbol
    pattern: tuple[Affine, ...]


@dataclass(frozen=True, slots=True)
class _Joint:
    """The exponent of a sum over several variables, and what else it holds."""

    variables: tuple[Symbol, ...]
    formals: tuple[Symbol, ...]
    exponent: Expr


def partition(sheet: Sheet) -> Partition:
    """The equations of a sheet, those with sums over configurations in the form in which they are differentiated."""
    result = Partition(sheet, dict(sheet.functions))
    finite = any(s.domain.kind in {"finite", "onehot"} or (s.is_integer and s.rank) for s in sheet.symbols.values())
    bodies: list[Expr] = [e.body for e in sheet.equations] if finite else []
    bodies += [d.body.body for d in sheet.functions.values()] if finite else []
    if any(_has_sums(b) for b in bodies):
        _Worker(result).work()
    else:
        result.equations = list(sheet.equations)
    return result


def _has_sums(body: AnyNode) -> bool:
    return any(isinstance(n, Configurations) for n in walk(body))


class _Worker:
    """Works out the sums of one sheet."""

    def __init__(self, result: Partition) -> None:
        self.result = result
        self.sheet = result.sheet
        self.functions = result.functions
        self.taken = {s.name for s in self.sheet.symbols.values()} | set(self.sheet.sizes)
        self.log = Log()
        self.eliminated: set[str] = set()
        """Names of variables that a function of the sheet sums out: they are summed out elsewhere too."""
        self.energies: dict[object, Symbol] = {}
        self.named: dict[object, _Named] = {}
        self.logarithms: dict[Symbol, tuple[Equation, Expr]] = {}
        self.joints: list[_Joint] = []
        self.partitions: list[Equation] = []
        self.closed: dict[object, Expr] = {}
        """Sums that factorise as a whole, with their logarithms."""
        self.coupling: Expr | None = None
        self.waiting: list[Equation] = []
        self.special = self._special()

    def _special(self) -> set[Symbol]:
        """Partition functions, and functions that use a sum over configurations or a partition function."""
        sums = {e.symbol for e in self.sheet.equations if _is_partition(e, self.functions)}
        bodies = {s: unfold_all(d.body.body, self.functions) for s, d in self.functions.items()}
        return sums | {s for s, body in bodies.items() if _has_sums(body) or body.symbols & sums}

    def work(self) -> None:
        self.waiting = []
        for symbol, definition in list(self.functions.items()):
            self.function(symbol, definition)
        made = self.waiting
        order = sorted(self.sheet.equations, key=lambda e: e.symbol not in self.special)
        done = {equation: self.equation(equation) for equation in order}
        for equation in self.sheet.equations:
            for e in done[equation]:
                used = unfold_all(e.body, self.functions).symbols
                self.result.equations += [m for m in made if m.symbol in used]
                made = [m for m in made if m.symbol not in used]
                self.result.equations.append(e)
        self.result.equations += made
        for equation in self.sheet.equations:
            new = self.result.rewritten.get(equation, equation)
            if key(unfold_all(new.body, self.functions)) != key(unfold_all(equation.body, self.sheet.functions)):
                self.result.rewritten[equation] = new
        for equation in self.partitions:
            self.distribution(equation)
        self.conditionals()
        self.result.statements.sort(key=self.rank)

    def rank(self, statement: Statement) -> int:
        """Free energies, conditional probabilities, partition functions, probabilities, what is made of them."""
        symbol = statement.equation.symbol
        if statement.event is not None:
            return 1
        if symbol.parameters:
            return 3 if statement.rule == steps.PROBABILITY.sentence else 0
        return 2 if symbol in self.special else 4

    # ------------------------------------------------------------ functions and equations

    def function(self, symbol: Symbol, definition: FunctionDefinition) -> None:
        """p(v) = Σ_h exp(−E(v, h))/Z becomes exp(−F(v))/Z."""
        if not _has_sums(definition.body.body):
            return
        self.log, before = Log(), len(self.result.statements)
        body = self.logs(self.sums(definition.body.body, definition.formals))
        if key(body) == key(definition.body.body):
            return
        body = Simplifier(self.sheet.row_sums).simplify(self.closed_sums(body))
        function = Lambda(definition.body.indices, body)
        own = _is_own(body, definition.formals)
        if own is not None and len(self.result.statements) > before:
            # The author's function is the free energy itself: it keeps its name.
            made = self.functions.pop(own)
            mapping = renaming(made.formals, definition.formals)
            function = Lambda((), replace_symbols(made.body.body, mapping))
            self.energies = {k: symbol if s is own else s for k, s in self.energies.items()}
            self.taken.discard(own.name)
            said = self.result.statements.pop()
            del self.result.statements[before:]
            check = said.check and (invoked(symbol, definition.formals), replace_symbols(said.check[1], mapping))
            equation = Equation(symbol, (), (), function.body, None)
            self.result.statements.append(replace(said, equation=equation, check=check, over=definition.formals))
        self.functions[symbol] = replace(definition, body=function)

    def equation(self, equation: Equation) -> list[Equation]:
        """An equation in its new form, after those that it needs."""
        opened = unfold_all(equation.body, self.sheet.functions)
        if not (_has_sums(opened) or opened.symbols & self.special):
            return [equation]
        self.log, self.waiting, self.coupling = Log(), [], None
        body = self.sums(equation.body, ())
        if not nested(body)[0]:
            body = self.closed_sums(self.logs(body))
        new = equation
        if key(body) != key(equation.body):
            shown = body if key(body) in self.closed else Simplifier(self.sheet.row_sums).simplify(body)
            self.log.add(steps.PARTITION, equation.body, shown)
            new = replace(equation, body=shown)
            self.result.rewritten[equation] = new
        if equation.symbol in self.special and not equation.symbol.parameters:
            self.partition_function(new)
        inner = tuple(dict.fromkeys(n.variable for n in walk(new.body) if isinstance(n, Configurations)))
        if new is not equation or inner:
            self.state(new, self.log, kept=inner, coupling=self.coupling)
        return [*self.waiting, new]

    def state(
        self, equation: Equation, log: Log, *, kept: tuple[Symbol, ...] = (), coupling: Expr | None = None
    ) -> None:
        """Add an equation to what is shown."""
        statement = Statement(equation, _sentences(log), log, kept=kept, coupling=coupling)
        self.result.statements.append(statement)

    def partition_function(self, equation: Equation) -> None:
        """Z by its equation: as a name for its sum, or as a closed form whose logarithm is known."""
        kept, _ = nested(equation.body)
        if kept:
            self.name(equation)
            return
        known = self.closed.get(key(equation.body))
        if known is not None:
            self.logarithms[equation.symbol] = (equation, known)
            return
        parts = exponential(equation.body)
        if parts is None or _has_sums(equation.body):
            return
        factors, exponent = parts
        logs = [Call("log", (f,)) for f in factors if f is not ONE_EXPR]
        self.logarithms[equation.symbol] = (equation, Add((exponent, *logs)) if logs else exponent)

    def name(self, equation: Equation) -> None:
        """Z[i] = Σ_x exp(A(x)): what the sum is called from here on."""
        identity = key(equation.body, {i: n for n, i in enumerate(equation.free)})
        self.named.setdefault(identity, _Named(equation.symbol, equation.pattern))
        self.partitions.append(equation)

    def distribution(self, equation: Equation) -> None:
        """p(x) = exp(A(x))/Z for a sum that keeps its terms: the sheet's own function, or a new one."""
        variables, core = nested(equation.body)
        parts = exponential(unfold_all(core, self.functions))
        if parts is None or any(v in f.symbols for f in parts[0] for v in variables):
            return
        inverse = Power(Access(equation.symbol, equation.pattern), _MINUS_ONE)
        symbol = self._authors_probability(variables, parts[1], equation) if not equation.free else None
        if symbol is None:
            symbol = self._probability(variables, Multiply((core, inverse)), equation)
        self.result.distributions.append(
            Distribution(equation.symbol, equation.pattern, equation.free, tuple(variables), parts[1], symbol)
        )

    def _authors_probability(self, variables: Sequence[Symbol], exponent: Expr, equation: Equation) -> Symbol | None:
        """A function of the sheet that is exp(A(x))/Z."""
        simplifier = Simplifier(self.sheet.row_sums)
        wanted = key(simplifier.tidy(exponent, expand=True), {v: n for n, v in enumerate(variables)})
        for symbol, definition in self.functions.items():
            if len(definition.formals) != len(variables) or definition.body.indices:
                continue
            parts = exponential(unfold_all(definition.body.body, self.functions))
            if parts is None or parts[0] != (Power(Access(equation.symbol, ()), _MINUS_ONE),):
                continue
            own = key(simplifier.tidy(parts[1], expand=True), {f: n for n, f in enumerate(definition.formals)})
            if own == wanted:
                return symbol
        return None

    def _probability(self, variables: Sequence[Symbol], body: Expr, equation: Equation) -> Symbol:
        """A new function p(x) = exp(A(x))/Z."""
        formals = formal_arguments(variables)
        axes = copies(equation.free)
        moved = substitute(body, {i: Affine.atom(a) for i, a in zip(equation.free, axes, strict=True)})
        moved = replace_symbols(moved, renaming(variables, formals))
        symbol = self._function("p", formals, Lambda(axes, moved))
        log = Log()
        log.add(steps.PROBABILITY, body, body)
        self.result.statements.append(Statement(
            Equation(symbol, tuple(Affine.atom(a) for a in axes), axes, moved, None), steps.PROBABILITY.sentence, log,
        ))  # fmt: skip
        return symbol

    def _function(self, name: str, formals: tuple[Symbol, ...], body: Lambda) -> Symbol:
        symbol = Symbol(self._fresh(name), (), Role.FUNCTION, parameters=formals)
        self.functions[symbol] = FunctionDefinition(symbol, formals, body, None)
        return symbol

    def _fresh(self, name: str) -> str:
        """The name, or the name with the first number that leaves it free."""
        candidates = [name, *(f"{name}{n}" for n in range(1, 1000))]
        found = next(c for c in candidates if c not in self.taken)
        self.taken.add(found)
        return found

    # ------------------------------------------------------------ sums

    def sums(self, body: Expr, formals: tuple[Symbol, ...]) -> Expr:
        """Every sum over configurations, factorised as far as it goes."""
        if not _has_sums(body):
            return body
        if isinstance(body, Configurations):
            return self.nest(body, formals)
        below = children(body)
        result: Expr = with_children(body, tuple(self.sums(c, formals) for c in below))  # type: ignore[arg-type]
        return result

    def nest(self, body: Configurations, formals: tuple[Symbol, ...], *, logarithm: bool = False) -> Expr:
        """Sums directly inside each other: what can be summed out is; in a logarithm, factors stand before the sum."""
        variables, written = nested(body)
        core = self.sums(self.opened(written), (*formals, *variables))
        parts = exponential(unfold_all(core, self.functions))
        if parts is None or any(set(variables) & f.symbols for f in parts[0]):
            return over(variables, written if core is self.opened(written) else core)
        exponent = parts[1]
        factors, own = exponential(core) or parts
        self.joints.append(_Joint(tuple(variables), tuple(f for f in formals if f in exponent.symbols), exponent))
        remaining = list(variables)
        begin = len(self.log.entries)
        coupling: Expr | None = None
        progress = True
        while progress:
            progress = False
            for variable in sorted(remaining, key=lambda v: (v.name not in self.eliminated, -variables.index(v))):
                found = factorised(exponent, variable, Simplifier(self.sheet.row_sums))
                if isinstance(found, Coupled):
                    coupling = found.term
                    continue
                progress = True
                before = Configurations(variable, Call("exp", (exponent,)))
                self.log.add(_factorisation(variable), before, Call("exp", (found.total,)))
                exponent = found.total
                remaining.remove(variable)
                if formals:
                    self.eliminated.add(variable.name)
                break
        self.coupling = coupling if remaining else self.coupling
        loose = tuple(f for f in factors if not set(remaining) & f.symbols)
        if len(remaining) == len(variables):
            if not loose or not logarithm:
                return over(variables, written if core is self.opened(written) else core)
            weights = [f for f in _flat(core) if f not in loose]
            return Multiply((*loose, over(variables, weights[0] if len(weights) == 1 else Multiply(tuple(weights)))))
        bound = [s for s in (*formals, *variables) if s in exponent.symbols]
        summed = [v for v in variables if v not in remaining]
        if bound and not exponent.free:
            exponent = self.energy(exponent, bound, over(summed, Call("exp", (own,))), Log(self.log.entries[begin:]))
        weight = _exp(exponent)
        if not remaining and not factors:
            self.closed[key(weight)] = exponent
        result = over(remaining, weight)
        return Multiply((*loose, result)) if loose else result

    def opened(self, body: Expr) -> Expr:
        """Functions that hold a sum or a partition function, by their definitions."""

        def rewrite(node: AnyNode) -> AnyNode:
            if isinstance(node, Invoke) and node.function in self.special:
                return unfold(node, self.functions)
            return node

        if not body.symbols & self.special:
            return body
        result: Expr = transform(body, rewrite)
        return result

    def closed_sums(self, body: Expr) -> Expr:
        """Sums over everything that stand inside an expression get names: the denominator of a probability."""
        if isinstance(body, Configurations):
            whole = not any(s.role is Role.LOCAL for s in body.symbols)
            return self._name_of(body) if whole and not body.free else body
        if not _has_sums(body):
            return body
        result: Expr = with_children(body, tuple(self.closed_sums(c) for c in children(body)))  # type: ignore[arg-type]
        return result

    def energy(self, exponent: Expr, bound: Sequence[Symbol], direct: Expr, log: Log) -> Expr:
        """−F(x) for an exponent: F is the free energy; the log says what was summed out."""
        simplifier = Simplifier(self.sheet.row_sums)
        identity = key(simplifier.tidy(exponent, expand=True), {s: n for n, s in enumerate(bound)})
        known = self.energies.get(identity)
        if known is None:
            formals = formal_arguments(bound)
            mapping = renaming(bound, formals)
            negative = simplifier.simplify(Multiply((_MINUS_ONE, exponent)))
            body = replace_symbols(negative, mapping)
            known = self._function("F", formals, Lambda((), body))
            self.energies[identity] = known
            own = Multiply((_MINUS_ONE, Call("log", (replace_symbols(direct, mapping),))))
            check = (invoked(known, formals), own)
            rule = _sentences(log)
            self.result.statements.append(
                Statement(Equation(known, (), (), body, None), rule, log, check=check, over=formals)
            )
        return Multiply((_MINUS_ONE, invoked(known, bound)))

    # ------------------------------------------------------------ logarithms

    def logs(self, body: Expr) -> Expr:
        """log(a/b) = log a − log b wherever a sum over configurations stands in it."""

        def rewrite(node: AnyNode) -> AnyNode:
            if isinstance(node, Call) and node.function == "log":
                return self.logarithm(node)
            return node

        result: Expr = transform(body, rewrite)
        return result

    def logarithm(self, node: Call) -> Expr:
        """The logarithm of a product, factor by factor; what is no part of a sum stays in one logarithm."""
        (argument,) = node.arguments
        if not self._concerns(argument):
            return node
        terms: list[Expr] = []
        rest: list[Expr] = []
        for factor in self._factors(argument):
            base, times = factor, number(1)
            if isinstance(factor, Power) and isinstance(factor.exponent, Number):
                base, times = factor.base, factor.exponent
            part = self._log_of(base)
            if part is None:
                rest.append(factor)
            else:
                terms.append(part if times.value == 1 else Multiply((times, part)))
        if rest and not (len(rest) == 1 and rest[0] is ONE_EXPR):
            terms.append(Call("log", (rest[0] if len(rest) == 1 else Multiply(tuple(rest)),)))
        result = terms[0] if len(terms) == 1 else Add(tuple(terms))
        if key(result) == key(node):
            return node
        if len(terms) > 1:
            self.log.add(steps.LOG_QUOTIENT, node, result)
        return result

    def _concerns(self, body: Expr) -> bool:
        energies = set(self.energies.values())
        weights = any(_is_weight(f) for f in _flat(body))
        return weights or bool(body.symbols & (self.special | energies)) or _has_sums(body)

    def _factors(self, body: Expr) -> list[Expr]:
        """The factors of a product, with functions that hold sums by their definitions."""
        if isinstance(body, Multiply):
            return [f for part in body.factors for f in self._factors(part)]
        if isinstance(body, Power) and isinstance(body.base, (Multiply, Invoke)) and isinstance(body.exponent, Number):
            return [Power(f, body.exponent) for f in self._factors(body.base)]
        if isinstance(body, Invoke) and body.function in self.special:
            return self._factors(self.sums(unfold(body, self.functions), ()))
        if isinstance(body, Configurations):
            opened = self.nest(body, (), logarithm=True)
            return [body] if isinstance(opened, Configurations) else self._factors(opened)
        return [body]

    def _log_of(self, base: Expr) -> Expr | None:
        match base:
            case Call(function="exp", arguments=(argument,)):
                return argument
            case Access(symbol=symbol, at=at) if symbol in self.logarithms:
                equation, value = self.logarithms[symbol]
                mapping = dict(zip((p.single for p in equation.pattern), at, strict=True))
                moved: Expr = substitute(value, {i: mapping[i] for i in equation.free})
                return moved
            case Access(symbol=symbol) if symbol in self.special:
                return Call("log", (base,))
            case Configurations():
                return Call("log", (self._name_of(base),))
            case _:
                return self.closed.get(key(base))

    def _name_of(self, body: Configurations) -> Expr:
        """A sum that keeps its terms, by its name; one is made where there is none."""
        if any(s.role is Role.LOCAL for s in body.symbols):
            return body  # inside a function: it gets its name where the function is used
        free = sorted(body.free, key=lambda i: i.serial)
        identity = key(body, {i: n for n, i in enumerate(free)})
        known = self.named.get(identity)
        if known is None:
            axes = copies(free)
            symbol = Symbol(self._fresh("Z"), axes, Role.DEFINITION, leading=len(axes))
            pattern = tuple(Affine.atom(a) for a in axes)
            moved = substitute(body, {i: Affine.atom(a) for i, a in zip(free, axes, strict=True)})
            equation = Equation(symbol, pattern, axes, moved, None)
            self.waiting.append(equation)
            self.special.add(symbol)
            self.name(equation)
            known = self.named[identity]
            log = Log()
            log.add(steps.PARTITION_NAME, body, Access(symbol, tuple(Affine.atom(i) for i in free)))
            self.state(equation, log, kept=tuple(nested(body)[0]), coupling=self.coupling)
        return Access(known.symbol, tuple(Affine.atom(i) for i in free))

    # ------------------------------------------------------------ conditional probabilities

    def conditionals(self) -> None:
        """p(h[j] = 1 | v) for each variable whose units are independent given the others."""
        known = [j for j in self.joints if not j.exponent.free]
        closed = [j for j in known if not j.formals]
        seen: set[object] = set()
        for joint in sorted(closed or known[:1], key=lambda j: -len(j.variables)):
            everything = (*joint.formals, *joint.variables)
            for variable in reversed(joint.variables):
                found = factorised(joint.exponent, variable, Simplifier(self.sheet.row_sums))
                if not isinstance(found, Factorised):
                    continue
                given = tuple(s for s in everything if s is not variable and s in joint.exponent.symbols)
                identity = (variable.name, key(self._declared(found.total)))
                if identity not in seen:
                    for chance in found.chances:
                        self.conditional(variable, given, chance, joint.exponent)
                seen.add(identity)

    def _declared(self, body: Expr) -> Expr:
        """An expression with the sheet's own symbols in place of those bound by a sum or a function."""
        own = {s.name: s for s in self.sheet.symbols.values()}
        found = [s for s in body.symbols if s.role is Role.LOCAL and s.name in own]
        result: Expr = replace_symbols(body, renaming(found, [own[s.name] for s in found]))
        return result

    def conditional(self, variable: Symbol, given: tuple[Symbol, ...], chance: Chance, exponent: Expr) -> None:
        """One conditional probability, with the quotient of sums that it is."""
        log = Log()
        weight = Call("exp", (exponent,))
        total = Configurations(variable, weight)
        event = _event(variable, chance)
        quotient = Multiply((Configurations(variable, Multiply((event, weight))), Power(total, _MINUS_ONE)))
        log.add(steps.CONDITIONAL, quotient, chance.body)
        equation = Equation(variable, chance.at, chance.free, chance.body, None)
        check = (chance.body, quotient)
        self.result.statements.append(Statement(
            equation, steps.CONDITIONAL.sentence, log, chance, variable, given, check=check, over=given,
            free=chance.free,
        ))  # fmt: skip


def _is_partition(equation: Equation, functions: dict[Symbol, FunctionDefinition]) -> bool:
    """Whether an equation is a sum over configurations, perhaps with factors around it."""
    body = unfold_all(equation.body, functions)
    return isinstance(body, Configurations) or (
        isinstance(body, Multiply) and any(isinstance(f, Configurations) for f in body.factors)
    )


def _exp(exponent: Expr) -> Expr:
    """exp(A); exp(logsumexp(x)) is Σ exp(x)."""
    if isinstance(exponent, ArrayCall) and exponent.operation == "logsumexp":
        (index,) = exponent.argument.indices
        return Reduce("sum", index, Call("exp", (exponent.argument.body,)))
    return Call("exp", (exponent,))


def _is_weight(factor: Expr) -> bool:
    return isinstance(factor, Call) and factor.function == "exp"


def _flat(body: Expr) -> list[Expr]:
    return [f for part in body.factors for f in _flat(part)] if isinstance(body, Multiply) else [body]


def _sentences(log: Log) -> str:
    """What was done, in plain words."""
    quiet = {steps.PARTITION, steps.CANCEL}
    return "; ".join(dict.fromkeys(r.sentence for r in log.rules if r not in quiet))


def _is_own(body: Expr, formals: tuple[Symbol, ...]) -> Symbol | None:
    """The function that is called with exactly these arguments, in their order."""
    if not isinstance(body, Invoke) or body.at or body is not _same(body, formals):
        return None
    return body.function


def _same(body: Invoke, formals: tuple[Symbol, ...]) -> Expr:
    again = invoked(body.function, formals)
    return body if key(again) == key(body) else again


def _factorisation(variable: Symbol) -> steps.Rule:
    """A sum over a product set is a product of small sums where each term of the exponent holds one unit at most."""
    if variable.domain.kind == "onehot" and variable.rank == 1:
        return steps.Rule("factorisation", f"the sum over {variable.name} is a sum over its entries, of which one is 1")
    unit = "row" if variable.domain.kind == "onehot" else "entry"
    fact = f"the sum over {variable.name} factorises, as each term of the exponent holds one {unit} of it at most"
    return steps.Rule("factorisation", fact)


def _event(variable: Symbol, chance: Chance) -> Expr:
    held = Access(variable, chance.at)
    left: Expr = Integer(Affine.atom(held)) if variable.is_integer else held
    return Piecewise(Relation("=", left, chance.value), ONE_EXPR, ZERO_EXPR)
