"""What `python -m serving.server` says: where, what, how to ask, and no log of its libraries."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.serving.server.running import free_port, wait_for_port


def test_the_start_says_where_and_how_to_ask_and_nothing_else(half_plus):
    port = free_port()
    command = [sys.executable, "-m", "serving.server", f"--port={port}", "--model_name=half"]
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    process = subprocess.Popen(
        [*command, f"--model_base_path={half_plus}"],
        cwd=Path(__file__).parents[3],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_port(process, port)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    # The C++ side of TensorFlow 2.21 writes lines of another form, whatever the level is.
    said = re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ (.*)", log, re.MULTILINE)
    served = "servable {name: half version: 1}"
    assert said == [
        f"INFO {served}: START",
        f"INFO {served}: LOADING",
        f"INFO {served}: AVAILABLE",
        f"INFO Running gRPC ModelServer at 127.0.0.1:{port} ...",
        f'INFO Ask: albert-tfx predict --server grpc://127.0.0.1:{port} --model half "A text."',
        "INFO Stopping: requests in progress are answered",
    ]
