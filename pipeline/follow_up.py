"""A second run on the weights that the first has trained: pretraining, then what it was for."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.config import RunConfig
from pipeline.loading import load_config
from pipeline.report import RunReport
from pipeline.run import run
from schemas import features as keys
from schemas.errors import AlbertTfxError, UserError

_TRAINER = "Trainer"


def run_then(config: RunConfig, then: Path, *, even_if_refused: bool = False) -> RunReport:
    """Runs `config`, and then the config at `then` from the weights and with its vocabulary.

    Both configs are checked before anything is started. Where the gate refuses the first candidate,
    the second run is left out: its weights are no better than what there was. It can be asked for
    all the same; the first candidate stays unpublished, and the second report says so.

    Args:
      config: Any task; its backbone is what the second run starts from.
      then: A config without weights or a vocabulary of its own.
      even_if_refused: Whether the second run starts from a refused candidate too.

    Returns:
      The report of the second run, or of the first where that was the only one.

    Raises:
      UserError: If the second config cannot be used.
      AlbertTfxError: If a step of either run failed.
    """
    _check(load_config(then), config, then)
    load_config(then, trains_here=True)  # as it will be run, but for the weights of the first
    report = run(config)
    is_refused = report.status == "refused"
    if is_refused and not even_if_refused:
        return report
    # JSON is YAML, in which any path can be written.
    weights = json.dumps(str(trained_weights(report)))
    return run(
        load_config(then, [f"model.weights={weights}"]),
        notes=[_refused_note(report)] if is_refused else [],
    )


def trained_weights(report: RunReport) -> Path:
    """Returns the preset folder of the candidate that a run has trained, or found trained before.

    Raises:
      AlbertTfxError: If the run has no such step, or the folder is gone.
    """
    models = [
        step.outputs[keys.MODEL]
        for step in report.steps
        if step.name == _TRAINER and step.outputs.get(keys.MODEL)
    ]
    folder = Path(models[0][0], keys.PRESET_FOLDER) if models else None
    if folder is None or not folder.is_dir():
        raise AlbertTfxError(
            f"the run {report.run_id} of {report.name} must have left its weights; there is no "
            f"{folder or 'trained model'}; run it again"
        )
    return folder


def _refused_note(report: RunReport) -> str:
    reasons = report.publication.reasons if report.publication else ()
    why = f" ({'; '.join(reasons)})" if reasons else ""
    return (
        f"starts from the weights of the run {report.run_id} of {report.name}, which were refused"
        f"{why} and are not published"
    )


def _check(second: RunConfig, first: RunConfig, path: Path) -> None:
    given = {
        "model.weights": second.model.weights,
        "vocabulary.model": second.vocabulary.model,
    }
    if wrong := {name: value for name, value in given.items() if value is not None}:
        raise UserError(
            f"{path}: --then starts from the weights and vocabulary of the first run; received "
            f"{', '.join(f'{name}={value}' for name, value in wrong.items())}; unset what is given"
        )
    if second.output_dir == first.output_dir:
        raise UserError(
            f"{path}: the two runs must not write into the same folder; both have "
            f"{first.output_dir}; give one of them another name or output"
        )
