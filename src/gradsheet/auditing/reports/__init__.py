"""An audit as lines for a terminal, and as data."""
