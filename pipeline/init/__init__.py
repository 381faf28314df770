"""`albert-tfx init`: looks at labelled files and writes a config and a schema to review."""

from pipeline.init.project import init_project

__all__ = ["init_project"]
