"""Infers the schema of the raw features with TFDV, as text for a person to review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.tasks.base import RowError, Task
from pipeline.init.config_file import one_line
from schemas import features as keys

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

_LABELS_DOMAIN = "labels"

_HEADER = """\
# Schema of {name}, inferred by TensorFlow Data Validation from {files}.
#
# A run stops before training when its data does not fit. Read this as a list of promises about the
# data, and change those that new data may break: add values to a domain, or allow a share of others
# with   distribution_constraints {{ min_domain_mass: 0.9 }}
# The values of "{labels}" must be those of task.labels in {config}.
# Features that are not here ({made}) are as in the task's own schema.

"""


def infer_schema(rows: Iterable[Mapping[str, str]], task: Task) -> schema_pb2.Schema:
    """Returns what TFDV infers from rows, encoded as ingest writes them.

    Args:
      rows: Column text by role.
      task: Encodes a row into features.
    """
    import pandas
    import tensorflow_data_validation as tfdv

    frame = pandas.DataFrame(list(_encoded(rows, task)))
    statistics = tfdv.generate_statistics_from_dataframe(frame)
    # A shape would make a slice column a dense feature, which one missing value breaks.
    return tfdv.infer_schema(statistics, infer_feature_shape=False)


def complete_schema(
    inferred: schema_pb2.Schema,
    *,
    labels: Sequence[str],
    slices: Mapping[str, Mapping[str, int]],
    num_rows: int,
) -> schema_pb2.Schema:
    """Returns what users decide on of an inferred schema, made true of all rows.

    Args:
      inferred: What TFDV inferred from a sample.
      labels: The declared labels.
      slices: Rows by value, of each slice role.
      num_rows: Usable rows in the files.
    """
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = schema_pb2.Schema()
    found = {feature.name: feature for feature in inferred.feature}
    for name in (keys.TEXT, keys.LABEL, *slices):
        feature = schema.feature.add()
        feature.CopyFrom(found[name])
        # Of the labels 0 and 1 TFDV makes a truth value, of few different texts a domain.
        feature.ClearField("domain_info")
        if feature.name in slices:
            values = slices[feature.name]
            if sum(values.values()) < num_rows:
                feature.ClearField("presence")
            _list_values(schema, feature, f"{feature.name}_values", sorted(values))
        else:
            feature.shape.CopyFrom(schema_pb2.FixedShape())
        if feature.name == keys.LABEL:
            _list_values(schema, feature, _LABELS_DOMAIN, labels)
        if feature.name != keys.TEXT:
            feature.not_in_environment.append("SERVING")
    return schema


def schema_text(
    schema: schema_pb2.Schema, *, name: str, files: Iterable[Path], config_path: Path
) -> str:
    """Returns a schema as text, with a few lines on how to read it."""
    from google.protobuf import text_format

    header = _HEADER.format(
        name=name,
        files=one_line(", ".join(str(path) for path in files)),
        config=one_line(str(config_path)),
        labels=_LABELS_DOMAIN,
        made=", ".join((keys.LABEL_ID, keys.LENGTH_BUCKET, keys.ROW_ID)),
    )
    return header + text_format.MessageToString(schema, as_utf8=True)


def _list_values(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, domain: str, values: Iterable[str]
) -> None:
    feature.domain = domain
    schema.string_domain.add(name=domain, value=list(values))


def _encoded(rows: Iterable[Mapping[str, str]], task: Task) -> Iterator[dict[str, object]]:
    for number, row in enumerate(rows):
        try:
            features = task.encode_row(row)
        except RowError:
            continue
        yield {**features, keys.ROW_ID: f"row:{number}".encode()}
