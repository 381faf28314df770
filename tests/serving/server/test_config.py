"""The configuration files are the real server's, and so is what they are refused for."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from schemas.errors import UserError
from serving.server.batch_options import BatchOptions, read_batch_options
from serving.server.config import ModelTarget, VersionPolicy, targets_from_proto
from serving.server.errors import Code, StatusError
from serving.server.metrics import metrics_path
from serving.server.text_protos import read_model_server_config


def targets(text):
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    return targets_from_proto(config)


def model(fields):
    return f"model_config_list {{ config {{ {fields} }} }}"


WHOLE = 'name: "m" base_path: "/m" model_platform: "tensorflow" '


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", VersionPolicy()),
        ("model_version_policy { latest { num_versions: 3 } }", VersionPolicy("latest", 3)),
        ("model_version_policy { all {} }", VersionPolicy("all")),
        (
            "model_version_policy { specific { versions: 1 versions: 4 } }",
            VersionPolicy("specific", versions=frozenset({1, 4})),
        ),
    ],
)
def test_a_model_and_its_policy(policy, expected):
    labels = 'version_labels { key: "stable" value: 4 }'
    assert targets(model(WHOLE + policy + labels)) == {
        "m": ModelTarget("m", Path("/m"), expected, {"stable": 4})
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (model('name: "m" base_path: "m" model_platform: "tensorflow"'), "absolute path or URI; g"),
        (model('name: "m" base_path: "/m"'), "setting neither model_type"),
        (model(WHOLE + "model_type: TENSORFLOW"), "setting both model_type"),
        (model('name: "m" base_path: "/m" model_platform: "torch"'), "has the platform torch"),
        (f"model_config_list {{ config {{ {WHOLE} }} config {{ {WHOLE} }} }}", "multiple times"),
        ("custom_model_config {}", "custom model config"),
    ],
)
def test_a_configuration_that_the_real_server_refuses(text, problem):
    with pytest.raises(StatusError, match=problem) as caught:
        targets(text)
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_batching_parameters(tmp_path):
    file = tmp_path / "batching"
    file.write_text(
        "max_batch_size { value: 8 } batch_timeout_micros { value: 500 } "
        "max_enqueued_batches { value: 3 } num_batch_threads { value: 2 } "
        'thread_pool_name { value: "p" } allowed_batch_sizes: 4 allowed_batch_sizes: 8 '
        "pad_variable_length_inputs: true"
    )
    assert read_batch_options(file) == BatchOptions(8, 500, 3, 2, "p", (4, 8), True)


def test_batching_parameters_left_out_have_the_real_defaults(tmp_path):
    file = tmp_path / "batching"
    file.write_text("num_batch_threads { value: 2 }")
    assert read_batch_options(file) == BatchOptions(1000, 0, 10, 2)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("max_batch_size { value: 8 } allowed_batch_sizes: 4", "must match max_batch_size; last "),
        ("max_batch_size { value: 2 } allowed_batch_sizes: [4, 2]", "must be positive and incr"),
        ("num_batch_threads { value: 0 }", "num_batch_threads must be at least 1, received 0"),
        ("max_size: 3", "must be a text proto BatchingParameters; .*max_size"),
        ("max_batch_size: 3", "must be a text proto BatchingParameters"),
    ],
)
def test_bad_batching_parameters(tmp_path, text, problem):
    file = tmp_path / "batching"
    file.write_text(text)
    with pytest.raises(UserError, match=problem):
        read_batch_options(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match=r"--model_config_file .*none cannot be read; No such file"):
        read_model_server_config(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config { enable: true path: "/m" }', "/m"),
        ("prometheus_config { enable: false }", None),
        ("", None),
    ],
)
def test_metrics_are_where_the_monitoring_config_says(tmp_path, text, path):
    file = tmp_path / "monitoring"
    file.write_text(text)
    assert metrics_path(file) == path
