"""Rows of BigQuery queries, which go the way of the rows of files."""
