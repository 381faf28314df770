"""What the server is told beside the versions."""

from components.publish import serving_files
from components.remote.mirror import Mirror
from schemas.errors import UserError
from serving.server.batch_options import read_batch_options
from tests.components.remote.buckets import Buckets

FIGURES = {"latency_p50_ms": 10.0, "latency_p99_ms": 12.0, "texts_per_second": 400.0}


def test_the_server_is_told_how_to_batch_from_the_latencies_of_the_check(publisher):
    publisher.run(figures=FIGURES)
    options = read_batch_options(publisher.model_base / "batching.config")
    assert (options.max_batch_size, options.batch_timeout_micros) == (24, 1000)
    assert publisher.versions() == ["1", "batching.config", "models.config", "monitoring.config"]


def test_what_the_server_is_told_follows_the_model(publisher):
    publisher.run(figures=FIGURES)
    publisher.run("second", figures=FIGURES | {"texts_per_second": 100.0})
    assert read_batch_options(publisher.model_base / "batching.config").max_batch_size == 1


def test_files_that_cannot_be_written_do_not_undo_a_publication(publisher, monkeypatch):
    def fails(model_base, options, note, base_path):
        raise UserError("read-only")

    monkeypatch.setattr(serving_files, "write_estimated", fails)
    assert publisher.run(figures=FIGURES).summary == "version 1 is live"


def test_a_base_on_a_bucket_gets_the_version_and_is_named_as_the_base_path(publisher, monkeypatch):
    for name, value in {"objects": {}, "names": {"here"}, "log": [], "fails_at": ""}.items():
        monkeypatch.setattr(Buckets, name, value)
    publisher.remote_base = "bucket://here/models"
    Mirror(publisher.remote_base, publisher.model_base).pull("publish.model_base")
    publisher.run(figures=FIGURES)
    there = Buckets.paths("bucket://here/models/")
    assert there >= {"1/saved_model.pb", "batching.config", "models.config", "monitoring.config"}
    config = Buckets.objects["bucket://here/models/models.config"][0].decode()
    assert 'base_path: "bucket://here/models"' in config
