"""How many rows a config's files hold, and how long they are: counted and sampled, not ingested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import sentencepiece

from components.ingest.bigquery.config import BigQueryConfig
from components.ingest.config import IngestConfig
from components.ingest.files import open_content
from components.ingest.formats import create_format
from components.ingest.formats.base import Chunk, Row, SourceFile
from components.ingest.sources import resolve_sources
from models.plan.lengths import Lengths, lengths_of
from pipeline.config import RunConfig
from schemas import features as keys
from schemas.errors import UserError

SAMPLED_ROWS = 2000
"""Rows at the beginning of the training files whose lengths are looked at."""

TOKENS_PER_WORD = 1.3
"""Pieces of a word, punctuation included, where there is no vocabulary to split with yet.

SST-2 has 1.2 with the published vocabulary of 30,000 pieces; smaller ones split more.
"""

_COUNTED_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class DataSize:
    """What is known of the data.

    Attributes:
      train_rows: Rows to train on; None where they are not known.
      eval_rows: Rows of the dev split; None likewise.
      lengths: Of the sequences that are computed, in tokens, cut to `model.max_length`.
      sequences: Those of a row, such as one for each option of a question.
      source: Where that comes from, for a reader.
    """

    train_rows: int | None
    eval_rows: int | None
    lengths: Lengths
    sequences: float
    source: str


@dataclass(frozen=True)
class SampledRows:
    """What the first rows of the training files are computed as.

    Attributes:
      lengths: Of the sequences in tokens, cut to `model.max_length`.
      sequences: Mean number of those of a training row, which are computed together.
      expansion: Mean number of training rows, such as windows, that a row of a file becomes.
    """

    lengths: Lengths
    sequences: float = 1.0
    expansion: float = 1.0


def data_size(config: RunConfig, *, rows: int | None = None) -> DataSize:
    """Returns the size of the data of `config`.

    Args:
      config: The run config.
      rows: Rows of the training files, where they are not to be counted.

    Returns:
      The size; where the files cannot be read, every row is taken to be `model.max_length` long,
      and as many sequences as is usual for the task.
    """
    longest, usual = config.model.max_length, float(config.typed_task.usual_sequences)
    if keys.TRAIN in config.ingest.queries:
        full = lengths_of([longest])
        hint = "" if rows else "; give their number as --rows"
        source = (
            f"full length, for ingest.train is a query, whose rows are not read for a plan{hint}"
        )
        return DataSize(rows, None, full, usual, source)
    try:
        files = resolve_sources(_without_queries(config.ingest), config.typed_task).files
        sampled = sample_rows(config, files)
    except UserError as error:
        full = lengths_of([longest])
        source = f"full length, for the data cannot be read: {error}"
        return DataSize(rows, None, full, usual, source)
    counted = {
        split: sum(count_rows(file) for file in files if file.split == split)
        for split in (keys.TRAIN, keys.EVAL)
    }
    train = counted[keys.TRAIN] if rows is None else rows
    dev = None if keys.EVAL in config.ingest.queries else counted[keys.EVAL]
    if config.ingest.eval is None:
        dev = round(train * config.ingest.eval_fraction)
        train = train - dev if rows is None else train
    how = (
        "split by the vocabulary"
        if config.vocabulary_source.model
        else "estimated from their words"
    )
    return DataSize(
        round(train * sampled.expansion),
        None if dev is None else round(dev * sampled.expansion),
        sampled.lengths,
        sampled.sequences,
        f"the first {SAMPLED_ROWS:,} rows, {how}",
    )


def _without_queries(config: IngestConfig) -> IngestConfig:
    """Returns the config without the splits that are asked for, whose rows are not counted."""
    return config.model_copy(update={"bigquery": BigQueryConfig(), **dict.fromkeys(config.queries)})


def count_rows(file: SourceFile) -> int:
    """Returns the rows of a file: its lines where each is a row, else by reading it."""
    source_format = create_format(file.format)
    if not source_format.splittable:
        return sum(1 for _ in source_format.read(Chunk(0, file)))
    lines, last = 0, b"\n"
    with open_content(file.path, gzipped=file.gzipped) as stream:
        while block := stream.read(_COUNTED_AT_ONCE):
            lines += block.count(b"\n")
            last = block
    named = file.header and source_format.by_position
    return lines + (not last.endswith(b"\n")) - named


def sample_rows(config: RunConfig, files: Sequence[SourceFile]) -> SampledRows:
    """Returns what the first rows of the training files are computed as.

    Without such files, rows are taken to be as long as they can be.

    Raises:
      UserError: If there is no row that can be read, or the vocabulary cannot.
    """
    training = [file for file in files if file.split == keys.TRAIN]
    task, longest = config.typed_task, config.model.max_length
    if not training:  # those of a query, which is not asked twice
        return SampledRows(lengths_of([longest]), float(task.usual_sequences))
    share = -(-SAMPLED_ROWS // len(training))
    model = config.vocabulary_source.model
    processor = None if model is None else _processor(model)
    sampled = [
        task.sequences(row.values, lambda text: _num_pieces(text, processor), longest)
        for file in training
        for row in islice(create_format(file.format).read(Chunk(0, file)), share)
        if isinstance(row, Row)
    ]
    rows = [sequences for row in sampled for sequences in row if sequences]
    if not rows:
        raise UserError("no row at the beginning of the training files can be read")
    lengths = [length for sequences in rows for length in sequences]
    return SampledRows(lengths_of(lengths), len(lengths) / len(rows), len(rows) / len(sampled))


def _num_pieces(text: str, processor: sentencepiece.SentencePieceProcessor | None) -> int:
    if processor is None:
        return round(len(text.split()) * TOKENS_PER_WORD)
    return len(processor.encode(text.lower()))


def vocabulary_size(config: RunConfig) -> int:
    """Returns the number of ids of the vocabulary that is given or will be trained.

    Raises:
      UserError: If the given file is no SentencePiece model.
    """
    model = config.vocabulary_source.model
    return config.vocabulary.size if model is None else _processor(model).get_piece_size()


def _processor(path: str) -> sentencepiece.SentencePieceProcessor:
    processor = sentencepiece.SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(Path(path).read_bytes())
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"vocabulary.model must be a SentencePiece model file; received {path!r}, which cannot "
            f"be read ({error}); correct the path"
        ) from error
    return processor
