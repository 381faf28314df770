"""Buckets are looked at before a run is sent: the real client, over HTTP."""

from urllib.parse import parse_qs, urlsplit

import pytest

from kubeflow.buckets import bucket_problems, wanted_permissions
from pipeline.loading import check_config
from tests.kubeflow.conftest import CONFIG, SECTIONS
from tests.kubeflow.http_api import serve_json

RIGHTS = {"storage.objects.get", "storage.objects.create"}


@pytest.fixture
def granted(monkeypatch):
    """Rights by bucket; a server of Cloud Storage's API grants these."""
    rights = {"bucket": RIGHTS}

    def answer(request):
        parts = urlsplit(request.url)
        _, _, _, bucket, *rest = parts.path.strip("/").split("/")
        if bucket not in rights or rest != ["iam", "testPermissions"]:
            return 404, {"error": {"code": 404, "message": "The specified bucket does not exist."}}
        if rights[bucket] is None:
            return 403, {"error": {"code": 403, "message": "no access"}}
        asked = set(parse_qs(parts.query)["permissions"])
        return 200, {"permissions": sorted(asked & rights[bucket])}

    with serve_json(answer) as host:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", host)
        yield rights


def config_with(**roots):
    return check_config(CONFIG | {"kubeflow": SECTIONS["vertex"] | roots}, source="a test")


def test_buckets_that_can_be_used_are_no_problem(granted):
    assert bucket_problems(config_with()) == []


def test_every_bucket_is_asked_for_what_is_done_there():
    config = config_with(data_root="gs://texts/new", pipeline_root="gs://runs")
    config = config.model_copy(
        update={"publish": config.publish.model_copy(update={"model_base": "gs://models/a"})}
    )
    assert wanted_permissions(config) == {
        "texts": {"storage.objects.get"},
        "bucket": {"storage.objects.create"},
        "runs": {"storage.objects.create"},
        "models": {"storage.objects.create"},
    }


def test_a_query_needs_no_bucket():
    ingest = {"train": {"query": "SELECT 1"}, "eval": "gs://texts/dev.tsv"}
    asked = {"ingest": {**ingest, "bigquery": {"project": "paying"}}}
    config = check_config(CONFIG | {"kubeflow": SECTIONS["vertex"]} | asked, source="a test")
    assert wanted_permissions(config)["texts"] == {"storage.objects.get"}


def test_a_bucket_that_is_not_there_is_named(granted):
    (problem,) = bucket_problems(config_with(pipeline_root="gs://no-such-bucket/runs"))
    assert problem.startswith("gs://no-such-bucket: there is no such bucket; make it")


@pytest.mark.parametrize("rights", [set(), {"storage.objects.get"}, None])
def test_a_bucket_that_refuses_writes_is_named(granted, rights):
    granted["locked"] = rights
    (problem,) = bucket_problems(config_with(pipeline_root="gs://locked/runs"))
    assert problem.startswith("gs://locked: refuses writes (storage.objects.create)")
    assert "Storage Object User" in problem


def test_every_bucket_is_named_at_once(granted):
    config = config_with(pipeline_root="gs://one", data_root="gs://two", state_root="gs://three")
    assert [problem.split(":")[1] for problem in bucket_problems(config)] == [
        "//one",
        "//three",
        "//two",
    ]


def test_without_credentials_the_way_to_some_is_told(monkeypatch):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    (problem,) = bucket_problems(config_with())
    assert "gcloud auth application-default login" in problem
