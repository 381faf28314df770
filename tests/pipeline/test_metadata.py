"""ML Metadata in a file and on a real server: the same runs leave the same records."""

import socket
from pathlib import Path

import pytest
from ml_metadata import MetadataStore
from tfx.orchestration.pipeline import Pipeline

from pipeline.loading import check_config
from pipeline.metadata import metadata_connection
from pipeline.runner import ObservedLocalDagRunner
from schemas.errors import UserError
from tests.pipeline.databases import PASSWORD, Server, running
from tests.pipeline.test_runner import Recorder, Writer

_VARIABLE = "ALBERT_TFX_METADATA_PASSWORD"


def _config(output: Path, section: dict | None = None):
    values = {
        "name": "probe",
        "output": str(output),
        "task": {"name": "classification", "labels": ["good", "bad"]},
        "ingest": {"train": "train.tsv"},
        "metadata": section or {},
    }
    return check_config(values, source="a test")


def _records(connection) -> list[tuple]:
    """Returns what the store knows of every artifact, in order, whatever folder it is in."""
    store = MetadataStore(connection)
    types = {kind.id: kind.name for kind in store.get_artifact_types()}
    return [
        (types[artifact.type_id], artifact.name, Path(artifact.uri).parts[-3:], artifact.state)
        for artifact in sorted(store.get_artifacts(), key=lambda artifact: artifact.id)
    ]


def _runs(folder: Path, connection) -> list[str]:
    """Returns how the step of three runs ended: anew, unchanged, changed."""
    statuses = []
    for number, text in enumerate(["hello", "hello", "world"]):
        recorder = Recorder()
        pipeline = Pipeline(
            pipeline_name="probe",
            pipeline_root=str(folder / "root"),
            metadata_connection_config=connection,
            components=[Writer(text=text)],
            enable_cache=True,
        )
        ObservedLocalDagRunner(f"run-{number}", recorder).run(pipeline)
        statuses += [step.status for step in recorder.steps]
    return statuses


@pytest.fixture(scope="module")
def server():
    with running() as started:
        yield started


def test_a_server_remembers_what_the_file_does(server: Server, tmp_path: Path) -> None:
    here = metadata_connection(_config(tmp_path / "file"), {})
    there = metadata_connection(_config(tmp_path / "server", server.section), {_VARIABLE: PASSWORD})
    assert _runs(tmp_path / "server", there) == ["run", "cached", "run"]
    assert _runs(tmp_path / "file", here) == ["run", "cached", "run"]
    assert len(_records(there)) == 2
    assert _records(there) == _records(here)


def test_a_wrong_password_is_told_without_it(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"cannot be used by albert .*{_VARIABLE}") as raised:
        metadata_connection(_config(tmp_path, server.section), {_VARIABLE: "wr0ng"})
    assert "wr0ng" not in str(raised.value)


def test_the_password_is_not_in_the_config(tmp_path: Path) -> None:
    section = Server(1).section
    with pytest.raises(UserError, match=f"{_VARIABLE} must hold the password of albert"):
        metadata_connection(_config(tmp_path, section), {})


def test_a_server_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        section = Server(taken.getsockname()[1]).section
        with pytest.raises(UserError, match=r"cannot be reached .*metadata\.host"):
            metadata_connection(_config(tmp_path, section), {_VARIABLE: ""})


def test_a_file_is_where_the_config_says(tmp_path: Path) -> None:
    named = metadata_connection(_config(tmp_path, {"file": str(tmp_path / "a" / "b")}), {})
    usual = metadata_connection(_config(tmp_path / "out"), {})
    assert named.sqlite.filename_uri == str(tmp_path / "a" / "b")
    assert usual.sqlite.filename_uri == str(tmp_path / "out" / "metadata.sqlite")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match=r"metadata\.file: the folder of .* cannot be made"):
        metadata_connection(_config(tmp_path, {"file": str(tmp_path / "file" / "b")}), {})
