"""Metrics for TFMA, a module for each kind of answer, each from one pass over the rows."""
