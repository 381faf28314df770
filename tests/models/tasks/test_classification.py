from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from pydantic import ValidationError

from models.packing import pad
from models.tasks import create_task
from models.tasks.base import RowError
from models.tasks.texts import length_bucket
from models.tokenizer import AlbertTokenizer
from schemas import features as keys
from schemas.errors import UserError
from tests.models.conftest import SENTENCES
from tests.models.tasks.pooled import build, padded

CONFIGS = Path(__file__).parents[3] / "configs"


def classification(*labels, **options):
    return create_task({"name": "classification", "labels": labels, **options})


@pytest.fixture
def task():
    return classification("good", "bad", "mixed")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"], "at least 2 items"),
        (["a", "a"], r"must be unique; received \['a', 'a'\]"),
        (["0", 0], "must be unique"),
        ([True, False], r"must be text; received \[True, False\]; put them in quotes"),
        (["a", " b"], "no space around them"),
        (["a", ""], "no space around them"),
        ("ab", "valid tuple"),
    ],
)
def test_wrong_labels(labels, message):
    with pytest.raises(ValidationError, match=message):
        create_task({"name": "classification", "labels": labels})


def test_numbers_are_labels():
    assert classification(0, 1).labels == ("0", "1")


def test_row(task):
    assert task.encode_row({"text": " Fine film ", "label": "bad", "source": "web"}) == {
        keys.TEXT: b" Fine film ",
        keys.LABEL: b"bad",
        keys.LABEL_ID: 1,
        keys.LENGTH_BUCKET: b"1-8",
        "source": b"web",
    }


def test_row_without_label(task):
    assert task.encode_row({"text": "Fine"}) == {keys.TEXT: b"Fine", keys.LENGTH_BUCKET: b"1-8"}


def test_space_around_a_label_does_not_matter(task):
    assert task.encode_row({"text": "Fine", "label": " good "})[keys.LABEL] == b"good"


@pytest.mark.parametrize(
    ("row", "reason", "message"),
    [
        ({"text": "", "label": "good"}, "empty_text", "must hold a character"),
        ({"text": " \u3000\t", "label": "good"}, "empty_text", "must hold a character"),
        ({"label": "good"}, "empty_text", "must hold a character"),
        ({"text": "a", "label": "Good"}, "unknown_label", "good, bad, mixed; received 'Good'"),
        ({"text": "a", "label": " "}, "empty_label", "received none"),
    ],
)
def test_rejected_rows(task, row, reason, message):
    with pytest.raises(RowError, match=message) as caught:
        task.encode_row(row)
    assert caught.value.reason == reason


PAIR = {"text": "Open?", "text_pair": "Until  SIX.", "label": "bad"}


def test_row_of_a_pair():
    features = classification("good", "bad", pair=True).encode_row(PAIR)
    assert features[keys.TEXT_PAIR] == b"Until  SIX."
    assert features[keys.LABEL_ID] == 1


def test_pairs_are_the_same_where_both_texts_are():
    task = classification("good", "bad", pair=True)
    assert task.identity(task.encode_row(PAIR)) == "open?\nuntil six."


def test_length_of_a_pair_is_that_of_both_texts():
    task = classification("good", "bad", pair=True)
    row = {"text": "a " * 5, "text_pair": "b " * 4, "label": "good"}
    assert task.encode_row(row)[keys.LENGTH_BUCKET] == b"9-16"


def test_second_text_must_not_be_empty():
    task = classification("good", "bad", pair=True)
    with pytest.raises(RowError, match="the text_pair must hold a character"):
        task.encode_row({**PAIR, "text_pair": " "})


def test_second_text_is_not_left_out_silently(task):
    with pytest.raises(UserError, match=r"text_pair is for rows of two texts.*set task.pair: true"):
        task.encode_row(PAIR)


@pytest.mark.parametrize("name", ["label_id", "length_bucket", "row_id"])
def test_column_named_as_a_made_feature(task, name):
    with pytest.raises(UserError, match=rf"received \['{name}'\]; rename"):
        task.encode_row({"text": "a", "label": "good", name: "x"})


@pytest.mark.parametrize(
    ("num_words", "expected"),
    [(1, "1-8"), (8, "1-8"), (9, "9-16"), (33, "33-64"), (128, "65-128"), (129, "129+")],
)
def test_length_bucket(num_words, expected):
    assert length_bucket(num_words) == expected


@pytest.mark.parametrize("text", ["A  film", "a film\n", "A FILM", "ａ ｆｉｌｍ", "\ufb01lm"])
def test_texts_that_count_as_the_same(task, text):
    same = {"\ufb01lm": "FILM"}.get(text, "a film")
    assert task.identity({keys.TEXT: text.encode()}) == task.identity({keys.TEXT: same.encode()})


@pytest.mark.parametrize("text", ["a film!", "a fílm", "afilm"])
def test_texts_that_differ(task, text):
    assert task.identity({keys.TEXT: text.encode()}) != task.identity({keys.TEXT: b"a film"})


def test_requests_carry_the_text(task):
    assert task.serving_inputs() == {"text": tf.TensorSpec([None], tf.string, name="text")}


def test_requests_of_a_pair_carry_both_texts():
    task = classification("good", "bad", pair=True)
    assert list(task.serving_inputs()) == ["text", "text_pair"]


def test_pair_is_cut_at_the_longer_text(tokenizer):
    task = classification("good", "bad", pair=True)
    features = {"text": tf.constant(["a " * 40]), "text_pair": tf.constant(["a film"])}
    inputs = task.preprocess(features, tokenizer, 12)
    (ids,), (segments,) = (inputs[key].to_list() for key in (keys.TOKEN_IDS, keys.SEGMENT_IDS))
    second = tokenizer(tf.constant(["a film"])).to_list()[0]
    assert len(ids) == 12
    assert ids[-len(second) - 2 :] == [tokenizer.sep_id, *second, tokenizer.sep_id]
    assert segments == [0] * (11 - len(second)) + [1] * (len(second) + 1)


