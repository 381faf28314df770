import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from models.backbone import create_backbone
from models.config import ModelConfig
from models.tagging.training import NO_TAG
from models.tasks import create_task
from models.tasks.base import RowError
from models.tokenizer import AlbertTokenizer
from schemas import features as keys
from schemas.errors import UserError

TASK = {"name": "tagging", "types": ["person", "place"]}
BACKBONE = ModelConfig(
    size="albert-tiny",
    num_layers=1,
    num_heads=2,
    hidden_dim=32,
    intermediate_dim=32,
    embedding_dim=16,
)
TEXTS = [
    "Anna saw the film in Rome.",
    "Nobody in Åle\u0301sund laughed",
    "In 1999, Bob and Anna Crème were in Rome",
    "a long film",
]
ENTITIES = ["0:4:person 21:25:place", "10:18:place", "9:12:person 17:27:person 36:40:place", ""]
SEED = tf.constant([0, 0], tf.int64)
LONG = (
    "Anna saw it, "
    + "a long and dull film, " * 6
    + "or so said Bob, "
    + "it was so long, " * 6
    + "in Rome."
)
LONG_ENTITIES = " ".join(
    f"{LONG.index(name)}:{LONG.index(name) + len(name)}:{kind}"
    for name, kind in (("Anna", "person"), ("Bob", "person"), ("Rome", "place"))
)


@pytest.fixture
def task():
    return create_task(TASK)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"types": []}, "at least 1 item"),
        ({"types": ["a", "a"]}, r"must be unique; received \['a', 'a'\]"),
        ({"types": ["a b"]}, "no white space"),
        ({"types": [""]}, "must have text"),
        ({"types": ["none"]}, "must not be named 'none'"),
        ({"types": ["a"], "scheme": "bio"}, "iob"),
        ({"types": ["a"], "labels": ["O"]}, "Extra inputs"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValidationError, match=message):
        create_task({"name": "tagging", **options})


def test_labels_are_the_tags_in_the_order_of_the_logits(task):
    assert task.labels == ("O", "B-person", "I-person", "B-place", "I-place")


def test_row(task):
    row = {"words": ["Anna", "B", "left"], "tags": ["B-person", "I-person", "O"], "source": "web"}
    assert task.encode_row(row) == {
        keys.TEXT: b"Anna B left",
        keys.ENTITIES: b"0:6:person",
        keys.ENTITY_TYPE: [b"person"],
        keys.LABEL: [b"O", b"B-person", b"I-person"],
        keys.LENGTH_BUCKET: b"1-8",
        "source": b"web",
    }


def test_row_without_entities_and_row_without_tags(task):
    empty = task.encode_row({"text": "so what", "entities": []})
    assert (empty[keys.ENTITIES], empty[keys.ENTITY_TYPE]) == (b"", [b"none"])
    assert empty[keys.LABEL] == [b"O"]
    assert task.encode_row({"text": "so what"}).keys() == {keys.TEXT, keys.LENGTH_BUCKET}


def test_rejected_row(task):
    with pytest.raises(RowError, match="must be one of person, place"):
        task.encode_row({"words": ["a"], "tags": ["B-work"]})


def test_column_named_as_a_made_feature(task):
    with pytest.raises(UserError, match=r"received \['entity_type'\]; rename"):
        task.encode_row({"text": "a", "entity_type": "x"})


def test_identity_keeps_case(task):
    def same(text):
        return task.identity({keys.TEXT: text.encode()})

    assert same("the  Film") == same("ｔｈｅ Film") != same("the film")


def padded(task, tokenizer, texts=TEXTS, entities=ENTITIES, max_length=64):
    return task.batch(transformed(task, tokenizer, texts, entities, max_length), seed=SEED)


def transformed(task, tokenizer, texts, entities, max_length=64):
    features = {
        keys.TEXT: tf.constant(texts),
        keys.ENTITIES: tf.constant(entities),
        keys.ROW_ID: tf.constant([f"a.jsonl:{number}" for number in range(len(texts))]),
    }
    return task.transform(features, tokenizer, max_length)


