"""Servers behind real sockets, and small clients for them."""

import http.client
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.server.app import Server
from serving.server.flags import parse_flags

START_SECONDS = 90


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Running:
    """A server that answers."""

    port: int
    rest_port: int

    def __post_init__(self):
        limit = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}", limit)
        self.prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.model = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def rest(self, method, path, body=None, headers=None):
        """Returns status and body; bytes go out as they are, anything else as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.rest_port, timeout=60)
        try:
            sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(method, path, sent, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ask(self, path, body):
        status, answer = self.rest("POST", path, body)
        return status, json.loads(answer)


def predict_request(values, *, name="half", dtype=tf.float32, key="x", **model_spec):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    if version := model_spec.pop("version", None):
        request.model_spec.version.value = version
    for field, value in model_spec.items():
        setattr(request.model_spec, field, value)
    request.inputs[key].CopyFrom(tf.make_tensor_proto(values, dtype))
    return request


@contextmanager
def serving(*flags):
    """Yields a server in this process, behind real sockets, and stops it."""
    port, rest_port = free_port(), free_port()
    server = Server(
        parse_flags([f"--port={port}", f"--rest_api_port={rest_port}", *map(str, flags)])
    )
    server.start()
    running = Running(port, rest_port)
    try:
        yield running
    finally:
        running.channel.close()
        server.stop()


@contextmanager
def server_process(*flags):
    """Yields the process of a server that may still be starting, and what asks it."""
    port, rest_port = free_port(), free_port()
    command = [sys.executable, "-W", "ignore", "-m", "serving.server", f"--port={port}"]
    command += [f"--rest_api_port={rest_port}", *map(str, flags)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[3], stderr=subprocess.PIPE)
    running = Running(port, rest_port)
    try:
        yield process, running
    finally:
        running.channel.close()
        process.kill()
        process.communicate()


def wait_for_port(process, port):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


def wait_until(condition, seconds=30):
    """Waits until a condition holds; returns whether it came to hold."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False
