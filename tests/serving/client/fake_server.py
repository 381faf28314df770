"""A server of the published protos and of REST, whose answers and failures a test decides.

It is told apart from the client: it reads and writes the messages of `tensorflow-serving-api`.
"""

import json
import threading
import time
from concurrent import futures
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

LABELS = ["negative", "positive"]
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


def answer(texts):
    """The outputs for texts; a text with "good" in it is positive."""
    scores = [[0.1, 0.9] if "good" in text else [0.7, 0.3] for text in texts]
    return {
        "label": [LABELS[row.index(max(row))] for row in scores],
        "probability": [max(row) for row in scores],
        "probabilities": scores,
        "labels": [LABELS for _ in scores],
    }


@dataclass
class Script:
    """What the server does, and what it was asked.

    Attributes:
      failures: Code and message of the next predict calls, which are used up.
      token: The bearer token that is asked for.
      failing_version: The version that always fails, with `failing_code` and `failing_message`.
      delay_seconds: How long each predict call takes.
      answer: Outputs by name for texts.
      requests: Texts of each predict call.
      specs: Version and label of each predict call.
    """

    failures: list[tuple[str, str]] = field(default_factory=list)
    token: str | None = None
    failing_version: int | None = None
    failing_code: str = "INTERNAL"
    failing_message: str = "the canary fails"
    delay_seconds: float = 0.0
    answer: object = answer
    requests: list[list[str]] = field(default_factory=list)
    specs: list[tuple[int | None, str | None]] = field(default_factory=list)

    def run(self, texts, version, label):
        """Returns the outputs, or the failure that is due."""
        self.requests.append(texts)
        self.specs.append((version, label))
        time.sleep(self.delay_seconds)
        if self.failures:
            return None, self.failures.pop(0)
        if version is not None and version == self.failing_version:
            return None, (self.failing_code, self.failing_message)
        return self.answer(texts), None


class GrpcFace(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    def __init__(self, script):
        self.script = script

    def Predict(self, request, context):  # noqa: N802 - the name of the method
        sent = dict(context.invocation_metadata()).get("authorization")
        if self.script.token and sent != f"Bearer {self.script.token}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no valid token")
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        texts = [value.decode() for value in tf.make_ndarray(request.inputs["text"]).tolist()]
        outputs, failure = self.script.run(texts, version, spec.version_label or None)
        if failure:
            context.abort(grpc.StatusCode[failure[0]], failure[1])
        response = predict_pb2.PredictResponse()
        for name, value in outputs.items():
            dtype = tf.float32 if name.startswith("prob") else None
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value, dtype))
        return response

    def GetModelMetadata(self, request, context):  # noqa: N802
        assert list(request.metadata_field) == ["signature_def"]
        signatures = get_model_metadata_pb2.SignatureDefMap()
        signature = signatures.signature_def["serving_default"]
        signature.inputs["text"].dtype = tf.string.as_datatype_enum
        for name in answer([]):
            signature.outputs[name].dtype = tf.float32.as_datatype_enum
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.metadata["signature_def"].Pack(signatures)
        return response

    def GetModelStatus(self, request, context):  # noqa: N802
        if request.model_spec.name != "reviews":
            context.abort(grpc.StatusCode.NOT_FOUND, "Could not find any versions of model")
        states = get_model_status_pb2.ModelVersionStatus
        status = get_model_status_pb2.GetModelStatusResponse()
        status.model_version_status.add(version=2, state=states.AVAILABLE)
        failed = status.model_version_status.add(version=1, state=states.END)
        failed.status.error_message = "no saved_model.pb"
        return status


class RestFace(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: 40 ms otherwise
    script: Script

    def log_message(self, *_):
        """Says nothing."""

    def do_GET(self):
        if self.path.endswith("/metadata"):
            signature = {"inputs": {"text": {}}, "outputs": {name: {} for name in answer([])}}
            signatures = {"signature_def": {"serving_default": signature}}
            self._reply(200, {"metadata": {"signature_def": signatures}})
        elif self.path == "/v1/models/reviews":
            ok = {"error_code": "OK", "error_message": ""}
            failed = {"error_code": "NOT_FOUND", "error_message": "no saved_model.pb"}
            versions = [
                {"version": "2", "state": "AVAILABLE", "status": ok},
                {"version": "1", "state": "END", "status": failed},
            ]
            self._reply(200, {"model_version_status": versions})
        else:
            self._reply(404, {"error": "Could not find any versions of model"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        sent = self.headers.get("authorization")
        if self.script.token and sent != f"Bearer {self.script.token}":
            return self._reply(401, {"error": "no valid token"})
        parts = self.path.partition(":")[0].split("/")
        version = int(parts[5]) if "versions" in parts else None
        label = parts[5] if "labels" in parts else None
        outputs, failure = self.script.run(body["inputs"]["text"], version, label)
        if failure:
            return self._reply(HTTP_STATUS[failure[0]], {"error": failure[1]})
        return self._reply(200, {"outputs": outputs})

    def _reply(self, status, value):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def start_grpc(script, credentials=None):
    """Starts the gRPC face; returns its port and what stops it."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(GrpcFace(script), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(GrpcFace(script), server)
    port = (
        server.add_secure_port("localhost:0", credentials)
        if credentials
        else server.add_insecure_port("localhost:0")
    )
    server.start()
    return port, lambda: server.stop(None).wait()


def start_rest(script):
    """Starts the REST face; returns its port and what stops it."""
    face = type("Face", (RestFace,), {"script": script})
    server = ThreadingHTTPServer(("localhost", 0), face)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def stop():
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, stop
