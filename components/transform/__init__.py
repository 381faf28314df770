"""tf.Transform with a vocabulary as an input: text to token ids, by the ops of the served graph."""
