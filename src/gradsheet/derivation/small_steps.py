"""∂L/∂W = Σ ∂L/∂z ∂z/∂W = … = δ xᵀ: one adjoint rule by rule, with the whole right-hand side after each.

The adjoint is derived again by the same accumulator, which is watched while it works. Its log names every rule, from
the inside out; here the rules of differentiation are applied in the order in which a person applies them, from the
outside in, and the rules of simplification where their fragments stand in the whole. A rule whose place is not found is
shown by its fragment alone. Every whole is equal to the one before it.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from gradsheet.calculus import Differentiator, Log, Simplifier, Step, steps
from gradsheet.calculus.terms import TooManyTermsError, rebuilt, split
from gradsheet.derivation.accumulate import Accumulator
from gradsheet.expressions import (
    ONE_EXPR,
    ZERO_EXPR,
    Access,
    Add,
    Affine,
    Expr,
    Index,
    Multiply,
    OverData,
    Partial,
    Piecewise,
    Reduce,
    Role,
    Symbol,
    children,
    key,
    substitute,
    transform,
    walk,
)
from gradsheet.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gradsheet.calculus import Rule
    from gradsheet.calculus.terms import Term
    from gradsheet.derivation.model import Adjoint, Derivation
    from gradsheet.expressions import AnyNode

DEFINITION = steps.Rule("definition", "every quantity is replaced by its definition")
EXPANSION = steps.Rule("expansion", "the product is multiplied out")
OVER_DATA = steps.Rule("data_chain_rule", "it acts through what is known for each row of the data, and by itself")
CHAIN_RULE = steps.Rule("multivariable_chain_rule", "by the chain rule: what acts through each use is added")


@dataclass(frozen=True, slots=True)
class WholeStep:
    """The right-hand side after a rule; with a fragment where it could not be followed there."""

    whole: Expr
    rule: Rule
    conditions: tuple[str, ...] = ()
    fragment: tuple[Expr, Expr] | None = None


def small_steps(derivation: Derivation, adjoint: Adjoint) -> tuple[WholeStep, ...]:
    """From the chain rule to the adjoint as it is printed; every free index is one of the adjoint's equation."""
    takes_data = steps.DATA in adjoint.log.rules
    found = _over_data(derivation, adjoint) if takes_data else _watched(derivation, adjoint)
    return tuple(_without_repeats(found, adjoint.equation.body))


def _watched(derivation: Derivation, adjoint: Adjoint) -> list[WholeStep]:
    """The steps of a second derivation that ends where the first one did."""
    mine = [a for a in derivation.adjoints if a.of is adjoint.of and a is not adjoint]
    before = derivation.adjoints[: derivation.adjoints.index(adjoint)]
    for known in ([a for a in mine if a in before], mine):
        found = _Watcher(derivation, adjoint, known).steps()
        if key(found[-1].whole) == key(adjoint.equation.body):
            break
    return found


def _without_repeats(wholes: Iterable[WholeStep], end: Expr) -> list[WholeStep]:
    """Steps that change something, up to the printed right-hand side itself."""
    kept: list[WholeStep] = []
    for step in wholes:
        if kept and step.fragment is None and key(kept[-1].whole) == key(step.whole):
            kept[-1] = replace(kept[-1], conditions=tuple(dict.fromkeys((*kept[-1].conditions, *step.conditions))))
            continue
        kept.append(step)
    if key(kept[-1].whole) != key(end):
        kept.append(WholeStep(end, steps.CANCEL))
    kept[-1] = replace(kept[-1], whole=end)
    return kept


