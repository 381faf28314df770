"""A gateway on real sockets, in front of a server whose answers a test decides."""

import asyncio
import threading
from contextlib import contextmanager

import pytest

from serving.gateway.server import Gateway
from serving.gateway.settings import GatewaySettings
from tests.serving.client.fake_server import Script, start_grpc, start_rest


def stop_log(gateway):
    """Writes what waits; the gateway itself then finds an ended log."""
    gateway._log.close()
    gateway._log = None


@contextmanager
def running(settings):
    """Yields a gateway that serves in an event loop of its own thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start():
        gateway = Gateway(settings)
        await gateway.start()
        return gateway

    def wait(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    try:
        gateway = wait(start())
        gateway.stop_log = lambda: stop_log(gateway)
        gateway.drain = lambda: wait(gateway._traffic.drain())
        try:
            yield gateway
        finally:
            wait(gateway.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def upstreams(script):
    """The settings that name the server behind."""
    port, stop = start_grpc(script)
    rest_port, stop_rest = start_rest(script)
    yield {
        "upstream": f"grpc://localhost:{port}",
        "rest_upstream": f"http://localhost:{rest_port}",
        "port": 0,
        "rest_port": 0,
    }
    stop()
    stop_rest()


@pytest.fixture
def gateway(upstreams):
    """Starts gateways with further settings; call it with them."""
    return lambda **settings: running(GatewaySettings(**upstreams, **settings))


@pytest.fixture(params=["grpc", "http"])
def scheme(request):
    return request.param


@pytest.fixture
def model_base(tmp_path):
    """Three versions of the model `reviews`."""
    folder = tmp_path / "reviews" / "serving"
    for version in (1, 2, 3):
        (folder / str(version)).mkdir(parents=True)
        (folder / str(version) / "saved_model.pb").write_bytes(b"graph")
    return folder
