"""Rows that show an anomaly, found by looking through the examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from schemas import features as keys

_VALUE_SHOWN = 80
_READ_AT_ONCE = 256


def offending_rows(
    files: Iterable[str], features: Iterable[str], schema: schema_pb2.Schema, limit: int
) -> dict[str, tuple[str, ...]]:
    """Returns up to `limit` rows by feature that break the schema in that feature.

    Args:
      files: Gzip TFRecords of tf.Example.
      features: Features to look at.
      schema: The schema.
      limit: Rows wanted for each feature; reading stops when all have them.
    """
    found: dict[str, list[str]] = {feature: [] for feature in features}
    declared = {feature.name: feature for feature in schema.feature}
    domains = {domain.name: frozenset(domain.value) for domain in schema.string_domain}
    for record in _records(files) if limit else ():
        open_features = [feature for feature, rows in found.items() if len(rows) < limit]
        if not open_features:
            break
        values = tf.train.Example.FromString(record).features.feature
        for feature in open_features:
            if _breaks(values, feature, declared.get(feature), domains):
                found[feature].append(_shown(values, feature))
    return {feature: tuple(rows) for feature, rows in found.items()}


def _records(files: Iterable[str]) -> Iterator[bytes]:
    dataset = tf.data.TFRecordDataset(list(files), compression_type="GZIP").batch(_READ_AT_ONCE)
    for batch in dataset.as_numpy_iterator():
        yield from batch.tolist()


def _breaks(
    values: Mapping[str, tf.train.Feature],
    name: str,
    declared: schema_pb2.Feature | None,
    domains: Mapping[str, frozenset[str]],
) -> bool:
    """Returns whether a row breaks what is declared of a feature."""
    items = _items(values, name)
    if declared is None:
        return bool(items)  # the feature itself is unexpected
    if declared.presence.min_fraction >= 1.0 and not items:
        return True
    if declared.HasField("shape") and not declared.shape.dim and len(items) != 1:
        return True
    if declared.value_count.max and len(items) > declared.value_count.max:
        return True
    if declared.HasField("int_domain"):
        bounds = declared.int_domain
        return any(
            not isinstance(item, int) or not bounds.min <= item <= bounds.max for item in items
        )
    allowed = domains.get(declared.domain) or frozenset(declared.string_domain.value)
    return bool(allowed) and any(_text(item) not in allowed for item in items)


def _items(values: Mapping[str, tf.train.Feature], name: str) -> list[bytes | int | float]:
    if name not in values:
        return []
    kind = values[name].WhichOneof("kind")
    return list(getattr(values[name], kind).value) if kind else []


def _text(item: bytes | float) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)


def _shown(values: Mapping[str, tf.train.Feature], feature: str) -> str:
    """Returns a row in words: where it stands, the value in question, and its text."""
    row = " ".join(_text(item) for item in _items(values, keys.ROW_ID)) or "a row without an id"
    received = [_cut(_text(item)) for item in _items(values, feature)]
    shown = f"{row}: {feature} is {', '.join(map(repr, received)) if received else 'missing'}"
    texts = (
        [_cut(_text(item)) for item in _items(values, keys.TEXT)] if feature != keys.TEXT else []
    )
    return shown + (f"; text {texts[0]!r}" if texts else "")


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_SHOWN else text[: _VALUE_SHOWN - 1] + "…"
