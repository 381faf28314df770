"""Champion, evaluation, serving check and publication as nodes of a real pipeline, run by run."""

import shutil
from pathlib import Path
from typing import ClassVar

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx import types
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.evaluation.champion import champion_resolver
from components.evaluation.component import Evaluate
from components.evaluation.config import EvaluateConfig
from components.publish.component import Publish
from components.publish.config import PublishConfig
from components.serving_check.component import ServingCheck
from components.serving_check.config import ServingCheckConfig
from schemas import features as keys
from serving.inventory import list_models
from tests.serving.tiny_examples import make_row, write_examples
from tests.serving.tiny_models import LABELS, WEIGHTS, save_model

TASK = {"name": "classification", "labels": list(LABELS)}
ROWS = [
    make_row(number, f"a {word} day", LABELS[word in ("good", "great")])
    for number, word in enumerate(["good", "bad", "great", "awful"] * 2)
]


class CopyExecutor(base_executor.BaseExecutor):
    """Stands for a step that made its output before."""

    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802 - the name TFX calls
        ((output,),) = output_dict.values()
        shutil.copytree(exec_properties["source"], output.uri, dirs_exist_ok=True)
        if isinstance(output, standard_artifacts.Examples):
            output.splits = [keys.EVAL]
            output.set_string_custom_property("file_format", "tfrecords_gzip")


class ModelSpec(types.ComponentSpec):
    PARAMETERS: ClassVar = {"source": ExecutionParameter(type=str)}
    INPUTS: ClassVar = {}
    OUTPUTS: ClassVar = {keys.MODEL: ChannelParameter(type=standard_artifacts.Model)}


class ExamplesSpec(types.ComponentSpec):
    PARAMETERS: ClassVar = {"source": ExecutionParameter(type=str)}
    INPUTS: ClassVar = {}
    OUTPUTS: ClassVar = {keys.EXAMPLES: ChannelParameter(type=standard_artifacts.Examples)}


class MakeModel(base_component.BaseComponent):
    SPEC_CLASS = ModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(CopyExecutor)

    def __init__(self, source):
        output = types.Channel(type=standard_artifacts.Model)
        super().__init__(spec=ModelSpec(source=str(source), model=output))


class MakeExamples(base_component.BaseComponent):
    SPEC_CLASS = ExamplesSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(CopyExecutor)

    def __init__(self, source):
        output = types.Channel(type=standard_artifacts.Examples)
        super().__init__(spec=ExamplesSpec(source=str(source), examples=output))


class Project:
    """A folder with models and examples, and the pipeline that releases one of them."""

    def __init__(self, folder):
        self.folder = folder
        self.model_base = folder / "serving"
        self.connection = metadata.sqlite_metadata_connection_config(str(folder / "mlmd.sqlite"))
        write_examples(folder / "examples", ROWS)
        reference = {row[keys.ROW_ID]: row[keys.TEXT] for row in ROWS}
        for name, words in {"half": ("good", "bad"), "full": tuple(WEIGHTS)}.items():
            weights = {word: WEIGHTS[word] for word in words}
            save_model(folder / name / "Format-Serving", weights=weights, reference=reference)
        for name in ("majority", "tfidf"):
            save_model(folder / name / "Format-Serving", name=name, weights={"a": (-1.0, 1.0)})
        self.num_runs = 0

    def run(self, candidate):
        """Runs once; returns the state of each node's execution."""
        self.num_runs += 1
        trainer = MakeModel(self.folder / candidate).with_id("Trainer")
        examples = MakeExamples(self.folder / "examples").with_id("Ingest")
        baselines = [
            MakeModel(self.folder / name).with_id(f"Baseline.{name}")
            for name in ("majority", "tfidf")
        ]
        nodes = [examples, trainer, *baselines, *self.release(examples, trainer, baselines)]
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="release",
                pipeline_root=str(self.folder / "root"),
                metadata_connection_config=self.connection,
                components=nodes,
                enable_cache=True,
            )
        )
        return self.states()

    def release(self, examples, trainer, baselines):
        model, rows = trainer.outputs[keys.MODEL], examples.outputs[keys.EXAMPLES]
        common = {"task": TASK, "split": keys.EVAL, "code_version": "0"}
        champion = champion_resolver(model)
        evaluate = Evaluate(
            examples=rows,
            model=model,
            champion=champion.outputs[keys.CHAMPION],
            baselines=[baseline.outputs[keys.MODEL] for baseline in baselines],
            config=EvaluateConfig(),
            **common,
        )
        check = ServingCheck(model=model, examples=rows, config=ServingCheckConfig(), **common)
        publish = Publish(
            model=model,
            examples=rows,
            evaluation=evaluate.outputs[keys.EVALUATION],
            blessing=evaluate.outputs[keys.BLESSING],
            serving_blessing=check.outputs[keys.SERVING_BLESSING],
            model_base=str(self.model_base),
            config=PublishConfig(),
            run_id=f"run-{self.num_runs}",
            code_version="0",
        )
        return [champion, evaluate, check, publish]

    def states(self):
        """Returns the state of the last execution of each node of the release."""
        with metadata.Metadata(self.connection) as handle:
            return {
                context.name.partition(".")[2]: max(
                    handle.store.get_executions_by_context(context.id), key=lambda one: one.id
                ).last_known_state
                for context in handle.store.get_contexts_by_type("node")
            }

    def last_verdict(self):
        files = (self.folder / "root" / "Evaluate" / keys.EVALUATION).glob("*/verdict.json")
        return max(files, key=lambda path: int(path.parent.name)).read_text()


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.mark.slow
def test_a_model_is_released_cached_on_a_rerun_and_replaced_by_a_better_one(project):
    project.run("half")
    assert [model.version for model in list_models(project.model_base)] == [1]
    assert '"status": "none"' in project.last_verdict()

    states = project.run("half")
    assert states["Evaluate"] == states["ServingCheck"] == mlmd.Execution.CACHED
    assert states["Publish"] == mlmd.Execution.COMPLETE
    assert [model.version for model in list_models(project.model_base)] == [1]

    project.run("full")
    assert '"status": "compared"' in project.last_verdict()
    first, second = list_models(project.model_base)
    assert (first.live, second.live) == (False, True)
    assert second.info.run_id == "run-3"
    assert second.info.metrics["accuracy"] == pytest.approx(1.0)

    project.run("half")  # worse than the champion: refused, and what is live stays
    assert [model.live for model in list_models(project.model_base)] == [False, True]
    assert '"blessed": false' in project.last_verdict()
    assert not list(Path(project.model_base).glob(".publishing-*"))
