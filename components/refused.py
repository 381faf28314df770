"""What a refused step leaves behind: TFX deletes the outputs of a step that fails."""

import os
from collections.abc import Sequence

from tfx.dsl.io import fileio


def keep_outputs(uri: str, names: Sequence[str]) -> str:
    """Copies files out of an artifact of a step that is about to fail.

    Args:
      uri: `<step>/<output>/<execution>` of the artifact.
      names: Paths of the files below it.

    Returns:
      The folder of the copies, `<step>/refused/<execution>`.
    """
    kept = os.path.join(os.path.dirname(os.path.dirname(uri)), "refused", os.path.basename(uri))
    for name in names:
        target = os.path.join(kept, name)
        fileio.makedirs(os.path.dirname(target))
        fileio.copy(os.path.join(uri, name), target, overwrite=True)
    return kept
