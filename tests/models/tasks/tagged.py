"""Texts with entities, and tiny models that tag them."""

import tensorflow as tf

from models.backbone import create_backbone
from models.config import ModelConfig
from schemas import features as keys

TASK = {"name": "tagging", "types": ["person", "place"]}
BACKBONE = ModelConfig(
    size="albert-tiny",
    num_layers=1,
    num_heads=2,
    hidden_dim=32,
    intermediate_dim=32,
    embedding_dim=16,
)
TEXTS = [
    "Anna saw the film in Rome.",
    "Nobody in Åle\u0301sund laughed",
    "In 1999, Bob and Anna Crème were in Rome",
    "a long film",
]
ENTITIES = ["0:4:person 21:25:place", "10:18:place", "9:12:person 17:27:person 36:40:place", ""]
SEED = tf.constant([0, 0], tf.int64)
LONG = (
    "Anna saw it, "
    + "a long and dull film, " * 6
    + "or so said Bob, "
    + "it was so long, " * 6
    + "in Rome."
)
LONG_ENTITIES = " ".join(
    f"{LONG.index(name)}:{LONG.index(name) + len(name)}:{kind}"
    for name, kind in (("Anna", "person"), ("Bob", "person"), ("Rome", "place"))
)


def padded(task, tokenizer, texts=TEXTS, entities=ENTITIES, max_length=64):
    return task.batch(transformed(task, tokenizer, texts, entities, max_length), seed=SEED)


def transformed(task, tokenizer, texts, entities, max_length=64):
    features = {
        keys.TEXT: tf.constant(texts),
        keys.ENTITIES: tf.constant(entities),
        keys.ROW_ID: tf.constant([f"a.jsonl:{number}" for number in range(len(texts))]),
    }
    return task.transform(features, tokenizer, max_length)


def build(task, *, dropout=0.0, seed=0, dtype="float32"):
    backbone = create_backbone(BACKBONE, 200, dtype=dtype, seed=seed)
    return task.build_model(backbone, dropout=dropout, seed=seed)
