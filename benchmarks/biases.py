"""Biases of models that were not trained."""

from __future__ import annotations

import keras
import numpy as np

_SPREAD = 0.02


def draw_biases(model: keras.Model, *, seed: int = 2) -> None:
    """Gives every bias of a new model random values, in place of its zeros.

    TensorFlow leaves the addition of constant zeros out of a graph. What is measured would then be
    a graph that no trained model has: without a bias, products are not fused with what follows.
    """
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.name == "bias":
            weight.assign(generator.normal(0.0, _SPREAD, weight.shape))