def test_targets_are_tags_at_first_pieces(task, tokenizer):
    inputs, targets = padded(task, tokenizer)
    assert targets.shape == inputs[keys.TOKEN_IDS].shape
    is_word = targets.numpy() != NO_TAG
    np.testing.assert_array_equal(is_word, inputs[keys.WORD_STARTS].numpy() >= 0)
    tags = [row[words].tolist() for row, words in zip(targets.numpy(), is_word, strict=True)]
    assert tags == [
        [1, 0, 0, 0, 0, 3, 0],
        [0, 0, 3, 0],
        [0, 0, 0, 1, 0, 1, 2, 0, 0, 3],
        [0, 0, 0],
    ]
    assert not is_word[:, 0].any()


def tags_by_word(rows):
    """Returns the tag of each word by row and first code point; each must stand in one window."""
    found = {}
    columns = [rows[name].to_list() for name in (keys.WORD_STARTS, keys.WORD_ENDS, keys.TAG_IDS)]
    for row_id, *window in zip(rows[keys.ROW_ID].numpy().tolist(), *columns, strict=True):
        for start, end, tag in zip(*window, strict=True):
            assert (start < 0) == (tag == NO_TAG)
            if start >= 0:
                assert (row_id, start) not in found
                found[row_id, start] = (end, tag)
    return found


@pytest.mark.parametrize("stride", [None, 3, 14, 100])
def test_every_word_of_a_long_text_is_learned_in_one_window(stride, tokenizer):
    task = create_task(TASK | {"stride": stride})
    texts, entities = [LONG, *TEXTS], [LONG_ENTITIES, *ENTITIES]
    whole = transformed(task, tokenizer, texts, entities, max_length=512)
    windows = transformed(task, tokenizer, texts, entities, max_length=16)
    assert windows[keys.TOKEN_IDS].bounding_shape()[1] == 16
    assert len(whole[keys.ROW_ID]) == 5 < len(windows[keys.ROW_ID])
    assert tags_by_word(windows) == tags_by_word(whole)


def test_words_have_context_on_both_sides(task, tokenizer):
    """A window of 14 pieces lies half over the next: no word is near an edge that is cut."""
    rows = transformed(task, tokenizer, [LONG], [LONG_ENTITIES], max_length=16)
    starts = rows[keys.WORD_STARTS].to_list()
    for window in starts[1:-1]:
        places = [place for place, start in enumerate(window) if start >= 0]
        assert min(places) >= 5
        assert max(places) <= 11
    assert starts[0][1] == 0


def build(task, *, dropout=0.0, seed=0, dtype="float32"):
    backbone = create_backbone(BACKBONE, 200, dtype=dtype, seed=seed)
    return task.build_model(backbone, dropout=dropout, seed=seed)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_logits_are_float32_for_every_token(task, tokenizer, dtype):
    inputs, targets = padded(task, tokenizer)
    logits = build(task, dtype=dtype)(inputs)
    assert logits.shape == (*targets.shape, 5)
    assert logits.dtype == tf.float32


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


def test_reference_is_what_the_served_graph_answers(task, trained, tokenizer):
    """From windows in any order, of the texts of which all windows are there."""
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


def test_tags_of_tokens(task):
    answers = task.decode(tf.math.log([[[0.1, 0.6, 0.1, 0.1, 0.1]]]))
    assert answers[keys.TAGS].numpy().tolist() == [[b"B-person"]]
    np.testing.assert_allclose(answers[keys.PROBABILITY], [[0.6]], rtol=1e-5)


def test_metrics(task):
    assert [metric.name for metric in task.metrics()] == [
        "f1",
        "precision",
        "recall",
        "f1_person",
        "f1_place",
    ]
    assert task.metrics()[0].name == task.selection_metric
