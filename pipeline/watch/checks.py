"""What the watcher looks at beside the spans: drift of what is asked, and late labels."""

from __future__ import annotations

from collections.abc import Mapping

from components.drift.report import DriftReport
from pipeline.commands.drift import EXIT_DRIFTED, EXIT_TOO_FEW
from pipeline.config import RunConfig
from pipeline.watch.config import DriftTrigger
from pipeline.watch.launch import ask
from pipeline.watch.policy import Check
from pipeline.watch.rounds import Trigger


def make_checks(config: RunConfig) -> Mapping[Trigger, Check]:
    """Returns the checks that a config asks for, by what they trigger."""
    checks: dict[Trigger, Check] = {}
    drift = config.watch.drift
    if drift is not None:
        checks["drift"] = lambda: check_drift(config, drift)
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
        answers=(0, EXIT_DRIFTED, EXIT_TOO_FEW),
    )
    report = DriftReport.model_validate(answer)
    return report.sentence if report.status == "drifted" else None
