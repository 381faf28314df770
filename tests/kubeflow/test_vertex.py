"""Vertex AI as a place: the real clients, over gRPC, and what arrives."""

from dataclasses import replace
from datetime import datetime, timezone

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import types
from google.protobuf import json_format

from kubeflow import vertex
from kubeflow.cron import parse_cron
from kubeflow.place import PlaceError
from kubeflow.submission import Submission
from kubeflow.timing import Timing
from kubeflow.vertex import Vertex
from pipeline.submit_config import VertexConfig
from schemas.errors import UserError
from tests.kubeflow.vertex_api import State, serve_vertex

pytestmark = [
    pytest.mark.parametrize("target", ["vertex"], indirect=True, scope="session"),
    pytest.mark.usefixtures("target"),
]

NOW = datetime(2027, 1, 10, 12, 30, 5, tzinfo=timezone.utc)
PARENT = "projects/reviews-project/locations/europe-west4"
SECTION = VertexConfig(
    project="reviews-project",
    region="europe-west4",
    service_account="trainer@reviews-project.iam.gserviceaccount.com",
    network="projects/12345/global/networks/inner",
    kms_key="projects/p/locations/l/keyRings/r/cryptoKeys/k",
)
TIMING = Timing(
    cron=parse_cron("30 5 * * 1-5"),
    time_zone="Europe/Berlin",
    start=datetime(2027, 2, 1, 5, 30, tzinfo=timezone.utc),
    end=datetime(2027, 7, 1, tzinfo=timezone.utc),
    max_concurrency=2,
    catch_up=True,
)


@pytest.fixture(scope="module")
def served():
    with serve_vertex() as api_and_clients:
        yield api_and_clients


@pytest.fixture
def api(served, monkeypatch):
    api, clients = served
    monkeypatch.setattr(vertex, "connect", lambda region: clients)
    api.requests.clear()
    api.schedules.clear()
    api.refuse_with = None
    return api


@pytest.fixture
def place(api):
    return Vertex(SECTION)


def test_a_run_arrives_with_its_pipeline_and_parameters(place, api, submission, spec):
    started = place.start_run(submission, NOW)
    request = api.last(types.CreatePipelineJobRequest)
    job = request.pipeline_job
    assert request.parent == PARENT
    assert request.pipeline_job_id == "topic-reviews-20270110-123005"
    arrived = json_format.MessageToDict(types.PipelineJob.pb(job).pipeline_spec)
    assert arrived == spec
    assert dict(job.runtime_config.parameter_values) == {"steps": 500, "learning_rate": 2e-5}
    assert job.runtime_config.gcs_output_directory == "gs://bucket/runs"
    assert job.service_account == SECTION.service_account
    assert job.network == SECTION.network
    assert job.encryption_spec.kms_key_name == SECTION.kms_key
    assert job.preflight_validations
    assert started.name == "topic-reviews-20270110-123005"
    assert started.link.startswith("https://console.cloud.google.com/vertex-ai/pipelines/locations")


def test_vertex_does_not_look_first_where_that_is_not_wanted(place, api, submission):
    place.start_run(submission, NOW, checked=False)
    assert not api.last(types.CreatePipelineJobRequest).pipeline_job.preflight_validations


def test_a_schedule_arrives_with_its_timing(place, api, submission, spec):
    made = place.create_schedule(submission, "nightly", TIMING)
    schedule = api.last(types.CreateScheduleRequest).schedule
    assert schedule.cron == "TZ=Europe/Berlin 30 5 * * 1-5"
    assert schedule.max_concurrent_run_count == schedule.max_concurrent_active_run_count == 2
    assert schedule.allow_queueing
    assert (schedule.start_time, schedule.end_time) == (TIMING.start, TIMING.end)
    inner = schedule.create_pipeline_job_request
    assert inner.parent == PARENT
    assert not inner.pipeline_job_id
    assert inner.pipeline_job.pipeline_spec["pipelineInfo"] == spec["pipelineInfo"]
    assert dict(inner.pipeline_job.runtime_config.parameter_values)["steps"] == 500
    assert (made.name, made.state, made.cron) == ("nightly", "active", "30 5 * * 1-5")
    assert (made.time_zone, made.max_concurrency, made.catch_up) == ("Europe/Berlin", 2, True)


def test_schedules_are_listed_page_by_page_without_those_of_notebooks(place, api, submission):
    for name in ("nightly", "weekly"):
        place.create_schedule(submission, name, TIMING)
    notebook = types.Schedule(display_name="notebook", create_notebook_execution_job_request={})
    api.schedules["other"] = notebook
    assert [one.name for one in place.schedules()] == ["nightly", "weekly"]


@pytest.mark.parametrize("catch_up", [True, False])
def test_a_schedule_is_paused_resumed_and_deleted(place, api, submission, catch_up):
    place.create_schedule(submission, "nightly", replace(TIMING, catch_up=catch_up))
    (made,) = place.schedules()
    place.pause(made)
    assert [one.state for one in place.schedules()] == ["paused"]
    place.resume(made)
    assert api.last(types.ResumeScheduleRequest).catch_up is catch_up
    assert api.schedules[made.key].state == State.ACTIVE
    place.delete(made)
    assert place.schedules() == []


def test_a_dry_run_tells_what_arrives_and_connects_to_nothing(place, api, submission, monkeypatch):
    told = place.run_request(submission, NOW), place.schedule_request(submission, "n", TIMING)
    assert api.requests == []
    place.start_run(submission, NOW)
    place.create_schedule(submission, "n", TIMING)
    arrived = [json_format.MessageToDict(type(one).pb(one)) for one in api.requests]
    assert list(told) == arrived


def test_a_region_without_the_accelerator_is_told_before_anything_starts(place, submission):
    text = submission.text.replace(
        "image: '{{$.inputs",
        "resources: {accelerator: {type: NVIDIA_H100_80GB, count: '1'}}\n"
        "        image: '{{$.inputs",
        1,
    )
    asking = Submission("topic-reviews", submission.section, text, {})
    assert "NVIDIA_H100_80GB" in str(asking.documents[0])
    with pytest.raises(
        UserError, match="NVIDIA_H100_80GB is not supported in region europe-west4; change what"
    ):
        place.start_run(asking, NOW)


@pytest.mark.parametrize(
    ("code", "error", "advice"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, UserError, "roles/aiplatform.user"),
        (grpc.StatusCode.NOT_FOUND, UserError, "check kubeflow.vertex: project and region"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, UserError, "another region"),
        (grpc.StatusCode.INTERNAL, PlaceError, "look whether it was done"),
    ],
)
def test_a_refusal_says_what_to_do(place, api, submission, code, error, advice):
    api.refuse_with = code
    with pytest.raises(error, match=advice) as raised:
        place.start_run(submission, NOW)
    assert "the service says so" in str(raised.value)
    assert type(raised.value) is error


def test_clients_speak_to_the_region(monkeypatch):
    anonymous = AnonymousCredentials()
    monkeypatch.setattr("google.auth.default", lambda *_, **__: (anonymous, "reviews-project"))
    services = vertex.connect("europe-west4")
    for client in (services.pipelines, services.schedules):
        assert client.api_endpoint == "europe-west4-aiplatform.googleapis.com"
        client.transport.close()


def test_without_credentials_the_way_to_some_is_told(submission, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    with pytest.raises(UserError, match="gcloud auth application-default login"):
        Vertex(SECTION).start_run(submission, NOW)
