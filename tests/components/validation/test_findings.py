import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from components.validation.config import ValidationConfig
from components.validation.findings import describe_shift, find_anomalies, refusal, stopping

ANOMALIES = text_format.Parse(
    """
    anomaly_info {
      key: "label"
      value {
        reason { type: ENUM_TYPE_UNEXPECTED_STRING_VALUES description: "values: 2 " }
        reason { type: COMPARATOR_L_INFTY_HIGH description: "drifted" }
      }
    }
    dataset_anomaly_info { reason { type: DATASET_LOW_NUM_EXAMPLES description: "few" } }
    """,
    anomalies_pb2.Anomalies(),
)


def find(**config):
    return find_anomalies("train", ANOMALIES, ValidationConfig(**config))


def test_every_reason_is_a_finding():
    assert [(item.feature, item.kind, item.description) for item in find()] == [
        ("label", "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "values: 2"),
        ("label", "COMPARATOR_L_INFTY_HIGH", "drifted"),
        ("(data set)", "DATASET_LOW_NUM_EXAMPLES", "few"),
    ]


@pytest.mark.parametrize(
    ("config", "kinds"),
    [
        ({}, 3),
        ({"default_action": "warn"}, 0),
        ({"default_action": "warn", "actions": {"COMPARATOR_L_INFTY_HIGH": "stop"}}, 1),
        ({"actions": {"COMPARATOR_L_INFTY_HIGH": "ignore"}}, 2),
    ],
)
def test_the_action_is_chosen_by_kind(config, kinds):
    assert len(stopping(find(**config))) == kinds


def test_what_is_ignored_is_no_finding():
    assert find(default_action="ignore") == []


def test_only_distributions_drift():
    assert [item.is_drift for item in find()] == [False, True, False]


def test_the_refusal_names_split_feature_kind_rows_and_the_way_out():
    finding = find()[0].model_copy(update={"rows": ("a.tsv:3: label is '2'",)})
    assert refusal([finding]).splitlines() == [
        "the data does not fit the schema, so nothing is trained on it",
        "  train: label: ENUM_TYPE_UNEXPECTED_STRING_VALUES: values: 2",
        "    a.tsv:3: label is '2'",
        "  correct the data, change the schema (validation.schema_file), or let these kinds pass "
        "with validation.actions: {ENUM_TYPE_UNEXPECTED_STRING_VALUES: warn}",
    ]


def shares(**counts):
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    feature = statistics.datasets.add().features.add()
    feature.path.step.append("label")
    for label, count in counts.items():
        feature.string_stats.rank_histogram.buckets.add(label=label, sample_count=count)
    return statistics


def test_a_shift_is_told_in_shares_the_largest_first():
    shift = describe_shift("label", shares(a=2, b=7, c=1), shares(a=2, b=2, c=16))
    assert shift == "c was 80.0% and is 10.0%, b was 10.0% and is 70.0%, a was 10.0% and is 20.0%"


def test_a_shift_of_numbers_is_told_in_means():
    now, before = (statistics_pb2.DatasetFeatureStatisticsList() for _ in range(2))
    for statistics, mean in ((now, 4.25), (before, 2.0)):
        feature = statistics.datasets.add().features.add()
        feature.path.step.append("score")
        feature.num_stats.mean, feature.num_stats.std_dev = mean, 1.0
    assert describe_shift("score", now, before) == (
        "the mean was 2 and is 4.25, the standard deviation was 1 and is 1"
    )
