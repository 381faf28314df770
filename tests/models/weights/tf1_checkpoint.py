"""Writes the weights of a golden model as google-research/albert would have saved them.

The names are written out here a second time, from the checkpoints that the authors published, so
that a mistake in the table of models.weights.names is seen.
"""

import json
import shutil

import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file

from tests.models.weights.golden import GOLDENS, VOCABULARY

LAYER = {
    "attention_1/self/query": "attention.query",
    "attention_1/self/key": "attention.key",
    "attention_1/self/value": "attention.value",
    "attention_1/output/dense": "attention.dense",
    "LayerNorm": "attention.LayerNorm",
    "ffn_1/intermediate/dense": "ffn",
    "ffn_1/intermediate/output/dense": "ffn_output",
    "LayerNorm_1": "full_layer_layer_norm",
}
DENSE, NORM = {"kernel": "weight", "bias": "bias"}, {"gamma": "weight", "beta": "bias"}


def tf1_names(groups, inner):
    """Returns the name in transformers of every variable of the original's backbone."""
    names = {
        f"bert/embeddings/{table}": f"albert.embeddings.{table}.weight"
        for table in ("word_embeddings", "position_embeddings", "token_type_embeddings")
    }
    modules = {
        "bert/embeddings/LayerNorm": "albert.embeddings.LayerNorm",
        "bert/encoder/embedding_hidden_mapping_in": "albert.encoder.embedding_hidden_mapping_in",
        "bert/pooler/dense": "albert.pooler",
    }
    for group in range(groups):
        for layer in range(inner):
            tf1 = f"bert/encoder/transformer/group_{group}/inner_group_{layer}"
            theirs = f"albert.encoder.albert_layer_groups.{group}.albert_layers.{layer}"
            modules |= {f"{tf1}/{one}": f"{theirs}.{other}" for one, other in LAYER.items()}
    for tf1, theirs in modules.items():
        parts = NORM if "LayerNorm" in tf1 else DENSE
        names |= {f"{tf1}/{one}": f"{theirs}.{other}" for one, other in parts.items()}
    return names


PRETRAINING = {
    "cls/predictions/transform/dense/kernel": "predictions.dense.weight",
    "cls/predictions/transform/dense/bias": "predictions.dense.bias",
    "cls/predictions/transform/LayerNorm/gamma": "predictions.LayerNorm.weight",
    "cls/predictions/transform/LayerNorm/beta": "predictions.LayerNorm.bias",
    "cls/predictions/output_bias": "predictions.bias",
    "cls/seq_relationship/output_weights": "sop_classifier.classifier.weight",
    "cls/seq_relationship/output_bias": "sop_classifier.classifier.bias",
}
CLASSIFIER = {"output_weights": "classifier.weight", "output_bias": "classifier.bias"}


def write_tf1(golden, folder, *, prefix="", more=(), step=1250):
    """Writes a golden model as a TF1 checkpoint, with what training leaves in one."""
    config = json.loads((GOLDENS / golden / "config.json").read_text())
    stored = {}
    for path in (GOLDENS / golden).glob("*.safetensors"):
        stored |= load_file(path)
    names = tf1_names(config["num_hidden_groups"], config["inner_group_num"])
    names |= PRETRAINING if golden == "pretraining" else CLASSIFIER
    values = {
        prefix + tf1: stored[theirs].T if tf1.endswith("kernel") else stored[theirs]
        for tf1, theirs in names.items()
    }
    values |= {
        "global_step": np.int64(step),
        "bert/pooler/dense/bias/adam_m": np.zeros(32, "float32"),
        "bert/pooler/dense/bias/adam_v": np.zeros(32, "float32"),
        **dict(more),
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_checkpoint(values, folder / "model.ckpt", step)
    shutil.copy(VOCABULARY, folder / "30k-clean.model")
    theirs = ("architectures", "dtype", "hidden_act", "id2label", "label2id", "layer_norm_eps")
    original = {key: value for key, value in config.items() if key not in theirs}
    original |= {
        "hidden_act": "gelu",
        "down_scale_factor": 1,
        "gap_size": 0,
        "net_structure_type": 0,
    }
    (folder / "albert_config.json").write_text(json.dumps(original))
    return folder


def save_checkpoint(values, prefix, step):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [
            tf.compat.v1.get_variable(name, initializer=value, use_resource=False)
            for name, value in values.items()
        ]
        session.run(tf.compat.v1.global_variables_initializer())
        saver = tf.compat.v1.train.Saver(variables)
        saver.save(session, str(prefix), global_step=step, write_meta_graph=False)
