r"""Atoms into chains: statements side by side, words and remarks between them, conditions behind them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsheet.checking.reading import words as vocabulary
from gradsheet.checking.reading.atoms import Atom
from gradsheet.checking.reading.drafts import Draft, DraftCondition
from gradsheet.checking.reading.rows import NUMBER, SOLID, is_shape, parts_of, rows_of, skip_gaps

if TYPE_CHECKING:
    from gradsheet.checking.reading.atoms import Outline
    from gradsheet.checking.reading.rows import Part, Row

_LABEL = re.compile(
    r"\(\s*(?:[0-9]{1,3}(?:\.[0-9]+)*[a-z']?|[a-hA-H]|[ivx]{1,5}|\*{1,3}|\\(?:ast|star|dagger)|\u2217)\s*\)"
)
_ENUMERATOR = re.compile(r"[0-9]{1,2}|[a-hA-H]|[ivx]{1,4}")
_INDEX = re.compile(r"\s*\\?[A-Za-z]+\s*")
_ORDER = frozenset({"≠", "<", "≤", ">", "≥", "∈"})
_BULLETS = frozenset({"·", "*"})


def drafts(outline: Outline) -> list[Draft]:
    """The chains of one formula."""
    builder = _Builder(outline)
    for row in rows_of(outline.atoms):
        builder.row(row)
    return builder.finished()


class _Builder:
    """Puts the parts of rows together to chains."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.done: list[Draft] = []
        self.main: Draft | None = None
        """The chain that a row that begins with a relation goes on with."""
        self.words: list[str] = []
        self.label = ""
        self.conditions: list[DraftCondition] = []
        self.arrow = ""
        self.first = True

    def row(self, row: Row) -> None:
        atoms = self.enumerator(row.atoms)
        parts = parts_of(atoms)
        solid = next((atom for atom in atoms if atom.kind in SOLID), None)
        starts_new = solid is not None and solid.kind not in ("relation", "operator")
        aside = row.indented and row.aligned and starts_new and self.main is not None and not self.main.open
        self.parts(parts, aside=aside)
        self.first = False

    def parts(self, parts: list[Part], *, aside: bool) -> None:
        state = _RowState(self, aside=aside)
        for at, part in enumerate(parts):
            state.take(part, parts[at + 1] if at + 1 < len(parts) else None, last=at + 1 == len(parts))
        state.leave()

    def enumerator(self, atoms: list[Atom]) -> list[Atom]:
        """`1)`, `(4)`, `①`, a bullet at the start of a row as its label."""
        atoms = atoms[skip_gaps(atoms, 0) :]
        while atoms and atoms[0].kind == "struck":
            atoms = atoms[skip_gaps(atoms, 1) :]
            if atoms and atoms[0].kind == "operator" and atoms[0].text in _BULLETS:
                self.blank(atoms[0])
                atoms = atoms[skip_gaps(atoms, 1) :]
        if not atoms:
            return atoms
        first = atoms[0]
        after = atoms[skip_gaps(atoms, 1)] if skip_gaps(atoms, 1) < len(atoms) else None
        if first.kind == "label":
            self.label = first.text
            return self.enumerator(atoms[1:])
        if first.kind == "operator" and first.text in _BULLETS and self.first:
            self.label = "•"
            self.blank(first)
            return atoms[1:]
        if after is None:
            return atoms
        if (
            first.kind == "bracket"
            and _LABEL.fullmatch(first.text)
            and after.kind in ("operand", "bracket", "words", "gap")
        ):
            self.label = first.text
            self.blank(first)
            return atoms[1:]
        if first.kind == "operand" and _ENUMERATOR.fullmatch(first.text) and len(atoms) > 2:
            stray = after.kind == "operand" and after.text == ")"
            point = after.kind == "stop" and NUMBER.fullmatch(first.text) is not None
            if stray or point:
                self.label = first.text + after.text
                self.blank(first)
                self.blank(after)
                return atoms[skip_gaps(atoms, 1) + 1 :]
        return atoms

    def blank(self, atom: Atom) -> None:
        self.outline.blanks.append((atom.start, atom.end))

    def new(self, *, aside: bool) -> Draft:
        """A chain with the words, the label, the conditions that stand before it."""
        draft = Draft(words=self.words, label=self.label, conditions=self.conditions, aside=aside, arrow=self.arrow)
        self.words, self.label, self.conditions, self.arrow = [], "", [], ""
        self.done.append(draft)
        if not aside:
            self.main = draft
        return draft

    def finished(self) -> list[Draft]:
        """All chains; words and conditions that nothing followed stay with the last."""
        if self.conditions and self.done:
            self.done[-1].conditions += self.conditions
        elif self.conditions:
            for condition in self.conditions:
                draft = Draft(words=self.words, label=self.label, only_condition=True)
                for part in condition.parts:
                    draft.conditions.append(DraftCondition(condition.word, condition.text, [part]))
                self.done.append(draft)
                self.words, self.label = [], ""
        if self.done and self.words:
            self.done[-1].words += self.words
        if self.done and self.label and not self.done[-1].label:
            self.done[-1].label = self.label
        if not self.done and (self.words or self.label):
            self.done.append(Draft(words=self.words, label=self.label))
        return self.done


