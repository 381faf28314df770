"""The versions that the file system holds now, and which of them the configuration wants."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from serving.server.config import ModelTarget
from serving.server.errors import Code, StatusError

_INT64: Final = re.compile(r"[+-]?[0-9]+", re.ASCII)
_MAX_INT64: Final = 2**63 - 1
_log = logging.getLogger(__name__)


def wanted_versions(targets: Iterable[ModelTarget]) -> dict[str, dict[int, Path]]:
    """Returns the folders of the wanted versions, by model and version.

    As on the real server, one base path that cannot be read spoils the poll for all models: what
    is served then stays as it is.

    Raises:
      StatusError: NOT_FOUND, if a base path cannot be read.
    """
    return {target.name: _wanted(target) for target in targets}


def _wanted(target: ModelTarget) -> dict[int, Path]:
    try:
        names = [child.name for child in target.base_path.iterdir()]
    except OSError as error:
        raise StatusError(
            Code.NOT_FOUND,
            f"Could not find base path {target.base_path} for servable {target.name}",
        ) from error
    present = _by_number(names)
    wanted = target.policy.choose(present)
    for version in sorted(target.policy.versions - present.keys()):
        _log.warning(
            "Version %d of servable %s, which was requested to be served as a 'specific' version "
            "in the servable's version policy, was not found in the file system",
            version,
            target.name,
        )
    if not wanted:
        _log.warning(
            "No versions of servable %s found under base path %s", target.name, target.base_path
        )
    return {version: target.base_path / present[version] for version in sorted(wanted)}


def _by_number(names: Iterable[str]) -> Mapping[int, str]:
    """Returns the names that are version numbers; of two for one number, one.

    >>> dict(_by_number(["12", "0007", "latest", "9223372036854775808", "7.5"]))
    {12: '12', 7: '0007'}
    """
    numbers = ((int(name), name) for name in sorted(names, reverse=True) if _INT64.fullmatch(name))
    return {number: name for number, name in numbers if 0 <= number <= _MAX_INT64}
