"""What `albert-tfx export` can be told, and what it refuses."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.export import export_fine_tuned
from schemas.errors import UserError
from serving.predict import predict
from serving.versions import list_versions
from tests.models.weights.golden import GOLDENS, copy_golden

ANSWERS = json.loads((GOLDENS / "classifier" / "answers.json").read_text())


def exported_answers(tmp_path, *options):
    """Answers the golden questions with a model that is exported with `options`."""
    source = copy_golden("question_answering", tmp_path / "source")
    done = CliRunner().invoke(app, ["export", str(source), str(tmp_path / "served"), *options])
    assert done.exit_code == 0, done.output
    asked = json.loads((GOLDENS / "question_answering" / "answers.json").read_text())
    rows = [{name: row[name] for name in ("question", "context")} for row in asked]
    return predict(tmp_path / "served", rows)


@pytest.mark.parametrize(
    ("options", "is_none"),
    [
        (["task.unanswerable=false"], False),
        (["task.null_threshold=-1000"], True),
        (["task.null_threshold=-1000", "task.unanswerable=false"], False),
    ],
)
def test_set_says_whether_a_question_may_have_no_answer(options, is_none, tmp_path):
    given = [text for option in options for text in ("--set", option)]
    for answer in exported_answers(tmp_path, *given):
        assert answer["no_answer"] is is_none
        chance = 1.0 if is_none else 0.0
        assert answer["no_answer_probability"] == pytest.approx(chance, abs=1e-6)


def test_set_says_in_what_format_is_computed(tmp_path):
    text = ANSWERS[0]["text"]
    source = copy_golden("classifier", tmp_path / "source")
    for precision in ("float32", "bfloat16"):
        given = [f"model.serving_precision={precision}"]
        export_fine_tuned(str(source), tmp_path / precision, overrides=given)
    exact, short = (
        next(predict(tmp_path / name, [text]))["probabilities"] for name in ("float32", "bfloat16")
    )
    assert exact != short
    np.testing.assert_allclose(short, exact, rtol=0.1)


def test_every_problem_of_set_is_told_with_its_path(tmp_path):
    source = copy_golden("masked_lm", tmp_path / "source")
    given = [
        "task.top_k=0",
        "task.topk=3",
        "task.sentence_order=true",
        "model.serving_precision=int8",
        "train.steps=3",
    ]
    with pytest.raises(UserError) as raised:
        export_fine_tuned(str(source), tmp_path / "served", overrides=given)
    for message in (
        "5 problems",
        "task.top_k: must be at least 1; received 0",
        "task.topk: unknown key; did you mean top_k?",
        "task.sentence_order: must be what the weights say, False; received True; leave it out",
        "model.serving_precision: must be 'float32' or 'bfloat16'; received 'int8'",
        "train: unknown key; known here: task, model",
    ):
        assert message in str(raised.value)
    assert list_versions(tmp_path / "served") == {}


def test_labels_are_named_by_label_alone(tmp_path):
    source = copy_golden("classifier", tmp_path / "source")
    with pytest.raises(UserError, match=r"task\.labels: must be .*; name them with --label"):
        export_fine_tuned(str(source), tmp_path / "served", overrides=["task.labels=[a, b, c]"])


def test_weights_without_a_fine_tuned_head(tmp_path):
    source = copy_golden("model", tmp_path / "source")
    with pytest.raises(UserError, match=r"must have a head .*; received no head; export an"):
        export_fine_tuned(str(source), tmp_path / "served")
    assert list_versions(tmp_path / "served") == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["yes", "no"]}, "--label must be given for each of the 3 outputs; received"),
        ({"labels": ["yes", "no", "no"]}, "labels must be unique; .*; name them with --label"),
        ({"max_length": 41}, "--max-length must be between 8 and 40, .*; received 41; choose"),
    ],
)
def test_options_that_do_not_fit(options, message, tmp_path):
    source = copy_golden("classifier", tmp_path / "source")
    with pytest.raises(UserError, match=message):
        export_fine_tuned(str(source), tmp_path / "served", **options)


def test_questions_with_options_are_no_pairs(tmp_path):
    source = copy_golden("multiple_choice", tmp_path / "source")
    with pytest.raises(UserError, match=r"--pair is for texts .*; received multiple_choice"):
        export_fine_tuned(str(source), tmp_path / "served", pair=True)


@pytest.mark.parametrize("labels", [["O", "S-PER", "E-PER"], ["noun", "verb", "other"]])
def test_tags_that_are_not_iob2(labels, tmp_path):
    source = copy_golden("token_classifier", tmp_path / "source")
    with pytest.raises(UserError, match=r"must be IOB2 tags; a tag must be O .*; name them with"):
        export_fine_tuned(str(source), tmp_path / "served", labels=labels)
    assert list_versions(tmp_path / "served") == {}
