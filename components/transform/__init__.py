"""tf.Transform with the vocabulary as an input: raw text to token ids, the same ops as in the served graph."""
