"""The messages that Vertex AI is sent, made without a connection or credentials."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from google.cloud.aiplatform_v1.types import (
    CreatePipelineJobRequest,
    CreateScheduleRequest,
    EncryptionSpec,
    PipelineJob,
    Schedule,
)

from kubeflow import place
from kubeflow.submission import Submission
from kubeflow.timing import UTC, Timing
from pipeline.submit_config import VertexConfig

_STATES: Final[dict[int, place.State]] = {
    Schedule.State.ACTIVE: "active",
    Schedule.State.PAUSED: "paused",
    Schedule.State.COMPLETED: "completed",
}

_TIME_ZONE: Final = re.compile(r"(?:CRON_)?TZ=(\S+)\s+(.*)")


def parent_of(section: VertexConfig) -> str:
    """Returns the name of a project in a region."""
    return f"projects/{section.project}/locations/{section.region}"


def run_request(
    submission: Submission, section: VertexConfig, now: datetime, *, checked: bool
) -> CreatePipelineJobRequest:
    """Returns the message that starts a run."""
    job = _job(submission, section)
    job.display_name = submission.run_name(now)
    # Vertex then looks at images, accounts and machines of the steps before it takes the job on.
    job.preflight_validations = checked
    # A job's id starts with a letter; the name of a config need not.
    prefix = "" if job.display_name[0].isalpha() else "run-"
    return CreatePipelineJobRequest(
        parent=parent_of(section), pipeline_job=job, pipeline_job_id=prefix + job.display_name
    )


def schedule_request(
    submission: Submission, section: VertexConfig, name: str, timing: Timing
) -> CreateScheduleRequest:
    """Returns the message that makes a schedule."""
    parent = parent_of(section)
    schedule = Schedule(
        display_name=name,
        cron=f"TZ={timing.time_zone} {timing.cron}",
        start_time=timing.start,
        end_time=timing.end,
        # The first is how many may be starting, the second how many may be running.
        max_concurrent_run_count=timing.max_concurrency,
        max_concurrent_active_run_count=timing.max_concurrency,
        allow_queueing=timing.catch_up,
        # Without an id: Vertex names each run.
        create_pipeline_job_request=CreatePipelineJobRequest(
            parent=parent, pipeline_job=_job(submission, section)
        ),
    )
    return CreateScheduleRequest(parent=parent, schedule=schedule)


def schedule_of(message: Schedule) -> place.Schedule:
    """Returns a schedule of Vertex as every place tells of one."""
    times: Any = message  # which gives datetimes, where its annotations say Timestamp
    zoned = _TIME_ZONE.fullmatch(message.cron)
    time_zone, cron = zoned.groups() if zoned else (UTC, message.cron)
    return place.Schedule(
        key=message.name,
        name=message.display_name,
        state=_STATES.get(message.state, "unknown"),
        cron=cron,
        time_zone=time_zone,
        max_concurrency=message.max_concurrent_active_run_count or message.max_concurrent_run_count,
        catch_up=message.allow_queueing,
        start=times.start_time,
        end=times.end_time,
        next_run=times.next_run_time,
    )


def _job(submission: Submission, section: VertexConfig) -> PipelineJob:
    spec = submission.documents[0]
    return PipelineJob(
        pipeline_spec=spec,
        runtime_config=PipelineJob.RuntimeConfig(
            gcs_output_directory=spec["defaultPipelineRoot"],
            parameter_values=dict(submission.parameters),
        ),
        service_account=section.service_account,
        network=section.network,
        encryption_spec=(EncryptionSpec(kms_key_name=section.kms_key) if section.kms_key else None),
        labels={"albert-tfx": submission.name},
    )
