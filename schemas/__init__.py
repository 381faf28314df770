"""What every part of the system agrees on: feature keys, errors, config base, model record."""
