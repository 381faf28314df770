"""Continuous training on one machine: rounds of runs, started by new spans, drift or labels."""
