"""Paths of a config on a target: found below a root, or refused all at once."""

import pytest

from kubeflow.locations import located
from pipeline.loading import check_config
from schemas.errors import UserError
from tests.kubeflow.conftest import CONFIG, SECTIONS


def _config(target, *, kubeflow=None, **sections):
    section = {**SECTIONS[target], **(kubeflow or {})}
    return check_config(
        CONFIG
        | {"kubeflow": {key: value for key, value in section.items() if value is not None}}
        | sections,
        source="a test",
    )


@pytest.mark.parametrize(
    ("target", "given", "seen"),
    [
        ("vertex", "reviews.tsv", "/gcs/bucket/data/reviews.tsv"),
        ("vertex", "gs://other/reviews-*.tsv", "/gcs/other/reviews-*.tsv"),
        ("kubeflow", "reviews.tsv", "/mnt/data/reviews.tsv"),
        ("kubeflow", "/mnt/state/reviews.tsv", "/mnt/state/reviews.tsv"),
    ],
)
def test_a_path_is_where_a_step_sees_it(target, given, seen):
    assert located(_config(target, ingest={"train": given}), target).ingest.train == seen


def test_the_state_of_runs_lies_below_its_root():
    config = located(_config("vertex"), "vertex")
    assert str(config.output_dir) == "/gcs/bucket/state"
    assert str(config.model_base) == "/gcs/bucket/state/serving"


def test_a_model_base_of_its_own_is_kept():
    config = _config("vertex", publish={"model_base": "gs://models/reviews"})
    assert str(located(config, "vertex").model_base) == "/gcs/models/reviews"


@pytest.mark.parametrize("target", ["vertex", "kubeflow"])
def test_every_local_path_is_named_in_one_error(target):
    config = _config(
        target,
        ingest={"train": "/home/me/train.tsv", "eval": "../eval.tsv", "test": "~/test.tsv"},
        vocabulary={"model": "/home/me/spiece.model"},
        publish={"model_base": "/srv/models"},
        kubeflow={"data_root": None},
    )
    with pytest.raises(UserError, match="copy the files to a") as raised:
        located(config, target)
    named = [line.strip() for line in str(raised.value).splitlines()[1:]]
    assert named == [
        "ingest.train: /home/me/train.tsv",
        "ingest.eval: ../eval.tsv",
        "ingest.test: ~/test.tsv",
        "vocabulary.model: /home/me/spiece.model",
        "publish.model_base: /srv/models",
    ]


@pytest.mark.parametrize(
    ("target", "section", "named"),
    [
        ("vertex", {"state_root": "/srv/state"}, "kubeflow.state_root: /srv/state"),
        ("vertex", {"data_root": "/srv/data"}, "kubeflow.data_root: /srv/data"),
        ("vertex", {"pipeline_root": None}, "kubeflow.pipeline_root: unset"),
        ("vertex", {"volumes": {"claim": "/mnt"}}, "Vertex mounts buckets only"),
        ("kubeflow", {"state_root": "gs://bucket/state"}, "kubeflow.state_root: gs://bucket/state"),
        ("kubeflow", {"data_root": "/mnt/data/../../etc"}, "kubeflow.data_root"),
        ("kubeflow", {"volumes": {}}, "kubeflow.state_root"),
    ],
)
def test_a_root_that_steps_cannot_reach_is_refused(target, section, named):
    with pytest.raises(UserError, match="every path") as raised:
        located(_config(target, kubeflow=section), target)
    assert named in str(raised.value)


def test_a_config_without_the_section_is_refused():
    with pytest.raises(UserError, match="needs a section `kubeflow`"):
        located(check_config(CONFIG, source="a test"), "vertex")


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"state_root": "bucket/state"}, "kubeflow.state_root: must be of the form"),
        ({"pipeline_root": "/srv"}, "kubeflow.pipeline_root: must be of the form"),
        ({"volumes": {"claim": "mnt"}}, "volumes must be mounted at absolute folders"),
        ({"image": ""}, "kubeflow.image"),
        ({"gpus": 1}, "kubeflow.gpus: unknown key"),
    ],
)
def test_the_section_is_checked_with_the_config(section, problem):
    with pytest.raises(UserError, match="1 problem") as raised:
        _config("vertex", kubeflow=section)
    assert problem in str(raised.value)


def test_a_query_is_asked_from_everywhere():
    query = {"query": "SELECT text, label FROM d.t"}
    config = _config(
        "vertex", ingest={"train": query, "eval": "dev.tsv", "bigquery": {"project": "paying"}}
    )
    seen = located(config, "vertex").ingest
    assert seen.train == config.ingest.train
    assert seen.eval == "/gcs/bucket/data/dev.tsv"
