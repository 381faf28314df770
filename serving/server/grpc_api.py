"""The gRPC face: PredictionService and ModelService in front of the manager."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from serving.server.backend import Backend
from serving.server.errors import Code, StatusError, grpc_message
from serving.server.metrics import Metrics
from serving.server.ports import taken

_UNLIMITED = -1
_LONGEST_SECONDS = 1e6
"""RunOptions hold milliseconds in an int32; a deadline beyond this is none."""

_OPTIONS = (
    ("grpc.max_receive_message_length", _UNLIMITED),
    ("grpc.max_send_message_length", _UNLIMITED),
    # Two servers on one port would share its connections by chance, and neither would say so.
    ("grpc.so_reuseport", 0),
)
_GRPC_CODES = {code.value[0]: code for code in grpc.StatusCode}


class GrpcServer:
    """A gRPC server on one port."""

    def __init__(
        self, backend: Backend, metrics: Metrics, *, host: str, port: int, num_threads: int
    ) -> None:
        """Takes the port; nothing is answered before `start`.

        Raises:
          UserError: If the port is taken.
        """
        self._backend = backend
        self._metrics = metrics
        self._server = grpc.server(
            ThreadPoolExecutor(num_threads, thread_name_prefix="grpc"), options=_OPTIONS
        )
        self._register()
        address = f"{host}:{port}"
        try:
            bound = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise taken(address, "--port") from error
        if bound == 0:
            raise taken(address, "--port")

    def start(self) -> None:
        """Starts to answer."""
        self._server.start()

    def stop(self, grace_seconds: float) -> None:
        """Takes no more requests, and waits for those in progress."""
        self._server.stop(grace_seconds).wait()

    def _register(self) -> None:
        from tensorflow_serving.apis import (
            model_service_pb2_grpc,
            prediction_service_pb2_grpc,
        )

        answer = self._answer
        backend = self._backend
        prediction = prediction_service_pb2_grpc.PredictionServiceServicer()
        prediction.Predict = answer(backend.predict, "Predict")
        prediction.Classify = answer(backend.classify, "Classify")
        prediction.Regress = answer(backend.regress, "Regress")
        prediction.MultiInference = answer(backend.multi_inference)
        prediction.GetModelMetadata = answer(backend.get_model_metadata)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            prediction, self._server
        )
        model = model_service_pb2_grpc.ModelServiceServicer()
        model.GetModelStatus = answer(backend.get_model_status)
        model.HandleReloadConfigRequest = answer(backend.reload_config)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(model, self._server)

    def _answer(
        self, method: Callable[[Any, float | None], Any], counted_as: str = ""
    ) -> Callable[[Any, Any], Any]:
        """Returns the handler of a method; the three that the real server counts are counted."""

        def handle(request: Any, context: grpc.ServicerContext) -> Any:
            begun = time.monotonic()
            status = Code.OK
            try:
                return method(request, _deadline(context))
            except StatusError as error:
                status = error.code
                context.abort(_GRPC_CODES[error.code], grpc_message(error.message))
            finally:
                if counted_as:
                    self._metrics.answered(
                        request.model_spec.name,
                        counted_as,
                        "GRPC",
                        status.name,
                        time.monotonic() - begun,
                    )

        return handle


def _deadline(context: grpc.ServicerContext) -> float | None:
    """Returns when the client gives up, on the clock of `time.monotonic()`; None: never."""
    left = context.time_remaining()
    return None if left is None or left > _LONGEST_SECONDS else time.monotonic() + left
