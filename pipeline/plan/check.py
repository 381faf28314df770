"""Refuses a run whose step cannot fit, before anything is started."""

from __future__ import annotations

import logging

from components.ingest.files import is_remote
from components.ingest.sources import Sources
from models.plan.devices import GIB
from models.plan.memory import step_memory
from models.plan.this_machine import gpu_memory_bytes, machine_memory_bytes
from models.precision import resolve_precision
from pipeline.config import RunConfig
from pipeline.plan.plan import config_shape, step_setup
from pipeline.plan.rows import sample_rows
from schemas.errors import UserError

MARGIN = 1.2
"""The error that is allowed the plan: what is refused needs a fifth more than there is."""

_log = logging.getLogger(__name__)


def check_memory(config: RunConfig, sources: Sources, *, memory_bytes: int | None = None) -> None:
    """Checks that this machine's GPU, or the machine itself, can hold a training step.

    Remote weights are let pass: what they are is only known when they are loaded.

    Args:
      config: The run config.
      sources: Its files.
      memory_bytes: What there is; unset: looked up.

    Raises:
      UserError: If it cannot, with what to change.
    """
    if is_remote(config.model.weights or ""):
        _log.info(
            "the size of %s is not looked up; its memory is not planned", config.model.weights
        )
        return
    gpu = gpu_memory_bytes() if memory_bytes is None else None
    available = memory_bytes or gpu or machine_memory_bytes()
    shape = config_shape(config)
    sampled = sample_rows(config, sources.files)
    precision = resolve_precision(config.train.precision, hidden_dim=shape.hidden_dim)
    setup = step_setup(
        config, sampled.lengths, sampled.sequences, precision=precision, is_gpu=gpu is not None
    )
    needed = step_memory(shape, setup).total
    _log.info("a training step needs %.1f GiB of %.1f GiB", needed / GIB, available / GIB)
    if needed > MARGIN * available:
        raise UserError(
            f"train.batch_size: a step of {setup.rows} sequences of {setup.length} tokens needs "
            f"{needed / GIB:.1f} GiB and does not fit the {available / GIB:.1f} GiB there are; "
            "lower it, compute a step in parts with train.accumulation, or set "
            "train.gradient_checkpointing; `albert-tfx plan` shows what fits"
        )
