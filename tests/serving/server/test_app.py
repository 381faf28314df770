"""The whole server: how it starts and stops, swaps versions, and is reconfigured."""

import shutil
import socket
import threading
import time

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    prediction_log_pb2,
)

from schemas.errors import UserError
from serving.server.app import Server, ServerError
from serving.server.flags import parse_flags
from tests.serving.server.models import save_half_plus
from tests.serving.server.running import (
    free_port,
    predict_request,
    serving,
    wait_until,
)
from tests.serving.server.test_grpc_api import refused

FAST = ("--file_system_poll_wait_seconds=1", "--max_num_load_retries=0")


def flags_for(base, *more):
    return parse_flags([f"--model_base_path={base}", f"--port={free_port()}", *more])


def answer(server, **options):
    return server.prediction.Predict(predict_request([2.0], **options)).outputs["y"].float_val[0]


def publish(half_plus, base, version):
    """Copies a version to the side and renames it, as a publisher must."""
    staged = base / "staged"
    shutil.copytree(half_plus / "1", staged)
    staged.rename(base / str(version))


@pytest.mark.parametrize("flag", ["--port", "--rest_api_port"])
def test_a_port_in_use_is_told_before_anything_is_loaded(half_plus, flag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"{flag}: cannot listen on 127.0.0.1:{port}; it is in"):
            Server(flags_for(half_plus, f"{flag}={port}"))


def test_a_model_that_cannot_be_loaded_ends_the_start(half_plus, tmp_path):
    shutil.copytree(half_plus / "1", tmp_path / "m" / "1")
    shutil.rmtree(tmp_path / "m" / "1" / "variables")
    with pytest.raises(ServerError, match=r"Failed to start server. Error: Some models did not be"):
        Server(flags_for(tmp_path / "m", "--max_num_load_retries=0")).start()


def test_swaps_under_load_fail_no_request_and_half_a_version_changes_nothing(half_plus, tmp_path):
    base = tmp_path / "m"
    base.mkdir()
    publish(half_plus, base, 1)
    failures, answered, stop = [], set(), threading.Event()

    def ask(server):
        try:
            while not stop.is_set():
                response = server.prediction.Predict(predict_request([2.0]), timeout=30)
                answered.add(response.model_spec.version.value)
                time.sleep(0.005)  # the loader shares the interpreter with these clients
        except grpc.RpcError as error:
            failures.append(error)

    with serving(f"--model_base_path={base}", "--model_name=half", *FAST) as server:
        clients = [threading.Thread(target=ask, args=(server,), daemon=True) for _ in range(4)]
        for client in clients:
            client.start()
        for version in (2, 3):
            publish(half_plus, base, version)
            assert wait_until(lambda: version in answered)  # noqa: B023
        (base / "4").mkdir()
        shutil.copy(half_plus / "1" / "saved_model.pb", base / "4")
        states = get_model_status_pb2.ModelVersionStatus
        request = get_model_status_pb2.GetModelStatusRequest(model_spec={"name": "half"})

        def state(version):
            statuses = server.model.GetModelStatus(request).model_version_status
            return next((each.state for each in statuses if each.version == version), None)

        assert wait_until(lambda: state(4) == states.END)
        assert state(3) == states.AVAILABLE
        shutil.rmtree(base)
        time.sleep(1.2)  # one look at a base path that is not there
        stop.set()
        for client in clients:
            client.join()
        assert answer(server) == 3.0
        assert server.rest("POST", "/v1/models/half:predict", {"instances": [2]})[0] == 200
    assert failures == []
    assert answered == {1, 2, 3}


def config(base, *, name="half", versions=(), labels=(), policy="latest"):
    request = model_management_pb2.ReloadConfigRequest()
    added = request.config.model_config_list.config.add(
        name=name, base_path=str(base), model_platform="tensorflow"
    )
    if policy == "specific":
        added.model_version_policy.specific.versions.extend(versions)
    added.version_labels.update(dict(labels))
    return request


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory):
    base = tmp_path_factory.mktemp("two") / "m"
    save_half_plus(base, 1, 1.0)
    save_half_plus(base, 2, 2.0)
    return base


