import pytest

from components.ingest.config import IngestConfig
from components.ingest.gates import check_rows, find_warnings
from components.ingest.summary import Counts, RowExample, summarize
from schemas.errors import RefusedError, UserError


def counts(**changes):
    """Returns the counts of a good ingest with changes."""
    made = Counts()
    made.accepted.update({"train": 90, "eval": 10})
    made.labels.update({("train", "0"): 45, ("train", "1"): 45, ("eval", "0"): 5, ("eval", "1"): 5})
    for name, values in changes.items():
        getattr(made, name).update(values)
        for finding in values if name == "rejected" else (name,):
            made.add_example(finding, RowExample(0, 2, "a.tsv:2", "what is wrong"))
    return made


def check(task, made, **config):
    splits = ("train", "eval")
    check_rows(summarize(made, splits), IngestConfig(train="a.tsv", **config), task)


def warn(task, made, **config):
    summary = summarize(made, ("train", "eval"))
    return find_warnings(summary, IngestConfig(train="a.tsv", **config), task)


def test_good_rows_pass(task):
    check(task, counts())


def test_rejections_up_to_the_ratio_pass(task):
    check(task, counts(rejected={"nul": 1}), max_rejected_ratio=0.01)


def test_rejections_above_the_ratio_stop_with_reasons_and_rows(task):
    made = counts(rejected={"nul": 8, "column_count": 17})
    with pytest.raises(RefusedError) as raised:
        check(task, made)
    message = str(raised.value)
    assert "25 of 125 rows were rejected (20.0%), and ingest.max_rejected_ratio is 1.0%" in message
    assert message.index("column_count: 17 rows") < message.index("nul: 8 rows")
    assert "a.tsv:2: what is wrong" in message


def test_one_label_only_stops(task):
    made = counts()
    made.labels["train", "0"] = 0
    with pytest.raises(
        UserError, match="at least two of the labels 0, 1; received one label only: 1"
    ):
        check(task, made)


@pytest.mark.parametrize(
    ("change", "config", "message"),
    [
        ({}, {}, "none of the 90 rows fell into the 10% kept for it; give a file as ingest.eval"),
        ({}, {"eval": "b.tsv"}, "all of its rows were rejected"),
        (
            {"dropped": {"eval": 10}, "leaks": {"eval": 10}},
            {"eval": "b.tsv"},
            "dropped as duplicates or leaks",
        ),
    ],
)
def test_a_split_without_rows_stops(task, change, config, message):
    made = counts(**change)
    if not change:
        made.accepted["eval"] = 0
    with pytest.raises(UserError, match=f"eval must have rows; .*{message}"):
        check(task, made, **config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "the query gave none; check"),
        ({"rejected": {"nul": 1}}, r"the query gave none, or all were rejected \(see"),
        ({"dropped": {"train": 1}, "duplicates": {"train": 1}}, "the query gave none; check"),
    ],
)
def test_a_query_without_rows_stops_whatever_became_of_other_rows(task, change, message):
    made = counts(**change)
    made.accepted["eval"] = 0
    with pytest.raises(UserError, match=f"eval must have rows; {message}"):
        check(task, made, eval={"query": "SELECT 1"}, max_rejected_ratio=0.5)


@pytest.mark.parametrize("name", ["duplicates", "leaks"])
def test_refused_repeats_stop(task, name):
    made = counts(**{name: {"eval": 3}})
    with pytest.raises(RefusedError, match=rf"3 .*\(a.tsv:2.*\), and ingest.{name} is refuse"):
        check(task, made, **{name: "refuse"})


@pytest.mark.parametrize("name", ["duplicates", "leaks"])
def test_repeats_that_are_not_refused_pass(task, name):
    check(task, counts(**{name: {"eval": 3}}))


def test_a_damaged_file_stops(task):
    made = counts()
    made.failures.append("a.tsv.gz is no whole gzip file")
    with pytest.raises(UserError, match=r"the input cannot be used:\n  a.tsv.gz is no whole"):
        check(task, made)


def test_repeats_conflicts_and_missing_labels_are_warned_about(task):
    made = counts(duplicates={"train": 3}, leaks={"eval": 1}, conflicts={"train": 2})
    made.labels["eval", "1"] = 0
    warnings = warn(task, made)
    assert [warning.partition(" (")[0] for warning in warnings] == [
        "train: 3 rows repeat an earlier row",
        "eval: 1 rows have a text that stands in train too",
        "train: 2 texts have more than one label",
        "eval: no row has the label 1",
    ]


def test_good_rows_give_no_warning(task):
    assert warn(task, counts()) == ()


@pytest.mark.parametrize(
    ("policy", "outcome"), [("warn", "they are kept"), ("drop", "they are dropped")]
)
def test_a_warning_says_what_became_of_the_rows(task, policy, outcome):
    (warning,) = warn(task, counts(leaks={"eval": 1}), leaks=policy)
    assert warning.endswith(f"(such as a.tsv:2: what is wrong); {outcome}")
