"""From bound claims to verdicts: what is equal at every point is right; what is different at one is not."""
