"""Control over what is live: promote, roll back, canary, in files that TensorFlow Serving reads."""
