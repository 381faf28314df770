"""`albert-tfx score` on a published model and rows that were labelled since."""

import gc
import json
import weakref

import pytest
import tensorflow as tf
import yaml
from typer.testing import CliRunner

from components.evaluation import score as scoring
from models.config import VocabularyConfig
from models.vocabulary import train_vocabulary
from pipeline.cli import app
from schemas.errors import UserError
from schemas.model_info import ModelInfo, read_model_info, write_model_info
from tests.models import tiny_training


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A config, its published model, and labelled rows."""
    folder = tmp_path_factory.mktemp("project")
    rows = tiny_training.texts(30)
    vocabulary = train_vocabulary([text for text, _ in rows], VocabularyConfig(size=120))
    info = ModelInfo(
        name="m",
        task="classification",
        labels=("bad", "good", "mixed"),
        max_length=24,
        metrics={"accuracy": 0.99},
    )
    tiny_training.export(tiny_training.build(vocabulary), folder / "runs" / "serving" / "1", info)
    config = {
        "name": "reviews",
        "output": str(folder / "runs"),
        "task": tiny_training.TASK,
        "ingest": {
            "train": "day-{SPAN}.tsv",
            "window": 3,
            "span_marker": "done-{SPAN}",
            "duplicates": "drop",
        },
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    labels = ("bad", "good", "mixed")
    lines = [f"{text}\t{labels[label]}" for text, label in rows]
    (folder / "late.tsv").write_text("\n".join(["text\tlabel", *lines, "\tbad"]), "utf-8")
    return folder


def score(project, *options, files="late.tsv"):
    arguments = ["score", str(project / "config.yaml"), str(project / files), *options]
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answered(project):
    """Returns how many rows there are without repeats, and how many the model answers rightly."""
    from serving.predict import predict

    rows = list(dict.fromkeys(tiny_training.texts(30)))
    names = tiny_training.TASK["labels"]
    answers = list(predict(project / "runs" / "serving" / "1", [text for text, _ in rows]))
    right = sum(
        answer["label"] == names[label] for answer, (_, label) in zip(answers, rows, strict=True)
    )
    return len(rows), right


def test_the_metrics_are_those_of_the_rows(project):
    result = score(project, "--json", "--min-rows", "10")
    report = json.loads(result.stdout)
    num_rows, num_right = answered(project)
    assert (report["score"]["num_rows"], report["score"]["num_rejected"]) == (num_rows, 1)
    assert report["score"]["metrics"]["accuracy"] == pytest.approx(num_right / num_rows)
    assert report["drop"] == pytest.approx(0.99 - num_right / num_rows)
    assert (report["status"], result.exit_code) == ("dropped", 3)


def test_no_model_is_left_for_the_interpreter_to_take_apart(project, monkeypatch):
    load, loaded = tf.saved_model.load, []

    def watched(path):
        model = load(path)
        loaded.append(weakref.ref(model))
        return model

    monkeypatch.setattr(tf.saved_model, "load", watched)
    score(project, "--min-rows", "10")
    gc.collect()
    assert loaded
    assert not [model for model in loaded if model() is not None]


@pytest.mark.parametrize(
    ("accuracy", "num_rows", "exit_code", "said"),
    [
        (0.95, 300, 0, "accuracy holds, 0.9500 on 300 labelled rows, 0.9900 when published"),
        (0.93, 300, 3, "accuracy fell, 0.9300 on 300 labelled rows"),
        (0.10, 199, 4, "too few to tell, 199 labelled rows of 200"),
        (None, 300, 4, "accuracy cannot be told from 300 labelled rows"),
    ],
)
def test_the_exit_code_says_what_came_of_it(
    project, monkeypatch, accuracy, num_rows, exit_code, said
):
    found = scoring.Score(num_rows=num_rows, num_rejected=0, metrics={"accuracy": accuracy})
    monkeypatch.setattr(scoring, "score", lambda *_: found)
    result = score(project)
    assert result.exit_code == exit_code
    assert said in result.stdout


def test_rows_without_a_usable_one_are_refused(project):
    (project / "empty.tsv").write_text("text\tlabel\nfine\tother\n", "utf-8")
    with pytest.raises(UserError, match=r"none of the 1 rows of .*empty.tsv can be used"):
        score(project, files="empty.tsv")


def test_a_missing_file_is_named_for_what_it_is(project):
    with pytest.raises(UserError, match="labelled rows: there is no file"):
        score(project, files="none.tsv")


def test_a_version_without_a_record_of_its_metrics_is_refused(project):
    version = project / "runs" / "serving" / "1"
    info = read_model_info(version)
    write_model_info(version, info.model_copy(update={"metrics": {}}))
    try:
        with pytest.raises(UserError, match=r"must hold a record with its accuracy; it holds none"):
            score(project)
    finally:
        write_model_info(version, info)
