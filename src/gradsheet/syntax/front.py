"""`---`, lines of YAML, `---` at the head of a sheet: what belongs to it and is no equation, such as marks."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradsheet.diagnostics import Source

_BLOCK = re.compile(r"\s*^---[ \t]*\n(?P<inside>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)


class FrontMatter(NamedTuple):
    """The lines between the two rules, and the number of the first of them."""

    text: str
    line: int


def front_matter(source: Source) -> FrontMatter:
    r"""What stands in the block at the head of a text; an empty one if there is none.

    >>> front_matter(Source("---\nmarks: {total: 10}\n---\ny = 1\n"))
    FrontMatter(text='marks: {total: 10}\n', line=2)
    >>> front_matter(Source("y = 1\n")).text
    ''
    """
    found = _BLOCK.match(source.text)
    if found is None:
        return FrontMatter("", 1)
    return FrontMatter(found["inside"], source.position(found.start("inside"))[0])


def without_front_matter(source: Source) -> Source:
    r"""The same text with blanks in place of the block, so that every position stays what it is.

    >>> without_front_matter(Source("---\na: 1\n---\ny = 1\n")).text
    '   \n    \n   \ny = 1\n'
    """
    found = _BLOCK.match(source.text)
    if found is None:
        return source
    return Source(re.sub(r"[^\n]", " ", found[0]) + source.text[found.end() :], source.name)
