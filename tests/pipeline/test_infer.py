"""`albert-tfx infer` answers a file with the live version or a given one."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from pipeline.cli import app
from schemas.errors import UserError
from schemas.model_info import ModelInfo
from tests.models import tiny_training

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A config, its model base with two versions, and a file to ask about."""
    folder = tmp_path_factory.mktemp("project")
    rows = [text for text, _ in tiny_training.texts(20)]
    vocabulary = train_vocabulary(rows, VocabularyConfig(size=120))
    info = ModelInfo(
        name="m", task="classification", labels=("bad", "good", "mixed"), max_length=24
    )
    for version in (1, 2):
        candidate = tiny_training.build(vocabulary, seed=version)
        tiny_training.export(candidate, folder / "runs" / "serving" / str(version), info)
    config = {
        "name": "reviews",
        "output": str(folder / "runs"),
        "task": tiny_training.TASK,
        "ingest": {"train": "unused.tsv"},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    (folder / "rows.tsv").write_text("\n".join(["text", *rows, " "]) + "\n", "utf-8")
    return folder


def infer(project, *options, config=None, rows="rows.tsv"):
    output = project / "answers.jsonl"
    config = config or project / "config.yaml"
    result = CliRunner().invoke(
        app, ["infer", str(config), str(project / rows), str(output), *options]
    )
    if result.exception:
        raise result.exception
    return result.output, [json.loads(line) for line in output.read_text("utf-8").splitlines()]


def test_live_version_answers_every_row(project):
    said, answers = infer(project)
    assert len(answers) == 20
    assert "20 rows answered by version 2" in said
    assert "1 rows rejected (1 empty_text)" in said


def test_a_given_version_answers(project):
    _, answers = infer(project)
    said, others = infer(project, "--version", "1")
    assert "by version 1" in said
    assert [one["probabilities"] for one in answers] != [one["probabilities"] for one in others]


def test_a_version_that_is_not_there(project):
    with pytest.raises(UserError, match="received version 7"):
        infer(project, "--version", "7")


def test_a_file_with_other_columns_than_the_config(project):
    (project / "test.tsv").write_text("index\tsentence\n0\tA film .\n1\tA book .\n", "utf-8")
    cola = {"config": CONFIGS / "cola.yaml", "rows": "test.tsv"}
    output = ("--set", f"output={project / 'runs'}")
    with pytest.raises(UserError, match=r"received 3; .* or set ingest\.header: true"):
        infer(project, *output, **cola)
    named = ("--set", "ingest.header=true", "--set", "ingest.columns.text=sentence")
    _, answers = infer(project, *output, *named, **cola)
    assert [answer["id"] for answer in answers] == ["test.tsv:2", "test.tsv:3"]


def test_workers_elsewhere_are_refused_unless_the_section_is_emptied(project):
    config = yaml.safe_load((project / "config.yaml").read_text("utf-8"))
    config["beam"] = {"runner": "flink", "image": "i", "flink_master": "flink:8081"}
    (project / "flink.yaml").write_text(yaml.safe_dump(config), "utf-8")
    with pytest.raises(UserError, match=r"received flink; add --set beam=\{\}"):
        infer(project, config=project / "flink.yaml")
    said, _ = infer(project, "--set", "beam={}", config=project / "flink.yaml")
    assert "20 rows answered" in said
