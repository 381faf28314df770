"""Requests are logged as TFX reads them, without texts unless asked, whatever the disk does."""

import errno
import os
import time
from datetime import datetime, timedelta, timezone

import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from schemas.errors import UserError
from serving.client import Client
from serving.gateway.calls import Reply
from serving.gateway.grpc_call import GrpcCall
from serving.gateway.record import NotLoggedError, make_record
from serving.gateway.record_file import HourlyFiles, framed
from serving.gateway.redaction import keep_text, load_redaction, remove_text
from serving.gateway.request_log import LogSettings
from tests.serving.client.fake_server import LABELS

NOON = datetime(2026, 11, 23, 12, 30, tzinfo=timezone.utc)


def logged(folder):
    """Returns the records, as TensorFlow reads them."""
    files = sorted(map(str, folder.glob("*.tfrecord")))
    return [
        prediction_log_pb2.PredictionLog.FromString(record)
        for record in tf.data.TFRecordDataset(files).as_numpy_iterator()
    ]


def texts_of(log):
    return tf.make_ndarray(log.predict_log.request.inputs["text"]).tolist()


def ask(gateway, scheme, texts):
    port = gateway.port if scheme == "grpc" else gateway.rest_port
    with Client(f"{scheme}://localhost:{port}", "reviews") as client:
        client.predict(texts)


def counted(gateway):
    return {
        sample.labels["result"]: sample.value
        for family in gateway.metrics.records.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def test_a_request_and_its_answer_are_logged(gateway, scheme, tmp_path):
    with gateway(log=LogSettings(tmp_path / "log", 100, keep_text)) as running:
        ask(running, scheme, ["good", "é"])
    (log,) = logged(tmp_path / "log")
    assert texts_of(log) == [b"good", "é".encode()]
    assert log.predict_log.request.model_spec.name == "reviews"
    assert log.log_metadata.model_spec.name == "reviews"
    assert log.log_metadata.sampling_config.sampling_rate == 1.0
    outputs = log.predict_log.response.outputs
    assert tf.make_ndarray(outputs["label"]).tolist() == [b"positive", b"negative"]
    assert tf.make_ndarray(outputs["probability"]).tolist() == pytest.approx([0.9, 0.7])
    assert tf.make_ndarray(outputs["labels"]).shape == (2, 2)


def test_texts_are_left_out_by_default_and_lengths_are_not(gateway, scheme, tmp_path):
    with gateway(log=LogSettings(tmp_path / "log", 100, remove_text())) as running:
        ask(running, scheme, ["a good day", "a good day", "bad"])
    (log,) = logged(tmp_path / "log")
    first, second, third = (text.decode() for text in texts_of(log))
    assert first == second != third
    assert first.endswith("characters:10 words:3")
    assert b"good" not in log.SerializeToString()
    labels = tf.make_ndarray(log.predict_log.response.outputs["label"]).tolist()
    assert [label.decode() for label in labels] == [LABELS[1], LABELS[1], LABELS[0]]


def test_an_output_that_may_quote_the_text_is_left_out_too(gateway, script, tmp_path):
    script.answer = lambda texts: {"answer": [f"quoted {text}" for text in texts]}
    with gateway(log=LogSettings(tmp_path / "log", 100, remove_text())) as running:
        port = running.port
        with Client(f"grpc://localhost:{port}", "reviews") as client:
            client.outputs(["my secret"])
    (log,) = logged(tmp_path / "log")
    assert b"secret" not in log.SerializeToString()


def recorded(request):
    """Returns the record of a predict request, redacted as it is by default."""
    call = GrpcCall("/tensorflow.serving.PredictionService/Predict", request, None)
    return make_record(call, Reply("OK", b""), remove_text(), 1.0)


def test_texts_in_another_encoding_keep_the_record_out():
    request = predict_pb2.PredictRequest()
    request.inputs["text"].dtype = tf.string.as_datatype_enum
    request.inputs["text"].tensor_content = b"\x06secret"  # as C++ reads it
    with pytest.raises(NotLoggedError, match="only texts in string_val"):
        recorded(request.SerializeToString())


def test_texts_where_none_belong_are_left_out():
    request = predict_pb2.PredictRequest(output_filter=["secret"])
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.5]))
    request.inputs["x"].string_val.append(b"secret")
    log = prediction_log_pb2.PredictionLog.FromString(recorded(request.SerializeToString()))
    assert b"secret" not in log.SerializeToString()
    assert tf.make_ndarray(log.predict_log.request.inputs["x"]).tolist() == [1.5]


