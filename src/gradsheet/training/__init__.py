"""From rows of data to parameters that fit them: update rules, batches, and what long work needs."""
