"""Runs a step of a Vertex pipeline as a custom job: on several machines, or on spot machines.

`python -m kubeflow.job --plan JSON --image IMAGE -- COMMAND...` starts it and waits for its end.
Every machine runs the same command, and Vertex tells it of the others by TF_CONFIG.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Final

from google.api_core.exceptions import ServerError, TooManyRequests
from google.api_core.retry import Retry, if_exception_type
from google.cloud.aiplatform_v1.services.job_service import JobServiceClient
from google.cloud.aiplatform_v1.types import (
    ContainerSpec,
    CustomJob,
    CustomJobSpec,
    EncryptionSpec,
    JobState,
    MachineSpec,
    Scheduling,
    WorkerPoolSpec,
)

from kubeflow.job_plan import JobPlan
from kubeflow.vertex import told
from kubeflow.vertex_requests import parent_of
from schemas.errors import AlbertTfxError

POLL_SECONDS: Final = 20.0
_CALL_SECONDS: Final = 60.0
_LOOKS: Final = Retry(
    if_exception_type(ServerError, TooManyRequests), maximum=POLL_SECONDS, timeout=600.0
)
"""A job goes on where it cannot be looked at for a while; a step that ended then would leave it to
itself, and start a second one when it is tried again."""
_LABEL_LENGTH: Final = 63
"""Of Google Cloud, at most."""
_ENDS: Final = frozenset(
    {
        JobState.JOB_STATE_SUCCEEDED,
        JobState.JOB_STATE_FAILED,
        JobState.JOB_STATE_CANCELLED,
        JobState.JOB_STATE_EXPIRED,
        JobState.JOB_STATE_PARTIALLY_SUCCEEDED,
    }
)


def custom_job(plan: JobPlan, image: str, command: Sequence[str]) -> CustomJob:
    """Returns the job: a pool of the chief, and one of the other machines where there are any."""
    pools = [
        WorkerPoolSpec(
            machine_spec=MachineSpec(
                machine_type=plan.machine_type,
                accelerator_type=plan.accelerator,
                accelerator_count=plan.accelerator_count if plan.accelerator else None,
            ),
            replica_count=replicas,
            container_spec=ContainerSpec(image_uri=image, command=[*command]),
        )
        for replicas in (1, plan.workers - 1)
        if replicas
    ]
    strategy = Scheduling.Strategy.SPOT if plan.spot else Scheduling.Strategy.STANDARD
    # One machine that starts anew cannot join the others again.
    scheduling = Scheduling(strategy=strategy, restart_job_on_worker_restart=plan.workers > 1)
    vertex = plan.vertex
    return CustomJob(
        display_name=plan.name,
        job_spec=CustomJobSpec(
            worker_pool_specs=pools,
            scheduling=scheduling,
            service_account=vertex.service_account,
            network=vertex.network,
        ),
        encryption_spec=EncryptionSpec(kms_key_name=vertex.kms_key) if vertex.kms_key else None,
        labels={"albert-tfx": plan.name.lower()[:_LABEL_LENGTH]},
    )


def run_job(
    plan: JobPlan,
    image: str,
    command: Sequence[str],
    client: JobServiceClient,
    *,
    stop: threading.Event,
    poll_seconds: float = POLL_SECONDS,
) -> str:
    """Starts a job and waits for its end; returns its name.

    Args:
      plan: The machines.
      image: Their image.
      command: What each runs.
      client: Of the region's jobs.
      stop: Set where the step is to end: the job is cancelled then.
      poll_seconds: Time between two looks at it.

    Raises:
      AlbertTfxError: If the job does not succeed, or Vertex does not answer.
      UserError: If Vertex refuses it.
    """
    job = custom_job(plan, image, command)
    with told("the job", plan.vertex):
        made = client.create_custom_job(
            parent=parent_of(plan.vertex), custom_job=job, timeout=_CALL_SECONDS
        )
    while made.state not in _ENDS:
        if stop.wait(poll_seconds):
            with told(f"to cancel {made.name}", plan.vertex):
                client.cancel_custom_job(name=made.name, timeout=_CALL_SECONDS)
            raise AlbertTfxError(f"{made.name}: cancelled, as the step was")
        with told(f"the state of {made.name}", plan.vertex):
            made = client.get_custom_job(name=made.name, retry=_LOOKS, timeout=_CALL_SECONDS)
    if made.state != JobState.JOB_STATE_SUCCEEDED:
        state = JobState(made.state).name.removeprefix("JOB_STATE_").lower()
        message = f": {made.error.message}" if made.error.message else ""
        raise AlbertTfxError(f"{made.name} ended as {state}{message}; its log says more")
    return made.name


def read_arguments(arguments: Sequence[str]) -> tuple[JobPlan, str, list[str]]:
    """Returns the machines, their image, and the command that each runs."""
    parser = argparse.ArgumentParser(prog="kubeflow.job", allow_abbrev=False)
    parser.add_argument("--plan", required=True, type=JobPlan.model_validate_json)
    parser.add_argument("--image", required=True)
    place = arguments.index("--")
    parsed = parser.parse_args(arguments[:place])
    return parsed.plan, parsed.image, [*arguments[place + 1 :]]


def main(arguments: Sequence[str]) -> None:
    """Runs the job that the arguments name, with the credentials of the step."""
    plan, image, command = read_arguments(arguments)
    stop = threading.Event()

    def end(signal_number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    endpoint = f"{plan.vertex.region}-aiplatform.googleapis.com"
    with told("the job", plan.vertex):
        client = JobServiceClient(client_options={"api_endpoint": endpoint})
    name = run_job(plan, image, command, client, stop=stop)
    sys.stdout.write(f"{name}: succeeded\n")


if __name__ == "__main__":
    main(sys.argv[1:])