def test_a_hook_redacts(gateway, scheme, tmp_path):
    redact = load_redaction("tests.serving.gateway.test_request_log.without_digits")
    with gateway(log=LogSettings(tmp_path / "log", 100, redact)) as running:
        ask(running, scheme, ["card 1234"])
    (log,) = logged(tmp_path / "log")
    assert texts_of(log) == [b"card ####"]


def without_digits(text):
    return "".join("#" if character.isdigit() else character for character in text)


def test_a_hook_that_fails_keeps_the_record_out_and_serving_goes_on(gateway, tmp_path):
    def fails(text):
        raise RuntimeError("boom")

    with gateway(log=LogSettings(tmp_path / "log", 100, fails)) as running:
        ask(running, "grpc", ["a"])
        ask(running, "grpc", ["b"])
        running.stop_log()
        assert counted(running) == {"failed": 2}
    assert logged(tmp_path / "log") == []


@pytest.mark.parametrize("dotted", ["nothing", "no.such.module", "os.path.nothing", "os.sep"])
def test_a_hook_that_is_none_is_refused(dotted):
    with pytest.raises(UserError, match="--redact names a function"):
        load_redaction(dotted)


def test_a_sample_is_logged(gateway, tmp_path):
    with (
        gateway(log=LogSettings(tmp_path / "log", 25, keep_text)) as running,
        Client(f"grpc://localhost:{running.port}", "reviews") as client,
    ):
        for number in range(150):
            client.predict_one(f"text {number}")
    assert 15 < len(logged(tmp_path / "log")) < 60


def test_a_full_disk_is_counted_and_serving_goes_on(gateway, tmp_path, monkeypatch):
    def full(self, record, now=None):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with gateway(log=LogSettings(tmp_path / "log", 100, keep_text)) as running:
        with monkeypatch.context() as patched:
            patched.setattr(HourlyFiles, "append", full)
            ask(running, "grpc", ["a"])
            while not counted(running):
                time.sleep(0.01)
        ask(running, "grpc", ["b"])
        running.stop_log()
        assert counted(running) == {"failed": 1, "written": 1}
    assert [texts_of(log) for log in logged(tmp_path / "log")] == [[b"b"]]


def test_a_folder_that_cannot_be_written_is_said(gateway, tmp_path):
    (tmp_path / "file").touch()
    settings = LogSettings(tmp_path / "file", 100, keep_text)
    with pytest.raises(UserError, match="--log-dir"), gateway(log=settings):
        pass


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_each_hour_has_its_file_which_is_named_when_it_is_whole(tmp_path):
    files = HourlyFiles(tmp_path)
    files.append(b"one", NOON)
    assert [name.endswith(".tfrecord.open") for name in names(tmp_path)] == [True]
    files.append(b"two", NOON + timedelta(hours=1))
    files.close()
    pid = os.getpid()
    assert names(tmp_path) == [
        f"predictions-20261123T12-{pid}-0.tfrecord",
        f"predictions-20261123T13-{pid}-0.tfrecord",
    ]
    records = tf.data.TFRecordDataset([str(tmp_path / name) for name in names(tmp_path)])
    assert list(records.as_numpy_iterator()) == [b"one", b"two"]


def test_a_second_file_of_an_hour_does_not_replace_the_first(tmp_path):
    for record in (b"one", b"two"):
        files = HourlyFiles(tmp_path)
        files.append(record, NOON)
        files.close()
    assert len(names(tmp_path)) == 2


def test_half_a_record_is_taken_back(tmp_path, monkeypatch):
    files = HourlyFiles(tmp_path)
    files.append(b"one", NOON)
    path = next(tmp_path.iterdir())

    class Full:
        name = str(path)

        def seek(self, *position):
            return path.stat().st_size

        def write(self, data):
            with path.open("ab") as file:
                file.write(data[:5])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def detach(self):
            return path.open("rb")

    with monkeypatch.context() as patched:
        files._file.close()
        patched.setattr(files, "_file", Full())
        with pytest.raises(OSError, match="No space left"):
            files.append(b"half", NOON)
        files.append(b"two", NOON)
        files.close()
    (name,) = names(tmp_path)
    records = tf.data.TFRecordDataset(str(tmp_path / name)).as_numpy_iterator()
    assert list(records) == [b"one", b"two"]


def test_what_a_killed_gateway_left_is_finished(tmp_path):
    left = tmp_path / "predictions-20261123T12-999999999-0.tfrecord.open"
    left.write_bytes(framed(b"one") + framed(b"half a record")[:-3])
    HourlyFiles(tmp_path)
    (name,) = names(tmp_path)
    records = tf.data.TFRecordDataset(str(tmp_path / name)).as_numpy_iterator()
    assert list(records) == [b"one"]
