"""Bulk inference: the rows of files in, a published model's answers out."""
