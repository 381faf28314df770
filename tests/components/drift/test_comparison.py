"""Drift from request log to verdict, with TFDV and Beam."""

import random
from datetime import datetime, timedelta, timezone

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from components.drift.comparison import compare
from components.drift.log import describe_log, log_files
from components.drift.profile import make_profile
from components.drift.report import DriftLimits
from components.drift.rows import Row
from schemas.errors import UserError
from tests.models.tiny_training import texts

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
PERIOD = {"since": NOW - timedelta(hours=24), "until": NOW}
LIMITS = DriftLimits(min_rows=200)
LABELS = ("bad", "good", "mixed")


def rows(count, *, seed, change=str):
    return [
        Row({"text": change(text).encode()}, LABELS[label].encode())
        for text, label in texts(count, seed=seed)
    ]


def write_log(folder, logged, *, at=NOW - timedelta(hours=1), per_request=4):
    """Writes rows as the gateway does, some texts a request."""
    folder.mkdir(exist_ok=True)
    path = folder / f"predictions-{at:%Y%m%dT%H}-1-0.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for start in range(0, len(logged), per_request):
            part = logged[start : start + per_request]
            log = prediction_log_pb2.PredictionLog()
            log.log_metadata.timestamp_secs = int(at.timestamp())
            exchange = log.predict_log
            sent = tf.make_tensor_proto([row.texts["text"] for row in part])
            exchange.request.inputs["text"].CopyFrom(sent)
            answered = tf.make_tensor_proto([row.label for row in part])
            exchange.response.outputs["label"].CopyFrom(answered)
            writer.write(log.SerializeToString())


@pytest.fixture(scope="module")
def profile(vocabulary):
    return make_profile(rows(2000, seed=0), vocabulary)


@pytest.fixture
def verdict(profile, tmp_path):
    def judge(logged, **options):
        write_log(tmp_path / "log", logged, **options)
        files = log_files(tmp_path / "log", PERIOD["since"])
        serving = describe_log(files, profile, tmp_path / "out" / "statistics.pb", **PERIOD)
        return compare(profile, serving, version=3, limits=LIMITS, **PERIOD)

    return judge


def drifted(report):
    return {item.feature for item in report.measurements if item.drifted}


def test_texts_like_those_of_training_are_stable(verdict):
    report = verdict(rows(600, seed=1))
    assert (report.status, report.rows) == ("stable", 600)
    assert {item.feature for item in report.measurements} == {
        "label", "text.num_pieces", "text.pieces", "text.unknown_rate", "text.words",
    }  # fmt: skip
    assert report.sentence == "version 3: no drift in 600 texts"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: f"{text} {text} {text}", {"text.words", "text.num_pieces"}),
        (lambda text: text.replace("the", "☃"), {"text.unknown_rate"}),
        (lambda text: text.replace("film", "people"), {"text.pieces"}),
    ],
    ids=["longer", "unknown", "other words"],
)
def test_what_has_changed_is_named(verdict, change, expected):
    report = verdict(rows(600, seed=1, change=change))
    assert report.status == "drifted"
    assert expected <= drifted(report)


def test_answers_that_shifted_are_told(verdict):
    logged = rows(600, seed=1)
    random.Random(0).shuffle(logged)
    shifted = [Row(row.texts, b"good") if n % 2 else row for n, row in enumerate(logged)]
    report = verdict(shifted)
    assert drifted(report) == {"label"}
    (label,) = (item for item in report.measurements if item.feature == "label")
    assert label.measure == "largest_difference"
    assert label.value == pytest.approx(1 / 3, abs=0.05)
    assert "drift of label in 600 texts" in report.sentence


def test_too_few_texts_are_no_verdict(verdict):
    report = verdict(rows(60, seed=1, change=lambda text: text * 9))
    assert report.status == "too_few"
    assert report.sentence == "version 3: too few texts to tell, 60 of 200"


def test_records_outside_of_the_period_do_not_count(verdict, tmp_path):
    write_log(tmp_path / "log", rows(400, seed=2), at=NOW + timedelta(hours=1))
    assert verdict(rows(300, seed=1)).rows == 300
    empty = verdict([])
    assert (empty.status, empty.rows, empty.measurements) == ("too_few", 0, ())


def test_a_folder_without_a_log_of_the_period_is_refused(tmp_path):
    with pytest.raises(UserError, match="there is none; start `albert-tfx gateway"):
        log_files(tmp_path, NOW)
    (tmp_path / "predictions-20261101T00-1-0.tfrecord").touch()
    with pytest.raises(UserError, match=r"the last of 1 is predictions-20261101T00-1-0.tfrecord"):
        log_files(tmp_path, NOW)
