"""From the chains of a page to its networks: one for each set of definitions that belong together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradsheet.checking.context import AliasRule
from gradsheet.checking.network.dimensions import SCALAR
from gradsheet.checking.network.facts import facts_of, name_of
from gradsheet.checking.network.letters import Letters, Untranslated
from gradsheet.checking.network.model import PageNetwork
from gradsheet.checking.network.plan import Equation, Plan, names_in, plan_of
from gradsheet.checking.network.repeated import with_sums
from gradsheet.checking.network.search import Facts, Reading, readings
from gradsheet.checking.network.statements import (
    Page,
    Raw,
    Symbol,
    collect,
    symbol_key,
    symbol_of,
    symbols_in,
)
from gradsheet.checking.network.text import SheetText
from gradsheet.diagnostics import SheetError, Source
from gradsheet.sheet import load_sheet
from gradsheet.syntax.plain import plain
from gradsheet.syntax.tree import (
    Additive,
    Binder,
    BoundIndex,
    Expression,
    Factor,
    Group,
    Name,
    Node,
    Power,
    Product,
    Subscript,
    Term,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.checking.context import Context
    from gradsheet.checking.reading.model import Chain

MOST_READINGS = 3
_TRIED = 24
_ATTEMPTS = 6
_NEAR = 1.0
"""A reading of the shapes that is further from the best is no alternative."""
_LOSSES = frozenset("LJECℓℒle")
_PARAMETERS = frozenset("WwbVUθβφcUv")


def networks_of(
    chains: Sequence[Chain], context: Context | None = None, *, any_loss: bool = False
) -> list[tuple[int, PageNetwork]]:
    """Each network with the number of the formula from which it holds; the first holds from the first formula on.

    With `any_loss` a loss that the page differentiates and never defines is made a sum of its arguments with unknown
    weights: what holds for every loss holds for it. What fails for it may still hold for the loss that was meant,
    unless the line speaks of that loss by its derivatives only.
    """
    chains = list(chains)
    if context is not None and context.conventions.sums == "einstein":
        chains = with_sums(chains)
    page = collect(chains)
    found: list[tuple[int, PageNetwork]] = []
    segments = _segments(page, chains)
    for at, (start, raws) in enumerate(segments):
        end = segments[at + 1][0] if at + 1 < len(segments) else len(chains)
        made = _network(raws, page, chains, context, (start if at else 0, end), any_loss=any_loss)
        if made is not None:
            found.append((_formula(chains, start) if found else 1, made))
    return found


def network_of(chains: Sequence[Chain], context: Context | None = None) -> PageNetwork | None:
    """The first network of a page; None if it defines none."""
    found = networks_of(chains, context)
    return found[0][1] if found else None


def _formula(chains: Sequence[Chain], chain: int) -> int:
    one = chains[chain]
    return one.formulas[0].number if one.formulas else one.sides[0].formula.number


# ---------------------------------------------------------------- several networks on one page


def _segments(page: Page, chains: Sequence[Chain]) -> list[tuple[int, list[Raw]]]:
    """Definitions that belong together, each set with the chain from which it holds.

    A symbol that is defined again in the same question is claimed, not defined. In another question it begins a new
    network, which keeps those earlier definitions that it uses and does not replace.
    """
    segments: list[tuple[int, list[Raw]]] = []
    current: dict[Any, Raw] = {}
    start, before = 0, -1
    together = _components(page)
    for question in sorted({raw.question for raw in page.definitions}):
        group: dict[Any, Raw] = {}
        for raw in page.definitions:
            if raw.question == question:
                group.setdefault(symbol_key(raw.target), raw)
        again = [key for key in group if key in current and _form(current[key].value) != _form(group[key].value)]
        if again or (current and together[question] != before):
            segments.append((start, list(current.values())))
            start = min((n for n, chain in enumerate(chains) if chain.question == question), default=0)
            current = _inherited(current, group, page, chains, question)
        else:
            group = {key: raw for key, raw in group.items() if key not in current}
        current = {**current, **group}
        before = together[question]
    if current:
        segments.append((start, list(current.values())))
    return segments


def _components(page: Page) -> dict[int, int]:
    """Questions that build on one another: for each the first of those that it belongs to."""
    targets: dict[int, set[Any]] = {}
    used: dict[int, set[Any]] = {}
    for raw in page.definitions:
        targets.setdefault(raw.question, set()).add(symbol_key(raw.target))
        used.setdefault(raw.question, set()).update(symbol_key(symbol) for symbol in symbols_in(raw.value))
    first = {question: question for question in targets}

    def root(question: int) -> int:
        while first[question] != question:
            question = first[question]
        return question

    for one, own in targets.items():
        for other, theirs in targets.items():
            if one != other and (used[one] | own) & theirs:
                a, b = sorted((root(one), root(other)))
                first[b] = a
    return {question: root(question) for question in targets}


def _inherited(
    current: dict[Any, Raw], group: dict[Any, Raw], page: Page, chains: Sequence[Chain], question: int
) -> dict[Any, Raw]:
    """Earlier definitions of what the new question uses."""
    used = {
        symbol_key(symbol) for number, tree in page.trees if chains[number].question == question
        for symbol in symbols_in(tree)
    }  # fmt: skip
    kept: dict[Any, Raw] = {}
    waiting = [key for key in used if key in current and key not in group]
    while waiting:
        key = waiting.pop()
        if key in kept or key in group or key not in current:
            continue
        kept[key] = current[key]
        waiting += [symbol_key(symbol) for symbol in symbols_in(current[key].value)]
    return dict(sorted(kept.items(), key=lambda item: item[1].chain))


def _form(node: Any) -> Any:
    """A tree up to the order of its terms and factors."""
    match node:
        case Product(factors=factors):
            return ("product", tuple(sorted(repr((f.sign == "/", _form(f.item))) for f in factors)))
        case Additive(terms=terms):
            return ("sum", tuple(sorted(repr((term.sign, _form(term.item))) for term in terms)))
        case Group(items=(item,)):
            return _form(item)
        case Name(key=key):
            return key
        case tuple():
            return tuple(_form(part) for part in node)
        case Node():
            return (type(node).__name__, *(_form(getattr(node, f)) for f in node.__dataclass_fields__ if f != "span"))
        case _:
            return str(node)


# ---------------------------------------------------------------- one network


def _network(
    raws: list[Raw], page: Page, chains: Sequence[Chain], context: Context | None, span: tuple[int, int],
    *, any_loss: bool,
) -> PageNetwork | None:  # fmt: skip
    plan = plan_of(raws, page, chains)
    if not plan.equations and not plan.functions:
        return None
    facts = facts_of(plan, page, chains, context, span)
    objective, parameters = _asked(plan, page, span)
    facts.loss = objective
    facts.scalar_loss = bool(objective) and _is_loss(objective, plan)
    made: list[str] = []
    lacks: list[str] = []
    unknown_loss = ""
    for _ in range(_ATTEMPTS):
        found, missing = readings(plan, facts)
        remarks: list[str] = []
        bare = any_loss and (not objective or objective not in _tops(plan, page, span))
        above = _loss_above(plan, page, span) if bare else ""
        ends = _with_loss_above(above, found, plan, page, span) if above and found else []
        if ends:
            objective = facts.loss = unknown_loss = above
            remarks.append(f"{above} is nowhere defined: it stands for any loss behind {' and '.join(ends)}")
        made, refused = _sheets(found, plan, facts, objective, parameters)
        lacks += missing
        if made or not refused:
            break
        lacks += [f"{name} is left out: {reason}" for name, reason in refused.items()]
        plan.equations = [equation for equation in plan.equations if equation.name not in refused]
        plan.functions = {name: function for name, function in plan.functions.items() if name not in refused}
        objective, parameters = _asked(plan, page, span)
    if not made:
        return None
    for number, tree in page.trees:  # spellings that only claims have
        if span[0] <= number < span[1]:
            for symbol in symbols_in(tree):
                _base(plan.letters, symbol)
    if len(made) > 1:
        remarks.append("the shapes on the page can be read in more than one way; each is tried")
    used = set(plan.used)
    names = {*plan.inputs, *plan.functions, *(equation.name for equation in plan.equations)}
    used |= {given.chain for given in page.given if name_of(plan.letters, given.target) in names & set(facts.values)}
    used |= {said.chain for said in page.shapes if name_of(plan.letters, said.target) in names & set(facts.stated)}
    skipped = [f"the definition of {name} is left out: {reason}" for name, reason in facts.missing.items()]
    lacks = [*plan.lacks, *skipped, *lacks]
    return PageNetwork(
        sheet=made[0],
        alternatives=tuple(made[1:]),
        aliases=tuple(_aliases(plan, page)),
        definitions=tuple(sorted(number for number in used if number >= 0)),
        parameters=parameters,
        objective=objective if f" {objective}\n" in made[0] else "",
        any_loss=unknown_loss,
        remarks=tuple(remarks),
        lacks=tuple(dict.fromkeys(lacks)),
    )


def _sheets(
    found: Sequence[Reading], plan: Plan, facts: Facts, objective: str, parameters: tuple[str, ...]
) -> tuple[list[str], dict[str, str]]:
    """Sheets that load, the most likely first; if none does, the names that stand in the way, with the reasons."""
    made: list[str] = []
    refused: dict[str, str] = {}
    best = found[0].cost if found else 0.0
    for reading in found[:_TRIED]:
        if len(made) == MOST_READINGS or (made and reading.cost > best + _NEAR):
            break
        if not reading.values and not plan.functions:
            break
        text = SheetText(reading, plan, facts, objective, parameters).text()
        if text in made:
            continue
        try:
            load_sheet(Source(text, "the document"))
        except SheetError as error:
            refused = refused or dict(_in_the_way(error, text))
            continue
        made.append(text)
    return made, refused


def _in_the_way(error: SheetError, text: str) -> Iterable[tuple[str, str]]:
    lines = text.split("\n")
    for problem in error.diagnostics:
        if problem.span is not None:
            line = lines[text.count("\n", 0, problem.span.start)]
            yield re.split(r"[\s\[(=,∈]", line.strip(), maxsplit=1)[0], problem.message


# ---------------------------------------------------------------- what is asked


def _loss_above(plan: Plan, page: Page, span: tuple[int, int]) -> str:
    """A loss that is differentiated and that no equation holds: what comes from above in a backward pass."""
    known = {equation.name for equation in plan.equations} | set(plan.inputs) | set(plan.functions)
    for number, derivative in page.derivatives:
        symbol = symbol_of(derivative.of)
        if span[0] <= number < span[1] and symbol is not None and symbol.items is None and symbol.mark is None:
            written = any(symbol_of(tree) == symbol for _, tree in page.trees)  # L = …, which could not be taken over
            if symbol.base in _LOSSES | {"𝓛", "𝒥"} and symbol.base not in known and not written:
                return symbol.base
    return ""


def _with_loss_above(loss: str, found: list[Reading], plan: Plan, page: Page, span: tuple[int, int]) -> list[str]:
    """`L = Σ upstream ⊙ y` for each end y of the page: any loss, as far as first derivatives go."""
    used = {name for equation in plan.equations for name in names_in(equation.value)}
    asked = set()
    for number, derivative in page.derivatives:
        of = symbol_of(derivative.of)
        if span[0] <= number < span[1] and of is not None and of.base == loss:
            for variable in derivative.by:
                symbol = symbol_of(variable)
                asked |= set() if symbol is None else {_base(plan.letters, symbol)}
    names = dict.fromkeys(equation.name for equation in plan.equations)
    ends = [name for name in names if name not in used and name in asked] or [n for n in names if n not in used][-1:]
    families = plan.families | {equation.name for equation in plan.equations if equation.letter}
    if not ends or set(ends) & families:
        return []
    for at, reading in enumerate(found):
        typing, terms = reading.typing, []
        if any(end not in typing.shapes for end in ends):
            return []
        for end in ends:
            shape = typing.shapes[end]
            letters = tuple(Name(letter, letter) for letter in ("i", "j", "k", "q")[: shape.rank])
            upstream = Name(f"upstream_{end}", "")
            pair: tuple[Expression, ...] = (upstream, Name(end, end))
            if letters:
                pair = tuple(Subscript(name, letters) for name in pair)
            value: Expression = Product(tuple(Factor("", part) for part in pair))
            if letters:
                value = Binder("sum", tuple(BoundIndex(letter, None) for letter in letters), value)
            terms.append(Term("+", value))
            typing.shapes[upstream.key] = shape
            if upstream.key not in plan.inputs:
                plan.inputs.append(upstream.key)
        typing.shapes[loss] = SCALAR
        total = terms[0].item if len(terms) == 1 else Additive(tuple(terms))
        made = Equation(loss, Name(loss, loss), total, -1)
        found[at] = Reading(typing, [*reading.values, (made, total)])
    return ends


def _tops(plan: Plan, page: Page, span: tuple[int, int]) -> Counter[str]:
    """How often each defined quantity is differentiated."""
    tops: Counter[str] = Counter()
    defined = {equation.name for equation in plan.equations}
    for number, derivative in page.derivatives:
        if not span[0] <= number < span[1]:
            continue
        symbol = symbol_of(derivative.of)
        if symbol is None and isinstance(derivative.of, Product):
            symbol = symbol_of(derivative.of.factors[0].item)
        name = None if symbol is None else _base(plan.letters, symbol)
        if name in defined:
            tops[str(name)] += 1
    return tops


def _asked(plan: Plan, page: Page, span: tuple[int, int]) -> tuple[str, tuple[str, ...]]:
    """What is differentiated most, and what it is differentiated by."""
    tops = _tops(plan, page, span)
    by: dict[str, None] = {}
    defined = {e.name: e for e in plan.equations}
    for number, derivative in page.derivatives:
        if not span[0] <= number < span[1]:
            continue
        for variable in derivative.by:
            target = symbol_of(variable)
            found = None if target is None else _base(plan.letters, target)
            if found in plan.inputs:
                by[str(found)] = None
    order = [equation.name for equation in plan.equations]
    used = {name for equation in plan.equations for name in names_in(equation.value)}
    objective = ""
    if tops:
        objective = max(tops, key=lambda name: (tops[name], name not in used, order.index(name)))
        ends = [name for name in tops if name not in used]
        if objective in used and ends:
            objective = max(ends, key=lambda name: (tops[name], order.index(name)))
    else:
        ends = [name for name in order if name not in used]
        losses = [name for name in ends if name[0] in _LOSSES]
        objective = (losses or ends or [""])[-1]
    if objective and isinstance(defined[objective].target, Subscript) and objective not in tops:
        objective = ""
    parameters = tuple(by) or tuple(name for name in plan.inputs if name[0] in _PARAMETERS) or tuple(plan.inputs)
    return objective, tuple(name for name in parameters if name not in plan.states)


def _base(letters: Letters, symbol: Symbol) -> str | None:
    try:
        found = letters.name_of(symbol)
    except Untranslated:
        return None
    base = found.base if isinstance(found, Subscript) else found
    return base.key if isinstance(base, Name) else None


def _is_loss(name: str, plan: Plan) -> bool:
    used = {inner for equation in plan.equations for inner in names_in(equation.value)}
    target = next(e.target for e in plan.equations if e.name == name)
    return not isinstance(target, Subscript) and (name[0] in _LOSSES or name not in used)


# ---------------------------------------------------------------- aliases


def _aliases(plan: Plan, page: Page) -> Iterable[AliasRule]:
    """Spellings of the page that stand for names; `W^{(l)}` with its letter as a parameter."""
    for name, tree in page.squares.items():
        yield AliasRule(plain(tree), tree, name)
    names = {*plan.inputs, *plan.functions, *plan.unspecified, *(equation.name for equation in plan.equations)}
    for key, symbol in plan.letters.written.items():
        capital = key[:1].upper() + key[1:]
        alone = symbol.mark is None and symbol.items is None
        name = key if alone or key in names or capital not in names else capital  # w^{(1)} has the entries of W^{(1)}
        if symbol.node is None or name in page.squares or name not in names:
            continue
        if symbol.mark is not None and symbol.base in plan.letters.layered:
            if plan.letters.depth is not None:
                last: Expression = Power(Name(symbol.base, symbol.base), Group((Name("L", "L"),)))
                yield AliasRule(f"{name}^{{(L)}}", last, f"{name}[{plan.letters.depth}]")
            left: Expression = Power(Name(symbol.base, symbol.base), Group((Name("l", "l"),)))
            yield AliasRule(f"{name}^{{(l)}}", left, f"{name}[l]", {}, ("l",))
            continue
        left = bare = Name(symbol.base, symbol.base)
        if symbol.items is not None and not isinstance(plan.letters.name_of(symbol), Subscript):
            left = replace(_lowered(symbol), base=bare)
        if symbol.mark is not None:
            left = Power(left, Group((symbol.mark,)))
        if left != bare or name != symbol.base:
            yield AliasRule(plain(left), left, name)
    for called, name in plan.renamed:
        yield AliasRule(plain(called), called, name)


def _lowered(symbol: Symbol) -> Any:
    node: Any = symbol.node
    while not isinstance(node, Subscript):
        node = node.base
    return node
