"""The pretraining model: ALBERT with the heads for masked pieces and for the order of segments."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from models.albert import AlbertBackbone
from models.albert.heads import MaskedLanguageModelHead, dense_head
from models.pretraining.masking import NO_TARGET
from schemas import features as keys

MLM, SOP = "mlm", "sop"
"""Outputs of the model, layers of its heads, and targets."""


def build_pretraining_model(
    backbone: AlbertBackbone, *, sentence_order: bool, dropout: float, seed: int, name: str
) -> keras.Model:
    """Puts the heads on a backbone (https://arxiv.org/abs/1909.11942, section 3.1).

    Args:
      backbone: Its word embeddings are the weights of the last product too.
      sentence_order: Whether there is the head for the order of two segments.
      dropout: Before that head.
      seed: Of the heads' weights, and of dropout.
      name: Of the model.

    Returns:
      A model that takes `masked_positions`, int32 `(batch, num_positions)`, beside the backbone's
      inputs, and gives `mlm`, float32 `(batch, num_positions, vocabulary)`, and `sop`,
      `(batch, 2)`.
    """
    positions = keras.Input((None,), dtype="int32", name=keys.MASKED_POSITIONS)
    encoded = backbone(backbone.input)
    head = MaskedLanguageModelHead(
        backbone.token_embedding,
        hidden_act=backbone.hidden_act,
        seed=seed,
        dtype=backbone.dtype_policy,
        name=MLM,
    )
    outputs = {MLM: head(encoded["sequence_output"], positions)}
    if sentence_order:
        outputs[SOP] = dense_head(encoded["pooled_output"], 2, dropout=dropout, seed=seed, name=SOP)
    else:
        # Nothing would train the pooler, and Keras warns of weights without a gradient.
        backbone.pooled_dense.trainable = False
    inputs = {**backbone.input, keys.MASKED_POSITIONS: positions}
    return keras.Model(inputs, outputs, name=name)


def known_targets_loss() -> keras.losses.Loss:
    """Returns the mean cross-entropy of those targets of a batch that are there."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=NO_TARGET)


class KnownTargetsAccuracy(keras.metrics.Mean):
    """The share of targets that are found, of those that are there."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch.

        Args:
          y_true: Targets, integers `(batch, ...)`, -1 for none.
          y_pred: Logits, float `(batch, ..., classes)`.
          sample_weight: Of each row, `(batch,)`.
        """
        target = ops.cast(y_true, "int32")
        found = ops.equal(ops.cast(ops.argmax(y_pred, axis=-1), "int32"), target)
        weight = ops.cast(ops.not_equal(target, NO_TARGET), "float32")
        if sample_weight is not None:
            rows = ops.cast(sample_weight, "float32")
            weight *= ops.reshape(rows, (-1, *(1 for _ in target.shape[1:])))
        super().update_state(ops.cast(found, "float32"), weight)
