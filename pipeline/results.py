"""The records that steps leave in their artifacts, read back for the display and the report."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.evaluation.verdict import Verdict
from components.ingest.summary import IngestSummary
from components.publish.publication import Publication
from components.remote.files import is_remote, joined, read_bytes
from components.serving_check.result import ServingCheckResult
from models.tuning.record import TuningRecord
from pipeline.steps import Step
from schemas import features as keys


@dataclass(frozen=True)
class Results:
    """What the steps of one run recorded; None where a step did not get that far."""

    ingest: IngestSummary | None = None
    training: Mapping[str, Any] | None = None
    tuning: TuningRecord | None = None
    verdict: Verdict | None = None
    serving_check: ServingCheckResult | None = None
    publication: Publication | None = None


@dataclass(frozen=True)
class _Record:
    """Where a record stands and how it is told in one line."""

    field: str
    output: str
    file: str
    parse: Callable[[str], Any]
    line: Callable[[Any], str]


def _ingest_line(summary: IngestSummary) -> str:
    return (
        f"{summary.num_rows:,} rows, {summary.num_rejected:,} rejected, "
        f"{summary.num_duplicates:,} duplicates"
    )


def training_line(training: Mapping[str, Any]) -> str:
    """Returns what a training summary says in one line."""
    steps = f"{training['steps']:,}"
    if training["steps"] < training["planned_steps"]:
        steps = f"stopped at step {steps} of {training['planned_steps']:,}"
    else:
        steps += " steps"
    done = f"{steps} in {training['precision']}"
    if training["best_score"] is None:
        return done
    best = f"best {training['best_score']:.4f} at step {training['best_step']:,}, {done}"
    spread = seeds_line(training)
    return f"{spread}, {best}" if spread else best


def seeds_line(training: Mapping[str, Any]) -> str:
    """Returns mean and spread over the seeds; nothing where there is one."""
    deviation = training.get("score_deviation")
    if deviation is None:
        return ""
    return (
        f"{training['selection_metric']} {training['mean_score']:.4f} ± {deviation:.4f} over "
        f"{len(training['seeds'])} seeds"
    )


_RECORDS = (
    _Record(
        "ingest",
        keys.QUARANTINE,
        keys.INGEST_SUMMARY_FILE,
        IngestSummary.model_validate_json,
        _ingest_line,
    ),
    _Record("training", "model_run", keys.TRAINING_SUMMARY_FILE, json.loads, training_line),
    _Record(
        "tuning",
        keys.TUNER_RESULTS,
        keys.TRIALS_FILE,
        TuningRecord.model_validate_json,
        lambda record: record.summary,
    ),
    _Record(
        "verdict",
        keys.EVALUATION,
        keys.VERDICT_FILE,
        Verdict.model_validate_json,
        lambda verdict: verdict.summary,
    ),
    _Record(
        "serving_check",
        keys.SERVING_BLESSING,
        keys.SERVING_CHECK_FILE,
        ServingCheckResult.model_validate_json,
        lambda result: result.summary,
    ),
    _Record(
        "publication",
        keys.PUSHED_MODEL,
        keys.PUBLICATION_FILE,
        Publication.model_validate_json,
        lambda publication: publication.summary,
    ),
)


def read_results(steps: Iterable[Step]) -> Results:
    """Returns the records that `steps` left."""
    found = {record.field: value for step in steps for record, value in _records_of(step)}
    return Results(**found)


def step_detail(step: Step) -> str:
    """Returns what `step` has to say in one line, or an empty text."""
    return "; ".join(record.line(value) for record, value in _records_of(step))


def _records_of(step: Step) -> Iterable[tuple[_Record, Any]]:
    for record in _RECORDS:
        for uri in step.outputs.get(record.output, ()):
            content = _content(uri, record.file)
            if content is not None:
                yield record, record.parse(content)


def _content(uri: str, name: str) -> str | None:
    """Returns the text of a file of an artifact; None where it has none of that name."""
    if is_remote(uri):
        content = read_bytes(joined(uri, name))
        return None if content is None else content.decode("utf-8")
    path = Path(uri, name)
    return path.read_text("utf-8") if path.is_file() else None
