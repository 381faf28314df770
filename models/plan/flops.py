"""Floating-point operations of a training step: every matrix product, counted exactly.

A product of `(m, k)` and `(k, n)` costs 2mkn. What is no product (LayerNorm, softmax, GELU) is
bound by memory, not by arithmetic, and is told by `models.plan.speed` as bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.plan.lengths import Lengths
from models.plan.shape import ModelShape


@dataclass(frozen=True)
class StepFlops:
    """Operations of one optimizer step.

    Attributes:
      forward: From tokens to logits.
      backward: Gradients of inputs and of weights, each as much as the forward pass, and sums over
        the tokens for biases and LayerNorms, which are products with a row of ones.
      recompute: The layers' forward pass again, with gradient checkpointing; else 0.
    """

    forward: float
    backward: float
    recompute: float

    @property
    def total(self) -> float:
        """All that is computed."""
        return self.forward + self.backward + self.recompute


def step_flops(shape: ModelShape, lengths: Lengths, rows: int, *, checkpointing: bool) -> StepFlops:
    """Returns the operations of a step of `rows` rows."""
    forward = rows * row_flops(shape, lengths)
    backward = 2 * forward + rows * _column_sums_flops(shape, lengths)
    recompute = rows * _layers_flops(shape, lengths) if checkpointing else 0.0
    return StepFlops(forward, backward, recompute)


def row_flops(shape: ModelShape, lengths: Lengths) -> float:
    """Returns the forward operations of a mean row.

    >>> from models.plan.lengths import lengths_of
    >>> base = ModelShape(12, 12, 768, 3072, 128, 512, 30_000, num_outputs=2)
    >>> round(row_flops(base, lengths_of([128])) / 128 / 1e9, 3)  # GFLOP a token
    0.175
    """
    hidden = shape.hidden_dim
    projection = 2 * lengths.mean * shape.embedding_dim * hidden
    pooler_and_head = 2 * hidden * (hidden + shape.num_outputs)
    return projection + _layers_flops(shape, lengths) + pooler_and_head


def _layers_flops(shape: ModelShape, lengths: Lengths) -> float:
    """Four projections and two dense layers a token; scores and their sums over pairs of tokens."""
    hidden = shape.hidden_dim
    weights = 4 * hidden**2 + 2 * hidden * shape.intermediate_dim
    whole = lengths.mean * weights + 2 * hidden * lengths.mean_square
    operations = shape.whole_applications * whole
    if shape.first_token_only:
        keys_and_values = 2 * hidden**2
        once = weights - keys_and_values
        operations += lengths.mean * keys_and_values + once + 2 * hidden * lengths.mean
    return 2 * operations


def _column_sums_flops(shape: ModelShape, lengths: Lengths) -> float:
    """A column for each bias of the layers, and for each scale and offset of their LayerNorms."""
    hidden = shape.hidden_dim
    columns = 9 * hidden + shape.intermediate_dim
    operations = shape.whole_applications * lengths.mean * columns
    if shape.first_token_only:
        keys_and_values = 2 * hidden
        operations += lengths.mean * keys_and_values + columns - keys_and_values
    return 2 * operations
