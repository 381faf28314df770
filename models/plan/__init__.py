"""What training will need, told before it starts: memory, FLOPs, time (no TensorFlow)."""
