"""What a process of a class may do to a document: check it, take for ever, break, or die."""

from __future__ import annotations

import os
import time

from gradsheet.checking.batch import Outcome, broken
from gradsheet.checking.reports.table import Row


def fine(task):
    return Outcome(Row(task.name, (1, 0, 0, 0, 0, 0)), {"document": task.path})


def by_name(task):
    """As the name of the document says."""
    if "hangs" in task.name:
        time.sleep(600)
    if "dies" in task.name:
        os._exit(3)
    if "breaks" in task.name:
        return broken(task, "GS724", "the check broke off")
    return fine(task)
