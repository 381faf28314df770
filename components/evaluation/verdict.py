"""The record of a verdict on a candidate: every rule with its numbers, in plain sentences."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from components.evaluation.measurements import OVERALL

Outcome = Literal["pass", "fail", "skipped"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChampionStatus(_Record):
    """Whether the candidate was compared with the latest blessed model.

    Attributes:
      status: "none" (there is none yet), "compared" or "incompatible".
      reason: Why it was not compared; empty where it was.
      uri: Where the champion is.
    """

    status: Literal["none", "compared", "incompatible"]
    reason: str = ""
    uri: str = ""


class Reason(_Record):
    """One rule of the gate, applied to one slice.

    Attributes:
      outcome: "pass", "fail", or "skipped" where the rule cannot be judged.
      sentence: All of it in words.
      metric: Name of the metric.
      slice: `overall`, or `feature=value`.
      over: The model that the candidate is compared with; unset: its value itself is judged.
      value: The candidate's value.
      reference: The other model's value.
      num_rows: Rows of the slice.
    """

    outcome: Outcome
    sentence: str
    metric: str = ""
    slice: str = OVERALL
    over: str | None = None
    value: float | None = None
    reference: float | None = None
    num_rows: int = 0


class WorstSlice(_Record):
    """The slice on which a model's first metric is worst."""

    slice: str
    metric: str
    value: float
    num_rows: int


class SliceFigures(_Record):
    """What the models are worth on one slice.

    Attributes:
      metric: The metric that decides.
      num_rows: Rows of the slice.
      values: By model; null where the rows cannot tell.
    """

    metric: str
    num_rows: int
    values: Mapping[str, float | None]


class Verdict(_Record):
    """Whether the candidate may be published, and why.

    Attributes:
      blessed: Whether no rule failed.
      reasons: Every rule.
      champion: What became of the comparison with the champion.
      split: The split that was judged on.
      num_rows: Its rows.
      metrics: Value by model, then metric, over all rows; null where the rows cannot tell.
      worst_slices: By model.
      slices: By slice (`feature=value`), of each feature the candidate's worst first.
      num_slices: Slices that were measured; of very many not all are in `slices`.
      note: What to keep in mind of all this; empty where there is nothing.
    """

    blessed: bool
    reasons: tuple[Reason, ...]
    champion: ChampionStatus
    split: str
    num_rows: int
    metrics: Mapping[str, Mapping[str, float | None]]
    worst_slices: Mapping[str, WorstSlice]
    slices: Mapping[str, SliceFigures] = {}
    num_slices: int = 0
    note: str = ""

    @property
    def summary(self) -> str:
        """The verdict in one line."""
        counts = {
            outcome: sum(reason.outcome == outcome for reason in self.reasons)
            for outcome in ("pass", "fail", "skipped")
        }
        return (
            f"{'blessed' if self.blessed else 'not blessed'}: rules passed {counts['pass']}, "
            f"failed {counts['fail']}, skipped {counts['skipped']}"
        )
