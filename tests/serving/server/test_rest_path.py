"""The paths of the REST API, by the grammar of the real server."""

import pytest

from serving.server.errors import StatusError
from serving.server.rest_path import RestCall, VersionOverflowError, parse_call


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("POST", "/v1/models/m:predict", RestCall("predict", "m")),
        ("POST", "/V1/Models/m/Versions/007:classify", RestCall("classify", "m", 7)),
        ("POST", "/v1/models/m/labels/a b:regress", RestCall("regress", "m", None, "a b")),
        ("POST", "/v1/models/a%2F%3A/labels/%C3%A9:predict", RestCall("predict", "a/:", None, "é")),
        ("GET", "/v1/models/m", RestCall("status", "m")),
        ("GET", "/v1/models/m?q", RestCall("status", "m?q")),
        ("GET", "/v1/models/m/versions/1/metadata", RestCall("metadata", "m", 1)),
        ("GET", "/v1/models/m/labels/L", RestCall("status", "m", None, "L")),
    ],
)  # fmt: skip
def test_paths_of_the_api(method, path, call):
    assert parse_call(method, path) == call


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/m:predict"),
        ("POST", "/v1/models/m/metadata"),
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m/version/5:predict"),
        ("POST", "/v1/models/m/label/x:predict"),
        ("POST", "/v1/models/m/versions/HELLO:predict"),
        ("POST", "/v1/models/m/versions/1/labels/x:predict"),
        ("POST", "/v1/models/m:explain"),
        ("POST", "/v1/models/m:PREDICT"),
        ("POST", "/v1/models/m:predict?x"),
        ("POST", "/v1/models/m:predict/"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/foo"),
        ("GET", "/v1/models/../etc/passwd"),
        ("PUT", "/v1/models/m:predict"),
        ("DELETE", "/v1/models/m"),
    ],
)
def test_any_other_is_malformed(method, path):
    with pytest.raises(StatusError) as caught:
        parse_call(method, path)
    assert caught.value.message == f"Malformed request: {method} {path}"


def test_a_list_of_models_there_is_not():
    with pytest.raises(StatusError, match=r"Missing model name in request\."):
        parse_call("GET", "/v1/models")


@pytest.mark.parametrize("version", ["9223372036854775808", "9" * 5000])
def test_a_version_that_no_int64_holds(version):
    with pytest.raises(VersionOverflowError):
        parse_call("GET", f"/v1/models/m/versions/{version}")
