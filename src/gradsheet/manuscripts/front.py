"""YAML as plain data: numbers, words, lists and mappings, without aliases, tags and surprises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from gradsheet.diagnostics import Diagnostic, Source, Span

if TYPE_CHECKING:
    from collections.abc import Hashable

LARGEST = 256 * 1024
DEEPEST = 32

_BLOCK = re.compile(r"\s*^---[ \t]*\n(?P<inside>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"[ \t]*(?:#[^\n]*\n\s*)*[\"']?[A-Za-z_][\w .-]*[\"']?[ \t]*:(?:\s|\Z)")
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map"))


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc] # PyYAML has no types
    """Scalars as in YAML 1.2: `on` is a word, `010` is ten, 2024-01-01 is no date."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - filled below; the class of PyYAML types it so

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not read", event.start_mark)
        if (getattr(event, "tag", None) or "!") not in {"!", *_PLAIN_TAGS}:
            raise yaml.composer.ComposerError(None, None, "tags are not read", event.start_mark)
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"more than {DEEPEST} levels deep", event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        seen: set[Any] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no word", key.start_mark)
            if key.value in seen:
                message = f"{key.value!r} stands there twice"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        found = yaml.constructor.BaseConstructor.construct_mapping(self, node, deep=deep)
        return {key if isinstance(key, str) else str(written.value): value for (key, value), (written, _) in
                zip(found.items(), node.value, strict=True)}


def _integer(loader: _PlainLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _number(loader: _PlainLoader, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node))


_NUMBER_START = list("-+.0123456789")
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]{1,400}", _NUMBER_START),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", _NUMBER_START),
):
    _PlainLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)
_PlainLoader.add_constructor("tag:yaml.org,2002:int", _integer)
_PlainLoader.add_constructor("tag:yaml.org,2002:float", _number)


def load_yaml(text: str, source: Source, first_line: int = 1, code: str = "GS702") -> tuple[Any, Diagnostic | None]:
    r"""Plain data from YAML that begins in a line of a source, or what is wrong with it.

    >>> load_yaml("given: {x: [1, 0.5]}\ny: on\n", Source(""))
    ({'given': {'x': [1, 0.5]}, 'y': 'on'}, None)
    >>> data, problem = load_yaml("a: 1\na: 2", Source("a: 1\na: 2"))
    >>> problem.message, problem.to_json()["line"]
    ("'a' stands there twice", 2)
    """
    if len(text.encode()) > LARGEST:
        span = _span(source, first_line, 1)
        return None, Diagnostic(code, f"more than {LARGEST:,} bytes", span, source, "a short block of YAML")
    try:
        loader = _PlainLoader(text)
        try:
            return loader.get_single_data(), None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line, column = (mark.line, mark.column + 1) if mark else (0, 1)
        message = (problem.problem or problem.context or "it is no YAML").strip()
        return None, Diagnostic(code, message, _span(source, first_line + line, column), source, "YAML")
    except yaml.YAMLError as problem:
        message = str(problem).split("\n")[0] or "it is no YAML"
        return None, Diagnostic(code, message, _span(source, first_line, 1), source, "YAML")
    except (ValueError, RecursionError, OverflowError):
        return None, Diagnostic(code, "a value cannot be read", _span(source, first_line, 1), source, "YAML")


def _span(source: Source, line: int, column: int) -> Span:
    """The place of a line and a column, or the end of the source."""
    start = 0
    for _ in range(line - 1):
        found = source.text.find("\n", start)
        if found < 0:
            return Span(len(source.text), len(source.text))
        start = found + 1
    at = min(start + column - 1, len(source.text))
    return Span(at, min(at + 1, len(source.text)))


def front_of(source: Source) -> tuple[dict[str, Any], int, int, Diagnostic | None]:
    r"""Front matter, its first line, where the text behind it begins, and what is wrong with it.

    Words between two rules at the head of a page are no front matter: that begins with a key.

    >>> front_of(Source("---\nsheet: mlp.sheet\n---\n# Title\n"))
    ({'sheet': 'mlp.sheet'}, 2, 25, None)
    >>> front_of(Source("---\nA remark.\n\n---\n"))
    ({}, 1, 0, None)
    """
    found = _BLOCK.match(source.text)
    if found is None or (found["inside"].strip() and not _KEY.match(found["inside"].lstrip())):
        return {}, 1, 0, None
    line = source.position(found.start("inside"))[0]
    data, problem = load_yaml(found["inside"], source, line)
    if problem is None and data is not None and not isinstance(data, dict):
        problem = Diagnostic("GS702", "it is no mapping", _span(source, line, 1), source, "key: value")
    return (data if isinstance(data, dict) else {}), line, found.end(), problem
