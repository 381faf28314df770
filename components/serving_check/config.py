"""The `serving_check` section of the run config."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from schemas.section import Section


class ServingCheckConfig(Section):
    """What the exported model must do before it may be published."""

    max_latency_ms: PositiveFloat = Field(
        default=100.0, description="Largest median time of a request with one text."
    )
    tolerance: PositiveFloat = Field(
        default=0.02,
        description="Largest difference of a probability from the trainer's (bf16: about 0.01).",
    )
    num_requests: Annotated[PositiveInt, Field(le=1000)] = Field(
        default=32, description="Texts of the data that are sent."
    )
