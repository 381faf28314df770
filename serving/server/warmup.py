"""Replays the warm-up requests inside a SavedModel before its version is available."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from serving.server.errors import Code, StatusError, invalid_argument
from serving.server.example_inference import classify, multi_inference, regress
from serving.server.inference import predict
from serving.server.servable import Servable
from serving.warmup import MAX_REQUESTS, warmup_path

_ANSWERS: Final = {
    "predict_log": predict,
    "classify_log": classify,
    "regress_log": regress,
    "multi_inference_log": multi_inference,
}


def replay_warmup(servable: Servable, path: Path) -> None:
    """Sends a version the requests in its assets.extra, if there are any.

    Args:
      servable: The loaded version.
      path: Its folder.

    Raises:
      StatusError: With the code of the first request that fails, or of a file that cannot be read;
        the version must not become available then.
    """
    file = warmup_path(path)
    if not file.is_file():
        return
    for position, record in enumerate(_records(file), start=1):
        if position > MAX_REQUESTS:
            raise invalid_argument(
                f"Number of warmup records exceeds the maximum ({MAX_REQUESTS}) at {file}"
            )
        try:
            _replay(servable, record)
        except StatusError as error:
            raise StatusError(
                error.code, f"warm-up request {position} in {file} fails: {error.message}"
            ) from error


def _records(file: Path) -> Iterator[bytes]:
    import tensorflow as tf

    try:
        records: Any = tf.data.TFRecordDataset(str(file)).as_numpy_iterator()
        yield from records
    except tf.errors.OpError as error:
        raise StatusError(Code(error.error_code), f"{file} cannot be read; {error}") from error


def _replay(servable: Servable, record: bytes) -> None:
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    try:
        log: Any = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid_argument("Failed to parse warmup record as PredictionLog") from error
    kind = log.WhichOneof("log_type") or "none"
    answer = _ANSWERS.get(kind)
    if answer is None:
        raise StatusError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
    answer(servable, getattr(log, kind).request, None)
