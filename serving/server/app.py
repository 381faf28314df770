"""Puts the server together, and takes it apart again without losing a request."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from schemas.errors import AlbertTfxError
from serving.server.backend import Backend, NotLoadedYetError
from serving.server.batch_options import BatchOptions, read_batch_options
from serving.server.config import ModelTarget, single_model, targets_from_proto
from serving.server.errors import StatusError
from serving.server.flags import ServerFlags, default_num_threads
from serving.server.grpc_api import GrpcServer
from serving.server.loader import Loader
from serving.server.manager import ManagerOptions, ModelManager
from serving.server.metrics import Metrics, metrics_path
from serving.server.ports import require_free
from serving.server.rest_api import RestApi, RestServer
from serving.server.rest_backend import RestBackend
from serving.server.text_protos import read_model_server_config

if TYPE_CHECKING:
    import tensorflow as tf

GRACE_SECONDS = 30.0
"""Time that requests in progress get to end after SIGTERM."""

_log = logging.getLogger(__name__)


class ServerError(AlbertTfxError):
    """The server could not start: its first models could not be loaded."""


class Server:
    """A running server.

    Ports open once each configured model has a version, as on the real server: who gets a
    connection gets an answer.
    """

    def __init__(self, flags: ServerFlags) -> None:
        """Takes the flags; nothing is loaded before `start`.

        Raises:
          UserError: If a port is taken, or a configuration file is wrong.
        """
        for name, port in (("port", flags.port), ("rest_api_port", flags.rest_api_port)):
            require_free(flags.host, port, f"--{name}")  # told before TensorFlow is imported
        self._flags = flags
        self._metrics = Metrics()
        self._metrics_path = metrics_path(_path(flags.monitoring_config_file))
        self._loader = Loader(
            self._metrics,
            batching=_batching(flags),
            warm_up=flags.enable_model_warmup,
            session_config=_session_config(flags),
        )
        self._manager = ModelManager(
            self._loader.load,
            ManagerOptions(
                poll_seconds=flags.file_system_poll_wait_seconds,
                max_num_retries=flags.max_num_load_retries,
                retry_seconds=flags.load_retry_interval_micros / 1e6,
            ),
        )
        self._backend = Backend(
            self._manager,
            check_method=flags.enable_signature_method_name_check,
            allow_labels_for_unavailable=flags.allow_version_labels_for_unavailable_models,
        )
        self._faces: list[GrpcServer | RestServer] = []
        self._stopping = threading.Event()

    def start(self) -> None:
        """Loads the first versions, then opens the ports.

        Raises:
          UserError: If a port is taken, or the model config file is wrong.
          ServerError: If the first versions cannot be loaded.
        """
        flags = self._flags
        try:
            targets = self._read_targets()
            self._manager.start()
            self._backend.apply(targets, want_all=True)
            self._open_ports()
        except StatusError as error:
            self.stop()
            raise ServerError(f"Failed to start server. Error: {error.message}") from error
        except BaseException:
            self.stop()
            raise
        self._log_addresses(sorted(targets))
        if flags.model_config_file and flags.model_config_file_poll_wait_seconds:
            threading.Thread(target=self._reread, name="model-config", daemon=True).start()

    def stop(self) -> None:
        """Takes no more requests, answers those in progress, and frees the models."""
        self._stopping.set()
        self._manager.give_up()  # a reload that waits for its models must not hold up the end
        for face in self._faces:
            face.stop(GRACE_SECONDS)
        self._loader.close()
        self._manager.stop()

    def run(self) -> None:
        """Starts, serves until SIGTERM or SIGINT, and drains; only in the main thread."""
        stop = threading.Event()

        def handle(number: int, frame: FrameType | None) -> None:
            del number, frame
            stop.set()
            self._manager.give_up()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)
        try:
            self.start()
        except ServerError:
            if stop.is_set():
                return
            raise
        stop.wait()
        _log.info("Stopping: requests in progress are answered")
        self.stop()

    def _open_ports(self) -> None:
        flags = self._flags
        if flags.port:
            threads = flags.grpc_max_threads or default_num_threads()
            self._faces.append(
                GrpcServer(
                    self._backend,
                    self._metrics,
                    host=flags.host,
                    port=flags.port,
                    num_threads=threads,
                )
            )
        if flags.rest_api_port:
            api = RestApi(
                RestBackend(self._backend),
                self._metrics,
                num_threads=flags.rest_api_num_threads or default_num_threads(),
                timeout_seconds=flags.rest_api_timeout_in_ms / 1000,
                metrics_path=self._metrics_path,
            )
            self._faces.append(RestServer(api, host=flags.host, port=flags.rest_api_port))
        for face in self._faces:
            face.start()

    def _read_targets(self) -> dict[str, ModelTarget]:
        flags = self._flags
        if not flags.model_config_file:
            return single_model(flags.model_name, Path(flags.model_base_path))
        return targets_from_proto(read_model_server_config(Path(flags.model_config_file)))

    def _reread(self) -> None:
        """Applies the model config file again and again; a wrong one changes nothing."""
        while not self._stopping.wait(self._flags.model_config_file_poll_wait_seconds):
            with _logged("ReloadConfig"):
                self._backend.apply(self._read_targets())

    def _log_addresses(self, models: Sequence[str]) -> None:
        flags = self._flags
        if flags.port:
            _log.info("Running gRPC ModelServer at %s:%d ...", flags.host, flags.port)
        if flags.rest_api_port:
            _log.info("Exporting HTTP/REST API at:%s:%d ...", flags.host, flags.rest_api_port)
        scheme, port = ("grpc", flags.port) if flags.port else ("http", flags.rest_api_port)
        for model in models:
            _log.info(
                'Ask: albert-tfx predict --server %s://%s:%d --model %s "A text."',
                *(scheme, flags.host, port, model),
            )


@contextmanager
def _logged(what: str) -> Iterator[None]:
    """Turns an error into a line of the log."""
    try:
        yield
    except NotLoadedYetError as error:
        _log.info("%s waits for a version that is being loaded: %s", what, error)
    except AlbertTfxError as error:
        _log.error("%s failed: %s", what, error)


def _batching(flags: ServerFlags) -> BatchOptions | None:
    if not flags.enable_batching:
        return None
    return read_batch_options(_path(flags.batching_parameters_file))


def _path(name: str) -> Path | None:
    return Path(name) if name else None


def _session_config(flags: ServerFlags) -> tf.compat.v1.ConfigProto:
    import tensorflow as tf

    return tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=flags.tensorflow_intra_op_parallelism,
        inter_op_parallelism_threads=flags.tensorflow_inter_op_parallelism,
    )
