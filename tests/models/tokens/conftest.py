"""Keeps the script that needs transformers out of the collection of doctests."""

collect_ignore = ["make_goldens.py"]
