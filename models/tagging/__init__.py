"""Tagging: tags of words, spans of texts, and the ways between them."""