def _over_data(derivation: Derivation, adjoint: Adjoint) -> list[WholeStep]:
    """An objective that takes data: it acts through the means of what one example adds, and by itself."""
    graph, variable, at = derivation.graph, adjoint.wrt[-1], adjoint.equation.pattern
    body = graph.body(graph.clauses[adjoint.of][0])
    losses = {e.body: e.symbol for e in graph.equations if e.symbol.role is Role.DEFINITION and not e.free}
    examples = {a.of: a.symbol for a in derivation.adjoints if a.wrt == adjoint.wrt}
    totals: dict[Symbol, OverData] = {}
    for node in (n for n in walk(body) if isinstance(n, OverData)):
        loss = node.body.symbol if isinstance(node.body, Access) else losses[node.body]
        totals[Symbol(f"{node.kind} {loss.name}", (), Role.LOCAL)] = OverData(node.kind, Access(loss, ()))
    names: dict[AnyNode, AnyNode] = {n: Access(t, ()) for n, t in zip(
        [n for n in walk(body) if isinstance(n, OverData)], totals, strict=True)}  # fmt: skip
    held: Expr = transform(body, lambda node: names.get(node, node))
    parts: list[Expr] = []
    for total, node in totals.items():
        assert isinstance(node.body, Access)
        example = examples.get(node.body.symbol)
        if example is not None:
            parts.append(Multiply((Partial(held, total, ()), OverData(node.kind, Access(example, at)))))
    if variable in held.symbols:
        parts.append(Partial(held, variable, at))
    whole: Expr = parts[0] if len(parts) == 1 else Add(tuple(parts))
    found = [WholeStep(Partial(body, variable, at), DEFINITION), WholeStep(whole, OVER_DATA)]
    while (partials := _outermost(whole)) != []:
        opener = _Opener(partials[0].symbol, partials[0].at, graph.functions, Log())
        whole = opener.opened(whole, [p for p in partials if p.symbol is opener.symbol])
        found.append(_said(whole, opener.log))
    back: dict[AnyNode, AnyNode] = {Access(t, ()): node for t, node in totals.items()}
    return [replace(s, whole=_with_means(s.whole, back)) for s in found]


def _with_means(whole: Expr, back: Mapping[AnyNode, AnyNode]) -> Expr:
    """The means by what they are."""
    result: Expr = transform(whole, lambda node: back.get(node, node))
    return result


def _said(whole: Expr, log: Log) -> WholeStep:
    """The whole after the last rule of a log."""
    last = log.entries[-1]
    assert isinstance(last, Step)
    return WholeStep(whole, last.rule, last.conditions)


# ---------------------------------------------------------------- watching


@dataclass(slots=True)
class _Use:
    """What the accumulator did with one use."""

    use: Any
    written: Expr
    earlier: Expr | None
    entries: list[Step] = field(default_factory=list)
    result: Expr = ZERO_EXPR


class _Watcher(Accumulator):
    """Derives one adjoint again, and keeps what happens at each use."""

    def __init__(self, derivation: Derivation, adjoint: Adjoint, known: Sequence[Adjoint]) -> None:
        registry = {a.symbol.adjoint_of: a.symbol for a in derivation.adjoints if a.symbol.adjoint_of is not None}
        of_target = derivation.cotangents and adjoint.of in derivation.targets
        cotangents = derivation.cotangents if of_target else {}
        super().__init__(derivation.graph, derivation.sheet.row_sums, registry, cotangents)
        self.adjoint = adjoint
        self.bodies = {a.symbol: a for a in known}
        self.path = derivation.graph.needed_for(*(cotangents or (adjoint.of,)))
        self.uses: list[_Use] = []

    def _pattern(self, *_uses: Any) -> None:
        """Nothing is carried over from another adjoint here."""

    def _derived(self, use: Any, written: Expr, earlier: Expr | None, log: Log) -> Expr:
        start = len(log.entries)
        result = super()._derived(use, written, earlier, log)
        self.uses.append(_Use(use, written, earlier, list(Log(log.entries[start:]).steps), result))
        return result

    def steps(self) -> list[WholeStep]:
        """Every whole right-hand side, in the indices of the adjoint's equation."""
        variable = self.adjoint.wrt[-1]
        again = self._adjoint(self.adjoint.of, variable)
        own = self.adjoint.equation
        mapping = {a: Affine.atom(b) for a, b in zip(again.equation.free, own.free, strict=True)}
        inner = {id(s) for u in self.uses for s in u.entries}
        tail = [s for s in again.log.steps if id(s) not in inner]
        given: list[Expr] = []
        if variable in self.cotangents:
            given.append(Access(self.cotangents[variable], again.equation.pattern))
        found = _Story(self, given).told(tail, again.equation.body)
        return [
            replace(s, whole=substitute(s.whole, mapping),
                    fragment=s.fragment and tuple(substitute(f, mapping) for f in s.fragment))
            for s in found
        ]  # fmt: skip


