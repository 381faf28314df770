"""Warm-up requests: what is written is what a server reads; what fails there fails here."""

import shutil

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from schemas import features as keys
from serving.saved_model import InvalidRequestError, LoadedModel
from serving.warmup import (
    WarmupRequest,
    read_warmup,
    replay,
    warmup_path,
    write_warmup,
)

REQUESTS = [
    WarmupRequest(keys.SERVING_DEFAULT, {keys.TEXT: [b"good"]}),
    WarmupRequest(keys.SERVING_DEFAULT, {keys.TEXT: ["très bad".encode(), b"", b"nul\0"]}),
]


@pytest.fixture
def folder(model_dir, tmp_path):
    return shutil.copytree(model_dir, tmp_path / "model")


def test_requests_survive_the_round_trip(folder):
    write_warmup(folder, REQUESTS, model_name="demo")
    assert read_warmup(folder) == REQUESTS


def test_the_file_is_what_tensorflow_serving_reads(folder):
    write_warmup(folder, REQUESTS, model_name="demo")
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    record = next(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    assert (request.model_spec.name, request.model_spec.signature_name) == (
        "demo",
        "serving_default",
    )
    assert request.inputs["text"].string_val == [b"good"]


def test_a_model_without_the_file_has_no_requests(folder):
    assert read_warmup(folder) == []


def test_a_request_that_would_fail_the_load_is_found_here(folder):
    broken = WarmupRequest(keys.EXAMPLES_SIGNATURE, {keys.SERIALIZED_EXAMPLES: [b"no example"]})
    with LoadedModel.load(folder) as model:
        replay(model, REQUESTS)
        with pytest.raises(InvalidRequestError, match="warm-up request 3 fails: signature"):
            replay(model, [*REQUESTS, broken])


def test_more_requests_than_a_server_takes_are_refused(folder):
    with pytest.raises(ValueError, match=r"at most 1000 warm-up requests; received 1001"):
        write_warmup(folder, REQUESTS[:1] * 1001, model_name="demo")


def test_a_file_that_cannot_be_written_is_an_os_error(folder):
    warmup_path(folder).mkdir()
    with pytest.raises(OSError, match="tf_serving_warmup_requests cannot be written"):
        write_warmup(folder, REQUESTS, model_name="demo")
