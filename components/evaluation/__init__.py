"""TFMA over candidate, champion and baselines in one pass, and the verdict."""
