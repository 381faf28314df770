"""Vertex AI as a place: runs are PipelineJobs, and schedules are its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud.aiplatform_v1.services.pipeline_service import PipelineServiceClient
from google.cloud.aiplatform_v1.services.schedule_service import ScheduleServiceClient
from google.cloud.aiplatform_v1.types import ResumeScheduleRequest
from google.protobuf import json_format

from kubeflow.place import PlaceError, Schedule, StartedRun
from kubeflow.submission import Submission
from kubeflow.timing import Timing
from kubeflow.vertex_requests import parent_of, run_request, schedule_of, schedule_request
from pipeline.submit_config import VertexConfig
from schemas.errors import UserError

_CALL_SECONDS: Final = 60.0

_ADVICE: Final = {
    exceptions.InvalidArgument: "change what it names, in the config or the parameters",
    exceptions.FailedPrecondition: "change what it names, in the config or the project",
    exceptions.PermissionDenied: "these credentials need the role Vertex AI User "
    "(roles/aiplatform.user) there, and Service Account User on kubeflow.vertex.service_account",
    exceptions.Unauthenticated: "log in again: `gcloud auth application-default login`",
    exceptions.NotFound: "check kubeflow.vertex: project and region, and that its API is enabled",
    exceptions.AlreadyExists: "wait a second and send it again",
    exceptions.ResourceExhausted: "a quota is used up: ask for more, or take another region",
}


@dataclass(frozen=True)
class Services:
    """Clients of the two services of Vertex that are spoken to."""

    pipelines: PipelineServiceClient
    schedules: ScheduleServiceClient


def connect(region: str) -> Services:
    """Returns clients for a region, with the credentials that Google's libraries find."""
    options = {"api_endpoint": f"{region}-aiplatform.googleapis.com"}
    return Services(
        PipelineServiceClient(client_options=options), ScheduleServiceClient(client_options=options)
    )


@contextmanager
def told(what: str, section: VertexConfig) -> Iterator[None]:
    """Turns what Google's libraries raise into words.

    Args:
      what: What Vertex is asked for.
      section: Project and region.

    Raises:
      UserError: If something that a user gave must change.
      PlaceError: If Vertex cannot be reached, or fails.
    """
    try:
        yield
    except GoogleAuthError as error:
        raise UserError(
            f"no credentials of Google Cloud can be used ({error}); run `gcloud auth "
            "application-default login`, or name a key in GOOGLE_APPLICATION_CREDENTIALS"
        ) from error
    except (exceptions.GoogleAPICallError, exceptions.RetryError) as error:
        where = parent_of(section)
        for kind, advice in _ADVICE.items():
            if isinstance(error, kind):
                raise UserError(
                    f"Vertex ({where}) refused {what}: {error.message}; {advice}"
                ) from error
        raise PlaceError(
            f"Vertex ({where}) did not answer as it should, asked for {what}: {error.message}; "
            "check the region and the network, and look whether it was done before trying again"
        ) from error


class Vertex:
    """Runs and schedules of a project in a region; see `kubeflow.place.Place`."""

    def __init__(self, section: VertexConfig) -> None:
        """Makes the place; it connects when something is first sent."""
        self._section = section

    def run_request(
        self, submission: Submission, now: datetime, *, checked: bool = True
    ) -> dict[str, Any]:
        request = run_request(submission, self._section, now, checked=checked)
        return json_format.MessageToDict(type(request).pb(request))

    def schedule_request(self, submission: Submission, name: str, timing: Timing) -> dict[str, Any]:
        request = schedule_request(submission, self._section, name, timing)
        return json_format.MessageToDict(type(request).pb(request))

    def start_run(
        self, submission: Submission, now: datetime, *, checked: bool = True
    ) -> StartedRun:
        request = run_request(submission, self._section, now, checked=checked)
        with told("the run", self._section):
            job = self._services.pipelines.create_pipeline_job(request, timeout=_CALL_SECONDS)
        run_id = job.name.rpartition("/")[2]
        return StartedRun(
            run_id,
            "https://console.cloud.google.com/vertex-ai/pipelines/locations/"
            f"{self._section.region}/runs/{run_id}?project={self._section.project}",
        )

    def create_schedule(self, submission: Submission, name: str, timing: Timing) -> Schedule:
        request = schedule_request(submission, self._section, name, timing)
        with told("the schedule", self._section):
            made = self._services.schedules.create_schedule(request, timeout=_CALL_SECONDS)
        return schedule_of(made)

    def schedules(self) -> list[Schedule]:
        parent = parent_of(self._section)
        with told("to list schedules", self._section):
            listed = self._services.schedules.list_schedules(parent=parent, timeout=_CALL_SECONDS)
            # Notebooks have schedules too.
            return [schedule_of(one) for one in listed if "create_pipeline_job_request" in one]

    def pause(self, schedule: Schedule) -> None:
        with told("to pause it", self._section):
            self._services.schedules.pause_schedule(name=schedule.key, timeout=_CALL_SECONDS)

    def resume(self, schedule: Schedule) -> None:
        request = ResumeScheduleRequest(name=schedule.key, catch_up=schedule.catch_up)
        with told("to resume it", self._section):
            self._services.schedules.resume_schedule(request, timeout=_CALL_SECONDS)

    def delete(self, schedule: Schedule) -> None:
        with told("to delete it", self._section):
            operation = self._services.schedules.delete_schedule(
                name=schedule.key, timeout=_CALL_SECONDS
            )
            operation.result(timeout=_CALL_SECONDS)

    @cached_property
    def _services(self) -> Services:
        return connect(self._section.region)
