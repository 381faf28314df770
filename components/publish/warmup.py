"""Which requests a published model is warmed up with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from components.raw_examples import RawExample
from schemas.features import EXAMPLES_SIGNATURE, SERIALIZED_EXAMPLES, SERVING_DEFAULT
from serving.columns import columns
from serving.saved_model import LoadedModel
from serving.warmup import WarmupRequest, read_warmup, replay, warmup_path, write_warmup

if TYPE_CHECKING:
    import tensorflow as tf

BATCH_SIZES = (1, 8)


def add_warmup(model_dir: Path, rows: Sequence[RawExample], num_requests: int) -> None:
    """Writes warm-up requests into a SavedModel and replays them, as a server will on loading it.

    Args:
      model_dir: Folder of the SavedModel; one that holds requests already is left as it is.
      rows: Rows of the data.
      num_requests: How many requests.

    Raises:
      OSError: If the file cannot be written.
      ModelLoadError: If the model cannot be served.
      InvalidRequestError: If a request fails.
    """
    if not num_requests or warmup_path(model_dir).exists():
        return
    with LoadedModel.load(model_dir) as model:
        requests = warmup_requests(rows, model.inputs(), num_requests)
        name = model.info.name if model.info else ""
        write_warmup(model_dir, requests, model_name=name)
        replay(model, read_warmup(model_dir))


def warmup_requests(
    rows: Sequence[RawExample], inputs: Mapping[str, tf.TensorSpec], num_requests: int
) -> list[WarmupRequest]:
    """Returns requests of real rows: one text and several, through both signatures in turn.

    Args:
      rows: Rows of the data, used again from the start where they are too few.
      inputs: Shape of each raw feature that a request carries, by name.
      num_requests: How many requests; none where there are no rows.
    """
    if not rows:
        return []
    supply = cycle(rows)
    kinds = cycle(
        (signature, size)
        for size in BATCH_SIZES
        for signature in (SERVING_DEFAULT, EXAMPLES_SIGNATURE)
    )
    return [
        _request(signature, list(islice(supply, size)), inputs)
        for signature, size in islice(kinds, num_requests)
    ]


def _request(
    signature: str, rows: Sequence[RawExample], inputs: Mapping[str, tf.TensorSpec]
) -> WarmupRequest:
    if signature == EXAMPLES_SIGNATURE:
        return WarmupRequest(signature, {SERIALIZED_EXAMPLES: [row.serialized for row in rows]})
    return WarmupRequest(signature, columns([row.inputs(inputs) for row in rows]))
