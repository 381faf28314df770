import numpy as np
import pytest
import tensorflow as tf

from models.albert.activations import activation
from models.albert.gradients import TrainingPieces
from models.albert.weights import LayerWeights


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_gradients_of_all_uses_are_added_up_without_loss(precision):
    """In bf16 256 + 1 is 256: added up one after the other, eight of them would be lost."""
    pieces = TrainingPieces(activation("gelu_new"), compiled=precision != "float32")
    weights = LayerWeights(*(tf.ones((2, 3), precision) for _ in LayerWeights._fields))
    upstream = [256.0, *[1.0] * 8]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        uses = pieces.uses(weights, len(upstream))
        loss = [one.output_kernel * factor for one, factor in zip(uses, upstream, strict=True)]
    found = tape.gradient(loss, weights.output_kernel)
    assert found.dtype == precision
    np.testing.assert_array_equal(tf.cast(found, "float32"), np.full((2, 3), 264.0))
