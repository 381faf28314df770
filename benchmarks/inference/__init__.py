"""The inference benchmark; `python -m benchmarks.inference --help` tells what it measures."""
