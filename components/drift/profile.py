"""What a published model was trained on, kept with it: statistics of the texts, and its pieces.

Where the model is served there is often neither its training data nor the ML Metadata of its run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import tensorflow_data_validation as tfdv
from google.protobuf.message import DecodeError
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.drift.features import OTHER_PIECE, PIECES, TextFeatures
from components.drift.rows import Row
from schemas.errors import UserError
from schemas.features import VOCABULARY_FILE

SAMPLED_ROWS: Final = 5000
"""Rows of the training split that a profile is made of, or up to twice as many."""

PIECES_KEPT: Final = 500
"""Pieces that are told apart."""

_FOLDER: Final = Path("assets.extra", "training_profile")
_STATISTICS_FILE: Final = "statistics.pb"

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


@dataclass(frozen=True)
class Profile:
    """What a model was trained on.

    Attributes:
      statistics: Of the features of `TextFeatures`.
      vocabulary: Content of the SentencePiece file.
    """

    statistics: Statistics
    vocabulary: bytes

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the texts."""
        suffix = f".{PIECES}"
        return tuple(
            name.removesuffix(suffix)
            for name in feature_names(self.statistics)
            if name.endswith(suffix)
        )

    @property
    def known_pieces(self) -> frozenset[str]:
        """The pieces that are told apart."""
        return frozenset(
            bucket.label
            for feature in self.statistics.datasets[0].features
            if feature.path.step[0].endswith(f".{PIECES}")
            for bucket in feature.string_stats.rank_histogram.buckets
        )

    def write(self, model_dir: Path) -> None:
        """Writes it into a SavedModel's folder, where TensorFlow Serving passes it by."""
        folder = model_dir / _FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _STATISTICS_FILE).write_bytes(self.statistics.SerializeToString())
        (folder / VOCABULARY_FILE).write_bytes(self.vocabulary)


def statistics_options() -> tfdv.StatsOptions:
    """Returns the options of both sides: every piece that is told apart has a bucket."""
    return tfdv.StatsOptions(num_rank_histogram_buckets=2 * PIECES_KEPT)


def feature_names(statistics: Statistics) -> list[str]:
    """Returns the names of the features that statistics are of."""
    return [feature.path.step[0] for feature in statistics.datasets[0].features]


def make_profile(rows: Sequence[Row], vocabulary: bytes) -> Profile:
    """Returns the profile of a sample of the training rows."""
    batch = TextFeatures(vocabulary).batch(rows)
    counts = Counter[str]()
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name.endswith(f".{PIECES}"):
            counts.update(piece.decode() for piece in column.flatten().to_pylist())
    frequent = frozenset(piece for piece, _ in counts.most_common(PIECES_KEPT))
    batch = TextFeatures(vocabulary, frequent | {OTHER_PIECE}).batch(rows)
    statistics = stats_impl.generate_statistics_in_memory(batch, statistics_options())
    return Profile(statistics, vocabulary)


def read_profile(model_dir: Path) -> Profile:
    """Reads the profile of a published version.

    Raises:
      UserError: If it has none, or it cannot be read.
    """
    folder = model_dir / _FOLDER
    try:
        statistics = Statistics.FromString((folder / _STATISTICS_FILE).read_bytes())
        return Profile(statistics, (folder / VOCABULARY_FILE).read_bytes())
    except FileNotFoundError:
        raise UserError(
            f"{model_dir} must hold the profile of its training data, and has none: it was "
            "exported from elsewhere, or published by an older release; train it again with "
            "`albert-tfx run`"
        ) from None
    except (OSError, DecodeError) as error:
        raise UserError(
            f"the profile of the training data in {folder} cannot be read ({error}); restore the "
            "version, or publish it again"
        ) from error
