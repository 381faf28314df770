"""Requests pass as they came; a canary gets its share, and no client pays for its failures."""

import json
import ssl
import urllib.error
import urllib.request

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tensorflow_serving.apis import (
    classification_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from schemas.errors import UserError
from serving.client import AccessError, Client, NotFoundError, RetryPolicy, ServingError, Tls
from serving.control import changes
from serving.gateway.routing import share_of
from serving.gateway.settings import GatewaySettings
from tests.serving.certificates import self_signed
from tests.serving.client.fake_server import answer

ONCE = RetryPolicy(attempts=1)


def url_of(gateway, scheme):
    return f"{scheme}://localhost:{gateway.port if scheme == 'grpc' else gateway.rest_port}"


def fetch(gateway, path, data=None, method=None):
    request = urllib.request.Request(f"http://localhost:{gateway.rest_port}{path}", data)
    request.method = method or request.get_method()
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def counted(gateway, name):
    """Returns the samples of a metric by their labels' values, the labels in order."""
    families = text_string_to_metric_families(gateway.metrics.render().decode())
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def ask(gateway, scheme, texts, **choice):
    with Client(url_of(gateway, scheme), "reviews", retry=ONCE, **choice) as client:
        return [client.predict_one(text).label for text in texts]


@pytest.mark.parametrize("choice", [{}, {"version": 3}, {"label": "other"}])
def test_without_a_release_requests_pass_as_they_came(gateway, script, scheme, choice):
    with gateway() as running:
        assert ask(running, scheme, ["good", "é"], **choice) == ["positive", "negative"]
        with Client(url_of(running, scheme), "reviews") as client:
            assert [status.version for status in client.versions()] == [2, 1]
    assert set(script.specs) == {(choice.get("version"), choice.get("label"))}


def test_errors_pass_with_code_and_message(gateway, script, scheme):
    script.failures = [("INVALID_ARGUMENT", "because"), ("UNAVAILABLE", "full")]
    with gateway() as running:
        for failure in ("INVALID_ARGUMENT: because", "UNAVAILABLE: full"):
            with pytest.raises(ServingError, match=failure):
                ask(running, scheme, ["a"])
        with (
            Client(url_of(running, scheme), "other") as client,
            pytest.raises(NotFoundError, match="Could not find any versions"),
        ):
            client.versions()


def test_a_server_that_is_gone_is_unavailable(scheme):
    from tests.serving.gateway.conftest import running

    settings = GatewaySettings("grpc://localhost:9", "http://localhost:9", port=0, rest_port=0)
    with running(settings) as gateway, pytest.raises(ServingError, match="UNAVAILABLE"):
        ask(gateway, scheme, ["a"])


def test_other_methods_pass_and_reload_does_not(gateway):
    with gateway() as running, grpc.insecure_channel(f"localhost:{running.port}") as channel:
        classify = prediction_service_pb2_grpc.PredictionServiceStub(channel).Classify
        with pytest.raises(grpc.RpcError, match="Method not implemented!"):  # the server's words
            classify(classification_pb2.ClassificationRequest())
        reload = model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest
        with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
            reload(model_management_pb2.ReloadConfigRequest())


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


def test_metrics_and_health_are_shown(gateway):
    with gateway() as running:
        ask(running, "grpc", ["a"])
        status, body = fetch(running, "/monitoring/prometheus/metrics")
        assert status == 200
        assert b'_requests_total{code="OK",method="predict",protocol="grpc",track="' in body
        assert fetch(running, "/healthz") == (200, b"ok")


def test_a_token_is_asked_for(gateway, scheme):
    with gateway(token="secret") as running:
        assert ask(running, scheme, ["good"], token="secret") == ["positive"]
        for token in (None, "wrong"):
            with pytest.raises(AccessError, match="asks for a valid bearer token"):
                ask(running, scheme, ["good"], token=token)


def test_tls_is_spoken(gateway, tmp_path):
    certificate, key = self_signed(tmp_path)
    with gateway(cert_file=certificate, key_file=key) as running:
        for scheme in ("grpcs", "https"):
            port = running.port if scheme == "grpcs" else running.rest_port
            with Client(
                f"{scheme}://localhost:{port}", "reviews", tls=Tls(ca_file=certificate)
            ) as client:
                assert client.predict_one("good").label == "positive"
        context = ssl.create_default_context()
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"https://localhost:{running.rest_port}/", context=context)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/models", "GET"),
        ("/v1/models/m:predict", "GET"),
        ("/v1/models/m:predict?x=1", "POST"),
        ("/v1/models/m", "DELETE"),
        ("/v1/models/m:explain", "POST"),
        ("/v1/models/m/versions/x:predict", "POST"),
        ("/v1/models/../etc/passwd", "GET"),
        ("/v1/models/m%2F..%2Fx/extra", "GET"),
    ],
)
def test_what_is_none_of_the_api_does_not_pass(gateway, script, path, method):
    with gateway() as running:
        data = b"{}" if method == "POST" else None
        status, body = fetch(running, path, data, method)
    assert status == 400
    assert json.loads(body)["error"].startswith(f"Malformed request: {method} /v1/models")
    assert not script.requests


def test_a_body_that_is_too_large_is_refused_and_serving_goes_on(gateway):
    with gateway(max_body_bytes=1000) as running:
        status, body = fetch(running, "/v1/models/reviews:predict", b"x" * 5000)
        assert (status, json.loads(body)["error"]) == (
            413,
            "a body must have at most 1000 bytes; send fewer texts",
        )
        assert ask(running, "http", ["good"]) == ["positive"]


def test_a_message_that_is_none_is_refused(gateway):
    with gateway() as running, grpc.insecure_channel(f"localhost:{running.port}") as channel:
        predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        with pytest.raises(grpc.RpcError, match="the request is no message of"):
            predict(b"\xff\xff\xff")


def test_a_port_in_use_is_said(gateway):
    with (
        gateway() as first,
        pytest.raises(UserError, match="--rest-port: cannot listen"),
        gateway_on(first.rest_port),
    ):
        pass


def gateway_on(rest_port):
    from tests.serving.gateway.conftest import running

    return running(GatewaySettings(None, "http://localhost:9", rest_port=rest_port))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"upstream": None}, "needs a server behind"),
        ({"upstream": "http://x"}, "--upstream is grpc://HOST:PORT"),
        ({"upstream": None, "rest_upstream": "grpc://x"}, "--rest-upstream is http://HOST:PORT"),
        ({"upstream": "grpc://x", "cert_file": "c"}, "both --cert-file and --key-file"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings, problem):
    with pytest.raises(UserError, match=problem):
        GatewaySettings(**settings)


def test_shares_are_even():
    shares = [share_of(str(number).encode()) for number in range(2000)]
    assert 0 <= min(shares) < 1
    assert 99 < max(shares) < 100
    assert 45 < sum(shares) / 2000 < 55
