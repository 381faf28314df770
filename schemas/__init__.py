"""What every part of the system agrees on: names of features and artifacts, errors, and the records that travel with a model."""
