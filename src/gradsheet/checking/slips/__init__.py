"""The slip behind a wrong line: single edits that make it right, ranked."""

from gradsheet.checking.slips.catalogue import EDITS
from gradsheet.checking.slips.model import Change, Edit, Findings
from gradsheet.checking.slips.rules import EditRule
from gradsheet.checking.slips.search import search, single_edits
from gradsheet.checking.slips.vocabulary import IndexFacts, NameFacts, Vocabulary

__all__ = [
    "EDITS",
    "Change",
    "Edit",
    "EditRule",
    "Findings",
    "IndexFacts",
    "NameFacts",
    "Vocabulary",
    "search",
    "single_edits",
]
