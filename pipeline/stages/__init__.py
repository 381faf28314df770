"""The DAG in four stages: ingest, validate, train, release. Each makes its nodes; pipeline.build joins them."""
