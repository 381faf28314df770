"""The flags are those of tensorflow_model_server."""

import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from schemas.errors import UserError
from serving.server.flags import default_num_threads, parse_flags

REAL_DEFAULTS = {  # tensorflow_serving/model_servers/server.h and main.cc, 2.16.1
    "port": 8500,
    "rest_api_port": 0,
    "rest_api_timeout_in_ms": 30000,
    "model_name": "default",
    "model_config_file": "",
    "model_config_file_poll_wait_seconds": 0,
    "monitoring_config_file": "",
    "file_system_poll_wait_seconds": 1,
    "max_num_load_retries": 5,
    "load_retry_interval_micros": 60_000_000,
    "enable_batching": False,
    "batching_parameters_file": "",
    "allow_version_labels_for_unavailable_models": False,
    "enable_model_warmup": True,
    "enable_signature_method_name_check": False,
    "tensorflow_intra_op_parallelism": 0,
    "tensorflow_inter_op_parallelism": 0,
}
OWN_DEFAULTS = {
    "host": "127.0.0.1",  # the real server listens on every interface
    "model_base_path": "/m",
    "grpc_max_threads": 0,  # stands for four a core, as the real server counts them
    "rest_api_num_threads": 0,
}


def test_the_defaults_are_those_of_the_real_server():
    assert asdict(parse_flags(["--model_base_path=/m"])) == REAL_DEFAULTS | OWN_DEFAULTS


def test_threads_are_four_for_each_core_that_may_be_used(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert default_num_threads() == 12


@pytest.mark.parametrize(
    ("written", "value"),
    [(["--enable_batching"], True), (["--enable_batching=true"], True),
     (["--enable_batching=false"], False), ([], False)],
)  # fmt: skip
def test_a_switch_may_stand_alone(written, value):
    assert parse_flags(["--model_base_path=/m", *written]).enable_batching is value


def test_a_relative_base_path_is_that_of_the_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parse_flags(["--model_base_path", "m"]).model_base_path == str(tmp_path / "m")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "give one of --model_base_path and --model_config_file"),
        (["--model_base_path=/m", "--model_config_file=/c"], "give one of --model_base_path"),
        (["--model_base_path=/m", "--port=70000"], "--port must be between 0 and 65535, rec"),
        (["--model_base_path=/m", "--port=0"], "both are 0, so nothing would be served"),
        (["--model_base_path=/m", "--rest_api_port=8500"], "must differ from --port; both are 85"),
        (["--model_base_path=/m", "--batching_parameters_file=/b"], "needs --enable_batching"),
        (["--model_base_path=/m", "--rest_api_timeout_in_ms=0"], "must be above 0, received 0"),
        (["--model_base_path=/m", "--max_num_load_retries=-1"], "must not be negative, received"),
    ],
)
def test_flags_that_cannot_be_served_are_refused(arguments, problem):
    with pytest.raises(UserError, match=problem):
        parse_flags(arguments)


@pytest.mark.parametrize("command", ["serving.server", "pipeline.cli serve"])
def test_help_is_quick_and_names_the_flags(command):
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "--help"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--file_system_poll_wait_seconds" in done.stdout
    assert time.monotonic() - begun < 5  # TensorFlow alone takes longer
