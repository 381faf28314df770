"""The REST face answers as the contract of TensorFlow Serving has it, whatever comes in."""

import gzip
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PREDICT = "/v1/models/half:predict"
ADD = {"signature_name": "add"}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"instances": [2.0, 3]}, {"predictions": [3.0, 3.5]}),
        ({"instances": [{"x": 2.0}]}, {"predictions": [3.0]}),
        ({"instances": [[1], [3]]}, {"predictions": [[2.5], [3.5]]}),
        ({"inputs": [2.0]}, {"outputs": [3.0]}),
        ({"inputs": {"x": [2.0], "more": "ignored"}}, {"outputs": [3.0]}),
        ({"inputs": 2.2, "more": "ignored"}, {"outputs": 3.1}),
        ({"inputs": []}, {"outputs": []}),
        (
            {**ADD, "instances": [{"a": 1.5, "b": 2}]},
            {"predictions": [{"sum": 3.5, "text": "2", "text_bytes": {"b64": "Mg=="}}]},
        ),
        (
            {**ADD, "inputs": {"a": [1], "b": [2]}},
            {"outputs": {"sum": [3.0], "text": ["2"], "text_bytes": [{"b64": "Mg=="}]}},
        ),
        ({"signature_name": "", "instances": [2]}, {"predictions": [3.0]}),
        ({"signature_name": "echo", "instances": [{"b64": "w6k="}]}, {"predictions": ["é"]}),
    ],
)
def test_predict(server, body, answer):
    assert server.ask(PREDICT, body) == (200, answer)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b'{"instances": [NaN, Infinity]}', b'{"predictions": [NaN, Infinity]}'),
        (
            b'{"signature_name": "echo", "instances": ["\xff"]}',
            b'{"predictions": ["\xff"]}',
        ),
    ],
)
def test_what_is_no_strict_json_goes_through(server, body, answer):
    assert server.rest("POST", PREDICT, body) == (200, answer)


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (PREDICT, b"{", 400, "JSON Parse error: "),
        (PREDICT, b"", 400, "JSON Parse error: The document is empty"),
        (PREDICT, {"instances": [[1], [2, 3]]}, 400, "Failed to process element: 1 of 'inst"),
        (PREDICT, {"instances": ["a"]}, 400, "Failed to process element: 0 of 'instances' list."),
        (PREDICT, {"signature_name": 1, "instances": [1]}, 400, "JSON Value: {"),
        (
            PREDICT,
            {"signature_name": "s", "instances": [1]},
            400,
            'Serving signature name: "s" not found in signature def',
        ),
        (
            PREDICT,
            {"signature_name": "total", "instances": [1]},
            400,
            "Tensor name: total has no shape information",
        ),
        (
            "/v1/models/no:predict",
            {"instances": [1]},
            404,
            "Servable not found for request: Latest(no)",
        ),
        ("/v1/models/no:predict", b"{", 400, "JSON Parse error"),
        (
            "/v1/models/half/versions/9:predict",
            {"instances": [1]},
            404,
            "Servable not found for request: Specific(half, 9)",
        ),
        (
            "/v1/models/half/labels/L:predict",
            {"instances": [1]},
            400,
            "Unrecognized servable version label: L",
        ),
        (f"{PREDICT}?x=1", {"instances": [1]}, 400, f"Malformed request: POST {PREDICT}?x=1"),
    ],
)
def test_a_bad_request_is_refused_in_the_real_words(server, path, body, status, words):
    answered, answer = server.ask(path, body)
    assert (answered, list(answer)) == (status, ["error"])
    assert answer["error"].startswith(words)


def test_the_sum_of_columns_of_any_rank_is_a_scalar(server):
    body = {"signature_name": "total", "inputs": [[1, 2], [3, 4]]}
    assert server.ask(PREDICT, body) == (200, {"outputs": 10.0})


def test_classify_and_regress(server):
    examples = {"examples": [{"x": 1.0}, {"x": [4.0]}]}
    assert server.ask("/v1/models/half:regress", {"signature_name": "regress", **examples}) == (
        200,
        {"results": [2.5, 4.0]},
    )
    assert server.ask("/v1/models/half:classify", {"signature_name": "classify", **examples}) == (
        200,
        {"results": [[["x", 1.0], ["half", 2.5]], [["x", 4.0], ["half", 4.0]]]},
    )


