"""Warm-up requests inside a SavedModel, which TensorFlow Serving replays when it loads one.

A request that fails fails the load, so what is written here is replayed before it is published.
See https://www.tensorflow.org/tfx/serving/saved_model_warmup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.features import WARMUP_FILE
from serving.saved_model import InvalidRequestError, LoadedModel

MAX_REQUESTS = 1000
"""TensorFlow Serving refuses a model with more."""


@dataclass(frozen=True)
class WarmupRequest:
    """One recorded request.

    Attributes:
      signature: Name of the signature.
      inputs: Texts of each input, `(batch,)`, or lists of texts of one length.
    """

    signature: str
    inputs: Mapping[str, Sequence[bytes] | Sequence[Sequence[bytes]]]


def warmup_path(model_dir: Path) -> Path:
    """Returns where TensorFlow Serving looks for the requests of the SavedModel in `model_dir`."""
    return model_dir / "assets.extra" / WARMUP_FILE


def write_warmup(model_dir: Path, requests: Sequence[WarmupRequest], *, model_name: str) -> None:
    """Writes `requests` into the SavedModel in `model_dir`, a TFRecord of PredictionLog.

    Args:
      model_dir: Folder of the SavedModel.
      requests: At most 1000.
      model_name: Name recorded in the requests.

    Raises:
      ValueError: If there are too many.
      OSError: If the file cannot be written.
    """
    import tensorflow as tf

    if len(requests) > MAX_REQUESTS:
        raise ValueError(
            f"TensorFlow Serving takes at most {MAX_REQUESTS} warm-up requests; "
            f"received {len(requests)}; lower publish.warmup_requests"
        )
    path = warmup_path(model_dir)
    path.parent.mkdir(exist_ok=True)
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for request in requests:
                writer.write(_to_log(request, model_name))
    except tf.errors.OpError as error:
        raise OSError(f"{path} cannot be written; {error.message}") from error


def read_warmup(model_dir: Path) -> list[WarmupRequest]:
    """Returns the requests in the SavedModel in `model_dir`; none where there is no file."""
    import tensorflow as tf

    path = warmup_path(model_dir)
    if not path.is_file():
        return []
    records: Any = tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    return [_from_log(record) for record in records]


def replay(model: LoadedModel, requests: Sequence[WarmupRequest]) -> None:
    """Sends a loaded model its warm-up requests, as a server does before a version goes live.

    Raises:
      InvalidRequestError: If a request fails, which would fail the load there.
    """
    for position, request in enumerate(requests, start=1):
        _replay(model, request, position)


def _replay(model: LoadedModel, request: WarmupRequest, position: int) -> None:
    try:
        model.run(request.inputs, request.signature)
    except InvalidRequestError as error:
        raise InvalidRequestError(f"warm-up request {position} fails: {error}") from error


def _to_log(request: WarmupRequest, model_name: str) -> bytes:
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    predict = predict_pb2.PredictRequest()
    predict.model_spec.name = model_name
    predict.model_spec.signature_name = request.signature
    for name, texts in request.inputs.items():
        predict.inputs[name].CopyFrom(tf.make_tensor_proto(list(texts), dtype=tf.string))
    log = prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=predict)
    )
    return log.SerializeToString()


def _from_log(record: bytes) -> WarmupRequest:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    return WarmupRequest(
        request.model_spec.signature_name,
        {name: tf.make_ndarray(tensor).tolist() for name, tensor in request.inputs.items()},
    )
