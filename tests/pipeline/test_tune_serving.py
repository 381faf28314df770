"""`tune-serving` measures a published model, and a server takes what it wrote."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from schemas import features as keys
from schemas.errors import UserError
from serving.server.batch_options import read_batch_options
from serving.tuning.latency import BATCH_SIZES
from serving.warmup import WarmupRequest, write_warmup
from tests.serving.server.running import serving
from tests.serving.tiny_models import save_model


@pytest.fixture
def model_base(tmp_path):
    folder = tmp_path / "reviews" / "serving"
    save_model(folder / "1")
    texts = [b"a good film", b"bad"]
    requests = [WarmupRequest(keys.SERVING_DEFAULT, {keys.TEXT: texts})]
    write_warmup(folder / "1", requests, model_name="reviews")
    return folder


def tune(model_base, *options):
    result = CliRunner().invoke(app, ["tune-serving", str(model_base), "--seconds=0", *options])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_what_is_written_is_served(model_base):
    found = json.loads(tune(model_base, "--json"))
    sizes = {each["batch_size"] for each in found["latencies"]}
    assert sizes == set(BATCH_SIZES)
    files = found["files"]
    assert found["chosen"]["max_batch_size"] in sizes
    with serving(
        f"--model_config_file={files['models']}",
        f"--monitoring_config_file={files['monitoring']}",
        "--enable_batching",
        f"--batching_parameters_file={files['batching']}",
    ) as server:
        status, answer = server.ask("/v1/models/reviews:predict", {"instances": ["good"]})
        assert (status, answer["predictions"][0]["label"]) == (200, "positive")
        assert server.rest("GET", "/monitoring/prometheus/metrics")[0] == 200


def test_the_table_shows_the_choice_and_how_to_serve_it(model_base):
    said = tune(model_base)
    assert said.count("chosen") == 1
    assert f"albert-tfx serve --model_config_file={model_base}/models.config" in said
    assert f"--batching_parameters_file={model_base}/batching.config" in said
    options = read_batch_options(model_base / "batching.config")
    assert f"batches of up to {options.max_batch_size} rows" in said


def test_a_latency_that_cannot_be_had_writes_nothing(model_base):
    with pytest.raises(UserError, match="--max-latency-ms must be at least"):
        tune(model_base, "--max-latency-ms=0.000001")
    assert [path.name for path in model_base.iterdir()] == ["1"]


def test_a_version_that_is_not_there(model_base):
    with pytest.raises(UserError, match="received version 7"):
        tune(model_base, "--version=7")
