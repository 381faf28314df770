"""The run config: one typed description of a run, from the text files to the published model."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from components.evaluation.config import EvaluateConfig
from components.ingest.config import IngestConfig, text_of
from components.ingest.span_pattern import has_span
from components.publish.config import PublishConfig
from components.remote.files import is_remote
from components.serving_check.config import ServingCheckConfig
from components.validation.config import ValidationConfig
from models.config import BaselinesConfig, ModelConfig, TrainConfig, VocabularyConfig
from models.tasks import create_task
from models.tasks.base import Task
from pipeline.beam_config import BeamConfig
from pipeline.kubeflow_config import KubeflowConfig
from pipeline.metadata_config import MetadataConfig
from pipeline.watch.config import WatchConfig
from schemas.section import Section


class TaskSection(BaseModel):
    """The task by name; its other keys belong to that task (models/tasks/<name>.py)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(description="A module of models.tasks, such as classification.")


class RunConfig(Section):
    """Everything that describes a run. Relative paths start at the working directory."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = Field(
        description="Name of the pipeline and of the served model."
    )
    output: str | None = Field(
        default=None, description="Folder of everything a run writes; unset: `runs/<name>`."
    )
    pipeline_root: str | None = Field(
        default=None,
        description="Folder of the artifacts of steps; may be on a bucket (gs://, s3://); unset: "
        "`<output>/pipeline`.",
    )
    task: TaskSection
    ingest: IngestConfig
    validation: ValidationConfig = ValidationConfig()
    vocabulary: VocabularyConfig = VocabularyConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    baselines: BaselinesConfig = BaselinesConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    serving_check: ServingCheckConfig = ServingCheckConfig()
    publish: PublishConfig = PublishConfig()
    watch: WatchConfig = WatchConfig()
    metadata: MetadataConfig = MetadataConfig()
    beam: BeamConfig = BeamConfig()
    kubeflow: KubeflowConfig | None = Field(
        default=None, description="Where a compiled pipeline finds its files; needed to compile."
    )

    @cached_property
    def typed_task(self) -> Task:
        """The task with its own options checked."""
        return create_task(self.task.model_dump())

    @property
    def output_dir(self) -> Path:
        """Absolute folder of everything a run writes."""
        return Path(self.output or f"runs/{self.name}").absolute()

    @property
    def model_base(self) -> Path:
        """Absolute folder of the numbered versions: of a model base on a bucket, its mirror."""
        given = self.publish.model_base
        if given is None or is_remote(given):
            return self.output_dir / "serving"
        return Path(given).absolute()

    @property
    def remote_model_base(self) -> str | None:
        """URI of the model base; None where it is a folder of this machine."""
        given = self.publish.model_base
        return given if given is not None and is_remote(given) else None

    @property
    def artifact_dir(self) -> Path:
        """Absolute folder of the artifacts here: of a pipeline root on a bucket, the copies."""
        if self.pipeline_root is None:
            return self.output_dir / "pipeline"
        if is_remote(self.pipeline_root):
            return self.output_dir / "artifacts"
        return Path(self.pipeline_root).absolute()

    @property
    def is_watched(self) -> bool:
        """Whether a run elsewhere first decides if it is due: with spans, and a section `watch`."""
        of_spans = has_span(text_of(self.ingest.train)) and self.ingest.span is None
        return of_spans and "watch" in self.model_fields_set

    def written_out(self) -> dict[str, Any]:
        """Returns every key with its value, as a config file has them.

        The section `watch` says something by being there (`is_watched`), so one that was not given
        is left out.
        """
        left_out = set() if "watch" in self.model_fields_set else {"watch"}
        return self.model_dump(mode="json", exclude=left_out)

    @property
    def baseline_names(self) -> tuple[str, ...]:
        """The baselines of this run."""
        included = self.baselines.include
        return self.typed_task.baselines if included is None else included

    @property
    def judged_split(self) -> str:
        """The split that the gate judges on: test where there is one, else eval."""
        return "test" if self.ingest.test else "eval"

    @property
    def vocabulary_source(self) -> VocabularyConfig:
        """The vocabulary section; pretrained weights bring their own where none is given."""
        if self.model.weights is None or self.vocabulary.model is not None:
            return self.vocabulary
        preset_file = str(Path(self.model.weights) / "assets" / "tokenizer" / "vocabulary.spm")
        return self.vocabulary.model_copy(update={"model": preset_file})

    def task_record(self) -> Mapping[str, Any]:
        """Returns the task section as plain data, as components take it."""
        return self.task.model_dump(mode="json")
