"""What is live: the versions under a model base, and models loaded as a server would load them."""
