from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from models.tasks import create_task
from pipeline.init.schema_file import complete_schema, infer_schema, schema_text

_LABELS = ("0", "1", "2")
_ROWS = [
    {"text": f"text number {number}", "label": "01"[number % 2], "topic": "ab"[number % 2]}
    for number in range(30)
]


@pytest.fixture(scope="module")
def inferred():
    task = create_task({"name": "classification", "labels": _LABELS})
    return infer_schema([*_ROWS, {"text": " ", "label": "0"}, {"text": "x", "label": "9"}], task)


def _features(schema):
    return {feature.name: feature for feature in schema.feature}


def _domains(schema):
    return {domain.name: list(domain.value) for domain in schema.string_domain}


def _completed(inferred, topics=None, num_rows=30):
    slices = {} if topics is None else {"topic": topics}
    return complete_schema(inferred, labels=_LABELS, slices=slices, num_rows=num_rows)


def test_the_features_are_those_that_ingest_writes(inferred):
    assert _features(inferred).keys() == {
        "text", "label", "label_id", "row_id", "length_bucket", "topic",
    }  # fmt: skip


def test_types_and_presence_are_inferred(inferred):
    schema = _completed(inferred, {"a": 15, "b": 15})
    assert {name: feature.type for name, feature in _features(schema).items()} == {
        "text": schema_pb2.BYTES,
        "label": schema_pb2.BYTES,
        "topic": schema_pb2.BYTES,
    }
    assert _features(schema)["text"].presence.min_fraction == 1.0


def test_only_what_a_user_decides_on_is_listed(inferred):
    assert _features(_completed(inferred)).keys() == {"text", "label"}


def test_domains_have_the_values_of_all_rows(inferred):
    schema = _completed(inferred, {"b": 10, "a": 15, "rare": 5})
    assert _domains(schema) == {
        "labels": ["0", "1", "2"],
        "topic_values": ["a", "b", "rare"],
    }


def test_few_different_texts_are_no_domain():
    task = create_task({"name": "classification", "labels": _LABELS})
    schema = _completed(infer_schema(_ROWS[:2] * 20, task))
    assert _features(schema)["text"].WhichOneof("domain_info") is None


def test_a_slice_that_some_rows_lack_may_be_missing(inferred):
    schema = _completed(inferred, {"a": 15, "b": 14})
    assert not _features(schema)["topic"].HasField("presence")


def test_requests_need_the_text_alone(inferred):
    schema = _completed(inferred, {"a": 15, "b": 15})
    needed = {
        name for name, item in _features(schema).items() if "SERVING" not in item.not_in_environment
    }
    assert needed == {"text"}


def test_the_text_of_a_schema_parses_to_the_same_schema(inferred):
    schema = _completed(inferred, {"größe": 15, "b\nc": 15})
    text = schema_text(
        schema, name="x", files=[Path("a\nb.csv")], config_path=Path("new\nline.yaml")
    )
    assert text_format.Parse(text, schema_pb2.Schema()) == schema
    assert text.startswith("# Schema of x, inferred by TensorFlow Data Validation from a b.csv.")


@pytest.mark.parametrize(("topic", "anomalous"), [("a", False), ("new", True)])
def test_the_schema_judges_as_tfdv_does(inferred, topic, anomalous):
    import pandas

    schema = _completed(inferred, {"a": 15, "b": 15})
    row = {"text": b"a text", "label": b"2", "topic": topic.encode()}
    statistics = tfdv.generate_statistics_from_dataframe(pandas.DataFrame([row]))
    anomalies = tfdv.validate_statistics(statistics, schema)
    assert ("topic" in anomalies.anomaly_info) is anomalous
    assert anomalies.anomaly_info.keys() <= {"topic"}
