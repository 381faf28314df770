"""The rounds of a watched config on disk, so that a killed watcher goes on where it was."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.report import Status

WATCH_FOLDER = "watch"
"""In the output folder of the config."""

Trigger = Literal["span", "drift", "labels"]


class Round(BaseModel):
    """One run that the watcher started, and what came of it.

    Attributes:
      number: 1, 2, 3, …
      trigger: What started it.
      reason: The same in words.
      span: The newest span.
      spans: Every span that was trained on.
      inputs: Hash of config and files; see `inputs_digest`.
      start: Where the weights come from, in words.
      weights: Preset folder that training starts from; null where it starts as the config says.
      started_at: UTC time in ISO 8601.
      status: As of the run's report; "running" until it has ended.
      attempts: Runs that were started and have ended, failed ones included.
      run_id: The run that decided; elsewhere than here, the one that was started last.
      seconds: Its wall time.
      steps: Optimizer steps of its training.
      split: The split that the gate judged on.
      metrics: Of candidate and champion there, by model, then name.
      reasons: Why the candidate was refused, a sentence each.
      live_version: What was live afterwards.
      error: Why it failed; empty where it did not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    trigger: Trigger
    reason: str
    span: int
    spans: tuple[int, ...]
    inputs: str
    start: str
    weights: str | None = None
    started_at: str
    status: Status | Literal["running"] = "running"
    attempts: int = 0
    run_id: str = ""
    seconds: float | None = None
    steps: int | None = None
    split: str = ""
    metrics: Mapping[str, Mapping[str, float | None]] = {}
    reasons: tuple[str, ...] = ()
    live_version: int | None = None
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it is decided, one way or the other."""
        return self.status != "running"


class RoundFolder:
    """The folder with a JSON file for each round."""

    def __init__(self, output_dir: Path) -> None:
        """Takes the output folder of the config; nothing is made before a round is written."""
        self.path = output_dir / WATCH_FOLDER

    def read(self) -> list[Round]:
        """Returns every round, oldest first."""
        files = sorted(self.path.glob("[0-9]*.json"))
        return [Round.model_validate_json(file.read_text("utf-8")) for file in files]

    def write(self, item: Round) -> None:
        """Writes a round; whoever is killed meanwhile leaves the file as it was."""
        self.path.mkdir(parents=True, exist_ok=True)
        path = self.path / f"{item.number:04d}.json"
        staged = path.with_suffix(".tmp")
        staged.write_text(item.model_dump_json(indent=2) + "\n", "utf-8")
        os.replace(staged, path)

    def config_path(self, item: Round) -> Path:
        """Returns where the config of a round stands, which `albert-tfx run` takes."""
        return self.path / f"{item.number:04d}.yaml"
