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
    assert script.specs == [(None, "stable"), (1, None)]


def test_a_canary_gets_its_share_and_the_same_request_the_same_version(
    gateway, script, scheme, model_base
):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 30)
    texts = [f"text {number}" for number in range(150)]
    with gateway(model_base=model_base, compare_percent=0) as running:
        ask(running, scheme, texts)
        labels = [label for _, label in script.specs]
        ask(running, scheme, texts)
    assert labels == [label for _, label in script.specs[150:]]
    assert 0.18 < labels.count("canary") / 150 < 0.42
    assert set(labels) == {"stable", "canary"}


def test_a_change_is_followed_without_a_restart(gateway, script, model_base, monkeypatch):
    monkeypatch.setattr("serving.gateway.routing._CHECK_SECONDS", 0.0)
    with gateway(model_base=model_base) as running:
        ask(running, "grpc", ["a"])
        changes.promote(model_base, 2)
        ask(running, "grpc", ["a"])
        (model_base / "release.json").write_text("damaged")
        ask(running, "grpc", ["a"])
    assert script.specs == [(None, None), (None, "stable"), (None, "stable")]


def test_what_the_canary_fails_the_live_version_answers(gateway, script, scheme, model_base):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 100)
    script.failing_label = "canary"
    with gateway(model_base=model_base) as running:
        assert ask(running, scheme, ["good"]) == ["positive"]
        counts = counted(running, "albert_tfx_gateway_requests_total")
    protocol = "grpc" if scheme == "grpc" else "rest"
    assert counts["INTERNAL", "predict", protocol, "canary"] == 1


@pytest.mark.parametrize(
    ("failing", "specs"),
    [("canary", ["canary", "stable"]), ("stable", ["canary"])],
)
def test_a_canary_that_is_not_loaded_yet_is_not_to_blame(
    gateway, script, scheme, model_base, failing, specs
):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 100)
    script.failing_label = failing
    script.failing_code = "INVALID_ARGUMENT"
    script.failing_message = f"Unrecognized servable version label: {failing}"
    with gateway(model_base=model_base, compare_percent=0) as running:
        assert ask(running, scheme, ["good"]) == ["positive"]
        counts = counted(running, "albert_tfx_gateway_requests_total")
    protocol = "grpc" if scheme == "grpc" else "rest"
    code = "NOT_LOADED" if failing == "canary" else "OK"
    assert counts[code, "predict", protocol, "canary"] == 1
    assert [label for _, label in script.specs] == specs


def test_a_live_version_that_has_no_label_yet_is_asked_for_without(
    gateway, script, scheme, model_base
):
    changes.promote(model_base, 2)
    script.failing_label = "stable"
    script.failing_code = "INVALID_ARGUMENT"
    script.failing_message = "Unrecognized servable version label: stable"
    with gateway(model_base=model_base) as running:
        assert ask(running, scheme, ["good"]) == ["positive"]
    assert [label for _, label in script.specs] == ["stable", None]


def test_what_both_refuse_is_the_requests_fault(gateway, script, scheme, model_base):
    changes.promote(model_base, 2)
    changes.start_canary(model_base, 3, 100)
    script.failures = [("INVALID_ARGUMENT", "because")] * 2
    with gateway(model_base=model_base) as running:
        with pytest.raises(ServingError, match="because"):
            ask(running, scheme, ["a"])
        counts = counted(running, "albert_tfx_gateway_requests_total")
    protocol = "grpc" if scheme == "grpc" else "rest"
    assert counts["BOTH_INVALID_ARGUMENT", "predict", protocol, "canary"] == 1


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
            ("yes",): 1,
            ("no",): 1,
        }
        assert counted(running, "albert_tfx_gateway_request_seconds_count")["canary",] >= 2


def test_shares_are_even():
    shares = [share_of(str(number).encode()) for number in range(2000)]
    assert 0 <= min(shares) < 1
    assert 99 < max(shares) < 100
    assert 45 < sum(shares) / 2000 < 55
