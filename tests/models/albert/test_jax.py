"""Forward pass and gradients on JAX, by a child process, as a process has one Keras back end.

JAX is no dependency. Name the interpreter of an environment that has it, with or without
TensorFlow (its packages are listed in benchmarks/training):

    JAX_PYTHON=JAX/bin/python python -m pytest tests/models/albert/test_jax.py
"""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.models.albert.tiny import inputs, ours

CHILD = """
import sys

import jax
import numpy as np

from tests.models.albert.tiny import inputs, ours

backbone = ours(num_groups=2, hidden_act="gelu", gradient_checkpointing=sys.argv[2] == "True")
given = inputs()
fixed = [variable.value for variable in backbone.non_trainable_variables]


def loss(weights):
    outputs, _ = backbone.stateless_call(weights, fixed, given, training=True)
    seen = outputs["sequence_output"] * given["padding_mask"][:, :, None]
    return jax.numpy.sum(jax.numpy.sin(seen)) + jax.numpy.sum(outputs["pooled_output"]), outputs


variables = backbone.trainable_variables
weights = [variable.value for variable in variables]
gradients, outputs = jax.jit(jax.grad(loss, has_aux=True))(weights)
found = {variable.path: value for variable, value in zip(variables, gradients)} | outputs
np.savez(sys.argv[1], **{name: np.asarray(value) for name, value in found.items()})
"""
PYTHON = os.environ.get("JAX_PYTHON") or (sys.executable if importlib.util.find_spec("jax") else "")

pytestmark = pytest.mark.skipif(
    not PYTHON, reason="JAX is no dependency; name an interpreter that has it: JAX_PYTHON"
)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "checkpointing"])
def on_jax(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("jax") / "found.npz"
    subprocess.run(
        [PYTHON, "-c", CHILD, path, str(request.param)],
        env=os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": "."},
        check=True,
    )
    with np.load(path) as found:
        return dict(found)


@pytest.fixture(scope="module")
def on_tensorflow():
    backbone, given = ours(num_groups=2, hidden_act="gelu"), inputs()
    variables = backbone.trainable_variables
    with tf.GradientTape() as tape:
        outputs = backbone(given, training=True)
        seen = outputs["sequence_output"] * given["padding_mask"][:, :, None]
        loss = tf.reduce_sum(tf.sin(seen)) + tf.reduce_sum(outputs["pooled_output"])
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    named = {
        variable.path: tf.convert_to_tensor(gradient)
        for variable, gradient in zip(variables, gradients, strict=True)
    }
    return {name: value.numpy() for name, value in (named | outputs).items()}


def test_outputs_and_gradients_are_those_of_tensorflow(on_jax, on_tensorflow):
    """But for rows of padding, whose sequence nobody reads."""
    real = inputs()["padding_mask"].astype(bool)
    largest = max(np.abs(value).max() for value in on_tensorflow.values())
    assert on_jax.keys() == on_tensorflow.keys()
    for name, value in on_jax.items():
        read = real if name == "sequence_output" else ...
        np.testing.assert_allclose(
            value[read], on_tensorflow[name][read], rtol=1e-5, atol=2e-6 * largest, err_msg=name
        )