def test_labels_and_versions_are_moved_by_a_reload(two_versions):
    both = {"policy": "specific", "versions": (1, 2)}
    with serving(f"--model_base_path={two_versions}", "--model_name=half") as server:
        reload = server.model.HandleReloadConfigRequest
        assert (
            refused(reload, config(two_versions, labels={"stable": 1}))[0]
            is grpc.StatusCode.FAILED_PRECONDITION
        )
        assert reload(config(two_versions, **both)).status.error_code == 0
        assert wait_until(
            lambda: server.rest("GET", "/v1/models/half/versions/1/metadata")[0] == 200
        )
        reload(config(two_versions, **both, labels={"stable": 1, "canary": 2}))
        assert answer(server, version_label="stable") == 2.0
        assert answer(server, version_label="canary") == 3.0
        assert answer(server) == 3.0
        assert server.ask("/v1/models/half/labels/stable:predict", {"instances": [2]}) == (
            200,
            {"predictions": [2.0]},
        )
        reload(config(two_versions, **both, labels={"stable": 2}))
        assert answer(server, version_label="stable") == 3.0
        code, words = refused(
            server.prediction.Predict, predict_request([2.0], version_label="canary")
        )
        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert words == "Unrecognized servable version label: canary"
        reload(config(two_versions, name="other"))
        assert wait_until(
            lambda: server.ask("/v1/models/half:predict", {"instances": [2]})[0] == 404
        )
        assert answer(server, name="other") == 3.0


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (model_management_pb2.ReloadConfigRequest(), "Only ModelConfigList is currently supported"),
        (config("relative"), "absolute path or URI; got base_path()=relative"),
    ],
)
def test_a_reload_that_is_refused_changes_nothing(server, request_, words):
    code, details = refused(server.model.HandleReloadConfigRequest, request_)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert words in details
    assert answer(server) == 3.0


def test_files_configure_models_batching_and_metrics(two_versions, tmp_path):
    models, batching, monitoring = (
        tmp_path / name for name in ("models", "batching", "monitoring")
    )
    one = 'name: "{}" base_path: "{}" model_platform: "tensorflow"'
    listed = f"model_config_list {{{{ config {{{{ {one} }}}} }}}}"
    models.write_text(listed.format("half", two_versions))
    batching.write_text("max_batch_size { value: 4 } batch_timeout_micros { value: 1000 }")
    monitoring.write_text("prometheus_config { enable: true }")
    with serving(
        f"--model_config_file={models}", "--model_config_file_poll_wait_seconds=1",
        "--enable_batching", f"--batching_parameters_file={batching}",
        f"--monitoring_config_file={monitoring}",
    ) as server:  # fmt: skip
        assert answer(server) == 3.0
        code, words = refused(server.prediction.Predict, predict_request([1.0] * 5))
        assert (code, words) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "Task size 5 is larger than maximum input batch size 4",
        )
        assert server.ask("/v1/models/half:predict", {"instances": [2]})[0] == 200
        status, text = server.rest("GET", "/monitoring/prometheus/metrics")
        assert status == 200
        lines = text.decode().splitlines()
        counted = ':tensorflow:serving:request_count{model_name="half",status="OK"} 2'
        assert "# TYPE :tensorflow:serving:request_count counter" in lines
        assert counted in lines
        assert any(
            line.startswith(":tensorflow:serving:request_latency_count{")
            and 'API="Predict",entrypoint="GRPC"' in line
            for line in lines
        )
        assert any(":batching_session:queuing_latency_bucket" in line for line in lines)
        models.write_text(listed.format("renamed", two_versions))
        assert wait_until(
            lambda: server.ask("/v1/models/renamed:predict", {"instances": [2]})[0] == 200
        )


