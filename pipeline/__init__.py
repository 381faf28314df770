"""One typed config, the DAG it describes, the local runner and the command line."""
