"""The config as a step elsewhere sees it: every path below a root that is mounted there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final, Literal, TypeVar, get_args

from pydantic import BaseModel

from pipeline.config import RunConfig
from pipeline.kubeflow_config import KubeflowConfig
from schemas.errors import UserError

Target = Literal["vertex", "kubeflow"]
TARGETS: Final[tuple[Target, ...]] = get_args(Target)

SectionType = TypeVar("SectionType", bound=BaseModel)

MOUNTS: Final[Mapping[str, str]] = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/"}
"""Where a bucket lies as a folder: Vertex mounts Cloud Storage there; Kubeflow's launcher copies
a step's artifacts there and back. It is the rule of `Artifact.path` in the SDK of both."""

_PATHS: Final = (
    ("ingest", "train"),
    ("ingest", "eval"),
    ("ingest", "test"),
    ("ingest", "span_marker"),
    ("vocabulary", "model"),
    ("model", "weights"),
    ("publish", "model_base"),
)
_WATCHED_PATHS: Final = (("watch", "drift", "log_dir"), ("watch", "labels", "files"))
"""Read where a pipeline decides by itself whether a run is due."""


def named_paths(config: RunConfig) -> dict[tuple[str, ...], str]:
    """Returns every path that a step reads or writes, by its keys in the config; queries are none.

    `validation.schema_file` is read while compiling, and travels in the pipeline.
    """
    places = (*_PATHS, *_WATCHED_PATHS) if config.is_watched else _PATHS
    found = {keys: _value(config, keys) for keys in places}
    return {keys: path for keys, path in found.items() if isinstance(path, str)}


def _value(section: Any, keys: tuple[str, ...]) -> Any:
    """Returns what is at `keys`; None where a section on the way is not there."""
    for key in keys:
        section = None if section is None else getattr(section, key)
    return section


def _with_value(section: SectionType, keys: tuple[str, ...], value: str) -> SectionType:
    """Returns a section with `value` at `keys`."""
    key, *inner = keys
    new = _with_value(getattr(section, key), tuple(inner), value) if inner else value
    return section.model_copy(update={key: new})


def mounted(uri: str) -> str:
    """Returns the folder that `uri` is in a step; a plain path stays.

    >>> mounted("gs://bucket/data/train.tsv")
    '/gcs/bucket/data/train.tsv'
    """
    for scheme, folder in MOUNTS.items():
        if uri.startswith(scheme):
            return folder + uri.removeprefix(scheme)
    return uri


def located(config: RunConfig, target: Target) -> RunConfig:
    """Returns `config` with the paths that steps on `target` see.

    Raises:
      UserError: With every path that such a step could not reach, one line each.
    """
    section = _section(config)
    problems = list(_root_problems(config, section, target))
    there = config
    for keys, path in named_paths(config).items():
        full = _joined(section.data_root, path)
        if _reached(full, section, target):
            there = _with_value(there, keys, _as_seen(full, keys[0], config))
        else:
            problems.append(f"{'.'.join(keys)}: {path}")
    if problems:
        raise UserError("\n  ".join([_rule(target), *problems]))
    return there.model_copy(update={"output": mounted(section.state_root)})


def _as_seen(path: str, section: str, config: RunConfig) -> str:
    """Returns a path as the steps see it that read it: workers elsewhere have no mounts."""
    return path if section == "ingest" and config.beam.is_distributed else mounted(path)


def _section(config: RunConfig) -> KubeflowConfig:
    if config.kubeflow is None:
        raise UserError(
            "the config needs a section `kubeflow` with image and state_root to be compiled; "
            "see docs/kubeflow.md"
        )
    return config.kubeflow


def _rule(target: Target) -> str:
    if target == "vertex":
        return (
            "on Vertex every path is gs://, or relative to a kubeflow.data_root that is; "
            "these are not, so copy the files to a bucket and name them there:"
        )
    return (
        "on Kubeflow every path lies below a folder of kubeflow.volumes, or is relative to a "
        "kubeflow.data_root that does; these do not, so copy the files to a volume:"
    )


def _root_problems(config: RunConfig, section: KubeflowConfig, target: Target) -> list[str]:
    """Returns what is wrong with the section itself."""
    roots = {"state_root": section.state_root, "data_root": section.data_root}
    problems = [
        f"kubeflow.{key}: {root}"
        for key, root in roots.items()
        if root is not None and not _reached(root, section, target)
    ]
    if target == "vertex" and not (section.pipeline_root or "").startswith("gs://"):
        problems.append(f"kubeflow.pipeline_root: {section.pipeline_root or 'unset'}")
    elsewhere = config.beam.is_distributed and not (section.pipeline_root or "").startswith("gs://")
    if target == "kubeflow" and elsewhere:
        problems.append(
            f"kubeflow.pipeline_root: {section.pipeline_root or 'unset'}; the workers of "
            f"{config.beam.runner} share gs:// alone with the steps"
        )
    if target == "vertex" and section.volumes:
        problems.append("kubeflow.volumes: Vertex mounts buckets only; leave it out")
    return problems


def _joined(root: str | None, path: str) -> str:
    """Returns `path` from `root` on, where it is relative and there is one."""
    if root is None or "://" in path or path.startswith(("/", "~")):
        return path
    return f"{root.rstrip('/')}/{path}"


def _reached(path: str, section: KubeflowConfig, target: Target) -> bool:
    """Returns whether a step on `target` has `path` in its file system."""
    if target == "vertex":
        return path.startswith("gs://")
    pure = PurePosixPath(path)
    return ".." not in pure.parts and any(
        pure.is_relative_to(folder) for folder in section.volumes.values()
    )
