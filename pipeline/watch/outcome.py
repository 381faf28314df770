"""What came of a run of a round."""

from __future__ import annotations

from components.evaluation.thresholds import CANDIDATE, CHAMPION
from pipeline.report import RunReport
from pipeline.watch.rounds import Round
from schemas.errors import UserError

MAX_ATTEMPTS = 3
"""Runs that may fail before a round is given up; a wrong config or refused data fails at once."""


def ended_round(
    item: Round, report: RunReport | None, exit_code: int, live_version: int | None
) -> Round:
    """Returns the round after one of its runs.

    Args:
      item: The round before.
      report: The run's report; None where it did not come to write one.
      exit_code: Of `albert-tfx run`.
      live_version: What is live now.

    Returns:
      The round with its results; still running where the run is worth another attempt.
    """
    attempts = item.attempts + 1
    ended = _with_results(item, report).model_copy(
        update={"attempts": attempts, "live_version": live_version}
    )
    if report is not None and report.status != "failed":
        return ended.model_copy(update={"status": report.status, "error": ""})
    error = f"the run ended with exit code {exit_code}" if report is None else report.error
    is_final = exit_code == UserError.exit_code or attempts >= MAX_ATTEMPTS
    return ended.model_copy(update={"status": "failed" if is_final else "running", "error": error})


def lost_round(item: Round) -> Round:
    """Returns a round whose run elsewhere has left no record of its end: it has failed.

    Args:
      item: The round, with the run that it was given to.
    """
    attempts = item.attempts + 1
    status = "failed" if attempts >= MAX_ATTEMPTS else "running"
    error = f"the run {item.run_id} left no record of its end; see it there"
    return item.model_copy(update={"attempts": attempts, "status": status, "error": error})


def _with_results(item: Round, report: RunReport | None) -> Round:
    """Returns the round with what its run measured."""
    if report is None:
        return item
    verdict, training = report.verdict, report.training
    metrics = verdict.metrics if verdict is not None else {}
    return item.model_copy(
        update={
            "run_id": report.run_id,
            "seconds": report.seconds,
            "steps": None if training is None else training["steps"],
            "split": verdict.split if verdict is not None else "",
            "metrics": {name: metrics[name] for name in (CANDIDATE, CHAMPION) if name in metrics},
            "reasons": () if report.publication is None else report.publication.reasons,
        }
    )
