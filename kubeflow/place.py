"""What a service does for us: start a run, and keep schedules that start them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from kubeflow.locations import Target
from kubeflow.submission import Submission
from kubeflow.timing import Timing
from pipeline.config import RunConfig
from schemas.errors import AlbertTfxError, UserError

State = Literal["active", "paused", "completed", "unknown"]


class PlaceError(AlbertTfxError):
    """The service could not be reached, or failed; the same may go through later."""


@dataclass(frozen=True)
class StartedRun:
    """A run that the service has taken on.

    Attributes:
      name: Its name there.
      link: Page that shows it; empty where its address is not known.
    """

    name: str
    link: str = ""


@dataclass(frozen=True)
class Schedule:
    """A schedule as the service has it.

    Attributes:
      key: What the service knows it by.
      name: What users know it by.
      state: Whether it starts runs; a completed one never will again.
      cron: Its line, of five fields; empty where it goes by an interval.
      time_zone: Zone of the line; empty where that is the service's own.
      max_concurrency: Runs at once.
      catch_up: Whether missed runs are made up.
      start: Before it nothing starts.
      end: After it nothing starts.
      next_run: When the next run starts, where the service tells.
    """

    key: str
    name: str
    state: State
    cron: str
    time_zone: str
    max_concurrency: int
    catch_up: bool
    start: datetime | None = None
    end: datetime | None = None
    next_run: datetime | None = None


class Place(Protocol):
    """A service that runs pipelines. `…_request` only say what the other would send."""

    def run_request(
        self, submission: Submission, now: datetime, *, checked: bool = True
    ) -> dict[str, Any]:
        """Returns what `start_run` sends, as plain data."""
        ...

    def schedule_request(self, submission: Submission, name: str, timing: Timing) -> dict[str, Any]:
        """Returns what `create_schedule` sends, as plain data."""
        ...

    def start_run(
        self, submission: Submission, now: datetime, *, checked: bool = True
    ) -> StartedRun:
        """Starts a run.

        Args:
          submission: What to run.
          now: The present, in UTC; it is part of the run's name.
          checked: Whether the service is to look at its steps first, if it can.
        """
        ...

    def create_schedule(self, submission: Submission, name: str, timing: Timing) -> Schedule:
        """Makes a schedule, which is active at once."""
        ...

    def schedules(self) -> list[Schedule]:
        """Returns every schedule there is, those of others too."""
        ...

    def pause(self, schedule: Schedule) -> None:
        """Has a schedule start no more runs; those that have started go on."""
        ...

    def resume(self, schedule: Schedule) -> None:
        """Has a paused schedule start runs again."""
        ...

    def delete(self, schedule: Schedule) -> None:
        """Takes a schedule away; runs that have started go on."""
        ...


def place_of(config: RunConfig, target: Target) -> Place:
    """Returns the service that a config names; no connection is made yet.

    Raises:
      UserError: If the config names none.
    """
    section = config.kubeflow
    if target == "kubeflow" and section is not None:
        from kubeflow.cluster import Cluster

        return Cluster(section.cluster)
    if target == "vertex" and section is not None and section.vertex is not None:
        from kubeflow.vertex import Vertex

        return Vertex(section.vertex)
    missing = "kubeflow.vertex with project and region" if target == "vertex" else "kubeflow"
    raise UserError(f"the config needs a section {missing} to send to; see docs/deploy.md")
