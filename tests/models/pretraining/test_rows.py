import numpy as np
import pytest
import tensorflow as tf

from models.pretraining.masking import NO_TARGET
from models.pretraining.rows import cloze_batch, masked_batch, transform_document
from models.tasks import create_task
from schemas import features as keys

TASK = create_task({"name": "pretraining"})
DOCUMENTS = [
    "The film was long and dull.\nNobody laughed.\nIn 1999 it was funny, warm and fine.",
    "Only one sentence, and no more.",
    "A film.\nToo long.",
]
MAX_LENGTH = 40


@pytest.fixture
def rows(tokenizer):
    encoded = [TASK.encode_row({keys.TEXT: document}) for document in DOCUMENTS]
    features = {
        name: tf.constant([row[name] for row in encoded]) for name in (keys.DOCUMENT, keys.TEXT)
    }
    return transform_document(features, tokenizer, MAX_LENGTH)


def batch(rows, *seed, max_predictions=20):
    seed = tf.constant(seed, tf.int64)
    inputs, targets = masked_batch(rows, seed=seed, max_predictions=max_predictions)
    return {name: value.numpy() for name, value in (inputs | targets).items()}


def restored(made, row):
    """The ids of a row as they were before masking, without padding."""
    ids = made[keys.TOKEN_IDS][row].copy()
    known = made["mlm"][row] != NO_TARGET
    ids[made[keys.MASKED_POSITIONS][row][known]] = made["mlm"][row][known]
    return ids[made[keys.PADDING_MASK][row] > 0].tolist()


def test_rows_are_the_pieces_of_each_sentence(rows, tokenizer):
    for row, document in enumerate(DOCUMENTS):
        sentences = tokenizer(tf.constant(document.split("\n"))).to_list()
        pieces = [(piece, number) for number, ids in enumerate(sentences) for piece in ids]
        kept = pieces[: MAX_LENGTH - 3]
        assert rows[keys.TOKEN_IDS].to_list()[row] == [piece for piece, _ in kept]
        assert rows["sentence_ids"].to_list()[row] == [number for _, number in kept]


def test_words_start_where_a_space_was_and_at_what_is_no_latin_letter(rows, tokenizer):
    names = tokenizer.pieces
    for ids, starts in zip(
        rows[keys.TOKEN_IDS].to_list(), rows["word_starts"].to_list(), strict=True
    ):
        for piece, start in zip(names[ids], starts, strict=True):
            assert start == (piece[0] == "▁" or not (piece.isascii() and piece.isalpha()))


def test_a_batch_holds_the_document_in_two_segments_of_either_order(rows, tokenizer):
    cls_id, sep_id = tokenizer.cls_id, tokenizer.sep_id
    seen = set()
    for number in range(30):
        made = batch(rows, 0, number)
        for row, document in enumerate(rows[keys.TOKEN_IDS].to_list()):
            ids = restored(made, row)
            segments = made[keys.SEGMENT_IDS][row][: len(ids)]
            assert ids[0] == cls_id
            assert ids[-1] == sep_id
            first = np.array(ids)[segments == 0].tolist()[1:-1]
            second = np.array(ids)[segments == 1].tolist()[:-1]
            order = int(made["sop"][row])
            seen.add((row, order))
            joined = second + first if order == 1 else first + second
            assert joined == document[: len(joined)]
            assert bool(second) == (order >= 0)
    assert {(0, 0), (0, 1), (1, -1), (2, 0), (2, 1)} <= seen
    assert not {(1, 0), (1, 1)} & seen


def test_the_same_seed_makes_the_same_batch_and_every_other_number_another(rows):
    first, again, other = batch(rows, 3, 1), batch(rows, 3, 1), batch(rows, 3, 2)
    assert all((first[name] == again[name]).all() for name in first)
    assert any(
        first[name].shape != other[name].shape or (first[name] != other[name]).any()
        for name in first
    )


def test_at_most_so_many_predictions_of_a_row(rows):
    assert batch(rows, 0, 0, max_predictions=1)["mlm"].shape == (3, 1)


def test_batches_are_the_same_in_a_graph(rows):
    dataset = tf.data.Dataset.from_tensors(rows).map(
        lambda rows: masked_batch(rows, seed=tf.constant([0, 5], tf.int64), max_predictions=20)
    )
    inputs, targets = next(iter(dataset))
    made = batch(rows, 0, 5)
    for name, value in (inputs | targets).items():
        assert (value.numpy() == made[name]).all()


def test_texts_to_fill_in_are_padded_as_they_are_served(rows, tokenizer):
    inputs = cloze_batch(rows)
    ids, positions = inputs[keys.TOKEN_IDS].numpy(), inputs[keys.MASKED_POSITIONS].numpy()
    masks = np.take_along_axis(ids, positions, axis=1)
    assert (masks[positions > 0] == tokenizer.mask_id).all()
    assert ((ids == tokenizer.mask_id).sum(axis=1) == (positions > 0).sum(axis=1)).all()
    assert inputs[keys.SEGMENT_IDS].numpy().max(axis=1).tolist() == [1, 0, 1]
