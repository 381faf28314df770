"""The gate judges by numbers alone: every rule, what it skips and why."""

import math
from pathlib import Path

import pytest
import yaml

from components.evaluation import slices
from components.evaluation.config import EvaluateConfig
from components.evaluation.gate import judge
from components.evaluation.measurements import Measurements
from components.evaluation.verdict import ChampionStatus, Verdict
from models.tasks.base import Metric

CONFIGS = Path(__file__).parents[3] / "configs"
METRICS = (Metric("accuracy", "Accuracy"), Metric("loss", "Loss", higher_is_better=False))
COMPARED = ChampionStatus(status="compared")
NONE = ChampionStatus(status="none", reason="no model was blessed before")


def measured(**overall):
    """Returns measurements of models by name: overall accuracy, and slices as a dict."""
    values = {}
    for model, accuracy in overall.items():
        by_slice = accuracy if isinstance(accuracy, dict) else {"overall": accuracy}
        values[model] = {
            name: {"accuracy": value, "loss": 1 - value} for name, value in by_slice.items()
        }
    rows = {"overall": 100, "label=a": 60, "label=b": 40, "length=1-8": 5}
    named = {name for by_slice in values.values() for name in by_slice}
    return Measurements(values, {name: rows[name] for name in named})


def verdict_on(found, *, thresholds=None, baselines=(), champion=NONE, metrics=METRICS):
    return judge(
        found,
        config=EvaluateConfig.model_validate({"thresholds": thresholds}),
        metrics=metrics,
        baselines=baselines,
        champion=champion,
        split="eval",
    )


def outcomes(verdict):
    return [reason.outcome for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("candidate", "champion", "baseline", "expected"),
    [
        (0.9, 0.8, 0.7, ["pass", "pass"]),
        (0.8, 0.8, 0.7, ["pass", "pass"]),  # as good as the champion is good enough
        (0.79, 0.8, 0.7, ["fail", "pass"]),
        (0.8, 0.7, 0.8, ["pass", "fail"]),  # as good as a baseline is not
    ],
)
def test_by_default_a_candidate_is_no_worse_than_the_champion_and_better_than_baselines(
    candidate, champion, baseline, expected
):
    found = measured(candidate=candidate, champion=champion, tfidf=baseline)
    verdict = verdict_on(found, baselines=["tfidf"], champion=COMPARED)
    assert outcomes(verdict) == expected
    assert verdict.blessed == ("fail" not in expected)


def test_the_default_rules_turn_round_where_lower_is_better():
    found = Measurements(
        {"candidate": {"overall": {"loss": 0.2}}, "tfidf": {"overall": {"loss": 0.3}}},
        {"overall": 10},
    )
    verdict = verdict_on(found, baselines=["tfidf"], metrics=METRICS[1:])
    assert outcomes(verdict) == ["skipped", "pass"]
    assert "the difference -0.1000 must be less than 0" in verdict.reasons[1].sentence


@pytest.mark.parametrize(
    "champion",
    [
        NONE,
        ChampionStatus(status="incompatible", reason="its labels are a, not b", uri="/models/3"),
    ],
)
def test_without_a_comparable_champion_the_baselines_decide(champion):
    found = measured(candidate=0.9, tfidf=0.8)
    verdict = verdict_on(found, baselines=["tfidf"], champion=champion)
    assert verdict.blessed
    assert outcomes(verdict) == ["skipped", "pass"]
    assert champion.reason in verdict.reasons[0].sentence
    assert verdict.champion == champion


def test_a_reason_holds_its_numbers_and_says_them():
    found = measured(candidate=0.9, tfidf=0.85)
    reason = verdict_on(found, baselines=["tfidf"]).reasons[1]
    assert (reason.value, reason.reference, reason.num_rows) == (0.9, 0.85, 100)
    assert reason.sentence == (
        "overall: accuracy is 0.9000, tfidf has 0.8500; the difference +0.0500 must be more than 0"
    )


