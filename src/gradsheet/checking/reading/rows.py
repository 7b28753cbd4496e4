"""Rows of a formula, and each row cut into parts where something may divide statements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from gradsheet.checking.reading import words as vocabulary

if TYPE_CHECKING:
    from gradsheet.checking.reading.atoms import Atom

SOLID = frozenset({"operand", "operator", "relation", "bracket", "dots", "placeholder"})
NUMBER = re.compile(r"[0-9]+")
_SEPARATORS = frozenset({"gap", "cell", "comma", "semicolon", "colon", "stop", "struck"})
_FAR = 2000  # atoms that are looked ahead
_SHAPE_WORDS = re.compile(r"\\mathbb\{?\s*R|ℝ|\\R\b|\\Re\b|\\times|×")

PartKind = Literal["statement", "words", "label", "arrow", "pointer", "forall"]


class Part(NamedTuple):
    """A stretch of a row; `before` are the kinds of separators between it and the part before it."""

    kind: PartKind
    atoms: tuple[Atom, ...]
    before: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return self.atoms[0].text


class Row(NamedTuple):
    """A row of a formula: its atoms, whether its first cell is empty, whether the rows of its environment relate."""

    atoms: list[Atom]
    indented: bool
    aligned: bool


# ---------------------------------------------------------------- rows


def rows_of(atoms: list[Atom]) -> list[Row]:
    """The rows of a formula, environments resolved."""
    rows: list[Row] = []
    waiting: list[list[Atom]] = [[]]
    environments: list[str] = []
    for atom in atoms:
        if atom.kind in ("begin", "end"):
            if any(waiting):
                rows.extend(_environment(waiting, environments[-1] if environments else ""))
            waiting = [[]]
            if atom.kind == "begin":
                environments.append(atom.text)
            elif environments:
                environments.pop()
        elif atom.kind == "row":
            waiting.append([])
        else:
            waiting[-1].append(atom)
    rows.extend(_environment(waiting, ""))
    return rows


def _environment(rows: list[list[Atom]], name: str) -> list[Row]:
    """The rows of an environment, `&` resolved: the second of a pair divides statements, the first aligns them."""
    table = name in ("array", "eqnarray", "eqnarray*", "cases", "dcases", "rcases")
    first_cells = [_first_cell(row) for row in rows]
    aligned = any(
        cell is not None and (after := _next(row, cell + 1)) is not None and after.kind == "relation"
        for row, cell in zip(rows, first_cells, strict=True)
    ) and any(
        cell is not None and any(a.kind in SOLID for a in row[:cell])
        for row, cell in zip(rows, first_cells, strict=True)
    )
    found = []
    for row, cell in zip(rows, first_cells, strict=True):
        indented = cell is not None and not any(atom.kind in SOLID or atom.kind == "words" for atom in row[:cell])
        kept: list[Atom] = []
        count = 0
        for at, atom in enumerate(row):
            if atom.kind != "cell":
                kept.append(atom)
                continue
            before = next((a for a in reversed(kept) if a.kind != "gap"), None)
            if before is not None and before.kind == "relation":
                continue  # & = &
            count += 1
            after = _next(row, at + 1)
            divides = count % 2 == 0 if not table else after is not None and after.kind != "relation" and count > 2
            if divides or (name in ("cases", "dcases", "rcases")):
                kept.append(atom)
        if any(atom.kind not in ("gap", "cell") for atom in kept):
            found.append(Row(kept, indented, aligned))
    return found


def _first_cell(row: list[Atom]) -> int | None:
    return next((at for at, atom in enumerate(row) if atom.kind == "cell"), None)


def _next(row: list[Atom], at: int) -> Atom | None:
    return next((row[k] for k in range(at, len(row)) if row[k].kind != "gap"), None)


# ---------------------------------------------------------------- parts of a row


def parts_of(atoms: list[Atom]) -> list[Part]:
    """A row cut at everything that may divide statements, and put together again where it does not."""
    parts: list[Part] = []
    waiting: list[Atom] = []
    before: set[str] = set()
    between: list[Atom] = []
    related = False  # a relation stands in what waits

    def flush() -> None:
        nonlocal waiting, before, between, related
        related = False
        if waiting:
            parts.append(Part("statement", tuple(waiting), frozenset(before)))
            before = set()
        waiting, between = [], []

    for at, atom in enumerate(atoms):
        if atom.kind in ("words", "label", "arrow", "pointer", "forall"):
            flush()
            parts.append(Part(atom.kind, (atom,), frozenset(before)))
            before = set()
        elif atom.kind == "colon" and _states_shape(atoms, at):
            waiting.append(atom._replace(kind="relation", text=":"))
            related = True
        elif atom.kind in _SEPARATORS:
            if waiting:
                between.append(atom)
            else:
                before.add(_width(atom))
        elif between and not _joins(waiting, between, atoms, at, stated=related or _follows_shape(parts)):
            separators = {_width(a) for a in between}
            flush()
            before |= separators
            waiting.append(atom)
            related = atom.kind == "relation"
        else:
            if between and _is_list(between):
                waiting.append(between[0]._replace(kind="comma"))
            between = []
            waiting.append(atom)
            related = related or atom.kind == "relation"
    flush()
    return parts


def _width(atom: Atom) -> str:
    return atom.text if atom.kind == "gap" else atom.kind


def _is_list(between: list[Atom]) -> bool:
    return any(atom.kind == "comma" for atom in between)


def _follows_shape(parts: list[Part]) -> bool:
    """Whether the words before a statement are the relation of it: `h is ℝ`."""
    return bool(parts) and parts[-1].kind == "words" and vocabulary.role(parts[-1].text) == "shape"


def _joins(left: list[Atom], between: list[Atom], atoms: list[Atom], at: int, *, stated: bool) -> bool:
    """Whether what stands from a place on belongs to the same statement as what stands before it."""
    kinds = {_width(atom) for atom in between}
    atom, last = atoms[at], left[-1]
    if kinds & {"semicolon", "stop", "colon"}:
        return False
    if atom.kind == "relation" or last.kind == "relation":
        return True
    following = _statement(atoms, at)
    relates = any(a.kind == "relation" for a in following)
    left_relates = stated
    if "comma" in kinds:
        if atom.kind == "dots" or last.kind == "dots":
            return not relates or atom.kind == "dots"
        if relates:
            shape = any(a.kind == "relation" and a.text in (":", "∈") for a in following)
            return not left_relates and shape
        if left_relates:
            numbers = last.kind == "operand" and NUMBER.fullmatch(last.text.strip()) is not None
            return numbers and atom.kind == "operand" and NUMBER.fullmatch(atom.text.strip()) is not None
        return not _before_words(atoms, at) or "wide" not in kinds
    if atom.kind == "operator" or last.kind == "operator":
        return True
    if "half" in kinds and "wide" not in kinds and "cell" not in kinds:
        remark = len(following) == 1 and following[0].kind == "bracket"
        return not (relates and (left_relates or atom.kind != "bracket")) and not remark
    return kinds <= {"struck"}


def _before_words(atoms: list[Atom], at: int) -> bool:
    far = range(at, min(len(atoms), at + _FAR))
    after = next((atoms[k] for k in far if atoms[k].kind not in ("operand", "gap")), None)
    return after is not None and after.kind == "words"


def _statement(atoms: list[Atom], at: int) -> list[Atom]:
    """The atoms from a place on up to what may divide statements."""
    found = []
    for atom in (atoms[k] for k in range(at, min(len(atoms), at + _FAR))):
        if atom.kind in _SEPARATORS and not (atom.kind == "gap" and atom.text == "half"):
            if atom.kind == "colon":
                found.append(atom._replace(kind="relation", text=":"))
            break
        if atom.kind in ("words", "label", "arrow", "pointer", "forall"):
            if atom.kind == "words" and vocabulary.role(atom.text) == "shape":
                found.append(atom._replace(kind="relation", text=":"))
            break
        found.append(atom)
    return found


def _states_shape(atoms: list[Atom], at: int) -> bool:
    """Whether a colon states the shape or the set of what stands before it."""
    following = _statement(atoms, skip_gaps(atoms, at + 1))
    before = next((atoms[k] for k in range(at - 1, -1, -1) if atoms[k].kind != "gap"), None)
    if not following or before is None or before.kind not in ("operand", "bracket"):
        return False
    if any(atom.kind in ("relation", "placeholder") for atom in following):
        return False
    return is_shape(following)


def is_shape(atoms: list[Atom]) -> bool:
    """Whether atoms are a shape, 2×1, or a set, ℝ^n."""
    text = " ".join(atom.text for atom in atoms)
    if _SHAPE_WORDS.search(text) and atoms[0].kind in ("operand", "bracket"):
        first = atoms[0].text.replace("{", "").replace(" ", "")
        if first.startswith(("\\mathbbR", "ℝ", "\\R")):
            return True
    signs = [atom.text for atom in atoms if atom.kind == "operator"]
    return bool(signs) and all(sign == "×" for sign in signs)


def skip_gaps(atoms: list[Atom], at: int) -> int:
    """The first place from one on where no gap stands."""
    while at < len(atoms) and atoms[at].kind == "gap":
        at += 1
    return at
