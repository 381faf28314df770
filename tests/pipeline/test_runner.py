"""The observed runner tells of every step as TFX's own runner runs it."""

from pathlib import Path

import pytest
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.common.resolver import Resolver, ResolverStrategy
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Schema

from pipeline.runner import ObservedLocalDagRunner
from pipeline.steps import Step
from schemas.errors import AlbertTfxError, UserError


@component
def Writer(text: Parameter[str], schema: OutputArtifact[Schema]):  # noqa: N802 - a component
    """Writes `text`, or refuses to."""
    if text == "bad":
        raise UserError("text must not be bad")
    Path(schema.uri, "text").write_text(text)


class Recorder:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.steps: list[Step] = []

    def started(self, name: str) -> None:
        self.begun.append(name)

    def ended(self, step: Step) -> None:
        self.steps.append(step)


def _run(folder: Path, text: str, run_id: str) -> Recorder:
    recorder = Recorder()
    pipeline = Pipeline(
        pipeline_name="probe",
        pipeline_root=str(folder / "root"),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(folder / "metadata.sqlite")
        ),
        components=[Writer(text=text)],
        enable_cache=True,
    )
    try:
        ObservedLocalDagRunner(run_id, recorder).run(pipeline)
    finally:
        assert recorder.begun == ["Writer"]
    return recorder


def test_a_step_that_ran_names_its_outputs(tmp_path: Path) -> None:
    (step,) = _run(tmp_path, "hello", "one").steps
    assert (step.name, step.status) == ("Writer", "run")
    assert Path(step.outputs["schema"][0], "text").read_text() == "hello"


def test_an_unchanged_step_is_cached_with_the_same_outputs(tmp_path: Path) -> None:
    (first,) = _run(tmp_path, "hello", "one").steps
    (second,) = _run(tmp_path, "hello", "two").steps
    assert second.status == "cached"
    assert second.outputs == first.outputs


def test_a_changed_parameter_runs_the_step_again(tmp_path: Path) -> None:
    _run(tmp_path, "hello", "one")
    (step,) = _run(tmp_path, "world", "two").steps
    assert step.status == "run"


def test_a_step_that_fails_is_told_and_its_error_goes_on(tmp_path: Path) -> None:
    recorder = Recorder()
    pipeline = Pipeline(
        pipeline_name="probe",
        pipeline_root=str(tmp_path / "root"),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(tmp_path / "metadata.sqlite")
        ),
        components=[Writer(text="bad")],
    )
    with pytest.raises(UserError, match="must not be bad"):
        ObservedLocalDagRunner("one", recorder).run(pipeline)
    assert [(step.name, step.status) for step in recorder.steps] == [("Writer", "failed")]


class _BrokenStrategy(ResolverStrategy):
    """A resolver that always fails."""

    def resolve_artifacts(self, store, input_dict):
        raise ValueError("broken")


def test_a_resolver_that_fails_stops_the_run(tmp_path: Path) -> None:
    recorder = Recorder()
    writer = Writer(text="hello")
    look_up = Resolver(strategy_class=_BrokenStrategy, schema=writer.outputs["schema"])
    pipeline = Pipeline(
        pipeline_name="probe",
        pipeline_root=str(tmp_path / "root"),
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(tmp_path / "metadata.sqlite")
        ),
        components=[writer, look_up.with_id("LookUp")],
    )
    with pytest.raises(AlbertTfxError, match="LookUp could not look up its artifacts"):
        ObservedLocalDagRunner("one", recorder).run(pipeline)
    assert [step.status for step in recorder.steps] == ["run", "failed"]
