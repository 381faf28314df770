"""What TensorFlow Serving is told at its start, chosen from measured latencies."""
