"""The files that a config names beside its data: looked at before anything runs."""

from collections.abc import Iterator
from pathlib import Path

from components.remote.files import is_remote
from pipeline.config import RunConfig
from schemas.errors import UserError


def file_problems(config: RunConfig) -> Iterator[str]:
    """Yields what is wrong with the weights, vocabulary and schema of a training on this machine.

    It takes a moment: TensorFlow is not loaded, and what is remote is left to the run.
    """
    if config.model.weights is not None:
        from models.weights.sources import check_source

        try:
            check_source(config.model.weights)
        except UserError as error:
            yield f"model.weights: {error}"
    vocabulary = config.vocabulary.model
    if vocabulary is not None and not is_remote(vocabulary) and not Path(vocabulary).is_file():
        yield (
            f"vocabulary.model: must be a SentencePiece model file; received {vocabulary}, and "
            "there is no such file; correct the path, or unset it"
        )
    schema = config.validation.schema_file
    if schema is not None and not is_remote(schema):
        from components.validation.schema import check_schema

        try:
            check_schema(config.validation, config.typed_task, config.ingest)
        except UserError as error:
            yield str(error)
