"""What a run keeps on buckets: found writable, and brought here, before anything is started."""

from __future__ import annotations

from components.remote.files import check_writable, is_remote
from components.remote.mirror import Mirror
from pipeline.config import RunConfig
from pipeline.local_copies import LocalCopies
from schemas.errors import UserError


def prepare_places(config: RunConfig) -> LocalCopies | None:
    """Checks the buckets of `config`, and brings the mirror of the model base up to date.

    Args:
      config: Its `pipeline_root` and `publish.model_base` may be URIs.

    Returns:
      What stands for the pipeline root here; None where the root itself is here.

    Raises:
      UserError: If a bucket does not exist, or cannot be read or written.
    """
    root = config.pipeline_root
    remote_root = root if root is not None and is_remote(root) else None
    _check_shared(config, remote_root)
    if remote_root is not None:
        check_writable(remote_root, "pipeline_root")
    if config.remote_model_base is not None:
        Mirror(config.remote_model_base, config.model_base).pull("publish.model_base")
    return None if remote_root is None else LocalCopies(remote_root, config.artifact_dir)


def _check_shared(config: RunConfig, remote_root: str | None) -> None:
    """Checks that workers on other machines can read the data and keep what they make."""
    if not config.beam.is_distributed:
        return
    local = [
        f"ingest.{split}: {pattern}"
        for split, pattern in config.ingest.files.items()
        if not is_remote(pattern)
    ]
    if remote_root is None:
        local.append(f"pipeline_root: {config.pipeline_root or 'unset'}")
    if local:
        rule = f"the workers of {config.beam.runner} reach only buckets; these are none:"
        raise UserError("\n  ".join([rule, *local]))
