"""What is sent to start a run, now or by a schedule: the compiled pipeline and its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import yaml

from kubeflow.compiler import compile_config
from kubeflow.locations import Target
from kubeflow.parameter_values import Value, read_parameters
from pipeline.config import RunConfig
from pipeline.kubeflow_config import KubeflowConfig
from schemas.errors import UserError


@dataclass(frozen=True)
class Submission:
    """A pipeline to run.

    Attributes:
      name: Its name, of letters, digits and hyphens.
      section: Where its files lie, and whom it is sent to.
      text: The compiled pipeline, as `albert-tfx compile` writes it.
      parameters: What a run is given in the place of the pipeline's defaults.
      is_watched: Whether a run first looks if it is due; such runs come one after the other.
    """

    name: str
    section: KubeflowConfig
    text: str
    parameters: Mapping[str, Value]
    is_watched: bool = False

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """The PipelineSpec, and where there are volumes the platform's part."""
        return list(yaml.safe_load_all(self.text))

    @property
    def image(self) -> str:
        """The image that steps of the run have."""
        return str(self.parameters.get("image", self.section.image))

    def run_name(self, now: datetime) -> str:
        """Returns a name for a run that is started at `now`, in UTC."""
        return f"{self.name}-{now:%Y%m%d-%H%M%S}"


def prepare(config: RunConfig, target: Target, parameters: Sequence[str]) -> Submission:
    """Compiles a config and reads the parameters of a run; nothing is looked up or sent.

    Args:
      config: The run config, with its section `kubeflow`.
      target: Where it will run.
      parameters: `name=value`, as a user writes them.

    Raises:
      UserError: If a path cannot be reached from there, or a parameter cannot be used.
    """
    values = read_parameters(parameters, config)
    text = compile_config(config, target)
    if config.kubeflow is None:
        raise UserError("the config needs a section `kubeflow`; see docs/kubeflow.md")
    name = config.name.replace("_", "-")
    return Submission(name, config.kubeflow, text, values, config.is_watched)
