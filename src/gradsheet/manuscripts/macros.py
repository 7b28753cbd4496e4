r"""`\newcommand` and its kin: definitions as TeX and MathJax know them, put in by counting, never by running TeX."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradsheet.records import dataclass

LONGEST = 200_000  # characters of one formula
MOST_CHARACTERS = 4_000_000  # of all formulas of a document
DEEPEST = 60
MOST_MACROS = 2000

DEFINING = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|DeclareRobustCommand|DeclareMathOperator|DeclarePairedDelimiter"
    r"|def|gdef|edef|let)(?![A-Za-z])"
)
_COMMAND = re.compile(r"\\(?:[A-Za-z@]+|.|\Z)", re.DOTALL)
_NAME = re.compile(r"\s*(?:\{\s*(\\(?:[A-Za-z@]+|.))\s*\}|(\\(?:[A-Za-z@]+|.)))")
_COUNT = re.compile(r"\s*\[\s*([0-9])\s*\]")
_PARAMETERS = re.compile(r"\s*((?:#[1-9]\s*)*)(?=\{)")
_BLANKS = re.compile(r"\s*")
_WORD_END = re.compile(r"\\[A-Za-z@]+\Z")
_LONGEST_WORD = 60
_LIMIT = 10_000  # characters of one definition


class Expansion(NamedTuple):
    """A text, and for each of its characters and its end the place in the text that it was made from."""

    text: str
    offsets: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Macro:
    """`body` with #1, #2 for its arguments; `default` for the first one, if it may be left out.

    A `primitive` is a command of TeX under a new name.
    """

    arguments: int
    body: str
    default: str | None = None
    primitive: bool = False
    starred: bool = False


class Definition(NamedTuple):
    """A definition that was read: where it ends, and what is wrong with it."""

    end: int
    problem: str = ""


class TooMuchError(Exception):
    """An expansion has no end, or none in sight."""


class MacroTable:
    r"""The macros known at a place of the document.

    >>> table = MacroTable()
    >>> table.define(r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}", 0).end
    52
    >>> table.expand(Expansion(r"\pd Lw = 1", None))[0].text
    '\\frac{\\partial L}{\\partial w} = 1'
    """

    def __init__(self) -> None:
        self.known: dict[str, Macro] = {"ensuremath": Macro(1, "#1"), "xspace": Macro(0, "")}
        self._spent = 0

    # ------------------------------------------------------------ definitions

    def define(self, text: str, at: int) -> Definition:
        """Read the definition that begins at a place; where it cannot be read, it is passed over up to its name."""
        command = DEFINING.match(text, at)
        assert command is not None, "a place at which DEFINING matches"
        word, end = command[0][1:], command.end()
        star = text[end : end + 1] == "*"
        end += star
        name = _NAME.match(text, end)
        if name is None:
            return Definition(end, rf"\{word} without the name of a macro")
        called, end = (name[1] or name[2])[1:], name.end()
        if len(self.known) >= MOST_MACROS:
            return Definition(end, f"more than {MOST_MACROS} macros")
        if word == "let":
            return self._let(called, text, end)
        arguments, default, problem = 0, None, ""
        if word in ("def", "gdef", "edef"):
            parameters = _PARAMETERS.match(text, end)
            if parameters is None:
                problem = rf"\def\{called} has arguments that are told by signs between them"
                end = min(len(text), _until(text, "{", end))
            else:
                arguments, end = parameters[1].count("#"), parameters.end()
        elif word not in ("DeclareMathOperator", "DeclarePairedDelimiter"):
            count = _COUNT.match(text, end)
            if count:
                arguments, end = int(count[1]), count.end()
                option = bracketed(text, end)
                if option:
                    default, end = text[option[0] : option[1]], option[1] + 1
        body, end = _argument(text, end)
        if body is None:
            return Definition(end, problem or rf"\{called} is defined by nothing that ends")
        if word == "DeclareMathOperator":
            body = rf"\operatorname{'*' if star else ''}{{{body}}}"
        elif word == "DeclarePairedDelimiter":
            right, end = _argument(text, end)
            if right is None:
                return Definition(end, rf"\{called} has one bracket only")
            self.known[called] = Macro(1, rf"\left{body} #1 \right{right}", starred=True)
            return Definition(end)
        if problem:
            self.known.pop(called, None)
            return Definition(end, problem)
        if word != "providecommand" or called not in self.known:
            self.known[called] = Macro(arguments, body, default)
        return Definition(end)

    def _let(self, called: str, text: str, at: int) -> Definition:
        at = _BLANKS.match(text, at).end()  # type: ignore[union-attr] # matches everywhere
        at += text[at : at + 1] == "="
        target = _COMMAND.match(text, _BLANKS.match(text, at).end())  # type: ignore[union-attr] # the same
        if target is None:
            return Definition(at, rf"\let\{called} of something that is no command")
        self.known[called] = self.known.get(target[0][1:], Macro(0, target[0], primitive=True))
        return Definition(target.end())

    # ------------------------------------------------------------ expansion

    def expand(self, made: Expansion) -> tuple[Expansion | None, str]:
        """The formula with its macros put in, or None if it has none; and why that was not possible."""
        text = made.text
        if "\\" not in text:
            return None, ""
        if not any(c[0][1:] in self.known or DEFINING.match(c[0]) for c in _COMMAND.finditer(text)):
            return None, ""
        try:
            grown = _Expander(self, text, made.offsets).run()
        except TooMuchError as stop:
            return None, str(stop)
        return grown, ""

    def spend(self, characters: int) -> None:
        """Count what an expansion made; raises when a document makes too much."""
        self._spent += characters
        if self._spent > MOST_CHARACTERS:
            message = f"macros of this document make more than {MOST_CHARACTERS:,} characters"
            raise TooMuchError(message)


class _Expander:
    """A stack of texts still to be read, the innermost last: (text, offsets or None, place, depth)."""

    def __init__(self, table: MacroTable, text: str, offsets: tuple[int, ...] | None) -> None:
        self.table = table
        self.todo: list[_Frame] = [_Frame(text, offsets or range(len(text) + 1), 0)]
        self.end = offsets[-1] if offsets else len(text)
        self.out: list[str] = []
        self.places: list[int] = []
        self.made = 0

    def run(self) -> Expansion:
        while self.todo:
            frame = self.todo[-1]
            found = _COMMAND.search(frame.text, frame.at)
            if found is None:
                self._copy(frame, len(frame.text))
                self.todo.pop()
                continue
            self._copy(frame, found.start())
            macro = self.table.known.get(found[0][1:])
            if DEFINING.match(found[0]) and DEFINING.match(frame.text, found.start()):
                definition = self.table.define(frame.text, found.start())
                if definition.problem:
                    raise TooMuchError(definition.problem)
                frame.at = definition.end
            elif macro is None:
                self._copy(frame, found.end())
            elif macro.primitive:
                frame.at = found.end()
                self._emit(macro.body, [frame.offsets[found.start()]] * len(macro.body))
            else:
                self._put(frame, found, macro)
        return Expansion("".join(self.out), (*self.places, self.end))

    def _copy(self, frame: _Frame, stop: int) -> None:
        self._emit(frame.text[frame.at : stop], frame.offsets[frame.at : stop])
        frame.at = stop

    def _emit(self, text: str, places: list[int] | tuple[int, ...] | range) -> None:
        self.out.append(text)
        self.places.extend(places)
        self._count(len(text))

    def _count(self, characters: int) -> None:
        self.made += characters
        if self.made > LONGEST:
            message = f"macros make a formula of more than {LONGEST:,} characters"
            raise TooMuchError(message)
        self.table.spend(characters)

    def _put(self, frame: _Frame, found: re.Match[str], macro: Macro) -> None:
        name, place = found[0], frame.offsets[found.start()]
        if frame.depth >= DEEPEST:
            message = f"the macro {name} comes back to itself, or is nested more than {DEEPEST} levels deep"
            raise TooMuchError(message)
        frame.at = found.end()
        if macro.starred and frame.text[frame.at : frame.at + 1] == "*":
            frame.at += 1
        given: list[tuple[str, list[int]]] = []
        if macro.default is not None or macro.starred:
            option = bracketed(frame.text, frame.at)
            if option:
                if macro.default is not None:
                    given.append((frame.text[slice(*option)], list(frame.offsets[slice(*option)])))
                frame.at = option[1] + 1
            elif macro.default is not None:
                given.append((macro.default, [place] * len(macro.default)))
        while len(given) < macro.arguments:
            given.append(self._taken(name))
        text, places = _filled(macro.body, given, place)
        rest = self.todo[-1]
        if rest.text[rest.at : rest.at + 1].isalpha() and _WORD_END.search(text[-_LONGEST_WORD:]):
            text, places = text + " ", [*places, place]
        self._count(len(text))
        if text:
            self.todo.append(_Frame(text, (*places, place), frame.depth + 1))

    def _taken(self, name: str) -> tuple[str, list[int]]:
        """An argument: a group without its braces, a command, or one character; behind the ends of bodies too."""
        while True:
            frame = self.todo[-1]
            start = _BLANKS.match(frame.text, frame.at).end()  # type: ignore[union-attr] # matches everywhere
            if start < len(frame.text):
                break
            if len(self.todo) == 1:
                message = f"the macro {name} has too few arguments"
                raise TooMuchError(message)
            self.todo.pop()
        if frame.text[start] == "{":
            end = closing(frame.text, start)
            if end is None:
                message = f"an argument of the macro {name} is not closed"
                raise TooMuchError(message)
            frame.at = end + 1
            return frame.text[start + 1 : end], list(frame.offsets[start + 1 : end])
        command = _COMMAND.match(frame.text, start)
        end = command.end() if command else start + 1
        frame.at = end
        return frame.text[start:end], list(frame.offsets[start:end])


class _Frame:
    __slots__ = ("at", "depth", "offsets", "text")

    def __init__(self, text: str, offsets: tuple[int, ...] | range, depth: int) -> None:
        self.text = text
        self.offsets = offsets
        self.at = 0
        self.depth = depth


def _filled(body: str, given: list[tuple[str, list[int]]], place: int) -> tuple[str, list[int]]:
    """The body with its arguments; what the body brings stands where the macro was used."""
    parts: list[str] = []
    places: list[int] = []
    length = 0
    for count, piece in enumerate(re.split(r"(#[1-9#])", body)):
        if count % 2:
            number = piece[1]
            if number == "#":
                text, at = "#", [place]
            elif int(number) <= len(given):
                text, at = given[int(number) - 1]
            else:
                message = f"a macro uses its argument #{number} and has none"
                raise TooMuchError(message)
        else:
            text, at = piece, [place] * len(piece)
        if text[:1].isalpha() and parts and _WORD_END.search(parts[-1][-_LONGEST_WORD:]):
            parts.append(" ")  # a command must not grow into the letters behind it
            places.append(place)
        length += len(text)
        if length > LONGEST:
            message = f"macros make a formula of more than {LONGEST:,} characters"
            raise TooMuchError(message)
        if text:
            parts.append(text)
            places += at
    return "".join(parts), places


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_SQUARE = re.compile(r"\\.|[{}\]]", re.DOTALL)


def closing(text: str, at: int, limit: int | None = None) -> int | None:
    r"""The brace that closes the one at a place.

    >>> closing(r"{a{b}\}}", 0)
    7
    """
    depth = 0
    for found in _BRACE.finditer(text, at, len(text) if limit is None else min(limit, len(text))):
        depth += (found[0] == "{") - (found[0] == "}")
        if depth == 0 and found[0] == "}":
            return found.start()
    return None


def bracketed(text: str, at: int) -> tuple[int, int] | None:
    """Start and end of what stands in `[…]`, if that follows."""
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr] # matches everywhere
    if text[at : at + 1] != "[":
        return None
    depth = 0
    for found in _SQUARE.finditer(text, at + 1, at + _LIMIT):
        depth += (found[0] == "{") - (found[0] == "}")
        if depth < 0:
            return None
        if found[0] == "]" and depth == 0:
            return at + 1, found.start()
    return None


def _argument(text: str, at: int) -> tuple[str | None, int]:
    """The group or the one command at a place, and where it ends."""
    start = _BLANKS.match(text, at).end()  # type: ignore[union-attr] # matches everywhere
    if text[start : start + 1] == "{":
        end = closing(text, start, start + _LIMIT)
        return (None, start + 1) if end is None else (text[start + 1 : end], end + 1)
    command = _COMMAND.match(text, start)
    return (command[0], command.end()) if command else (None, start)


def _until(text: str, sign: str, at: int) -> int:
    found = text.find(sign, at, at + _LIMIT)
    return found if found >= 0 else at
