"""A config for each target, and what it compiles to."""

import pytest
import yaml

from kubeflow.compiler import compile_config
from kubeflow.locations import TARGETS
from kubeflow.submission import prepare
from pipeline.loading import check_config

CONFIG = {
    "name": "topic_reviews",
    "task": {"name": "classification", "labels": ["praise", "complaint"]},
    "ingest": {"train": "reviews/span-{SPAN}/train.tsv", "eval": "reviews/eval.tsv"},
    "model": {"size": "albert-tiny"},
    "train": {"learning_rate": 0.001, "epochs": 2},
}
SECTIONS = {
    "vertex": {
        "image": "europe-docker.pkg.dev/project/images/albert-tfx:1",
        "data_root": "gs://bucket/data",
        "state_root": "gs://bucket/state",
        "pipeline_root": "gs://bucket/runs",
        "vertex": {"project": "reviews-project", "region": "europe-west4"},
    },
    "kubeflow": {
        "image": "registry.example/albert-tfx:1",
        "data_root": "/mnt/data",
        "state_root": "/mnt/state/topic-reviews",
        "volumes": {"albert-data": "/mnt/data", "albert-state": "/mnt/state"},
    },
}


@pytest.fixture(scope="session", params=TARGETS)
def target(request):
    return request.param


@pytest.fixture(scope="session")
def config(target):
    return check_config(CONFIG | {"kubeflow": SECTIONS[target]}, source="a test")


@pytest.fixture(scope="session")
def text(config, target):
    return compile_config(config, target)


@pytest.fixture(scope="session")
def documents(text):
    return list(yaml.safe_load_all(text))


@pytest.fixture(scope="session")
def spec(documents):
    return documents[0]


@pytest.fixture(scope="session")
def tasks(spec):
    return spec["root"]["dag"]["tasks"]


@pytest.fixture(scope="session")
def submission(config, target):
    return prepare(config, target, ["steps=500", "learning_rate=2e-5"])
