"""TFMA's protos become plain numbers by model, slice and metric."""

import math

import pytest
from google.protobuf import text_format
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.evaluation.measurements import to_measurements

OVERALL = """
metric_keys_and_values {
  key { name: "accuracy" model_name: "candidate" } value { double_value { value: 0.75 } } }
metric_keys_and_values {
  key { name: "accuracy" model_name: "tfidf" } value { double_value { value: 0.5 } } }
metric_keys_and_values {
  key { name: "example_count" model_name: "tfidf" } value { double_value { value: 8 } } }
metric_keys_and_values {
  key { name: "recall" model_name: "tfidf" sub_key { class_id { value: 1 } } }
  value { double_value { value: 0.1 } } }
metric_keys_and_values {
  key { name: "debug" model_name: "tfidf" } value { debug_message: "no such thing" } }
"""
SLICE = """
slice_key { single_slice_keys { column: "%s" %s } }
metric_keys_and_values { key { name: "accuracy" } value { double_value { value: 1 } } }
metric_keys_and_values { key { name: "example_count" } value { double_value { value: 3 } } }
"""


def parse(text):
    return text_format.Parse(text, metrics_for_slice_pb2.MetricsForSlice())


def test_single_values_are_kept_by_model_and_metric():
    measured = to_measurements([parse(OVERALL)])
    assert measured.values == {
        "candidate": {"overall": {"accuracy": 0.75}},
        "tfidf": {"overall": {"accuracy": 0.5}},
    }
    assert measured.num_rows == {"overall": 8}


@pytest.mark.parametrize(
    ("column", "value", "name"),
    [
        ("label", 'bytes_value: "a=b"', "label=a=b"),
        ("label", r'bytes_value: "\xff"', "label=\N{REPLACEMENT CHARACTER}"),
        ("stars", "int64_value: 4", "stars=4"),
    ],
)
def test_a_slice_is_named_by_feature_and_value(column, value, name):
    measured = to_measurements([parse(SLICE % (column, value))])
    assert measured.num_rows == {name: 3}
    assert measured.value("candidate", name, "accuracy") == 1.0  # an only model has no name


def test_what_was_not_measured_is_not_a_number():
    measured = to_measurements([parse(OVERALL)])
    assert math.isnan(measured.value("candidate", "label=a", "accuracy"))
