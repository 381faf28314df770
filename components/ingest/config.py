"""The `ingest` section of the run config: where the text files are and which rows are taken."""

import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    field_validator,
    model_validator,
)

from components.ingest.bigquery.config import BigQueryConfig, Query
from components.ingest.formats import format_names
from components.ingest.span_pattern import check_placeholders, has_span, span_of_date
from schemas import features as keys
from schemas.section import Section

Policy = Literal["warn", "drop", "refuse"]


def _as_span_number(value: Any) -> Any:
    """Returns the number of a span that is given by its day; YAML reads 2026-11-24 as a date."""
    if isinstance(value, str) and "-" in value:
        try:
            value = datetime.date.fromisoformat(value)
        except ValueError:
            return value
    return span_of_date(value) if isinstance(value, datetime.date) else value


SpanNumber = Annotated[PositiveInt, BeforeValidator(_as_span_number)]


def _kind(value: Any) -> str:
    return "(query)" if isinstance(value, Query | dict) else "(file)"


Source = Annotated[
    Annotated[str, Tag("(file)")] | Annotated[Query, Tag("(query)")], Discriminator(_kind)
]
"""A file, a glob, or a query. The tags are in brackets, for they are no keys of a config."""


def text_of(source: Source | None) -> str:
    """Returns what may hold the place of a span: a file pattern, or the text of a query."""
    return source.query if isinstance(source, Query) else source or ""


class IngestConfig(Section):
    """Input files or queries, their columns, and the rules a row must keep."""

    train: Source = Field(
        description="Training file or glob, or a query; `{SPAN}` stands for the number of a span, "
        "`{YYYY}`, `{MM}` and `{DD}` for its day."
    )
    eval: Source | None = Field(
        default=None,
        description="Dev file or glob, or a query; unset: split from train by a hash of the text.",
    )
    test: Source | None = Field(
        default=None,
        description="Test file or glob, or a query; given, the gate judges on it instead of eval.",
    )
    bigquery: BigQueryConfig = Field(default=BigQueryConfig(), description="How queries are asked.")
    eval_fraction: Annotated[float, Field(gt=0.0, lt=0.9)] = Field(
        default=0.1, description="Share of the rows that go to eval where no eval file is given."
    )
    group_by: str | None = Field(
        default=None,
        description="Column whose rows of one value all go to one side where eval is split from "
        "train, such as title, the article in SQuAD's files; unset: the text, or the context of a "
        "question.",
    )
    format: str = Field(
        default="auto",
        description="tsv, csv, jsonl, parquet, tfrecord, or one of the task's own (conll, race, "
        "text); auto: by the file's ending, .gz set aside.",
    )
    header: bool = Field(
        default=True, description="Whether the first line of a TSV or CSV names the columns."
    )
    columns: dict[str, str | int] = Field(
        default_factory=dict,
        description="Column name or 0-based position of each role; roles unknown to the task are "
        "slice features. Unset: the task's roles by their own names.",
    )
    file_column: str | None = Field(
        default=None,
        description="Name of a slice feature that holds the name of a row's file, such as file; "
        "unset: none.",
    )
    span: SpanNumber | None = Field(
        default=None,
        description="Span to read, or its day (2026-11-24); unset: the latest complete one.",
    )
    window: PositiveInt = Field(
        default=1,
        description="Spans to train on: the one that is read and those before it. Eval and test "
        "patterns with a span are of the newest only.",
    )
    gaps: Literal["refuse", "skip"] = Field(
        default="refuse",
        description="A span missing inside the window: stop, or take an older one in its place.",
    )
    span_marker: str | None = Field(
        default=None,
        description="Pattern of a file without which a span is not complete, such as "
        "`day-{SPAN}/_SUCCESS`.",
    )
    max_text_length: PositiveInt = Field(
        default=10_000, description="Longest text in characters; longer rows are rejected."
    )
    passage_length: PositiveInt | None = Field(
        default=600,
        description="Characters of the passages that plain text is cut into, whole sentences each; "
        "4 to 5 times model.max_length; null: each line is a row.",
    )
    comment_prefix: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="CoNLL: lines that begin with it are skipped, such as `# `; unset: none, for a "
        "# may be a word.",
    )
    max_rejected_ratio: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        default=0.01, description="The run stops when a larger share of the rows is rejected."
    )
    duplicates: Policy = Field(
        default="warn", description="What to do with exact repeats of a row within a split."
    )
    leaks: Policy = Field(
        default="warn", description="What to do with eval and test texts that stand in train too."
    )

    @field_validator("format")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in ("auto", *format_names()):
            raise ValueError(
                f"format must be auto or one of {', '.join(format_names())}; received {name!r}"
            )
        return name

    @field_validator("train", "eval", "test", "span_marker")
    @classmethod
    def _whole_placeholders(cls, source: Source | None) -> Source | None:
        check_placeholders(text_of(source))
        return source

    @model_validator(mode="after")
    def _window_of_spans(self) -> "IngestConfig":
        if self.window > 1 and not has_span(text_of(self.train)):
            raise ValueError(
                f"window must be 1 where train holds no {{SPAN}} and no date; received "
                f"{self.window} and {text_of(self.train)!r}"
            )
        if self.span_marker is not None and not has_span(self.span_marker):
            raise ValueError(
                f"span_marker must hold {{SPAN}} or a date; received {self.span_marker!r}"
            )
        return self

    @model_validator(mode="after")
    def _positions_without_header(self) -> "IngestConfig":
        named = [str(column) for column in self.columns.values() if isinstance(column, str)]
        if not self.header and self.format in ("tsv", "csv") and named:
            raise ValueError(
                f"columns must be 0-based positions when header is false; received {named}"
            )
        return self

    @property
    def given(self) -> dict[str, Source]:
        """The files or the query of every split that has any."""
        splits = {keys.TRAIN: self.train, keys.EVAL: self.eval, keys.TEST: self.test}
        return {split: source for split, source in splits.items() if source}

    def split_column(self, split: str) -> str | None:
        """Returns the column by which rows of `split` are divided; None: by no column, or not."""
        return self.group_by if split == keys.TRAIN and self.eval is None else None

    @property
    def files(self) -> dict[str, str]:
        """The file pattern of every split that is read from files."""
        return {split: item for split, item in self.given.items() if isinstance(item, str)}

    @property
    def queries(self) -> dict[str, str]:
        """The text of every query, its span not yet put in, by split."""
        return {split: item.query for split, item in self.given.items() if isinstance(item, Query)}

    @property
    def lists_spans(self) -> bool:
        """Whether it can be seen which spans are complete; a query does not say."""
        told = (self.span_marker, self.bigquery.spans, *filter(has_span, self.files.values()))
        return any(told)

    def reading(self, pattern: str) -> "IngestConfig":
        """Returns the config that reads other files by the same rules, without spans or splits.

        Args:
          pattern: File or glob.
        """
        taken_out = ("eval", "test", "group_by", "span", "span_marker")
        update = {"train": pattern, "window": 1, "bigquery": BigQueryConfig()}
        return self.model_copy(update={**update, **dict.fromkeys(taken_out)})