class _RowState:
    """What is known within one row: which word was the last, which chain can be gone on with."""

    def __init__(self, builder: _Builder, *, aside: bool) -> None:
        self.b = builder
        self.aside = aside
        self.current: Draft | None = None if aside else builder.main
        self.fresh = True
        """Nothing but words and labels stood in this row."""
        self.condition = ""
        self.leading: bool = True
        self.universal = False
        self.last_words = ""
        self.arrow = False
        self.place = (0, 0)
        """Where the words stand that were taken last."""
        self.absorbs = False
        """The next statement belongs to a side that cannot be read."""

    def leave(self) -> None:
        if self.b.words and self.current is not None and not self.fresh:
            self.current.words += self.b.words
            self.b.words = []

    def take(self, part: Part, following: Part | None, *, last: bool) -> None:
        match part.kind:
            case "words":
                self.place = (part.atoms[0].start, part.atoms[0].end)
                self.take_words(part.text, following)
            case "label":
                self.take_label(part.text)
            case "arrow":
                self.take_arrow(part.atoms[0], following)
            case "pointer":
                self.b.words.append(part.text)
                self.arrow = True
                self.condition = "→"
            case "forall":
                self.universal = True
                self.b.words.append("∀")
            case "statement":
                self.statement(part, last=last)

    def take_words(self, text: str, following: Part | None) -> None:
        role = vocabulary.role(text)
        self.last_words = text
        self.universal = role == "universal"
        self.condition = ""
        shape = role == "shape" and following is not None and following.kind == "statement" and self.current is not None
        if shape and following is not None and is_shape(list(following.atoms)) and not self.fresh:
            assert self.current is not None
            self.current.feed([Atom("relation", ":", following.atoms[0].start, following.atoms[0].start)])
            return
        behind = following is not None and following.kind == "statement"
        waits = not self.fresh and self.current is not None and self.current.relations
        if waits and not behind and self.current is not None and self.current.sides[-1].empty:  # x = the input
            self.current.give_up("words where a formula should stand")
            self.current.sides[-1].items[-1].append(Atom("words", text, *self.place))
            return
        alone = vocabulary.is_condition_alone(text)
        if role == "condition" and following is not None and following.kind == "statement":
            self.condition = vocabulary.condition_word(text)
            self.leading = self.fresh
        elif alone and role != "condition":
            condition = DraftCondition(alone, text.strip())
            (self.b.conditions if self.fresh or self.current is None else self.current.conditions).append(condition)
        self.b.words.append(text.strip())

    def take_label(self, text: str) -> None:
        if self.fresh or self.current is None:
            self.b.label = text
        elif not self.current.label:
            self.current.label = text
        else:
            self.b.label = text

    def take_arrow(self, atom: Atom, following: Part | None) -> None:
        """`⇒`: a connector, a change of shape, or something that no one can read inside of a side."""
        self.condition = ""
        current = self.current
        label = following is not None and len(following.atoms) == 1 and _LABEL.fullmatch(following.text) is not None
        if self.fresh or following is None or label or following.kind in ("label", "words", "arrow"):
            if atom.note and atom.note != "long":
                self.b.words.append(atom.note)
            self.arrow = True
            self.b.arrow = atom.text
            return
        relates = any(a.kind == "relation" for a in following.atoms)
        own = following.atoms[0].kind != "relation" and any(a.kind == "relation" for a in following.atoms[:-1])
        if current is not None and atom.text == "→" and not own and current.relations[-1:] == [":"]:
            current.feed([atom._replace(kind="operand", text="→")])  # f : ℝ → ℝ
            self.absorbs = True
            return
        if following.kind == "statement" and current is not None and not own:
            if atom.note or relates or (atom.text == "→" and current.relations and not is_shape(list(following.atoms))):
                current.give_up("an arrow inside of an expression")
                current.feed([atom._replace(kind="operand", text="→")])
                self.absorbs = True
                return
            current.feed([Atom("relation", "→", atom.start, atom.end)])
            return
        if atom.note and atom.note != "long":
            self.b.words.append(atom.note)
        self.arrow = True
        self.b.arrow = atom.text

    # ------------------------------------------------------------ statements

    def statement(self, part: Part, *, last: bool) -> None:
        atoms = list(part.atoms)
        relates = any(atom.kind == "relation" for atom in atoms)
        first = atoms[0]
        if self.absorbs and self.current is not None:
            self.absorbs = False
            self.current.feed(atoms)
        elif self.universal:
            self.universal = False
            self.quantified(atoms, relates=relates)
        elif self.condition == "→":
            self.b.words.append("".join(atom.text for atom in atoms))
            if relates and self.current is not None:
                self.current.give_up("an arrow inside of an expression")
        elif (self.condition and self.conditional(part, relates=relates)) or (
            len(atoms) == 1 and first.kind == "bracket" and self.remark(part, last=last)
        ):
            return
        elif self.goes_on(part):
            assert self.current is not None
            self.current.feed(atoms)
            self.fresh = False
        elif first.kind == "relation":
            self.start().feed(atoms)
        elif not self.fresh and self.current is not None and self.is_condition(atoms, part):
            self.current.conditions.append(DraftCondition("for", "", [atoms]))
        elif self.beside(part, relates=relates, last=last):
            assert self.current is not None
            self.current.give_up("a wide space inside of an expression")
        else:
            self.start().feed(atoms)
        self.arrow = False

    def beside(self, part: Part, *, relates: bool, last: bool) -> bool:
        r"""Whether `a = b \quad c` ends here: a product, or a remark; nobody can tell."""
        if relates or self.fresh or self.current is None or self.arrow or not last or self.b.words:
            return False
        return bool(self.current.relations) and part.before <= {"wide", "half", "cell"} and bool(part.before)

    def start(self) -> Draft:
        beside = self.aside
        draft = self.b.new(aside=beside)
        words = " ".join(draft.words)
        draft.definition = vocabulary.defines(words)
        self.current = draft
        self.fresh = False
        self.leading = False
        return draft

    def goes_on(self, part: Part) -> bool:
        """Whether a statement belongs to the chain before it."""
        current, first = self.current, part.atoms[0]
        if current is None:
            return False
        if current.open and not part.before & {"comma", "semicolon", "stop", "colon"} and not self.last_words_open():
            return True
        if first.kind == "relation":
            return True
        return self.fresh and first.kind == "operator" and not self.b.words and not self.b.label and not self.arrow

    def last_words_open(self) -> bool:
        return self.fresh and bool(self.b.label)

    def quantified(self, atoms: list[Atom], *, relates: bool) -> None:
        """`∀ k ∈ {1..K}`, `for all l`: binds where it says more than a name."""
        text = "".join(atom.text for atom in atoms)
        self.b.words.append(text)
        if relates:
            condition = DraftCondition("for all", text, [atoms])
            (self.b.conditions if self.fresh or self.current is None else self.current.conditions).append(condition)

    def conditional(self, part: Part, *, relates: bool) -> bool:
        """A statement behind `if`, `for`, `where`; False if it is a statement of its own."""
        atoms = list(part.atoms)
        looks = self.is_condition(atoms, part, loosely=self.condition not in ("where", "given"), worded=True)
        if self.condition in ("where", "given") and not looks:
            self.condition = ""
            self.arrow = True
            return False
        if not relates:
            if self.leading:
                self.condition = ""
                return False  # for ∂L/∂W: a heading
            self.b.words.append("".join(atom.text for atom in atoms))
            return True
        text = f"{self.condition} " + " ".join(atom.text for atom in atoms)
        if self.leading and self.b.conditions and not looks:
            self.condition = ""
            return False
        place = self.b.conditions if self.leading or self.current is None else self.current.conditions
        if place and part.before & {"comma"} and place[-1].word == self.condition:
            place[-1].parts.append(atoms)
        else:
            place.append(DraftCondition(self.condition, text, [atoms]))
        return True

    def is_condition(self, atoms: list[Atom], part: Part, *, loosely: bool = False, worded: bool = False) -> bool:
        """Whether a statement beside another one restricts it: i ≠ j, l = 1, …, L, k = 3 where k is an index."""
        if not (loosely or worded or part.before & {"comma", "wide", "half", "cell"}):
            return False
        relations = [atom for atom in atoms if atom.kind == "relation"]
        if not relations or atoms[0].kind == "relation" or self.arrow:
            return False
        if any(atom.text in _ORDER for atom in relations):
            others = [atom for atom in relations if atom.text not in _ORDER]
            return not others and (loosely or worded or not is_shape(_right(atoms)))
        left, right = _left(atoms), _right(atoms)
        if len(relations) != 1 or relations[0].text != "=" or not left or not right:
            return False
        if len(left) != 1 or not _INDEX.fullmatch(left[0].text):
            return False
        if any(atom.kind == "dots" or atom.text == ".." for atom in right):
            return True
        number = all(NUMBER.fullmatch(atom.text.strip()) or atom.kind in ("comma", "operator") for atom in right)
        if loosely:
            return number or len(right) == 1
        return number and not worded and self.is_index(left[0].text.strip())

    def is_index(self, letter: str) -> bool:
        """Whether a letter stands in a script of the chain before it."""
        if self.current is None:
            return False
        small = [
            atom.text
            for side in self.current.sides
            for item in side.items
            for atom in item
            if atom.kind == "operand" and ("_" in atom.text or "^" in atom.text)
        ]
        pattern = re.compile(rf"[_^]\{{?[^}}]*(?<![A-Za-z\\]){re.escape(letter)}(?![A-Za-z])")
        return any(pattern.search(text) for text in small)

    # ------------------------------------------------------------ remarks

    def remark(self, part: Part, *, last: bool) -> bool:
        """A bracket on its own: a label, words, a condition, an aside. False if it is an expression."""
        bracket = part.atoms[0]
        inner = [atom for atom in bracket.inner if atom.kind != "gap"]
        apart = bool(part.before & {"wide", "half", "cell", "comma"}) or self.fresh or self.arrow
        if not apart:
            return False
        if _LABEL.fullmatch(bracket.text) and not (self.fresh and last and self.b.first):
            self.take_label(bracket.text)
            return True
        if inner and all(atom.kind in ("words", "stop", "comma") for atom in inner):
            self.b.words.append(" ".join(atom.text for atom in inner))
            if not self.fresh and self.current is not None:
                self.current.words += self.b.words
                self.b.words = []
            return True
        relates = any(atom.kind == "relation" for atom in inner)
        worded = any(atom.kind == "words" for atom in inner)
        if not relates and not worded:
            if self.fresh or self.current is None:
                return False
            self.b.new(aside=True).feed(list(part.atoms))
            return True
        self.b.outline.blanks.extend(self.b.outline.inside.get(bracket.start, []))
        if not self.fresh and self.current is not None and self.is_condition(inner, part):
            self.current.conditions.append(DraftCondition("for", bracket.text, [inner]))
            return True
        if not self.fresh and self.current is not None and worded and inner[0].kind == "words":
            opened = vocabulary.role(inner[0].text)
            if opened == "condition":
                held = self.condition, self.leading
                self.condition, self.leading = vocabulary.condition_word(inner[0].text), False
                for each in parts_of(list(bracket.inner)):
                    if each.kind == "statement":
                        self.conditional(each, relates=any(a.kind == "relation" for a in each.atoms))
                self.condition, self.leading = held
                return True
        main, words, label = self.b.main, self.b.words, self.b.label
        self.b.words, self.b.label = [], ""
        aside = not self.fresh or self.b.main is not None
        inner_state = _RowState(self.b, aside=aside)
        inner_state.current = None
        row = parts_of(list(bracket.inner))
        for at, each in enumerate(row):
            inner_state.take(each, row[at + 1] if at + 1 < len(row) else None, last=at + 1 == len(row))
        inner_state.leave()
        self.b.main = main if aside else self.b.main
        self.b.words, self.b.label = words, label
        return True


def _left(atoms: list[Atom]) -> list[Atom]:
    at = next(k for k, atom in enumerate(atoms) if atom.kind == "relation")
    return [atom for atom in atoms[:at] if atom.kind not in ("gap", "cell")]


def _right(atoms: list[Atom]) -> list[Atom]:
    at = next((k for k, atom in enumerate(atoms) if atom.kind == "relation"), -1)
    return [atom for atom in atoms[at + 1 :] if atom.kind not in ("gap", "cell")]
