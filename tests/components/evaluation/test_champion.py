"""The champion over several runs of a real pipeline on real ML Metadata."""

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
from serving.control.changes import promote, rollback


class MakeModelExecutor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802 - the name TFX calls
        (model,) = output_dict["model"]
        Path(model.uri, "name").write_text(exec_properties["content"])
        served = Path(model.uri, "Format-Serving")
        served.mkdir()
        (served / "saved_model.pb").write_text(exec_properties["content"])


class MakeModelSpec(types.ComponentSpec):
    PARAMETERS: ClassVar = {"content": ExecutionParameter(type=str)}
    INPUTS: ClassVar = {}
    OUTPUTS: ClassVar = {"model": ChannelParameter(type=standard_artifacts.Model)}


class MakeModel(base_component.BaseComponent):
    SPEC_CLASS = MakeModelSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(MakeModelExecutor)

    def __init__(self, content):
        output = types.Channel(type=standard_artifacts.Model)
        super().__init__(spec=MakeModelSpec(content=content, model=output))


class JudgeExecutor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802 - the name TFX calls
        (model,) = input_dict["model"]
        (blessing,) = output_dict["blessing"]
        champions = [Path(champion.uri, "name").read_text() for champion in input_dict["champion"]]
        Path(blessing.uri, "champion").write_text(",".join(champions) or "none")
        blessing.set_int_custom_property("blessed", int(exec_properties["blessed"] == "yes"))
        blessing.set_int_custom_property("current_model_id", model.id)


class JudgeSpec(types.ComponentSpec):
    PARAMETERS: ClassVar = {"blessed": ExecutionParameter(type=str)}
    INPUTS: ClassVar = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "champion": ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS: ClassVar = {"blessing": ChannelParameter(type=standard_artifacts.ModelBlessing)}


class Judge(base_component.BaseComponent):
    SPEC_CLASS = JudgeSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(JudgeExecutor)

    def __init__(self, model, champion, *, blessed):
        output = types.Channel(type=standard_artifacts.ModelBlessing)
        super().__init__(
            spec=JudgeSpec(model=model, champion=champion, blessed=blessed, blessing=output)
        )


class Runs:
    """Runs a pipeline of trainer, baseline, champion and evaluation again and again."""

    def __init__(self, folder):
        self.folder = folder
        self.model_base = folder / "serving"
        self.connection = metadata.sqlite_metadata_connection_config(
            str(folder / "metadata.sqlite")
        )

    def run(self, content, *, blessed="yes"):
        """Runs once; returns the champion's content, and whether the evaluation was cached."""
        trainer = MakeModel(content).with_id("Trainer")
        baseline = MakeModel("baseline").with_id("Baseline.majority")
        champion = champion_resolver(trainer.outputs["model"], str(self.model_base))
        judge = Judge(
            trainer.outputs["model"], champion.outputs["champion"], blessed=blessed
        ).with_id("Evaluate")
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="champions",
                pipeline_root=str(self.folder / "root"),
                metadata_connection_config=self.connection,
                components=[trainer, baseline, champion, judge],
                enable_cache=True,
            )
        )
        with metadata.Metadata(self.connection) as handle:
            resolver = self.last_execution(handle.store, "Champion")
            # LocalDagRunner goes on after a resolver that failed, as if it had found nothing.
            assert resolver.last_known_state != mlmd.Execution.FAILED
            return self.evaluation(handle.store)

    def last_execution(self, store, node_id):
        (node,) = [
            context
            for context in store.get_contexts_by_type("node")
            if context.name == f"champions.{node_id}"
        ]
        return max(store.get_executions_by_context(node.id), key=lambda one: one.id)

    def evaluation(self, store):
        """Returns what the last evaluation saw as champion, and whether it was cached."""
        execution = self.last_execution(store, "Evaluate")
        events = store.get_events_by_execution_ids([execution.id])
        (output,) = [event for event in events if event.type == mlmd.Event.OUTPUT]
        (blessing,) = store.get_artifacts_by_id([output.artifact_id])
        cached = execution.last_known_state == mlmd.Execution.CACHED
        return Path(blessing.uri, "champion").read_text(), cached

    def publish(self, version, content):
        """Makes `content` a version, and live."""
        folder = self.model_base / str(version)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text(content)
        promote(self.model_base, version)


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


def test_a_first_run_has_no_champion(runs):
    assert runs.run("A") == ("none", False)


def test_an_unchanged_rerun_keeps_its_champion_and_its_evaluation(runs):
    runs.run("A")
    assert runs.run("A") == ("none", True)
    runs.run("B")
    assert runs.run("B") == ("A", True)
    assert runs.run("B") == ("A", True)


def test_a_new_candidate_meets_the_one_before(runs):
    runs.run("A")
    assert runs.run("B") == ("A", False)
    assert runs.run("C") == ("B", False)


def test_going_back_to_an_older_model_meets_the_one_that_replaced_it(runs):
    runs.run("A")
    runs.run("B")
    assert runs.run("A") == ("B", False)
    assert runs.run("A") == ("B", True)
    assert runs.run("C") == ("A", False)  # A was blessed last, although B is the newer artifact


def test_a_cached_evaluation_counts_as_the_last_one(runs):
    for content in ("A", "B", "A", "B"):
        runs.run(content)
    assert runs.run("A") == ("B", True)  # blessed and published again, without a new evaluation
    assert runs.run("C") == ("A", False)


def test_a_model_that_was_rolled_back_is_no_champion(runs):
    runs.run("A")
    runs.publish(1, "A")
    runs.run("B")
    runs.publish(2, "B")
    assert runs.run("C", blessed="no") == ("B", False)
    rollback(runs.model_base)
    assert runs.run("D", blessed="no") == ("A", False)


def test_a_refused_candidate_in_between_is_passed_over(runs):
    runs.run("A")
    runs.run("B", blessed="no")
    assert runs.run("C") == ("A", False)


def test_a_model_blessed_once_and_refused_later_is_the_champion_while_no_other_was(runs):
    runs.run("A")
    runs.run("A", blessed="no")  # stricter thresholds; what is served is still A
    assert runs.run("B") == ("A", False)
