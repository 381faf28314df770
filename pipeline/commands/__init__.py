"""The commands of `albert-tfx`, a module each; what imports TensorFlow they import when called."""
