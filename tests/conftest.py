"""What holds for all tests: which files are not looked through for doctests."""

from __future__ import annotations

collect_ignore_glob = ["auditing/*_functions.py"]
"""Functions to audit have no doctests, and import libraries that need not be there, and slow to load."""
