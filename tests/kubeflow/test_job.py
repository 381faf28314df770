"""Steps of a Vertex pipeline as custom jobs, against an API that speaks Vertex's gRPC."""

import json
import threading

import grpc
import pytest
import yaml
from google.cloud.aiplatform_v1.types import Scheduling

from kubeflow.compiler import compile_config
from kubeflow.helpers import is_helper
from kubeflow.job import custom_job, read_arguments, run_job
from kubeflow.place import PlaceError
from pipeline.loading import check_config
from schemas.errors import AlbertTfxError, UserError
from serving.versions import live_version
from tests.kubeflow.conftest import CONFIG, SECTIONS
from tests.kubeflow.engine import MODULES, Engine
from tests.kubeflow.job_api import State, serve_jobs
from tests.kubeflow.labelled import rows

MACHINE = {
    "machine_type": "g2-standard-24",
    "accelerator": "NVIDIA_L4",
    "accelerator_count": 2,
    "workers": 3,
    "spot": True,
}
COMMAND = ["python", "-m", "kubeflow.step", "--flag"]


def container_of(machine, **vertex):
    section = SECTIONS["vertex"] | {"machines": {"Trainer": machine}}
    section["vertex"] = section["vertex"] | vertex
    config = check_config(CONFIG | {"kubeflow": section}, source="a test")
    spec = yaml.safe_load(compile_config(config, "vertex"))
    return spec["deploymentSpec"]["executors"]["Trainer_executor"]["container"]


def plan(machine=MACHINE, **vertex):
    return read_arguments(container_of(machine, **vertex)["args"])[0]


def test_the_step_starts_a_job_that_runs_what_it_ran():
    alone, job = container_of({}), container_of(MACHINE)
    assert job["command"] == ["python", "-m", "kubeflow.job"]
    _, image, command = read_arguments(job["args"])
    assert (image, command) == (alone["image"], [*alone["command"], *alone["args"]])
    assert "resources" not in job  # its own machine only waits


def test_the_job_has_a_chief_and_the_other_machines():
    account = "trainer@reviews-project.iam.gserviceaccount.com"
    with serve_jobs() as (api, client):
        name = run_job(
            plan(service_account=account),
            "repo/image:1",
            COMMAND,
            client,
            stop=threading.Event(),
            poll_seconds=0.01,
        )
    job = api.jobs[name].job_spec
    assert name.startswith("projects/reviews-project/locations/europe-west4/customJobs/")
    assert [pool.replica_count for pool in job.worker_pool_specs] == [1, 2]
    for pool in job.worker_pool_specs:
        machine = pool.machine_spec
        assert (machine.machine_type, machine.accelerator_count) == ("g2-standard-24", 2)
        assert machine.accelerator_type.name == "NVIDIA_L4"
        assert (pool.container_spec.image_uri, [*pool.container_spec.command]) == (
            "repo/image:1",
            COMMAND,
        )
    assert job.scheduling.strategy == Scheduling.Strategy.SPOT
    assert job.scheduling.restart_job_on_worker_restart
    assert job.service_account == account


def test_one_spot_machine_is_one_pool():
    with serve_jobs() as (api, client):
        machine = {"machine_type": "n2-standard-8", "spot": True}
        stop = threading.Event()
        name = run_job(plan(machine), "image", COMMAND, client, stop=stop, poll_seconds=0.01)
    (pool,) = api.jobs[name].job_spec.worker_pool_specs
    assert pool.replica_count == 1
    assert not api.jobs[name].job_spec.scheduling.restart_job_on_worker_restart


def test_a_job_that_fails_fails_the_step_with_its_message():
    with serve_jobs() as (api, client):
        api.ends_as = State.JOB_STATE_FAILED
        stop = threading.Event()
        with pytest.raises(AlbertTfxError, match=r"ended as failed: the replicas exited with"):
            run_job(plan(), "image", COMMAND, client, stop=stop, poll_seconds=0.01)


def test_a_service_that_is_away_for_a_moment_ends_no_step():
    with serve_jobs() as (api, client):
        api.fails_with = [grpc.StatusCode.UNAVAILABLE]
        stop = threading.Event()
        assert run_job(plan(), "image", COMMAND, client, stop=stop, poll_seconds=0.01) in api.jobs
    assert api.fails_with == []


@pytest.mark.parametrize(
    ("refused", "kind", "message"),
    [
        ({"refuses_with": grpc.StatusCode.PERMISSION_DENIED}, UserError, "refused the job: .*role"),
        (
            {"fails_with": [grpc.StatusCode.NOT_FOUND]},
            UserError,
            "refused the state of projects/.*/customJobs/1: the service says so",
        ),
        ({"refuses_with": grpc.StatusCode.UNAVAILABLE}, PlaceError, "look whether it was done"),
    ],
)
def test_what_the_service_refuses_is_told_in_words(refused, kind, message):
    with serve_jobs() as (api, client):
        vars(api).update(refused)
        stop = threading.Event()
        with pytest.raises(kind, match=message):
            run_job(plan(), "image", COMMAND, client, stop=stop, poll_seconds=0.01)


