"""The first step of a pipeline with the policy of `watch`: decides whether the rest of it runs.

`python -m kubeflow.watch` looks as `albert-tfx watch --once` does, at the same rounds in the state
folder. Its answers are parameters of the steps after it, which are skipped where `due` is false.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubeflow.invocation import mounts_below, place, report_parameters
from kubeflow.parameters import PARAMETERS, PREFIX, ROUND_PARAMETERS, Value, check_parameters
from pipeline.config import RunConfig
from pipeline.loading import check_config
from pipeline.watch.checks import make_checks
from pipeline.watch.due import due_round
from pipeline.watch.outcome import lost_round
from pipeline.watch.policy import Check
from pipeline.watch.round_config import round_config, write_round_config
from pipeline.watch.rounds import Round, RoundFolder, Trigger
from schemas.errors import AlbertTfxError


@dataclass(frozen=True)
class Choice:
    """Whether a run is due, and what it trains.

    Attributes:
      config: What it runs; None where nothing is due.
      reason: Why, or why not, in words.
      round: Number of the round; 0 where someone asked for the run, or nothing is due.
    """

    config: RunConfig | None
    reason: str
    round: int = 0


def watch_step(arguments: Sequence[str], *, root: str = "") -> Choice:
    """Decides, reports it, and returns it.

    Args:
      arguments: `--executor_input` and what the place puts in for `{{$}}`.
      root: Folder that the mounts are below, without a slash at its end.

    Raises:
      UserError: If a parameter of the run or the spans cannot be used.
    """
    parser = argparse.ArgumentParser(prog="kubeflow.watch", allow_abbrev=False)
    parser.add_argument("--executor_input", required=True)
    invocation = json.loads(parser.parse_args(arguments).executor_input)
    place(invocation, mounts_below(root))
    values = invocation["inputs"]["parameterValues"]
    given = {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX)
    }
    check_parameters(given)
    config = check_config(json.loads(values["config"]), source="the compiled config")
    choice = choose(config, values["run_id"], int(given["span"]))
    report_parameters(invocation, answers(choice, given))
    return choice


def choose(config: RunConfig, run_id: str, span: int) -> Choice:
    """Returns what a run has to do, and writes its round down before it is begun.

    Args:
      config: The config as steps see it.
      run_id: Name of the run.
      span: The span that whoever started the run asks for, which is no round; 0: none.

    Raises:
      UserError: If no span is there, or one has vanished.
    """
    if span:
        ingest = config.ingest.model_copy(update={"span": span})
        asked = config.model_copy(update={"ingest": ingest})
        return Choice(asked, f"span {span} is asked for; training as the config says")
    folder = RoundFolder(config.output_dir)
    notes: list[str] = []
    item = _unfinished(folder, run_id)
    if item is None:
        checks: dict[Trigger, Check] = {}
        for name, check in make_checks(config).items():
            checks[name] = _tried(name, check, notes)
        found = due_round(config, folder.read(), checks)
        if isinstance(found, str):
            return Choice(None, "; ".join([found, *notes]))
        item, said = found, f"round {found.number}: {found.reason}; training {found.start}"
    else:
        said = f"round {item.number} goes on: {item.reason}"
    begun = round_config(config, item)
    write_round_config(folder.config_path(item), begun)
    folder.write(item.model_copy(update={"run_id": run_id}))
    return Choice(begun, said, item.number)


def _unfinished(folder: RoundFolder, run_id: str) -> Round | None:
    """Returns the round whose end no run has recorded, unless it is given up now."""
    item = next((item for item in folder.read() if not item.is_over), None)
    if item is None or item.run_id == run_id:  # the second: this step itself is started again
        return item
    item = lost_round(item)
    folder.write(item)
    return None if item.is_over else item


def _tried(name: Trigger, check: Check, notes: list[str]) -> Check:
    """Returns a check that notes why it cannot be made, in the place of an end of the run."""

    def look() -> str | None:
        try:
            return check()
        except AlbertTfxError as error:
            notes.append(f"{name} could not be looked at: {error}")
            return None

    return look


def answers(choice: Choice, given: Mapping[str, Any]) -> dict[str, Value]:
    """Returns the parameters of the steps that follow; what was given at the start goes first.

    Args:
      choice: What was decided.
      given: The run's own parameters.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    told: dict[str, Value] = {
        "due": "true" if choice.config else "false",
        "reason": choice.reason,
        "round": choice.round,
        "started_at": now.isoformat(timespec="seconds"),
    }
    for parameter in (*PARAMETERS, *ROUND_PARAMETERS):
        chosen = parameter.read(choice.config) if choice.config else None
        told[parameter.name] = given.get(parameter.name) or chosen or parameter.unset
    if given.get("steps"):
        told["epochs"] = 0
    return told


if __name__ == "__main__":
    sys.stdout.write(watch_step(sys.argv[1:]).reason + "\n")
