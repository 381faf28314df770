"""A pipeline root on a bucket: steps work here, the bucket and ML Metadata hold what they made."""

import shutil
from pathlib import Path

import pytest
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Schema

from pipeline.local_copies import LocalCopies
from pipeline.runner import ObservedLocalDagRunner
from schemas.errors import UserError
from tests.components.remote.buckets import Buckets
from tests.pipeline.test_runner import Recorder, Writer

ROOT = "bucket://here/runs/probe"


@component
def Copier(  # noqa: N802 - a component
    source: InputArtifact[Schema], suffix: Parameter[str], schema: OutputArtifact[Schema]
):
    """Copies the text of `source`, and says where it read it."""
    Path(schema.uri, "text").write_text(Path(source.uri, "text").read_text() + suffix)
    schema.set_string_custom_property("read_from", source.uri)


@pytest.fixture
def buckets(monkeypatch):
    for name, value in {"objects": {}, "names": {"here"}, "log": [], "fails_at": ""}.items():
        monkeypatch.setattr(Buckets, name, value)
    return Buckets


@pytest.fixture
def run(tmp_path, buckets):
    """Runs Writer and Copier; returns their steps."""

    def run_pipeline(run_id, *, text="hello", suffix="!", root=ROOT, store="metadata.sqlite"):
        recorder = Recorder()
        folder = tmp_path / "artifacts"
        writer = Writer(text=text)
        copier = Copier(source=writer.outputs["schema"], suffix=suffix)
        pipeline = Pipeline(
            pipeline_name="probe",
            pipeline_root=str(folder),
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(tmp_path / store)
            ),
            components=[writer, copier],
            enable_cache=True,
        )
        copies = LocalCopies(root, folder)
        ObservedLocalDagRunner(run_id, recorder, copies=copies).run(pipeline)
        return recorder.steps

    return run_pipeline


def test_what_steps_make_is_on_the_bucket_and_recorded_there(run, buckets, tmp_path):
    writer, copier = run("one")
    assert (writer.status, copier.status) == ("run", "run")
    assert writer.outputs["schema"] == [f"{ROOT}/Writer/schema/1"]
    assert buckets.objects[f"{ROOT}/Copier/schema/2/text"][0] == b"hello!"
    connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "metadata.sqlite"))
    artifacts = MetadataStore(connection).get_artifacts()
    assert {artifact.uri for artifact in artifacts} == {
        f"{ROOT}/Writer/schema/1",
        f"{ROOT}/Copier/schema/2",
    }
    assert {artifact.state for artifact in artifacts} == {metadata_store_pb2.Artifact.LIVE}
    properties = [artifact.custom_properties for artifact in artifacts]
    read_from = [part["read_from"].string_value for part in properties if "read_from" in part]
    assert read_from == [f"{ROOT}/Writer/schema/1"]


def test_a_step_brings_what_another_machine_made(run, buckets, tmp_path):
    run("one")
    shutil.rmtree(tmp_path / "artifacts")
    writer, copier = run("two", suffix="?")
    assert (writer.status, copier.status) == ("cached", "run")
    assert buckets.objects[f"{copier.outputs['schema'][0]}/text"][0] == b"hello?"


def test_a_place_that_another_database_has_filled_is_left_alone(run, buckets):
    run("one")
    with pytest.raises(UserError, match="is there already, but not in this ML Metadata"):
        run("one", text="other", store="other.sqlite")
    assert buckets.objects[f"{ROOT}/Writer/schema/1/text"][0] == b"hello"


def test_an_earlier_artifact_of_another_bucket_is_told(run):
    run("one")
    with pytest.raises(UserError, match="set pipeline_root as it was"):
        run("two", suffix="?", root="bucket://here/elsewhere")


def test_a_bucket_that_breaks_off_fails_the_step_which_then_runs_again(run, buckets):
    buckets.fails_at = "Writer/schema/1/text"
    with pytest.raises(UserError, match="the connection broke off"):
        run("one")
    buckets.fails_at = ""
    assert [step.status for step in run("two")] == ["run", "run"]
