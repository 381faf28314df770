"""Which models are served: what a ModelServerConfig says, checked as the real server checks it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from serving.server.errors import StatusError, invalid_argument

PLATFORM: Final = "tensorflow"
_ABSOLUTE: Final = re.compile(r"/|[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True)
class VersionPolicy:
    """Which of the versions on disk are wanted.

    Attributes:
      kind: The `num_latest` highest, all, or the named ones.
      num_latest: Only for "latest".
      versions: Only for "specific".
    """

    kind: Literal["latest", "all", "specific"] = "latest"
    num_latest: int = 1
    versions: frozenset[int] = frozenset()

    def choose(self, present: Iterable[int]) -> set[int]:
        """Returns the wanted ones of the versions that are there.

        >>> sorted(VersionPolicy("latest", num_latest=2).choose([1, 3, 2]))
        [2, 3]
        >>> sorted(VersionPolicy("specific", versions=frozenset({2, 9})).choose([1, 2]))
        [2]
        """
        if self.kind == "all":
            return set(present)
        if self.kind == "specific":
            return set(self.versions).intersection(present)
        return set(sorted(present, reverse=True)[: self.num_latest])


@dataclass(frozen=True)
class ModelTarget:
    """One served model.

    Attributes:
      name: What requests call it.
      base_path: Folder of its versions.
      policy: Which of them are wanted.
      labels: Versions by label.
    """

    name: str
    base_path: Path
    policy: VersionPolicy = VersionPolicy()
    labels: Mapping[str, int] = field(default_factory=dict)


def single_model(name: str, base_path: Path) -> dict[str, ModelTarget]:
    """Returns the configuration that --model_name and --model_base_path stand for."""
    return {name: ModelTarget(name, base_path)}


def targets_from_proto(config: Any) -> dict[str, ModelTarget]:
    """Returns the models of a ModelServerConfig by name.

    Raises:
      StatusError: INVALID_ARGUMENT, if the real server would refuse it.
    """
    if config.WhichOneof("config") == "custom_model_config":
        raise invalid_argument("ModelServer does not yet support custom model config.")
    targets: dict[str, ModelTarget] = {}
    for model in config.model_config_list.config:
        if model.name in targets:
            raise invalid_argument(
                f"Illegal to list model {model.name} multiple times in config list"
            )
        targets[model.name] = _target(model)
    return targets


def _target(model: Any) -> ModelTarget:
    problem = _problem(model)
    if problem:
        raise problem
    return ModelTarget(
        model.name,
        Path(model.base_path),
        _policy(model.model_version_policy),
        dict(model.version_labels),
    )


def _problem(model: Any) -> StatusError | None:
    if model.model_type and model.model_platform:
        return invalid_argument("Illegal setting both model_type(deprecated) and model_platform.")
    if not model.model_type and not model.model_platform:
        return invalid_argument(
            "Illegal setting neither model_type(deprecated) nor model_platform."
        )
    if model.model_platform not in ("", PLATFORM) or model.model_type not in (0, 1):
        return invalid_argument(
            f"Model {model.name} has the platform {model.model_platform or 'OTHER'}; "
            f"only {PLATFORM} is served"
        )
    if not _ABSOLUTE.match(model.base_path):
        return invalid_argument(
            f"Expected model {model.name} to have an absolute path or URI; "
            f"got base_path()={model.base_path}"
        )
    return None


def _policy(policy: Any) -> VersionPolicy:
    kind = policy.WhichOneof("policy_choice")
    if kind == "all":
        return VersionPolicy("all")
    if kind == "specific":
        return VersionPolicy("specific", versions=frozenset(policy.specific.versions))
    return VersionPolicy("latest", num_latest=policy.latest.num_versions or 1)
