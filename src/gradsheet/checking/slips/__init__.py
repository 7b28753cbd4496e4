"""The slip behind a wrong line: single edits that make it right, ranked."""
