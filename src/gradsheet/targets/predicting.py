"""Which definition of a sheet is the prediction: found from what depends on what, and not declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.expressions import Access, Add, Multiply, OverData, Reduce

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradsheet.derivation import Derivation
    from gradsheet.expressions import AnyNode, Symbol

_CLASSES = {"onehot", "simplex", "finite", "index"}


def predicted(derivation: Derivation, data: Sequence[Symbol] | None = None) -> Symbol | None:
    """The last definition that depends on parameters and on some, but not all, of the data behind the objective.

    A term of the objective is passed over where it is a loss of its own, and no prediction: where it depends on more
    than an earlier definition does, or where classes are left to compare with. Where nothing that is left out could be
    compared with it, an input may be compared with something of its own shape: x̂, of an autoencoder.
    `data` are the inputs with rows; None: every input counts.
    """
    sheet, graph = derivation.sheet, derivation.graph
    assert sheet.objective is not None
    parameters = set(sheet.parameters)
    counted = set(sheet.inputs if data is None else data) - parameters
    every = graph.needed_for(sheet.objective.symbol) & counted
    found: dict[Symbol, set[Symbol]] = {}
    for equation in sheet.equations:
        behind = graph.needed_for(equation.symbol)
        if behind & parameters and behind & counted:
            found[equation.symbol] = behind & every
    some = {s: behind for s, behind in found.items() if behind and every - behind}
    if not some:
        return _reconstruction(derivation, list(found), every)
    losses = set(_terms(derivation, sheet.objective.symbol, every))
    kept = [
        s for s, behind in some.items()
        if s not in losses
        or not (any(b < behind for b in some.values()) or any(t.domain.kind in _CLASSES for t in every - behind))
    ]  # fmt: skip
    if kept and any(t.domain.kind in _CLASSES or _alike(t, kept[-1]) for t in every - some[kept[-1]]):
        return kept[-1]
    return _reconstruction(derivation, list(found), every) or (kept[-1] if kept else None)


def compared_with(derivation: Derivation, prediction: Symbol, data: Sequence[Symbol]) -> list[Symbol]:
    """The inputs with rows that a prediction may be compared with: what it does not depend on, or what it repeats."""
    behind = derivation.graph.needed_for(prediction)
    return [s for s in data if s not in behind] or [s for s in data if _alike(s, prediction)]


def _terms(derivation: Derivation, symbol: Symbol, data: set[Symbol]) -> Iterator[Symbol]:
    """The definitions that a symbol is the sum of, each times something or not, and those that they are sums of."""
    graph = derivation.graph
    reached = graph.depends_on(data)

    def summed(body: AnyNode) -> Iterator[Symbol]:
        match body:
            case OverData(body=inner) | Reduce(kind="sum", body=inner):
                yield from summed(inner)
            case Add(terms=terms):
                for term in terms:
                    yield from summed(term)
            case Multiply(factors=factors):  # λ L₂ and L₂/n, but not y s
                read = [f for f in factors if f.symbols & reached]
                if len(read) == 1:
                    yield from summed(read[0])
            case Access(symbol=read) if body.symbols == {read}:
                yield read
            case _:
                pass

    pending, seen = [symbol], {symbol}
    while pending:
        for equation in graph.clauses.get(pending.pop(), ()):
            for term in summed(graph.body(equation)):
                if term not in seen and term in graph.clauses:
                    seen.add(term)
                    pending.append(term)
                    yield term


def _reconstruction(derivation: Derivation, found: Sequence[Symbol], every: set[Symbol]) -> Symbol | None:
    """The last definition that is read beside an array of the data of its own shape."""
    graph = derivation.graph
    read = [(e.symbol, graph.body(e).symbols) for e in derivation.sheet.equations]  # without those of derivatives
    best = None
    for symbol in found:
        others = {x for x in every if x.rank and _alike(x, symbol)}
        if any(symbol in symbols and symbols & others for reader, symbols in read if reader is not symbol):
            best = symbol
    return best


def _alike(one: Symbol, other: Symbol) -> bool:
    """Whether two arrays have the same axes."""
    return one.rank == other.rank and all(
        a.low == b.low and a.high == b.high for a, b in zip(one.axes, other.axes, strict=True)
    )


__all__ = ["compared_with", "predicted"]
