"""What a notebook shows: the same steps as plain text, as Markdown with mathematics, and, if asked for, as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsheet.typesetting import latex_of
from gradsheet.writing.arrays import NumberStyle
from gradsheet.writing.documents.model import Document, Section, Steps
from gradsheet.writing.documents.stepper import Stepper
from gradsheet.writing.documents.typist import Typist
from gradsheet.writing.documents.valued import Values
from gradsheet.writing.formats.html import fragment
from gradsheet.writing.formats.markdown import markdown
from gradsheet.writing.report import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from gradsheet.derivation import Adjoint
    from gradsheet.sheet import Sheet
    from gradsheet.writing.equations import Line


def bundle(
    ways: Mapping[str, Callable[[], Any]],
    include: Container[str] | None = None,
    exclude: Container[str] | None = None,
    on_demand: Container[str] = ("text/html",),
) -> dict[str, Any]:
    """One entry for each kind that is wanted. What is `on_demand` is there only if it is named.

    Notebooks prefer HTML to everything, and yet many clean it of its mathematics before they show it, whereas all of
    them set the formulas in Markdown. So HTML is for those who ask.

    >>> bundle({"text/plain": lambda: "x", "text/html": lambda: "<i>x</i>"})
    {'text/plain': 'x'}
    >>> bundle({"text/plain": lambda: "x", "text/html": lambda: "<i>x</i>"}, include={"text/html"})
    {'text/html': '<i>x</i>'}
    """
    wanted = (k for k in ways if (k in include if include is not None else k not in on_demand))
    return {kind: ways[kind]() for kind in wanted if exclude is None or kind not in exclude}


def steps_of(sheet: Sheet, adjoints: Sequence[tuple[Adjoint, tuple[Line, ...], tuple[int | str, ...]]]) -> Document:
    """Derivatives as a document: each with its lines, its shape and its reason."""
    typist = Typist(sheet)
    stepper = Stepper(typist, Values(typist, NumberStyle(), None), small_steps=False, numbered=len(adjoints) > 1)
    items = [
        Item(adjoint.symbol, lines, shape, rule=adjoint.rule, conditions=adjoint.conditions)
        for adjoint, lines, shape in adjoints
    ]
    blocks = tuple(stepper.steps(items))
    return Document("", (), (), (Section("steps", "", blocks),) if blocks else ())


def as_markdown(document: Document) -> str:
    """Markdown as notebooks read it."""
    return markdown(document, "notebook")


def as_latex(document: Document) -> str:
    """The equations alone, as display mathematics."""
    steps = (step for s in document.sections for b in s.blocks if isinstance(b, Steps) for step in b.items)
    return "\n".join(f"$$\n{latex_of(step.equations.box)}\n$$" for step in steps)


def as_html(document: Document) -> str:
    """A piece of HTML with its font and its style."""
    return fragment(document)
