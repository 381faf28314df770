"""The count of operations against the matrix products in TensorFlow's own graph."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.plan.flops import step_flops
from models.plan.lengths import lengths_of
from models.plan.shape import ModelShape
from tests.models.plan.shapes import LABELS, SHAPES, build

ROWS, LENGTH = 3, 6
INPUTS = {
    name: tf.TensorSpec((ROWS, LENGTH), tf.int32, name=name)
    for name in ("token_ids", "segment_ids", "padding_mask")
}


def operations(function):
    """Returns the operations of every matrix product in a traced function."""
    total = 0
    for node in function.graph.get_operations():
        if node.type in ("MatMul", "BatchMatMulV2", "BatchMatMulV3"):
            left = node.inputs[0].shape
            transposed = node.get_attr("transpose_a" if node.type == "MatMul" else "adj_x")
            inner = left[-2] if transposed else left[-1]
            total += 2 * inner * np.prod(node.outputs[0].shape.as_list())
    return total


@pytest.fixture(params=[False, True], ids=["all tokens", "first token"], scope="module")
def first_token_only(request):
    return request.param


@pytest.fixture(params=SHAPES.values(), ids=SHAPES, scope="module")
def shape_and_model(request, first_token_only):
    backbone = build(request.param)
    outputs = backbone(backbone.input, pooled_only=first_token_only)
    logits = keras.layers.Dense(len(LABELS))(outputs["pooled_output"])
    shape = dataclasses.replace(request.param, first_token_only=first_token_only)
    return shape, keras.Model(backbone.input, logits)


def test_every_product_of_the_forward_pass_is_counted(shape_and_model):
    shape, model = shape_and_model
    traced = tf.function(model, autograph=False).get_concrete_function(INPUTS, training=True)
    planned = step_flops(shape, lengths_of([LENGTH]), ROWS, checkpointing=False)
    assert planned.forward == operations(traced)


def test_every_product_of_the_backward_pass_is_counted(shape_and_model):
    shape, model = shape_and_model

    @tf.function(autograph=False)
    def gradients(inputs):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(inputs, training=True))
        return tape.gradient(loss, [variable.value for variable in model.trainable_variables])

    traced = gradients.get_concrete_function(INPUTS)
    planned = step_flops(shape, lengths_of([LENGTH]), ROWS, checkpointing=False)
    assert planned.total == operations(traced)


def test_checkpointing_computes_the_layers_once_more():
    shape = ModelShape(12, 12, 768, 3072, 128, 512, 30_000, 2)
    plain = step_flops(shape, lengths_of([128]), 8, checkpointing=False)
    again = step_flops(shape, lengths_of([128]), 8, checkpointing=True)
    assert (again.forward, again.backward) == (plain.forward, plain.backward)
    assert plain.recompute == 0
    assert 0.98 * plain.forward < again.recompute < plain.forward


def test_attention_grows_with_the_square_of_each_row():
    shape = ModelShape(2, 2, 16, 32, 8, 64, 50, 2)
    rows = [step_flops(shape, lengths_of([n]), 1, checkpointing=False).forward for n in (10, 50)]
    both = step_flops(shape, lengths_of([10, 50]), 2, checkpointing=False).forward
    assert both == pytest.approx(sum(rows))
