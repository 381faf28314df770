"""What a run keeps elsewhere is checked before anything is started."""

import pytest

from pipeline.loading import check_config
from pipeline.lock import check_local
from pipeline.places import prepare_places
from schemas.errors import UserError
from tests.components.remote.buckets import Buckets


@pytest.fixture(autouse=True)
def _buckets(monkeypatch):
    for name, value in {
        "objects": {},
        "names": {"here", "closed"},
        "read_only": {"closed"},
    }.items():
        monkeypatch.setattr(Buckets, name, value)


def _config(tmp_path, **sections):
    values = {
        "name": "probe",
        "output": str(tmp_path),
        "task": {"name": "classification", "labels": ["good", "bad"]},
        "ingest": {"train": "train.tsv"},
    }
    return check_config(values | sections, source="a test")


def test_folders_of_this_machine_need_nothing(tmp_path):
    assert prepare_places(_config(tmp_path)) is None
    assert prepare_places(_config(tmp_path, pipeline_root=str(tmp_path / "root"))) is None


def test_a_root_on_a_bucket_has_copies_below_the_output(tmp_path):
    config = _config(tmp_path, pipeline_root="bucket://here/runs/")
    copies = prepare_places(config)
    assert copies is not None
    assert config.artifact_dir == tmp_path / "artifacts"
    there = copies.there(f"{config.artifact_dir}/Trainer/model/1")
    assert there == "bucket://here/runs/Trainer/model/1"


def test_a_model_base_on_a_bucket_has_its_mirror_below_the_output(tmp_path):
    Buckets.put("bucket://here/models/3/saved_model.pb", b"graph")
    config = _config(tmp_path, publish={"model_base": "bucket://here/models"})
    prepare_places(config)
    assert config.model_base == tmp_path / "serving"
    assert (tmp_path / "serving" / "3" / "saved_model.pb").read_bytes() == b"graph"


@pytest.mark.parametrize("bucket", ["none", "closed"])
@pytest.mark.parametrize("key", ["pipeline_root", "publish.model_base"])
def test_a_bucket_that_cannot_be_written_is_told(tmp_path, key, bucket):
    uri = f"bucket://{bucket}/a"
    sections = (
        {"pipeline_root": uri} if key == "pipeline_root" else {"publish": {"model_base": uri}}
    )
    with pytest.raises(UserError, match=f"{key}: {uri} cannot be written .*make the bucket"):
        prepare_places(_config(tmp_path, **sections))


def test_what_must_be_here_is_named_in_one_error(tmp_path):
    config = _config(
        tmp_path,
        output="gs://bucket/out",
        vocabulary={"model": "gs://bucket/spiece.model"},
        validation={"schema_file": "s3://bucket/schema.pbtxt"},
    )
    with pytest.raises(UserError, match="must be on this machine") as raised:
        check_local(config)
    named = [line.split(":")[0].strip() for line in str(raised.value).splitlines()[1:]]
    assert named == ["output", "vocabulary.model", "validation.schema_file"]


def test_workers_elsewhere_need_buckets(tmp_path):
    beam = {"runner": "flink", "flink_master": "flink:8081", "image": "repo/albert-tfx:1"}
    with pytest.raises(UserError, match="the workers of flink reach only buckets") as raised:
        prepare_places(_config(tmp_path, beam=beam))
    named = [line.strip() for line in str(raised.value).splitlines()[1:]]
    assert named == ["ingest.train: train.tsv", "pipeline_root: unset"]
    prepare_places(
        _config(
            tmp_path,
            beam=beam,
            ingest={"train": "bucket://here/train.tsv"},
            pipeline_root="bucket://here/runs",
        )
    )


def test_workers_elsewhere_ask_a_query_by_themselves(tmp_path):
    beam = {
        "runner": "dataflow",
        "project": "paying",
        "region": "europe-west4",
        "temp_location": "gs://tmp/beam",
    }
    ingest = {"train": {"query": "SELECT 1"}, "bigquery": {"project": "paying"}}
    config = _config(tmp_path, beam=beam, ingest=ingest, pipeline_root="bucket://here/runs")
    assert prepare_places(config) is not None
