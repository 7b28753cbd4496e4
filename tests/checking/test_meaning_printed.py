"""Every gradient that the engine prints, as a claim: ∂L/∂w = …, where ∂L/∂w is what pushing w does to L.

The two sides share no rule: the right one was made by rules of differentiation, the left one by Taylor series. A line
that cannot be found right is named in `OPEN`, with the reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from checking.evaluating import with_functions
from drawing import THOROUGH
from engine.reading_back import printed
from engine.running import derived, read_text
from gradsheet.checking.judging.comparison import Comparer
from gradsheet.checking.meaning.points import Model
from gradsheet.checking.meaning.scope import Local, Scope
from gradsheet.numerics.jets import Jet
from gradsheet.sheet.known import function_names
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain

SHEETS = sorted((Path(__file__).parent.parent / "sheets").glob("*.sheet"))

SAMPLE = [
    path
    for path in SHEETS
    if path.stem in {
        "chain-of-labels", "determinant", "fourier-features", "gradient-penalty", "heads-side-by-side", "huber-mean",
        "info-nce", "max-pooling", "newton-logistic", "rosenbrock", "second-derivative", "visible-couplings", "widths",
    }
]  # fmt: skip
"""Sheets that each found a fault when all were first tried, and some that do not fit."""

_NO_QUANTITY = "open a derivative by something that is no quantity of the sheet"
_NO_NAME = "open nothing says what"
_NO_LENGTH = "open a one-hot vector whose length is not said"
_ROW = dict.fromkeys(("∂L/∂C", "∂L/∂r[t,i,j]", "∂L/∂A", "∂L/∂m[t]", "∂L/∂K", "∂L/∂e[t]"), "shapes")

OPEN: dict[str, dict[str, str]] = {
    # Z and Z1[i] are made by the engine, and p2(h)[i] has an index behind its argument.
    "chain-of-labels": {"∂L/∂Z": _NO_QUANTITY},
    "hidden-couplings": {
        "∂ℓ/∂Z": _NO_QUANTITY, "∂ℓ/∂Z1[i]": _NO_QUANTITY, **dict.fromkeys(("∂ℓ/∂c", "∂ℓ/∂W", "∂ℓ/∂K"), _NO_NAME),
    },
    "label-sequences": {"∂L/∂Z[n]": _NO_QUANTITY, **dict.fromkeys(("∂L/∂U[i,j]", "∂L/∂A[i,j]"), _NO_NAME)},
    "labels-on-a-tree": {"∂L/∂Z": _NO_QUANTITY},
    "mean-likelihood": {"∂ℓ/∂Z": _NO_QUANTITY},
    "two-hidden-layers": {
        "∂ℓ/∂Z": _NO_QUANTITY, "∂ℓ/∂Z1[i]": _NO_QUANTITY, **dict.fromkeys(("∂ℓ/∂W", "∂ℓ/∂U"), _NO_NAME),
    },
    # v̄, as a pullback writes what arrives at v, is a name that a page has to introduce.
    "layer-norm": dict.fromkeys(("ḡ", "b̄", "v̄", "μ̄", "x̄"), _NO_NAME),
    "pullback-of-two": dict.fromkeys(("x̄", "Ā"), _NO_NAME),
    "rms-norm-pullback": dict.fromkeys(("γ̄", "s̄", "x̄"), _NO_NAME),
    # onehot(i) has the length of what stands beside it.
    "negative-sampling": {"∂L/∂V": _NO_LENGTH},
    "temporal-difference": {"∂L/∂Q": _NO_LENGTH},
    "word-vectors": {"∂L/∂B": _NO_LENGTH, "∂L/∂A": _NO_LENGTH},
    # The inverse of a kernel matrix loses more digits than the balls have.
    "gaussian-process": {"∂L/∂ℓ": "open the values cannot be told apart at this precision"},
    # ∂L/∂w as a formula in p, differentiated by p, while p is computed from w.
    "newton-logistic": {"∂²L/∂w∂p": "open a mixed second derivative by w and p"},
    "stacked-rnn": {"∂L/∂s": "open a slice where one index is needed"},
    # On a page r[1] of a row is its first entry; the printer means the first row of a 1×n matrix.
    "filter-in-rows": {**_ROW, "∂L/∂Λ": "different"},
}  # fmt: skip


class Printed:
    """The lines of one sheet as claims, and what is printed beside them as definitions of the page."""

    def __init__(self, path: Path) -> None:
        derivation = derived(read_text(path), path.name)
        self.comparer = Comparer(Model(derivation.sheet, path.stem))
        own = derivation.sheet.symbols
        lines = printed(derivation)
        new = {}
        for line in (p.line for p in lines if p.symbol is None or p.symbol.adjoint_of is None):
            called = _definition(line.left)
            if called is not None and called[0] not in own:
                new[called[0]] = (*called[1:], line.right)
        functions = {*function_names(derivation.sheet), *(k for k, (_, function, _) in new.items() if function)}
        self.scope = Scope(
            locals={
                key: Local(key, parameters, with_functions(right, functions), function=function)
                for key, (parameters, function, right) in new.items()
            }
        )
        self.claims = []
        for p in lines:
            if p.symbol is not None and p.symbol.adjoint_of is not None and p.line.kind != "definition":
                left, right = (with_functions(side, functions) for side in (p.line.left, p.line.right))
                ranges = [tree.Comparison((r.name, with_functions(r.domain, functions)), ("∈",)) for r in p.line.ranges]
                self.claims.append((left, right, ranges))

    def findings(self):
        for left, right, ranges in self.claims:
            yield left, right, self.comparer.compare(self.scope, left, right, ranges)


def _definition(left: tree.Expression) -> tuple[str, tuple[str, ...], bool] | None:
    """Z, Z1[i], p(v): the name, its indices or arguments, whether it is a function; None for any other left side."""
    match left:
        case tree.Name(key=key):
            return key, (), False
        case tree.Subscript(base=tree.Name(key=key), items=items) if all(isinstance(i, tree.Name) for i in items):
            return key, tuple(i.key for i in items), False
        case tree.Product(factors=(tree.Factor(item=tree.Name(key=key)), tree.Factor(item=tree.Group(items=items)))):
            return (key, tuple(i.key for i in items), True) if all(isinstance(i, tree.Name) for i in items) else None
        case _:
            return None


@pytest.mark.parametrize("path", SHEETS if THOROUGH else SAMPLE, ids=lambda path: path.stem)
def test_what_is_printed_is_found_right(path):
    expected = OPEN.get(path.stem, {})
    for left, right, finding in Printed(path).findings():
        reason = next((reason for key, reason in expected.items() if key == plain(left)), None)
        if reason is None:
            assert finding.outcome == "right", f"{plain(left)} = {plain(right)}: {finding.outcome} {finding.reason}"
        else:
            assert finding.outcome != "right", f"{plain(left)} is found right now"
            assert reason in f"{finding.outcome} {finding.reason}"


def test_a_factor_that_is_planted_is_seen(monkeypatch):
    whole = Jet.still

    def doubled(self: Jet, k: int, order: int) -> Jet:
        found = whole(self, k, order)
        return found * 2 if k else found

    monkeypatch.setattr(Jet, "still", doubled)
    page = Printed(next(p for p in SHEETS if p.stem == "rnn-last"))
    assert any(finding.outcome == "different" for _, _, finding in page.findings())
