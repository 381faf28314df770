"""Looks whether the buckets of a run on Vertex are there and may be used, before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kubeflow.locations import named_paths
from pipeline.config import RunConfig

_GS: Final = "gs://"
_READ: Final = "storage.objects.get"
_WRITE: Final = "storage.objects.create"
_SECONDS: Final = 30.0


def bucket_problems(config: RunConfig) -> list[str]:
    """Returns what is wrong with the buckets that a config names, a line each.

    Cloud Storage is asked for the rights of the credentials that Google's libraries find; nothing
    is written.

    Args:
      config: A config that compiles for Vertex.
    """
    wanted = wanted_permissions(config)
    if not wanted or config.kubeflow is None or config.kubeflow.vertex is None:
        return []
    from google.auth.exceptions import GoogleAuthError
    from google.cloud import storage

    try:
        client = storage.Client(project=config.kubeflow.vertex.project)
        return [
            problem
            for bucket, rights in sorted(wanted.items())
            if (problem := _problem(client.bucket(bucket), rights))
        ]
    except GoogleAuthError as error:
        return [
            f"no credentials of Google Cloud can be used ({error}); "
            "run `gcloud auth application-default login`"
        ]


def wanted_permissions(config: RunConfig) -> Mapping[str, set[str]]:
    """Returns the rights that a run needs on each bucket of its config."""
    wanted: dict[str, set[str]] = {}
    for uri, right in _uris(config):
        if uri is not None and uri.startswith(_GS):
            wanted.setdefault(uri.removeprefix(_GS).split("/")[0], set()).add(right)
    return wanted


def _uris(config: RunConfig) -> Iterator[tuple[str | None, str]]:
    """Yields every place of the config that may be a bucket, and what is done there."""
    if config.kubeflow is not None:
        yield config.kubeflow.data_root, _READ
        yield config.kubeflow.state_root, _WRITE
        yield config.kubeflow.pipeline_root, _WRITE
    for keys, path in named_paths(config).items():
        yield path, _WRITE if keys[0] == "publish" else _READ


def _problem(bucket: Any, rights: set[str]) -> str:
    """Returns what is wrong with one bucket; empty: nothing."""
    from google.api_core import exceptions

    name = f"{_GS}{bucket.name}"
    try:
        granted = set(bucket.test_iam_permissions(sorted(rights), timeout=_SECONDS))
    except exceptions.NotFound:
        return f"{name}: there is no such bucket; make it, or name another"
    except exceptions.Forbidden:
        granted = set()
    except exceptions.GoogleAPICallError as error:
        return f"{name}: cannot be looked at ({error.message}); try again, or check its name"
    refused = sorted(rights - granted)
    if not refused:
        return ""
    done = " or ".join({_READ: "reads", _WRITE: "writes"}[right] for right in refused)
    return (
        f"{name}: refuses {done} ({', '.join(refused)}) by these credentials; give them the role "
        "Storage Object User there"
    )
