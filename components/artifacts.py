"""The artifact types that TFX does not bring."""

from tfx.types import artifact


class Quarantine(artifact.Artifact):
    """Rejected rows as JSON Lines (file, line, reason, raw row) and the ingest summary."""

    TYPE_NAME = "AlbertTfxQuarantine"


class Vocabulary(artifact.Artifact):
    """A folder with a SentencePiece model, `spiece.model`."""

    TYPE_NAME = "AlbertTfxVocabulary"
