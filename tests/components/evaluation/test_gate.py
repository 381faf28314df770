"""The gate judges by numbers alone: every rule, what it skips and why."""

import math

import pytest

from components.evaluation.config import EvaluateConfig
from components.evaluation.gate import judge
from components.evaluation.measurements import Measurements
from components.evaluation.verdict import ChampionStatus, Verdict
from models.tasks.base import Metric

METRICS = (Metric("accuracy", "Accuracy"), Metric("loss", "Loss", higher_is_better=False))
COMPARED = ChampionStatus(status="compared")
NONE = ChampionStatus(status="none", reason="no model was blessed before")


def measured(**overall):
    """Returns measurements of models by name: overall accuracy, and slices as a dict."""
    values = {}
    for model, accuracy in overall.items():
        slices = accuracy if isinstance(accuracy, dict) else {"overall": accuracy}
        values[model] = {
            name: {"accuracy": value, "loss": 1 - value} for name, value in slices.items()
        }
    rows = {"overall": 100, "label=a": 60, "label=b": 40, "length=1-8": 5}
    named = {name for slices in values.values() for name in slices}
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