def test_preprocessing(task, tokenizer):
    inputs = task.preprocess({keys.TEXT: tf.constant(["a film", "a " * 99])}, tokenizer, 8)
    first, second = inputs[keys.TOKEN_IDS].to_list()
    assert (first[0], first[-1]) == (tokenizer.cls_id, tokenizer.sep_id)
    assert first[1:-1] == tokenizer(tf.constant(["a film"])).to_list()[0]
    assert len(second) == 8


@pytest.fixture
def inputs(task, tokenizer):
    return padded(task, tokenizer, SENTENCES)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_logits_are_float32_in_any_precision(task, inputs, dtype):
    logits = build(task, dtype=dtype)(inputs)
    assert logits.shape == (len(SENTENCES), 3)
    assert logits.dtype == tf.float32


def test_same_seed_same_logits(task, inputs):
    np.testing.assert_array_equal(build(task, seed=5)(inputs), build(task, seed=5)(inputs))


def test_dropout_of_the_head(task, inputs):
    model = build(task, dropout=0.5)
    assert not np.allclose(model(inputs, training=True), model(inputs, training=False))


def test_model_learns(task, inputs):
    model = build(task, dropout=0.0)
    model.compile(
        optimizer=keras.optimizers.Adam(0.01), loss=task.loss(), metrics=task.training_metrics()
    )
    targets = np.arange(len(SENTENCES)) % 3
    rows = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(16)
    before = model.evaluate(rows, verbose=0, return_dict=True)
    model.fit(rows.repeat(60), shuffle=False, verbose=0)
    after = model.evaluate(rows, verbose=0, return_dict=True)
    assert after[task.selection_metric] == 1.0
    assert after["loss"] < before["loss"] / 2


def test_answers(task):
    answers = task.decode(tf.math.log([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]]))
    assert answers[keys.PREDICTED_LABEL].numpy().tolist() == [b"bad", b"good"]
    np.testing.assert_allclose(answers[keys.PROBABILITY], [0.7, 0.5], rtol=1e-5)
    np.testing.assert_allclose(answers[keys.PROBABILITIES][0], [0.2, 0.7, 0.1], rtol=1e-5)
    assert answers[keys.LABELS].numpy().tolist() == [[b"good", b"bad", b"mixed"]] * 2


def test_answers_to_no_texts(task):
    answers = task.decode(tf.zeros([0, 3]))
    assert {name: tuple(value.shape) for name, value in answers.items()} == {
        keys.PREDICTED_LABEL: (0,),
        keys.PROBABILITY: (0,),
        keys.PROBABILITIES: (0, 3),
        keys.LABELS: (0, 3),
    }


class Served(tf.Module):
    """From raw text to answers, as an exported model."""

    def __init__(self, task, model, vocabulary):
        super().__init__()
        self.task, self.model, self.tokenizer = [task], model, AlbertTokenizer(vocabulary)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def answer(self, text):
        inputs = self.task[0].preprocess({keys.TEXT: text}, self.tokenizer, 16)
        return self.task[0].decode(self.model(pad(inputs), training=False))


@pytest.mark.parametrize("texts", [[], [""], ["a film"], ["a " * 500, "", "b"]])
def test_answers_to_raw_text(task, vocabulary, texts):
    served = Served(task, build(task), vocabulary)
    answers = served.answer(tf.constant(texts, tf.string))
    assert answers[keys.PROBABILITIES].shape == (len(texts), 3)
    assert np.isfinite(answers[keys.PROBABILITIES]).all()


def test_first_metric_decides(task):
    assert task.metrics()[0].name == task.selection_metric == "accuracy"


@pytest.mark.parametrize("metric", ["accuracy", "mcc", "macro_f1", "f1"])
def test_metric_of_the_config_decides(metric):
    task = classification("good", "bad", metric=metric, positive="bad")
    assert task.metrics()[0].name == task.selection_metric == metric
    assert metric in [trained.name for trained in task.training_metrics()]
    assert len(task.metrics()) == 6


@pytest.mark.parametrize("name", ["mrpc", "qqp"])
def test_f1_of_the_paraphrases_is_measured(name):
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text("utf-8"))
    (f1,) = [metric for metric in create_task(config["task"]).metrics() if metric.name == "f1"]
    assert f1.config == {"class_id": 1}


def test_f1_is_measured_of_a_label_that_is_named_only(task):
    assert "f1" not in [metric.name for metric in task.metrics()]
    assert "f1" in [metric.name for metric in classification(0, 1, positive=1).metrics()]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positive": "yes"}, "positive must be one of good, bad; received 'yes'"),
        ({"metric": "f1"}, "metric f1 is that of one label; name it as `positive`"),
    ],
)
def test_wrong_positive_label(options, message):
    with pytest.raises(ValidationError, match=message):
        classification("good", "bad", **options)


def test_only_cross_entropy_is_better_when_lower(task):
    assert [metric.name for metric in task.metrics() if not metric.higher_is_better] == [
        "cross_entropy"
    ]


@pytest.mark.parametrize(
    ("targets", "expected"), [([0, 1] * 4, 0.6931), ([0, 0, 0, 1], 0.5623), ([1, 1], 0.0)]
)
def test_constant_loss_is_the_entropy_of_the_labels(targets, expected):
    task = create_task({"name": "classification", "labels": ["a", "b"]})
    assert task.constant_loss({keys.LABEL_ID: np.array(targets)}) == pytest.approx(
        expected, abs=1e-4
    )
