"""Plain functions: value, gradient, update, pullback, predict; what NumPy exports, and the start of the others."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gradsheet.programs.model import assigns
from gradsheet.targets.document import described, preamble, quoted, shape_of
from gradsheet.targets.identifiers import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradsheet.targets.functions import Function, Group
    from gradsheet.targets.plan import Plan


class PlainFile:
    """The functions of a module, and the module around them."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.workshop = plan, plan.workshop
        self.functions: list[Function] = []
        self.texts: list[str] = []
        self.listed: list[str] = []

    def text(self) -> str:
        """The whole file."""
        plan = self.plan
        if plan.value is not None and plan.shows("value"):
            self.values()
        if plan.gradients and plan.value is not None:
            self.gradient()
        if plan.outputs:
            self.pullback()
        if plan.updates:
            self.update()
        for group in plan.others:
            self.add(self.plain(group, identifier(group.written)))
        if plan.prediction is not None:
            self.predict()
        self.more()
        return self.assembled()

    def more(self) -> None:
        """What a target adds."""

    def add(self, function: Function) -> None:
        self.functions.append(function)
        self.texts.append(function.text)
        self.listed.append(function.name)

    # ------------------------------------------------------------ functions

    def values(self) -> None:
        """The objective."""
        assert self.plan.value is not None
        self.add(self.plain(self.plan.value, "value"))

    def plain(self, group: Group, name: str) -> Function:
        statements = self.workshop.needed(group.symbols, ())
        doc = [f"{group.written}, {self._shape(group)}.", *self.shapes(self.plan.arguments)]
        return self.workshop.function(name, self.plan.arguments, statements, self.workshop.packed(group), doc,
            group.symbols)  # fmt: skip

    def _shape(self, group: Group) -> str:
        return shape_of(self.plan, group)

    def shapes(self, groups: list[Group]) -> list[str]:
        return described(self.plan, groups)

    def gradient(self) -> None:
        """The objective with its derivatives."""
        value = self.plan.value
        assert value is not None
        found = [g for _, g in self.plan.gradients]
        symbols = [*value.symbols, *(s for g in found for s in g.symbols)]
        returned = f"{self.workshop.packed(value)}, {tupled(self.workshop.packed(g) for g in found)}"
        names = ", ".join(g.written for g in found)
        doc = [f"{value.written}, and a tuple of its derivatives: {names}.", *self.shapes(self.plan.arguments)]
        self.add(
            self.workshop.function("gradient", self.plan.arguments, self.workshop.needed(symbols, ()), returned, doc,
                symbols)
        )  # fmt: skip

    def pullback(self) -> None:
        """Outputs, and the derivatives by the inputs for upstream gradients of the outputs."""
        outputs, found = self.plan.outputs, [g for _, g in self.plan.gradients]
        symbols = [s for g in (*outputs, *found) for s in g.symbols]
        made = [self.workshop.packed(g) for g in outputs]
        returned = f"{made[0] if len(made) == 1 else tupled(made)}, {tupled(self.workshop.packed(g) for g in found)}"
        groups = [*self.plan.arguments, *self.plan.cotangents]
        doc = [
            f"{', '.join(g.written for g in outputs)}, and a tuple: {', '.join(g.written for g in found)}.",
            *self.shapes(groups),
        ]
        self.add(self.workshop.function("pullback", groups, self.workshop.needed(symbols, ()), returned, doc, symbols))

    def update(self) -> None:
        """The parameters after one step."""
        plan, workshop = self.plan, self.workshop
        updated = plan.updates
        symbols = [s for g in updated for s in g.symbols]
        gradients = [g for _, g in plan.gradients]
        given = [s for g in gradients for s in g.symbols] if plan.value is not None else []
        statements = workshop.needed(symbols, given)
        read = workshop.reads(statements, symbols)
        made = {a.target for a in assigns(statements)}
        # A gradient is taken from the function above, unless its forward pass has to be gone through here anyhow.
        if not any(s in read for s in given) or made & {a.target for a in assigns(workshop.needed(given, ()))}:
            statements, given = workshop.needed(symbols, ()), []
        names = ", ".join(g.written for g in updated)
        doc = [f"{names} after one step.", *self.shapes(plan.arguments)]
        arguments = plan.arguments
        returned = workshop.returned(updated) + ("," if len(updated) == 1 else "")
        if not given:
            self.add(workshop.function("update", arguments, statements, returned, doc, symbols))
            return
        groups = [g.name if g.members else workshop.names.of[g.symbols[0]] for g in gradients]
        head = f"_, {tupled(groups)} = gradient({', '.join(g.name for g in arguments)})"
        function = workshop.function("update", arguments, statements, returned, doc, symbols)
        self.add(_with_line(function, head, gradients, workshop.names.of))

    def predict(self) -> None:
        """What is compared with the targets."""
        assert self.plan.prediction is not None
        written, program, workshop = self.plan.prediction
        group = workshop.results[0]
        groups = [g for g in workshop.inputs if g.part == "parameter"] + [
            g for g in workshop.inputs if g.part != "parameter"
        ]
        printer = workshop.printer(())
        shape = printer.shape(group.symbols[0].axes) if group.symbols[0].axes else "a scalar"
        doc = [f"{written}, {shape}."] if not group.members else [f"{written}."]
        self.add(
            workshop.function("predict", groups, program.statements, workshop.packed(group), doc, program.outputs)
        )

    # ------------------------------------------------------------ the module

    def assembled(self) -> str:
        """Docstring, imports, helpers, functions."""
        dialect = self.plan.dialect
        body = "\n\n".join(self.texts)
        helpers: list[str] = []
        wanted = list(dialect.helpers)
        seen = body
        for _ in range(3):  # a helper may call another
            for name in wanted:
                if re.search(rf"\b{name}\(", seen) and dialect.helpers[name] not in helpers:
                    helpers.append(dialect.helpers[name])
                    seen += dialect.helpers[name]
        helpers.sort(key=lambda h: wanted.index(h.split("(")[0].removeprefix("def ")))
        parts = [*quoted(preamble(self.plan, self.about())), "", *self.imports(seen)]
        parts += ["", f"__all__ = [{', '.join(repr(n).replace(chr(39), chr(34)) for n in sorted(self.listed))}]"]
        return "\n".join(parts) + "\n\n\n" + "\n\n".join([*helpers, *self.texts])

    def about(self) -> str:
        """The first line of the file."""
        from_sheet = self.plan.sheet.source.name.replace("\\", "/").rsplit("/", 1)[-1]
        return f"{from_sheet}: derived gradients as {self.plan.dialect.name} code."

    def imports(self, text: str) -> list[str]:
        """Imports that the text needs, sorted as a linter has them."""
        plain = [f"import {n}" for n in ("itertools", "math") if re.search(rf"\b{n}\.", text)]
        own = [i for i in self.plan.dialect.imports if re.search(rf"\b{i.split()[-1]}\.", text)]
        if "sliding_window_view(" in text:
            own.append("from numpy.lib.stride_tricks import sliding_window_view")
        return [*plain, *([""] if plain else []), *own]


def tupled(texts: Iterable[str]) -> str:
    """Texts as a tuple."""
    parts = list(texts)
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _with_line(function: Function, line: str, groups: Sequence[Group], names: dict[object, str]) -> Function:
    """A function with a first line of its own, and the members of families that the line brings."""
    lines = list(function.lines)
    quotes = [k for k, text in enumerate(lines) if '"""' in text]
    at = (quotes[0] if lines[quotes[0]].count('"""') == 2 else quotes[1]) + 1
    unpacked = [
        f"    {', '.join(names[s] for s in g.symbols)}{',' if len(g.symbols) == 1 else ''} = {g.name}"
        for g in groups if g.members
    ]  # fmt: skip
    return replace(function, lines=(*lines[:at], f"    {line}", *unpacked, *lines[at:]))


__all__ = ["PlainFile", "tupled"]
