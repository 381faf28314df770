"""Atomic publication of a blessed model as the next version."""
