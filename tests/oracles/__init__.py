"""Independent models of the sheets: each objective once more, in plain loops over plain arrays."""
