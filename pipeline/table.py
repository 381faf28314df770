"""The end of a run as a person reads it: data, metrics, verdict, version."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from components.evaluation.verdict import Verdict
from components.ingest.summary import IngestSummary
from pipeline.report import RunReport
