"""A report as a document: sections, steps, sentences and formulas, ready for every format."""
