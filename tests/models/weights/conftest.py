"""Keeps the scripts that need PyTorch out of the collection of doctests."""

collect_ignore = ["check_export.py", "make_goldens.py"]
