"""The golden files of this folder, and what the imported models must answer to their inputs."""

import shutil
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from models.albert.heads import MaskedLanguageModelHead
from models.weights.heads import (
    CLASSIFIER,
    MLM,
    MULTIPLE_CHOICE,
    QA_OUTPUTS,
    SOP,
    TOKEN_CLASSIFIER,
    head_tensors,
)
from models.weights.names import backbone_tensors, pooler_tensors
from models.weights.preset import build_backbone
from schemas import features as keys

GOLDENS = Path(__file__).resolve().parent / "goldens"
VOCABULARY = GOLDENS / "spiece.model"
CASES = (
    "model",
    "model_without_pooler",
    "pretraining",
    "masked_lm",
    "classifier",
    "token_classifier",
    "question_answering",
    "multiple_choice",
    "model_of_groups",
    "classifier_of_groups",
)
RTOL = 1e-5
ENDS = ("start", "end")


def copy_golden(name, folder):
    """Copies a golden model with its vocabulary, without the answers."""
    ignore = shutil.ignore_patterns("golden.npz", "answers.json")
    shutil.copytree(GOLDENS / name, folder, ignore=ignore)
    shutil.copy(VOCABULARY, folder)
    return folder


def load_golden(name):
    with np.load(GOLDENS / name / "golden.npz") as archive:
        return dict(archive)


def named_tensors(checkpoint):
    heads = checkpoint.info.heads.items()
    size = checkpoint.architecture
    return [
        *backbone_tensors(size),
        *(pooler_tensors(size) if checkpoint.info.has_pooler else []),
        *(tensor for head, outputs in heads for tensor in head_tensors(head, size, outputs)),
    ]


class Imported:
    """An imported backbone with its heads on it, in the layers that training puts there."""

    def __init__(self, checkpoint, golden):
        self.golden = golden
        self.backbone = build_backbone(checkpoint)
        self.variables = {variable.path: variable for variable in self.backbone.variables}
        self.layers = {head: self._layer(head, checkpoint) for head in checkpoint.info.heads}

    def _layer(self, head, checkpoint):
        hidden_dim = self.backbone.hidden_dim
        if head == MLM:
            act = checkpoint.architecture.hidden_act
            layer = MaskedLanguageModelHead(
                self.backbone.token_embedding, hidden_act=act, name=head
            )
            layer.build((None, None, hidden_dim))
            variables = {
                variable.path.removeprefix(f"{head}/"): variable
                for variable in layer.variables
                if variable.path.startswith(f"{head}/")
            }
        else:
            layer = keras.layers.Dense(checkpoint.info.heads[head])
            layer.build((None, hidden_dim))
            variables = {"kernel": layer.kernel, "bias": layer.bias}
        for name, variable in variables.items():
            variable.assign(checkpoint.heads[f"{head}/{name}"]())
            self.variables[f"{head}/{name}"] = variable
        return layer

    def outputs(self):
        """Returns the outputs by the names of transformers."""
        ids = self._inputs("input_ids")
        hidden = self.backbone(
            {
                keys.TOKEN_IDS: ids,
                keys.SEGMENT_IDS: self._inputs("token_type_ids"),
                keys.PADDING_MASK: self._inputs("attention_mask"),
            },
            training=False,
        )
        sequence, pooled = hidden["sequence_output"], hidden["pooled_output"]
        outputs = {"last_hidden_state": sequence, "pooler_output": pooled}
        if MLM in self.layers:
            words = self.layers[MLM](sequence)
            outputs["prediction_logits" if SOP in self.layers else "logits"] = words
        for head, name, features in (
            (SOP, "sop_logits", pooled),
            (CLASSIFIER, "logits", pooled),
            (TOKEN_CLASSIFIER, "logits", sequence),
            (QA_OUTPUTS, "spans", sequence),
            (MULTIPLE_CHOICE, "options", pooled),
        ):
            if head in self.layers:
                outputs[name] = self.layers[head](features)
        if QA_OUTPUTS in self.layers:
            outputs["start_logits"], outputs["end_logits"] = tf.unstack(outputs["spans"], axis=-1)
        if MULTIPLE_CHOICE in self.layers:
            outputs["logits"] = tf.reshape(outputs["options"], self.golden["outputs/logits"].shape)
        return {name: value for name, value in outputs.items() if f"outputs/{name}" in self.golden}

    def _inputs(self, name):
        """Returns rows of tokens; the options of a question are rows."""
        value = self.golden[f"inputs/{name}"]
        return tf.constant(value.reshape(-1, value.shape[-1]), tf.int32)

    def loss(self, outputs):
        """Returns the loss that make_goldens.py took the gradients of."""
        given = {
            name.removeprefix("inputs/"): value
            for name, value in self.golden.items()
            if name.startswith("inputs/")
        }
        if "sequence_weights" in given:
            loss = tf.reduce_sum(outputs["last_hidden_state"] * given["sequence_weights"])
            if "pooled_weights" in given:
                loss += tf.reduce_sum(outputs["pooler_output"] * given["pooled_weights"])
            return loss
        if "start_positions" in given:
            spans = [
                cross_entropy(given[f"{end}_positions"], outputs[f"{end}_logits"]) for end in ENDS
            ]
            return sum(spans) / 2
        logits = outputs.get("prediction_logits", outputs.get("logits"))
        loss = cross_entropy(given["labels"], logits)
        if "sop_logits" in outputs:
            loss += cross_entropy(given["sentence_order_label"], outputs["sop_logits"])
        return loss

    def gradients(self):
        """Returns loss and dense gradients by variable."""
        with tf.GradientTape() as tape:
            outputs = self.outputs()
            loss = self.loss(outputs)
        values = {path: variable.value for path, variable in self.variables.items()}
        gradients = tape.gradient(loss, values)
        return loss, {
            path: tf.convert_to_tensor(gradient).numpy()
            for path, gradient in gradients.items()
            if gradient is not None
        }


def cross_entropy(labels, logits):
    """PyTorch's: the mean over labels that are not -100."""
    chosen = labels != -100
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        tf.boolean_mask(labels, chosen), tf.boolean_mask(logits, chosen)
    )
    return tf.reduce_mean(losses)
