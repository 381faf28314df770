"""The same run with its state here, and on buckets and a database server: the same outcome."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from ml_metadata import MetadataStore

from pipeline.metadata import metadata_connection
from pipeline.report import RunReport
from pipeline.run import run
from schemas.errors import UserError
from tests.components.remote.buckets import Buckets
from tests.e2e.tiny_demo import DATA, tiny_demo
from tests.pipeline.databases import PASSWORD, running

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

_PASSWORD_VARIABLE = "ALBERT_TFX_METADATA_PASSWORD"


@dataclass(frozen=True)
class Outcome:
    """A run and where it left its state."""

    report: RunReport
    output: Path
    overrides: Sequence[str]

    def artifacts(self) -> list[tuple[str, str, str]]:
        """Returns type, step and output of every artifact that ML Metadata knows."""
        config = tiny_demo(self.overrides)
        store = MetadataStore(metadata_connection(config, {_PASSWORD_VARIABLE: PASSWORD}))
        types = {kind.id: kind.name for kind in store.get_artifact_types()}
        return sorted(
            (types[artifact.type_id], *artifact.uri.split("/")[-3:-1])
            for artifact in store.get_artifacts()
        )


def _run(output: Path, *overrides: str) -> Outcome:
    every = [f"output={output}", *overrides]
    return Outcome(run(tiny_demo(every)), output, every)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for split in ("train", "eval"):
        lines = (DATA / f"{split}.tsv").read_text().splitlines(keepends=True)
        (folder / f"{split}.tsv").write_text("".join(lines[:241]))
    return folder


@pytest.fixture(scope="module")
def here(data, tmp_path_factory):
    files = [f"ingest.{split}={data}/{split}.tsv" for split in ("train", "eval")]
    return _run(tmp_path_factory.mktemp("here"), *files)


@pytest.fixture(scope="module")
def settings(data):
    """What puts the state elsewhere; the buckets and the server are there for the module."""
    with pytest.MonkeyPatch.context() as patch, running() as server:
        patch.setattr(Buckets, "names", {"data", "runs", "models"})
        patch.setattr(Buckets, "objects", {})
        patch.setenv(_PASSWORD_VARIABLE, PASSWORD)
        for split in ("train", "eval"):
            Buckets.put(f"bucket://data/{split}.tsv", (data / f"{split}.tsv").read_bytes())
        yield (
            *(f"ingest.{split}=bucket://data/{split}*.tsv" for split in ("train", "eval")),
            "pipeline_root=bucket://runs/demo",
            "publish.model_base=bucket://models/demo",
            *(f"metadata.{key}={value}" for key, value in server.section.items()),
        )


@pytest.fixture(scope="module")
def elsewhere(settings, tmp_path_factory):
    return _run(tmp_path_factory.mktemp("elsewhere"), *settings)


def test_verdict_and_artifacts_are_the_same(here, elsewhere):
    assert elsewhere.report.status == here.report.status == "published"
    assert elsewhere.report.verdict == here.report.verdict
    assert elsewhere.artifacts() == here.artifacts()
    assert len(here.artifacts()) > 10


def test_what_a_run_leaves_is_on_the_buckets(elsewhere):
    uris = {
        uri for step in elsewhere.report.steps for made in step.outputs.values() for uri in made
    }
    assert uris
    assert all(uri.startswith("bucket://runs/demo/") for uri in uris)
    assert "1/saved_model.pb" in Buckets.paths("bucket://models/demo/")
    models_config = Buckets.objects["bucket://models/demo/models.config"][0].decode()
    assert 'base_path: "bucket://models/demo"' in models_config
    assert not (elsewhere.output / "metadata.sqlite").exists()


def test_a_machine_without_the_copies_goes_on_from_them(elsewhere):
    for folder in ("artifacts", "serving"):
        shutil.rmtree(elsewhere.output / folder)
    again = run(tiny_demo(elsewhere.overrides))
    assert again.status == "up_to_date"
    looked_up = {"Champion", "PreviousStatistics", "Publish"}
    assert {step.name for step in again.steps if step.status != "cached"} <= looked_up
    assert again.verdict == elsewhere.report.verdict


@pytest.mark.parametrize("key", ["pipeline_root", "publish.model_base"])
def test_a_bucket_that_is_not_there_stops_the_run_before_a_step(settings, tmp_path, key):
    overrides = [f"output={tmp_path}", *settings, f"{key}=bucket://none/demo"]
    with pytest.raises(UserError, match=f"{key}: bucket://none/demo cannot be written"):
        run(tiny_demo(overrides))
    assert not (tmp_path / "artifacts").exists()
