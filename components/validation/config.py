"""The `validation` section of the run config: which anomalies stop a run."""

import difflib
from typing import Annotated, Literal

from pydantic import Field, field_validator

from schemas.section import Section

Action = Literal["stop", "warn", "ignore"]


class ValidationConfig(Section):
    """The curated schema and what to do when data does not fit it."""

    schema_file: str | None = Field(
        default=None, description="Curated TFMD schema (.pbtxt); unset: the task's own in schemas/."
    )
    default_action: Action = Field(
        default="stop", description="What to do with kinds of anomaly not named in `actions`."
    )
    actions: dict[str, Action] = Field(
        default_factory=dict,
        description="Action by kind of anomaly, named as in TFMD's AnomalyInfo.Type "
        "(ENUM_TYPE_UNEXPECTED_STRING_VALUES: warn).",
    )
    example_rows: Annotated[int, Field(ge=0, le=100)] = Field(
        default=5, description="Example rows shown with each anomaly."
    )
    drift: bool = Field(
        default=True, description="Whether to compare with the previous span's statistics."
    )
    max_label_drift: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=0.2,
        description="Largest distance of the distribution of labels (L-infinity) or scores "
        "(Jensen-Shannon divergence) from the span before.",
    )

    @field_validator("actions")
    @classmethod
    def _known_kinds(cls, actions: dict[str, Action]) -> dict[str, Action]:
        if not actions:  # the names are in a library that takes a while to load
            return actions
        from tensorflow_metadata.proto.v0 import anomalies_pb2

        known = anomalies_pb2.AnomalyInfo.Type.keys()
        for kind in sorted(set(actions) - set(known)):
            near = difflib.get_close_matches(kind, known, n=3, cutoff=0.3)
            raise ValueError(
                f"actions must name kinds of anomaly of TFMD's AnomalyInfo.Type; "
                f"received {kind!r}; near it: {', '.join(near) or 'none'}"
            )
        return actions
