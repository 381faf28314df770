"""The `watch` section of the run config: what starts a run, and from where it trains."""

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from components.drift.report import DriftLimits
from schemas.section import Section


class DriftTrigger(Section):
    """Drift of what is asked, by the gateway's request log; see `albert-tfx drift`."""

    log_dir: str = Field(description="Folder of the gateway's request log.")
    hours: PositiveFloat = Field(
        default=24.0, description="Length of the period that is compared, up to now."
    )
    limits: DriftLimits = Field(
        default=DriftLimits(), description="How far serving may be from training."
    )


class LabelTrigger(Section):
    """Labelled rows that came after the answers; see `albert-tfx score`."""

    files: str = Field(
        description="File or glob of labelled rows, with the columns of `ingest`; the newest tell "
        "best, so keep no more than a few weeks."
    )
    min_rows: PositiveInt = Field(default=200, description="Rows before anything is said.")
    max_drop: Annotated[float, Field(gt=0.0)] = Field(
        default=0.05,
        description="How much worse the live model's first metric may be than when it was "
        "published.",
    )


class WatchConfig(Section):
    """When a run is started, and how it trains: for `albert-tfx watch`, and on a schedule."""

    poll_seconds: PositiveFloat = Field(
        default=60.0, description="Time between two looks for a new span."
    )
    check_minutes: PositiveFloat = Field(
        default=60.0, description="Time between two looks at drift and labels."
    )
    warm_start: bool = Field(
        default=True,
        description="Whether a run on a new span starts from the live model's weights, with its "
        "vocabulary.",
    )
    learning_rate: PositiveFloat | None = Field(
        default=None, description="Of such a run; unset: as `train` says."
    )
    epochs: PositiveFloat | None = Field(
        default=None, description="Of such a run; unset: as `train` says."
    )
    steps: PositiveInt | None = Field(
        default=None, description="Of such a run, in the place of epochs; unset: as `train` says."
    )
    drift: DriftTrigger | None = Field(
        default=None, description="Start a run from scratch on drift; unset: do not look."
    )
    labels: LabelTrigger | None = Field(
        default=None,
        description="Start a run from scratch when labels show that the live model got worse; "
        "unset: do not look.",
    )

    @model_validator(mode="after")
    def _steps_or_epochs(self) -> "WatchConfig":
        if self.steps is not None and self.epochs is not None:
            raise ValueError(
                f"give steps or epochs, not both; received steps={self.steps}, epochs={self.epochs}"
            )
        return self