class _Story:
    """The uses one after the other, the rest of the sum standing by."""

    def __init__(self, watcher: _Watcher, given: list[Expr]) -> None:
        self.watcher = watcher
        self.row_sums = watcher.row_sums
        self.parts: list[Expr] = given
        self.first = len(given)
        self.found: list[WholeStep] = []

    def say(self, rule: Rule, conditions: tuple[str, ...] = (), fragment: tuple[Expr, Expr] | None = None) -> None:
        whole = self.parts[0] if len(self.parts) == 1 else Add(tuple(self.parts)) if self.parts else ZERO_EXPR
        self.found.append(WholeStep(whole, rule, conditions, fragment))

    def told(self, tail: Sequence[Step], end: Expr) -> list[WholeStep]:
        """Chain rule, definitions, each use, then what joins them."""
        uses = self.watcher.uses
        whole = [_start(u, Access(u.use.equation.symbol, u.use.pattern)) for u in uses]
        opened = [_start(u, u.use.body) for u in uses]
        # ∂h[s]/∂h[t] in a recursion would be read as [s = t]: there the definition stands from the beginning.
        bare = [u.written is ONE_EXPR or u.use.equation.symbol is u.use.wrt for u in uses]
        if not all(bare) or not uses:
            self.parts += [o if b else w for b, w, o in zip(bare, whole, opened, strict=True)]
            self.say(CHAIN_RULE)
            del self.parts[self.first :]
        self.parts += opened
        self.say(DEFINITION)
        for k, use in enumerate(uses):
            self._use(self.first + k, use)
        self._joined(tail, end)
        return self.found

    # ------------------------------------------------------------ one use

    def _use(self, place: int, use: _Use) -> None:
        opener = _Opener(use.use.wrt, use.use.place, self.watcher.graph.functions, Log())
        while (partials := _outermost(self.parts[place])) != []:
            self.parts[place] = opener.opened(self.parts[place], partials)
            said = _said(self.parts[place], opener.log)
            self.say(said.rule, said.conditions)
        rest = [s for s in use.entries if not isinstance(s.before, Partial)]
        derivative = next((s.after for s in reversed(use.entries) if isinstance(s.before, Partial)), ZERO_EXPR)
        self.parts[place] = _summed(use.use.indices, _times(use.written, derivative))
        if rest and rest[0].rule is steps.FOLD:
            derivative = rest.pop(0).after
            self.parts[place] = _summed(use.use.indices, _times(use.written, derivative))
            self.say(steps.FOLD)
        put_in = next((k for k, s in enumerate(rest) if s.rule is steps.SUBSTITUTE), None)
        if put_in is not None and use.earlier is not None:
            rest = rest[put_in + 1 :]
            self.parts[place] = _summed(use.use.indices, _times(use.earlier, derivative))
            self.say(steps.SUBSTITUTE)
        self._simplified(place, rest, use.result)

    def _joined(self, tail: Sequence[Step], end: Expr) -> None:
        """Like terms of all uses, expectations, the symmetric part."""
        whole = self.parts[0] if len(self.parts) == 1 else Add(tuple(self.parts)) if self.parts else ZERO_EXPR
        self.parts = [whole]
        waiting: list[Step] = []
        for step in tail:
            if step.rule in {steps.USES, steps.SYMMETRIC, steps.EXPECTATION}:
                if step.rule is not steps.EXPECTATION:
                    self._simplified(0, waiting, step.after if step.rule is steps.USES else step.before)
                self.parts[0] = step.after
                self.say(step.rule, step.conditions)
                waiting = []
            elif step.before is not step.after:
                waiting.append(step)
        self._simplified(0, waiting, end)
        self.parts[0] = end

    # ------------------------------------------------------------ simplification

    def _simplified(self, place: int, entries: Sequence[Step], result: Expr) -> None:
        """The logged rules where they fit the whole, then what is left: factors cancel, like terms are collected."""
        start = self.parts[place]
        if key(start) == key(result):
            self.parts[place] = result
            return
        expand = self._is_expanded(start, result)
        quiet = _Quiet(self.row_sums)
        current = start
        if expand:
            current = rebuilt(split(start, expand=True))
            if key(current) != key(start):
                self.parts[place] = current
                self.say(EXPANSION)
        for entry in entries:
            if entry.rule is steps.EXPECTATION:
                if key(current) != key(entry.before):
                    self.parts[place] = entry.before
                    self.say(steps.CANCEL)
                current = self.parts[place] = entry.after
                self.say(entry.rule, entry.conditions)
                continue
            after = None if entry.rule is steps.CANCEL else _replaced(current, entry, quiet)
            if after is not None:
                current = self.parts[place] = after
                self.say(entry.rule, entry.conditions)
        if key(current) != key(result):
            self.parts[place] = result
            self.say(steps.CANCEL)
        self.parts[place] = result

    def _is_expanded(self, start: Expr, result: Expr) -> bool:
        """Whether the result came of multiplying out."""
        simplifier = Simplifier(self.row_sums)
        plain = simplifier.tidy(start, expand=False)
        if key(result) in {key(plain), key(simplifier.factored(plain))}:
            return False
        try:
            return key(simplifier.factored(simplifier.tidy(start, expand=True))) == key(result)
        except TooManyTermsError:
            return False


