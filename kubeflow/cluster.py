"""Kubeflow Pipelines as a place: runs, and its recurring runs as schedules."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import kfp_server_api
from google.protobuf import json_format
from kfp.client import Client
from kfp.pipeline_spec import pipeline_spec_pb2
from urllib3.exceptions import HTTPError

from kubeflow.place import PlaceError, Schedule, StartedRun, State
from kubeflow.submission import Submission
from kubeflow.timing import Timing
from pipeline.submit_config import ClusterConfig
from schemas.errors import UserError

_STATES: Final[dict[str, State]] = {"ENABLED": "active", "DISABLED": "paused"}
_PAGE_SIZE: Final = 100

_USER_ERRORS: Final = {
    400: "change what it names, in the config or the parameters",
    401: "log in: the Kubeflow SDK reads a token from where its documentation says",
    403: "these credentials need the right to do so in kubeflow.cluster.namespace",
    404: "check kubeflow.cluster.host: the address of the API, without /#/ and what follows",
    409: "there is one of that name; give another",
}


class Cluster:
    """Runs and recurring runs of a Kubeflow Pipelines; see `kubeflow.place.Place`."""

    def __init__(self, section: ClusterConfig) -> None:
        """Makes the place; it connects when something is first sent."""
        self._section = section

    def run_request(
        self, submission: Submission, now: datetime, *, checked: bool = True
    ) -> dict[str, Any]:
        return self._common(submission, submission.run_name(now))

    def schedule_request(self, submission: Submission, name: str, timing: Timing) -> dict[str, Any]:
        dates = {"start_time": _rfc3339(timing.start), "end_time": _rfc3339(timing.end)}
        given = {key: text for key, text in dates.items() if text is not None}
        return self._common(submission, name) | {
            "mode": "ENABLE",
            "trigger": {"cron_schedule": {"cron": timing.cron.with_seconds, **given}},
            "max_concurrency": timing.max_concurrency,
            "no_catchup": not timing.catch_up,
        }

    def start_run(
        self, submission: Submission, now: datetime, *, checked: bool = True
    ) -> StartedRun:
        with self._told("the run"), _package(submission) as package:
            run = self._client.run_pipeline(
                self._experiment_id,
                submission.run_name(now),
                pipeline_package_path=package,
                params=dict(submission.parameters),
                service_account=self._section.service_account,
            )
        self._expect(run.run_id)
        host = self._section.host
        return StartedRun(
            run.run_id, f"{host.rstrip('/')}/#/runs/details/{run.run_id}" if host else ""
        )

    def create_schedule(self, submission: Submission, name: str, timing: Timing) -> Schedule:
        with self._told("the schedule"), _package(submission) as package:
            made = self._client.create_recurring_run(
                self._experiment_id,
                name,
                start_time=_rfc3339(timing.start),
                end_time=_rfc3339(timing.end),
                cron_expression=timing.cron.with_seconds,
                max_concurrency=timing.max_concurrency,
                no_catchup=not timing.catch_up,
                params=dict(submission.parameters),
                pipeline_package_path=package,
                service_account=self._section.service_account,
            )
        self._expect(made.recurring_run_id)
        return _schedule_of(made)

    def schedules(self) -> list[Schedule]:
        found, token = [], ""
        with self._told("to list schedules"):
            while True:
                page = self._client.list_recurring_runs(
                    token, _PAGE_SIZE, namespace=self._section.namespace
                )
                found += [_schedule_of(one) for one in page.recurring_runs or ()]
                token = page.next_page_token
                if not token:
                    return found

    def pause(self, schedule: Schedule) -> None:
        with self._told("to pause it"):
            self._client.disable_recurring_run(schedule.key)

    def resume(self, schedule: Schedule) -> None:
        with self._told("to resume it"):
            self._client.enable_recurring_run(schedule.key)

    def delete(self, schedule: Schedule) -> None:
        with self._told("to delete it"):
            self._client.delete_recurring_run(schedule.key)

    def _common(self, submission: Submission, name: str) -> dict[str, Any]:
        """Returns what a run and a recurring run have in common."""
        spec, *platform = submission.documents
        # As the SDK sends it: without what says nothing, such as an empty map.
        sent = _normal(spec, pipeline_spec_pb2.PipelineSpec())
        if platform:
            rest = _normal(platform[0], pipeline_spec_pb2.PlatformSpec())
            sent = {"pipeline_spec": sent, "platform_spec": rest}
        request = {
            "display_name": name,
            "pipeline_spec": sent,
            "runtime_config": {"parameters": dict(submission.parameters)},
        }
        account = self._section.service_account
        return request | ({"service_account": account} if account else {})

    def _expect(self, key: str | None) -> None:
        """Raises unless an answer was the API's: a page of another server has no key."""
        if not key:
            raise PlaceError(
                f"{self._where} answers, but not as Kubeflow Pipelines does; "
                "check kubeflow.cluster.host"
            )

    @property
    def _where(self) -> str:
        return self._section.host or "the cluster around, or the one of kubectl"

    @cached_property
    def _client(self) -> Client:
        with warnings.catch_warnings():
            # It warns of backends before 2.0 each time.
            warnings.simplefilter("ignore", FutureWarning)
            # Without a host, this namespace is where the SDK looks for the service itself.
            namespace = self._section.namespace if self._section.host else None
            return Client(host=self._section.host, namespace=namespace or "kubeflow")

    @cached_property
    def _experiment_id(self) -> str:
        name = self._section.experiment
        try:
            made = self._client.create_experiment(name, namespace=self._section.namespace)
        except ValueError as error:
            raise UserError(
                f"kubeflow.cluster.experiment must name one experiment; {error} ({name!r})"
            ) from error
        return made.experiment_id

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turns what the SDK raises into words, and keeps what it prints to itself.

        Raises:
          UserError: If something that a user gave must change.
          PlaceError: If Kubeflow cannot be reached, or fails.
        """
        where = self._where
        try:
            with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
                yield
        except kfp_server_api.ApiException as error:
            said = f"Kubeflow ({where}) refused {what}: {error.status} {_message(error)}"
            if error.status in _USER_ERRORS:
                raise UserError(f"{said}; {_USER_ERRORS[error.status]}") from error
            raise PlaceError(f"{said}; look whether it was done before trying again") from error
        except (HTTPError, TimeoutError) as error:
            raise PlaceError(
                f"Kubeflow ({where}) cannot be reached, asked for {what}: {error}; "
                "check kubeflow.cluster.host and the network"
            ) from error


@contextmanager
def _package(submission: Submission) -> Iterator[str]:
    """Yields a file of the compiled pipeline, which is what the SDK takes."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "pipeline.yaml"
        package.write_text(submission.text, "utf-8")
        yield str(package)


def _normal(document: dict[str, Any], message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(json_format.ParseDict(document, message))


def _message(error: kfp_server_api.ApiException) -> str:
    """Returns what the API said, out of its JSON where it is some."""
    try:
        said = json.loads(error.body)
        return str(said.get("message") or said["error"])
    except (TypeError, ValueError, KeyError, AttributeError):
        return str(error.reason)


def _rfc3339(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _schedule_of(made: kfp_server_api.V2beta1RecurringRun) -> Schedule:
    """Returns a recurring run as every place tells of one."""
    cron = made.trigger.cron_schedule if made.trigger else None
    text = cron.cron if cron else ""
    return Schedule(
        key=made.recurring_run_id,
        name=made.display_name,
        state=_STATES.get(made.status, "unknown"),
        cron=text.removeprefix("0 ") if len(text.split()) == 6 else text,
        time_zone="",
        max_concurrency=int(made.max_concurrency or 1),
        catch_up=not made.no_catchup,
        start=cron.start_time if cron else None,
        end=cron.end_time if cron else None,
    )
