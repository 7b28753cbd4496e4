"""From YAML to a context: front matter and a file beside the document, in one schema."""

from __future__ import annotations

import contextlib
import difflib
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import yaml

from gradsheet.checking.context.aliases import AliasRule, written_tree
from gradsheet.checking.context.model import (
    Alternative,
    Assumption,
    Context,
    Conventions,
    GivenRule,
    Question,
    Scheme,
    ShapeRule,
    SheetPath,
)
from gradsheet.checking.context.nodes import Block, Refused, composed, entries, plain_data
from gradsheet.diagnostics import Diagnostics, SheetError, Source, Span
from gradsheet.syntax import front_matter, parse_expression, read_source
from gradsheet.syntax.tree import Array, Derivative, Expression, Lowered, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.checking.context.model import Origin
    from gradsheet.manuscripts import Manuscript

KEYS = ("sheet", "aliases", "shapes", "given", "conventions", "schemes", "alternatives", "assume", "marks", "questions")
CONVENTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "vectors": ("vectors", ("columns", "rows")),
    "layout": ("layout", ("gradient", "jacobian")),
    "relu'(0)": ("relu_at_zero", ("0", "1", "0.5", "1/2")),
    "products": ("products", ("strict", "loose")),
    "sums": ("sums", ("written", "einstein")),
}
OF_PAGES = frozenset({
    "abstract", "author", "authors", "bibliography", "categories", "category", "course", "csl", "date", "description",
    "documentclass", "draft", "email", "fontsize", "format", "geometry", "group", "header-includes", "id", "jupyter",
    "katex", "kernelspec", "keywords", "lang", "language", "layout", "math", "mathjax", "name", "number", "output",
    "permalink", "semester", "slug", "student", "subtitle", "tags", "title", "toc", "version", "weight",
})  # fmt: skip
"""Keys with which other programs head a page: not ours, and no slips of ours."""
_TIMES = re.compile(r"\s*(?:×|\\times|(?<=[\w)\]])\s*x\s*(?=[\w(\[]))\s*")
_ATTRIBUTES = ("symmetric", "positive", "nonnegative", "diagonal", "orthogonal", "invertible")
_WORDS = {"scalar": 0, "vector": 1, "matrix": 2}


class _Left(Exception):  # noqa: N818 - what is wrong was recorded; this entry is left out
    pass


def read_context_file(path: str | Path) -> tuple[dict[str, Any], Source]:
    """The data of a context file and its text; raises `SheetError` if it cannot be read.

    >>> read_context_file("no-such.yaml")
    Traceback (most recent call last):
    gradsheet.diagnostics.diagnostic.SheetError: error[GS710]: no-such.yaml cannot be read: No such file or directory
      no-such.yaml
    """
    found = Diagnostics(Source("", str(path)))
    try:
        source = read_source(Path(path).read_bytes(), str(path))
    except OSError as problem:
        found.error("GS710", f"{path} cannot be read: {problem.strerror}")
        found.raise_errors()
        raise  # pragma: no cover - the line before has raised
    found = Diagnostics(source)
    try:
        node = composed(Block(source, source.text), found)
        data = {} if node is None else plain_data(node)
    except Refused:
        found.raise_errors()
        raise  # pragma: no cover - a refusal is always recorded
    except (yaml.YAMLError, ValueError, TypeError) as problem:
        found.error("GS710", f"no YAML: {getattr(problem, 'problem', None) or problem}")
        found.raise_errors()
        raise  # pragma: no cover - the line before has raised
    return data if isinstance(data, dict) else {}, source


def context_of(manuscript: Manuscript | None = None, file: Source | None = None) -> Context:
    r"""What a page says of itself and what a file says of it; the file wins, key by key, with a remark.

    >>> context_of(file=Source("given: {w2: 2}\nconventions: {vectors: rows}\n", "a.yaml")).conventions.vectors
    'rows'
    >>> [remark.message for remark in context_of(file=Source("alias: {n: η}\n")).remarks]
    ['alias is no key of a context: did you mean aliases?']
    """
    page = Context() if manuscript is None else _of_page(manuscript)
    if file is not None:
        own = _Reader(Block(file, file.text), "context").context()
        said = [key for key in KEYS if _says(page, key) and _says(own, key)]
        both = replace(own.over(page), questions=own.questions or page.questions)
        if said:
            words = f"{' and '.join(said)}: front matter and {file.name} both say something; the file's entries hold"
            from gradsheet.diagnostics import Remark  # noqa: PLC0415 - only where something is said

            both = replace(both, remarks=(*both.remarks, Remark(words)))
        page = both
    return page if manuscript is None else page.located(manuscript)


