"""The artifact types that TFX does not bring.

Kubeflow finds the class of an artifact by its type name, which it wants to be one module and one
class; so `components` lends these its name.
"""

from tfx.types import artifact


class Quarantine(artifact.Artifact):
    """Rejected rows as JSON Lines (file, line, reason, raw row) and the ingest summary."""

    TYPE_NAME = "components.Quarantine"


class Vocabulary(artifact.Artifact):
    """A folder with a SentencePiece model, `spiece.model`."""

    TYPE_NAME = "components.Vocabulary"
