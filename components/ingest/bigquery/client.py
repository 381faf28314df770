"""What is asked of BigQuery before rows are read: what a query gives, of which tables, which spans.

A dry run reads no rows and costs nothing; the query that lists spans is a query like any other.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from components.ingest.bigquery.config import BigQueryConfig
from components.ingest.bigquery.errors import explained_for
from components.ingest.span_pattern import span_of_date
from components.ingest.spans import LIST_QUERY
from schemas.errors import UserError

if TYPE_CHECKING:
    from google.cloud import bigquery

_PATIENCE_SECONDS: Final = 60.0
_TABLES_LISTED: Final = 50
"""A dry run names so many tables at most, and then not all of them."""


@dataclass(frozen=True)
class DryRun:
    """What BigQuery says of a query without running it.

    Attributes:
      columns: Names of the columns of its result.
      tables: State of every table that it reads, which changes when its rows do.
      open_reason: Why the tables do not say whether the result has changed; empty where they do.
    """

    columns: tuple[str, ...]
    tables: tuple[str, ...]
    open_reason: str


@contextmanager
def asking(config: BigQueryConfig) -> Iterator[bigquery.Client]:
    """Opens Google's client, with the credentials of the environment."""
    from google.cloud import bigquery

    with explained_for("ingest.bigquery", config.project):
        client = bigquery.Client(project=config.project)
    try:
        yield client
    finally:
        client.close()


def dry_run(client: bigquery.Client, text: str, place: str, *, with_tables: bool = True) -> DryRun:
    """Asks what a query would give.

    Args:
      client: Google's client.
      text: The query, its span put in.
      place: Its key, for messages.
      with_tables: Whether its tables are looked at.

    Raises:
      UserError: If BigQuery refuses it, or it is no SELECT.
    """
    from google.cloud import bigquery

    options = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    with explained_for(place, client.project):
        job = client.query(text, options, retry=_patience(), job_retry=None)
    if job.statement_type not in (None, "SELECT"):
        raise UserError(
            f"{place}: a query must be one SELECT; received {job.statement_type}; write what it "
            "makes into a table beforehand, and select from that"
        )
    tables, reason = (), ""
    if with_tables:
        tables, reason = _look_at(client, job.referenced_tables, text, place)
        reason = reason or _open_words(text)
    columns = tuple(field.name for field in job.schema or ())
    return DryRun(columns, tables, reason)


def list_spans(client: bigquery.Client, text: str) -> tuple[tuple[int, ...], bool]:
    """Returns the spans that a query lists, and whether they are days.

    Raises:
      UserError: If BigQuery refuses it or takes too long, or its rows are no numbers and no days.
    """
    place = f"ingest.{LIST_QUERY}"
    values = _asked(client, text, place)
    spans = [_span(value[0]) if len(value) == 1 else None for value in values]
    wrong = [value for value, span in zip(values, spans, strict=True) if span is None]
    dated = {isinstance(value[0], datetime.date) for value in values}
    if wrong or len(dated) > 1:
        raise UserError(
            f"{place}: must give one column of whole numbers above 0, or of days (DATE); received "
            f"{(wrong or values)[0]}; cast it in the query"
        )
    return tuple(sorted({span for span in spans if span is not None})), dated == {True}


def _asked(client: bigquery.Client, text: str, place: str) -> list[tuple[Any, ...]]:
    """Returns the rows of a short query."""
    try:
        with explained_for(place, client.project):
            rows = client.query(text, retry=_patience(), job_retry=None).result(
                timeout=_PATIENCE_SECONDS
            )
            return [tuple(row.values()) for row in rows]
    except futures.TimeoutError as error:
        raise UserError(
            f"{place}: must give its rows within {_PATIENCE_SECONDS:.0f} s; received none by then; "
            "ask a smaller table, such as INFORMATION_SCHEMA.PARTITIONS, or set "
            "ingest.span_marker in its place"
        ) from error


def _span(value: Any) -> int | None:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return span_of_date(value)
    return value if isinstance(value, int) and value > 0 and value is not True else None


def _patience() -> Any:
    """Returns how long to go on where BigQuery is busy; its client would for ten minutes."""
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(_PATIENCE_SECONDS)


def _look_at(
    client: bigquery.Client, tables: Sequence[Any], text: str, place: str
) -> tuple[tuple[str, ...], str]:
    """Returns the states of tables, and why they are not the whole story, if they are not."""
    if len(tables) >= _TABLES_LISTED:
        return (), f"it reads {_TABLES_LISTED} tables or more, of which BigQuery names a part"
    states = []
    for reference in tables:
        name = f"{reference.project}.{reference.dataset_id}.{reference.table_id}"
        if reason := _reference_problem(reference, name, text):
            return (), reason
        table = _get_table(client, reference, place)
        if reason := _table_problem(table, name):
            return (), reason
        states.append(f"{name} {table.modified}")
    return tuple(sorted(states)), ""


def _reference_problem(reference: Any, name: str, text: str) -> str:
    if "*" in reference.table_id:
        return f"{name} stands for many tables"
    if not _is_named(reference, text):  # the view, which may change too, is not named to us
        return f"{name} is read through something else, such as a view"
    return ""


def _is_named(reference: Any, text: str) -> bool:
    """Returns whether a query names a table: its dataset, and before that perhaps its project."""
    project, table = map(re.escape, (f"{reference.project}.", str(reference.table_id)))
    dataset = re.escape(f"{reference.dataset_id}.")
    whole = rf"(?<![\w.-])(?:{project})?{dataset}{table}(?!\.?[\w-])"
    return re.search(whole, text.replace("`", "")) is not None


def _get_table(client: bigquery.Client, reference: Any, place: str) -> Any:
    """Returns what there is to know of a table; None where the account may not look at it."""
    from google.api_core.exceptions import Forbidden

    try:
        with explained_for(place, client.project):
            return client.get_table(reference, retry=_patience())
    except UserError as error:
        if isinstance(error.__cause__, Forbidden):  # such as of one behind an authorized view
            return None
        raise


def _table_problem(table: Any, name: str) -> str:
    if table is None:
        return f"the account may not look at {name}"
    if table.table_type not in ("TABLE", "SNAPSHOT"):
        return f"{name} is no plain table but {table.table_type}"
    return "" if table.streaming_buffer is None else f"rows are streamed into {name}"


_CHANGING: Final = (
    "CURRENT_",
    "RAND(",
    "GENERATE_UUID(",
    "SESSION_USER(",
    "EXTERNAL_QUERY(",
    "TABLESAMPLE",
)


def _open_words(text: str) -> str:
    """Returns what makes the same query give other rows at another time."""
    held = next((word for word in _CHANGING if word in text.upper().replace(" (", "(")), None)
    return "" if held is None else f"it holds {held.rstrip('(')}, which changes by itself"
