"""What the watcher looks at beside the spans: drift of what is asked, and late labels."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from components.drift.report import DriftReport
from components.ingest.files import absolute, matching_files
from pipeline.commands import drift, score
from pipeline.config import RunConfig
from pipeline.score import ScoreReport
from pipeline.watch.config import DriftTrigger, LabelTrigger
from pipeline.watch.launch import ask
from pipeline.watch.policy import Check
from pipeline.watch.round_config import write_round_config
from pipeline.watch.rounds import Trigger


def make_checks(config: RunConfig) -> Mapping[Trigger, Check]:
    """Returns the checks that a config asks for, by what they trigger."""
    checks: dict[Trigger, Check] = {}
    on_drift, on_labels = config.watch.drift, config.watch.labels
    if on_drift is not None:
        checks["drift"] = lambda: check_drift(config, on_drift)
    if on_labels is not None:
        checks["labels"] = lambda: check_labels(config, on_labels)
    return checks


def check_drift(config: RunConfig, trigger: DriftTrigger) -> str | None:
    """Returns what has drifted, in a sentence; None where nothing has, or too little was asked.

    Raises:
      AlbertTfxError: If the request log cannot be compared.
    """
    options = [
        f"--{name.replace('_', '-')}={value}" for name, value in trigger.limits.model_dump().items()
    ]
    answer = ask(
        [
            "drift",
            trigger.log_dir,
            f"--model-base={config.model_base}",
            f"--hours={trigger.hours}",
            "--json",
            *options,
        ],
        answers=(0, drift.EXIT_DRIFTED, drift.EXIT_TOO_FEW),
    )
    report = DriftReport.model_validate(answer)
    return report.sentence if report.status == "drifted" else None


def check_labels(config: RunConfig, trigger: LabelTrigger) -> str | None:
    """Returns how much worse the live model is on labelled rows; None where it is not, or too few.

    Files that are not there yet are no rows.

    Raises:
      AlbertTfxError: If the rows cannot be used.
    """
    if not matching_files(absolute(trigger.files)):
        return None
    with tempfile.TemporaryDirectory(prefix="watch-") as folder:
        path = Path(folder, "config.yaml")
        write_round_config(path, config)
        answer = ask(
            [
                "score",
                str(path),
                absolute(trigger.files),
                f"--min-rows={trigger.min_rows}",
                f"--max-drop={trigger.max_drop}",
                "--json",
            ],
            answers=(0, score.EXIT_DROPPED, score.EXIT_TOO_FEW),
        )
    report = ScoreReport.model_validate(answer)
    return report.sentence if report.status == "dropped" else None
