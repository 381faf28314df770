"""A canary waits for enough requests, then goes live if it is as good, or is taken back."""

import pytest

from serving.control.verdict import CanaryRules, Measured, judge

RULES = CanaryRules(min_requests=100, min_compared=10)
GOOD = Measured(
    requests=200, errors=1, p95_seconds=0.02, stable_p95_seconds=0.02, compared=50, agreeing=48
)


def changed(**changes):
    return GOOD.model_copy(update=changes)


@pytest.mark.parametrize(
    ("measured", "decision", "reason"),
    [
        (GOOD, "promote", "agreement 96.0% of 50 compared requests"),
        (changed(requests=99, errors=0), "wait", "requests: 99 of 100"),
        (changed(compared=9, agreeing=0), "wait", "compared requests: 9 of 10"),
        (Measured(), "wait", "requests: 0 of 100"),
        (changed(errors=3), "rollback", "error rate 1.50% (3 of 200) is above 1.00%"),
        (changed(requests=2, errors=2), "rollback", "error rate 100.00% (2 of 2)"),
        (changed(requests=2, errors=1), "wait", "requests: 2 of 100"),
        (changed(p95_seconds=0.031), "rollback", "95th percentile 31 ms is above 1.5 times"),
        (changed(p95_seconds=0.03), "promote", "95th percentile 30 ms, live 20 ms"),
        (changed(stable_p95_seconds=None), "promote", "error rate 0.50%"),
        (
            changed(agreeing=44),
            "rollback",
            "agreement 88.0% of 50 compared requests is below 90.0%",
        ),
        (changed(agreeing=0, compared=50, requests=50), "wait", "requests: 50 of 100"),
    ],
)
def test_the_verdict_and_its_reasons(measured, decision, reason):
    verdict = judge(measured, RULES)
    assert verdict.decision == decision
    assert any(reason in sentence for sentence in verdict.reasons)
    assert verdict.measured == measured
