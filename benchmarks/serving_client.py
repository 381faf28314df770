"""The clients of benchmarks/serving.py: a process of their own, that prints what it measured."""

import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc

from benchmarks.serving_models import sentences


def main() -> None:
    """Runs the part named on the command line, and prints its figures as JSON."""
    part, *arguments = sys.argv[1:]
    print(json.dumps(PARTS[part](*arguments)))  # noqa: T201 - read by the parent


def overhead(port: str, rest_port: str, model_dir: str) -> dict[str, float]:
    """Returns the median time of a request in milliseconds: in process, on gRPC and on REST."""
    import numpy as np
    import tensorflow as tf

    from serving.saved_model import LoadedModel

    value = np.float32([1.0, 2.0])
    with LoadedModel.load(Path(model_dir)) as model:
        in_process = _median_ms(lambda: model.run({"x": value}))
    request = _request("x", tf.make_tensor_proto(value))
    predict = _stub(port).Predict
    connection = http.client.HTTPConnection("127.0.0.1", int(rest_port))
    body = b'{"instances": [1.0, 2.0]}'

    def ask_rest() -> None:
        connection.request("POST", "/v1/models/default:predict", body)
        connection.getresponse().read()

    return {
        "in_process": in_process,
        "grpc": _median_ms(lambda: predict(request)),
        "rest": _median_ms(ask_rest),
    }


def load(port: str, num_clients: str, seconds: str, key: str) -> dict[str, float]:
    """Asks with many clients at the same time, each as soon as it has its answer.

    Returns:
      Requests a second, their median and 99th percentile in milliseconds, and how many failed.
    """
    import tensorflow as tf

    if key == "text":
        protos = [tf.make_tensor_proto([text], tf.string) for text in sentences(512)]
    else:
        protos = [tf.make_tensor_proto([float(number)], tf.float32) for number in range(512)]
    requests = [_request(key, proto) for proto in protos]
    times: list[float] = []
    errors: list[str] = []
    end = time.monotonic() + float(seconds)

    def ask(offset: int) -> None:
        predict = _stub(port).Predict
        number = offset
        while time.monotonic() < end:
            begun = time.perf_counter()
            try:
                predict(requests[number % len(requests)], timeout=60)
            except grpc.RpcError as error:
                errors.append(str(error))
            else:
                times.append(time.perf_counter() - begun)
            number += 17

    threads = [threading.Thread(target=ask, args=(31 * n,)) for n in range(int(num_clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ordered = sorted(times)
    return {
        "rate": len(ordered) / float(seconds),
        "p50": 1000 * statistics.median(ordered),
        "p99": 1000 * ordered[int(len(ordered) * 0.99)],
        "failed": len(errors),
    }


def _median_ms(call: Callable[[], Any], count: int = 2000) -> float:
    for _ in range(200):
        call()
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def _request(key: str, proto: Any) -> Any:
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "default"
    request.inputs[key].CopyFrom(proto)
    return request


def _stub(port: str) -> Any:
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    # A connection each: channels with the same options share one.
    options = [("grpc.use_local_subchannel_pool", 1)]
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


PARTS: dict[str, Callable[..., dict[str, float]]] = {"overhead": overhead, "load": load}

if __name__ == "__main__":
    main()
