"""What TensorFlow Serving is told at its start, estimated from the serving check's latencies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from absl import logging

from components.serving_check.latency import BATCH_SIZE
from schemas.errors import UserError
from serving.tuning.choice import choose
from serving.tuning.files import write_estimated
from serving.tuning.latency import between


def write_serving_files(
    model_base: Path, figures: Mapping[str, float], *, base_path: str | None = None
) -> None:
    """Writes batching parameters, monitoring config and model config where they are missing.

    The check knows the time of one row and of a batch; the sizes between are taken to be on a
    straight line. Parameters that were measured or edited stay. Files that cannot be written do not
    undo what is published.

    Args:
      model_base: Folder of the versions; there must be one.
      figures: Those of the serving check; nothing is written where it measured no latency.
      base_path: The model base as the server sees it; None: its absolute path.
    """
    if not {"latency_p50_ms", "texts_per_second"} <= figures.keys():
        return
    one_ms = figures["latency_p50_ms"]
    many_ms = 1000 * BATCH_SIZE / figures["texts_per_second"]
    choice = choose(between(one_ms, many_ms, BATCH_SIZE))
    note = f"{one_ms:.1f} ms for one row, {many_ms:.1f} ms for {BATCH_SIZE}"
    try:
        write_estimated(model_base, choice.options, note, base_path=base_path)
    except UserError as error:
        logging.warning("the files for TensorFlow Serving are not written: %s", error)
