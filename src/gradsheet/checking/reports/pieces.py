"""A manuscript as blocks again: paragraphs, headings, items and displays, each with its words and formulas."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from gradsheet.manuscripts import Formula

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradsheet.manuscripts import Manuscript, Prose

BlockKind = Literal["text", "heading", "item", "code", "display"]
_LEAD = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•]\s+)")


@dataclass
class Block:
    """What stands between two breaks; a display has its formula alone."""

    kind: BlockKind
    parts: list[str | Formula] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not any(isinstance(part, Formula) or part.strip() for part in self.parts)


def blocks(manuscript: Manuscript) -> Iterator[Block]:
    """The blocks of a document in their order, none of them empty."""
    block = Block("text")
    for piece in manuscript.pieces:
        if isinstance(piece, Formula):
            if not piece.display:
                block.parts.append(piece)
                continue
            if not block.is_empty:
                yield block
            yield Block("display", [piece])
            block = Block("text")
            continue
        if piece.kind != "text" or block.kind == "code":
            if not block.is_empty:
                yield block
            block = Block(piece.kind)
        for at, part in enumerate(_paragraphs(piece)):
            if at:
                if not block.is_empty:
                    yield block
                block = Block("code" if piece.kind == "code" else "text")
            block.parts.append(part)
        if piece.breaks or piece.kind == "code":
            if not block.is_empty:
                yield block
            block = Block("text")
    if not block.is_empty:
        yield block


def _paragraphs(piece: Prose) -> list[str]:
    """Words without the signs of Markdown that the block shows by itself."""
    if piece.kind == "code":
        return [piece.text]
    text = _LEAD.sub("", piece.text, count=1) if piece.kind in {"heading", "item"} else piece.text
    return re.split(r"\n[ \t]*\n", text)
