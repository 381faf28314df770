"""Tiny models of the tasks on whole texts."""

import tensorflow as tf

from models.backbone import create_backbone
from models.config import ModelConfig
from models.packing import pad

BACKBONE = ModelConfig(
    size="albert-tiny",
    num_layers=1,
    num_heads=2,
    hidden_dim=16,
    intermediate_dim=16,
    embedding_dim=8,
)


def build(task, *, seed=0, dropout=0.1, dtype="float32"):
    backbone = create_backbone(BACKBONE, 200, dtype=dtype, seed=seed)
    return task.build_model(backbone, dropout=dropout, seed=seed)


def padded(task, tokenizer, *columns):
    """Returns the model's inputs for columns of texts."""
    features = {
        name: tf.constant(texts) for name, texts in zip(task.text_columns, columns, strict=True)
    }
    return pad(task.preprocess(features, tokenizer, 16))
