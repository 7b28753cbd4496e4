"""Chains as compact lines, for the table of the splitter's cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.reading.chains import chains
from gradsheet.diagnostics import Source
from gradsheet.manuscripts import Formula, Manuscript, Place
from gradsheet.syntax import tree
from gradsheet.syntax.plain import plain

if TYPE_CHECKING:
    from gradsheet.checking.reading.model import Chain, Side


def read(text: str, spelling: str = "latex", *, display: bool = True) -> list[Chain]:
    """The chains of one formula on a page of its own."""
    formula = Formula(1, display, spelling, text, text, 0, Place(1, 1))
    return chains(Manuscript(Source(text), (formula,)))


def shown(chain: Chain) -> str:
    """A chain in one line: sides and relations, then what stands around them."""
    line = side(chain.sides[0])
    for relation, right in zip(chain.relations, chain.sides[1:], strict=True):
        line += f" {relation} {side(right)}"
    marks = [name for name in ("aside", "continues", "struck", "definition") if getattr(chain, name)]
    marks += [f"[{chain.label}]"] if chain.label else []
    marks += [f'"{chain.words}"'] if chain.words else []
    for condition in chain.conditions:
        what = ", ".join(map(plain, condition.trees)) or "?"
        marks.append(f"<{condition.word}: {what}>")
    return f"{line}   || {' '.join(marks)}" if marks else line


def side(part: Side) -> str:
    """A side: its tree, or what it is instead."""
    if part.kind == "unreadable":
        assert part.problem is not None
        return f"!{part.problem.message}!"
    if part.tree is None:
        return f"<{part.kind}>"
    if isinstance(part.tree, tree.Reals):
        return "ℝ(" + " × ".join(map(plain, part.tree.axes)) + ")"
    if part.kind == "set":
        return type(part.tree).__name__
    text = ", ".join(plain(item) for item in (part.tree, *part.also))
    return text if part.kind == "expression" else f"{part.kind} {text}"
