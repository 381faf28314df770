"""Text files in, tf.Examples out, with every unusable row kept in a quarantine."""
