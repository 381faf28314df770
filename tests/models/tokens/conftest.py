"""Keeps the scripts that need transformers out of the collection of doctests."""

collect_ignore = ["compare.py", "make_goldens.py"]
