"""Tiny backbones with random weights, ours and KerasHub's, and inputs with padding."""

import keras_hub
import numpy as np

from models.albert import AlbertBackbone

SIZES = {
    "vocabulary_size": 30,
    "num_layers": 4,
    "num_heads": 2,
    "embedding_dim": 8,
    "hidden_dim": 16,
    "intermediate_dim": 32,
    "max_sequence_length": 16,
}


def randomize(backbone, seed=0):
    """Gives every weight a value of its own, biases and norms too."""
    rng = np.random.default_rng(seed)
    for variable in backbone.weights:
        centre = 1.0 if variable.path.endswith("gamma") else 0.0
        variable.assign(rng.normal(centre, 0.3, variable.shape))
    return backbone


def ours(**arguments):
    return randomize(AlbertBackbone(**SIZES, **arguments))


def keras_hubs(**arguments):
    return randomize(keras_hub.models.AlbertBackbone(**SIZES, **arguments))


def inputs(lengths=(7, 5, 2), longest=7, seed=1):
    rng = np.random.default_rng(seed)
    shape = (len(lengths), longest)
    mask = np.arange(longest) < np.array(lengths)[:, None]
    return {
        "token_ids": rng.integers(1, SIZES["vocabulary_size"], shape).astype("int32"),
        "segment_ids": rng.integers(0, 2, shape).astype("int32"),
        "padding_mask": mask.astype("int32"),
    }
