"""A watch reads the gateway's counts, and carries out what follows from them."""

import pytest

from schemas.errors import UserError
from serving.control import changes
from serving.control.counts import grown, measured, quantile, read_counts
from serving.control.history import read_history
from serving.control.release import read_release
from serving.control.verdict import CanaryRules
from serving.control.watch import WatchError, watch_canary
from serving.gateway.metrics import Metrics
from serving.versions import live_version

RULES = CanaryRules(min_requests=10, min_compared=2, max_error_rate=0.1)


@pytest.fixture
def model_base(tmp_path):
    folder = tmp_path / "reviews" / "serving"
    for version in (1, 2, 3):
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "saved_model.pb").write_bytes(b"graph")
    changes.promote(folder, 1)
    changes.promote(folder, 2)
    changes.start_canary(folder, 3, 10)
    return folder


class FakeTraffic:
    """Counts requests between two looks, in the gateway's own metrics."""

    def __init__(self, *codes, agrees="yes", restart=False):
        self.metrics = Metrics()
        self.codes, self.agrees, self.restart = codes, agrees, restart
        self.looks = 0

    def read(self):
        if self.restart and self.looks == 1:
            self.metrics = Metrics()
        for code in self.codes if self.looks else ("INTERNAL",) * 50:  # what was before the watch
            self.metrics.requests.labels("canary", "3", "grpc", "predict", code).inc()
            self.metrics.seconds.labels("canary", "3").observe(0.02)
            self.metrics.compared.labels("3", self.agrees).inc()
        self.metrics.seconds.labels("stable", "2").observe(0.02)
        self.looks += 1
        return read_counts(self.metrics.render().decode())


def watch(model_base, read, **options):
    return watch_canary(model_base, read, RULES, interval_seconds=0.001, **options)


@pytest.mark.parametrize("restart", [False, True])
def test_a_good_canary_is_promoted(model_base, restart):
    said = []
    traffic = FakeTraffic("OK", "OK", "OK", "BOTH_INVALID_ARGUMENT", restart=restart)
    verdict = watch(model_base, traffic.read, said=said.append)
    assert verdict.decision == "promote"
    assert (verdict.measured.requests, verdict.measured.errors) == (12, 0)
    assert [item.decision for item in said] == ["wait"] * 4 + ["promote"]
    assert live_version(model_base) == 3
    last = read_history(model_base)[-1]
    assert (last.action, last.by) == ("promote", "canary --watch")
    assert last.evidence["agreeing"] == 16


@pytest.mark.parametrize(
    ("traffic", "reason"),
    [
        (FakeTraffic("OK", "INTERNAL"), "error rate"),
        (FakeTraffic(*["OK"] * 10, agrees="no"), "agreement 0.0%"),
    ],
)
def test_a_bad_canary_is_taken_back(model_base, traffic, reason):
    verdict = watch(model_base, traffic.read)
    assert verdict.decision == "rollback"
    release = read_release(model_base)
    assert (release.stable, release.canary, release.rolled_back) == (2, None, (3,))
    assert reason in read_history(model_base)[-1].reason


def test_a_gateway_that_does_not_answer_decides_nothing(model_base):
    def read():
        raise OSError("refused")

    with pytest.raises(WatchError, match="the gateway does not answer: refused; the canary stays"):
        watch(model_base, read, max_seconds=0.01)
    assert read_release(model_base).canary is not None


def test_too_few_requests_decide_nothing(model_base):
    with pytest.raises(WatchError, match=r"requests: 0 of 10.*the canary stays"):
        watch(model_base, FakeTraffic().read, max_seconds=0.01)


def test_a_change_by_hand_ends_the_watch(model_base):
    traffic = FakeTraffic("OK")

    def read():
        changes.rollback(model_base)
        return traffic.read()

    with pytest.raises(WatchError, match="changed meanwhile"):
        watch(model_base, read)


def test_there_must_be_a_canary(model_base):
    changes.rollback(model_base)
    with pytest.raises(UserError, match="has no canary"):
        watch(model_base, FakeTraffic().read)


def test_a_quantile_lies_within_its_bucket():
    metrics = Metrics()
    for milliseconds in range(1, 101):
        metrics.seconds.labels("canary", "3").observe(milliseconds / 1000)
    counts = read_counts(metrics.render().decode())
    assert quantile(counts, "canary", "3", 0.95) == pytest.approx(0.095, abs=0.002)
    assert quantile(counts, "canary", "3", 0.02) == pytest.approx(0.002, abs=0.001)
    assert quantile(counts, "stable", "3", 0.95) is None


def test_nothing_counted_is_nothing_measured(model_base):
    assert measured(grown({}, {}, {}), read_release(model_base)).requests == 0


def test_what_the_canary_before_answered_decides_nothing(model_base):
    changes.rollback(model_base)
    changes.start_canary(model_base, 1, 10)
    traffic = FakeTraffic("OK")  # counts for version 3
    with pytest.raises(WatchError, match=r"requests: 0 of 10, compared requests: 0 of 2"):
        watch(model_base, traffic.read, max_seconds=0.05)
