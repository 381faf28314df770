"""The record of a run, `run.json`: what came in, what was measured, what was decided, how long."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from components.evaluation.verdict import Verdict
from components.ingest.summary import IngestSummary
from components.publish.publication import Publication
from components.serving_check.result import ServingCheckResult
from models.tuning.record import TuningRecord
from pipeline.steps import Step

REPORT_FILE = "run.json"

Status = Literal["published", "up_to_date", "refused", "failed"]


class RunReport(BaseModel):
    """Everything a run has to say.

    Attributes:
      status: "published", "up_to_date" (this very model is live already), "refused" by the gate,
        or "failed".
      seconds: Wall time, imports included.
      training: The trainer's summary (precision, steps, tokens a second, dev history).
      tuning: Every trial of the search for hyperparameters, where there was one.
      notes: What else must be known of the run, a sentence each.
      error: Why the run stopped before its end; empty where it did not.
    """

    model_config = ConfigDict(extra="forbid")

    run_id: str
    name: str
    status: Status
    started_at: str
    seconds: float
    steps: list[Step]
    model_base: str
    ingest: IngestSummary | None = None
    training: Mapping[str, Any] | None = None
    tuning: TuningRecord | None = None
    verdict: Verdict | None = None
    serving_check: ServingCheckResult | None = None
    publication: Publication | None = None
    notes: tuple[str, ...] = ()
    error: str = ""

    def write(self, path: Path) -> None:
        """Writes the report as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", "utf-8")


def has_steps(path: Path) -> bool:
    """Returns whether there is a report at `path`, of a run that came to its first step."""
    return path.is_file() and bool(json.loads(path.read_text("utf-8")).get("steps"))


def read_report(path: Path) -> RunReport:
    """Returns the report in a `run.json`."""
    return RunReport.model_validate_json(path.read_text("utf-8"))
