"""What each method of the two services does, whatever wire its request came by."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from serving.server import example_inference, inference
from serving.server.config import ModelTarget, targets_from_proto
from serving.server.errors import Code, StatusError, invalid_argument
from serving.server.manager import ModelManager
from serving.server.metadata import check_metadata_request, model_metadata, model_status
from serving.server.servable import Servable
from serving.server.serving_map import ServableRequest
from serving.server.state import State


class NotLoadedYetError(StatusError):
    """A label names a version that is still being loaded."""


class Backend:
    """The services. Every method takes a proto and its deadline, and returns a proto.

    A deadline is on the clock of `time.monotonic()`; None is never. Every method raises
    StatusError as the real server would end the request.
    """

    def __init__(
        self,
        manager: ModelManager,
        *,
        check_method: bool = False,
        allow_labels_for_unavailable: bool = False,
    ) -> None:
        """Takes the models.

        Args:
          manager: Keeps the models.
          check_method: Refuse Classify and Regress on signatures of another method_name.
          allow_labels_for_unavailable: Let a new label name a version that is not loaded.
        """
        self._manager = manager
        self._check_method = check_method
        self._allow_labels_for_unavailable = allow_labels_for_unavailable
        self._reload_lock = threading.Lock()

    def hold(self, model_spec: Any) -> AbstractContextManager[Servable]:
        """Holds the version that a ModelSpec names."""
        return self.hold_request(servable_request(model_spec))

    def hold_request(self, wanted: ServableRequest) -> AbstractContextManager[Servable]:
        """Holds the version that is asked for."""
        return self._manager.serving.hold(wanted)

    def predict(self, request: Any, deadline: float | None) -> Any:
        """PredictionService.Predict."""
        _require_model_spec(request)
        with self.hold(request.model_spec) as servable:
            return inference.predict(servable, request, deadline)

    def classify(self, request: Any, deadline: float | None) -> Any:
        """PredictionService.Classify."""
        _require_model_spec(request)
        with self.hold(request.model_spec) as servable:
            return example_inference.classify(
                servable, request, deadline, check_method=self._check_method
            )

    def regress(self, request: Any, deadline: float | None) -> Any:
        """PredictionService.Regress."""
        _require_model_spec(request)
        with self.hold(request.model_spec) as servable:
            return example_inference.regress(
                servable, request, deadline, check_method=self._check_method
            )

    def multi_inference(self, request: Any, deadline: float | None) -> Any:
        """PredictionService.MultiInference."""
        if not request.tasks:
            raise invalid_argument("Inference request must have at least one task.")
        _require_model_spec(request.tasks[0])
        with self.hold(request.tasks[0].model_spec) as servable:
            return example_inference.multi_inference(
                servable, request, deadline, check_method=self._check_method
            )

    def get_model_metadata(self, request: Any, deadline: float | None) -> Any:
        """PredictionService.GetModelMetadata."""
        del deadline
        check_metadata_request(request)
        with self.hold(request.model_spec) as servable:
            return model_metadata(servable)

    def get_model_status(self, request: Any, deadline: float | None) -> Any:
        """ModelService.GetModelStatus; a label is ignored, as on the real server."""
        del deadline
        _require_model_spec(request)
        wanted = servable_request(request.model_spec)
        return model_status(self._manager.states.versions(wanted.name, wanted.version))

    def reload_config(self, request: Any, deadline: float | None) -> Any:
        """ModelService.HandleReloadConfigRequest."""
        from tensorflow_serving.apis import model_management_pb2

        if request.config.WhichOneof("config") != "model_config_list":
            raise invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        self.apply(targets_from_proto(request.config), deadline=deadline)
        response = model_management_pb2.ReloadConfigResponse()
        response.status.error_code = Code.OK
        return response

    def apply(
        self,
        targets: Mapping[str, ModelTarget],
        *,
        deadline: float | None = None,
        want_all: bool = False,
    ) -> None:
        """Makes a configuration the whole truth, and waits for its models.

        Args:
          targets: Models by name.
          deadline: Time to stop the wait; what was asked for stays asked for.
          want_all: Wait for every wanted version, not for one of each model.

        Raises:
          StatusError: UNKNOWN if a model cannot become available; FAILED_PRECONDITION if a label
            names a version that is not.
        """
        with self._reload_lock:
            generation = self._manager.set_targets(targets)
            self._manager.await_models(
                generation,
                want_all=want_all,
                keep_waiting=lambda: deadline is None or time.monotonic() < deadline,
            )
            self._set_labels(targets.values())

    def _set_labels(self, targets: Iterable[ModelTarget]) -> None:
        serving = self._manager.serving
        targets = list(targets)
        for target in targets:
            available = serving.versions(target.name)
            known = serving.labels(target.name)
            for label, version in target.labels.items():
                may_wait = self._allow_labels_for_unavailable and label not in known
                if version not in available and not may_wait:
                    state = self._manager.states.get(target.name, version).state
                    is_loading = State.START <= state <= State.AVAILABLE  # by now, it may be
                    raise (NotLoadedYetError if is_loading else StatusError)(
                        Code.FAILED_PRECONDITION,
                        f"Request to assign label {label} to version {version} of model "
                        f"{target.name}, which is not currently available for inference",
                    )
        serving.set_labels({target.name: target.labels for target in targets})


def servable_request(model_spec: Any) -> ServableRequest:
    """Returns what a ModelSpec asks for."""
    choice = model_spec.WhichOneof("version_choice")
    version = model_spec.version.value if choice == "version" else None
    return ServableRequest(model_spec.name, version, model_spec.version_label)


def _require_model_spec(request: Any) -> None:
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
