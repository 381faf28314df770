"""The clients: a process of their own, which prints what it measured as JSON."""

import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from serving.client import Client, RetryPolicy, ServingError

_STRIDE = 17
"""Apart the texts of one client: each comes to every length, and no two go in step."""


def main() -> None:
    """Runs the part named on the command line, and prints its figures."""
    part, *arguments = sys.argv[1:]
    print(json.dumps(PARTS[part](*arguments)))  # noqa: T201 - read by the parent


def load(port: str, num_clients: str, seconds: str, texts_file: str) -> dict[str, Any]:
    """Asks with many clients at the same time, each as soon as it has its answer.

    Args:
      port: Of gRPC.
      num_clients: Threads, each with a connection of its own.
      seconds: How long new requests are sent.
      texts_file: A text a line; each request carries one.

    Returns:
      Seconds until the last answer, the milliseconds of each request, and the failures in words.
    """
    texts = Path(texts_file).read_text("utf-8").splitlines()
    times: list[float] = []
    errors: list[str] = []
    begun = time.monotonic()
    end = begun + float(seconds)

    def ask(number: int) -> None:
        retry = RetryPolicy(attempts=1)
        with Client(f"grpc://127.0.0.1:{port}", "default", retry=retry, timeout=60) as client:
            while time.monotonic() < end:
                sent = time.perf_counter()
                try:
                    client.predict_one(texts[number % len(texts)])
                except ServingError as error:
                    errors.append(str(error))
                else:
                    times.append(1000 * (time.perf_counter() - sent))
                number += _STRIDE

    threads = [threading.Thread(target=ask, args=(31 * n,)) for n in range(int(num_clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"seconds": time.monotonic() - begun, "times": times, "errors": errors}


def overhead(port: str, rest_port: str, model_dir: str) -> dict[str, float]:
    """Returns the median time of a request in milliseconds: in process, on gRPC and on REST."""
    import numpy as np

    from serving.saved_model import LoadedModel

    value = np.array([1.0, 2.0], np.float32)
    with LoadedModel.load(Path(model_dir)) as model:
        in_process = _median_ms(lambda: model.run({"x": value}))
    predict, request = _predict(port, value)
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


def _predict(port: str, value: Any) -> tuple[Callable[[Any], Any], Any]:
    """Returns the gRPC method and a request, as any client of TensorFlow Serving makes them."""
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "default"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(value))
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    return prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict, request


def _median_ms(call: Callable[[], Any], count: int = 2000) -> float:
    for _ in range(200):
        call()
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


PARTS: dict[str, Callable[..., dict[str, Any]]] = {"overhead": overhead, "load": load}

if __name__ == "__main__":
    main()
