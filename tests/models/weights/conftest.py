"""Keeps the script that needs PyTorch out of the collection of doctests."""

collect_ignore = ["make_goldens.py"]
