"""Fine-tuning around Keras' `fit`: plan, checkpoints that a killed run goes on from, records."""
