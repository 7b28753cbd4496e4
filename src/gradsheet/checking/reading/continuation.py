"""What runs over formulas: a chain that goes on in the next display, a condition that holds for a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gradsheet.checking.reading import conditions
from gradsheet.checking.reading import words as vocabulary
from gradsheet.checking.reading.model import Chain, Condition, Side
from gradsheet.checking.reading.sides import is_elided
from gradsheet.diagnostics import SheetError, Source, Span
from gradsheet.syntax.document_formulas import read_part
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import rewritten
from gradsheet.syntax.tree import (
    Additive,
    Array,
    Ellipsis,  # noqa: A004 - the node is called what it is
    Name,
    Node,
    Num,
    Power,
    Subscript,
    Term,
    Transpose,
)

if TYPE_CHECKING:
    from gradsheet.manuscripts import Formula, Prose
    from gradsheet.syntax.tree import Comparison

_QUESTION = re.compile(
    r"^\s*(?:(?:question|exercise|problem|task|part|sheet|assignment|aufgabe|frage|section)\b\s*\(?[0-9a-z]"
    r"|[0-9]{1,2}(?:\.[0-9]{1,2})*[.)]?\s*(?:\([a-z]\))?\s*$|[0-9]{1,2}\s*[.)]?\s*\([a-z]\)|\([a-z]\)(?:\s|$)|Q[0-9])",
    re.IGNORECASE | re.MULTILINE,
)
_VALUES = frozenset({"expression", "elided", "shape", "set"})
_FURTHEST = 8
"""Formulas back that a chain may go on with."""


@dataclass(slots=True)
class _Entry:
    chain: Chain
    formula: Formula


class Thread:
    """Walks through a document and remembers what the next formula may go on with."""

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.words = ""
        self.tail = ""
        """The prose right before the formula."""
        self.question = 0
        self.conditions: tuple[Condition, ...] = ()
        """What the sentence began with."""
        self.cases: tuple[Condition, ...] = ()
        """What was supposed, until something ends it."""
        self.unread: tuple[Condition, ...] = ()
        """Conditions of the sentence in words alone."""
        self.sentence: list[int] = []
        """Entries of the sentence so far, behind the last condition in it."""
        self.stopped = False
        """The formula before ends with a full stop."""
        self.apart = True
        """Words or a heading stand between the formula before and the next one."""
        self.broken = True

    def finished(self) -> list[Chain]:
        """All chains."""
        return [entry.chain for entry in self.entries]

    # ------------------------------------------------------------ prose

    def prose(self, piece: Prose) -> None:
        """Words between formulas: they lead to the next one, or end what was said before."""
        text = piece.text
        self.stop()
        if piece.kind == "heading":
            self.question += 1
            self.words, self.tail = "", text.strip() if conditions.opens_case(text) else ""
            self.end_sentence()
            self.cases = ()
            self.apart = self.broken = True
            return
        if piece.kind == "item":
            self.end_sentence()
        if _QUESTION.search(text):
            self.question += 1
            self.end_sentence()
        stripped = text.strip()
        if stripped:
            capital = re.match(r"\W*[A-Z][a-z]", stripped) is not None
            signed = self.signed(stripped)
            if vocabulary.ends_sentence(text) or (self.broken and capital):
                self.end_sentence()
            if conditions.ends_case(text):
                self.cases = ()
            if not signed:
                self.in_words(text)
            self.words, self.tail, self.apart = vocabulary.last_sentence(text), stripped, True
        self.broken = piece.breaks

    def stop(self) -> None:
        """A sentence may end with its formula."""
        if self.stopped:
            self.end_sentence()
            self.stopped = False

    def end_sentence(self) -> None:
        """Conditions hold for their sentence."""
        self.conditions = self.unread = ()
        self.sentence = []

    # ------------------------------------------------------------ formulas

    def formula(self, formula: Formula, chains: list[Chain]) -> None:
        """The chains of the next formula, with what they go on with."""
        self.stop()
        self.stopped = _full_stop(formula)
        if chains and not formula.struck and self.as_condition(formula, chains):
            chains = []
        for at, found in enumerate(chains):
            chain = replace(found, question=self.question)
            if at == 0 and self.words:
                chain = replace(chain, words=f"{self.words} {chain.words}".strip())
                chain = self.defined(chain)
            if not formula.struck and at == 0:
                chain = self.linked(formula, chain)
            if chain.relations:
                held = (*chain.conditions, *self.conditions)
                chain = replace(chain, conditions=held, cases=(*self.cases, *self.unread))
            self.sentence.append(len(self.entries))
            self.entries.append(_Entry(chain, formula))
        self.words = self.tail = ""
        self.apart, self.broken = False, False

    def defined(self, chain: Chain) -> Chain:
        """A chain that the words before it call a definition."""
        symbol = chain.sides[0].tree
        while isinstance(symbol, Subscript | Power):
            symbol = symbol.base
        says = vocabulary.role(self.tail) == "definition" or re.search(r"\bwhere\W*$", self.tail, re.IGNORECASE)
        if says and chain.relations and isinstance(symbol, Name):
            return replace(chain, definition=True)
        return chain

    # ------------------------------------------------------------ conditions of a sentence

    def as_condition(self, formula: Formula, chains: list[Chain]) -> bool:
        """`For $l = 3$:` binds its sentence, `Suppose $z > 0$.` what follows; the formula itself states nothing."""
        case = conditions.opens_case(self.tail)
        word = case or vocabulary.condition_word(self.tail)
        if formula.display or len(chains) != 1 or chains[0].aside:
            return False
        chain = chains[0]
        comparison = conditions.comparison_of(chain)
        if comparison is None:
            return False
        if not word and any(relation in conditions.ORDER for relation in comparison.relations):
            word = conditions.near(self.tail)
        if not word and self.alternative(comparison):
            return True
        if not word or not conditions.restricts(comparison, word):
            return False
        condition = Condition(word, f"{word} {plain(comparison)}", (comparison,))
        if case or word in {"suppose", "assume"}:
            self.cases = (condition,)
            self.end_sentence()
        else:
            self.binds(condition, word)
        self.unread = ()
        side = Side("expression", formula.text, Span(0, len(formula.text)), formula, comparison)
        self.sentence.append(len(self.entries))
        self.entries.append(_Entry(Chain((side,), (), (formula,), self.words, question=self.question), formula))
        return True

    def in_words(self, text: str) -> None:
        """Keep a condition that has no formula, `if the unit is active`, until its sentence ends."""
        begun = self.unread[0].text if self.unread and not vocabulary.ends_sentence(text) else ""
        told = re.split(r",|\bthen\b", text, maxsplit=1)[0].strip() if begun and " " not in begun else ""
        phrase = f"{begun} … {told}" if told else conditions.unread(vocabulary.last_sentence(text))
        if phrase:
            self.unread = () if conditions.restricts_nothing(phrase) else (Condition("", phrase, ()),)

    def alternative(self, comparison: Comparison) -> bool:
        """`For i = j and i ≠ j`: two cases together, which restrict nothing."""
        other = Condition("", "", (comparison,))
        if re.fullmatch(r"\W*(?:and|or|und|et)\W*", self.tail, re.IGNORECASE) is None:
            return False
        kept = tuple(c for c in self.conditions if not conditions.contradicts(c, other))
        found = len(kept) < len(self.conditions) and not any(self.entries[at].chain.relations for at in self.sentence)
        if found:
            self.conditions = kept
        return found

    def binds(self, condition: Condition, word: str) -> None:
        """A condition binds the claims before it, or opens a sentence or a part of one."""
        claims = [at for at in self.sentence if self.entries[at].chain.relations]
        if not claims and any(conditions.subjects(condition) & conditions.subjects(case) for case in self.cases):
            self.cases = ()  # the other case
        bare = re.escape(word.rsplit(maxsplit=1)[-1])
        opened = re.fullmatch(rf"\W*{bare}\W*", self.tail, re.IGNORECASE) is None
        if claims and not opened:
            last = self.entries[claims[-1]].formula
            for at in reversed(claims):
                own = self.entries[at].formula
                if own is not last and (own.display or last.display):
                    break  # what stands behind a display is about that alone
                entry = self.entries[at]
                kept = [c for c in entry.chain.conditions if not conditions.contradicts(c, condition)]
                entry.chain = replace(entry.chain, conditions=(*kept, condition))
            self.sentence = []  # `a for y = 1 and b for y = 0`
        elif claims:
            self.conditions, self.sentence = (condition,), []  # `if z > 0, a, and if z < 0, b`
        else:
            self.conditions = (*self.conditions, condition) if self.sentence else (condition,)

    def signed(self, words: str) -> bool:
        """`If $z$ is positive,`: the formula before these words and they are one condition."""
        last = self.entries[-1].chain if self.entries and self.sentence[-1:] == [len(self.entries) - 1] else None
        word = "" if last is None else conditions.opens_case(last.words) or vocabulary.condition_word(last.words)
        if last is None or not word:
            return False
        condition = conditions.signed(last, words, word)
        if condition is None:
            return False
        if word == "suppose":
            self.cases = (condition,)
        else:
            self.tail = word
            self.binds(condition, word)
        return True

    # ------------------------------------------------------------ going on

    def linked(self, formula: Formula, chain: Chain) -> Chain:
        """The first chain of a formula with what it goes on with."""
        before = self.before(formula)
        if before is not None and before.chain.relations and before.chain.sides[-1].kind == "empty":
            if chain.continues:
                before.chain = _without_end(before.chain)
            elif formula.display and before.formula.display and not chain.label and not self.apart:
                sides = (*before.chain.sides[:-1], chain.sides[0])
                before.chain = replace(before.chain, sides=sides)
                return chain
        if chain.continues:
            origin = self.origin(formula)
            if origin is not None:
                side = _last_value(origin.chain)
                return replace(chain, sides=(side, *chain.sides[1:]))
            return chain
        if before is not None and formula.display and before.formula.display and not self.apart and not chain.label:
            return self.joined(chain, before)
        return chain

    def before(self, formula: Formula) -> _Entry | None:
        """The chain right before a formula, if its formula is the one before."""
        for entry in reversed(self.entries):
            if entry.formula.number != formula.number - 1 and entry.formula.number != formula.number:
                return None
            if not entry.chain.aside and not entry.chain.struck:
                return entry
        return None

    def origin(self, formula: Formula) -> _Entry | None:
        """The chain that a leading relation goes on with: of the display before, givens passed over."""
        near = [
            entry
            for entry in self.entries
            if entry.chain.question == self.question
            and formula.number - entry.formula.number <= _FURTHEST
            and not entry.chain.aside
            and not entry.chain.struck
            and any(side.kind in _VALUES for side in entry.chain.sides)
        ]
        if not near:
            return None
        if not formula.display:
            last = near[-1]
            same = self.sentence and self.entries[self.sentence[-1]] is last
            if last.chain.relations and not last.formula.display and same and not self.broken:
                return last
        displays = [entry for entry in near if entry.formula.display]
        chained = [e for e in displays if e.chain.relations or e.formula.number == formula.number - 1]
        open_ones = [entry for entry in chained if not _is_given(entry.chain)]
        for found in (open_ones, chained, [entry for entry in near if entry.chain.relations], near):
            if found:
                return found[-1]
        return None

    def joined(self, chain: Chain, before: _Entry) -> Chain:
        """A display that begins with + or − right behind another: it goes on with its last side."""
        first = chain.sides[0]
        sign = first.latex.lstrip()[:1].replace("−", "-")
        last = before.chain.sides[-1]
        ends = before.chain.sides[-1].latex.rstrip().endswith(("+", "-", "−")) and last.kind == "unreadable"
        begins = sign in ("+", "-") and before.chain.relations and (sign == "+" or not chain.relations)
        if first.tree is None or not (ends or begins):
            return chain
        left = _without_operator(last) if ends else last
        if left is None or left.tree is None or left.kind != "expression":
            return chain
        whole = _sum(left, first, sign if begins else _final_sign(before.chain.sides[-1]))
        before.chain = replace(before.chain, sides=(*before.chain.sides[:-1], whole))
        if chain.relations:
            return replace(chain, sides=(whole, *chain.sides[1:]), continues=True)
        return replace(chain, aside=True)


# ---------------------------------------------------------------- sides


def _full_stop(formula: Formula) -> bool:
    r"""Whether a display ends with a full stop, perhaps before its last row ends: `… = 0 . \end{align}`."""
    ending = re.sub(r"(?:\\end\{[^}]*\}|\\\\|\\[,;! ]|[\s}$])+$", "", formula.text)
    return formula.display and ending.endswith(".") and not ending.endswith(("..", "…."))


def _last_value(chain: Chain) -> Side:
    return next((side for side in reversed(chain.sides) if side.kind in _VALUES), chain.sides[-1])


def _without_end(chain: Chain) -> Chain:
    """A chain without the relation that it ends with: the next formula begins with the same one."""
    relations = chain.relations[:-1]
    formulas = chain.formulas[:-1] if relations else chain.formulas[:1]
    return replace(chain, sides=chain.sides[:-1], relations=relations, formulas=formulas)


def _is_given(chain: Chain) -> bool:
    """`x = [1, 0.5]`: a value that is given, not one that was worked out."""
    symbol = chain.sides[0].tree
    while isinstance(symbol, Subscript | Power):
        symbol = symbol.base
    if len(chain.sides) != 2 or not isinstance(symbol, Name) or chain.relations[0] not in ("=", ":="):
        return False
    return _is_literal(chain.sides[1].tree)


def _is_literal(node: object) -> bool:
    match node:
        case Num() | Ellipsis():
            return True
        case Additive(terms=(term,)):
            return isinstance(term.item, Num)
        case Array(rows=rows):
            return all(_is_literal(item) for row in rows for item in row)
        case Transpose(base=base) | Power(base=Array() as base):
            return _is_literal(base)
        case _:
            return False


def _final_sign(side: Side) -> str:
    return side.latex.rstrip()[-1].replace("−", "-")


def _without_operator(side: Side) -> Side | None:
    """A side that ends with an operator, read without it."""
    text = side.formula.text
    end = side.span.start + len(text[side.span.start : side.span.end].rstrip()) - 1
    try:
        tree = read_part(Source(text), Span(side.span.start, end), side.formula.spelling)
    except SheetError:
        return None
    return replace(side, kind="elided" if is_elided(tree) else "expression", tree=tree, problem=None)


def _sum(first: Side, second: Side, sign: str) -> Side:
    """Two pieces of a sum as one side; the places of the second piece are moved behind the first."""
    assert first.tree is not None
    assert second.tree is not None
    pieces = (first.formula, *(piece.formula for piece in first.rest))
    shift = sum(len(formula.text) + 1 for formula in pieces)

    def move(node: Node) -> Node:
        return replace(node, span=Span(node.span.start + shift, node.span.end + shift))

    moved = rewritten(second.tree, move)
    terms = moved.terms if isinstance(moved, Additive) else (Term("+", moved, span=moved.span),)  # type: ignore[arg-type]
    signed = second.latex.lstrip()[:1].replace("−", "-") in ("+", "-")
    if not signed and sign == "-":
        terms = (replace(terms[0], sign="-"), *terms[1:])
    own = first.tree
    left = own.terms if isinstance(own, Additive) else (Term("+", own, span=own.span),)  # type: ignore[arg-type]
    tree = Additive((*left, *terms), span=own.span.to(moved.span))
    return replace(first, tree=tree, rest=(*first.rest, second))
