"""The batches of a training run: another mask every epoch, the same ones after a break."""

import numpy as np
import pytest
import tensorflow as tf

from models.batching import TransformedSplit
from models.pretraining.rows import transform_document
from models.tasks import create_task
from schemas import features as keys

TASK = create_task({"name": "pretraining"})
NUM_ROWS = 10


@pytest.fixture
def split(tmp_path, tokenizer):
    encoded = [
        TASK.encode_row({keys.TEXT: f"Film {number} was long. Nobody laughed, so. It was fine."})
        for number in range(NUM_ROWS)
    ]
    features = {
        name: tf.constant([row[name] for row in encoded]) for name in (keys.DOCUMENT, keys.TEXT)
    }
    rows = {
        name: value.to_list() for name, value in transform_document(features, tokenizer, 48).items()
    }
    with tf.io.TFRecordWriter(str(tmp_path / "rows.gz"), "GZIP") as writer:
        for row in range(NUM_ROWS):
            example = tf.train.Example()
            for name, values in rows.items():
                example.features.feature[name].int64_list.value.extend(values[row])
            example.features.feature[keys.ROW_ID].bytes_list.value.append(b"a.txt:%d" % row)
            writer.write(example.SerializeToString())
    spec = {name: tf.io.VarLenFeature(tf.int64) for name in rows}
    spec[keys.ROW_ID] = tf.io.FixedLenFeature([], tf.string)
    return TransformedSplit([str(tmp_path / "rows.gz")], spec, TASK)


def taken(batches, count):
    return [
        {name: value.numpy() for name, value in (inputs | targets).items()}
        for inputs, targets in batches.take(count)
    ]


def same(left, right):
    return all(np.array_equal(left[name], right[name]) for name in left)


def test_a_run_that_goes_on_sees_what_it_would_have_seen(split):
    epoch = split.measure(4)
    whole = taken(split.training_batches(epoch, seed=7), 7)
    rest = taken(split.training_batches(epoch, seed=7, start_step=4), 3)
    assert all(map(same, whole[4:], rest))


def test_every_epoch_masks_anew(split):
    epoch = split.measure(NUM_ROWS)
    first, second = taken(split.training_batches(epoch, seed=7), 2)
    assert not same(first, second)
    masks = {batch["mlm"][batch["mlm"] >= 0].tobytes() for batch in (first, second)}
    assert len(masks) == 2


def test_evaluations_are_alike(split):
    epoch = split.measure(4)
    once, again = (taken(split.evaluation_batches(epoch), 3) for _ in range(2))
    assert all(map(same, once, again))


def test_the_rows_of_the_serving_check_come_as_they_are_served(split):
    rows = split.first_rows(3)
    inputs = TASK.reference_inputs(rows)
    assert rows[keys.ROW_ID].numpy().tolist() == [b"a.txt:0", b"a.txt:1", b"a.txt:2"]
    assert (inputs[keys.MASKED_POSITIONS].numpy() > 0).any(axis=1).all()
