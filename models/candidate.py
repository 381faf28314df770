"""The model that is trained: backbone, the task's head, and the way from raw text to answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf

from models.albert import AlbertBackbone
from models.albert.packed import PackedEncoder, with_encoder
from models.backbone import create_backbone
from models.config import ModelConfig
from models.export import Predict, TrackedPredict
from models.precision import FLOAT32
from models.tasks.base import Features, Task
from models.tokenizer import AlbertTokenizer
from models.weights.task_heads import head_dropout, load_heads, save_heads

TASK_WEIGHTS_FILE = "task.weights.h5"
"""In the folder of a saved preset: the weights of backbone and head together."""

PRESET_VOCABULARY_FILE = os.path.join("assets", "tokenizer", "vocabulary.spm")
"""Where KerasHub keeps the SentencePiece model of a preset."""


@dataclass(frozen=True)
class Candidate:
    """A task's model on an ALBERT backbone.

    Attributes:
      task: Gives preprocessing, head and decoding.
      config: Sizes.
      tokenizer: Its vocabulary is the backbone's.
      seed: Seed of the initial weights and of dropout.
      precision: Keras dtype policy.
      backbone: Shares its weights with `model`.
      model: From the backbone's inputs to float32 logits.
    """

    task: Task
    config: ModelConfig
    tokenizer: AlbertTokenizer
    seed: int
    precision: str
    backbone: AlbertBackbone
    model: keras.Model

    @classmethod
    def build(
        cls,
        task: Task,
        config: ModelConfig,
        tokenizer: AlbertTokenizer,
        *,
        seed: int,
        precision: str,
        gradient_checkpointing: bool = False,
    ) -> Candidate:
        """Makes a candidate with its initial weights, its head's too where given ones fit."""
        backbone = create_backbone(
            config,
            tokenizer.vocabulary_size,
            dtype=precision,
            seed=seed,
            gradient_checkpointing=gradient_checkpointing,
        )
        model = task.build_model(backbone, dropout=head_dropout(config), seed=seed)
        task.prepare_head(model, tokenizer)
        if config.weights is not None and config.reuse == "all":
            load_heads(model, task, Path(config.weights))
        return cls(task, config, tokenizer, seed, precision, backbone, model)

    def in_float32(self) -> Candidate:
        """Returns the candidate that is served: the same weights, in float32 on one device.

        What a GPU or a CPU with AMX trained in 16 bits may be served by a machine that is slow at
        them.
        """
        if self.precision == FLOAT32 and self.model.distribute_strategy.num_replicas_in_sync == 1:
            return self
        served = Candidate.build(
            self.task, self.config, self.tokenizer, seed=self.seed, precision=FLOAT32
        )
        served.model.set_weights(self.model.get_weights())
        return served

    def predict_function(self) -> Predict:
        """Returns the model, with the weights it has now, as a function of raw features.

        It is a tf.Module, which `models.export` saves with all that it uses. The graph of the model
        is traced once, however many signatures call it.
        """
        encoder, model = self._served()
        inputs = {
            name: tf.TensorSpec(tensor.shape, tensor.dtype, name=name)
            for name, tensor in self.model.input.items()
        }

        @tf.function(input_signature=[inputs], autograph=False)
        def logits(inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
            return model(inputs, training=False)

        def predict(features: Mapping[str, tf.Tensor]) -> Mapping[str, tf.Tensor]:
            return self.task.answer(features, logits, self.tokenizer, self.config.max_length)

        heads = [variable.value for variable in model.weights]
        return TrackedPredict(predict, [self.tokenizer, encoder, *heads])

    def _served(self) -> tuple[PackedEncoder, keras.Model]:
        """Returns the encoder of what is served, and the model that it is part of."""
        encoder = PackedEncoder(self.backbone, dtype=self.config.serving_precision)
        return encoder, with_encoder(self.model, self.backbone, encoder)

    def reference(self, rows: Features) -> tuple[tf.Tensor, Mapping[str, tf.Tensor]]:
        """Returns ids and answers of transformed rows: see `Task.reference_rows`."""
        served = self._served()[1]
        return self.task.reference_rows(rows, lambda inputs: served(inputs, training=False))

    def save_preset(self, directory: str, vocabulary_file: str) -> None:
        """Writes the backbone as a KerasHub preset, which `model.weights` of a later run can name.

        The weights with the head are beside it, to go on with the same task.

        Args:
          directory: Folder to write.
          vocabulary_file: The tokenizer's SentencePiece model.
        """
        self.backbone.save_to_preset(directory)
        copy = os.path.join(directory, PRESET_VOCABULARY_FILE)
        tf.io.gfile.makedirs(os.path.dirname(copy))
        tf.io.gfile.copy(vocabulary_file, copy)
        # A model of its own that was never compiled: the other's optimizer is twice as large.
        weights = keras.Model(self.model.input, self.model.output)
        weights.save_weights(os.path.join(directory, TASK_WEIGHTS_FILE))
        save_heads(self.model, self.task, self.config, Path(directory))
