"""The `train.tune` section of the run config: what to search, how, and how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from schemas.section import Section

Algorithm = Literal["random", "bayesian", "hyperband"]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]


class Range(Section):
    """Numbers from `min` to `max`."""

    min: float = Field(description="Lowest value.")
    max: float = Field(description="Highest value.")
    log: bool = Field(
        default=False, description="Whether each power of ten is as likely as the next."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min >= self.max:
            raise ValueError(
                f"min must be lower than max; received min={self.min}, max={self.max}; swap them, "
                "or set a single value outside train.tune"
            )
        if self.log and self.min <= 0.0:
            raise ValueError(f"min must be above 0 where log is true; received {self.min}")
        return self


class LogRange(Range):
    """Positive numbers from `min` to `max`, by default with each power of ten as likely."""

    min: PositiveFloat = Field(description="Lowest value.")
    max: PositiveFloat = Field(description="Highest value.")
    log: bool = Field(
        default=True, description="Whether each power of ten is as likely as the next."
    )


class DropoutRange(Range):
    """Dropout rates from `min` to `max`."""

    min: Rate = Field(description="Lowest value.")
    max: Rate = Field(description="Highest value.")


class RateFactorRanges(Section):
    """What the learning rate is multiplied by, for each group of weights."""

    embeddings: LogRange | None = Field(default=None, description="Of the embeddings.")
    shared: LogRange | None = Field(default=None, description="Of the shared layers.")
    head: LogRange | None = Field(default=None, description="Of the task's own layers.")


class Ranges(Section):
    """What is searched; what has no range stays as the config says."""

    learning_rate: LogRange | None = Field(default=None, description="Of train.learning_rate.")
    rate_factors: RateFactorRanges = Field(
        default_factory=RateFactorRanges, description="Of train.rate_factors."
    )
    batch_size: tuple[PositiveInt, ...] | None = Field(
        default=None, description="Choices of train.batch_size."
    )
    steps: tuple[PositiveInt, ...] | None = Field(
        default=None, description="Choices of train.steps; give this or epochs."
    )
    epochs: tuple[PositiveFloat, ...] | None = Field(
        default=None, description="Choices of train.epochs; give this or steps."
    )
    dropout: DropoutRange | None = Field(default=None, description="Of model.dropout.")
    classifier_dropout: DropoutRange | None = Field(
        default=None, description="Of model.classifier_dropout."
    )

    @field_validator("batch_size", "steps", "epochs")
    @classmethod
    def _choices(cls, choices: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if choices is not None and (not choices or len(set(choices)) < len(choices)):
            raise ValueError(
                f"choices must be different values, one at least; received {list(choices)}"
            )
        return choices

    @model_validator(mode="after")
    def _searchable(self) -> Ranges:
        if self.steps and self.epochs:
            raise ValueError("give choices of steps or of epochs, not both; remove one of them")
        given = [value for name, value in self if name != "rate_factors"]
        if all(value is None for value in (*given, *dict(self.rate_factors).values())):
            known = ", ".join(type(self).model_fields)
            raise ValueError(f"one range must be given at least; there are {known}")
        return self


class TuneConfig(Section):
    """A search for hyperparameters before the training, which takes the best trial's."""

    ranges: Ranges = Field(description="What is searched.")
    algorithm: Algorithm = Field(
        default="random",
        description="random; bayesian: from a model of the scores so far; hyperband: many short "
        "trials, of which the best are trained again for longer.",
    )
    trials: PositiveInt = Field(
        default=10, description="Trainings at most; a small range may have fewer to try."
    )
    max_steps: PositiveInt | None = Field(
        default=None, description="Optimizer steps of a trial at most; unset: as in the training."
    )
    seed: NonNegativeInt = Field(default=0, description="Seed of the values that are tried.")
