"""Requests pass as they came, and what must not pass is refused."""

import gzip
import json
import ssl
import urllib.error
import urllib.request

import grpc
import pytest
from tensorflow_serving.apis import (
    classification_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from schemas.errors import UserError
from serving.client import AccessError, Client, NotFoundError, ServingError, Tls
from serving.gateway.settings import GatewaySettings
from tests.serving.certificates import self_signed
from tests.serving.gateway.asking import ask, fetch, url_of
from tests.serving.gateway.conftest import running as running_gateway


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
    settings = GatewaySettings("grpc://localhost:9", "http://localhost:9", port=0, rest_port=0)
    with running_gateway(settings) as gateway, pytest.raises(ServingError, match="UNAVAILABLE"):
        ask(gateway, scheme, ["a"])


def test_other_methods_pass_and_reload_does_not(gateway):
    with gateway() as running, grpc.insecure_channel(f"localhost:{running.port}") as channel:
        classify = prediction_service_pb2_grpc.PredictionServiceStub(channel).Classify
        with pytest.raises(grpc.RpcError, match="Method not implemented!"):  # the server's words
            classify(classification_pb2.ClassificationRequest())
        reload = model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest
        with pytest.raises(grpc.RpcError, match="UNIMPLEMENTED"):
            reload(model_management_pb2.ReloadConfigRequest())


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


def test_a_zipped_body_is_unzipped(gateway, script):
    path, zipped = "/v1/models/reviews:predict", {"Content-Encoding": "gzip"}
    body = json.dumps({"inputs": {"text": ["good"]}}).encode()
    with gateway() as running:
        status, answered = fetch(running, path, gzip.compress(body), headers=zipped)
        assert (status, json.loads(answered)["outputs"]["label"]) == (200, ["positive"])
        for cut in (body, gzip.compress(body)[:-9]):
            status, answered = fetch(running, path, cut, headers=zipped)
            assert (status, json.loads(answered)["error"]) == (
                400,
                "Failed to uncompress the gzip body of the request",
            )
    assert script.requests == [["good"]]


def test_a_zipped_body_that_is_too_large_is_not_unpacked(gateway, script):
    body = gzip.compress(b" " * 5000)
    with gateway(max_body_bytes=1000) as running:
        status, _ = fetch(
            running, "/v1/models/reviews:predict", body, headers={"Content-Encoding": "gzip"}
        )
    assert status == 413
    assert not script.requests


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
    return running_gateway(GatewaySettings(None, "http://localhost:9", rest_port=rest_port))


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
