"""The `publish` section of the run config."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.section import Section


class PublishConfig(Section):
    """Where TensorFlow Serving looks for versions."""

    model_base: str | None = Field(
        default=None,
        description="Folder of the numbered versions; may be on a bucket (gs://, s3://), whose "
        "mirror is here then; unset: `<output>/serving`.",
    )
    warmup_requests: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=16, description="Warm-up requests stored in a version."
    )
    promote: Literal["auto", "manual"] = Field(
        default="auto",
        description="Whether a published version goes live, or waits for `albert-tfx promote`; the "
        "first one goes live.",
    )
    keep: Annotated[int, Field(ge=2)] = Field(
        default=10,
        description="Versions that stay; older ones are removed, never the live one, the one "
        "before it or the canary.",
    )
