"""Our server, the gateway and changes of what is live, without a failed request."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from serving.client import Client
from serving.control import changes
from serving.control.history import read_history
from tests.serving.tiny_models import save_model

ROOT = Path(__file__).parents[3]


@contextmanager
def process(*arguments, ready, log):
    """Runs a program of ours; yields it and what `ready` finds in its log."""
    with log.open("wb") as stream:
        started = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *map(str, arguments)],
            cwd=ROOT,
            stdout=stream,
            stderr=stream,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    try:
        end = time.monotonic() + 60
        while not (found := re.findall(ready, log.read_text())):
            assert started.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield started, found
        started.send_signal(signal.SIGTERM)
        assert started.wait(30) == 0, log.read_text()
    finally:
        started.kill()
        started.wait()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def model_base(tmp_path, model_dir):
    folder = tmp_path / "reviews" / "serving"
    shutil.copytree(model_dir, folder / "1")
    shutil.copytree(model_dir, folder / "2")
    save_model(folder / "3", labels=("no", "yes"))
    changes.promote(folder, 1)
    return folder


class Load(threading.Thread):
    """Asks again and again, and keeps the labels and the errors."""

    def __init__(self, url):
        super().__init__()
        self.url, self.labels, self.errors = url, [], []
        self.stopped = threading.Event()

    def run(self):
        with Client(self.url, "reviews", timeout=20) as client:
            number = 0
            while not self.stopped.is_set():
                number += 1
                try:
                    self.labels.append(client.predict_one(f"good {number}").label)
                except Exception as error:  # noqa: BLE001 - none may happen
                    self.errors.append(error)
                time.sleep(0.005)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def canary_and_wait(model_base, version, rest_port):
    """Runs the command as a user does; returns its exit code and what it said."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pipeline.cli", "canary", str(version), "--percent", "50"),
            *("--model-base", str(model_base), "--watch", "--interval", "0.2"),
            *("--gateway", f"http://localhost:{rest_port}", "--min-requests", "20"),
            *("--min-compared", "5", "--max-latency-ratio", "100", "--max-error-rate", "0"),
            *("--max-seconds", "60"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_canary_is_judged_and_no_request_fails(model_base, tmp_path):
    port, rest_port = free_port(), free_port()
    server = process(
        *("serving.server", "--port", port, "--rest_api_port", rest_port),
        *("--model_config_file", model_base / "models.config"),
        *("--model_config_file_poll_wait_seconds", 1, "--file_system_poll_wait_seconds", 1),
        ready="Exporting HTTP/REST",
        log=tmp_path / "server.log",
    )
    gateway = process(
        *("pipeline.cli", "gateway", "--model-base", model_base, "--port", 0, "--rest-port", 0),
        *("--upstream", f"grpc://localhost:{port}", "--compare-percent", 100),
        *("--rest-upstream", f"http://localhost:{rest_port}", "--log-dir", tmp_path / "log"),
        ready=r"on 127\.0\.0\.1:(\d+)\n(?s:.)*on 127\.0\.0\.1:(\d+)",
        log=tmp_path / "gateway.log",
    )
    with server, gateway as (_, [(grpc_port, http_port)]):
        loads = [
            Load(f"grpc://localhost:{grpc_port}"),
            Load(f"http://localhost:{http_port}"),
        ]
        for load in loads:
            load.start()
        code, said = canary_and_wait(model_base, 2, http_port)
        assert (code, "promote: error rate" in said) == (0, True), said
        code, said = canary_and_wait(model_base, 3, http_port)
        assert (code, "rollback: agreement" in said) == (3, True), said
        with Client(f"grpc://localhost:{grpc_port}", "reviews") as client:
            wait_for(
                lambda: next(v.version for v in client.versions() if v.state == "AVAILABLE") == 2
            )
        for load in loads:
            load.stopped.set()
            load.join()
    for load in loads:
        assert load.errors == []
        assert {"positive", "yes"} >= set(load.labels)
        assert load.labels[-1] == "positive"
    assert list((tmp_path / "log").glob("*.tfrecord"))
    history = read_history(model_base)
    assert [change.action for change in history] == [
        *("promote", "canary", "promote", "canary", "rollback")
    ]
