"""A canary gets its share, and no client pays for its failures."""

import pytest

from serving.client import ServingError
from serving.control import changes
from serving.gateway.routing import share_of
from tests.serving.client.fake_server import answer
from tests.serving.gateway.asking import ask, counted


def test_with_a_release_requests_go_to_the_live_version(gateway, script, scheme, model_base):
    changes.promote(model_base, 2)
    with gateway(model_base=model_base) as running:
        ask(running, scheme, ["a"])
        ask(running, scheme, ["b"], version=1)
    assert script.specs == [(2, None), (1, None)]


def test_a_canary_gets_its_share_and_the_same_request_the_same_version(
    gateway, script, scheme, model_base
):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 30)
    texts = [f"text {number}" for number in range(150)]
    with gateway(model_base=model_base, compare_percent=0) as running:
        ask(running, scheme, texts)
        versions = [version for version, _ in script.specs]
        ask(running, scheme, texts)
    assert versions == [version for version, _ in script.specs[150:]]
    assert 0.18 < versions.count(3) / 150 < 0.42
    assert set(versions) == {2, 3}


def test_a_change_is_followed_without_a_restart(gateway, script, model_base, monkeypatch):
    monkeypatch.setattr("serving.gateway.routing._CHECK_SECONDS", 0.0)
    with gateway(model_base=model_base) as running:
        ask(running, "grpc", ["a"])
        changes.promote(model_base, 2)
        ask(running, "grpc", ["a"])
        (model_base / "release.json").write_text("damaged")
        ask(running, "grpc", ["a"])
    assert script.specs == [(None, None), (2, None), (2, None)]


def test_what_the_canary_fails_the_live_version_answers(gateway, script, scheme, model_base):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 100)
    script.failing_version = 3
    with gateway(model_base=model_base) as running:
        assert ask(running, scheme, ["good"]) == ["positive"]
        counts = counted(running, "albert_tfx_gateway_requests_total")
    protocol = "grpc" if scheme == "grpc" else "rest"
    assert counts["INTERNAL", "predict", protocol, "canary", "3"] == 1


@pytest.mark.parametrize(
    ("failing", "asked"),
    [(3, [3, 2]), (2, [3])],
)
def test_a_canary_that_is_not_loaded_yet_is_not_to_blame(
    gateway, script, scheme, model_base, failing, asked
):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 100)
    script.failing_version = failing
    script.failing_code = "NOT_FOUND"
    script.failing_message = f"Servable not found for request: Specific(reviews, {failing})"
    with gateway(model_base=model_base, compare_percent=0) as running:
        assert ask(running, scheme, ["good"]) == ["positive"]
        counts = counted(running, "albert_tfx_gateway_requests_total")
    protocol = "grpc" if scheme == "grpc" else "rest"
    code = "NOT_LOADED" if failing == 3 else "OK"
    assert counts[code, "predict", protocol, "canary", "3"] == 1
    assert [version for version, _ in script.specs] == asked


def test_while_the_live_version_is_not_loaded_the_server_chooses(
    gateway, script, scheme, model_base
):
    changes.promote(model_base, 2)
    script.failing_version = 2
    script.failing_code = "NOT_FOUND"
    script.failing_message = "Servable not found for request: Specific(reviews, 2)"
    with gateway(model_base=model_base) as running:
        assert ask(running, scheme, ["good"]) == ["positive"]
    assert [version for version, _ in script.specs] == [2, None]


def test_what_both_refuse_is_the_requests_fault(gateway, script, scheme, model_base):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 100)
    script.failures = [("INVALID_ARGUMENT", "because")] * 2
    with gateway(model_base=model_base) as running:
        with pytest.raises(ServingError, match="because"):
            ask(running, scheme, ["a"])
        counts = counted(running, "albert_tfx_gateway_requests_total")
    protocol = "grpc" if scheme == "grpc" else "rest"
    assert counts["BOTH_INVALID_ARGUMENT", "predict", protocol, "canary", "3"] == 1


def test_a_canary_is_compared_with_the_live_version(gateway, script, scheme, model_base):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 100)
    flipped = iter([False, False, False, True])  # canary and live for "a", then for "b"

    def answers(texts):
        return answer(["good" if next(flipped) else text for text in texts])

    script.answer = answers
    with gateway(model_base=model_base, compare_percent=100) as running:
        for text in ("a", "b"):
            ask(running, scheme, [text])
            running.drain()
        assert counted(running, "albert_tfx_gateway_compared_requests_total") == {
            ("yes", "3"): 1,
            ("no", "3"): 1,
        }
        assert counted(running, "albert_tfx_gateway_request_seconds_count")["canary", "3"] >= 2


def test_shares_are_even():
    shares = [share_of(str(number).encode()) for number in range(2000)]
    assert 0 <= min(shares) < 1
    assert 99 < max(shares) < 100
    assert 45 < sum(shares) / 2000 < 55
