"""Documents as text: one module for each format, none of which knows any mathematics."""
