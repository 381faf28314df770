"""Weights in and out: Hugging Face, the original's TF1 checkpoints, KerasHub."""
