"""Whether what is asked of the live model is still what it was trained on."""
