"""A thin proxy in front of any TensorFlow Serving: the canary's split, a request log, metrics."""
