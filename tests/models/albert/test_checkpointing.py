import numpy as np
import pytest
import tensorflow as tf

from tests.models.albert.tiny import inputs, ours


def gradients(*, gradient_checkpointing, dtype="float32", **arguments):
    """Returns the gradients of a compiled step, from the same weights and the same first seed."""
    backbone = ours(
        gradient_checkpointing=gradient_checkpointing, dtype=dtype, num_groups=2, **arguments
    )
    if arguments:
        backbone.dropout_seeds.state.assign([5, 0])

    @tf.function(autograph=False)
    def step(rows):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.sin(backbone(rows, training=True)["sequence_output"]))
        return tape.gradient(loss, [variable.value for variable in backbone.trainable_variables])

    found = step(inputs())
    return [tf.convert_to_tensor(g).numpy() for g in found if g is not None]


@pytest.mark.parametrize(
    "dropout", [{}, {"dropout": 0.1}, {"dropout": 0.3, "attention_dropout": 0.1}]
)
def test_same_gradients_with_and_without(dropout):
    plain = gradients(gradient_checkpointing=False, **dropout)
    computed_again = gradients(gradient_checkpointing=True, **dropout)
    largest = max(np.abs(gradient).max() for gradient in plain)
    assert largest > 0.1
    for one, other in zip(computed_again, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=5e-6 * largest)


def test_other_masks_give_other_gradients():
    """So that the test above would see a recomputation with masks of its own."""
    plain = gradients(gradient_checkpointing=False)
    dropped = gradients(gradient_checkpointing=False, dropout=0.1)
    largest = max(np.abs(gradient).max() for gradient in plain)
    pairs = zip(plain, dropped, strict=True)
    assert max(np.abs(one - other).max() for one, other in pairs) > 0.05 * largest


def test_layers_are_computed_again():
    def products(**arguments):
        backbone = ours(**arguments)

        @tf.function(autograph=False)
        def step(rows):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(backbone(rows, training=True)["sequence_output"])
            return tape.gradient(loss, backbone.embeddings_projection.kernel.value)

        operations = step.get_concrete_function(inputs()).graph.get_operations()
        return sum(operation.type == "MatMul" for operation in operations)

    assert products(gradient_checkpointing=True) > products(gradient_checkpointing=False)
