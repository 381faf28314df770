"""Runs VocabularyTrainer: reads the texts of the training split, trains, writes the model file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from models.config import VocabularyConfig
from models.tasks import create_task
from models.tokenizer import load_processor
from models.vocabulary import train_vocabulary
from schemas import features as keys
from schemas.errors import UserError

_BATCH_SIZE = 4096


@dataclass(frozen=True)
class ModelFile:
    """A SentencePiece model that ALBERT can use.

    Attributes:
      content: The file's bytes.
      hash: Hash of them.
    """

    content: bytes
    hash: str


class Executor(base_executor.BaseExecutor):
    """Executor of `components.vocabulary.component.VocabularyTrainer`."""

    def Do(  # noqa: N802 - the name is TFX's
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the vocabulary.

        Raises:
          UserError: If the given file has changed or is none, or the text is not enough to train
            on.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = VocabularyConfig.model_validate_json(exec_properties["config"])
        if config.model is None:
            task = create_task(json.loads(exec_properties["task"]))
            uris = artifact_utils.get_split_uris(input_dict[keys.EXAMPLES], keys.TRAIN)
            content = train_vocabulary(read_texts(uris, task.vocabulary_features), config)
        else:
            content = _given_model(config.model, exec_properties["model_hash"])
        uri = artifact_utils.get_single_uri(output_dict[keys.VOCABULARY])
        with fileio.open(os.path.join(uri, keys.VOCABULARY_FILE), "wb") as stream:
            stream.write(content)


def read_model_file(path: str) -> ModelFile:
    """Reads a SentencePiece model file.

    Raises:
      UserError: If there is no such file, or it is no ALBERT vocabulary.
    """
    try:
        with fileio.open(path, "rb") as stream:
            content = stream.read()
    except (OSError, tf.errors.OpError) as error:
        raise UserError(
            f"vocabulary.model must be a SentencePiece model file; received {path!r}, which cannot "
            f"be read ({error}); correct the path, or unset it to train a vocabulary"
        ) from error
    load_processor(content)
    return ModelFile(content, hashlib.sha256(content).hexdigest())


def read_texts(split_uris: Sequence[str], features: Sequence[str]) -> Iterator[str]:
    """Yields the texts of tf.Examples.

    Args:
      split_uris: Folders of gzip TFRecord files.
      features: Names of the text features; each may hold several texts a row, or none.
    """
    files = [path for uri in split_uris for path in sorted(fileio.glob(os.path.join(uri, "*.gz")))]
    spec = {name: tf.io.VarLenFeature(tf.string) for name in features}
    rows = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_BATCH_SIZE)
    for batch in rows.map(lambda records: tf.io.parse_example(records, spec)):
        for name in features:
            yield from (text.decode(errors="replace") for text in batch[name].values.numpy())


def _given_model(path: str, expected_hash: str) -> bytes:
    model = read_model_file(path)
    if expected_hash and model.hash != expected_hash:
        raise UserError(
            f"vocabulary.model must not change while a run goes on; {path!r} has changed; run again"
        )
    return model.content
