"""The queries of a run: looked at, and fingerprinted, before anything is started."""

from __future__ import annotations

import hashlib
import logging
import uuid
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from components.ingest.bigquery.client import DryRun, asking, dry_run, list_spans
from components.ingest.columns import resolve_columns
from components.ingest.config import IngestConfig
from components.ingest.formats import create_format
from components.ingest.formats.base import Layout, SourceFile
from components.ingest.span_pattern import date_of_span
from components.ingest.spans import FilledQuery, SpanQueries, Spans
from models.tasks.base import Task
from schemas.errors import UserError

if TYPE_CHECKING:
    from google.cloud import bigquery

FORMAT = "bigquery"
"""What stands for the format of a file. A row of a query is read as a line of JSON Lines is."""

_ROWS_FORMAT = "jsonl"
_log = logging.getLogger(__name__)


class QuerySource(BaseModel):
    """One query with everything that is needed to read its rows.

    It is a parameter of the step: what changes though the rows stay, such as the bytes that the
    query would read, is no part of it.

    Attributes:
      source: What stands for its file: split, name, columns.
      text: The query, its span put in.
    """

    model_config = ConfigDict(frozen=True)

    source: SourceFile
    text: str


def span_queries(config: IngestConfig) -> SpanQueries:
    """Returns the queries whose spans are to be put in; asks which spans there are, if it can.

    Raises:
      UserError: If BigQuery refuses, or the spans are none.
    """
    asked = config.bigquery.spans
    if asked is None:
        return SpanQueries(config.queries)
    with asking(config.bigquery) as client:
        listed, are_dated = list_spans(client, asked)
    return SpanQueries(config.queries, listed, are_dated)


def look_at_queries(
    spans: Spans, config: IngestConfig, task: Task
) -> tuple[tuple[QuerySource, ...], dict[str, str]]:
    """Asks BigQuery what the queries give.

    Returns:
      The queries, and a fingerprint of each split's.

    Raises:
      UserError: If BigQuery refuses one, or it has no column that is needed.
    """
    if not spans.queries:
        return (), {}
    found: list[QuerySource] = []
    fingerprints: dict[str, str] = {}
    with asking(config.bigquery) as client:
        for split, queries in spans.queries.items():
            state = hashlib.sha256()
            for query in queries:
                seen = _dry_run(client, query, split, config)
                name = _name(split, query.span, spans)
                found.append(_source(split, name, query.text, seen, config, task))
                state.update(_state(name, query, seen, config).encode())
            fingerprints[split] = state.hexdigest()[:32]
    return tuple(found), fingerprints


def query_states(spans: Spans, config: IngestConfig) -> list[str]:
    """Returns the states of the tables that the queries of `spans` read."""
    if not spans.queries or config.bigquery.fixed:
        return []
    with asking(config.bigquery) as client:
        return sorted(
            state
            for split, queries in spans.queries.items()
            for query in queries
            for state in _dry_run(client, query, split, config).tables
        )


def _dry_run(
    client: bigquery.Client, query: FilledQuery, split: str, config: IngestConfig
) -> DryRun:
    is_fixed = config.bigquery.fixed
    return dry_run(client, query.text, f"ingest.{split}.query", with_tables=not is_fixed)


def _name(split: str, span: int, spans: Spans) -> str:
    """Returns what a query is called in row ids and messages, as a file is by its name."""
    if not span:
        return f"{split}-query"
    return f"{split}-query/{date_of_span(span) if spans.dated else span}"


def _source(
    split: str, name: str, text: str, seen: DryRun, config: IngestConfig, task: Task
) -> QuerySource:
    place = f"ingest.{split}.query"
    layout = Layout(seen.columns, None, 1)
    columns = resolve_columns(place, layout, create_format(_ROWS_FORMAT), config, task, split=split)
    named = config.bigquery.id_column
    if named is not None and named not in seen.columns:
        raise UserError(
            f"{place}: there is no column {named!r} for ingest.bigquery.id_column; the columns are "
            f"{', '.join(seen.columns)}"
        )
    source = SourceFile(
        split=split,
        path=f"bigquery:{name}",
        name=name,
        format=FORMAT,
        columns=columns,
    )
    return QuerySource(source=source, text=text)


def _state(name: str, query: FilledQuery, seen: DryRun, config: IngestConfig) -> str:
    """Returns what changes whenever the rows may have: where nobody can tell, with every call."""
    if seen.open_reason:
        _log.warning(
            "%s: the step is not taken from the cache, for %s; set ingest.bigquery.fixed: true "
            "if it gives the same rows for ever",
            name,
            seen.open_reason,
        )
        return f"{name}:{uuid.uuid4()};"
    return f"{name}:{query.text}:{config.bigquery.id_column}:{'|'.join(seen.tables)};"
