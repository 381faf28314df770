"""When a run is due."""

import pytest

from components.ingest.config import IngestConfig
from components.ingest.spans import Spans
from pipeline.watch.policy import decide, judges_itself
from pipeline.watch.rounds import Round
from schemas.errors import UserError


def ended(number, span, *, weights=None, status="published"):
    return Round(
        number=number,
        trigger="span",
        reason="",
        span=span,
        spans=(span,),
        inputs="as they were",
        start="",
        weights=weights,
        started_at="",
        status=status,
    )


def test_a_newer_span_goes_before_drift():
    def called():
        raise AssertionError

    decision = decide(Spans((2, 3), {}), "as they were", [ended(1, 2)], {"drift": called})
    assert (decision.trigger, decision.reason) == ("span", "span 3 is complete")


def test_a_span_of_a_day_is_named_by_it():
    decision = decide(Spans((20781,), {}, dated=True), "as they were", [], {})
    assert decision.reason == "span 20781 (2026-11-24) is complete"


def test_a_vanished_span_is_an_error():
    with pytest.raises(
        UserError, match=r"span 3 was trained on in round 2 and is gone.*newest is 2"
    ):
        decide(Spans((2,), {}), "as they were", [ended(1, 2), ended(2, 3)], {})


def test_a_check_that_finds_nothing_starts_nothing():
    rounds = [ended(1, 1), ended(2, 2, weights="w", status="refused")]
    decision = decide(Spans((2,), {}), "as they were", rounds, {"drift": lambda: None})
    assert decision.trigger is None
    assert decision.reason == "nothing new: span 2 was refused in round 2"


def test_the_first_check_that_finds_something_starts_a_run():
    checks = {"drift": lambda: None, "labels": lambda: "accuracy fell"}
    decision = decide(Spans((2,), {}), "as they were", [ended(1, 2, weights="w")], checks)
    assert (decision.trigger, decision.reason) == ("labels", "accuracy fell")


@pytest.mark.parametrize(
    ("ingest", "judges"),
    [
        ({"train": "{SPAN}.tsv"}, True),
        ({"train": "{SPAN}.tsv", "window": 2}, False),
        ({"train": "{SPAN}.tsv", "eval": "dev-{SPAN}.tsv", "window": 2}, True),
        ({"train": "{SPAN}.tsv", "eval": "dev.tsv"}, False),
        ({"train": "{SPAN}.tsv", "eval": "dev-{SPAN}.tsv", "test": "test.tsv"}, False),
    ],
)
def test_rows_of_the_newest_span_alone_are_noticed(ingest, judges):
    assert judges_itself(IngestConfig(**ingest)) is judges


@pytest.mark.parametrize("status", ["refused", "failed"])
def test_a_span_that_came_to_nothing_is_due_again_when_mended(status):
    rounds = [ended(1, 2, status=status)]
    assert decide(Spans((2,), {}), "as they were", rounds, {}).trigger is None
    decision = decide(Spans((2,), {}), "mended", rounds, {})
    assert decision.trigger == "span"
    assert "since then its files or the config have changed" in decision.reason


def test_a_span_that_was_published_is_not_trained_again_for_a_change():
    assert decide(Spans((2,), {}), "other", [ended(1, 2)], {}).trigger is None
