"""The `ingest` section of the run config: where the text files are and which rows are taken."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from components.ingest.formats import format_names
from schemas.section import Section

Policy = Literal["warn", "drop", "refuse"]


class IngestConfig(Section):
    """Input files, their columns, and the rules a row must keep."""

    train: str = Field(
        description="Training file or glob; `{SPAN}` stands for the number of a span."
    )
    eval: str | None = Field(
        default=None, description="Dev file or glob; unset: split from train by a hash of the text."
    )
    test: str | None = Field(
        default=None, description="Test file or glob; given, the gate judges on it instead of eval."
    )
    eval_fraction: Annotated[float, Field(gt=0.0, lt=0.9)] = Field(
        default=0.1, description="Share of the rows that go to eval where no eval file is given."
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
    span: PositiveInt | None = Field(
        default=None, description="Span to read; unset: the latest there is."
    )
    max_text_length: PositiveInt = Field(
        default=10_000, description="Longest text in characters; longer rows are rejected."
    )
    passage_length: PositiveInt = Field(
        default=600,
        description="Characters of the passages that plain text is cut into, whole sentences each; "
        "4 to 5 times model.max_length.",
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

    @model_validator(mode="after")
    def _positions_without_header(self) -> "IngestConfig":
        named = [str(column) for column in self.columns.values() if isinstance(column, str)]
        if not self.header and self.format in ("tsv", "csv") and named:
            raise ValueError(
                f"columns must be 0-based positions when header is false; received {named}"
            )
        return self
