"""What clients and machines do wrong ends one request at most; the server goes on."""

import contextlib
import http.client
import json
import signal
import socket
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import grpc
import pytest
import tensorflow as tf

from tests.serving.server.running import (
    Running,
    predict_request,
    server_process,
    serving,
    wait_for_port,
    wait_until,
)

PREDICT = "/v1/models/half:predict"
HEAD = b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def answers(server):
    return server.ask(PREDICT, {"instances": [2]}) == (200, {"predictions": [3.0]}) and (
        server.prediction.Predict(predict_request([2.0]), timeout=30).outputs["y"].float_val[:]
        == [3.0]
    )


MARKER = "tmp-marker-of-a-request"


@contextlib.contextmanager
def files_touched():
    """Yields the paths of everything that Python opens, lists or changes from here on."""
    touched, is_on = [], [True]

    def hear(event, arguments):
        if is_on and event.startswith(("open", "os.", "shutil.", "glob.", "pathlib.")):
            touched.extend(str(argument) for argument in arguments)

    sys.addaudithook(hear)  # there is no way to take one back
    try:
        yield touched
    finally:
        is_on.clear()


def test_no_path_in_a_request_reaches_the_file_system(server, tmp_path):
    (tmp_path / "seen").touch()
    names = [f"../../{MARKER}", f"/{MARKER}/1", f"{MARKER}\x00", f"~{MARKER}", f"gs://{MARKER}/m"]
    with files_touched() as touched:
        (tmp_path / "seen").read_bytes()
        for name in names:
            for field in ("name", "version_label", "signature_name"):
                request = predict_request([2.0], **{field: name})
                with pytest.raises(grpc.RpcError):
                    server.prediction.Predict(request)
            quoted = quote(name, safe="")
            for path in (f"{quoted}:predict", f"half/labels/{quoted}:predict"):
                assert server.ask(f"/v1/models/{path}", {"instances": [2]})[0] in (400, 404)
            assert server.rest("GET", f"/v1/models/{quoted}/metadata")[0] == 404
            body = {"instances": [2], "signature_name": name}
            assert server.ask(PREDICT, body)[0] == 400
    assert any(path.endswith("seen") for path in touched)
    assert not [path for path in touched if MARKER in path]


def test_text_that_is_no_utf8_goes_through_grpc(server):
    text = b"\xff\xfe \xc3 and a NUL: \x00"
    request = predict_request([text], dtype=tf.string, key="text", signature_name="echo")
    assert server.prediction.Predict(request).outputs["text"].string_val[:] == [text]


@pytest.mark.parametrize("message", [b"\xff\xff\xff", b"\x0a\x04\x0a\x02\xff\xfe"])
def test_a_message_that_is_none_is_refused(server, message):
    """The second is a PredictRequest whose model name is no UTF-8."""
    predict = server.channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    with pytest.raises(grpc.RpcError) as caught:
        predict(message)
    assert caught.value.code() is not grpc.StatusCode.OK
    assert answers(server)


@pytest.mark.parametrize("sent", [b"", HTTP2_PREFACE[:10], HTTP2_PREFACE, b"\x00" * 4096])
def test_connections_that_say_nothing_useful_hold_up_no_grpc(server, sent):
    opened = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
    try:
        for connection in opened:
            connection.sendall(sent)
        assert answers(server)
    finally:
        for connection in opened:
            connection.close()


def test_a_client_that_leaves_before_its_answer(server):
    body = json.dumps({"instances": [0.5] * 2**16}).encode()
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", server.rest_port))
        connection.sendall(HEAD % len(body) + body)
        # A reset, as when the client's machine is gone, not a goodbye.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert answers(server)


def test_a_client_that_reads_slowly_gets_its_whole_answer(server):
    body = json.dumps({"signature_name": "echo", "instances": ["x" * 2**23]}).encode()
    with socket.create_connection(("127.0.0.1", server.rest_port)) as connection:
        connection.sendall(HEAD % len(body) + body)
        begin = connection.recv(64)
        assert answers(server)
        response = bytearray(begin)
        while not response.endswith(b"]}"):
            response += connection.recv(2**16)
    assert response.startswith(b"HTTP/1.1 200 OK")
    assert response.count(b"x") >= 2**23


def test_a_body_shorter_than_it_says_is_no_request(server):
    with socket.create_connection(("127.0.0.1", server.rest_port)) as connection:
        connection.sendall(HEAD % 1000 + b'{"instances": [1]}')
        connection.shutdown(socket.SHUT_WR)
        assert b"predictions" not in connection.recv(4096)
    assert answers(server)


@pytest.mark.parametrize("address", ["127.0.0.2", "::1"])
def test_nothing_but_the_loopback_address_is_listened_on(server, address):
    """A socket of every interface would take these too."""
    for port in (server.port, server.rest_port):
        with pytest.raises(OSError):  # noqa: PT011 - refused, or no such address, by the system
            socket.create_connection((address, port), timeout=5)


def test_what_waits_when_the_server_stops_is_answered(half_plus, tmp_path):
    batching = tmp_path / "batching"
    batching.write_text("max_batch_size { value: 8 } batch_timeout_micros { value: 700000 }")
    flags = ("--enable_batching", f"--batching_parameters_file={batching}")
    with ThreadPoolExecutor(2) as pool:
        with serving(f"--model_base_path={half_plus}", "--model_name=half", *flags) as server:
            own = Running(server.port, server.rest_port)  # the other one is closed before the stop
            asked = pool.submit(own.prediction.Predict, predict_request([2.0]))
            sent = pool.submit(own.ask, PREDICT, {"instances": [2]})
            time.sleep(0.3)
            assert not asked.done()
            assert not sent.done()
        assert asked.result(5).outputs["y"].float_val[:] == [3.0]
        assert sent.result(5) == (200, {"predictions": [3.0]})
        own.channel.close()


class Load:
    """Clients that ask until they are turned away, half of them by each wire."""

    def __init__(self, server, num_clients=8):
        self.server = server
        self.answered, self.refused = [], []
        self.clients = [
            threading.Thread(target=self._ask, args=(ask,), daemon=True)
            for ask in (self._grpc, self._rest) * (num_clients // 2)
        ]
        for client in self.clients:
            client.start()

    def _ask(self, answers):
        try:
            for answer in answers():
                self.answered.append(answer)
        except (grpc.RpcError, OSError, http.client.HTTPException) as error:
            self.refused.append(error)

    def _grpc(self):
        while True:
            outputs = self.server.prediction.Predict(predict_request([2.0])).outputs
            yield "grpc", *outputs["y"].float_val

    def _rest(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.rest_port, timeout=60)
        with contextlib.closing(connection):
            while True:
                connection.request("POST", PREDICT, b'{"instances": [2]}')
                response = connection.getresponse()
                yield response.status, response.read()


def test_sigterm_under_load_answers_what_it_took_and_exits_0(half_plus):
    with server_process(f"--model_base_path={half_plus}", "--model_name=half") as (process, server):
        wait_for_port(process, server.rest_port)
        load = Load(server)
        assert wait_until(lambda: len(load.answered) > 400)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        for client in load.clients:
            client.join(30)
    assert len(load.refused) == len(load.clients)
    # Those that came after the end are turned away; none loses the rest of an answer.
    codes = {error.code() for error in load.refused if isinstance(error, grpc.RpcError)}
    assert codes <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    assert not any(isinstance(error, http.client.IncompleteRead) for error in load.refused)
    assert set(load.answered) == {("grpc", 3.0), (200, b'{"predictions": [3.0]}')}
