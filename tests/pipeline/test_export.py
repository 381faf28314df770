import json
import re

import numpy as np
import pytest
import sentencepiece
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from models.tagging.schemes import find_entities
from models.tasks import task_class, task_names
from pipeline.cli import app
from pipeline.export import export_fine_tuned
from schemas.model_info import read_model_info
from serving.predict import predict
from serving.readable import readable
from serving.served_graph import graph_problems
from tests.models.weights.golden import GOLDENS, copy_golden
from tests.models.weights.tf1_checkpoint import write_tf1

ANSWERS = json.loads((GOLDENS / "classifier" / "answers.json").read_text())


@pytest.fixture(scope="module")
def model_base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    source = copy_golden("classifier", folder / "source")
    done = CliRunner().invoke(app, ["export", str(source), str(folder / "served")])
    assert done.exit_code == 0, done.output
    assert "version 1 of" in done.output
    return folder / "served"


def test_answers_are_those_of_the_pipeline_of_transformers(model_base):
    answers = predict(model_base, [row["text"] for row in ANSWERS])
    for answer, expected in zip(answers, ANSWERS, strict=True):
        probabilities = expected["probabilities"]
        assert answer["label"] == max(probabilities, key=probabilities.get)
        assert answer["labels"] == ["bad", "good", "mixed"]
        np.testing.assert_allclose(
            answer["probabilities"], [probabilities[name] for name in answer["labels"]], rtol=1e-5
        )


def test_stock_tensorflow_serving_can_run_it(model_base):
    assert graph_problems(model_base / "1") == []


def test_version_says_what_it_is(model_base):
    info = read_model_info(model_base / "1")
    assert (info.version, info.task, info.max_length) == (1, "classification", 40)
    assert info.labels == ("bad", "good", "mixed")
    assert len(info.fingerprint) == 64


def test_original_checkpoint_with_labels_becomes_the_next_version(tmp_path, model_base):
    source = write_tf1("classifier", tmp_path / "tf1")
    version = export_fine_tuned(
        str(source), tmp_path / "served", labels=["no", "yes", "both"], max_length=16
    )
    assert version == 1
    text = ANSWERS[0]["text"]
    (ours,), (theirs,) = (predict(base, [text]) for base in (tmp_path / "served", model_base))
    assert ours["labels"] == ["no", "yes", "both"]
    np.testing.assert_allclose(ours["probabilities"], theirs["probabilities"], rtol=1e-5)


@pytest.mark.parametrize(
    ("golden", "outputs"),
    [("masked_lm", {"tokens", "scores"}), ("pretraining", {"tokens", "scores", "in_order"})],
)
def test_pretrained_heads_fill_in_masks(golden, outputs, tmp_path):
    source = copy_golden(golden, tmp_path / "source")
    served = tmp_path / "served"
    export_fine_tuned(str(source), served, max_length=16)
    assert graph_problems(served / "1") == []
    (answer,) = predict(served, ["a [MASK] film and [MASK]"])
    assert answer.keys() == outputs
    assert np.shape(answer["tokens"]) == np.shape(answer["scores"]) == (2, 5)
    assert all(answer["tokens"][0])


def test_masks_are_filled_in_as_the_pipeline_of_transformers_does(tmp_path):
    source = copy_golden("masked_lm", tmp_path / "source")
    export_fine_tuned(str(source), tmp_path / "served")
    asked = json.loads((GOLDENS / "masked_lm" / "answers.json").read_text())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(source / "spiece.model"))
    answers = predict(tmp_path / "served", [row["text"] for row in asked])
    for row, answer in zip(asked, answers, strict=True):
        masks = len(row["tokens"])
        pieces = [[processor.id_to_piece(piece) for piece in best] for best in row["tokens"]]
        expected = [[piece.removeprefix("▁") for piece in best] for best in pieces]
        assert answer["tokens"][:masks] == expected
        np.testing.assert_allclose(answer["scores"][:masks], row["scores"], rtol=1e-5)


def test_questions_are_answered_by_the_best_spans_of_transformers_logits(tmp_path):
    source = copy_golden("question_answering", tmp_path / "source")
    options = ["--set", "task.top_k=5"]
    done = CliRunner().invoke(app, ["export", str(source), str(tmp_path / "served"), *options])
    assert done.exit_code == 0, done.output
    assert graph_problems(tmp_path / "served" / "1") == []
    asked = json.loads((GOLDENS / "question_answering" / "answers.json").read_text())
    rows = [{name: row[name] for name in ("question", "context")} for row in asked]
    for row, answer in zip(asked, predict(tmp_path / "served", rows), strict=True):
        chances = np.exp([row["null_score"], *(span["score"] for span in row["spans"])])
        none, *shares = chances / chances.sum()
        best = [(span["start"], span["end"]) for span in row["spans"][:5]]
        found = readable(answer)["spans"]
        assert [(span["start"], span["end"]) for span in found] == best
        assert [span["text"] for span in found] == [row["context"][slice(*at)] for at in best]
        np.testing.assert_allclose([span["score"] for span in found], shares[:5], rtol=1e-5)
        assert (answer["start"], answer["end"], answer["no_answer"]) == (*best[0], False)
        assert answer["answer"] == found[0]["text"]
        np.testing.assert_allclose(
            [answer["no_answer_probability"], answer["score"]], [none, shares[0]], rtol=1e-5
        )