@pytest.mark.parametrize(
    ("bounds", "expected", "words"),
    [
        ({"min": 0.9}, "pass", "it must be at least 0.9"),
        ({"min": 0.91}, "fail", "it must be at least 0.91"),
        ({"max": 0.9}, "pass", "it must be at most 0.9"),
        ({"max": 0.8}, "fail", "it must be at most 0.8"),
        ({"min": 0.5, "max": 0.8}, "fail", "it must be at least 0.5 and at most 0.8"),
        ({"min": 0.05, "over": "tfidf"}, "pass", "the difference +0.0500 must be at least 0.05"),
        ({"min": 0.06, "over": "tfidf"}, "fail", "the difference +0.0500 must be at least 0.06"),
    ],
)
def test_bounds_are_met_or_not(bounds, expected, words):
    found = measured(candidate=0.9, tfidf=0.85)  # 0.9 - 0.85 is 0.05000000000000004 in binary
    verdict = verdict_on(found, thresholds=[{"metric": "accuracy", **bounds}], baselines=["tfidf"])
    assert outcomes(verdict) == [expected]
    assert words in verdict.reasons[0].sentence


SLICED = {
    "candidate": {"overall": 0.9, "label=a": 0.95, "label=b": 0.7, "length=1-8": 0.2},
    "champion": {"overall": 0.8, "label=a": 0.8, "label=b": 0.75, "length=1-8": 0.9},
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"slice": "label", "min": 0.8}, {"label=a": "pass", "label=b": "fail"}),
        ({"slice": "label=a", "min": 0.8}, {"label=a": "pass"}),
        (
            {"slice": "label", "min": 0.0, "over": "champion"},
            {"label=a": "pass", "label=b": "fail"},
        ),
        ({"slice": "length", "min": 0.8, "min_rows": 10}, {"length=1-8": "skipped"}),
        ({"slice": "label=z", "min": 0.8}, {"label=z": "skipped"}),
        ({"slice": "source", "min": 0.8}, {"source": "skipped"}),
    ],
)
def test_a_rule_is_judged_on_its_slices(rule, expected):
    verdict = verdict_on(
        measured(**SLICED), thresholds=[{"metric": "accuracy", **rule}], champion=COMPARED
    )
    assert {reason.slice: reason.outcome for reason in verdict.reasons} == expected


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"slice": "length", "min_rows": 10}, "it has 5 rows, fewer than min_rows 10"),
        ({"slice": "label=z"}, "no row of split eval is in it"),
        ({"over": "champion"}, "no model was blessed before"),
    ],
)
def test_a_skipped_rule_says_why(rule, why):
    verdict = verdict_on(
        measured(**SLICED), thresholds=[{"metric": "accuracy", "min": 0.5, **rule}]
    )
    assert verdict.blessed
    assert why in verdict.reasons[0].sentence


@pytest.mark.parametrize(
    ("models", "rule", "expected"),
    [
        ({"candidate": math.nan}, {"min": 0.5}, "fail"),
        ({"candidate": 0.9, "champion": math.nan}, {"min": 0.0, "over": "champion"}, "skipped"),
        (
            {"candidate": {"overall": 0.9, "label=a": math.nan}},
            {"min": 0.5, "slice": "label"},
            "skipped",
        ),
    ],
)
def test_a_value_that_the_rows_cannot_tell_fails_overall_and_is_skipped_elsewhere(
    models, rule, expected
):
    verdict = verdict_on(
        measured(**models), thresholds=[{"metric": "accuracy", **rule}], champion=COMPARED
    )
    assert outcomes(verdict) == [expected]


def test_a_split_without_rows_blesses_nothing():
    verdict = verdict_on(Measurements({}, {}), baselines=["tfidf"])
    assert not verdict.blessed
    assert verdict.reasons[0].sentence == "split eval holds no rows, so nothing was measured"


def test_no_thresholds_at_all_bless_and_say_so():
    verdict = verdict_on(measured(candidate=0.1), thresholds=[])
    assert verdict.blessed
    assert "evaluate.thresholds is empty" in verdict.reasons[0].sentence


def test_a_configured_slice_that_no_row_has_is_told():
    verdict = judge(
        measured(**SLICED),
        config=EvaluateConfig(slices=("label", "sorce")),
        metrics=METRICS,
        baselines=(),
        champion=COMPARED,
        split="eval",
    )
    sentences = [reason.sentence for reason in verdict.reasons if reason.outcome == "skipped"]
    assert sentences == ["evaluate.slices names sorce, which no row of split eval has"]
    assert verdict.blessed


def test_the_worst_slice_is_one_with_enough_rows():
    verdict = verdict_on(measured(**SLICED), champion=COMPARED)
    worst = verdict.worst_slices["candidate"]
    assert (worst.slice, worst.value, worst.num_rows) == ("label=b", 0.7, 40)


