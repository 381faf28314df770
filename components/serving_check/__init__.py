"""Real requests to the exported model before it may be published."""
