"""The config as a step elsewhere sees it: every path below a root that is mounted there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

from pipeline.config import RunConfig
from pipeline.kubeflow_config import KubeflowConfig
from schemas.errors import UserError

Target = Literal["vertex", "kubeflow"]
TARGETS: Final[tuple[Target, ...]] = get_args(Target)

MOUNTS: Final[Mapping[str, str]] = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/"}
"""Where a bucket lies as a folder: Vertex mounts Cloud Storage there; Kubeflow's launcher copies
a step's artifacts there and back. It is the rule of `Artifact.path` in the SDK of both."""

PATHS: Final = (
    ("ingest", "train"),
    ("ingest", "eval"),
    ("ingest", "test"),
    ("ingest", "span_marker"),
    ("vocabulary", "model"),
    ("model", "weights"),
    ("publish", "model_base"),
)
"""Every key of the config that names a file which a step reads or writes. `validation.schema_file`
is read while compiling, and travels in the pipeline."""


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
    changes: dict[str, dict[str, str]] = {}
    for name, key in PATHS:
        path = getattr(getattr(config, name), key)
        if path is not None:
            full = _joined(section.data_root, path)
            if _reached(full, section, target):
                changes.setdefault(name, {})[key] = _as_seen(full, name, config)
            else:
                problems.append(f"{name}.{key}: {path}")
    if problems:
        raise UserError("\n  ".join([_rule(target), *problems]))
    updated = {
        name: getattr(config, name).model_copy(update=values) for name, values in changes.items()
    }
    return config.model_copy(update={**updated, "output": mounted(section.state_root)})


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
