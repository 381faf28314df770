"""The curated schema of a run: the task's own, with the user's changes and the config's values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

import schemas
from components.ingest.config import IngestConfig
from components.validation.config import ValidationConfig
from models.tasks.base import Task
from schemas import features as keys
from schemas.errors import UserError

_LABELS_DOMAIN = "labels"


def write_schema(config: ValidationConfig, task: Task, ingest: IngestConfig, folder: Path) -> Path:
    """Writes the curated schema where TFX's ImportSchemaGen reads it.

    TFX knows an imported file by its path alone, so the name holds a hash of the content.

    Args:
      config: The user's schema file and the drift threshold.
      task: The task, with its labels.
      ingest: The columns, whose roles beyond the task's become slice features.
      folder: Where to write.

    Returns:
      Path of the schema.

    Raises:
      UserError: If the user's schema cannot be read or contradicts the config.
    """
    text = text_format.MessageToString(curated_schema(config, task, _roles(ingest)))
    path = folder / f"schema-{hashlib.sha256(text.encode()).hexdigest()[:16]}.pbtxt"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def check_schema(config: ValidationConfig, task: Task, ingest: IngestConfig) -> None:
    """Checks the user's schema; see `write_schema`, which raises the same."""
    curated_schema(config, task, _roles(ingest))


def _roles(ingest: IngestConfig) -> list[str]:
    return [*ingest.columns, *filter(None, [ingest.file_column])]


def curated_schema(
    config: ValidationConfig, task: Task, roles: Iterable[str] = ()
) -> schema_pb2.Schema:
    """Returns the schema of the raw examples.

    Args:
      config: The user's schema file and the drift threshold.
      task: The task, with its labels.
      roles: Roles of columns; those that the task does not know are optional slice features.

    Raises:
      UserError: If the user's schema cannot be read or contradicts the config.
    """
    folder = Path(schemas.__file__).parent
    schema = _read_schema(folder / task.schema)
    for part in task.schema_parts:
        schema.MergeFrom(_read_schema(folder / part))
    if config.schema_file:
        _apply_changes(schema, _read_schema(Path(config.schema_file)), config.schema_file)
    known = {feature.name for feature in schema.feature}
    for role in dict.fromkeys(roles):
        if role not in known and role not in task.columns:
            schema.feature.add(name=role, type=schema_pb2.BYTES, value_count={"min": 0, "max": 1})
    _complete_labels(schema, task, config)
    _complete_score(schema, config)
    return schema


def _read_schema(path: Path) -> schema_pb2.Schema:
    try:
        return text_format.Parse(path.read_text("utf-8"), schema_pb2.Schema())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(
            "validation.schema_file: must be a schema of TensorFlow Metadata as text (.pbtxt); "
            f"received {path}, which cannot be read ({reason}); correct it, or leave it unset for "
            "the task's own"
        ) from error


def _apply_changes(schema: schema_pb2.Schema, changes: schema_pb2.Schema, source: str) -> None:
    """Replaces features and domains by those of `changes`; the rest of the task's schema stays.

    A feature of the task keeps its type and shape, on which its preprocessing relies.
    """
    own = {feature.name: feature for feature in schema.feature}
    for change in changes.feature:
        feature = own.get(change.name)
        if feature is None:
            schema.feature.add().CopyFrom(change)
            continue
        if change.type != feature.type:
            wanted, received = (
                schema_pb2.FeatureType.Name(item.type) for item in (feature, change)
            )
            raise UserError(
                f"validation.schema_file: feature {change.name} must be of type {wanted}; "
                f"received {received} in {source}; correct it"
            )
        before = schema_pb2.Feature()
        before.CopyFrom(feature)
        feature.CopyFrom(change)
        # Of one value it is `shape`, of a list `value_count`: setting one clears the other.
        if kind := before.WhichOneof("shape_type"):
            getattr(feature, kind).CopyFrom(getattr(before, kind))
    replaced = {domain.name for domain in changes.string_domain}
    kept = [domain for domain in schema.string_domain if domain.name not in replaced]
    del schema.string_domain[:]
    schema.string_domain.extend([*kept, *changes.string_domain])


def _complete_labels(schema: schema_pb2.Schema, task: Task, config: ValidationConfig) -> None:
    """Fills in what only the config knows: the label set and the drift threshold."""
    features = {feature.name: feature for feature in schema.feature}
    label = features.get(keys.LABEL)
    if label is None or not task.labels:
        return
    domain = _domain(schema, label)
    if domain.value and set(domain.value) != set(task.labels):
        raise UserError(
            f"task.labels must be the labels of the schema {config.schema_file}: "
            f"{', '.join(domain.value)}; "
            f"received {', '.join(task.labels)}; correct the one that is wrong"
        )
    del domain.value[:]
    domain.value.extend(task.labels)
    if not label.drift_comparator.HasField("infinity_norm"):
        label.drift_comparator.infinity_norm.threshold = config.max_label_drift
    if keys.LABEL_ID in features:
        features[keys.LABEL_ID].int_domain.max = len(task.labels) - 1
    if keys.LABEL_VECTOR in features:
        features[keys.LABEL_VECTOR].shape.dim[0].size = len(task.labels)


def _complete_score(schema: schema_pb2.Schema, config: ValidationConfig) -> None:
    """Fills in the drift threshold of a score, which is no category: a distance of histograms."""
    for feature in schema.feature:
        drift = feature.drift_comparator
        if feature.name == keys.SCORE and not drift.HasField("jensen_shannon_divergence"):
            drift.jensen_shannon_divergence.threshold = config.max_label_drift


def _domain(schema: schema_pb2.Schema, label: schema_pb2.Feature) -> schema_pb2.StringDomain:
    """Returns the domain of the label, wherever the schema has it."""
    if label.WhichOneof("domain_info") == "string_domain":
        return label.string_domain
    name = label.domain or _LABELS_DOMAIN
    label.domain = name
    for domain in schema.string_domain:
        if domain.name == name:
            return domain
    return schema.string_domain.add(name=name)
