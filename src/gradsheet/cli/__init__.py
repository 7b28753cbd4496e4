"""The command line: results on standard output, messages on standard error."""

from gradsheet.cli.main import main

__all__ = ["main"]
