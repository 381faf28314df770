"""Entities that the served graph finds in raw text."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.tasks import create_task
from models.tokenizer import AlbertTokenizer
from schemas import features as keys
from tests.models.tasks.tagged import (
    ENTITIES,
    LONG,
    LONG_ENTITIES,
    TASK,
    TEXTS,
    build,
    padded,
    transformed,
)


class Served(tf.Module):
    """From raw text to answers, as an exported model."""

    def __init__(self, task, model, vocabulary):
        super().__init__()
        self.task, self.model, self.tokenizer = [task], model, AlbertTokenizer(vocabulary)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def answer(self, text):
        return self.task[0].answer({keys.TEXT: text}, self.model, self.tokenizer, 64)


@pytest.fixture(scope="module")
def trained(vocabulary):
    """A model that knows the entities of TEXTS by heart."""
    task, tokenizer = create_task(TASK), AlbertTokenizer(vocabulary)
    model = build(task)
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=task.loss(),
        weighted_metrics=task.training_metrics(),
    )
    rows = tf.data.Dataset.from_tensors(
        padded(task, tokenizer, [*TEXTS, LONG], [*ENTITIES, LONG_ENTITIES])
    )
    model.fit(rows.repeat(120), shuffle=False, verbose=0)
    result = model.evaluate(rows, verbose=0, return_dict=True)
    return Served(task, model, vocabulary), result


def test_model_learns(trained):
    assert trained[1]["f1"] == 1.0
    assert trained[1]["loss"] < 0.05


def test_answers_to_raw_text(trained):
    answers = trained[0].answer(tf.constant(TEXTS))
    assert [text.decode() for text in answers[keys.ENTITIES].numpy()] == ENTITIES
    texts = [[text.decode() for text in row if text] for row in answers[keys.TEXTS].numpy()]
    assert texts == [
        ["Anna", "Rome"],
        ["Åle\u0301sund"],
        ["Bob", "Anna Crème", "Rome"],
        [],
    ]
    assert answers[keys.SCORES].shape == (4, 3)
    assert (answers[keys.SCORES].numpy()[answers[keys.TYPES].numpy() != b""] > 0.5).all()


def test_entities_of_a_long_text_are_found_beyond_the_first_window(trained):
    answers = trained[0].answer(tf.constant([TEXTS[0], LONG]))
    assert answers[keys.ENTITIES].numpy()[1].decode() == LONG_ENTITIES
    assert answers[keys.TEXTS].numpy()[1].tolist() == [b"Anna", b"Bob", b"Rome"]
    assert LONG.index("Rome") > 200


@pytest.mark.parametrize("stride", [None, 1, 5, 14])
def test_windows_are_answered_as_the_whole_text(stride, tokenizer):
    """A model without context says the same of a piece, whichever window it stands in."""
    task = create_task(TASK | {"stride": stride})
    table = tf.random.stateless_normal([tokenizer.vocabulary_size, 5], seed=[1, 2])
    texts = tf.constant([LONG, "", *TEXTS, "Anna in Rome " * 30])

    def model(inputs):
        return tf.gather(table, inputs[keys.TOKEN_IDS])

    whole, windows = (
        task.answer({keys.TEXT: texts}, model, tokenizer, length) for length in (512, 16)
    )
    assert windows.keys() == whole.keys()
    assert len(whole[keys.TYPES][0]) > 20
    scores, expected = windows.pop(keys.SCORES), whole.pop(keys.SCORES)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    for name, value in whole.items():
        assert windows[name].numpy().tolist() == value.numpy().tolist()


def test_reference_is_what_the_served_graph_answers(trained, tokenizer):
    """From windows in any order, of the texts of which all windows are there."""
    task = create_task(TASK)
    served, texts = trained[0], [*TEXTS, LONG, LONG]
    answers = served.answer(tf.constant(texts))
    rows = transformed(task, tokenizer, texts, [*ENTITIES, LONG_ENTITIES, LONG_ENTITIES])
    order = tf.random.Generator.from_seed(1).normal([len(rows[keys.ROW_ID])]).numpy().argsort()
    kept = [place for place in order if place != len(order) - 1]
    mixed = {name: tf.gather(value, kept) for name, value in rows.items()}
    row_ids, reference = task.reference_rows(mixed, served.model)
    places = [int(row_id.decode().split(":")[1]) for row_id in row_ids.numpy()]
    assert sorted(places) == [0, 1, 2, 3, 4]
    assert set(reference) == {keys.STARTS, keys.ENDS, keys.SCORES}
    for name, value in reference.items():
        np.testing.assert_allclose(value, tf.gather(answers[name], places), atol=1e-5)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["\u0301\u0323"],
        ["שלום Anna 👩\u200d👧 Rome 👍🏽", "مرحبا Anna"],
        ["Anna in Rome " * 300, "", "b", b"\xff Anna\x00"],
    ],
)
def test_texts_of_answers_stand_at_their_offsets(trained, texts):
    answers = trained[0].answer(tf.constant(texts, tf.string))
    for index, text in enumerate(texts):
        valid = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        found = [answers[name].numpy()[index] for name in (keys.TEXTS, keys.STARTS, keys.ENDS)]
        for part, start, end in zip(*found, strict=True):
            assert part.decode() == (valid[start:end] if start >= 0 else "")
    assert answers[keys.ENTITIES].shape == (len(texts),)
