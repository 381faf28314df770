"""The forward pass on JAX: run by a child process, as a process has one Keras back end."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.models.albert.tiny import inputs, ours

CHILD = """
import json, sys
import numpy as np
from tests.models.albert.tiny import inputs, ours
backbone = ours(num_groups=2, hidden_act="gelu", gradient_checkpointing=True)
outputs = backbone(inputs(), training=True)
json.dump({name: np.asarray(value).tolist() for name, value in outputs.items()}, sys.stdout)
"""


@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None,
    reason="JAX is no dependency; pip install jax to run this",
)
def test_outputs_on_jax():
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = ours(num_groups=2, hidden_act="gelu")(inputs())
    for name, values in json.loads(child.stdout).items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-4, atol=1e-5)
