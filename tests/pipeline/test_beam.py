"""What the section `beam` becomes: options that Beam itself knows, at the steps that use them."""

from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import (
    DebugOptions,
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
    PortableOptions,
    StandardOptions,
    WorkerOptions,
)
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from pipeline.beam import DISTRIBUTED_STEPS, beam_arguments
from pipeline.beam_config import BeamConfig
from pipeline.build import build_pipeline
from pipeline.loading import check_config
from schemas.errors import UserError

_CONFIG = {
    "name": "topic_reviews",
    "task": {"name": "classification", "labels": ["good", "bad"]},
    "ingest": {"train": "gs://bucket/train.tsv"},
}
_DATAFLOW = {
    "runner": "dataflow",
    "image": "repo/albert-tfx:1",
    "project": "a-project",
    "region": "europe-west4",
    "temp_location": "gs://bucket/temp",
}
_FLINK = {"runner": "flink", "image": "repo/albert-tfx:1", "flink_master": "flink:8081"}


def _options(section):
    """Returns the options, all of which Beam must know."""
    arguments = beam_arguments(BeamConfig.model_validate(section), "topic_reviews-Ingest")
    options = PipelineOptions(arguments)
    known = options.get_all_options(retain_unknown_options=False)
    assert options.get_all_options(retain_unknown_options=True).keys() == known.keys()
    return options


def test_dataflow_gets_workers_of_our_image_without_public_addresses():
    options = _options(
        _DATAFLOW
        | {"max_workers": 8, "machine_type": "n2-standard-4", "public_ips": False}
        | {"subnetwork": "regions/europe-west4/subnetworks/inner", "service_account": "me@x"}
    )
    assert options.view_as(StandardOptions).runner == "DataflowRunner"
    cloud, worker = options.view_as(GoogleCloudOptions), options.view_as(WorkerOptions)
    assert (cloud.project, cloud.region) == ("a-project", "europe-west4")
    assert (cloud.temp_location, cloud.service_account_email) == ("gs://bucket/temp", "me@x")
    assert cloud.job_name == "topic-reviews-ingest"
    assert worker.sdk_container_image == "repo/albert-tfx:1"
    assert (worker.max_num_workers, worker.machine_type) == (8, "n2-standard-4")
    assert worker.autoscaling_algorithm == "THROUGHPUT_BASED"
    assert worker.use_public_ips is False
    assert worker.subnetwork == "regions/europe-west4/subnetworks/inner"
    assert options.view_as(DebugOptions).experiments == ["use_runner_v2"]


def test_without_autoscaling_the_number_of_workers_is_fixed():
    worker = _options(_DATAFLOW | {"max_workers": 4, "autoscaling": False}).view_as(WorkerOptions)
    assert (worker.num_workers, worker.autoscaling_algorithm) == (4, "NONE")


def test_flink_gets_the_workers_beside_its_task_managers():
    options = _options(_FLINK | {"max_workers": 3, "options": ["--flink_version=1.19"]})
    flink = options.view_as(FlinkRunnerOptions)
    assert (flink.flink_master, flink.flink_version) == ("flink:8081", "1.19")
    portable = options.view_as(PortableOptions)
    assert (portable.environment_type, portable.environment_config) == (
        "EXTERNAL",
        "localhost:50000",
    )


def test_the_direct_runner_gets_no_option():
    assert beam_arguments(BeamConfig(), "a-job") == []


def _arguments_by_step(**sections):
    config = check_config(_CONFIG | sections, source="a test")
    pipeline = build_pipeline(
        config, sources=None, schema_file=Path("schema.pbtxt"), run_id="a-run"
    )
    return {
        node.id: list(node.executor_spec.beam_pipeline_args)
        for node in pipeline.components
        if isinstance(node.executor_spec, BeamExecutorSpec)
    }


def test_the_steps_that_grow_with_the_data_are_spread_and_no_other():
    arguments = _arguments_by_step(beam=_DATAFLOW)
    assert {name for name, given in arguments.items() if given} == set(DISTRIBUTED_STEPS)
    jobs = [given[0] for given in arguments.values() if given]
    assert jobs == [
        "--job_name=topic-reviews-ingest",
        "--job_name=topic-reviews-statisticsgen",
        "--job_name=topic-reviews-texttransform",
    ]
    assert not any(_arguments_by_step().values())


def test_workers_need_an_image():
    with pytest.raises(UserError, match=r"beam\.image must name the image of the workers"):
        _arguments_by_step(beam={key: value for key, value in _DATAFLOW.items() if key != "image"})


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"runner": "spark"}, r"beam\.runner: "),
        ({"runner": "dataflow", "project": "p"}, "needs region, temp_location"),
        ({"runner": "flink"}, "needs flink_master"),
        ({"max_workers": 3}, "direct takes no other key; received max_workers"),
        (_DATAFLOW | {"temp_location": "/tmp/beam"}, r"beam\.temp_location: "),
        (_DATAFLOW | {"autoscaling": False}, "max_workers must say how many"),
        (_DATAFLOW | {"options": ["--region=x"]}, "must not set --region.*use beam.region"),
        (_DATAFLOW | {"options": ["region"]}, "options must be --name"),
        (_FLINK | {"flink_master": "http://flink"}, r"beam\.flink_master: "),
    ],
)
def test_what_a_runner_cannot_use_is_refused(section, problem):
    with pytest.raises(UserError, match=problem):
        check_config(_CONFIG | {"beam": section}, source="a test")
