"""A reading as the text of a sheet: declarations, equations in order, what is asked, values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradsheet.checking.network.plan import names_in
from gradsheet.syntax.plain import plain
from gradsheet.syntax.traversal import rewritten
from gradsheet.syntax.tree import Array, Expression, Name, Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradsheet.checking.network.dimensions import Shape
    from gradsheet.checking.network.plan import Equation, Plan
    from gradsheet.checking.network.search import Facts, Reading

_SIZES = ("n", "m", "d", "p", "q", "r", "k", "c")


class SheetText:
    """Prints one reading; names for sizes that have none are made here."""

    def __init__(self, reading: Reading, plan: Plan, facts: Facts, objective: str, parameters: tuple[str, ...]) -> None:
        self.reading = reading
        self.plan = plan
        self.facts = facts
        self.objective = objective
        self.parameters = parameters
        self.typing = reading.typing
        self.names: dict[int, str] = {}
        self.taken = self._taken()
        self.width = next(name for name in (*_SIZES, *(f"n{k}" for k in range(1, 99))) if name not in self.taken)
        if plan.families:
            self.taken.add(self.width)

    def _taken(self) -> set[str]:
        found = set(self.typing.shapes) | set(self.typing.layout) | set(self.plan.functions) | {self.plan.depth}
        found |= {name for name in self.typing.sizes.named if "[" not in name} | set(self.plan.unspecified)
        for equation, value in self.reading.values:
            found |= set(names_in(equation.target)) | set(names_in(value))
        for function in self.plan.functions.values():
            found |= set(names_in(function.value))
        return found

    def text(self) -> str:
        """The whole sheet."""
        lines = [*self.declarations(), "", *self.equations(), "", *self.asked()]
        given = self.given()
        if given:
            lines += ["", "given", *given]
        return "\n".join(lines).replace("\n\n\n", "\n\n").strip("\n") + "\n"

    # ------------------------------------------------------------ declarations

    def declarations(self) -> Iterable[str]:
        if self.plan.families:
            yield f"sizes {self.width}[0..{self.plan.depth}]"
        needed = self.needed()
        for name in self.plan.inputs:
            if name in self.typing.shapes and name in needed:
                yield f"{name} ∈ {self.set_of(name, self.typing.shapes[name])}"
        for name, axis in self.typing.constants.items():
            if name in needed and name not in self.typing.shapes:
                yield f"{name} ∈ 1..{self.size(axis)}"
        for name in self.plan.unspecified:
            if name in needed:
                yield f"{name} : ℝ → ℝ"
        families = [name for name in self.plan.inputs if name in self.typing.layout and name in needed]
        if families:
            letter = self.plan.letter
            yield f"for {letter} in {self.plan.first}..{self.plan.depth}"
            for name in families:
                sizes = [
                    f"{self.width}[{letter}{shift:+d}]" if shift else f"{self.width}[{letter}]"
                    for shift in self.typing.layout[name]
                ]
                yield f"  {name}[{letter}] ∈ {_reals(sizes)}"

    def needed(self) -> set[str]:
        """Names that some equation uses."""
        found: set[str] = set()
        for equation, value in self.reading.values:
            found |= set(names_in(value)) | set(names_in(equation.target))
        for function in self.plan.functions.values():
            found |= set(names_in(function.value)) | (set(function.formals or ()) & self.plan.states)
        return found

    def set_of(self, name: str, shape: Shape) -> str:
        sizes = [self.size(axis) for axis in shape.dims]
        if name in self.plan.states:
            return "{0,1}" if not sizes else f"{{0,1}}^({'×'.join(sizes)})"
        return _reals(sizes)

    def size(self, axis: int) -> str:
        """A number, the page's name, or a new one."""
        value = self.typing.sizes.value(axis)
        if isinstance(value, int):
            return str(value)
        if isinstance(value, str):
            return f"{self.width}{value[1:]}" if value.startswith("n[") else value
        root = self.typing.sizes.find(axis)
        if root not in self.names:
            made = next(n for n in (*_SIZES, *(f"n{k}" for k in range(1, 9999))) if n not in self.taken)
            self.taken.add(made)
            self.names[root] = made
        return self.names[root]

    def sized(self, value: Expression) -> Expression:
        """Sizes that a reading needed, by their names."""

        def named(part: Node) -> Node:
            if isinstance(part, Name) and part.key.startswith("#"):
                size = self.size(int(part.key[1:]))
                return Name(size, size)
            return part

        return rewritten(value, named)

    # ------------------------------------------------------------ equations

    def functions(self, waiting: list[Equation], ahead: set[str]) -> Iterable[str]:
        """Functions whose body needs nothing that still lies ahead."""
        ready = waiting
        while ready:
            needs = ahead | {function.name for function in waiting}
            ready = [f for f in waiting if not (set(names_in(f.value)) - {f.name}) & needs]
            for function in ready:
                waiting.remove(function)
                yield f"{function.name}({', '.join(function.formals or ())}) = {plain(function.value)}"

    def equations(self) -> Iterable[str]:
        block = ""
        waiting = list(self.plan.functions.values())
        ahead = {equation.name for equation, _ in self.reading.values}
        for at, (equation, value) in enumerate(self.reading.values):
            if not (block and equation.letter == block):
                yield from self.functions(waiting, ahead)
            ahead = {later.name for later, _ in self.reading.values[at + 1 :]}
            if equation.letter != block:
                block = equation.letter
                if block:
                    yield f"for {block} in {self.plan.first}..{self.plan.depth}"
            yield ("  " if block else "") + f"{plain(equation.target)} = {plain(self.sized(value))}"
        yield from self.functions(waiting, set())

    def asked(self) -> Iterable[str]:
        known = {*self.typing.shapes, *self.typing.layout} & self.needed()
        self.parameters = tuple(name for name in self.parameters if name in known)
        if self.parameters:
            yield f"parameters {', '.join(self.parameters)}"
        if not self.objective:
            return
        shape = self.typing.shapes.get(self.objective)
        if shape is None:
            return
        if not shape.rank:
            yield f"minimize {self.objective}"
        elif self.parameters:
            yield f"pullback {self.objective}"

    def given(self) -> list[str]:
        lines = []
        needed = self.needed()
        for name, value in self.facts.values.items():
            if name in needed and name in self.plan.inputs and name in self.typing.shapes:
                lines.append(f"  {name} = {self.value(value, self.typing.shapes[name])}")
        return lines

    def value(self, value: Expression, shape: Shape) -> str:
        if not isinstance(value, Array):
            return plain(value)
        rows = [[plain(item) for item in row] for row in value.rows]
        if shape.rank == 0:
            return rows[0][0]
        if shape.rank == 1:
            return f"[{', '.join(item for row in rows for item in row)}]"
        if len(rows) == 1:
            return f"[[{', '.join(rows[0])}]]"
        return f"[{'; '.join(', '.join(row) for row in rows)}]"


def _reals(sizes: list[str]) -> str:
    if not sizes:
        return "ℝ"
    if len(sizes) == 1 and (sizes[0].isalnum()):
        return f"ℝ^{sizes[0]}"
    return f"ℝ^({'×'.join(sizes)})"
