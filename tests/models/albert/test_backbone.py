import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.albert import AlbertBackbone
from models.albert.activations import activation
from models.presets import SIZES as PUBLISHED
from schemas.errors import UserError
from tests.models.albert.tiny import SIZES, inputs, keras_hubs, ours

LAYOUTS = pytest.mark.parametrize(
    "layout",
    [
        {},
        {"num_groups": 2},
        {"num_inner_repetitions": 2},
        {"num_groups": 2, "num_inner_repetitions": 2},
    ],
    ids=["shared", "groups", "inner", "groups-inner"],
)
OUTPUTS = ("sequence_output", "pooled_output")


def gradients(backbone, rows):
    """Returns the outputs, and the gradients of a loss that every one of them has a part in."""
    with tf.GradientTape() as tape:
        outputs = backbone(rows, training=True)
        loss = sum(tf.reduce_sum(tf.sin(tf.cast(outputs[name], tf.float32))) for name in OUTPUTS)
    found = tape.gradient(loss, [variable.value for variable in backbone.trainable_variables])
    return outputs, [tf.convert_to_tensor(gradient).numpy() for gradient in found]


@LAYOUTS
def test_outputs_and_gradients_of_keras_hub(layout):
    outputs, found = gradients(ours(**layout), inputs())
    expected_outputs, expected = gradients(keras_hubs(**layout), inputs())
    for name in OUTPUTS:
        np.testing.assert_allclose(outputs[name], expected_outputs[name], rtol=1e-5, atol=1e-6)
    # The true gradient of the key's bias is 0: what is found there is rounding of the others.
    largest = max(np.abs(gradient).max() for gradient in expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6 * largest)


@LAYOUTS
@pytest.mark.parametrize("gradient_checkpointing", [False, True])
def test_pooled_output_alone(layout, gradient_checkpointing):
    """Its last layer is computed for the first token only, which changes nothing else."""
    backbone = ours(**layout, gradient_checkpointing=gradient_checkpointing)
    results = []
    for pooled_only in (False, True):
        with tf.GradientTape() as tape:
            outputs = backbone(inputs(), training=True, pooled_only=pooled_only)
            loss = tf.reduce_sum(tf.sin(outputs["pooled_output"]))
        found = tape.gradient(loss, [one.value for one in backbone.trainable_variables])
        results.append([outputs["pooled_output"], *map(tf.convert_to_tensor, found)])
    assert set(outputs) == {"pooled_output"}
    largest = max(np.abs(gradient).max() for gradient in results[0][1:])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6 * largest)


def test_own_symbolic_graph_is_the_same_function():
    backbone = ours(hidden_act="gelu")
    graph = keras.Model(backbone.input, backbone.output)
    for name in OUTPUTS:
        np.testing.assert_allclose(
            graph(inputs())[name], backbone(inputs())[name], rtol=1e-5, atol=1e-6
        )


def test_model_on_its_inputs_runs_the_same_computation():
    backbone = ours()
    model = keras.Model(backbone.input, backbone(backbone.input))
    assert model.output["pooled_output"].shape == (None, SIZES["hidden_dim"])
    np.testing.assert_array_equal(
        model(inputs())["sequence_output"], backbone(inputs())["sequence_output"]
    )


@pytest.mark.parametrize("hidden_act", ["gelu_new", "gelu", "relu", "silu", "tanh"])
def test_gradients_of_an_activation(hidden_act):
    backbone, other = ours(hidden_act=hidden_act), keras_hubs()
    for layer in (layer for group in other.transformer_layers for layer in group):
        layer._feedforward_intermediate_dense.activation = activation(hidden_act).plain
    found, expected = gradients(backbone, inputs())[1], gradients(other, inputs())[1]
    largest = max(np.abs(gradient).max() for gradient in expected)
    for one, another in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, another, rtol=1e-5, atol=2e-6 * largest)


def traced(backbone, *, training):
    """Returns the operations of one call."""
    call = tf.function(lambda rows: backbone(rows, training=training), autograph=False)
    return call.get_concrete_function(inputs()).graph.get_operations()


def test_weights_are_cast_once_for_all_repetitions():
    def casts(num_layers):
        backbone = AlbertBackbone(**SIZES | {"num_layers": num_layers}, dtype="mixed_bfloat16")
        operations = traced(backbone, training=False)
        return sum(
            operation.type == "Cast"
            and operation.inputs[0].dtype.is_floating
            and operation.inputs[0].shape.rank != 0  # a constant of TensorFlow's GELU
            for operation in operations
        )

    # Activations: scores to float32 and probabilities back; for each of two norms both summands to
    # float32 and the result back.
    assert casts(6) - casts(2) == 4 * 8


def test_no_dropout_draws_nothing():
    backbone = ours()
    assert not any("Random" in operation.type for operation in traced(backbone, training=True))
    assert not any("seed" in variable.path for variable in backbone.variables)


def test_16_bits():
    outputs, found = gradients(ours(dtype="mixed_bfloat16"), inputs())
    expected_outputs, expected = gradients(ours(), inputs())
    assert outputs["sequence_output"].dtype == tf.bfloat16
    assert all(gradient.dtype == np.float32 for gradient in found)
    for name in OUTPUTS:
        np.testing.assert_allclose(
            tf.cast(outputs[name], tf.float32), expected_outputs[name], atol=0.15
        )
    largest = max(np.abs(gradient).max() for gradient in expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=0.1 * largest)


def test_served_graph_needs_no_compiler():
    operations = traced(ours(dtype="mixed_bfloat16"), training=False)
    assert not any(operation.type == "PartitionedCall" for operation in operations)


@pytest.mark.parametrize(
    ("hidden_act", "expected"),
    [
        ("gelu_new", keras.activations.gelu(np.float32([1.0]), approximate=True)),
        ("gelu", keras.activations.gelu(np.float32([1.0]), approximate=False)),
        ("relu", np.float32([1.0])),
    ],
)
def test_activation(hidden_act, expected):
    backbone = AlbertBackbone(**SIZES, hidden_act=hidden_act)
    np.testing.assert_allclose(
        backbone._layer_options.pieces.activate(np.float32([1.0])), expected, rtol=1e-5
    )


def test_unknown_activation():
    with pytest.raises(UserError, match=r"gelu_new, .*relu.*; received 'gelu_old'; change"):
        AlbertBackbone(**SIZES, hidden_act="gelu_old")


def test_attention_dropout_alone():
    backbone = ours(attention_dropout=0.5)
    trained, served = backbone(inputs(), training=True), backbone(inputs(), training=False)
    assert not np.allclose(trained["sequence_output"], served["sequence_output"])


def test_every_step_has_other_masks():
    backbone = ours(dropout=0.5)
    first, second = (backbone(inputs(), training=True)["sequence_output"] for _ in range(2))
    assert not np.allclose(first, second)


@pytest.mark.slow
def test_parameters_of_the_largest_size():
    """222,595,584 in xxlarge-v2: the published weights, without the heads of pre-training."""
    size = dataclasses.asdict(PUBLISHED["albert-xxlarge-v2"])
    del size["initializer_range"]
    backbone = AlbertBackbone(
        vocabulary_size=30_000,
        max_sequence_length=size.pop("max_positions"),
        dtype="bfloat16",
        **size,
    )
    assert backbone.count_params() == 222_595_584
