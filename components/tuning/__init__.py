"""The search for hyperparameters as a TFX node."""
