"""The queries of the `ingest` section, and its part `bigquery`: who pays, and how rows come."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from schemas.section import Section

Project = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.:-]{2,}[a-z0-9]$")]


class Query(Section):
    """A query in the place of files; train, eval and test may each be one."""

    query: str = Field(
        min_length=1,
        description="One SELECT of GoogleSQL. `{SPAN}`, or `{YYYY}`, `{MM}` and `{DD}`, stand for "
        "the span as in a file's name: `WHERE day = '{YYYY}-{MM}-{DD}'`.",
    )


class BigQueryConfig(Section):
    """How queries are asked: [bigquery.md](bigquery.md)."""

    project: Project | None = Field(
        default=None, description="Project that pays for the queries; needed where there is one."
    )
    method: Literal["direct_read", "export"] = Field(
        default="direct_read",
        description="direct_read: results come through the Storage Read API; export: as files on "
        "Cloud Storage.",
    )
    temp_dataset: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")] | None = Field(
        default=None,
        description="Dataset of the project for results under way, where the data lies; unset: "
        "one is made and taken away again.",
    )
    temp_location: Annotated[str, Field(pattern=r"^gs://[a-z0-9][^\s]*$")] | None = Field(
        default=None,
        description="export: folder for the files; unset: beam.temp_location.",
    )
    priority: Literal["interactive", "batch"] = Field(
        default="interactive", description="batch: a query waits until there is room for it."
    )
    id_column: str | None = Field(
        default=None,
        min_length=1,
        description="Column that names a row, no two alike, for row ids and messages; unset: a "
        "hash of the row.",
    )
    spans: str | None = Field(
        default=None,
        min_length=1,
        description="Query of one column, the numbers or the days of the spans that are complete.",
    )
    fixed: bool = Field(
        default=False,
        description="Whether a query, its span put in, gives the same rows for ever: then nobody "
        "asks whether its tables have changed.",
    )
    shards: Annotated[PositiveInt, Field(le=1000)] = Field(
        default=16,
        description="Parts that the rows of a query are divided into; each is sorted in memory.",
    )
