"""The training benchmark; `python -m benchmarks.training --help` tells what it measures."""