def test_options_are_chosen_as_transformers_chooses(tmp_path):
    source = copy_golden("multiple_choice", tmp_path / "source")
    assert export_fine_tuned(str(source), tmp_path / "served") == 1
    asked = json.loads((GOLDENS / "multiple_choice" / "answers.json").read_text())
    names = ("passage", "question", "options")
    answers = predict(tmp_path / "served", [{name: row[name] for name in names} for row in asked])
    for row, answer in zip(asked, answers, strict=True):
        found = answer["probabilities"][: len(row["options"])]
        np.testing.assert_allclose(found, row["probabilities"], rtol=1e-5)
        assert answer["option"] == row["options"][int(np.argmax(row["probabilities"]))]


@pytest.mark.parametrize(
    ("change", "task", "output"),
    [
        ({"problem_type": "multi_label_classification"}, "multilabel", "chosen"),
        ({"problem_type": "single_label_classification"}, "classification", "label"),
    ],
)
def test_the_problem_type_says_the_task(change, task, output, tmp_path):
    source = copy_golden("classifier", tmp_path / "source")
    path = source / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    export_fine_tuned(str(source), tmp_path / "served")
    assert read_model_info(tmp_path / "served" / "1").task == task
    assert output in next(predict(tmp_path / "served", ["fine"]))


def test_one_output_is_a_score():
    given = {"heads": {"classifier": 1}, "labels": (), "problem_type": ""}
    found = {name: task_class(name).options_for(**given) for name in task_names()}
    assert [name for name, options in found.items() if options is not None] == ["regression"]


def test_several_labels_have_the_odds_of_one_label(tmp_path):
    source = copy_golden("classifier", tmp_path / "source")
    path = source / "config.json"
    config = json.loads(path.read_text()) | {"problem_type": "multi_label_classification"}
    path.write_text(json.dumps(config))
    export_fine_tuned(str(source), tmp_path / "served")
    answers = predict(tmp_path / "served", [row["text"] for row in ANSWERS])
    for answer, expected in zip(answers, ANSWERS, strict=True):
        odds = np.array([chance / (1 - chance) for chance in answer["probabilities"]])
        softmax = [expected["probabilities"][name] for name in answer["labels"]]
        np.testing.assert_allclose(odds / odds.sum(), softmax, rtol=1e-4)


def test_score_of_two_texts(tmp_path):
    """One output of the classifier, taken alone, is a score."""
    source = copy_golden("classifier", tmp_path / "source")
    weights = load_file(source / "model.safetensors")
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name][:1].copy()
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    path = source / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"id2label": {"0": "LABEL_0"}}))
    done = CliRunner().invoke(app, ["export", str(source), str(tmp_path / "served"), "--pair"])
    assert done.exit_code == 0, done.output
    text, other = (row["text"] for row in ANSWERS[:2])
    rows = [{"text": text, "text_pair": other}, {"text": other, "text_pair": text}]
    first, second = predict(tmp_path / "served", rows)
    assert first["score"] != second["score"]


def entities_of_pieces(text, pieces):
    """Takes the tag of the first piece of each word and puts entities together, in plain Python."""
    words = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    # A word may begin with a piece that is nothing but the space before it.
    before = [0, *(end for _, end in words)]
    firsts = [next(piece for piece in pieces if piece["end"] > end) for end in before[: len(words)]]
    found = []
    for entity in find_entities([piece["tag"] for piece in firsts], "iob"):
        start, end = words[entity.first][0], words[entity.last][1]
        chances = [piece["probability"] for piece in firsts[entity.first : entity.last + 1]]
        found.append((entity.type, text[start:end], start, end, np.mean(chances)))
    return found


def served_entities(model_base, texts):
    return [
        [tuple(entity.values()) for entity in readable(answer)["entities"]]
        for answer in predict(model_base, texts)
    ]


def test_entities_follow_from_the_tags_that_transformers_gives(tmp_path):
    """The source has its tags in another order; its weights are moved with them."""
    labels = ["I-PER", "O", "B-PER"]
    source = copy_golden("token_classifier", tmp_path / "source")
    weights = load_file(source / "model.safetensors")
    order = [("O", "B-PER", "I-PER").index(label) for label in labels]
    for name in ("classifier.weight", "classifier.bias"):
        weights[name] = weights[name][order]
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    path = source / "config.json"
    id2label = {str(index): label for index, label in enumerate(labels)}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"id2label": id2label}))
    done = CliRunner().invoke(app, ["export", str(source), str(tmp_path / "served")])
    assert done.exit_code == 0, done.output
    assert "answers with O, B-PER, I-PER" in done.output
    assert graph_problems(tmp_path / "served" / "1") == []
    asked = json.loads((GOLDENS / "token_classifier" / "answers.json").read_text())
    answers = served_entities(tmp_path / "served", [row["text"] for row in asked])
    assert any(answers)
    for row, answer in zip(asked, answers, strict=True):
        expected = entities_of_pieces(row["text"], row["pieces"])
        assert [entity[:-1] for entity in answer] == [entity[:-1] for entity in expected]
        np.testing.assert_allclose(
            [entity[-1] for entity in answer], [entity[-1] for entity in expected], rtol=1e-5
        )
