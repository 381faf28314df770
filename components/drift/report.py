"""The verdict on drift, as it is stored and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from schemas.section import Section

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class DriftLimits(Section):
    """How far serving may be from training."""

    min_rows: PositiveInt = Field(default=500, description="Logged texts before anything is said.")
    max_length: Share = Field(
        default=0.05, description="Divergence of the numbers of words and pieces."
    )
    max_unknown: Share = Field(
        default=0.05, description="Divergence of the shares of unknown pieces."
    )
    max_pieces: Share = Field(default=0.03, description="Divergence of the pieces.")
    max_label: Share = Field(default=0.1, description="Largest difference of a label's share.")


class Measurement(BaseModel):
    """One feature, compared.

    Attributes:
      feature: Its name, such as `text.words`.
      measure: Jensen-Shannon divergence, 0 to 1, or largest difference of a value's share.
      value: What was measured.
      limit: From there on it is drift.
      training: The feature in training, in short.
      serving: The feature in the request log, in short.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str
    measure: Literal["jensen_shannon_divergence", "largest_difference"]
    value: float
    limit: float
    training: str
    serving: str

    @property
    def drifted(self) -> bool:
        """Whether it is beyond the limit."""
        return self.value > self.limit


class DriftReport(BaseModel):
    """What came of a comparison.

    Attributes:
      status: "stable", "drifted", or "too_few" texts to tell.
      version: The version that was asked.
      since: Start of the period, UTC.
      until: End of the period, UTC.
      rows: Texts compared.
      limits: What was allowed.
      measurements: One for each feature that both sides have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["stable", "drifted", "too_few"]
    version: int
    since: datetime
    until: datetime
    rows: int
    limits: DriftLimits
    measurements: tuple[Measurement, ...] = ()

    @property
    def sentence(self) -> str:
        """The verdict in one line."""
        if self.status == "too_few":
            return (
                f"version {self.version}: too few texts to tell, {self.rows:,} of "
                f"{self.limits.min_rows:,}"
            )
        found = [item.feature for item in self.measurements if item.drifted]
        if found:
            return f"version {self.version}: drift of {', '.join(found)} in {self.rows:,} texts"
        return f"version {self.version}: no drift in {self.rows:,} texts"
