"""What `albert-tfx plan` says of a step of the benchmark."""

from __future__ import annotations

import statistics

from benchmarks.training.workload import SIZES, VOCABULARY_SIZE, Workload
from models.plan.memory import StepSetup, step_memory
from models.plan.shape import ModelShape
from models.precision import BFLOAT16

_GIB = 1 << 30


def planned_gib(workload: Workload, *, is_gpu: bool, fused_attention: bool) -> float:
    """Returns the planned peak of the longest step.

    Args:
      workload: What is trained.
      is_gpu: Whether a GPU computes; what CUDA itself takes is then left out, because what is
        measured there are the tensors.
      fused_attention: Whether no scores are kept.
    """
    numbers = SIZES[workload.size]
    shape = ModelShape(
        **numbers,
        embedding_dim=128,
        max_positions=512,
        vocabulary_size=VOCABULARY_SIZE,
        num_outputs=2,
        first_token_only=True,
    )
    setup = StepSetup(
        workload.batch_size,
        max(len(ids) for ids, _ in workload.rows),
        BFLOAT16,
        checkpointing=workload.checkpointing,
        is_gpu=is_gpu,
        fused_attention=fused_attention,
    )
    memory = step_memory(shape, setup)
    return (memory.total - is_gpu * memory.framework) / _GIB


def mean_length(workload: Workload) -> float:
    """Returns the mean number of tokens of a row."""
    return statistics.mean(len(ids) for ids, _ in workload.rows)