def _says(context: Context, key: str) -> bool:
    if key == "conventions":
        return context.conventions != Conventions()
    return bool(getattr(context, "sheets" if key == "sheet" else key))


def _of_page(manuscript: Manuscript) -> Context:
    found = front_matter(manuscript.source)
    if found.text:
        at = manuscript.source.text.index(found.text)
        return _Reader(Block(manuscript.source, found.text, at), "front matter").context()
    if manuscript.front:  # the head of a notebook: its own text has no places that a reader would know
        text = yaml.safe_dump(dict(manuscript.front), allow_unicode=True)
        source = Source(text, manuscript.source.name)
        return _Reader(Block(source, text), "front matter").context()
    return Context()


class _Reader:
    """Reads one block; every problem is recorded with its place, and what can be read is kept."""

    def __init__(self, block: Block, origin: Origin) -> None:
        self.block = block
        self.origin = origin
        self.found = Diagnostics(block.source)

    def context(self) -> Context:
        try:
            node = composed(self.block, self.found)
        except Refused:
            node = None
        context = Context() if node is None else self.table(node, inner=False)
        return replace(
            context,
            origin=self.origin,
            source=self.block.source,
            remarks=tuple(self.found.remarks),
            problems=tuple(self.found.errors),
        )

    # ------------------------------------------------------------ reports

    def refuse(self, message: str, node: yaml.Node, expected: str | None = None, code: str = "GS711") -> NoReturn:
        self.found.error(code, message, self.block.span(node), expected=expected)
        raise _Left

    def unknown(self, key: str, span: Span, known: tuple[str, ...], what: str) -> None:
        near = difflib.get_close_matches(key.lower(), known, 1, 0.6)
        if self.origin == "front matter" and what == "context" and (key.lower() in OF_PAGES or not near):
            return
        hint = f": did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
        self.found.remark(f"{key} is no key of a {what}{hint}", span)

    # ------------------------------------------------------------ the table

    def table(self, node: yaml.MappingNode, *, inner: bool) -> Context:
        values: dict[str, Any] = {}
        for key, value, span in entries(node, self.block, self.found):
            if inner and key in {"at", "line", "formula"}:
                continue
            if key not in KEYS or (inner and key == "questions"):
                self.unknown(key, span, KEYS[:-1] if inner else KEYS, "question" if inner else "context")
                continue
            if isinstance(value, yaml.ScalarNode) and value.tag.endswith(":null"):
                continue
            try:
                values["sheets" if key == "sheet" else key] = getattr(self, f"read_{key}")(value)
            except _Left:
                continue
        return Context(**values)

    def pairs(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, Span]]:
        if not isinstance(node, yaml.MappingNode):
            self.refuse(f"{what} is a table", node, expected="entries such as `name: value`")
        yield from entries(node, self.block, self.found)

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]

    def text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(f"{what} is a text", node, expected="a text")
        return str(node.value)

    def tree(self, text: str, node: yaml.Node, what: str, *, sheet: bool = False) -> Expression:
        """The tree of a spelling of the page, or of the sheet's language."""
        try:
            if sheet:
                source = Source(text)
                return parse_expression(source, Diagnostics(source))
            return written_tree(text)
        except SheetError as error:
            self.refuse(f"{what} {text!r} cannot be read: {error.diagnostics[0].message}", node, code="GS712")

    # ------------------------------------------------------------ keys

    def read_sheet(self, node: yaml.Node) -> tuple[SheetPath, ...]:
        found = []
        folder = Path(self.block.source.name).parent
        for item in self.items(node):
            written = self.text(item, "a sheet")
            path = folder / written
            if not path.is_file():
                self.found.error(
                    "GS713",
                    f"there is no sheet {written}",
                    self.block.span(item),
                    expected=f"a file, seen from {folder.as_posix()}/",
                )
                continue
            found.append(SheetPath(written, path, self.block.span(item)))
        return tuple(found)

    def read_aliases(self, node: yaml.Node) -> tuple[AliasRule, ...]:
        found = []
        for key, value, span in self.pairs(node, "aliases"):
            try:
                right: str | dict[int, str]
                if isinstance(value, yaml.MappingNode):
                    right = {}
                    for number, name, _ in entries(value, self.block, self.found):
                        if not number.isdigit():
                            self.refuse("a table of an alias is by number", value, expected="`{0: x, 1: h1}`")
                        right[int(number)] = self.text(name, "a name of the sheet")
                else:
                    right = self.text(value, "the right side of an alias")
                found.append(AliasRule.of(key, right, span))
            except SheetError as error:
                message = f"the alias {key!r} cannot be read: {error.diagnostics[0].message}"
                self.found.error("GS712", message, span)
            except ValueError as problem:
                self.found.error("GS712", f"the alias {key!r}: {problem}", span)
            except _Left:
                continue
        return tuple(found)

    def read_shapes(self, node: yaml.Node) -> tuple[ShapeRule, ...]:
        found = []
        for key, value, span in self.pairs(node, "shapes"):
            try:
                left = self.tree(key, value, "the symbol")
                if isinstance(value, yaml.SequenceNode):
                    parts = [self.text(item, "a size") for item in value.value]
                else:
                    text = self.text(value, "a shape").strip()
                    if text in _WORDS:
                        rank = _WORDS[text]
                        found.append(ShapeRule(key, left, () if rank == 0 else None, rank, span))
                        continue
                    parts = _TIMES.split(text.removeprefix("(").removesuffix(")"))
                axes = tuple(self.tree(part, value, "the size", sheet=True) for part in parts)
                found.append(ShapeRule(key, left, axes, len(axes), span))
            except _Left:
                continue
        return tuple(found)

    def read_given(self, node: yaml.Node) -> tuple[GivenRule, ...]:
        found = []
        for key, value, span in self.pairs(node, "given"):
            try:
                found.append(GivenRule(key, self.tree(key, value, "the symbol"), self.value(value), span))
            except _Left:
                continue
        return tuple(found)

    def value(self, node: yaml.Node) -> Expression:
        """A number, an expression of the sheet's language, or lists of them."""
        if isinstance(node, yaml.MappingNode):
            self.refuse("a value is no table", node, expected="a number, a list, or text such as `[1, 2; 3, 4]`")
        if isinstance(node, yaml.ScalarNode):
            return self.tree(node.value, node, "the value", sheet=True)
        items = [self.value(item) for item in node.value]
        if not items:
            self.refuse("a value is empty", node, expected="at least one number")
        lists = [isinstance(item, yaml.SequenceNode) for item in node.value]
        if any(lists):
            rows = [item.rows[0] if isinstance(item, Array) and len(item.rows) == 1 else () for item in items]
            if not all(lists) or len({len(row) for row in rows}) != 1 or not rows[0]:
                self.refuse("the rows of a matrix have different lengths", node, expected="lists of equal lengths")
            return Array(tuple(rows))
        return Array((tuple(items),))

    def read_conventions(self, node: yaml.Node) -> Conventions:
        found: dict[str, Any] = {}
        for key, value, span in self.pairs(node, "conventions"):
            name = key.replace("′", "'").replace("ReLU", "relu")
            if name not in CONVENTIONS:
                self.unknown(key, span, tuple(CONVENTIONS), "table of conventions")
                continue
            field, known = CONVENTIONS[name]
            text = value.value if isinstance(value, yaml.ScalarNode) else ""
            if text not in known:
                self.found.error(
                    "GS711", f"{key} cannot be {text or 'a list'}", self.block.span(value), expected=" or ".join(known)
                )
                continue
            found[field] = Fraction(text) if field == "relu_at_zero" else text
        return Conventions(**found)

    def read_schemes(self, node: yaml.Node) -> tuple[Scheme, ...]:
        found = []
        for item in self.items(node):
            try:
                found.append(self.scheme(item))
            except _Left:
                continue
        return tuple(found)

    def scheme(self, item: yaml.Node) -> Scheme:
        text = self.text(item, "a scheme")
        left_text, sign, right_text = text.partition("=")
        expected = "`δ_q = ∂J/∂q`, with the quantity q on both sides"
        if not sign:
            self.refuse(f"the scheme {text!r} has no =", item, expected)
        right = self.tree(right_text.strip(), item, "the scheme")
        if not isinstance(right, Derivative) or len(right.by) != 1 or not isinstance(right.by[0], Name):
            self.refuse(f"the scheme {text!r} says nothing of a derivative", item, expected)
        variable = right.by[0].key
        left = self.tree(left_text.strip(), item, "the scheme")
        if isinstance(left, Name) and left.key.endswith(f"_{variable}"):  # δ_q in plain text is what \delta_q is
            letter = left.key.removesuffix(f"_{variable}")
            left = Lowered(Name(letter, letter), (Name(variable, variable),))
        if isinstance(left, Name) and left.key.endswith(variable) and left.key != variable:
            return Scheme(text, left, right.of, variable, left.key.removesuffix(variable), self.block.span(item))
        if not isinstance(left, Lowered) or variable not in {i.key for i in left.items if isinstance(i, Name)}:
            self.refuse(f"the quantity {variable} is no part of {left_text.strip()!r}", item, expected)
        return Scheme(text, left, right.of, variable, "", self.block.span(item))

    def read_alternatives(self, node: yaml.Node) -> tuple[Alternative, ...]:
        found = []
        for item in self.items(node):
            try:
                for name, options, span in self.pairs(item, "an alternative"):
                    texts = [self.text(option, "a definition") for option in self.items(options)]
                    if len(texts) < 2:
                        self.refuse(f"{name} has one definition only", options, expected="a list of two or more")
                    trees = tuple(self.tree(text, options, "the definition", sheet=True) for text in texts)
                    found.append(Alternative(name, tuple(texts), trees, span))
            except _Left:
                continue
        return tuple(found)

    def read_assume(self, node: yaml.Node) -> tuple[Assumption, ...]:
        found = []
        for item in self.items(node):
            try:
                text = self.text(item, "an assumption").strip()
                words = text.replace(" is ", " ").split()
                named = [word for word in words if word in _ATTRIBUTES]
                rest = [word for word in words if word not in _ATTRIBUTES]
                span = self.block.span(item)
                if len(named) == 1 and len(rest) == 1:
                    found.append(Assumption(text, None, named[0], self.tree(rest[0], item, "the symbol"), span))
                else:
                    found.append(Assumption(text, self.tree(text, item, "the assumption"), span=span))
            except _Left:
                continue
        return tuple(found)

    def read_marks(self, node: yaml.Node) -> dict[str, Any]:
        data: object = None
        if isinstance(node, yaml.MappingNode):
            with contextlib.suppress(yaml.YAMLError, ValueError, TypeError):
                data = plain_data(node)
        if not isinstance(data, dict):
            self.refuse("marks is a table", node, expected="a scheme of marks")
        return data

    def read_questions(self, node: yaml.Node) -> tuple[Question, ...]:
        found = []
        for item in self.items(node):
            try:
                if not isinstance(item, yaml.MappingNode):
                    self.refuse("a question is a table", item, expected='`{at: "Question 2", sheet: b.sheet}`')
                place = self.place(item)
                inner = replace(self.table(item, inner=True), origin=self.origin, source=self.block.source)
                found.append(Question(*place, inner, self.block.span(item)))
            except _Left:
                continue
        return tuple(found)

    def place(self, item: yaml.MappingNode) -> tuple[str | None, int | None, int | None]:
        said = {key.value: value for key, value in item.value if isinstance(key, yaml.ScalarNode)}
        places = [key for key in ("at", "line", "formula") if key in said]
        if len(places) != 1:
            message = "a question does not say where it begins" if not places else "a question begins at one place"
            self.refuse(message, item, expected="`at: …`, `line: 34` or `formula: 12`")
        text = self.text(said[places[0]], "a place")
        if places == ["at"]:
            if not text.strip():
                self.refuse("the place of a question is empty", said["at"], expected="how a line begins")
            return text, None, None
        if not text.isdigit() or not 0 < int(text) < 10**9:
            self.refuse(f"{places[0]} is a number", said[places[0]], expected="a whole number from 1 on")
        kind: Literal["line", "formula"] = "line" if places == ["line"] else "formula"
        return None, int(text) if kind == "line" else None, int(text) if kind == "formula" else None
