"""The verdict on drift, as it is stored and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.section import Section


class DriftLimits(Section):
    """How far serving may be from training.

    Attributes:
      min_rows: Logged texts before anything is said.
      max_length: Divergence of the numbers of words and pieces.
      max_unknown: Divergence of the shares of unknown pieces.
      max_pieces: Divergence of the pieces.
      max_label: Largest difference of a label's share.
    """

    min_rows: int = 500
    max_length: float = 0.05
    max_unknown: float = 0.05
    max_pieces: float = 0.03
    max_label: float = 0.1


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
