"""The round that is due: what starts it, which spans it reads, and from where it trains."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from components.ingest.sources import find_spans
from pipeline.config import RunConfig
from pipeline.watch.inputs import inputs_digest
from pipeline.watch.policy import Check, decide
from pipeline.watch.rounds import Round, Trigger
from pipeline.watch.warm_start import cold_start, find_warm_start
from serving.versions import live_version


def due_round(
    config: RunConfig, rounds: Sequence[Round], checks: Mapping[Trigger, Check]
) -> Round | str:
    """Returns the round that is due now, or in words why none is; nothing is written.

    Args:
      config: The watched config.
      rounds: All there were, each over.
      checks: What is looked at beside the spans, once there is a live model.

    Raises:
      UserError: If no span is there, or one has vanished.
    """
    spans = find_spans(config.ingest)
    is_live = live_version(config.model_base) is not None
    inputs = inputs_digest(config, spans)
    decision = decide(spans, inputs, rounds, checks if is_live else {})
    if decision.trigger is None:
        return decision.reason
    is_warm = config.watch.warm_start and decision.trigger == "span"
    start = find_warm_start(config) if is_warm else cold_start(config)
    return Round(
        number=len(rounds) + 1,
        trigger=decision.trigger,
        reason=decision.reason,
        span=spans.newest,
        spans=spans.numbers,
        inputs=inputs,
        start=start.sentence,
        weights=None if start.weights is None else str(start.weights),
        started_at=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    )
