"""The `beam` section of the run config: the machines that the Beam steps use."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator
from typing_extensions import Self

from schemas.section import Section

_DATAFLOW_KEYS = ("project", "region", "temp_location")

_OWN_FLAGS = {
    "runner": "runner",
    "project": "project",
    "region": "region",
    "temp_location": "temp_location",
    "sdk_container_image": "image",
    "worker_harness_container_image": "image",
    "flink_master": "flink_master",
    "setup_file": "image",
    "extra_package": "image",
    "requirements_file": "image",
}
"""Options of Beam that a key of the section sets, or stands for."""


class BeamConfig(Section):
    """Where Ingest, StatisticsGen and TextTransform work: in their process, or on many machines."""

    runner: Literal["direct", "dataflow", "flink"] = Field(
        default="direct",
        description="direct: one worker in the step itself, which repeats exactly.",
    )
    image: str | None = Field(
        default=None,
        min_length=1,
        description="Image of the workers (kubeflow/Dockerfile); unset: that of the compiled run.",
    )
    max_workers: PositiveInt | None = Field(
        default=None, description="Workers at most; unset: Dataflow's own limit, one on Flink."
    )
    autoscaling: bool = Field(
        default=True,
        description="Dataflow: whether workers come and go with the work; false: max_workers.",
    )
    project: str | None = Field(default=None, description="Dataflow: the project it is billed to.")
    region: str | None = Field(default=None, description="Dataflow: where the workers are.")
    temp_location: Annotated[str, Field(pattern=r"^gs://[a-z0-9][^\s]*$")] | None = Field(
        default=None, description="Dataflow: folder on Cloud Storage for what is under way."
    )
    machine_type: str | None = Field(
        default=None, description="Dataflow: type of a worker, such as n2-standard-4."
    )
    public_ips: bool = Field(
        default=True,
        description="Dataflow: whether workers have public addresses; false needs a subnetwork "
        "with Private Google Access.",
    )
    subnetwork: str | None = Field(
        default=None, description="Dataflow: regions/REGION/subnetworks/NAME, or its full address."
    )
    service_account: str | None = Field(
        default=None, description="Dataflow: account that the workers act as."
    )
    flink_master: str | None = Field(
        default=None,
        pattern=r"^[^\s:/]+:[0-9]+$",
        description="Flink: HOST:PORT of the job manager's REST interface.",
    )
    options: tuple[str, ...] = Field(
        default=(), description="Further options of Beam, such as --dataflow_service_options=…"
    )

    @field_validator("options")
    @classmethod
    def _are_options(cls, options: tuple[str, ...]) -> tuple[str, ...]:
        for option in options:
            name = option.removeprefix("--").partition("=")[0]
            if not option.startswith("--") or not name:
                raise ValueError(f"options must be --name or --name=value; received {option!r}")
            if name in _OWN_FLAGS:
                raise ValueError(
                    f"options must not set --{name}; received {option!r}; "
                    f"use beam.{_OWN_FLAGS[name]}"
                )
        return options

    @model_validator(mode="after")
    def _what_the_runner_needs(self) -> Self:
        needed = {"dataflow": _DATAFLOW_KEYS, "flink": ("flink_master",), "direct": ()}
        missing = [key for key in needed[self.runner] if getattr(self, key) is None]
        if missing:
            raise ValueError(f"the runner {self.runner} needs {', '.join(missing)}; received none")
        given = ", ".join(sorted(self._differing_from_defaults()))
        if self.runner == "direct" and given:
            raise ValueError(
                f"the runner direct takes no other key; received {given}; "
                "set beam.runner to dataflow or flink, or leave them out"
            )
        if not self.autoscaling and self.max_workers is None:
            raise ValueError("without autoscaling, max_workers must say how many; received none")
        return self

    def _differing_from_defaults(self) -> set[str]:
        """Returns the keys that say something; a config that is written out whole names all."""
        return set(self.model_dump(exclude_defaults=True)) - {"runner"}

    @property
    def is_distributed(self) -> bool:
        """Whether the work goes to other machines."""
        return self.runner != "direct"
