"""YAML with the place of every key and value; anchors are refused, and nothing is made but text, lists and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from gradsheet.diagnostics import Diagnostics, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 256 * 1024
DEEPEST = 16


class Refused(Exception):  # noqa: N818 - no error of the program: what is wrong was recorded
    """The text is no YAML that is read."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of YAML inside a text, from an offset on; spans are those of the text."""

    source: Source
    text: str
    offset: int = 0

    def span(self, node: yaml.Node) -> Span:
        """Where a node stands in the source."""
        start, end = node.start_mark.index, node.end_mark.index
        return Span(self.offset + start, self.offset + max(end, start + 1))


def composed(block: Block, diagnostics: Diagnostics) -> yaml.MappingNode | None:
    r"""The tree of a block; None if it says nothing; raises `Refused` after a report.

    >>> source = Source("aliases: {n: η}\n")
    >>> composed(Block(source, source.text), Diagnostics(source)).value[0][0].value
    'aliases'
    """
    if len(block.text.encode("utf-8", "replace")) > LARGEST:
        diagnostics.error("GS710", "the context is too long", expected=f"at most {LARGEST // 1024} KB of YAML")
        raise Refused
    try:
        depth = 0
        for event in yaml.parse(block.text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                span = Span(block.offset + event.start_mark.index, block.offset + event.end_mark.index)
                hint = "write the value out where it is needed"
                diagnostics.error("GS710", "anchors and aliases of YAML are not read", span, suggestion=hint)
                raise Refused
            if depth > DEEPEST:
                span = Span(block.offset + event.start_mark.index, block.offset + event.end_mark.index)
                diagnostics.error("GS710", "the context is nested too deeply", span, expected=f"{DEEPEST} levels")
                raise Refused
        node = yaml.compose(block.text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        at = block.offset + min(mark.index, max(len(block.text) - 1, 0)) if mark is not None else None
        message = getattr(problem, "problem", None) or "it cannot be read"
        diagnostics.error("GS710", f"no YAML: {message}", None if at is None else Span(at, at + 1))
        raise Refused from None
    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode):
        expected = "keys such as `sheet: a.sheet`"
        diagnostics.error("GS711", "the context is no table", block.span(node), expected=expected)
        raise Refused
    return node


def entries(node: yaml.MappingNode, block: Block, diagnostics: Diagnostics) -> Iterator[tuple[str, yaml.Node, Span]]:
    """Key, value and the key's place; a key that stands twice is reported and left out the second time."""
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            diagnostics.error("GS711", "a key is a text", block.span(key), expected="a name")
            continue
        if key.value in seen:
            diagnostics.error("GS711", f"the key {key.value} stands twice", block.span(key), expected="one of them")
            continue
        seen.add(key.value)
        yield key.value, value, block.span(key)


def plain_data(node: yaml.Node) -> object:
    """A node as plain data."""
    return yaml.constructor.SafeConstructor().construct_document(node)