class _Opener(Differentiator):
    """One rule at a time: the derivatives of the parts stay as they are written."""

    def derivative(self, body: Expr) -> Expr:
        """∂body/∂symbol, not carried out."""
        return Partial(body, self.symbol, self.at) if self._depends(body) else ZERO_EXPR

    def opened(self, whole: Expr, partials: Sequence[Partial]) -> Expr:
        """The whole after one rule for each of these derivatives."""
        done = {p: super(_Opener, self).derivative(p.body) for p in partials}
        result: Expr = transform(whole, lambda node: done.get(node, node))  # type: ignore[arg-type]
        return result


def _outermost(whole: Expr) -> list[Partial]:
    """The first derivative that is to be carried out; all at once where a variable itself is differentiated."""
    found: list[Partial] = []
    stack: list[AnyNode] = [whole]
    while stack:
        node = stack.pop()
        if isinstance(node, Partial):
            found.append(node)
        else:
            stack.extend(reversed(children(node)))
    compound = next((p for p in found if not isinstance(p.body, Access)), None)
    return list(dict.fromkeys(found)) if compound is None else [compound]


class _Quiet(Simplifier):
    """What needs no word: equal factors merged, conditions that hold dropped. No δ is contracted."""

    def _contract(self, *_term: Term) -> None:
        pass

    def _row_sum(self, *_factor: Expr | Index) -> None:
        pass


def _replaced(whole: Expr, entry: Step, quiet: _Quiet) -> Expr | None:
    """The whole with a fragment replaced: the fragment itself, a part that says the same, or a term of the whole."""
    wanted = key(entry.before)
    same = next((n for n in walk(whole) if type(n) is type(entry.before) and key(n) == wanted), None)
    sought = _settled(split(entry.before, expand=False), quiet)
    if same is None and sought is not None:
        terms = split(whole, expand=False)
        for k, term in enumerate(terms):
            if _settled([term], quiet) == sought:
                return rebuilt([*terms[:k], *_reduced(split(entry.after, expand=False), quiet), *terms[k + 1 :]])
        parts = (n for n in walk(whole) if isinstance(n, Reduce | Multiply | Piecewise))
        same = next((n for n in parts if _settled(split(n, expand=False), quiet) == sought), None)
    if same is None:
        return None
    after = rebuilt(_reduced(split(entry.after, expand=False), quiet))
    result: Expr = transform(whole, lambda node: after if node is same else node)
    return result


def _reduced(terms: Sequence[Term], quiet: _Quiet) -> list[Term]:
    return [r for t in terms if (r := quiet.reduce(t)) is not None]


def _settled(terms: Sequence[Term], quiet: _Quiet) -> object | None:
    """A key of one term, apart from what needs no word."""
    reduced = _reduced(terms, quiet)
    return key(rebuilt(reduced)) if len(terms) == 1 and reduced else None


def _start(use: _Use, body: Expr) -> Expr:
    """Σ ∂L/∂u ∂body/∂v."""
    return _summed(use.use.indices, _times(use.written, Partial(body, use.use.wrt, use.use.place)))


def _times(written: Expr, body: Expr) -> Expr:
    return body if written is ONE_EXPR else Multiply((written, body))


def _summed(indices: Sequence[Index], body: Expr) -> Expr:
    for index in reversed(indices):
        body = Reduce("sum", index, body)
    return body
