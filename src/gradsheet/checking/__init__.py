"""Somebody's own derivation, line by line: read, bound to a sheet, judged; the slip named."""