METRIC_NAMES = {  # tensorflow_serving/util and batching, TensorFlow's saved_model loader, 2.16.1
    ":tensorflow:serving:request_count": "counter",
    ":tensorflow:serving:request_latency": "histogram",
    ":tensorflow:serving:runtime_latency": "histogram",
    ":tensorflow:serving:request_example_counts": "histogram",
    ":tensorflow:serving:request_example_count_total": "counter",
    ":tensorflow:serving:model_warmup_latency": "histogram",
    ":tensorflow:serving:batching_session:queuing_latency": "histogram",
    ":tensorflow:cc:saved_model:load_attempt_count": "counter",
    ":tensorflow:cc:saved_model:load_latency": "counter",
}


def test_metrics_have_the_real_names_and_count(half_plus, tmp_path):
    monitoring = tmp_path / "monitoring"
    monitoring.write_text('prometheus_config { enable: true path: "/m" }')
    flags = (f"--monitoring_config_file={monitoring}", "--enable_batching")
    with serving(f"--model_base_path={half_plus}", "--model_name=half", *flags) as server:
        body = {"signature_name": "regress", "examples": [{"x": 1.0}, {"x": 4.0}]}
        assert server.ask("/v1/models/half:regress", body)[0] == 200
        assert server.ask("/v1/models/no:predict", {"instances": [2]})[0] == 404
        status, text = server.rest("GET", "/m")
        assert server.rest("GET", "/monitoring/prometheus/metrics")[0] == 404
    lines = text.decode().splitlines()
    types = dict(line.split()[2:] for line in lines if line.startswith("# TYPE"))
    assert (status, types) == (200, METRIC_NAMES)
    for line in (
        ':tensorflow:serving:request_count{model_name="no",status="NOT_FOUND"} 1',
        ':tensorflow:serving:request_example_count_total{model="half"} 2',
        ":tensorflow:serving:request_latency_count"
        '{model_name="half",API="regress",entrypoint="REST"} 1',
        ":tensorflow:serving:runtime_latency_count"
        '{model_name="half",API="Regress",runtime="TF1"} 1',
    ):
        assert line in lines
    loaded = f':tensorflow:cc:saved_model:load_attempt_count{{model_path="{half_plus / "1"}"'
    assert f'{loaded},status="success"}} 1' in lines


def test_a_rest_request_ends_at_its_time(half_plus, tmp_path):
    batching = tmp_path / "batching"
    batching.write_text("batch_timeout_micros { value: 20000000 }")
    flags = ("--enable_batching", f"--batching_parameters_file={batching}")
    base = (f"--model_base_path={half_plus}", "--model_name=half")
    with serving(*base, *flags, "--rest_api_timeout_in_ms=200") as server:
        begun = time.monotonic()
        status, answer = server.ask("/v1/models/half:predict", {"instances": [2]})
        assert time.monotonic() - begun < 15
        code, _ = refused(server.prediction.Predict, predict_request([2.0]), timeout=0.2)
    assert (status, list(answer)) == (504, ["error"])
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED


def write_warmup(folder, request):
    log = prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request)
    )
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(log.SerializeToString())


def test_a_version_whose_warm_up_fails_is_not_served(half_plus, tmp_path):
    base = tmp_path / "m"
    for version, values in ((1, [1.0]), (2, ["no float"])):
        folder = base / str(version)
        shutil.copytree(half_plus / "1", folder)
        dtype = tf.float32 if version == 1 else tf.string
        write_warmup(folder, predict_request(values, dtype=dtype))
    with pytest.raises(ServerError, match="did not become available"):
        Server(flags_for(base, *FAST)).start()
    with serving(f"--model_base_path={base}", *FAST, "--enable_model_warmup=false") as server:
        assert answer(server, name="default") == 3.0
    shutil.rmtree(base / "2")
    with serving(f"--model_base_path={base}", *FAST) as server:
        assert answer(server, name="default", version=1) == 3.0
