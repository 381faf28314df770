"""The search for hyperparameters: ranges in the config, trials through the training loop."""