def test_a_label_is_no_longer_than_google_cloud_takes():
    long = plan().model_copy(update={"name": f"{'a' * 63}-Trainer"})
    assert custom_job(long, "image", COMMAND).labels == {"albert-tfx": "a" * 63}


def test_a_step_that_is_stopped_cancels_its_job():
    with serve_jobs() as (api, client):
        stop = threading.Event()
        stop.set()
        with pytest.raises(AlbertTfxError, match="cancelled, as the step was"):
            run_job(plan(), "image", COMMAND, client, stop=stop)
        assert api.cancelled == list(api.jobs)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"machine_type": None}, r"Trainer\.machine_type: workers and spot need one"),
        ({"cpu": 8}, r"Trainer\.cpu, memory_gb: machine_type says them here"),
        ({"workers": 1, "spot": False}, r"machine_type: is for workers and spot"),
    ],
)
def test_a_job_that_cannot_be_had_is_refused(changes, problem):
    with pytest.raises(UserError, match=problem):
        container_of(MACHINE | changes)


def test_only_the_trainer_works_on_several_machines():
    section = SECTIONS["vertex"] | {"machines": {"Evaluate": MACHINE}}
    config = check_config(CONFIG | {"kubeflow": section}, source="a test")
    with pytest.raises(UserError, match=r"Evaluate\.workers: only Trainer works on several"):
        compile_config(config, "vertex")


def test_a_job_needs_a_project():
    section = {key: value for key, value in SECTIONS["vertex"].items() if key != "vertex"}
    section["machines"] = {"Trainer": MACHINE}
    config = check_config(CONFIG | {"kubeflow": section}, source="a test")
    with pytest.raises(UserError, match=r"need kubeflow\.vertex with project and region"):
        compile_config(config, "vertex")


@pytest.mark.parametrize(
    ("kind", "index", "cluster", "helps"),
    [
        ("chief", 0, {"chief": ["a:1"], "worker": ["b:1"]}, False),
        ("worker", 0, {"chief": ["a:1"], "worker": ["b:1"]}, True),
        ("worker", 0, {"worker": ["a:1", "b:1"]}, False),
        ("worker", 1, {"worker": ["a:1", "b:1"]}, True),
    ],
)
def test_all_machines_but_the_first_help(kind, index, cluster, helps):
    task = {"type": kind, "index": index}
    assert is_helper(json.dumps({"cluster": cluster, "task": task})) == helps
    assert not is_helper("")


@pytest.mark.e2e
@pytest.mark.timeout(1800)
def test_two_machines_train_what_is_published(tmp_path):
    data = tmp_path / "gcs" / "bucket" / "data" / "reviews"
    data.mkdir(parents=True)
    for split, seed in (("train", 1), ("eval", 2)):
        (data / f"{split}.tsv").write_text(rows(120, seed=seed))
    machine = {"machine_type": "n2-standard-8", "workers": 2}
    values = CONFIG | {
        "ingest": {"train": "reviews/train.tsv", "eval": "reviews/eval.tsv"},
        "vocabulary": {"size": 100},
        "model": {"size": "albert-tiny", "num_layers": 1, "max_length": 16},
        "train": {"learning_rate": 1e-3, "steps": 4, "batch_size": 16},
        "baselines": {"include": ["majority"]},
        "evaluate": {"thresholds": [{"metric": "accuracy", "over": "champion", "min": -1.0}]},
        "serving_check": {"max_latency_ms": 5000},
        "kubeflow": SECTIONS["vertex"] | {"machines": {"Trainer": machine}},
    }
    text = compile_config(check_config(values, source="a test"), "vertex")
    spec = yaml.safe_load(text.replace("/gcs/bucket", f"{tmp_path}/gcs/bucket"))
    with serve_jobs(tmp_path) as (api, client):

        def start_job(arguments, *, root):
            job, image, command = read_arguments(arguments)
            run_job(job, image, command, client, stop=threading.Event(), poll_seconds=1)

        done = Engine(spec, tmp_path, {**MODULES, "kubeflow.job": start_job}).run("run-1")
    assert len(api.jobs) == 1
    # The name of the strategy for several machines, in TensorFlow's own words.
    assert "CollectiveAllReduceStrategy" in (tmp_path / "worker-0.log").read_text()
    model = tmp_path / "gcs" / done["Trainer"]["model"]["uri"].removeprefix("gs://")
    assert (model / "Format-Serving" / "saved_model.pb").is_file()
    assert live_version(tmp_path / "gcs" / "bucket" / "state" / "serving") == 1
