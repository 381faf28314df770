"""The DAG in four stages: ingest, validate, train, release; pipeline.build joins their nodes."""