def test_small_slices_are_the_worst_where_there_are_no_others():
    found = measured(candidate={"overall": 0.9, "length=1-8": 0.2})
    assert verdict_on(found).worst_slices["candidate"].slice == "length=1-8"


def test_every_slice_is_in_the_record_for_every_model():
    found = measured(
        candidate=SLICED["candidate"] | {"label=b": math.nan}, champion=SLICED["champion"]
    )
    verdict = verdict_on(found, champion=COMPARED)
    assert {name: dict(figures.values) for name, figures in verdict.slices.items()} == {
        "label=a": {"candidate": 0.95, "champion": 0.8},
        "label=b": {"candidate": None, "champion": 0.75},
        "length=1-8": {"candidate": 0.2, "champion": 0.9},
    }
    assert [figures.num_rows for figures in verdict.slices.values()] == [60, 40, 5]
    assert {figures.metric for figures in verdict.slices.values()} == {"accuracy"}
    assert verdict.num_slices == 3


@pytest.mark.parametrize(
    ("metric", "expected"),
    [(METRICS[0], ["of=b", "of=a", "of=few"]), (METRICS[1], ["of=a", "of=b", "of=few"])],
)
def test_slices_of_a_feature_come_worst_first_and_small_ones_last(metric, expected):
    values = {name: {metric.name: value} for name, value in (("of=a", 0.9), ("of=b", 0.4))}
    found = Measurements(
        {"candidate": values | {"of=few": {metric.name: 0.1}}},
        {"of=a": 50, "of=b": 50, "of=few": 9},
    )
    assert list(verdict_on(found, metrics=[metric]).slices) == expected


def test_of_very_many_slices_those_with_most_rows_are_kept(monkeypatch):
    monkeypatch.setattr(slices, "MAX_SLICES", 2)
    verdict = verdict_on(measured(**SLICED), champion=COMPARED)
    assert list(verdict.slices) == ["label=b", "label=a"]
    assert verdict.num_slices == 3


def test_each_dev_file_of_mnli_has_a_figure_and_rules_of_its_own():
    config = yaml.safe_load((CONFIGS / "mnli.yaml").read_text("utf-8"))["evaluate"]
    matched, mismatched = "file=dev_matched.tsv", "file=dev_mismatched.tsv"
    accuracy = {
        "candidate": {"overall": 0.75, matched: 0.84, mismatched: 0.66},
        "champion": {"overall": 0.75, matched: 0.8, mismatched: 0.7},
        "tfidf": {"overall": 0.6, matched: 0.6, mismatched: 0.6},
        "majority": {"overall": 0.35, matched: 0.35, mismatched: 0.35},
    }
    verdict = judge(
        Measurements(
            {
                model: {name: {"accuracy": value} for name, value in values.items()}
                for model, values in accuracy.items()
            },
            {"overall": 19647, matched: 9815, mismatched: 9832},
        ),
        config=EvaluateConfig.model_validate(config),
        metrics=METRICS,
        baselines=["majority", "tfidf"],
        champion=COMPARED,
        split="eval",
    )
    assert verdict.slices[matched].values["candidate"] == 0.84
    assert verdict.slices[mismatched].values["candidate"] == 0.66
    failed = [reason for reason in verdict.reasons if reason.outcome == "fail"]
    assert [(reason.slice, reason.over) for reason in failed] == [(mismatched, "champion")]


def test_a_verdict_survives_the_round_trip_even_with_values_that_are_not_numbers():
    verdict = verdict_on(measured(candidate=math.nan, champion=0.8), champion=COMPARED)
    assert verdict.metrics["candidate"]["accuracy"] is None
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_the_summary_counts_the_rules():
    verdict = verdict_on(measured(candidate=0.9, tfidf=0.95), baselines=["tfidf"])
    assert verdict.summary == "not blessed: rules passed 0, failed 1, skipped 1"


@pytest.mark.parametrize(
    ("num_rows", "note"),
    [(20, "eval has 20 rows: a share of right answers"), (200, "")],
)
def test_a_verdict_on_few_rows_says_how_little_they_tell(num_rows, note):
    found = Measurements({"candidate": {"overall": {"accuracy": 0.9}}}, {"overall": num_rows})
    verdict = verdict_on(found, metrics=METRICS[:1])
    assert verdict.note.startswith(note)
    assert bool(verdict.note) == bool(note)
