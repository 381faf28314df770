"""The `evaluate` section of the run config: slices and the thresholds of the gate."""

from typing import Annotated

from pydantic import Field, PositiveInt, model_validator

from schemas.section import Section


class Threshold(Section):
    """One rule of the gate: a bound on a metric, or on its difference from another model's."""

    metric: str = Field(description="Name of a metric of the task, such as accuracy.")
    min: float | None = Field(
        default=None, description="Smallest value, or smallest difference where `over` is given."
    )
    max: float | None = Field(
        default=None, description="Largest value, or largest difference where `over` is given."
    )
    over: str | None = Field(
        default=None,
        description="champion, or a baseline's name: the bound is on candidate minus that model.",
    )
    slice: str | None = Field(
        default=None,
        description="`feature` for each value of it, `feature=value` for one; unset: overall only.",
    )
    min_rows: PositiveInt = Field(default=1, description="Slices with fewer rows are not judged.")

    @model_validator(mode="after")
    def _has_a_bound(self) -> "Threshold":
        if self.min is None and self.max is None:
            raise ValueError("a threshold needs min or max; received neither")
        return self


class EvaluateConfig(Section):
    """What TFMA computes, and when the candidate is blessed."""

    slices: tuple[str, ...] = Field(
        default=(), description="Columns to slice by, beside the task's own (label, length)."
    )
    thresholds: tuple[Threshold, ...] | None = Field(
        default=None,
        description="Rules of the gate; unset: no worse than the champion, better than baselines.",
    )
    batch_size: Annotated[int, Field(ge=1, le=4096)] = Field(
        default=64, description="Rows that a model answers at once."
    )
