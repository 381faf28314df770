"""Fourth stage: evaluation against champion and baselines, the serving check, publication."""

from dataclasses import dataclass

from tfx.dsl.components.base.base_node import BaseNode

from components.evaluation.component import Evaluate
from components.publish.component import Publish
from components.serving_check.component import ServingCheck
from pipeline.backend import Backend
from pipeline.code_version import code_version
from pipeline.config import RunConfig
from pipeline.stages.ingest import IngestStage
from pipeline.stages.train import TrainStage
from schemas import features as keys


@dataclass(frozen=True)
class ReleaseStage:
    """The nodes that decide on the candidate and publish it."""

    champion: BaseNode
    evaluate: Evaluate
    serving_check: ServingCheck
    publish: Publish

    @property
    def nodes(self) -> list[BaseNode]:
        """Every node of the stage."""
        return [self.champion, self.evaluate, self.serving_check, self.publish]


def release_stage(
    config: RunConfig, run_id: str, ingested: IngestStage, trained: TrainStage, backend: Backend
) -> ReleaseStage:
    """Makes the nodes that judge the candidate and, when it passes, make it the next version."""
    task_module = f"models.tasks.{config.task.name}"
    examples = ingested.ingest.outputs[keys.EXAMPLES]
    candidate = trained.trainer.outputs[keys.MODEL]
    champion = backend.champion(candidate, str(config.model_base))
    evaluate = Evaluate(
        examples=examples,
        model=candidate,
        champion=champion.outputs[keys.CHAMPION],
        baselines=[baseline.outputs[keys.MODEL] for baseline in trained.baselines],
        config=config.evaluate,
        task=config.task_record(),
        split=config.judged_split,
        code_version=code_version("components.evaluation", "models.metrics", task_module),
    )
    serving_check = ServingCheck(
        model=candidate,
        examples=examples,
        config=config.serving_check,
        task=config.task_record(),
        split=keys.EVAL,
        code_version=code_version("components.serving_check", task_module),
    )
    publish = Publish(
        model=candidate,
        examples=examples,
        evaluation=evaluate.outputs[keys.EVALUATION],
        blessing=evaluate.outputs[keys.BLESSING],
        serving_blessing=serving_check.outputs[keys.SERVING_BLESSING],
        model_base=str(config.model_base),
        remote_base=config.remote_model_base,
        config=config.publish,
        run_id=run_id,
        code_version=code_version("components.publish"),
    )
    return ReleaseStage(champion, evaluate, serving_check, publish)