def test_a_context_is_what_an_example_does_not_say(server):
    body = {"signature_name": "regress", "context": {"x": 2.0}, "examples": [{}, {"x": 8.0}]}
    assert server.ask("/v1/models/half:regress", body) == (200, {"results": [3.0, 6.0]})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "key 'examples' is expected and was not found"),
        ({"examples": 1}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": [1]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{"x": None}]}, "Feature: x has element with unexpected JSON type: Null"),
        ({"examples": [{"x": [[1]]}]}, "Feature: x has element with unexpected JSON type: Array"),
        ({"examples": [{"x": {}}]}, "Feature: x has element with unexpected JSON type: Object"),
        (
            {"examples": [{"x": [1, "a"]}]},
            "Unexpected element type in feature: x expecting type: i",
        ),
        ({"examples": [{"x": 2**63}]}, "Feature: x has uint64 element. Only int64 is supported."),
        ({"examples": [{"x": 2}]}, "Data types don't match"),
        ({"signature_name": "s", "examples": [{}]}, "No signature was found with the name: s"),
        (
            {"signature_name": "add", "examples": [{}]},
            "No regression inputs found in SignatureDef: ",
        ),
    ],
)
def test_bad_examples(server, body, words):
    status, answer = server.ask("/v1/models/half:regress", {"signature_name": "regress"} | body)
    assert status == 400
    assert words in answer["error"]


@pytest.mark.parametrize("label", ["", "/versions/1", "/labels/any"])
def test_status(server, label):
    status, body = server.rest("GET", f"/v1/models/half{label}")
    assert status == 200
    assert json.loads(body) == {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1/models/no", "Could not find any versions of model no"),
        ("/v1/models/half/versions/5", "Could not find version 5 of model half"),
        (
            "/v1/models/half/versions/5/metadata",
            "Servable not found for request: Specific(half, 5)",
        ),
    ],
)
def test_status_of_what_is_not_there(server, path, words):
    status, body = server.rest("GET", path)
    assert (status, json.loads(body)) == (404, {"error": words})


def test_metadata(server):
    status, body = server.rest("GET", "/v1/models/half/metadata")
    metadata = json.loads(body)
    assert status == 200
    assert metadata["model_spec"] == {"name": "half", "signature_name": "", "version": "1"}
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["inputs"]["x"]["dtype"] == "DT_FLOAT"
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert "__saved_model_init_op" in signatures


def test_a_version_over_int64_has_no_body(server):
    assert server.rest("GET", f"/v1/models/half/versions/{2**63}") == (400, b"")


@pytest.mark.parametrize("path", ["/", "/metrics", "/monitoring/prometheus/metrics", "/v2/x"])
def test_paths_outside_of_the_api(server, path):
    assert server.rest("GET", path)[0] == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_malformed(server, method):
    status, body = server.rest(method, "/v1/models/half")
    assert status == 400
    assert json.loads(body)["error"] == f"Malformed request: {method} /v1/models/half"


def test_a_browser_may_ask_for_the_options(server):
    origin = {"Origin": "http://localhost"}
    assert server.rest("OPTIONS", PREDICT, headers=origin) == (200, b"")


@pytest.mark.parametrize("depth", [33, 500, 5000])
def test_lists_that_no_tensor_can_be(server, depth):
    body = b'{"instances": ' + b"[" * depth + b"]" * depth + b"}"
    assert server.rest("POST", PREDICT, body)[0] == 400


def test_a_zipped_body(server):
    zipped = gzip.compress(b'{"instances": [2]}')
    answer = server.rest("POST", PREDICT, zipped, {"Content-Encoding": "gzip"})
    assert answer == (200, b'{"predictions": [3.0]}')
    assert server.rest("POST", PREDICT, b"no zip", {"Content-Encoding": "gzip"})[0] == 400


def test_a_body_of_64_mib(server):
    text = b"x" * (64 * 2**20)
    body = b'{"signature_name": "echo", "instances": ["%s"]}' % text
    assert server.rest("POST", PREDICT, body) == (200, b'{"predictions": ["%s"]}' % text)


def test_a_slow_client_and_one_that_leaves_hold_up_nobody(server):
    head = b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", server.rest_port)) for _ in range(40)]
    for connection in slow:
        connection.sendall(head + b'{"insta')
    assert server.ask(PREDICT, {"instances": [2]})[0] == 200
    for connection in slow:
        connection.close()
    assert server.ask(PREDICT, {"instances": [2]})[0] == 200


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["instances", "inputs", "examples", "context", "signature_name", "x"])
SIGNATURES = st.sampled_from(["serving_default", "add", "echo", "total", "regress", "classify"])
PATHS = st.sampled_from(
    [f"/v1/models/half:{verb}" for verb in ("predict", "classify", "regress")]
) | st.text("abc/:%.?&0~ ", max_size=20).map(lambda text: f"/v1/models/{text.replace(' ', '%20')}")


@settings(max_examples=150)
@given(
    st.sampled_from(["GET", "POST", "PUT"]),
    PATHS,
    st.dictionaries(KEYS, VALUES | SIGNATURES, max_size=4).map(
        lambda body: json.dumps(body).encode()
    )
    | st.binary(max_size=30),
)
def test_no_request_makes_the_server_fail(server, method, path, body):
    status, answer = server.rest(method, path, body)
    assert status in (200, 400, 404, 501), answer
    if status != 200 and answer and answer != b"Not Found":
        assert list(json.loads(answer)) == ["error"]
