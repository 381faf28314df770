"""The `publish` section of the run config."""

from typing import Annotated

from pydantic import Field

from schemas.section import Section


class PublishConfig(Section):
    """Where TensorFlow Serving looks for versions."""

    model_base: str | None = Field(
        default=None, description="Folder of the numbered versions; unset: `<output>/serving`."
    )
    warmup_requests: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=16, description="Warm-up requests stored in a version."
    )
