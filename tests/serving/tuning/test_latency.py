"""A loaded model is timed with rows of its own data."""

import pytest
import tensorflow as tf

from schemas import features as keys
from schemas.errors import UserError
from serving.saved_model import LoadedModel
from serving.tuning import latency
from serving.warmup import WarmupRequest, write_warmup
from tests.serving.tiny_models import save_model

REQUESTS = [
    WarmupRequest(keys.SERVING_DEFAULT, {keys.TEXT: [b"good"]}),
    WarmupRequest(keys.EXAMPLES_SIGNATURE, {keys.SERIALIZED_EXAMPLES: [b"no text"]}),
    WarmupRequest(keys.SERVING_DEFAULT, {keys.TEXT: [b"bad", b"a longer text"]}),
]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory):
    return save_model(tmp_path_factory.mktemp("tuned") / "1")


def test_the_rows_are_those_of_the_warm_up_requests(model_dir):
    write_warmup(model_dir, REQUESTS, model_name="m")
    assert latency.known_rows(model_dir) == [(b"good",), (b"bad",), (b"a longer text",)]


def test_a_model_without_rows_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"must hold warm-up requests .* publish.warmup_requests"):
        latency.known_rows(tmp_path)


def test_every_kind_of_run_is_timed(model_dir):
    rows = [(b"good",), (b"bad film",)]
    with LoadedModel.load(model_dir) as model:
        found = list(latency.measure(model, rows, seconds=0.0, batch_sizes=(1, 4), threads=(1, 2)))
    assert [(each.num_threads, each.batch_size) for each in found] == [
        (1, 1), (1, 4), (2, 1), (2, 4),
    ]  # fmt: skip
    for each in found:
        assert 0 < each.p50_ms <= each.p99_ms
        assert each.rows_per_second > 0


class Longest(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.string, name="choices")])
    def answer(self, choices):
        return {"longest": tf.reduce_max(tf.strings.length(choices), axis=1)}


def test_a_model_that_takes_lists_of_texts_is_timed(tmp_path):
    module = Longest()
    tf.saved_model.save(module, str(tmp_path), signatures=module.answer)
    requests = [
        WarmupRequest(keys.SERVING_DEFAULT, {"choices": [[b"a", b"b"], [b"a longer one", b""]]})
    ]
    write_warmup(tmp_path, requests, model_name="m")
    rows = latency.known_rows(tmp_path)
    with LoadedModel.load(tmp_path) as model:
        (found,) = latency.measure(model, rows, seconds=0.0, batch_sizes=(3,), threads=(1,))
    assert found.rows_per_second > 0


def test_rows_at_the_same_time_are_limited_by_the_cores(monkeypatch):
    monkeypatch.setattr(latency.os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    assert latency.thread_counts() == (1, 2, 4)
