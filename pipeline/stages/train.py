"""Third stage: vocabulary, transform, the candidate and the baselines."""

from dataclasses import dataclass
from typing import Any

from tfx.components import Trainer
from tfx.dsl.components.base.base_node import BaseNode
from tfx.proto import trainer_pb2

from components.ingest.sources import Sources
from components.transform.component import TextTransform
from components.tuning.component import Tuner
from components.vocabulary.component import VocabularyTrainer
from pipeline.backend import Backend
from pipeline.code_version import code_version
from pipeline.config import RunConfig
from pipeline.stages.ingest import IngestStage
from pipeline.stages.validate import ValidateStage
from schemas import features as keys


@dataclass(frozen=True)
class TrainStage:
    """The nodes that make models."""

    vocabulary: VocabularyTrainer
    transform: TextTransform
    trainer: Trainer
    baselines: tuple[Trainer, ...]
    tuner: Tuner | None = None

    @property
    def nodes(self) -> list[BaseNode]:
        """Every node of the stage."""
        tuners = [] if self.tuner is None else [self.tuner]
        return [self.vocabulary, self.transform, *self.baselines, *tuners, self.trainer]


def train_stage(
    config: RunConfig,
    sources: Sources | None,
    ingested: IngestStage,
    validated: ValidateStage,
    backend: Backend,
) -> TrainStage:
    """Makes the nodes that train; none starts before the data gate has let the data pass."""
    task_module = f"models.tasks.{config.task.name}"
    examples = ingested.ingest.outputs[keys.EXAMPLES]
    schema = validated.schema.outputs[keys.SCHEMA]
    vocabulary = VocabularyTrainer(
        examples=examples,
        config=config.vocabulary_source,
        task=config.task_record(),
        code_version=code_version("components.vocabulary", task_module),
        file_is_here=backend.files_are_here,
    )
    vocabulary.add_upstream_node(validated.gate)
    transform = TextTransform(
        examples=examples,
        schema=schema,
        vocabulary=vocabulary.outputs[keys.VOCABULARY],
        task=config.task_record(),
        max_length=config.model.max_length,
        code_version=code_version("components.transform", "models.transform", task_module),
    )
    tuner = _tuner(config, sources, transform)
    return TrainStage(
        vocabulary,
        transform,
        _candidate(config, sources, transform, tuner),
        tuple(
            _baseline(config, sources, name, ingested, validated) for name in config.baseline_names
        ),
        tuner,
    )


def _tuner(config: RunConfig, sources: Sources | None, transform: TextTransform) -> Tuner | None:
    if config.train.tune is None:
        return None
    return Tuner(
        tuner_fn="models.tuner.tuner_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs[keys.TRANSFORM_GRAPH],
        train_args=trainer_pb2.TrainArgs(splits=[keys.TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[keys.EVAL]),
        custom_config={
            **_training_config(config, sources),
            "tune": config.train.tune.model_dump(mode="json"),
            "code_version": code_version(
                "models.tuner", "components.tuning", f"models.tasks.{config.task.name}"
            ),
        },
    )


def _training_config(config: RunConfig, sources: Sources | None) -> dict[str, Any]:
    """Returns what the Tuner and the Trainer both need; a change of the search trains nothing."""
    return {
        "task": config.task_record(),
        "model": config.model.model_dump(mode="json"),
        "train": config.train.model_dump(mode="json", exclude={"tune"}),
        "checkpoint_root": str(config.output_dir / "checkpoints"),
        "data": sources.fingerprints if sources else {},
    }


def _candidate(
    config: RunConfig, sources: Sources | None, transform: TextTransform, tuner: Tuner | None
) -> Trainer:
    return Trainer(
        run_fn="models.trainer.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs[keys.TRANSFORM_GRAPH],
        train_args=trainer_pb2.TrainArgs(splits=[keys.TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[keys.EVAL]),
        hyperparameters=None if tuner is None else tuner.outputs["best_hyperparameters"],
        custom_config={
            **_training_config(config, sources),
            "code_version": code_version("models.trainer", f"models.tasks.{config.task.name}"),
        },
    )


def _baseline(
    config: RunConfig,
    sources: Sources | None,
    name: str,
    ingested: IngestStage,
    validated: ValidateStage,
) -> Trainer:
    baseline = Trainer(
        run_fn="models.baselines.run_fn",
        examples=ingested.ingest.outputs[keys.EXAMPLES],
        schema=validated.schema.outputs[keys.SCHEMA],
        train_args=trainer_pb2.TrainArgs(splits=[keys.TRAIN]),
        eval_args=trainer_pb2.EvalArgs(splits=[keys.EVAL]),
        custom_config={
            "baseline": name,
            "task": config.task_record(),
            "baselines": config.baselines.model_dump(mode="json"),
            "data": sources.fingerprints if sources else {},
            "code_version": code_version("models.baselines", f"models.tasks.{config.task.name}"),
        },
    ).with_id(f"Baseline.{name}")
    baseline.add_upstream_node(validated.gate)
    return baseline
