"""Kubeflow Pipelines as a place: the real kfp client, over HTTP, and what arrives."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from kubeflow.cron import parse_cron
from kubeflow.place import PlaceError
from kubeflow.timing import Timing
from pipeline.submit_config import ClusterConfig
from schemas.errors import UserError
from tests.kubeflow.cluster_api import serve_cluster
from tests.kubeflow.http_api import serve_json

pytestmark = [
    pytest.mark.parametrize("target", ["kubeflow"], indirect=True, scope="session"),
    pytest.mark.usefixtures("target"),
]

NOW = datetime(2027, 1, 10, 12, 30, 5, tzinfo=timezone.utc)
TIMING = Timing(
    cron=parse_cron("30 5 * * 1-5"),
    start=datetime(2027, 2, 1, 5, 30, tzinfo=timezone.utc),
    end=datetime(2027, 7, 1, tzinfo=timezone.utc),
    max_concurrency=2,
    catch_up=True,
)


@pytest.fixture
def api(monkeypatch, tmp_path):
    with serve_cluster() as api:
        # The SDK keeps settings in the home folder; those of who runs the tests are not to matter.
        monkeypatch.setattr("kfp.client.Client._LOCAL_KFP_CONTEXT", str(tmp_path / "context.json"))
        yield api


@pytest.fixture
def place_at(api):
    from kubeflow.cluster import Cluster

    return Cluster


@pytest.fixture
def place(api, place_at):
    section = ClusterConfig(host=api.host, experiment="reviews", service_account="trainer")
    return place_at(section)


def _parsed(spec):
    return json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())


def test_a_run_arrives_with_its_pipeline_and_parameters(place, api, submission, documents):
    started = place.start_run(submission, NOW)
    body = api.sent("POST", "/runs")
    assert body["display_name"] == "topic-reviews-20270110-123005"
    assert body["runtime_config"]["parameters"] == {"steps": 500, "learning_rate": 2e-5}
    assert body["service_account"] == "trainer"
    arrived = body["pipeline_spec"]
    assert _parsed(arrived["pipeline_spec"]) == _parsed(documents[0])
    assert arrived["platform_spec"] == documents[1]
    (experiment,) = api.experiments
    assert experiment["display_name"] == "reviews"
    assert body["experiment_id"] == experiment["experiment_id"]
    assert started.link == f"{api.host}/#/runs/details/run-0"


def test_a_schedule_arrives_with_its_timing(place, api, submission):
    made = place.create_schedule(submission, "nightly", TIMING)
    body = api.sent("POST", "/recurringruns")
    assert body["trigger"] == {
        "cron_schedule": {
            "cron": "0 30 5 * * 1-5",
            "start_time": "2027-02-01T05:30:00Z",
            "end_time": "2027-07-01T00:00:00Z",
        }
    }
    assert (body["mode"], body["no_catchup"]) == ("ENABLE", False)
    assert body["max_concurrency"] == 2
    assert body["runtime_config"]["parameters"]["steps"] == 500
    assert (made.name, made.state, made.cron) == ("nightly", "active", "30 5 * * 1-5")
    assert (made.start, made.end) == (TIMING.start, TIMING.end)
    assert (made.max_concurrency, made.catch_up) == (2, True)


def test_schedules_are_listed_page_by_page(place, submission):
    for name in ("nightly", "weekly"):
        place.create_schedule(submission, name, replace(TIMING, catch_up=False))
    listed = place.schedules()
    assert [(one.name, one.catch_up) for one in listed] == [("nightly", False), ("weekly", False)]


def test_a_schedule_is_paused_resumed_and_deleted(place, submission):
    made = place.create_schedule(submission, "nightly", TIMING)
    place.pause(made)
    assert [one.state for one in place.schedules()] == ["paused"]
    place.resume(made)
    assert [one.state for one in place.schedules()] == ["active"]
    place.delete(made)
    assert place.schedules() == []


def test_a_dry_run_tells_what_arrives_and_connects_to_nothing(place, api, submission):
    told = [place.run_request(submission, NOW), place.schedule_request(submission, "n", TIMING)]
    assert api.requests == []
    place.start_run(submission, NOW)
    place.create_schedule(submission, "n", TIMING)
    arrived = [api.sent("POST", "/runs"), api.sent("POST", "/recurringruns")]
    for body in arrived:
        assert body.pop("experiment_id")
    assert told == arrived


def test_nothing_of_the_sdk_is_printed(place, submission, capsys):
    place.start_run(submission, NOW)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (400, UserError, "change what it names"),
        (401, UserError, "log in"),
        (403, UserError, "need the right"),
        (500, PlaceError, "look whether it was done"),
    ],
)
def test_a_refusal_says_what_to_do(place, api, submission, status, error, advice):
    api.refuse_with = status
    with pytest.raises(error, match=advice) as raised:
        place.start_run(submission, NOW)
    assert f"{status} the service says so" in str(raised.value)
    assert type(raised.value) is error


def test_a_host_where_no_one_answers_is_named(place_at):
    section = ClusterConfig(host="http://127.0.0.1:1", namespace="team")
    with pytest.raises(PlaceError, match=r"http://127.0.0.1:1\) cannot be reached"):
        place_at(section).schedules()


def test_a_server_that_is_no_kubeflow_is_found_out(place_at, submission):
    problem = "answers, but not as Kubeflow Pipelines does"
    with (
        serve_json(lambda request: (200, {"hello": "world"})) as host,
        pytest.raises(PlaceError, match=problem),
    ):
        place_at(ClusterConfig(host=host)).start_run(submission, NOW)
