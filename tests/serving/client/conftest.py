"""A server of either protocol, and its script."""

import pytest

from tests.serving.client.fake_server import Script, start_grpc, start_rest


@pytest.fixture
def script():
    return Script()


@pytest.fixture(params=["grpc", "http"])
def url(request, script):
    port, stop = (start_grpc if request.param == "grpc" else start_rest)(script)
    yield f"{request.param}://localhost:{port}"
    stop()
