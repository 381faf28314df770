"""The `validation` section of the run config: which anomalies stop a run."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.section import Section

Action = Literal["stop", "warn", "ignore"]


class ValidationConfig(Section):
    """The curated schema and what to do when data does not fit it."""

    schema_file: str | None = Field(
        None, description="Curated TFMD schema (.pbtxt); unset: the task's own in schemas/."
    )
    default_action: Action = Field("stop", description="What to do with kinds of anomaly not named in `actions`.")
    actions: dict[str, Action] = Field(
        default_factory=dict,
        description="Action by kind of anomaly, named as in TFMD's AnomalyInfo.Type (ENUM_TYPE_UNEXPECTED_STRING_VALUES: warn).",
    )
    example_rows: Annotated[int, Field(ge=0, le=100)] = Field(5, description="Example rows shown with each anomaly.")
    drift: bool = Field(True, description="Whether to compare with the previous span's statistics.")
    max_label_drift: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        0.2, description="Largest L-infinity distance of the label distribution from the previous span's."
    )
