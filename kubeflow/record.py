"""The last step of a pipeline with the policy of `watch`: keeps what the next run starts from.

`python -m kubeflow.record` writes the report that `albert-tfx run` writes at its end, keeps the
weights of what was published, and ends the round. A round that it does not end has failed.
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from kubeflow.continuous import RECORDED, input_name
from kubeflow.invocation import mounts_below, place, report_parameters
from kubeflow.parameters import PREFIX
from pipeline.config import RunConfig
from pipeline.loading import check_config
from pipeline.report import REPORT_FILE, RunReport, read_report
from pipeline.results import read_results
from pipeline.steps import Step
from pipeline.watch.outcome import ended_round
from pipeline.watch.page import write_page
from pipeline.watch.rounds import Round, RoundFolder
from schemas import features as keys
from schemas.errors import AlbertTfxError
from serving.versions import list_versions, live_version

_MODEL_FOLDER: Final = "model"


def record_step(arguments: Sequence[str], *, root: str = "") -> RunReport:
    """Records the end of a run, and returns its report.

    Args:
      arguments: `--executor_input` and what the place puts in for `{{$}}`.
      root: Folder that the mounts are below, without a slash at its end.
    """
    parser = argparse.ArgumentParser(prog="kubeflow.record", allow_abbrev=False)
    parser.add_argument("--executor_input", required=True)
    invocation = json.loads(parser.parse_args(arguments).executor_input)
    place(invocation, mounts_below(root))
    values = invocation["inputs"]["parameterValues"]
    artifacts = {
        name: Path(listed["artifacts"][0]["uri"])
        for name, listed in invocation["inputs"]["artifacts"].items()
    }
    config = check_config(json.loads(values["config"]), source="the compiled config")
    report = record_run(config, values["run_id"], values[PREFIX + "started_at"], artifacts)
    end_round(config, int(values[PREFIX + "round"]), report)
    report_parameters(invocation, {})
    return report


def record_run(
    config: RunConfig, run_id: str, started_at: str, artifacts: Mapping[str, Path]
) -> RunReport:
    """Writes the report of a run, and keeps the weights of a candidate that was published.

    Args:
      config: The config as steps see it.
      run_id: Name of the run.
      started_at: Time of its start, in ISO 8601.
      artifacts: Folders of `RECORDED`, by `input_name`.

    Raises:
      AlbertTfxError: If `Publish` left no record.
    """
    results = read_results(
        Step(step, "run", 0.0, {output: [str(artifacts[name])]})
        for step, output in RECORDED
        if (name := input_name(step, output)) in artifacts
    )
    if results.publication is None:
        raise AlbertTfxError(
            f"the run {run_id} must have a record of its step Publish; it has none"
        )
    start = datetime.datetime.fromisoformat(started_at)
    name = re.sub(r"[^\w-]+", "-", run_id)
    folder = config.output_dir / "runs" / f"{start:%Y%m%dT%H%M%SZ}-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = []
    if results.publication.version is not None:
        trained = artifacts[input_name("Trainer", keys.MODEL)]
        kept = [Step("Trainer", "run", 0.0, {keys.MODEL: [str(_keep(trained, folder))]})]
    now = datetime.datetime.now(datetime.timezone.utc)
    report = RunReport(
        run_id=run_id,
        name=config.name,
        status=results.publication.status,
        started_at=started_at,
        seconds=round((now - start).total_seconds(), 1),
        steps=kept,
        model_base=str(config.model_base),
        **vars(results),
    )
    for place_of_report in (folder, config.output_dir):
        report.write(place_of_report / REPORT_FILE)
    _remove_weights_of_removed(config)
    return report


def _keep(model: Path, folder: Path) -> Path:
    """Copies the weights that a run has trained to where later runs find them."""
    kept = folder / _MODEL_FOLDER
    shutil.copytree(model / keys.PRESET_FOLDER, kept / keys.PRESET_FOLDER, dirs_exist_ok=True)
    return kept


def _remove_weights_of_removed(config: RunConfig) -> None:
    """Removes kept weights of versions that are no longer there."""
    versions = list_versions(config.model_base)
    for kept in (config.output_dir / "runs").glob(f"*/{_MODEL_FOLDER}"):
        report = kept.parent / REPORT_FILE
        published = read_report(report).publication if report.is_file() else None
        if published is not None and published.version not in versions:
            shutil.rmtree(kept)


def end_round(config: RunConfig, number: int, report: RunReport) -> Round | None:
    """Ends the round of a run and draws the page of all; None for a run that is of no round."""
    folder = RoundFolder(config.output_dir)
    item = next((item for item in folder.read() if item.number == number), None)
    if item is None or item.is_over:
        return None
    ended = ended_round(item, report, 0, live_version(config.model_base))
    folder.write(ended)
    write_page(folder.path, config.name, folder.read())
    return ended


if __name__ == "__main__":
    done = record_step(sys.argv[1:])
    sys.stdout.write(f"{done.publication.summary if done.publication else done.status}\n")
